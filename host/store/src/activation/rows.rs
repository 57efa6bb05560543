//! Rows of the activation tables, both ways. Pure: both databases use it.

use std::collections::BTreeMap;

use adjudica_core::Token;
use serde::Serialize;

use crate::activation::{ActivationKey, ActivationPeriod, Change, NewChange, Schedule};
use crate::error::StoreError;
use crate::instant::parse_instant;
use crate::raw::{day, digest, optional_token, token};

/// A row of `activation_change`.
#[derive(sqlx::FromRow)]
pub(crate) struct ChangeRow {
    change_id: i64,
    recorded_at: i64,
    recorded_by: String,
    message: String,
    undoes: Option<i64>,
}

/// A row of `activation_schedule`.
#[derive(sqlx::FromRow, Serialize)]
pub(crate) struct ScheduleRow {
    change_id: i64,
    position: i64,
    agency_id: String,
    payer_id: String,
    plan_id: Option<String>,
    service_line: Option<String>,
}

/// A row of `activation_period`.
#[derive(sqlx::FromRow, Serialize)]
pub(crate) struct PeriodRow {
    change_id: i64,
    schedule_position: i64,
    position: i64,
    dos_from: String,
    dos_to: Option<String>,
    policy_digest: String,
    terms_digest: String,
}

/// Refuses a change whose schedules hold faults, naming every one.
pub(crate) fn require_recordable(change: &NewChange) -> Result<(), StoreError> {
    let faults = change.faults();
    if faults.is_empty() { Ok(()) } else { Err(StoreError::BadSchedule { faults }) }
}

pub(crate) fn schedule_rows(change_id: i64, change: &NewChange) -> Vec<ScheduleRow> {
    let text = |token: &Option<Token>| token.as_ref().map(|token| token.as_str().to_owned());
    let row = |(schedule, position): (&Schedule, i64)| ScheduleRow {
        change_id,
        position,
        agency_id: schedule.key.agency_id.as_str().to_owned(),
        payer_id: schedule.key.payer_id.as_str().to_owned(),
        plan_id: text(&schedule.key.plan_id),
        service_line: text(&schedule.key.service_line),
    };
    change.schedules.iter().zip(1..).map(row).collect()
}

pub(crate) fn period_rows(change_id: i64, change: &NewChange) -> Vec<PeriodRow> {
    let mut rows = Vec::new();
    for (schedule, schedule_position) in change.schedules.iter().zip(1..) {
        rows.extend(schedule.periods.iter().zip(1..).map(|(period, position)| PeriodRow {
            change_id,
            schedule_position,
            position,
            dos_from: period.dos_from.to_string(),
            dos_to: period.dos_to.map(|day| day.to_string()),
            policy_digest: period.policy_digest.to_string(),
            terms_digest: period.terms_digest.to_string(),
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
    for period in periods {
        let key = (period.change_id, period.schedule_position);
        periods_of.entry(key).or_default().push(period.parse()?);
    }
    let mut schedules_of: BTreeMap<i64, Vec<Schedule>> = BTreeMap::new();
    for schedule in schedules {
        let periods = periods_of.remove(&(schedule.change_id, schedule.position)).unwrap_or_default();
        schedules_of.entry(schedule.change_id).or_default().push(Schedule { key: schedule.key()?, periods });
    }
    let change = |row: ChangeRow| {
        const TABLE: &str = "activation_change";
        let name = row.change_id.to_string();
        Ok(Change {
            change_id: row.change_id,
            recorded_at: parse_instant(row.recorded_at, TABLE, &name)?,
            recorded_by: token(&row.recorded_by, TABLE, &name)?,
            message: row.message,
            schedules: schedules_of.remove(&row.change_id).unwrap_or_default(),
            undoes: row.undoes,
        })
    };
    rows.into_iter().map(change).collect()
}

impl ScheduleRow {
    fn key(&self) -> Result<ActivationKey, StoreError> {
        const TABLE: &str = "activation_schedule";
        let row = format!("{}/{}", self.change_id, self.position);
        Ok(ActivationKey {
            agency_id: token(&self.agency_id, TABLE, &row)?,
            payer_id: token(&self.payer_id, TABLE, &row)?,
            plan_id: optional_token(self.plan_id.as_deref(), TABLE, &row)?,
            service_line: optional_token(self.service_line.as_deref(), TABLE, &row)?,
        })
    }
}

impl PeriodRow {
    fn parse(&self) -> Result<ActivationPeriod, StoreError> {
        const TABLE: &str = "activation_period";
        let row = format!("{}/{}/{}", self.change_id, self.schedule_position, self.position);
        Ok(ActivationPeriod {
            dos_from: day(&self.dos_from, TABLE, &row)?,
            dos_to: self.dos_to.as_deref().map(|to| day(to, TABLE, &row)).transpose()?,
            policy_digest: digest(&self.policy_digest, TABLE, &row)?,
            terms_digest: digest(&self.terms_digest, TABLE, &row)?,
        })
    }
}
