//! Dated contract data of one agency with one payer. Benchmarks and averages never enter here.

use serde::{Deserialize, Serialize};

use crate::cents::Cents;
use crate::code::ProcedureCode;
use crate::date::{DateRange, ServiceDate};
use crate::digest::Digest;

/// Rates agreed between an agency and a payer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Contracted rates.
    #[serde(default)]
    pub rates: Vec<Rate>,
}

/// Cents for one unit of a code over a range of days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// The code.
    pub procedure_code: ProcedureCode,
    /// First day.
    pub from: ServiceDate,
    /// First day after; absent means no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ServiceDate>,
    /// Cents for one unit, 0 or more.
    pub cents: Cents,
}

impl Terms {
    /// Every fault of these terms: empty ranges, negative rates, two rates for one code and day.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (index, rate) in self.rates.iter().enumerate() {
            let place = format!("rates[{index}]");
            match DateRange::new(rate.from, rate.to) {
                Err(fault) => faults.push(format!("{place}: {fault}")),
                Ok(range) => {
                    let twin = self.rates.iter().take(index).position(|other| {
                        other.procedure_code == rate.procedure_code
                            && DateRange { from: other.from, to: other.to }.overlaps(&range)
                    });
                    if let Some(twin) = twin {
                        let code = rate.procedure_code;
                        faults.push(format!("{place}: `{code}` has another rate for some of these days in rates[{twin}]; end one of them"));
                    }
                }
            }
            if rate.cents < Cents::ZERO {
                faults.push(format!("{place}: a rate of {} is below zero", rate.cents));
            }
        }
        faults
    }

    /// The canonical JSON and its digest.
    #[must_use]
    pub fn canonical(&self) -> (String, Digest) {
        let json = serde_json::to_string(self).unwrap_or_default();
        let digest = Digest::of(json.as_bytes());
        (json, digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(from: &str, to: Option<&str>, cents: i64) -> Rate {
        let day = |text| ServiceDate::parse(text).expect("a date");
        Rate {
            procedure_code: ProcedureCode::parse("G9001").expect("a code"),
            from: day(from),
            to: to.map(day),
            cents: Cents(cents),
        }
    }

    #[test]
    fn it_names_every_fault_at_once() {
        let terms = Terms {
            rates: vec![
                rate("2026-01-01", None, 5),
                rate("2026-06-01", None, -1),
                rate("2026-06-02", Some("2026-06-01"), 1),
            ],
        };
        assert_eq!(terms.faults().len(), 3, "{:?}", terms.faults());
        assert!(
            Terms { rates: vec![rate("2026-01-01", Some("2026-02-01"), 5), rate("2026-02-01", None, 6)] }
                .faults()
                .is_empty()
        );
    }
}
