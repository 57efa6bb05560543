//! Looks up and removes records on file.

use adjudica_core::Token;

use crate::error::StoreError;
use crate::record::{RawRecord, RawVersion, RecordKey, RecordVersion, StoredRecord};

use super::dialect::{Dialect, by, past_deadlocks};

const LIST: &str = concat!(
    "SELECT agency_id, record_id, subject, subject_id, body, version, written_at, written_by FROM record ",
    by!("record_by_subject"),
    " WHERE agency_id = $1 AND subject = $2 AND subject_id = $3 ORDER BY record_id"
);

const FIND: &str = "
    SELECT agency_id, record_id, subject, subject_id, body, version, written_at, written_by FROM record
    WHERE agency_id = $1 AND record_id = $2";

const HISTORY: &str = "
    SELECT version, operation, subject_id, body, recorded_at, recorded_by FROM record_version
    WHERE agency_id = $1 AND record_id = $2 ORDER BY position";

const REMOVE: &str = "DELETE FROM record WHERE agency_id = $1 AND record_id = $2";

pub(super) async fn list(store: &Dialect, key: &RecordKey) -> Result<Vec<StoredRecord>, StoreError> {
    let query =
        sqlx::query_as(LIST).bind(key.agency_id.as_str()).bind(key.subject.as_str()).bind(key.subject_id.as_str());
    let rows: Vec<RawRecord> = query.fetch_all(&store.listers).await.map_err(StoreError::during("listing records"))?;
    rows.iter().map(RawRecord::parse).collect()
}

pub(super) async fn find(
    store: &Dialect,
    agency_id: &Token,
    record_id: &Token,
) -> Result<Option<StoredRecord>, StoreError> {
    let query = sqlx::query_as(FIND).bind(agency_id.as_str()).bind(record_id.as_str());
    let row: Option<RawRecord> =
        query.fetch_optional(store.readers()).await.map_err(StoreError::during("reading a record"))?;
    row.map(|row| row.parse()).transpose()
}

pub(super) async fn history(
    store: &Dialect,
    agency_id: &Token,
    record_id: &Token,
) -> Result<Vec<RecordVersion>, StoreError> {
    let query = sqlx::query_as(HISTORY).bind(agency_id.as_str()).bind(record_id.as_str());
    let rows: Vec<RawVersion> =
        query.fetch_all(&store.listers).await.map_err(StoreError::during("reading a record's versions"))?;
    rows.into_iter().map(|row| row.parse(record_id)).collect()
}

pub(super) async fn remove(store: &Dialect, agency_id: &Token, record_id: &Token) -> Result<bool, StoreError> {
    let remove = || async {
        let query = sqlx::query(REMOVE).bind(agency_id.as_str()).bind(record_id.as_str());
        query.execute(store.writer()).await.map_err(StoreError::during("removing a record"))
    };
    Ok(past_deadlocks(remove).await?.rows_affected() == 1)
}
