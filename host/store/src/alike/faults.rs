//! Keeps what is wrong with encounters that nobody can read, and takes them out of the queue until they change.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::encounter::BadEncounter;
use crate::error::StoreError;
use crate::instant::{Instant, microseconds};
use crate::raw::json;

use super::dialect::{Dialect, hold_chains, join, past_deadlocks, set_of, skip_locked};

/// Those that are still as they were read, and stay so. The others have been mended, are gone, or are being changed.
const UNCHANGED: &str = concat!(
    "SELECT e.agency_id, e.encounter_id FROM ",
    set_of!("$1", agency_id TEXT, encounter_id TEXT, revision BIGINT, faults TEXT),
    join!(),
    "encounter e ON e.agency_id = k.agency_id AND e.encounter_id = k.encounter_id AND e.revision = k.revision",
    skip_locked!()
);

const INSERT_FAULTS: &str = concat!(
    "INSERT INTO encounter_fault (agency_id, encounter_id, revision, faults, recorded_at)
     SELECT k.agency_id, k.encounter_id, k.revision, k.faults, CAST($2 AS BIGINT) FROM ",
    set_of!("$1", agency_id TEXT, encounter_id TEXT, revision BIGINT, faults TEXT),
    " WHERE true
     ON CONFLICT (agency_id, encounter_id) DO UPDATE SET revision = excluded.revision, faults = excluded.faults,
         recorded_at = excluded.recorded_at"
);

const UNQUEUE_FAULTS: &str = concat!(
    "DELETE FROM undecided WHERE (agency_id, encounter_id, revision) IN
         (SELECT k.agency_id, k.encounter_id, k.revision FROM ",
    set_of!("$1", agency_id TEXT, encounter_id TEXT, revision BIGINT, faults TEXT),
    ")"
);

/// What was billed for facts that nobody can read any more is given back by a trigger, until they can be read again.
const END_FAULTS: &str = concat!(
    "DELETE FROM decision_in_force WHERE (agency_id, encounter_id) IN (SELECT k.agency_id, k.encounter_id FROM ",
    set_of!("$1", agency_id TEXT, encounter_id TEXT, revision BIGINT, faults TEXT),
    ")"
);

/// An encounter with its faults, which are JSON of their own.
#[derive(Serialize)]
struct FaultRow<'a> {
    agency_id: &'a str,
    encounter_id: &'a str,
    revision: i64,
    faults: String,
}

impl<'a> FaultRow<'a> {
    fn new(bad: &'a BadEncounter) -> Result<Self, StoreError> {
        let BadEncounter { agency_id, encounter_id, revision, faults } = bad;
        Ok(Self { agency_id, encounter_id, revision: *revision, faults: json(faults)? })
    }
}

/// Takes encounters that cannot be read out of the queue, so that they are not read again until they change.
pub(super) async fn keep_faults(store: &Dialect, bad: &[BadEncounter], now: Instant) -> Result<(), StoreError> {
    past_deadlocks(|| try_keep_faults(store, bad, now)).await
}

async fn try_keep_faults(store: &Dialect, bad: &[BadEncounter], now: Instant) -> Result<(), StoreError> {
    let failed = StoreError::during("keeping faults");
    let rows: Vec<FaultRow<'_>> = bad.iter().map(FaultRow::new).collect::<Result<_, _>>()?;
    let mut transaction = store.begin().await.map_err(failed)?;
    let agencies: Vec<&str> = bad.iter().map(|bad| bad.agency_id.as_str()).collect();
    hold_chains(&mut transaction, &agencies).await.map_err(failed)?;
    let query = sqlx::query_as(UNCHANGED).bind(json(&rows)?);
    let unchanged: Vec<(String, String)> = query.fetch_all(&mut *transaction).await.map_err(failed)?;
    let unchanged = BTreeSet::from_iter(unchanged);
    let rows: Vec<&FaultRow<'_>> =
        rows.iter().zip(bad).filter(|(_, bad)| bad.is_among(&unchanged)).map(|(row, _)| row).collect();
    let rows = json(&rows)?;
    let insert = sqlx::query(INSERT_FAULTS).bind(rows.as_str()).bind(microseconds(now));
    insert.execute(&mut *transaction).await.map_err(failed)?;
    for sql in [UNQUEUE_FAULTS, END_FAULTS] {
        sqlx::query(sql).bind(rows.as_str()).execute(&mut *transaction).await.map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}
