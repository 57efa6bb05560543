//! The front of the queue: which clients wait, and what waits there that no decision can be made about.

use sqlx::query::QueryAs;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Sqlite, SqliteConnection};

use crate::commit::ClientRef;
use crate::encounter::BadEncounter;
use crate::error::StoreError;
use crate::instant::{Instant, microseconds};
use crate::raw::encounter::parse_all;
use crate::sqlite::read::{encounter_columns, encounters, lossy};
use crate::sqlite::{SqliteStore, json};
use crate::turn::Turn;

const FIRST_PLACES: &str = "
    SELECT agency_id, client_id, position FROM undecided INDEXED BY undecided_by_client
    ORDER BY agency_id, client_id LIMIT ?1";

const NEXT_PLACES: &str = "
    SELECT agency_id, client_id, position FROM undecided INDEXED BY undecided_by_client
    WHERE (agency_id, client_id) > (?2, ?3) ORDER BY agency_id, client_id LIMIT ?1";

const AT_PLACES: &str = concat!(
    "SELECT json_group_array(json_array(",
    encounter_columns!(),
    ")) FROM json_each(?1) k CROSS JOIN undecided u ON u.position = k.value
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

/// Who comes next.
#[derive(Default)]
pub(super) struct Waiting {
    /// A client whose keys can be read for each place, in order.
    pub(super) clients: Vec<ClientRef>,
    /// Places whose keys are no UTF-8.
    pub(super) unreadable: Vec<i64>,
}

impl Waiting {
    pub(super) fn is_empty(&self) -> bool {
        self.clients.is_empty() && self.unreadable.is_empty()
    }
}

/// The next places of the round; from the first again where it has ended.
pub(super) async fn next(connection: &mut SqliteConnection, turn: &Turn) -> Result<Waiting, StoreError> {
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
        let query = sqlx::query_scalar(AT_PLACES).bind(json(&[position])?);
        let rows: Vec<u8> = query.fetch_one(&mut *transaction).await.map_err(failed)?;
        let (_, bad) = parse_all(&encounters(&lossy(rows))?);
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
