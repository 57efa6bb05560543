//! Counts, faults and signs of life.

use adjudica_core::Token;

use crate::encounter::BadEncounter;
use crate::error::StoreError;
use crate::store::{Counts, RawCounts, RawFault, parse_faults};

use super::dialect::{Dialect, SIGN_OF_LIFE};

const FAULTS: &str = "
    SELECT agency_id, encounter_id, revision, faults FROM encounter_fault WHERE agency_id = $1 AND encounter_id > $2
    ORDER BY encounter_id LIMIT $3";

/// Decisions are counted by their chains, which costs nothing.
const COUNTS: &str = "
    SELECT (SELECT count(*) FROM encounter), (SELECT count(*) FROM undecided), (SELECT count(*) FROM encounter_fault),
        (SELECT CAST(coalesce(sum(length), 0) AS BIGINT) FROM chain_head), (SELECT count(*) FROM policy_file),
        (SELECT count(*) FROM activation_change),
        (SELECT count(*) FROM undecided u JOIN decision_in_force d
            ON d.agency_id = u.agency_id AND d.encounter_id = u.encounter_id)";

pub(super) async fn list_faults(
    store: &Dialect,
    agency_id: &Token,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<BadEncounter>, StoreError> {
    let failed = StoreError::during("listing faults");
    let query = sqlx::query_as(FAULTS).bind(agency_id.as_str()).bind(after.unwrap_or_default()).bind(i64::from(limit));
    let rows: Vec<RawFault> = query.fetch_all(&store.listers).await.map_err(failed)?;
    rows.into_iter().map(parse_faults).collect()
}

pub(super) async fn counts(store: &Dialect) -> Result<Counts, StoreError> {
    let failed = StoreError::during("counting");
    let row: RawCounts = sqlx::query_as(COUNTS).fetch_one(&store.listers).await.map_err(failed)?;
    Ok(Counts::from_row(row))
}

pub(super) async fn ping(store: &Dialect) -> Result<(), StoreError> {
    let failed = StoreError::during("asking for a sign of life");
    // A database that can only be read is of no use to a host.
    sqlx::query(SIGN_OF_LIFE).execute(store.writer()).await.map_err(failed)?;
    Ok(())
}
