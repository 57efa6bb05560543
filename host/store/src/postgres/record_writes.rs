//! Writes records, and says what that did.

use sqlx::PgConnection;

use crate::encounter::PutReport;
use crate::error::StoreError;
use crate::raw::json;
use crate::record::{RecordRow, refused};

const PUT: &str = "
    INSERT INTO record (agency_id, record_id, kind, subject, subject_id, from_day, to_day, body, written_at, written_by)
    SELECT $1, k.* FROM jsonb_to_recordset($2::jsonb) AS k (record_id TEXT, kind TEXT, subject TEXT, subject_id TEXT,
        from_day TEXT, to_day TEXT, body TEXT, written_at BIGINT, written_by TEXT)
    ON CONFLICT (agency_id, record_id) DO UPDATE SET kind = excluded.kind, subject = excluded.subject,
        subject_id = excluded.subject_id, from_day = excluded.from_day, to_day = excluded.to_day, body = excluded.body,
        written_by = excluded.written_by
    RETURNING (xmax = 0)";

/// What the records reach is found by statement, so nothing is held.
pub(super) async fn begin(_: &mut PgConnection) -> Result<(), StoreError> {
    Ok(())
}

/// Nothing was held.
pub(super) async fn end(_: &mut PgConnection) -> Result<(), StoreError> {
    Ok(())
}

/// Writes the records of one agency.
pub(super) async fn write(
    connection: &mut PgConnection,
    agency_id: &str,
    rows: &[RecordRow],
) -> Result<PutReport, StoreError> {
    let query = sqlx::query_scalar(PUT).bind(agency_id).bind(json(&rows)?);
    let written: Vec<bool> = query.fetch_all(connection).await.map_err(refused)?;
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let inserted = written.iter().filter(|inserted| **inserted).count();
    Ok(PutReport {
        inserted: count(inserted),
        updated: count(written.len().saturating_sub(inserted)),
        unchanged: count(rows.len().saturating_sub(written.len())),
    })
}
