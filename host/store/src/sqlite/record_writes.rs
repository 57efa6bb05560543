//! Writes records, and says what that did.

use std::collections::BTreeMap;

use sqlx::SqliteConnection;

use crate::encounter::PutReport;
use crate::error::StoreError;
use crate::raw::json;
use crate::record::{RecordRow, refused};

const PUT: &str = "
    INSERT INTO record (agency_id, record_id, kind, subject, subject_id, from_day, to_day, body, written_at, written_by)
    SELECT ?1, k.value ->> 'record_id', k.value ->> 'kind', k.value ->> 'subject', k.value ->> 'subject_id',
        k.value ->> 'from_day', k.value ->> 'to_day', k.value ->> 'body', k.value ->> 'written_at',
        k.value ->> 'written_by'
    FROM json_each(?2) k WHERE true
    ON CONFLICT (agency_id, record_id) DO UPDATE SET kind = excluded.kind, subject = excluded.subject,
        subject_id = excluded.subject_id, from_day = excluded.from_day, to_day = excluded.to_day, body = excluded.body,
        written_by = excluded.written_by";

/// Each encounter is revised once for all the records: see the migrations.
const HOLD_REACH: &str = "INSERT INTO record_reach_held VALUES (1)";

const LET_REACH_GO: &str = "DELETE FROM record_reach_held";

/// Versions of records before and after a put tell what it did.
const VERSIONS: &str = "
    SELECT r.record_id, r.version FROM json_each(?2) k
    CROSS JOIN record r ON r.agency_id = ?1 AND r.record_id = k.value ->> 'record_id'";

/// Holds what the records reach until all are there.
pub(super) async fn begin(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query(HOLD_REACH).execute(connection).await.map(drop).map_err(StoreError::during("writing records"))
}

/// Lets it go.
pub(super) async fn end(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query(LET_REACH_GO).execute(connection).await.map(drop).map_err(StoreError::during("writing records"))
}

/// Writes the records of one agency.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    agency_id: &str,
    rows: &[RecordRow],
) -> Result<PutReport, StoreError> {
    let rows = json(&rows)?;
    let before = versions(connection, agency_id, &rows).await?;
    let query = sqlx::query(PUT).bind(agency_id).bind(&rows);
    query.execute(&mut *connection).await.map_err(refused)?;
    let mut report = PutReport::default();
    for (record_id, version) in versions(connection, agency_id, &rows).await? {
        let count = match before.get(&record_id) {
            None => &mut report.inserted,
            Some(earlier) if *earlier == version => &mut report.unchanged,
            Some(_) => &mut report.updated,
        };
        *count = count.saturating_add(1);
    }
    Ok(report)
}

async fn versions(
    connection: &mut SqliteConnection,
    agency_id: &str,
    rows: &str,
) -> Result<BTreeMap<String, i64>, StoreError> {
    let query = sqlx::query_as(VERSIONS).bind(agency_id).bind(rows);
    let versions: Vec<(String, i64)> =
        query.fetch_all(connection).await.map_err(StoreError::during("reading records"))?;
    Ok(versions.into_iter().collect())
}
