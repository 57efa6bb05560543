//! Keeps what is wrong with encounters that nobody can read, and takes them out of the queue until they change.

use std::collections::BTreeSet;

use crate::encounter::BadEncounter;
use crate::error::StoreError;
use crate::instant::{Instant, microseconds};
use crate::sqlite::{SqliteStore, json};

/// Those that are still as they were read. The others have been mended, or are gone.
const UNCHANGED: &str = "
    SELECT e.agency_id, e.encounter_id FROM jsonb_each(?1) k
    CROSS JOIN encounter e ON e.agency_id = k.value ->> 0 AND e.encounter_id = k.value ->> 1
    WHERE e.revision = k.value ->> 2";

const INSERT_FAULTS: &str = "
    INSERT INTO encounter_fault (agency_id, encounter_id, revision, faults, recorded_at)
    SELECT k.value ->> 0, k.value ->> 1, k.value ->> 2, k.value -> 3, ?2 FROM jsonb_each(?1) k WHERE true
    ON CONFLICT (agency_id, encounter_id) DO UPDATE SET revision = excluded.revision, faults = excluded.faults,
        recorded_at = excluded.recorded_at";

const UNQUEUE_FAULTS: &str = "
    DELETE FROM undecided WHERE (agency_id, encounter_id, revision) IN
        (SELECT k.value ->> 0, k.value ->> 1, k.value ->> 2 FROM jsonb_each(?1) k)";

/// What was billed for facts that nobody can read any more is given back by a trigger, until they can be read again.
const END_FAULTS: &str = "
    DELETE FROM decision_in_force WHERE (agency_id, encounter_id) IN
        (SELECT k.value ->> 0, k.value ->> 1 FROM jsonb_each(?1) k)";

/// Takes encounters that cannot be read out of the queue, so that they are not read again until they change.
pub(super) async fn keep_faults(store: &SqliteStore, bad: &[BadEncounter], now: Instant) -> Result<(), StoreError> {
    let failed = StoreError::during("keeping faults");
    let row = |bad: &BadEncounter| (bad.agency_id.clone(), bad.encounter_id.clone(), bad.revision, bad.faults.clone());
    let mut transaction = store.begin().await.map_err(failed)?;
    let rows: Vec<_> = bad.iter().map(row).collect();
    let query = sqlx::query_as(UNCHANGED).bind(json(&rows)?);
    let unchanged: Vec<(String, String)> = query.fetch_all(&mut *transaction).await.map_err(failed)?;
    let unchanged = BTreeSet::from_iter(unchanged);
    let rows: Vec<_> = bad.iter().filter(|bad| bad.is_among(&unchanged)).map(row).collect();
    let rows = json(&rows)?;
    let insert = sqlx::query(INSERT_FAULTS).bind(rows.as_str()).bind(microseconds(now));
    insert.execute(&mut *transaction).await.map_err(failed)?;
    for sql in [UNQUEUE_FAULTS, END_FAULTS] {
        sqlx::query(sql).bind(rows.as_str()).execute(&mut *transaction).await.map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}
