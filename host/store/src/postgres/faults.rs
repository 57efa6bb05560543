//! Keeps what is wrong with encounters that nobody can read, and takes them out of the queue until they change.

use std::collections::BTreeSet;

use crate::encounter::BadEncounter;
use crate::error::StoreError;
use crate::instant::{Instant, microseconds};
use crate::postgres::PostgresStore;
use crate::postgres::read::column;
use crate::postgres::transaction::past_deadlocks;
use crate::postgres::work::HOLD_CHAINS;

/// Those that are still as they were read, and stay so. The others have been mended, are gone, or are being
/// changed.
const UNCHANGED: &str = "
    SELECT e.agency_id, e.encounter_id
    FROM unnest($1::text[], $2::text[], $3::bigint[]) AS k (agency_id, encounter_id, revision)
    JOIN encounter e ON e.agency_id = k.agency_id AND e.encounter_id = k.encounter_id AND e.revision = k.revision
    FOR UPDATE OF e SKIP LOCKED";

const INSERT_FAULTS: &str = "
    INSERT INTO encounter_fault (agency_id, encounter_id, revision, faults, recorded_at)
    SELECT k.*, $5 FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) AS k
    ON CONFLICT (agency_id, encounter_id) DO UPDATE SET revision = excluded.revision, faults = excluded.faults,
        recorded_at = excluded.recorded_at";

const UNQUEUE_FAULTS: &str = "
    DELETE FROM undecided WHERE (agency_id, encounter_id, revision) IN
        (SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[]))";

/// What was billed for facts that nobody can read any more is given back by a trigger, until they can be read again.
const END_FAULTS: &str = "
    DELETE FROM decision_in_force WHERE (agency_id, encounter_id) IN
        (SELECT * FROM unnest($1::text[], $2::text[]))";

/// Takes encounters that cannot be read out of the queue, so that they are not read again until they change.
pub(super) async fn keep_faults(store: &PostgresStore, bad: &[BadEncounter], now: Instant) -> Result<(), StoreError> {
    past_deadlocks(|| try_keep_faults(store, bad, now)).await
}

async fn try_keep_faults(store: &PostgresStore, bad: &[BadEncounter], now: Instant) -> Result<(), StoreError> {
    let failed = StoreError::during("keeping faults");
    let mut transaction = store.begin().await.map_err(failed)?;
    let agencies = column(bad, |bad| bad.agency_id.as_str());
    sqlx::query(HOLD_CHAINS).bind(&agencies).execute(&mut *transaction).await.map_err(failed)?;
    let query = sqlx::query_as(UNCHANGED)
        .bind(&agencies)
        .bind(column(bad, |bad| bad.encounter_id.as_str()))
        .bind(column(bad, |bad| bad.revision));
    let unchanged: Vec<(String, String)> = query.fetch_all(&mut *transaction).await.map_err(failed)?;
    let unchanged = BTreeSet::from_iter(unchanged);
    let bad: Vec<&BadEncounter> = bad.iter().filter(|bad| bad.is_among(&unchanged)).collect();
    let agencies = column(&bad, |bad| bad.agency_id.as_str());
    let encounters = column(&bad, |bad| bad.encounter_id.as_str());
    let revisions = column(&bad, |bad| bad.revision);
    let faults: Vec<_> = bad.iter().map(|bad| serde_json::to_string(&bad.faults).unwrap_or_default()).collect();
    let insert = sqlx::query(INSERT_FAULTS).bind(&agencies).bind(&encounters).bind(&revisions);
    insert.bind(faults).bind(microseconds(now)).execute(&mut *transaction).await.map_err(failed)?;
    let unqueue = sqlx::query(UNQUEUE_FAULTS).bind(&agencies).bind(&encounters).bind(&revisions);
    unqueue.execute(&mut *transaction).await.map_err(failed)?;
    let end = sqlx::query(END_FAULTS).bind(&agencies).bind(&encounters);
    end.execute(&mut *transaction).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)
}
