//! Columns, and how rows of them are read.

use sqlx::Row as _;

use crate::error::StoreError;
use crate::raw::ledger::{RawLedger, read_ledger};

use super::dialect::Row;

/// Columns of `encounter e` in the order of [`crate::raw::encounter::RawEncounter`].
macro_rules! encounter_columns {
    () => {
        "e.agency_id, e.encounter_id, e.client_id, e.payer_id, e.plan_id, e.service_line, e.date_of_service,
         e.procedure_code, e.service, e.minutes, e.rendering_provider_id, e.rendering_provider_role,
         e.billing_provider_id, e.phase, e.mode, e.place_of_service, e.group_size, e.received_on, e.revision,
         e.written_at,
         (SELECT string_agg(m.modifier, ',') FROM encounter_modifier m
              WHERE m.agency_id = e.agency_id AND m.encounter_id = e.encounter_id),
         (SELECT string_agg(d.diagnosis, ',' ORDER BY d.position) FROM encounter_diagnosis d
              WHERE d.agency_id = e.agency_id AND d.encounter_id = e.encounter_id),
         (SELECT string_agg(i.category, ',') FROM encounter_supporting_info i
              WHERE i.agency_id = e.agency_id AND i.encounter_id = e.encounter_id)"
    };
}
pub(super) use encounter_columns;

/// What is written over an encounter that is there.
macro_rules! newer_encounter {
    () => {
        "DO UPDATE SET client_id = excluded.client_id, payer_id = excluded.payer_id,
             plan_id = excluded.plan_id, service_line = excluded.service_line, date_of_service = excluded.date_of_service,
             procedure_code = excluded.procedure_code, service = excluded.service, minutes = excluded.minutes,
             rendering_provider_id = excluded.rendering_provider_id,
             rendering_provider_role = excluded.rendering_provider_role,
             billing_provider_id = excluded.billing_provider_id, phase = excluded.phase, mode = excluded.mode,
             place_of_service = excluded.place_of_service, group_size = excluded.group_size,
             received_on = excluded.received_on, revision = encounter.revision + 1, written_at = excluded.written_at"
    };
}
pub(super) use newer_encounter;

/// Columns of `ledger l` in the order of [`RawLedger`].
macro_rules! ledger_columns {
    () => {
        "l.agency_id, l.client_id, l.seq, l.kind, l.decision_id, l.encounter_id, l.payer_id, l.date_of_service,
         l.procedure_code, l.units, l.amount_cents, l.billing_provider_id, l.rendering_provider_id, l.diagnosis,
         l.reverses_seq, l.recorded_at, l.minutes, l.paid_cents,
         l.deductible_cents, l.mode"
    };
}
pub(super) use ledger_columns;

pub(super) fn ledger(row: &Row) -> Result<RawLedger, sqlx::Error> {
    read_ledger!(row)
}

/// Reads each row with `read`.
pub(super) fn all<T>(
    rows: &[Row],
    read: impl Fn(&Row) -> Result<T, sqlx::Error>,
    doing: &'static str,
) -> Result<Vec<T>, StoreError> {
    rows.iter().map(read).collect::<Result<_, _>>().map_err(StoreError::during(doing))
}
