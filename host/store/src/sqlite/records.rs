//! Puts records, and loads those that decisions need.

use std::collections::BTreeMap;

use adjudica_core::Token;
use adjudica_core::records::{Claimed, EXCLUSIVE_KINDS, Record};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use crate::claimed::{by_client, read_claimed};
use crate::encounter::PutReport;
use crate::error::StoreError;
use crate::instant::Instant;
use crate::record::{
    LoadedRecords, RawRecord, RecordKey, RecordRow, load, refused, require_fit, require_sound, whose_could_clash,
};
use crate::sqlite::read;
use crate::sqlite::{SqliteStore, json};
use crate::work::ClientKey;

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

/// The records of what is asked for that may exclude others.
const EXCLUSIVE: &str = "
    SELECT r.agency_id, r.record_id, r.subject, r.subject_id, r.body, r.version, r.written_at, r.written_by
    FROM json_each(?1) k CROSS JOIN record r ON r.agency_id = k.value ->> 'agency_id'
        AND r.subject = k.value ->> 'subject' AND r.subject_id = k.value ->> 'subject_id'
    WHERE r.kind IN (SELECT value FROM json_each(?2))";

/// The records of what is asked for, and of the people whom a client's records name. An absence changes no decision.
const LOAD: &str = "
    WITH asked AS MATERIALIZED (
        SELECT r.* FROM json_each(?1) k CROSS JOIN record r
            ON r.agency_id = k.value ->> 'agency_id' AND r.subject = k.value ->> 'subject'
                AND r.subject_id = k.value ->> 'subject_id' AND r.kind <> 'absence'),
    named AS (
        SELECT agency_id, body ->> 'provider_id' AS provider_id FROM asked WHERE kind = 'assignment'
        UNION SELECT a.agency_id, t.value FROM asked a CROSS JOIN json_each(a.body, '$.rendering_from') t
        WHERE a.kind = 'authorization')
    SELECT agency_id, record_id, subject, subject_id, body, version, written_at, written_by, from_day, to_day FROM asked
    UNION
    SELECT r.agency_id, r.record_id, r.subject, r.subject_id, r.body, r.version, r.written_at, r.written_by, r.from_day, r.to_day
    FROM named n CROSS JOIN record r ON r.agency_id = n.agency_id AND r.subject = 'provider'
        AND r.subject_id = n.provider_id AND r.kind <> 'absence'";

const CLAIMED: &str = "
    WITH corrections AS MATERIALIZED (
        SELECT e.agency_id, e.client_id, e.payer_id, e.date_of_service, r.body ->> 'payer_claim_number' AS number
        FROM json_each(?1) k CROSS JOIN encounter e INDEXED BY encounter_by_client
            ON e.agency_id = k.value ->> 'agency_id' AND e.client_id = k.value ->> 'client_id'
        CROSS JOIN record r INDEXED BY record_correction ON r.agency_id = e.agency_id AND r.subject_id = e.encounter_id
            AND r.kind = 'claim' AND r.body ->> 'frequency' IN ('7', '8')),
    chosen AS (
        SELECT s.agency_id, s.encounter_id FROM corrections c CROSS JOIN encounter s INDEXED BY encounter_by_client
            ON s.agency_id = c.agency_id AND s.client_id = c.client_id AND s.date_of_service = c.date_of_service
                AND s.payer_id = c.payer_id
        UNION
        SELECT s.agency_id, s.encounter_id FROM corrections c CROSS JOIN record r INDEXED BY record_claim_number
            ON r.agency_id = c.agency_id AND r.body ->> 'payer_claim_number' = c.number AND r.kind = 'claim'
                AND r.body ->> 'payer_claim_number' IS NOT NULL
        CROSS JOIN encounter s ON s.agency_id = r.agency_id AND s.encounter_id = r.subject_id
            AND s.client_id = c.client_id)
    SELECT e.agency_id, e.client_id, e.encounter_id, e.payer_id, e.date_of_service, e.billing_provider_id,
        e.rendering_provider_id, e.procedure_code, e.service, e.mode,
        EXISTS (SELECT 1 FROM encounter_supporting_info i WHERE i.agency_id = e.agency_id
            AND i.encounter_id = e.encounter_id AND i.category = 'repeat_service'),
        r.body ->> 'frequency', r.body ->> 'payer_claim_number'
    FROM chosen h CROSS JOIN encounter e ON e.agency_id = h.agency_id AND e.encounter_id = h.encounter_id
    LEFT JOIN record r ON r.agency_id = e.agency_id AND r.subject = 'encounter' AND r.subject_id = e.encounter_id
        AND r.kind = 'claim'";

pub(super) async fn put(
    store: &SqliteStore,
    agency_id: &Token,
    records: &[Record],
    (written_by, now): (&str, Instant),
) -> Result<PutReport, StoreError> {
    let failed = StoreError::during("writing records");
    require_sound(records)?;
    let keys = whose_could_clash(agency_id, records);
    let mut transaction = store.begin().await.map_err(failed)?;
    let query = sqlx::query_as(EXCLUSIVE).bind(json(&keys)?).bind(json(&EXCLUSIVE_KINDS)?);
    let there: Vec<RawRecord> = query.fetch_all(&mut *transaction).await.map_err(failed)?;
    let there = load(&there)?.agency_to_records.remove(agency_id).unwrap_or_default();
    require_fit(records, there)?;
    let rows: Vec<RecordRow> = records.iter().map(|record| RecordRow::new(record, written_by, now)).collect();
    let rows = json(&rows)?;
    let before = versions(&mut transaction, agency_id, &rows).await?;
    sqlx::query(HOLD_REACH).execute(&mut *transaction).await.map_err(failed)?;
    let query = sqlx::query(PUT).bind(agency_id.as_str()).bind(&rows);
    query.execute(&mut *transaction).await.map_err(refused)?;
    sqlx::query(LET_REACH_GO).execute(&mut *transaction).await.map_err(failed)?;
    let after = versions(&mut transaction, agency_id, &rows).await?;
    transaction.commit().await.map_err(failed)?;
    let mut report = PutReport::default();
    for (record_id, version) in after {
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
    agency_id: &Token,
    rows: &str,
) -> Result<BTreeMap<String, i64>, StoreError> {
    let query = sqlx::query_as(VERSIONS).bind(agency_id.as_str()).bind(rows);
    let versions: Vec<(String, i64)> =
        query.fetch_all(connection).await.map_err(StoreError::during("reading records"))?;
    Ok(versions.into_iter().collect())
}

pub(super) async fn load_for(store: &SqliteStore, keys: &[RecordKey]) -> Result<LoadedRecords, StoreError> {
    let query = sqlx::query_as(LOAD).bind(json(&keys)?);
    let rows: Vec<RawRecord> = query.fetch_all(&store.readers).await.map_err(StoreError::during("reading records"))?;
    load(&rows)
}

pub(super) async fn load_claimed(
    store: &SqliteStore,
    clients: &[ClientKey],
) -> Result<BTreeMap<ClientKey, Vec<Claimed>>, StoreError> {
    const DOING: &str = "reading claims that correct others";
    let refs: Vec<_> = clients.iter().map(ClientKey::reference).collect();
    let query = sqlx::query(CLAIMED).bind(json(&refs)?);
    let rows = query.fetch_all(&store.readers).await.map_err(StoreError::during(DOING))?;
    let read = |row: &SqliteRow| read_claimed!(row);
    Ok(by_client(&read::all(&rows, read, DOING)?))
}
