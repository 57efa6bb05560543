//! Counts, faults and signs of life.

use adjudica_core::Token;

use crate::encounter::BadEncounter;
use crate::error::StoreError;
use crate::postgres::PostgresStore;
use crate::store::{Counts, RawCounts, RawFault, parse_faults};

const FAULTS: &str = "
    SELECT agency_id, encounter_id, revision, faults FROM encounter_fault WHERE agency_id = $1 AND encounter_id > $2
    ORDER BY encounter_id LIMIT $3";

/// Decisions are counted by their chains, which costs nothing.
const COUNTS: &str = "
    SELECT (SELECT count(*) FROM encounter), (SELECT count(*) FROM undecided), (SELECT count(*) FROM encounter_fault),
        (SELECT coalesce(sum(length), 0)::bigint FROM chain_head), (SELECT count(*) FROM policy_file),
        (SELECT count(*) FROM activation_change),
        (SELECT count(*) FROM undecided u JOIN decision_in_force d
            ON d.agency_id = u.agency_id AND d.encounter_id = u.encounter_id)";

/// A database that can only be read is of no use to a host, so a sign of life is written.
const PING: &str = "
    INSERT INTO sign_of_life (place, written_at) VALUES (1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
    ON CONFLICT (place) DO UPDATE SET written_at = excluded.written_at";

pub(super) async fn list_faults(
    store: &PostgresStore,
    agency_id: &Token,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<BadEncounter>, StoreError> {
    let failed = StoreError::during("listing faults");
    let query = sqlx::query_as(FAULTS).bind(agency_id.as_str()).bind(after.unwrap_or_default()).bind(i64::from(limit));
    let rows: Vec<RawFault> = query.fetch_all(&store.listers).await.map_err(failed)?;
    rows.into_iter().map(parse_faults).collect()
}

pub(super) async fn counts(store: &PostgresStore) -> Result<Counts, StoreError> {
    let failed = StoreError::during("counting");
    let row: RawCounts = sqlx::query_as(COUNTS).fetch_one(&store.listers).await.map_err(failed)?;
    Ok(Counts::from_row(row))
}

pub(super) async fn ping(store: &PostgresStore) -> Result<(), StoreError> {
    let failed = StoreError::during("asking for a sign of life");
    sqlx::query(PING).execute(&store.pool).await.map_err(failed)?;
    Ok(())
}
