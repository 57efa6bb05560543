//! Puts records, and loads those that decisions need.

use std::collections::BTreeMap;

use adjudica_core::Token;
use adjudica_core::records::{Claimed, EXCLUSIVE_KINDS, Record};
use sqlx::Row;
use sqlx::postgres::PgRow;

use crate::claimed::{by_client, read_claimed};
use crate::encounter::PutReport;
use crate::error::StoreError;
use crate::instant::Instant;
use crate::postgres::PostgresStore;
use crate::postgres::read::{self, column};
use crate::postgres::transaction::past_deadlocks;
use crate::record::{
    LoadedRecords, RawRecord, RecordKey, RecordRow, load, refused, require_fit, require_sound, whose_could_clash,
};
use crate::work::ClientKey;

/// Held until the put ends, so that two puts of one agency's records come one after the other.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 4244))";

const PUT: &str = "
    INSERT INTO record (agency_id, record_id, kind, subject, subject_id, from_day, to_day, body, written_at, written_by)
    SELECT $1, k.* FROM jsonb_to_recordset($2::jsonb) AS k (record_id TEXT, kind TEXT, subject TEXT, subject_id TEXT,
        from_day TEXT, to_day TEXT, body TEXT, written_at BIGINT, written_by TEXT)
    ON CONFLICT (agency_id, record_id) DO UPDATE SET kind = excluded.kind, subject = excluded.subject,
        subject_id = excluded.subject_id, from_day = excluded.from_day, to_day = excluded.to_day, body = excluded.body,
        written_by = excluded.written_by
    RETURNING (xmax = 0)";

/// The records of what is asked for that may exclude others.
const EXCLUSIVE: &str = "
    SELECT r.agency_id, r.record_id, r.subject, r.subject_id, r.body, r.version, r.written_at, r.written_by
    FROM unnest($1::text[], $2::text[], $3::text[]) AS k (agency_id, subject, subject_id)
    JOIN record r ON r.agency_id = k.agency_id AND r.subject = k.subject AND r.subject_id = k.subject_id
    WHERE r.kind = ANY($4)";

/// The records of what is asked for, and of the people whom a client's records name. An absence changes no decision.
const LOAD: &str = "
    WITH asked AS (
        SELECT r.* FROM unnest($1::text[], $2::text[], $3::text[]) AS k (agency_id, subject, subject_id)
        JOIN record r ON r.agency_id = k.agency_id AND r.subject = k.subject AND r.subject_id = k.subject_id
            AND r.kind <> 'absence'),
    named AS (
        SELECT agency_id, (body::jsonb) ->> 'provider_id' AS provider_id FROM asked WHERE kind = 'assignment'
        UNION SELECT a.agency_id, t.value FROM asked a CROSS JOIN jsonb_each_text((a.body::jsonb) -> 'rendering_from') t
        WHERE a.kind = 'authorization')
    SELECT agency_id, record_id, subject, subject_id, body, version, written_at, written_by, from_day, to_day FROM asked
    UNION
    SELECT r.agency_id, r.record_id, r.subject, r.subject_id, r.body, r.version, r.written_at, r.written_by, r.from_day, r.to_day
    FROM named n JOIN record r ON r.agency_id = n.agency_id AND r.subject = 'provider' AND r.subject_id = n.provider_id
        AND r.kind <> 'absence'";

const CLAIMED: &str = "
    WITH corrections AS MATERIALIZED (
        SELECT e.agency_id, e.client_id, e.payer_id, e.date_of_service, (r.body::jsonb) ->> 'payer_claim_number' AS number
        FROM unnest($1::text[], $2::text[]) AS k (agency_id, client_id) JOIN encounter e
            ON e.agency_id = k.agency_id AND e.client_id = k.client_id
        JOIN record r ON r.agency_id = e.agency_id AND r.subject_id = e.encounter_id
            AND r.kind = 'claim' AND (r.body::jsonb) ->> 'frequency' IN ('7', '8')),
    chosen AS (
        SELECT s.agency_id, s.encounter_id FROM corrections c JOIN encounter s
            ON s.agency_id = c.agency_id AND s.client_id = c.client_id AND s.date_of_service = c.date_of_service
                AND s.payer_id = c.payer_id
        UNION
        SELECT s.agency_id, s.encounter_id FROM corrections c JOIN record r
            ON r.agency_id = c.agency_id AND (r.body::jsonb) ->> 'payer_claim_number' = c.number AND r.kind = 'claim'
                AND (r.body::jsonb) ->> 'payer_claim_number' IS NOT NULL
        JOIN encounter s ON s.agency_id = r.agency_id AND s.encounter_id = r.subject_id
            AND s.client_id = c.client_id)
    SELECT e.agency_id, e.client_id, e.encounter_id, e.payer_id, e.date_of_service, e.billing_provider_id,
        e.rendering_provider_id, e.procedure_code, e.service, e.mode,
        EXISTS (SELECT 1 FROM encounter_supporting_info i WHERE i.agency_id = e.agency_id
            AND i.encounter_id = e.encounter_id AND i.category = 'repeat_service'),
        (r.body::jsonb) ->> 'frequency', (r.body::jsonb) ->> 'payer_claim_number'
    FROM chosen h JOIN encounter e ON e.agency_id = h.agency_id AND e.encounter_id = h.encounter_id
    LEFT JOIN record r ON r.agency_id = e.agency_id AND r.subject = 'encounter' AND r.subject_id = e.encounter_id
        AND r.kind = 'claim'";

pub(super) async fn put(
    store: &PostgresStore,
    agency_id: &Token,
    records: &[Record],
    written: (&str, Instant),
) -> Result<PutReport, StoreError> {
    require_sound(records)?;
    past_deadlocks(|| try_put(store, agency_id, records, written)).await
}

async fn try_put(
    store: &PostgresStore,
    agency_id: &Token,
    records: &[Record],
    (written_by, now): (&str, Instant),
) -> Result<PutReport, StoreError> {
    let failed = StoreError::during("writing records");
    let mut transaction = store.begin().await.map_err(failed)?;
    sqlx::query(LOCK).bind(agency_id.as_str()).execute(&mut *transaction).await.map_err(failed)?;
    let keys = whose_could_clash(agency_id, records);
    let query = sqlx::query_as(EXCLUSIVE)
        .bind(column(&keys, |key| key.agency_id.as_str()))
        .bind(column(&keys, |key| key.subject.as_str()))
        .bind(column(&keys, |key| key.subject_id.as_str()))
        .bind(EXCLUSIVE_KINDS.as_slice());
    let there: Vec<RawRecord> = query.fetch_all(&mut *transaction).await.map_err(failed)?;
    let there = load(&there)?.agency_to_records.remove(agency_id).unwrap_or_default();
    require_fit(records, there)?;
    let rows: Vec<RecordRow> = records.iter().map(|record| RecordRow::new(record, written_by, now)).collect();
    let json = serde_json::to_string(&rows).unwrap_or_default();
    let query = sqlx::query_scalar(PUT).bind(agency_id.as_str()).bind(json);
    let written: Vec<bool> = query.fetch_all(&mut *transaction).await.map_err(refused)?;
    transaction.commit().await.map_err(failed)?;
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let inserted = written.iter().filter(|inserted| **inserted).count();
    Ok(PutReport {
        inserted: count(inserted),
        updated: count(written.len() - inserted),
        unchanged: count(records.len().saturating_sub(written.len())),
    })
}

pub(super) async fn load_for(store: &PostgresStore, keys: &[RecordKey]) -> Result<LoadedRecords, StoreError> {
    let query = sqlx::query_as(LOAD)
        .bind(column(keys, |key| key.agency_id.as_str()))
        .bind(column(keys, |key| key.subject.as_str()))
        .bind(column(keys, |key| key.subject_id.as_str()));
    let rows: Vec<RawRecord> = query.fetch_all(&store.pool).await.map_err(StoreError::during("reading records"))?;
    load(&rows)
}

pub(super) async fn load_claimed(
    store: &PostgresStore,
    clients: &[ClientKey],
) -> Result<BTreeMap<ClientKey, Vec<Claimed>>, StoreError> {
    const DOING: &str = "reading claims that correct others";
    let query = sqlx::query(CLAIMED)
        .bind(column(clients, |key| key.agency_id.as_str()))
        .bind(column(clients, |key| key.client_id.as_str()));
    let rows = query.fetch_all(&store.pool).await.map_err(StoreError::during(DOING))?;
    let read = |row: &PgRow| read_claimed!(row);
    Ok(by_client(&read::all(&rows, read, DOING)?))
}
