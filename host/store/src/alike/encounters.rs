//! Puts, finds and lists encounters.

use std::borrow::Cow;
use std::collections::BTreeMap;

use adjudica_core::{EncounterFacts, Token};

use crate::assemble::{require_putable, sort};
use crate::encounter::{EncounterFilter, EncounterPage, Expected, NewEncounters, PutMode, PutReport, StoredEncounter};
use crate::error::StoreError;
use crate::instant::microseconds;
use crate::raw::encounter::{EncounterRows, parse_all, unreadable};
use crate::raw::json;
use crate::raw::lossy::Lossy;

use super::dialect::{
    Connection, Dialect, Growth, by, encounter, encounter_row, for_update, hold_encounters, is_in, past_deadlocks,
};
use super::encounter_writes;
use super::rows::{all, encounter_columns};

const EXISTING_IDS: &str = concat!(
    "SELECT e.encounter_id FROM encounter e WHERE e.agency_id = $1 AND e.encounter_id",
    is_in!("$2"),
    " ORDER BY e.encounter_id"
);

const EXISTING: &str =
    concat!("SELECT ", encounter_row!(), " FROM encounter e WHERE e.agency_id = $1 AND e.encounter_id", is_in!("$2"));

const DELETE_MODIFIERS: &str =
    concat!("DELETE FROM encounter_modifier WHERE agency_id = $1 AND encounter_id", is_in!("$2"));

const DELETE_DIAGNOSES: &str =
    concat!("DELETE FROM encounter_diagnosis WHERE agency_id = $1 AND encounter_id", is_in!("$2"));

const DELETE_SUPPORTING_INFO: &str =
    concat!("DELETE FROM encounter_supporting_info WHERE agency_id = $1 AND encounter_id", is_in!("$2"));

const REVISION: &str =
    concat!("SELECT revision FROM encounter WHERE agency_id = $1 AND encounter_id = $2", for_update!());

const FIND: &str =
    concat!("SELECT ", encounter_row!(), " FROM encounter e WHERE e.agency_id = $1 AND e.encounter_id = $2");

/// Bytes that are no text are read too: such a client has no encounter that can be decided.
const CLIENTS: &str = concat!(
    "SELECT e.encounter_id, e.client_id FROM encounter e WHERE e.agency_id = $1 AND e.encounter_id",
    is_in!("$2")
);

/// What a filter says besides the client.
macro_rules! filter_of_encounters {
    () => {
        " AND (CAST($4 AS TEXT) IS NULL OR e.payer_id = $4)
          AND (CAST($5 AS TEXT) IS NULL OR e.date_of_service >= $5)
          AND (CAST($6 AS TEXT) IS NULL OR e.date_of_service < $6)
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
    encounter_row!(),
    " FROM encounter e WHERE e.agency_id = $1 AND e.encounter_id > $2 AND e.encounter_id <= $3",
    filter_of_encounters!()
);

/// Those that follow, where they are few or each is listed.
const LIST: &str = concat!(
    "SELECT ",
    encounter_row!(),
    " FROM encounter e WHERE e.agency_id = $1 AND e.encounter_id > $2 AND CAST($3 AS TEXT) IS NULL",
    filter_of_encounters!()
);

/// A client has few encounters: they are found by the client, and put in order.
const LIST_OF_CLIENT: &str = concat!(
    "SELECT ",
    encounter_row!(),
    " FROM encounter e",
    by!("encounter_by_client"),
    "WHERE e.agency_id = $1 AND e.encounter_id > $2 AND e.client_id = $3",
    filter_of_encounters!()
);

pub(super) async fn put(store: &Dialect, new: &NewEncounters<'_, '_>) -> Result<PutReport, StoreError> {
    past_deadlocks(|| try_put(store, new)).await
}

async fn try_put(store: &Dialect, new: &NewEncounters<'_, '_>) -> Result<PutReport, StoreError> {
    let failed = StoreError::during("putting encounters");
    let mut transaction = store.begin().await.map_err(failed)?;
    hold_encounters(&mut transaction, new.agency_id.as_str()).await.map_err(failed)?;
    let (mut report, mut there, mut growth) = (PutReport::default(), Vec::new(), Growth::default());
    for part in (new.parts)() {
        let part = readable(part)?;
        require_putable(&part)?;
        require_expected(&mut transaction, new, &part).await?;
        if new.mode == PutMode::InsertOnly {
            there.extend(existing_ids(&mut transaction, new.agency_id, &part).await?);
        }
        // Where any is there already, the rest is only looked at, so that each of them is named.
        if !there.is_empty() {
            continue;
        }
        match put_part(&mut transaction, new, &part).await {
            Ok(done) => report.add(done),
            Err(fault) => {
                transaction.rollback().await.map_err(failed)?;
                return Err(told_again(store, new, fault).await?);
            }
        }
        growth.by(part.len(), &mut transaction).await.map_err(failed)?;
    }
    require_none(there)?;
    transaction.commit().await.map_err(failed)?;
    store.grown_by(report.inserted).await;
    Ok(report)
}

fn readable(part: std::io::Result<Cow<'_, [EncounterFacts]>>) -> Result<Cow<'_, [EncounterFacts]>, StoreError> {
    part.map_err(|fault| StoreError::during("reading encounters to put")(sqlx::Error::Io(fault)))
}

async fn put_part(
    connection: &mut Connection,
    new: &NewEncounters<'_, '_>,
    part: &[EncounterFacts],
) -> Result<PutReport, StoreError> {
    let existing = match new.mode {
        PutMode::InsertOnly => BTreeMap::new(),
        PutMode::Upsert => existing(connection, new.agency_id, part).await?,
    };
    let sorted = sort(part, &existing);
    clear_parts(connection, new.agency_id, &sorted.changed).await?;
    let rows = EncounterRows::new(sorted.new.iter().chain(&sorted.changed).copied());
    encounter_writes::write(connection, new.agency_id.as_str(), &rows, new.mode, microseconds(new.now)).await?;
    let count = |list: &[&EncounterFacts]| u64::try_from(list.len()).unwrap_or(u64::MAX);
    Ok(PutReport { inserted: count(&sorted.new), updated: count(&sorted.changed), unchanged: sorted.unchanged })
}

/// What a write that failed is told as: another system may have inserted some of the encounters in the meantime.
async fn told_again(store: &Dialect, new: &NewEncounters<'_, '_>, fault: StoreError) -> Result<StoreError, StoreError> {
    let mut there = Vec::new();
    if new.mode == PutMode::InsertOnly {
        let mut connection = store.readers().acquire().await.map_err(StoreError::during("putting encounters"))?;
        for part in (new.parts)() {
            there.extend(existing_ids(&mut connection, new.agency_id, &readable(part)?).await?);
        }
    }
    Ok(require_none(there).err().unwrap_or(fault))
}

/// Refuses where encounters that are to be new are there.
fn require_none(mut encounter_ids: Vec<String>) -> Result<(), StoreError> {
    encounter_ids.sort();
    if encounter_ids.is_empty() { Ok(()) } else { Err(StoreError::EncountersExist { encounter_ids }) }
}

/// Refuses where the encounters are not as their writer expects.
async fn require_expected(
    connection: &mut Connection,
    new: &NewEncounters<'_, '_>,
    part: &[EncounterFacts],
) -> Result<(), StoreError> {
    if *new.expected == Expected::Anything {
        return Ok(());
    }
    for facts in part {
        let revision = revision(connection, new.agency_id, &facts.encounter_id).await?;
        new.expected.require(revision)?;
    }
    Ok(())
}

pub(super) async fn revision(
    connection: &mut Connection,
    agency_id: &Token,
    encounter_id: &Token,
) -> Result<Option<i64>, StoreError> {
    let query = sqlx::query_scalar(REVISION).bind(agency_id.as_str()).bind(encounter_id.as_str());
    query.fetch_optional(connection).await.map_err(StoreError::during("reading a revision"))
}

fn ids<'f>(encounters: impl IntoIterator<Item = &'f EncounterFacts>) -> Result<String, StoreError> {
    json(&encounters.into_iter().map(|facts| facts.encounter_id.as_str()).collect::<Vec<_>>())
}

async fn existing_ids(
    connection: &mut Connection,
    agency_id: &Token,
    encounters: &[EncounterFacts],
) -> Result<Vec<String>, StoreError> {
    let failed = StoreError::during("looking for encounters that are already there");
    let query = sqlx::query_scalar(EXISTING_IDS).bind(agency_id.as_str()).bind(ids(encounters)?);
    query.fetch_all(connection).await.map_err(failed)
}

async fn existing(
    connection: &mut Connection,
    agency_id: &Token,
    encounters: &[EncounterFacts],
) -> Result<BTreeMap<String, Option<EncounterFacts>>, StoreError> {
    const DOING: &str = "reading encounters that are already there";
    let query = sqlx::query(EXISTING).bind(agency_id.as_str()).bind(ids(encounters)?);
    let rows = query.fetch_all(connection).await.map_err(StoreError::during(DOING))?;
    let rows = all(&rows, encounter, DOING)?;
    Ok(rows.iter().map(|row| (row.encounter_id.clone(), row.parse().ok().map(|stored| stored.facts))).collect())
}

async fn clear_parts(
    connection: &mut Connection,
    agency_id: &Token,
    changed: &[&EncounterFacts],
) -> Result<(), StoreError> {
    if changed.is_empty() {
        return Ok(());
    }
    let failed = StoreError::during("replacing what belongs to encounters");
    let ids = ids(changed.iter().copied())?;
    for sql in [DELETE_MODIFIERS, DELETE_DIAGNOSES, DELETE_SUPPORTING_INFO] {
        sqlx::query(sql).bind(agency_id.as_str()).bind(ids.as_str()).execute(&mut *connection).await.map_err(failed)?;
    }
    Ok(())
}

pub(super) async fn find(
    store: &Dialect,
    agency_id: &Token,
    encounter_id: &Token,
) -> Result<Option<StoredEncounter>, StoreError> {
    let failed = StoreError::during("reading an encounter");
    let query = sqlx::query(FIND).bind(agency_id.as_str()).bind(encounter_id.as_str());
    let Some(row) = query.fetch_optional(store.readers()).await.map_err(failed)? else { return Ok(None) };
    encounter(&row).map_err(failed)?.parse().map(Some).map_err(unreadable)
}

pub(super) async fn find_clients(
    store: &Dialect,
    agency_id: &Token,
    encounter_ids: &[Token],
) -> Result<BTreeMap<Token, Token>, StoreError> {
    let query = sqlx::query_as(CLIENTS).bind(agency_id.as_str()).bind(json(&encounter_ids)?);
    let rows: Vec<(Lossy, Lossy)> =
        query.fetch_all(store.readers()).await.map_err(StoreError::during("looking for clients"))?;
    let token = |Lossy(text): &Lossy| Token::parse(text).ok();
    Ok(rows.iter().filter_map(|(encounter, client)| Some((token(encounter)?, token(client)?))).collect())
}

pub(super) async fn list(
    store: &Dialect,
    agency_id: &Token,
    filter: &EncounterFilter,
    after: Option<&str>,
    limit: u32,
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
    let rows = all(&rows, encounter, DOING)?;
    let full = u32::try_from(rows.len()).is_ok_and(|count| count >= limit);
    let next_after = if full { rows.last().map(|row| row.encounter_id.clone()) } else { through };
    let (encounters, bad) = parse_all(&rows);
    Ok(EncounterPage { encounters, bad, next_after })
}
