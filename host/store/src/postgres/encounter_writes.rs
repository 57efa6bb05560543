//! Writes rows of encounters.

use sqlx::PgConnection;

use crate::encounter::PutMode;
use crate::error::StoreError;
use crate::postgres::commit::column;
use crate::postgres::rows::newer_encounter;
use crate::raw::encounter::EncounterRows;

/// The parts go in before their encounters: their triggers then find no encounter whose revision they would raise.
const INSERT_MODIFIERS: &str = "
    INSERT INTO encounter_modifier (agency_id, encounter_id, modifier)
    SELECT $1, * FROM unnest($2::text[], $3::text[])";

const INSERT_DIAGNOSES: &str = "
    INSERT INTO encounter_diagnosis (agency_id, encounter_id, position, diagnosis)
    SELECT $1, * FROM unnest($2::text[], $4::bigint[], $3::text[])";

const INSERT_SUPPORTING_INFO: &str = "
    INSERT INTO encounter_supporting_info (agency_id, encounter_id, category)
    SELECT $1, * FROM unnest($2::text[], $3::text[])";

macro_rules! insert_encounters {
    () => {
        "INSERT INTO encounter (agency_id, encounter_id, client_id, payer_id, plan_id, service_line, date_of_service,
             procedure_code, service, minutes, rendering_provider_id, rendering_provider_role, billing_provider_id,
             phase, mode, place_of_service, group_size, received_on, revision, written_at)
         SELECT $1, k.*, 1, $2 FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
             $9::text[], $10::text[], $11::bigint[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[],
             $17::text[], $18::bigint[], $19::text[]) AS k
         ON CONFLICT (agency_id, encounter_id) "
    };
}

/// Leaves an encounter that another system has inserted in the meantime alone; the number of rows tells.
const INSERT_ENCOUNTERS: &str = concat!(insert_encounters!(), "DO NOTHING");

const UPSERT_ENCOUNTERS: &str = concat!(insert_encounters!(), newer_encounter!());

/// Writes rows of encounters; those that are to be new leave alone what another system has inserted in the meantime.
pub(super) async fn write(
    connection: &mut PgConnection,
    agency_id: &str,
    rows: &EncounterRows<'_>,
    mode: PutMode,
    now: i64,
) -> Result<(), StoreError> {
    write_parts(connection, agency_id, rows).await?;
    let rows = &rows.encounters;
    if rows.is_empty() {
        return Ok(());
    }
    let sql = match mode {
        PutMode::InsertOnly => INSERT_ENCOUNTERS,
        PutMode::Upsert => UPSERT_ENCOUNTERS,
    };
    let query = sqlx::query(sql)
        .bind(agency_id)
        .bind(now)
        .bind(column(rows, |row| row.encounter_id))
        .bind(column(rows, |row| row.client_id))
        .bind(column(rows, |row| row.payer_id))
        .bind(column(rows, |row| row.plan_id))
        .bind(column(rows, |row| row.service_line))
        .bind(column(rows, |row| row.date_of_service.as_str()))
        .bind(column(rows, |row| row.procedure_code))
        .bind(column(rows, |row| row.service))
        .bind(column(rows, |row| row.minutes))
        .bind(column(rows, |row| row.rendering_provider_id))
        .bind(column(rows, |row| row.rendering_provider_role))
        .bind(column(rows, |row| row.billing_provider_id))
        .bind(column(rows, |row| row.phase))
        .bind(column(rows, |row| row.mode))
        .bind(column(rows, |row| row.place_of_service))
        .bind(column(rows, |row| row.group_size))
        .bind(column(rows, |row| row.received_on.as_deref()));
    let done = query.execute(&mut *connection).await.map_err(StoreError::during("writing encounters"))?;
    let (expected, found) = (u64::try_from(rows.len()).unwrap_or(u64::MAX), done.rows_affected());
    if found == expected {
        return Ok(());
    }
    Err(StoreError::RowCount { doing: "writing encounters", expected, found })
}

async fn write_parts(
    connection: &mut PgConnection,
    agency_id: &str,
    rows: &EncounterRows<'_>,
) -> Result<(), StoreError> {
    let failed = StoreError::during("writing what belongs to encounters");
    let parts = [(INSERT_MODIFIERS, &rows.modifiers), (INSERT_SUPPORTING_INFO, &rows.supporting_info)];
    for (sql, parts) in parts {
        if !parts.is_empty() {
            let query = sqlx::query(sql)
                .bind(agency_id)
                .bind(column(parts, |part| part.encounter_id))
                .bind(column(parts, |part| part.value));
            query.execute(&mut *connection).await.map_err(failed)?;
        }
    }
    if !rows.diagnoses.is_empty() {
        let query = sqlx::query(INSERT_DIAGNOSES)
            .bind(agency_id)
            .bind(column(&rows.diagnoses, |part| part.encounter_id))
            .bind(column(&rows.diagnoses, |part| part.value))
            .bind(column(&rows.diagnoses, |part| part.position));
        query.execute(connection).await.map_err(failed)?;
    }
    Ok(())
}
