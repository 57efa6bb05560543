//! Rows of the activation tables, both ways. Pure: both databases use it.

use std::collections::BTreeMap;

use crate::activation::{ActivationKey, ActivationPeriod, Change, NewChange, Schedule};
use crate::error::StoreError;
use crate::instant::parse_instant;
use crate::raw::{day, digest, optional_token, token};

/// `change_id, recorded_at, recorded_by, message, undoes`.
pub(crate) type ChangeRow = (i64, i64, String, String, Option<i64>);
/// `change_id, position, agency_id, payer_id, plan_id, service_line`.
pub(crate) type ScheduleRow = (i64, i64, String, String, Option<String>, Option<String>);
/// `change_id, schedule_position, position, dos_from, dos_to, policy_digest, terms_digest`.
pub(crate) type PeriodRow = (i64, i64, i64, String, Option<String>, String, String);

/// Refuses a change whose schedules hold faults, naming every one.
pub(crate) fn require_recordable(change: &NewChange) -> Result<(), StoreError> {
    let faults = change.faults();
    if faults.is_empty() { Ok(()) } else { Err(StoreError::BadSchedule { faults }) }
}

pub(crate) fn schedule_rows(change_id: i64, change: &NewChange) -> Vec<ScheduleRow> {
    let text = |token: &Option<adjudica_core::Token>| token.as_ref().map(|token| token.as_str().to_owned());
    let row = |(schedule, position): (&Schedule, i64)| {
        let ActivationKey { agency_id, payer_id, plan_id, service_line } = &schedule.key;
        let (agency_id, payer_id) = (agency_id.as_str().to_owned(), payer_id.as_str().to_owned());
        (change_id, position, agency_id, payer_id, text(plan_id), text(service_line))
    };
    change.schedules.iter().zip(1..).map(row).collect()
}

pub(crate) fn period_rows(change_id: i64, change: &NewChange) -> Vec<PeriodRow> {
    let mut rows = Vec::new();
    for (schedule, schedule_position) in change.schedules.iter().zip(1..) {
        rows.extend(schedule.periods.iter().zip(1..).map(|(period, position)| {
            let to = period.dos_to.map(|day| day.to_string());
            let digests = (period.policy_digest.to_string(), period.terms_digest.to_string());
            (change_id, schedule_position, position, period.dos_from.to_string(), to, digests.0, digests.1)
        }));
    }
    rows
}

/// Puts rows in order of change, schedule and period together.
pub(crate) fn changes(
    rows: Vec<ChangeRow>,
    schedules: &[ScheduleRow],
    periods: &[PeriodRow],
) -> Result<Vec<Change>, StoreError> {
    let mut periods_of: BTreeMap<(i64, i64), Vec<ActivationPeriod>> = BTreeMap::new();
    for (change_id, schedule_position, position, from, to, policy, terms) in periods {
        const TABLE: &str = "activation_period";
        let row = format!("{change_id}/{schedule_position}/{position}");
        periods_of.entry((*change_id, *schedule_position)).or_default().push(ActivationPeriod {
            dos_from: day(from, TABLE, &row)?,
            dos_to: to.as_deref().map(|to| day(to, TABLE, &row)).transpose()?,
            policy_digest: digest(policy, TABLE, &row)?,
            terms_digest: digest(terms, TABLE, &row)?,
        });
    }
    let mut schedules_of: BTreeMap<i64, Vec<Schedule>> = BTreeMap::new();
    for (change_id, position, agency_id, payer_id, plan_id, service_line) in schedules {
        const TABLE: &str = "activation_schedule";
        let row = format!("{change_id}/{position}");
        let key = ActivationKey {
            agency_id: token(agency_id, TABLE, &row)?,
            payer_id: token(payer_id, TABLE, &row)?,
            plan_id: optional_token(plan_id.as_deref(), TABLE, &row)?,
            service_line: optional_token(service_line.as_deref(), TABLE, &row)?,
        };
        let periods = periods_of.remove(&(*change_id, *position)).unwrap_or_default();
        schedules_of.entry(*change_id).or_default().push(Schedule { key, periods });
    }
    let change = |(change_id, recorded_at, recorded_by, message, undoes): ChangeRow| {
        const TABLE: &str = "activation_change";
        let row = change_id.to_string();
        Ok(Change {
            change_id,
            recorded_at: parse_instant(recorded_at, TABLE, &row)?,
            recorded_by: token(&recorded_by, TABLE, &row)?,
            message,
            schedules: schedules_of.remove(&change_id).unwrap_or_default(),
            undoes,
        })
    };
    rows.into_iter().map(change).collect()
}
