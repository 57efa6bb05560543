//! Puts records and loads them for decisions.

use std::collections::BTreeMap;

use adjudica_core::records::{Claimed, EXCLUSIVE_KINDS, Record};
use sqlx::Row as _;

use crate::claimed::{by_client, read_claimed};
use crate::encounter::PutReport;
use crate::error::StoreError;
use crate::raw::json;
use crate::record::{
    LoadedRecords, NewRecords, RawRecord, RecordKey, RecordRow, load, require_fit, require_sound, whose_could_clash,
};
use crate::work::ClientKey;

use super::dialect::{
    Connection, Dialect, Growth, Row, by, each_of, hold_records, is_in, join, json_of, past_deadlocks, set_of, texts_of,
};
use super::record_writes;
use super::rows::all;

/// The records of what is asked for that may exclude others.
const EXCLUSIVE: &str = concat!(
    "SELECT r.agency_id, r.record_id, r.subject, r.subject_id, r.body, r.version, r.written_at, r.written_by FROM ",
    set_of!("$1", agency_id TEXT, subject TEXT, subject_id TEXT),
    each_of!("record", "r", "r.agency_id = k.agency_id AND r.subject = k.subject AND r.subject_id = k.subject_id"),
    " WHERE r.kind",
    is_in!("$2")
);

/// The records of what is asked for, and of the people whom a client's records name. An absence changes no decision.
const LOAD: &str = concat!(
    "WITH asked AS MATERIALIZED (SELECT r.* FROM ",
    set_of!("$1", agency_id TEXT, subject TEXT, subject_id TEXT),
    each_of!(
        "record",
        "r",
        "r.agency_id = k.agency_id AND r.subject = k.subject AND r.subject_id = k.subject_id AND r.kind <> 'absence'"
    ),
    "),
    named AS (
        SELECT agency_id, ",
    json_of!("body"),
    " ->> 'provider_id' AS provider_id FROM asked WHERE kind = 'assignment'
        UNION SELECT a.agency_id, t.value FROM asked a CROSS JOIN ",
    texts_of!("a.body", "rendering_from"),
    " t WHERE a.kind = 'authorization')
    SELECT agency_id, record_id, subject, subject_id, body, version, written_at, written_by, from_day, to_day FROM asked
    UNION
    SELECT r.agency_id, r.record_id, r.subject, r.subject_id, r.body, r.version, r.written_at, r.written_by, r.from_day, r.to_day
    FROM named n",
    each_of!(
        "record",
        "r",
        "r.agency_id = n.agency_id AND r.subject = 'provider' AND r.subject_id = n.provider_id AND r.kind <> 'absence'"
    )
);

const CLAIMED: &str = concat!(
    "WITH corrections AS MATERIALIZED (
        SELECT e.agency_id, e.client_id, e.payer_id, e.date_of_service, ",
    json_of!("r.body"),
    " ->> 'payer_claim_number' AS number FROM ",
    set_of!("$1", agency_id TEXT, client_id TEXT),
    join!(),
    "encounter e",
    by!("encounter_by_client"),
    "ON e.agency_id = k.agency_id AND e.client_id = k.client_id",
    join!(),
    "record r",
    by!("record_correction"),
    "ON r.agency_id = e.agency_id AND r.subject_id = e.encounter_id AND r.kind = 'claim' AND ",
    json_of!("r.body"),
    " ->> 'frequency' IN ('7', '8')),
    chosen AS (
        SELECT s.agency_id, s.encounter_id FROM corrections c",
    join!(),
    "encounter s",
    by!("encounter_by_client"),
    "ON s.agency_id = c.agency_id AND s.client_id = c.client_id AND s.date_of_service = c.date_of_service
            AND s.payer_id = c.payer_id
        UNION
        SELECT s.agency_id, s.encounter_id FROM corrections c",
    join!(),
    "record r",
    by!("record_claim_number"),
    "ON r.agency_id = c.agency_id AND ",
    json_of!("r.body"),
    " ->> 'payer_claim_number' = c.number AND r.kind = 'claim' AND ",
    json_of!("r.body"),
    " ->> 'payer_claim_number' IS NOT NULL",
    join!(),
    "encounter s ON s.agency_id = r.agency_id AND s.encounter_id = r.subject_id AND s.client_id = c.client_id)
    SELECT e.agency_id, e.client_id, e.encounter_id, e.payer_id, e.date_of_service, e.billing_provider_id,
        e.rendering_provider_id, e.procedure_code, e.service, e.mode,
        EXISTS (SELECT 1 FROM encounter_supporting_info i WHERE i.agency_id = e.agency_id
            AND i.encounter_id = e.encounter_id AND i.category = 'repeat_service'), ",
    json_of!("r.body"),
    " ->> 'frequency', ",
    json_of!("r.body"),
    " ->> 'payer_claim_number' FROM chosen h",
    join!(),
    "encounter e ON e.agency_id = h.agency_id AND e.encounter_id = h.encounter_id
    LEFT JOIN record r ON r.agency_id = e.agency_id AND r.subject = 'encounter' AND r.subject_id = e.encounter_id
        AND r.kind = 'claim'"
);

pub(super) async fn put(store: &Dialect, new: &NewRecords<'_, '_>) -> Result<PutReport, StoreError> {
    past_deadlocks(|| try_put(store, new)).await
}

async fn try_put(store: &Dialect, new: &NewRecords<'_, '_>) -> Result<PutReport, StoreError> {
    let failed = StoreError::during("writing records");
    let mut transaction = store.begin().await.map_err(failed)?;
    hold_records(&mut transaction, new.agency_id.as_str()).await.map_err(failed)?;
    record_writes::begin(&mut transaction).await?;
    let (mut report, mut faults, mut growth) = (PutReport::default(), Vec::new(), Growth::default());
    for part in (new.parts)() {
        let part = part.map_err(|fault| StoreError::during("reading records to put")(sqlx::Error::Io(fault)))?;
        match require_puttable(&mut transaction, new, &part).await {
            Err(StoreError::BadRecords { faults: more }) => faults.extend(more),
            Err(error) => return Err(error),
            Ok(()) if faults.is_empty() => {
                report.add(put_part(&mut transaction, new, &part).await?);
                growth.by(part.len(), &mut transaction).await.map_err(failed)?;
            }
            // The rest is only looked at, so that every fault is named.
            Ok(()) => {}
        }
    }
    if !faults.is_empty() {
        return Err(StoreError::BadRecords { faults });
    }
    record_writes::end(&mut transaction).await?;
    transaction.commit().await.map_err(failed)?;
    store.grown_by(report.inserted).await;
    Ok(report)
}

/// Refuses records with faults, and those that cannot be so beside each other or beside what is on file and stays.
async fn require_puttable(
    connection: &mut Connection,
    new: &NewRecords<'_, '_>,
    part: &[Record],
) -> Result<(), StoreError> {
    require_sound(part)?;
    let keys = whose_could_clash(new.agency_id, part);
    if keys.is_empty() {
        return Ok(());
    }
    let query = sqlx::query_as(EXCLUSIVE).bind(json(&keys)?).bind(json(&EXCLUSIVE_KINDS)?);
    let there: Vec<RawRecord> = query.fetch_all(connection).await.map_err(StoreError::during("writing records"))?;
    let mut there = load(&there)?.agency_to_records.remove(new.agency_id).unwrap_or_default();
    there.retain(|record| !(new.gives)(&record.record_id));
    require_fit(part, there)
}

async fn put_part(
    connection: &mut Connection,
    new: &NewRecords<'_, '_>,
    part: &[Record],
) -> Result<PutReport, StoreError> {
    let rows: Vec<RecordRow> = part.iter().map(|record| RecordRow::new(record, new.written_by, new.now)).collect();
    record_writes::write(connection, new.agency_id.as_str(), &rows).await
}

pub(super) async fn load_for(store: &Dialect, keys: &[RecordKey]) -> Result<LoadedRecords, StoreError> {
    let query = sqlx::query_as(LOAD).bind(json(&keys)?);
    let rows: Vec<RawRecord> = query.fetch_all(store.readers()).await.map_err(StoreError::during("reading records"))?;
    load(&rows)
}

pub(super) async fn load_claimed(
    store: &Dialect,
    clients: &[ClientKey],
) -> Result<BTreeMap<ClientKey, Vec<Claimed>>, StoreError> {
    const DOING: &str = "reading claims that correct others";
    let refs: Vec<_> = clients.iter().map(ClientKey::reference).collect();
    let query = sqlx::query(CLAIMED).bind(json(&refs)?);
    let rows = query.fetch_all(store.readers()).await.map_err(StoreError::during(DOING))?;
    let read = |row: &Row| read_claimed!(row);
    Ok(by_client(&all(&rows, read, DOING)?))
}
