//! Puts, finds and lists encounters.

use std::collections::BTreeMap;

use adjudica_core::{EncounterFacts, Token};
use sqlx::PgConnection;

use crate::assemble::{require_putable, sort};
use crate::encounter::{EncounterFilter, EncounterPage, Expected, PutMode, PutReport, StoredEncounter};
use crate::error::StoreError;
use crate::instant::{Instant, microseconds};
use crate::postgres::PostgresStore;
use crate::postgres::read::{self, column, encounter_columns};
use crate::postgres::transaction::past_deadlocks;
use crate::raw::encounter::{EncounterRows, parse_all, unreadable};

/// Held until the put ends, so that two puts of the same encounters come one after the other.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 4242))";

const EXISTING_IDS: &str = "
    SELECT e.encounter_id FROM unnest($2::text[]) AS k (value)
    JOIN encounter e ON e.agency_id = $1 AND e.encounter_id = k.value
    ORDER BY e.encounter_id";

const EXISTING: &str = concat!(
    "SELECT ",
    encounter_columns!(),
    " FROM unnest($2::text[]) AS k (value) JOIN encounter e ON e.agency_id = $1 AND e.encounter_id = k.value"
);

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

const DELETE_MODIFIERS: &str = "
    DELETE FROM encounter_modifier WHERE agency_id = $1 AND encounter_id = ANY($2)";

const DELETE_DIAGNOSES: &str = "
    DELETE FROM encounter_diagnosis WHERE agency_id = $1 AND encounter_id = ANY($2)";

const DELETE_SUPPORTING_INFO: &str = "
    DELETE FROM encounter_supporting_info WHERE agency_id = $1 AND encounter_id = ANY($2)";

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

const UPSERT_ENCOUNTERS: &str = concat!(
    insert_encounters!(),
    "DO UPDATE SET client_id = excluded.client_id, payer_id = excluded.payer_id,
        plan_id = excluded.plan_id, service_line = excluded.service_line, date_of_service = excluded.date_of_service,
        procedure_code = excluded.procedure_code, service = excluded.service, minutes = excluded.minutes,
        rendering_provider_id = excluded.rendering_provider_id,
        rendering_provider_role = excluded.rendering_provider_role,
        billing_provider_id = excluded.billing_provider_id, phase = excluded.phase, mode = excluded.mode,
        place_of_service = excluded.place_of_service, group_size = excluded.group_size,
        received_on = excluded.received_on, revision = encounter.revision + 1, written_at = excluded.written_at"
);

const FIND: &str =
    concat!("SELECT ", encounter_columns!(), " FROM encounter e WHERE e.agency_id = $1 AND e.encounter_id = $2");

/// What a filter says besides the client.
macro_rules! filter_of_encounters {
    () => {
        " AND ($4::text IS NULL OR e.payer_id = $4) AND ($5::text IS NULL OR e.date_of_service >= $5)
          AND ($6::text IS NULL OR e.date_of_service < $6)
          ORDER BY e.encounter_id LIMIT $7"
    };
}

/// The last of as many encounters as a page looks at, where there are as many.
const THROUGH: &str = "
    SELECT encounter_id FROM encounter WHERE agency_id = $1 AND encounter_id > $2
    ORDER BY encounter_id LIMIT 1 OFFSET $3";

/// Looks at a bounded number of encounters: most filters have no index, and no page may cost what is stored.
const LIST_THROUGH: &str = concat!(
    "SELECT ",
    encounter_columns!(),
    " FROM encounter e WHERE e.agency_id = $1 AND e.encounter_id > $2 AND e.encounter_id <= $3",
    filter_of_encounters!()
);

/// Those that follow, where they are few or each is listed.
const LIST: &str = concat!(
    "SELECT ",
    encounter_columns!(),
    " FROM encounter e WHERE e.agency_id = $1 AND e.encounter_id > $2 AND $3::text IS NULL",
    filter_of_encounters!()
);

/// A client has few encounters: they are found by the client, and put in order.
const LIST_OF_CLIENT: &str = concat!(
    "SELECT ",
    encounter_columns!(),
    " FROM encounter e
      WHERE e.agency_id = $1 AND e.encounter_id > $2 AND e.client_id = $3",
    filter_of_encounters!()
);

pub(super) async fn put(
    store: &PostgresStore,
    agency_id: &Token,
    (encounters, mode, expected): (&[EncounterFacts], PutMode, &Expected),
    now: Instant,
) -> Result<PutReport, StoreError> {
    require_putable(encounters)?;
    past_deadlocks(|| try_put(store, agency_id, (encounters, mode, expected), now)).await
}

async fn try_put(
    store: &PostgresStore,
    agency_id: &Token,
    (encounters, mode, expected): (&[EncounterFacts], PutMode, &Expected),
    now: Instant,
) -> Result<PutReport, StoreError> {
    let failed = StoreError::during("putting encounters");
    let mut transaction = store.begin().await.map_err(failed)?;
    sqlx::query(LOCK).bind(agency_id.as_str()).execute(&mut *transaction).await.map_err(failed)?;
    require_expected(&mut transaction, agency_id, encounters, expected).await?;
    let existing = match mode {
        PutMode::InsertOnly => require_absent(&mut transaction, agency_id, encounters).await?,
        PutMode::Upsert => existing(&mut transaction, agency_id, encounters).await?,
    };
    let sorted = sort(encounters, &existing);
    clear_parts(&mut transaction, agency_id, &sorted.changed).await?;
    let all = sorted.new.iter().chain(&sorted.changed).copied();
    let rows = EncounterRows::new(all);
    write_parts(&mut transaction, agency_id, &rows).await?;
    if let Err(fault) = write(&mut transaction, agency_id, (&rows, mode), now).await {
        transaction.rollback().await.map_err(failed)?;
        if matches!(mode, PutMode::InsertOnly) {
            // Another system may have inserted one of them in the meantime.
            let mut connection = store.pool.acquire().await.map_err(failed)?;
            require_absent(&mut connection, agency_id, encounters).await?;
        }
        return Err(fault);
    }
    transaction.commit().await.map_err(failed)?;
    let count = |list: &[&EncounterFacts]| u64::try_from(list.len()).unwrap_or(u64::MAX);
    Ok(PutReport { inserted: count(&sorted.new), updated: count(&sorted.changed), unchanged: sorted.unchanged })
}

const REVISION: &str = "SELECT revision FROM encounter WHERE agency_id = $1 AND encounter_id = $2 FOR UPDATE";

/// Refuses where the encounters are not as their writer expects.
async fn require_expected(
    connection: &mut PgConnection,
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
    connection: &mut PgConnection,
    agency_id: &Token,
    encounter_id: &Token,
) -> Result<Option<i64>, StoreError> {
    let query = sqlx::query_scalar(REVISION).bind(agency_id.as_str()).bind(encounter_id.as_str());
    query.fetch_optional(connection).await.map_err(StoreError::during("reading a revision"))
}

fn ids(encounters: &[EncounterFacts]) -> Vec<&str> {
    column(encounters, |facts| facts.encounter_id.as_str())
}

async fn require_absent(
    connection: &mut PgConnection,
    agency_id: &Token,
    encounters: &[EncounterFacts],
) -> Result<BTreeMap<String, Option<EncounterFacts>>, StoreError> {
    let failed = StoreError::during("looking for encounters that are already there");
    let query = sqlx::query_scalar(EXISTING_IDS).bind(agency_id.as_str()).bind(ids(encounters));
    let encounter_ids: Vec<String> = query.fetch_all(connection).await.map_err(failed)?;
    if encounter_ids.is_empty() { Ok(BTreeMap::new()) } else { Err(StoreError::EncountersExist { encounter_ids }) }
}

async fn existing(
    connection: &mut PgConnection,
    agency_id: &Token,
    encounters: &[EncounterFacts],
) -> Result<BTreeMap<String, Option<EncounterFacts>>, StoreError> {
    const DOING: &str = "reading encounters that are already there";
    let query = sqlx::query(EXISTING).bind(agency_id.as_str()).bind(ids(encounters));
    let rows = query.fetch_all(connection).await.map_err(StoreError::during(DOING))?;
    let rows = read::all(&rows, read::encounter, DOING)?;
    Ok(rows.iter().map(|row| (row.encounter_id.clone(), row.parse().ok().map(|stored| stored.facts))).collect())
}

async fn clear_parts(
    connection: &mut PgConnection,
    agency_id: &Token,
    changed: &[&EncounterFacts],
) -> Result<(), StoreError> {
    if changed.is_empty() {
        return Ok(());
    }
    let failed = StoreError::during("replacing what belongs to encounters");
    let ids = column(changed, |facts| facts.encounter_id.as_str());
    for sql in [DELETE_MODIFIERS, DELETE_DIAGNOSES, DELETE_SUPPORTING_INFO] {
        sqlx::query(sql).bind(agency_id.as_str()).bind(&ids).execute(&mut *connection).await.map_err(failed)?;
    }
    Ok(())
}

async fn write_parts(
    connection: &mut PgConnection,
    agency_id: &Token,
    rows: &EncounterRows<'_>,
) -> Result<(), StoreError> {
    let failed = StoreError::during("writing what belongs to encounters");
    let parts = [(INSERT_MODIFIERS, &rows.modifiers), (INSERT_SUPPORTING_INFO, &rows.supporting_info)];
    for (sql, parts) in parts {
        if !parts.is_empty() {
            let query = sqlx::query(sql)
                .bind(agency_id.as_str())
                .bind(column(parts, |part| part.encounter_id))
                .bind(column(parts, |part| part.value));
            query.execute(&mut *connection).await.map_err(failed)?;
        }
    }
    if !rows.diagnoses.is_empty() {
        let query = sqlx::query(INSERT_DIAGNOSES)
            .bind(agency_id.as_str())
            .bind(column(&rows.diagnoses, |part| part.encounter_id))
            .bind(column(&rows.diagnoses, |part| part.value))
            .bind(column(&rows.diagnoses, |part| part.position));
        query.execute(connection).await.map_err(failed)?;
    }
    Ok(())
}

async fn write(
    connection: &mut PgConnection,
    agency_id: &Token,
    (rows, mode): (&EncounterRows<'_>, PutMode),
    now: Instant,
) -> Result<(), StoreError> {
    let rows = &rows.encounters;
    if rows.is_empty() {
        return Ok(());
    }
    let sql = match mode {
        PutMode::InsertOnly => INSERT_ENCOUNTERS,
        PutMode::Upsert => UPSERT_ENCOUNTERS,
    };
    let query = sqlx::query(sql)
        .bind(agency_id.as_str())
        .bind(microseconds(now))
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

pub(super) async fn find(
    store: &PostgresStore,
    agency_id: &Token,
    encounter_id: &Token,
) -> Result<Option<StoredEncounter>, StoreError> {
    let failed = StoreError::during("reading an encounter");
    let query = sqlx::query(FIND).bind(agency_id.as_str()).bind(encounter_id.as_str());
    let Some(row) = query.fetch_optional(&store.pool).await.map_err(failed)? else { return Ok(None) };
    read::encounter(&row).map_err(failed)?.parse().map(Some).map_err(unreadable)
}

const CLIENTS: &str =
    "SELECT e.encounter_id, e.client_id FROM encounter e WHERE e.agency_id = $1 AND e.encounter_id = ANY($2)";

pub(super) async fn find_clients(
    store: &PostgresStore,
    agency_id: &Token,
    encounter_ids: &[Token],
) -> Result<BTreeMap<Token, Token>, StoreError> {
    let ids: Vec<&str> = encounter_ids.iter().map(Token::as_str).collect();
    let query = sqlx::query_as(CLIENTS).bind(agency_id.as_str()).bind(ids);
    let rows: Vec<(String, String)> =
        query.fetch_all(&store.pool).await.map_err(StoreError::during("looking for clients"))?;
    let token = |text: &str| Token::parse(text).ok();
    Ok(rows.iter().filter_map(|(encounter, client)| Some((token(encounter)?, token(client)?))).collect())
}

pub(super) async fn list(
    store: &PostgresStore,
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
        through = query.fetch_optional(&store.listers).await.map_err(failed)?;
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
