//! Which policy answers for which dates of service, as append-only changes. Choosing among them is the server's.

pub mod reroute;
pub(crate) mod rows;

use adjudica_core::{DateRange, Digest, ServiceDate, Token};

use crate::activation::reroute::Reroute;
use crate::instant::Instant;
use crate::library::Yank;

/// What a schedule is for. An absent plan or service line means any.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ActivationKey {
    /// The agency.
    pub agency_id: Token,
    /// The payer.
    pub payer_id: Token,
    /// The plan.
    pub plan_id: Option<Token>,
    /// The line of service.
    pub service_line: Option<Token>,
}

/// Dates of service that one policy with one set of terms answers for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivationPeriod {
    /// First day.
    pub dos_from: ServiceDate,
    /// First day after; `None` means no end.
    pub dos_to: Option<ServiceDate>,
    /// The policy file.
    pub policy_digest: Digest,
    /// The terms.
    pub terms_digest: Digest,
}

/// The complete schedule of a key; without periods nothing answers for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// What it is for.
    pub key: ActivationKey,
    /// Its periods in order, not overlapping; gaps are allowed here and reported by the server.
    pub periods: Vec<ActivationPeriod>,
}

/// A change to be recorded, whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChange {
    /// When.
    pub recorded_at: Instant,
    /// Who.
    pub recorded_by: Token,
    /// Why.
    pub message: String,
    /// The new schedule of each key that changes.
    pub schedules: Vec<Schedule>,
    /// The latest change that the caller has seen; `None` when there was none.
    pub expected_change_id: Option<i64>,
    /// The change that this one takes back.
    pub undoes: Option<i64>,
    /// What it makes stale.
    pub reroutes: Vec<Reroute>,
    /// The policy file that is taken back with it, which then answers nowhere any more.
    pub yank: Option<(Digest, Yank)>,
}

/// A recorded change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its number, from 1, without gaps.
    pub change_id: i64,
    /// When.
    pub recorded_at: Instant,
    /// Who.
    pub recorded_by: Token,
    /// Why.
    pub message: String,
    /// The new schedule of each key that changed.
    pub schedules: Vec<Schedule>,
    /// The change that this one took back.
    pub undoes: Option<i64>,
}

impl NewChange {
    /// The agencies whose schedules change, in order.
    pub(crate) fn agencies(&self) -> std::collections::BTreeSet<&str> {
        self.schedules.iter().map(|schedule| schedule.key.agency_id.as_str()).collect()
    }

    /// Every fault of the change: no schedule, a key twice, an empty, unsorted or overlapping period.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.schedules.is_empty() && self.yank.is_none() {
            faults.push("the change holds no schedule; name at least one agency and payer".to_owned());
        }
        for (index, schedule) in self.schedules.iter().enumerate() {
            if self.schedules.iter().take(index).any(|other| other.key == schedule.key) {
                faults.push(format!("schedules[{index}]: `{}` is there twice; keep one", schedule.key));
            }
            schedule.add_faults(index, &mut faults);
        }
        faults
    }
}

impl Schedule {
    fn add_faults(&self, index: usize, faults: &mut Vec<String>) {
        let mut end_before: Option<Option<ServiceDate>> = None;
        for (number, period) in self.periods.iter().enumerate() {
            let place = format!("schedules[{index}].periods[{number}]");
            if let Err(fault) = DateRange::new(period.dos_from, period.dos_to) {
                faults.push(format!("{place}: {fault}"));
            }
            match end_before {
                Some(None) => faults.push(format!("{place}: the period before it has no end; end it first")),
                Some(Some(end)) if period.dos_from < end => {
                    faults.push(format!(
                        "{place}: it starts on {}, before the period before it ends on {end}",
                        period.dos_from
                    ));
                }
                Some(Some(_)) | None => {}
            }
            end_before = Some(period.dos_to);
        }
    }
}

impl std::fmt::Display for ActivationKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.agency_id, self.payer_id)?;
        for (name, part) in [("plan", &self.plan_id), ("service line", &self.service_line)] {
            if let Some(part) = part {
                write!(f, ", {name} {part}")?;
            }
        }
        Ok(())
    }
}
