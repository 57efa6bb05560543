//! Columns and small reads that several methods share.

use std::collections::BTreeSet;

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use crate::commit::{ClientRef, EncounterRef, Snapshot, SnapshotRow};
use crate::error::StoreError;
use crate::in_force::{LoadedRow, add_loaded};
use crate::raw::encounter::RawEncounter;
use crate::raw::ledger::{RawLedger, read_ledger};
use crate::sqlite::json;

/// Columns of `encounter e` in the order of [`RawEncounter`].
macro_rules! encounter_columns {
    () => {
        "e.agency_id, e.encounter_id, e.client_id, e.payer_id, e.plan_id, e.service_line, e.date_of_service,
         e.procedure_code, e.service, e.minutes, e.rendering_provider_id, e.rendering_provider_role,
         e.billing_provider_id, e.phase, e.mode, e.place_of_service, e.group_size, e.received_on, e.revision,
         e.written_at,
         (SELECT group_concat(m.modifier, ',') FROM encounter_modifier m
              WHERE m.agency_id = e.agency_id AND m.encounter_id = e.encounter_id),
         (SELECT group_concat(d.diagnosis, ',' ORDER BY d.position) FROM encounter_diagnosis d
              WHERE d.agency_id = e.agency_id AND d.encounter_id = e.encounter_id),
         (SELECT group_concat(i.category, ',') FROM encounter_supporting_info i
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
    SELECT 'head', h.agency_id, '', h.length, h.head_hash
    FROM json_each(?1) k CROSS JOIN chain_head h ON h.agency_id = k.value
    UNION ALL
    SELECT 'schedule', h.agency_id, '', h.schedule_change, NULL
    FROM json_each(?1) k CROSS JOIN chain_head h ON h.agency_id = k.value
    UNION ALL
    SELECT 'end', k.value ->> 'agency_id', k.value ->> 'client_id',
        (SELECT coalesce(max(l.seq), 0) FROM ledger l
            WHERE l.agency_id = k.value ->> 'agency_id' AND l.client_id = k.value ->> 'client_id'), NULL
    FROM jsonb_each(?2) k
    UNION ALL
    SELECT 'latest', d.agency_id, d.encounter_id, NULL, d.decision_id
    FROM jsonb_each(?3) k CROSS JOIN decision_in_force d
        ON d.agency_id = k.value ->> 'agency_id' AND d.encounter_id = k.value ->> 'encounter_id'
    UNION ALL
    SELECT 'stored', e.agency_id, e.encounter_id, NULL, NULL
    FROM jsonb_each(?3) k CROSS JOIN encounter e
        ON e.agency_id = k.value ->> 'agency_id' AND e.encounter_id = k.value ->> 'encounter_id'";

const LOADED: &str = "
    SELECT 'schedule', h.agency_id, '', h.schedule_change, NULL, NULL, NULL, NULL
    FROM json_each(?1) k CROSS JOIN chain_head h ON h.agency_id = k.value
    UNION ALL
    SELECT 'corrected', k.value, '', EXISTS (SELECT 1 FROM record r INDEXED BY record_correction
        WHERE r.agency_id = k.value AND r.kind = 'claim' AND r.body ->> 'frequency' IN ('7', '8')), NULL, NULL, NULL, NULL
    FROM json_each(?1) k
    UNION ALL
    SELECT 'end', k.value ->> 'agency_id', k.value ->> 'client_id',
        (SELECT coalesce(max(l.seq), 0) FROM ledger l
            WHERE l.agency_id = k.value ->> 'agency_id' AND l.client_id = k.value ->> 'client_id'), NULL, NULL, NULL, NULL
    FROM jsonb_each(?2) k
    UNION ALL
    SELECT 'taken_out', w.agency_id, w.encounter_id, NULL, NULL, NULL, NULL, NULL
    FROM jsonb_each(?3) k CROSS JOIN withdrawal w
        ON w.agency_id = k.value ->> 'agency_id' AND w.encounter_id = k.value ->> 'encounter_id'
    UNION ALL
    SELECT 'in_force', d.agency_id, d.encounter_id, EXISTS (SELECT 1 FROM undecided u
            WHERE u.agency_id = d.agency_id AND u.encounter_id = d.encounter_id),
        d.decision_id, d.policy_digest, d.terms_digest, r.record
    FROM jsonb_each(?3) k CROSS JOIN decision_in_force d
        ON d.agency_id = k.value ->> 'agency_id' AND d.encounter_id = k.value ->> 'encounter_id'
    CROSS JOIN decision r ON r.agency_id = d.agency_id AND r.decision_id = d.decision_id";

pub(super) fn encounter(row: &SqliteRow) -> Result<RawEncounter, sqlx::Error> {
    let columns: Vec<u8> = row.try_get(0)?;
    serde_json::from_str(&lossy(columns)).map_err(|fault| sqlx::Error::Decode(Box::new(fault)))
}

/// Encounters that were read as one JSON text.
/// A text of other systems: what is no UTF-8 in it is shown by a sign that no name has, so that its row is a fault of its own.
pub(super) fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

pub(super) fn encounters(rows: &str) -> Result<Vec<RawEncounter>, StoreError> {
    serde_json::from_str(rows).map_err(corrupt)
}

/// Encounters, each with its place in the queue.
pub(super) fn placed(rows: &str) -> Result<Vec<(RawEncounter, i64)>, StoreError> {
    serde_json::from_str(rows).map_err(corrupt)
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that map_err asks for")]
fn corrupt(fault: serde_json::Error) -> StoreError {
    StoreError::Corrupt {
        table: "encounter",
        row: "of a set".to_owned(),
        fault: format!("values of another type than their columns: {fault}"),
    }
}

pub(super) fn ledger(row: &SqliteRow) -> Result<RawLedger, sqlx::Error> {
    read_ledger!(row)
}

/// Reads each row with `read`.
pub(super) fn all<T>(
    rows: &[SqliteRow],
    read: impl Fn(&SqliteRow) -> Result<T, sqlx::Error>,
    doing: &'static str,
) -> Result<Vec<T>, StoreError> {
    rows.iter().map(read).collect::<Result<_, _>>().map_err(StoreError::during(doing))
}

/// Ends of chains and ledgers and decisions in force, as of one moment: what a commit looks at.
pub(super) async fn snapshot(
    connection: &mut SqliteConnection,
    agencies: &BTreeSet<&str>,
    clients: &[&ClientRef],
    encounters: &[EncounterRef<'_>],
) -> Result<Snapshot, StoreError> {
    let query = sqlx::query_as(STANDING).bind(json(&agencies)?).bind(json(&clients)?).bind(json(&encounters)?);
    let rows: Vec<SnapshotRow> =
        query.fetch_all(connection).await.map_err(StoreError::during("reading what is in force"))?;
    let mut snapshot = Snapshot::default();
    snapshot.add(rows)?;
    Ok(snapshot)
}

/// Ends of ledgers, the last changes of activations, and decisions in force with their records, as of one moment: what
/// whoever decides looks at.
pub(super) async fn loaded(
    connection: &mut SqliteConnection,
    clients: &[&ClientRef],
    encounters: &[EncounterRef<'_>],
) -> Result<Snapshot, StoreError> {
    let agencies: BTreeSet<&str> = clients.iter().map(|client| client.agency_id.as_str()).collect();
    let query = sqlx::query_as(LOADED).bind(json(&agencies)?).bind(json(&clients)?).bind(json(&encounters)?);
    let rows: Vec<LoadedRow> =
        query.fetch_all(connection).await.map_err(StoreError::during("reading what is in force"))?;
    let mut snapshot = Snapshot::default();
    add_loaded(&mut snapshot, rows)?;
    Ok(snapshot)
}
