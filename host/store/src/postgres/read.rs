//! Columns and small reads that several methods share.

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use crate::commit::{ClientRef, EncounterRef, Snapshot, SnapshotRow};
use crate::error::StoreError;
use crate::in_force::{LoadedRow, add_loaded};
use crate::raw::encounter::{RawEncounter, read_encounter};
use crate::raw::ledger::{RawLedger, read_ledger};

/// Columns of `encounter e` in the order of [`RawEncounter`].
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

const STANDING: &str = "
    SELECT 'end', k.agency_id, k.client_id,
        (SELECT coalesce(max(l.seq), 0) FROM ledger l
            WHERE l.agency_id = k.agency_id AND l.client_id = k.client_id), NULL
    FROM unnest($1::text[], $2::text[]) AS k (agency_id, client_id)
    UNION ALL
    SELECT 'latest', d.agency_id, d.encounter_id, NULL, d.decision_id
    FROM unnest($3::text[], $4::text[]) AS k (agency_id, encounter_id)
    JOIN decision_in_force d ON d.agency_id = k.agency_id AND d.encounter_id = k.encounter_id
    UNION ALL
    SELECT 'stored', e.agency_id, e.encounter_id, NULL, NULL
    FROM unnest($3::text[], $4::text[]) AS k (agency_id, encounter_id)
    JOIN encounter e ON e.agency_id = k.agency_id AND e.encounter_id = k.encounter_id";

const LOADED: &str = "
    SELECT 'schedule', h.agency_id, '', h.schedule_change, NULL, NULL, NULL, NULL
    FROM chain_head h WHERE h.agency_id = ANY($1::text[])
    UNION ALL
    SELECT 'corrected', k.agency_id, '', has_corrections(k.agency_id)::int::bigint, NULL, NULL, NULL, NULL
    FROM (SELECT DISTINCT agency_id FROM unnest($1::text[]) AS a (agency_id)) AS k
    UNION ALL
    SELECT 'end', k.agency_id, k.client_id,
        (SELECT coalesce(max(l.seq), 0) FROM ledger l
            WHERE l.agency_id = k.agency_id AND l.client_id = k.client_id), NULL, NULL, NULL, NULL
    FROM unnest($1::text[], $2::text[]) AS k (agency_id, client_id)
    UNION ALL
    SELECT 'taken_out', w.agency_id, w.encounter_id, NULL, NULL, NULL, NULL, NULL
    FROM unnest($3::text[], $4::text[]) AS k (agency_id, encounter_id)
    JOIN withdrawal w ON w.agency_id = k.agency_id AND w.encounter_id = k.encounter_id
    UNION ALL
    SELECT 'in_force', d.agency_id, d.encounter_id,
        (SELECT count(*) FROM undecided u WHERE u.agency_id = d.agency_id AND u.encounter_id = d.encounter_id),
        d.decision_id, d.policy_digest, d.terms_digest, r.record
    FROM unnest($3::text[], $4::text[]) AS k (agency_id, encounter_id)
    JOIN decision_in_force d ON d.agency_id = k.agency_id AND d.encounter_id = k.encounter_id
    JOIN decision r ON r.agency_id = d.agency_id AND r.decision_id = d.decision_id";

/// One column of a set of rows, for `unnest`.
pub(super) fn column<'a, R, T>(rows: &'a [R], value: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}

pub(super) fn encounter(row: &PgRow) -> Result<RawEncounter, sqlx::Error> {
    read_encounter!(row)
}

pub(super) fn ledger(row: &PgRow) -> Result<RawLedger, sqlx::Error> {
    read_ledger!(row)
}

/// Reads each row with `read`.
pub(super) fn all<T>(
    rows: &[PgRow],
    read: impl Fn(&PgRow) -> Result<T, sqlx::Error>,
    doing: &'static str,
) -> Result<Vec<T>, StoreError> {
    rows.iter().map(read).collect::<Result<_, _>>().map_err(StoreError::during(doing))
}

/// Adds the ends of ledgers and the decisions in force, as of one moment.
pub(super) async fn add_snapshot(
    connection: &mut PgConnection,
    clients: &[&ClientRef],
    encounters: &[EncounterRef<'_>],
    snapshot: &mut Snapshot,
) -> Result<(), StoreError> {
    let query = sqlx::query_as(STANDING)
        .bind(column(clients, |key| key.agency_id.as_str()))
        .bind(column(clients, |key| key.client_id.as_str()))
        .bind(column(encounters, |key| key.agency_id))
        .bind(column(encounters, |key| key.encounter_id));
    let rows: Vec<SnapshotRow> =
        query.fetch_all(connection).await.map_err(StoreError::during("reading what is in force"))?;
    snapshot.add(rows)
}

/// Ends of ledgers, the last changes of activations, and decisions in force with their records, as of one moment: what
/// whoever decides looks at.
pub(super) async fn loaded(
    connection: &mut PgConnection,
    clients: &[&ClientRef],
    encounters: &[EncounterRef<'_>],
) -> Result<Snapshot, StoreError> {
    let query = sqlx::query_as(LOADED)
        .bind(column(clients, |key| key.agency_id.as_str()))
        .bind(column(clients, |key| key.client_id.as_str()))
        .bind(column(encounters, |key| key.agency_id))
        .bind(column(encounters, |key| key.encounter_id));
    let rows: Vec<LoadedRow> =
        query.fetch_all(connection).await.map_err(StoreError::during("reading what is in force"))?;
    let mut snapshot = Snapshot::default();
    add_loaded(&mut snapshot, rows)?;
    Ok(snapshot)
}
