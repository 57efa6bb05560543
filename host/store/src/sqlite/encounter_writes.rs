//! Writes rows of encounters.

use sqlx::SqliteConnection;

use crate::encounter::PutMode;
use crate::error::StoreError;
use crate::raw::encounter::EncounterRows;
use crate::raw::json;
use crate::sqlite::rows::newer_encounter;

/// The parts go in before their encounters: their triggers then find no encounter whose revision they would raise.
const INSERT_MODIFIERS: &str = "
    INSERT INTO encounter_modifier (agency_id, encounter_id, modifier)
    SELECT ?1, k.value ->> 'encounter_id', k.value ->> 'value' FROM jsonb_each(?2) k";

const INSERT_DIAGNOSES: &str = "
    INSERT INTO encounter_diagnosis (agency_id, encounter_id, position, diagnosis)
    SELECT ?1, k.value ->> 'encounter_id', k.value ->> 'position', k.value ->> 'value' FROM jsonb_each(?2) k";

const INSERT_SUPPORTING_INFO: &str = "
    INSERT INTO encounter_supporting_info (agency_id, encounter_id, category)
    SELECT ?1, k.value ->> 'encounter_id', k.value ->> 'value' FROM jsonb_each(?2) k";

const UPSERT_ENCOUNTERS: &str = concat!(
    "INSERT INTO encounter (agency_id, encounter_id, client_id, payer_id, plan_id, service_line, date_of_service,
        procedure_code, service, minutes, rendering_provider_id, rendering_provider_role, billing_provider_id, phase,
        mode, place_of_service, group_size, received_on, revision, written_at)
    SELECT ?1, k.value ->> 'encounter_id', k.value ->> 'client_id', k.value ->> 'payer_id', k.value ->> 'plan_id',
        k.value ->> 'service_line', k.value ->> 'date_of_service', k.value ->> 'procedure_code', k.value ->> 'service',
        k.value ->> 'minutes', k.value ->> 'rendering_provider_id', k.value ->> 'rendering_provider_role',
        k.value ->> 'billing_provider_id', k.value ->> 'phase', k.value ->> 'mode', k.value ->> 'place_of_service',
        k.value ->> 'group_size', k.value ->> 'received_on', 1, ?3
    FROM jsonb_each(?2) k WHERE true
    ON CONFLICT (agency_id, encounter_id) ",
    newer_encounter!()
);

/// Writes rows of encounters; under the lock of the one writer, those that are to be new are.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    agency_id: &str,
    rows: &EncounterRows<'_>,
    _: PutMode,
    now: i64,
) -> Result<(), StoreError> {
    let failed = StoreError::during("writing encounters");
    let parts = [
        (INSERT_MODIFIERS, &rows.modifiers),
        (INSERT_DIAGNOSES, &rows.diagnoses),
        (INSERT_SUPPORTING_INFO, &rows.supporting_info),
    ];
    for (sql, parts) in parts {
        if !parts.is_empty() {
            let query = sqlx::query(sql).bind(agency_id).bind(json(parts)?);
            query.execute(&mut *connection).await.map_err(failed)?;
        }
    }
    if rows.encounters.is_empty() {
        return Ok(());
    }
    let query = sqlx::query(UPSERT_ENCOUNTERS).bind(agency_id).bind(json(&rows.encounters)?);
    let done = query.bind(now).execute(connection).await.map_err(failed)?;
    let expected = u64::try_from(rows.encounters.len()).unwrap_or(u64::MAX);
    let found = done.rows_affected();
    if found == expected { Ok(()) } else { Err(StoreError::RowCount { doing: "writing encounters", expected, found }) }
}
