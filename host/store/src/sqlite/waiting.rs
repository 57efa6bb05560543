//! The front of the queue: which clients wait, and what waits there that no decision can be made about.

use sqlx::query::QueryAs;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Sqlite, SqliteConnection};

use crate::commit::ClientRef;
use crate::encounter::BadEncounter;
use crate::error::StoreError;
use crate::instant::{Instant, microseconds};
use crate::raw::encounter::{RawEncounter, parse_all};
use crate::raw::json;
use crate::raw::lossy::lossy;
use crate::sqlite::SqliteStore;
use crate::sqlite::dialect::{corrupt, encounter_rows, encounters, join, set_of};
use crate::sqlite::rows::encounter_columns;
use crate::turn::{Chosen, Found, Turn, Waiting};

const FIRST_PLACES: &str = "
    SELECT agency_id, client_id, position FROM undecided INDEXED BY undecided_by_client
    ORDER BY agency_id, client_id LIMIT ?1";

const NEXT_PLACES: &str = "
    SELECT agency_id, client_id, position FROM undecided INDEXED BY undecided_by_client
    WHERE (agency_id, client_id) > (?2, ?3) ORDER BY agency_id, client_id LIMIT ?1";

const UNDECIDED: &str = concat!(
    "SELECT json_group_array(json_array(json_array(",
    encounter_columns!(),
    "), u.position)) FROM ",
    set_of!("?1", agency_id TEXT, client_id TEXT),
    join!(),
    "undecided u ON u.agency_id = k.agency_id AND u.client_id = k.client_id
      CROSS JOIN encounter e ON e.agency_id = u.agency_id AND e.encounter_id = u.encounter_id"
);

/// The earliest that wait of one client.
const FIRST_UNDECIDED: &str = concat!(
    "SELECT json_group_array(json_array(json_array(",
    encounter_columns!(),
    "), u.position)) FROM (
          SELECT o.agency_id, o.encounter_id, w.position FROM encounter o INDEXED BY encounter_by_client
          CROSS JOIN undecided w ON w.agency_id = o.agency_id AND w.encounter_id = o.encounter_id
          WHERE o.agency_id = ?1 AND o.client_id = ?2 ORDER BY o.date_of_service, o.encounter_id LIMIT ?3) u
      CROSS JOIN encounter e ON e.agency_id = u.agency_id AND e.encounter_id = u.encounter_id"
);

const AT_PLACES: &str = concat!(
    "SELECT ",
    encounter_rows!(),
    " FROM json_each(?1) k CROSS JOIN undecided u ON u.position = k.value
      CROSS JOIN encounter e ON e.agency_id = u.agency_id AND e.encounter_id = u.encounter_id"
);

/// The keys stay in the database: they may be what cannot be read.
const KEEP_FAULTS_OF_PLACE: &str = "
    INSERT INTO encounter_fault (agency_id, encounter_id, revision, faults, recorded_at)
    SELECT u.agency_id, u.encounter_id, u.revision, ?2, ?3 FROM undecided u WHERE u.position = ?1
    ON CONFLICT (agency_id, encounter_id) DO UPDATE SET revision = excluded.revision, faults = excluded.faults,
        recorded_at = excluded.recorded_at";

const END_DECISION_OF_PLACE: &str = "
    DELETE FROM decision_in_force WHERE (agency_id, encounter_id) IN
        (SELECT u.agency_id, u.encounter_id FROM undecided u WHERE u.position = ?1)";

const LEAVE_PLACE: &str = "DELETE FROM undecided WHERE position = ?1";

const LEAVE_ORPHANS: &str = "
    DELETE FROM undecided WHERE position IN (
        SELECT u.position FROM jsonb_each(?1) k
        CROSS JOIN undecided u ON u.agency_id = k.value ->> 'agency_id' AND u.client_id = k.value ->> 'client_id'
        WHERE NOT EXISTS (SELECT 1 FROM encounter e WHERE e.agency_id = u.agency_id AND e.encounter_id = u.encounter_id))";

/// The next places of the round; from the first again where it has ended.
pub(super) async fn next_free(
    _: &SqliteStore,
    connection: &mut SqliteConnection,
    turn: &Turn,
) -> Result<Waiting, StoreError> {
    if let Some(after) = &turn.after {
        let query = sqlx::query_as(NEXT_PLACES).bind(i64::from(turn.encounters_max));
        let waiting = read(connection, query.bind(&after.agency_id).bind(&after.client_id)).await?;
        if !waiting.is_empty() {
            return Ok(waiting);
        }
    }
    read(connection, sqlx::query_as(FIRST_PLACES).bind(i64::from(turn.encounters_max))).await
}

/// Bytes of keys, which may be no UTF-8, and the place.
type PlaceRow = (Vec<u8>, Vec<u8>, i64);

async fn read(
    connection: &mut SqliteConnection,
    query: QueryAs<'_, Sqlite, PlaceRow, SqliteArguments>,
) -> Result<Waiting, StoreError> {
    let rows = query.fetch_all(connection).await.map_err(StoreError::during("reading undecided encounters"))?;
    let mut waiting = Waiting::default();
    for (agency_id, client_id, position) in rows {
        match (String::from_utf8(agency_id), String::from_utf8(client_id)) {
            (Ok(agency_id), Ok(client_id)) => waiting.clients.push(ClientRef { agency_id, client_id }),
            _ => waiting.unreadable.push(position),
        }
    }
    Ok(waiting)
}

/// What waits of the clients of a turn.
pub(super) async fn undecided(connection: &mut SqliteConnection, chosen: &Chosen) -> Result<Found, StoreError> {
    let failed = StoreError::during("reading undecided encounters");
    let mut all: Vec<Vec<u8>> = Vec::new();
    if !chosen.whole.is_empty() {
        let query = sqlx::query_scalar(UNDECIDED).bind(json(&chosen.whole)?);
        all.push(query.fetch_one(&mut *connection).await.map_err(failed)?);
    }
    if let Some((client, places)) = &chosen.cut {
        let query = sqlx::query_scalar(FIRST_UNDECIDED).bind(&client.agency_id).bind(&client.client_id);
        all.push(query.bind(i64::from(*places)).fetch_one(&mut *connection).await.map_err(failed)?);
    }
    let mut found = Found::default();
    for rows in all {
        let rows: Vec<(RawEncounter, i64)> = serde_json::from_str(&lossy(rows)).map_err(corrupt)?;
        for (row, position) in rows {
            match row.parse() {
                Ok(encounter) => found.encounters.push(encounter),
                // What cannot be read of its key finds no row by it.
                Err(fault) if is_lossy(&fault) => found.unreadable.push(position),
                Err(fault) => found.bad.push(fault),
            }
        }
    }
    Ok(found)
}

/// Whether its key is not the one that the database has.
fn is_lossy(bad: &BadEncounter) -> bool {
    [&bad.agency_id, &bad.encounter_id].into_iter().any(|key| key.contains(char::REPLACEMENT_CHARACTER))
}

/// Takes what stands at places whose keys cannot be read out of the queue, as faults; gives them back.
pub(super) async fn keep_unreadable(
    store: &SqliteStore,
    positions: &[i64],
    now: Instant,
) -> Result<Vec<BadEncounter>, StoreError> {
    let failed = StoreError::during("keeping faults");
    let mut all = Vec::new();
    let mut transaction = store.begin().await.map_err(failed)?;
    for position in positions {
        let query = sqlx::query(AT_PLACES).bind(json(&[position])?);
        let (_, bad) = parse_all(&encounters(&mut transaction, query, "keeping faults").await?);
        for one in bad {
            let query = sqlx::query(KEEP_FAULTS_OF_PLACE).bind(position).bind(json(&one.faults)?);
            query.bind(microseconds(now)).execute(&mut *transaction).await.map_err(failed)?;
            all.push(one);
        }
        for sql in [END_DECISION_OF_PLACE, LEAVE_PLACE] {
            sqlx::query(sql).bind(position).execute(&mut *transaction).await.map_err(failed)?;
        }
    }
    transaction.commit().await.map_err(failed)?;
    Ok(all)
}

/// Takes places out of the queue whose encounters are not there; gives back how many.
pub(super) async fn leave_orphans(store: &SqliteStore, clients: &[ClientRef]) -> Result<u64, StoreError> {
    let query = sqlx::query(LEAVE_ORPHANS).bind(json(&clients)?);
    let done = query.execute(&store.writer).await.map_err(StoreError::during("clearing the queue"))?;
    Ok(done.rows_affected())
}
