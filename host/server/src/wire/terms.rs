//! Terms from JSON, every fault named.

use adjudica_core::render::LINE_CENTS_MAX;
use adjudica_core::terms::Rate;
use adjudica_core::{Cents, Terms};
use serde_json::Value;

use crate::error::FieldFault;
use crate::wire::fields::{Fields, kind, read_code, read_date, read_number};

/// Most rates in one set of terms.
pub const RATES_MAX: usize = 10_000;

/// Reads terms that stand at `path`.
/// # Errors
/// Every fault, each with its path.
pub fn parse_terms_at(path: &str, value: &Value) -> Result<Terms, Vec<FieldFault>> {
    let mut fields = Fields::of(path, value);
    let rates = read_rates(&mut fields);
    let mut faults = fields.finish("terms");
    let terms = Terms { rates };
    if faults.is_empty() {
        faults.extend(terms.faults().into_iter().map(|fault| FieldFault::new(path, fault)));
    }
    if faults.is_empty() { Ok(terms) } else { Err(faults) }
}

fn read_rates(fields: &mut Fields<'_>) -> Vec<Rate> {
    let Some(value) = fields.find_value("rates") else { return Vec::new() };
    let Some(items) = value.as_array().filter(|items| items.len() <= RATES_MAX) else {
        fields.refuse("rates", format!("is {}; give a list of at most {RATES_MAX} rates", kind(value)));
        return Vec::new();
    };
    let path = fields.path_of("rates");
    let mut rates = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        match parse_rate(&format!("{path}[{index}]"), item) {
            Ok(rate) => rates.push(rate),
            Err(faults) => fields.add(faults),
        }
    }
    rates
}

fn parse_rate(path: &str, value: &Value) -> Result<Rate, Vec<FieldFault>> {
    let mut fields = Fields::of(path, value);
    let procedure_code = fields.require("procedure_code", read_code);
    let from = fields.require("from", read_date);
    let to = fields.find("to", read_date);
    let cents = fields.require("cents", |value| read_number(value, 0, LINE_CENTS_MAX));
    let faults = fields.finish("a rate");
    match (procedure_code, from, cents) {
        (Some(procedure_code), Some(from), Some(cents)) if faults.is_empty() => {
            Ok(Rate { procedure_code, from, to, cents: Cents(cents) })
        }
        _ => Err(faults),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_names_every_fault() {
        let value = json!({"rates": [{"procedure_code": "x", "from": "2026-01-01", "cents": -1}, {"procedure_code": "G9001"}], "rate": []});
        let fields: Vec<_> =
            parse_terms_at("terms", &value).expect_err("faults").into_iter().map(|fault| fault.field).collect();
        assert_eq!(
            fields,
            [
                "terms.rates[0].procedure_code",
                "terms.rates[0].cents",
                "terms.rates[1].from",
                "terms.rates[1].cents",
                "terms.rate"
            ]
        );
        let twice = json!({"rates": [{"procedure_code": "G9001", "from": "2026-01-01", "cents": 1}, {"procedure_code": "G9001", "from": "2026-02-01", "cents": 2}]});
        assert_eq!(parse_terms_at("", &twice).expect_err("faults").len(), 1);
        assert_eq!(parse_terms_at("", &json!({})).expect("terms"), Terms::default());
    }
}
