//! Puts, finds and lists encounters.

use std::collections::BTreeMap;

use adjudica_core::{EncounterFacts, Token};
use sqlx::SqliteConnection;

use crate::assemble::{require_putable, sort};
use crate::encounter::{EncounterFilter, EncounterPage, Expected, PutMode, PutReport, StoredEncounter};
use crate::error::StoreError;
use crate::instant::{Instant, microseconds};
use crate::raw::encounter::{EncounterRows, parse_all, unreadable};
use crate::raw::lossy::Lossy;
use crate::sqlite::read::{self, encounter_columns};
use crate::sqlite::{SqliteStore, json};

const EXISTING_IDS: &str = "
    SELECT e.encounter_id FROM jsonb_each(?2) k CROSS JOIN encounter e ON e.agency_id = ?1 AND e.encounter_id = k.value
    ORDER BY e.encounter_id";

const EXISTING: &str = concat!(
    "SELECT json_array(",
    encounter_columns!(),
    ") FROM jsonb_each(?2) k CROSS JOIN encounter e ON e.agency_id = ?1 AND e.encounter_id = k.value"
);

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

const DELETE_MODIFIERS: &str = "
    DELETE FROM encounter_modifier WHERE agency_id = ?1 AND encounter_id IN (SELECT value FROM json_each(?2))";

const DELETE_DIAGNOSES: &str = "
    DELETE FROM encounter_diagnosis WHERE agency_id = ?1 AND encounter_id IN (SELECT value FROM json_each(?2))";

const DELETE_SUPPORTING_INFO: &str = "
    DELETE FROM encounter_supporting_info WHERE agency_id = ?1 AND encounter_id IN (SELECT value FROM json_each(?2))";

const UPSERT_ENCOUNTERS: &str = "
    INSERT INTO encounter (agency_id, encounter_id, client_id, payer_id, plan_id, service_line, date_of_service,
        procedure_code, service, minutes, rendering_provider_id, rendering_provider_role, billing_provider_id, phase,
        mode, place_of_service, group_size, received_on, revision, written_at)
    SELECT ?1, k.value ->> 'encounter_id', k.value ->> 'client_id', k.value ->> 'payer_id', k.value ->> 'plan_id',
        k.value ->> 'service_line', k.value ->> 'date_of_service', k.value ->> 'procedure_code', k.value ->> 'service',
        k.value ->> 'minutes', k.value ->> 'rendering_provider_id', k.value ->> 'rendering_provider_role',
        k.value ->> 'billing_provider_id', k.value ->> 'phase', k.value ->> 'mode', k.value ->> 'place_of_service',
        k.value ->> 'group_size', k.value ->> 'received_on', 1, ?3
    FROM jsonb_each(?2) k WHERE true
    ON CONFLICT (agency_id, encounter_id) DO UPDATE SET client_id = excluded.client_id, payer_id = excluded.payer_id,
        plan_id = excluded.plan_id, service_line = excluded.service_line, date_of_service = excluded.date_of_service,
        procedure_code = excluded.procedure_code, service = excluded.service, minutes = excluded.minutes,
        rendering_provider_id = excluded.rendering_provider_id,
        rendering_provider_role = excluded.rendering_provider_role,
        billing_provider_id = excluded.billing_provider_id, phase = excluded.phase, mode = excluded.mode,
        place_of_service = excluded.place_of_service, group_size = excluded.group_size,
        received_on = excluded.received_on, revision = encounter.revision + 1, written_at = excluded.written_at";

const FIND: &str = concat!(
    "SELECT json_array(",
    encounter_columns!(),
    ") FROM encounter e WHERE e.agency_id = ?1 AND e.encounter_id = ?2"
);

/// What a filter says besides the client.
macro_rules! filter_of_encounters {
    () => {
        " AND (?4 IS NULL OR e.payer_id = ?4) AND (?5 IS NULL OR e.date_of_service >= ?5)
          AND (?6 IS NULL OR e.date_of_service < ?6)
          ORDER BY e.encounter_id LIMIT ?7"
    };
}

/// The last of as many encounters as a page looks at, where there are as many.
const THROUGH: &str = "
    SELECT encounter_id FROM encounter WHERE agency_id = ?1 AND encounter_id > ?2
    ORDER BY encounter_id LIMIT 1 OFFSET ?3";

/// Looks at a bounded number of encounters: most filters have no index, and no page may cost what is stored.
const LIST_THROUGH: &str = concat!(
    "SELECT json_array(",
    encounter_columns!(),
    ") FROM encounter e WHERE e.agency_id = ?1 AND e.encounter_id > ?2 AND e.encounter_id <= ?3",
    filter_of_encounters!()
);

/// Those that follow, where they are few or each is listed.
const LIST: &str = concat!(
    "SELECT json_array(",
    encounter_columns!(),
    ") FROM encounter e WHERE e.agency_id = ?1 AND e.encounter_id > ?2 AND ?3 IS NULL",
    filter_of_encounters!()
);

/// A client has few encounters: they are found by the client, and put in order.
const LIST_OF_CLIENT: &str = concat!(
    "SELECT json_array(",
    encounter_columns!(),
    ") FROM encounter e INDEXED BY encounter_by_client
      WHERE e.agency_id = ?1 AND e.encounter_id > ?2 AND e.client_id = ?3",
    filter_of_encounters!()
);

pub(super) async fn put(
    store: &SqliteStore,
    agency_id: &Token,
    (encounters, mode, expected): (&[EncounterFacts], PutMode, &Expected),
    now: Instant,
) -> Result<PutReport, StoreError> {
    let failed = StoreError::during("putting encounters");
    require_putable(encounters)?;
    let mut transaction = store.begin().await.map_err(failed)?;
    require_expected(&mut transaction, agency_id, encounters, expected).await?;
    let existing = match mode {
        PutMode::InsertOnly => require_absent(&mut transaction, agency_id, encounters).await?,
        PutMode::Upsert => existing(&mut transaction, agency_id, encounters).await?,
    };
    let sorted = sort(encounters, &existing);
    clear_parts(&mut transaction, agency_id, &sorted.changed).await?;
    let all = sorted.new.iter().chain(&sorted.changed).copied();
    write(&mut transaction, agency_id.as_str(), &EncounterRows::new(all), microseconds(now)).await?;
    transaction.commit().await.map_err(failed)?;
    let count = |list: &[&EncounterFacts]| u64::try_from(list.len()).unwrap_or(u64::MAX);
    Ok(PutReport { inserted: count(&sorted.new), updated: count(&sorted.changed), unchanged: sorted.unchanged })
}

const REVISION: &str = "SELECT revision FROM encounter WHERE agency_id = ?1 AND encounter_id = ?2";

/// Refuses where the encounters are not as their writer expects.
async fn require_expected(
    connection: &mut SqliteConnection,
    agency_id: &Token,
    encounters: &[EncounterFacts],
    expected: &Expected,
) -> Result<(), StoreError> {
    if *expected == Expected::Anything {
        return Ok(());
    }
    for facts in encounters {
        let revision = revision(connection, agency_id, &facts.encounter_id).await?;
        expected.require(revision)?;
    }
    Ok(())
}

pub(super) async fn revision(
    connection: &mut SqliteConnection,
    agency_id: &Token,
    encounter_id: &Token,
) -> Result<Option<i64>, StoreError> {
    let query = sqlx::query_scalar(REVISION).bind(agency_id.as_str()).bind(encounter_id.as_str());
    query.fetch_optional(connection).await.map_err(StoreError::during("reading a revision"))
}

fn ids(encounters: &[EncounterFacts]) -> Result<String, StoreError> {
    json(&encounters.iter().map(|facts| facts.encounter_id.as_str()).collect::<Vec<_>>())
}

async fn require_absent(
    connection: &mut SqliteConnection,
    agency_id: &Token,
    encounters: &[EncounterFacts],
) -> Result<BTreeMap<String, Option<EncounterFacts>>, StoreError> {
    let failed = StoreError::during("looking for encounters that are already there");
    let query = sqlx::query_scalar(EXISTING_IDS).bind(agency_id.as_str()).bind(ids(encounters)?);
    let encounter_ids: Vec<String> = query.fetch_all(connection).await.map_err(failed)?;
    if encounter_ids.is_empty() { Ok(BTreeMap::new()) } else { Err(StoreError::EncountersExist { encounter_ids }) }
}

async fn existing(
    connection: &mut SqliteConnection,
    agency_id: &Token,
    encounters: &[EncounterFacts],
) -> Result<BTreeMap<String, Option<EncounterFacts>>, StoreError> {
    const DOING: &str = "reading encounters that are already there";
    let query = sqlx::query(EXISTING).bind(agency_id.as_str()).bind(ids(encounters)?);
    let rows = query.fetch_all(connection).await.map_err(StoreError::during(DOING))?;
    let rows = read::all(&rows, read::encounter, DOING)?;
    Ok(rows.iter().map(|row| (row.encounter_id.clone(), row.parse().ok().map(|stored| stored.facts))).collect())
}

async fn clear_parts(
    connection: &mut SqliteConnection,
    agency_id: &Token,
    changed: &[&EncounterFacts],
) -> Result<(), StoreError> {
    if changed.is_empty() {
        return Ok(());
    }
    let failed = StoreError::during("replacing what belongs to encounters");
    let ids = json(&changed.iter().map(|facts| facts.encounter_id.as_str()).collect::<Vec<_>>())?;
    for sql in [DELETE_MODIFIERS, DELETE_DIAGNOSES, DELETE_SUPPORTING_INFO] {
        sqlx::query(sql).bind(agency_id.as_str()).bind(ids.as_str()).execute(&mut *connection).await.map_err(failed)?;
    }
    Ok(())
}

pub(super) async fn write(
    connection: &mut SqliteConnection,
    agency_id: &str,
    rows: &EncounterRows<'_>,
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

pub(super) async fn find(
    store: &SqliteStore,
    agency_id: &Token,
    encounter_id: &Token,
) -> Result<Option<StoredEncounter>, StoreError> {
    let failed = StoreError::during("reading an encounter");
    let query = sqlx::query(FIND).bind(agency_id.as_str()).bind(encounter_id.as_str());
    let Some(row) = query.fetch_optional(&store.readers).await.map_err(failed)? else { return Ok(None) };
    read::encounter(&row).map_err(failed)?.parse().map(Some).map_err(unreadable)
}

/// Bytes that are no text are read too: such a client has no encounter that can be decided.
const CLIENTS: &str = "SELECT CAST(e.encounter_id AS BLOB), CAST(e.client_id AS BLOB) FROM jsonb_each(?2) k
      CROSS JOIN encounter e ON e.agency_id = ?1 AND e.encounter_id = k.value";

pub(super) async fn find_clients(
    store: &SqliteStore,
    agency_id: &Token,
    encounter_ids: &[Token],
) -> Result<BTreeMap<Token, Token>, StoreError> {
    let query = sqlx::query_as(CLIENTS).bind(agency_id.as_str()).bind(json(&encounter_ids)?);
    let rows: Vec<(Vec<u8>, Vec<u8>)> =
        query.fetch_all(&store.readers).await.map_err(StoreError::during("looking for clients"))?;
    let token = |bytes: &[u8]| Token::parse(std::str::from_utf8(bytes).ok()?).ok();
    Ok(rows.iter().filter_map(|(encounter, client)| Some((token(encounter)?, token(client)?))).collect())
}

pub(super) async fn list(
    store: &SqliteStore,
    agency_id: &Token,
    filter: &EncounterFilter,
    (after, limit): (Option<&str>, u32),
) -> Result<EncounterPage, StoreError> {
    const DOING: &str = "listing encounters";
    let failed = StoreError::during(DOING);
    let after = after.unwrap_or_default();
    let mut through: Option<String> = None;
    if filter.client_id.is_none() && *filter != EncounterFilter::default() {
        let query = sqlx::query_scalar(THROUGH).bind(agency_id.as_str()).bind(after);
        let query = query.bind(EncounterPage::LOOKED_AT_MAX - 1);
        let last: Option<Lossy> = query.fetch_optional(&store.listers).await.map_err(failed)?;
        through = last.map(String::from);
    }
    let (sql, part) = match (&filter.client_id, &through) {
        (Some(client_id), _) => (LIST_OF_CLIENT, Some(client_id.as_str())),
        (None, Some(through)) => (LIST_THROUGH, Some(through.as_str())),
        (None, None) => (LIST, None),
    };
    let query = sqlx::query(sql)
        .bind(agency_id.as_str())
        .bind(after)
        .bind(part)
        .bind(filter.payer_id.as_ref().map(Token::as_str))
        .bind(filter.from.map(|day| day.to_string()))
        .bind(filter.to.map(|day| day.to_string()))
        .bind(i64::from(limit));
    let rows = query.fetch_all(&store.listers).await.map_err(failed)?;
    let rows = read::all(&rows, read::encounter, DOING)?;
    let full = u32::try_from(rows.len()).is_ok_and(|count| count >= limit);
    let next_after = if full { rows.last().map(|row| row.encounter_id.clone()) } else { through };
    let (encounters, bad) = parse_all(&rows);
    Ok(EncounterPage { encounters, bad, next_after })
}
