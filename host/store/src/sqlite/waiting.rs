//! The front of the queue: which clients wait, and what waits there that no decision can be made about.

use sqlx::SqliteConnection;

use crate::commit::ClientRef;
use crate::encounter::BadEncounter;
use crate::error::StoreError;
use crate::instant::{Instant, microseconds};
use crate::raw::encounter::parse_all;
use crate::sqlite::read::{self, encounter_columns};
use crate::sqlite::{BEGIN, SqliteStore, json};

/// Places in the queue that are looked through for each client wanted: clients wait with several encounters each.
const PLACES_PER_CLIENT: u32 = 8;

const WAITING_CLIENTS: &str = "
    SELECT agency_id, client_id, min(position)
    FROM (SELECT agency_id, client_id, position FROM undecided ORDER BY position LIMIT ?1)
    GROUP BY agency_id, client_id ORDER BY min(position) LIMIT ?2";

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

/// Who waits longest.
#[derive(Default)]
pub(super) struct Waiting {
    /// Clients whose keys can be read.
    pub(super) clients: Vec<ClientRef>,
    /// Places whose keys are no UTF-8.
    pub(super) unreadable: Vec<i64>,
}

impl Waiting {
    pub(super) fn is_empty(&self) -> bool {
        self.clients.is_empty() && self.unreadable.is_empty()
    }
}

pub(super) async fn longest(connection: &mut SqliteConnection, limit_clients: u32) -> Result<Waiting, StoreError> {
    let places = limit_clients.saturating_mul(PLACES_PER_CLIENT);
    let query = sqlx::query_as(WAITING_CLIENTS).bind(i64::from(places)).bind(i64::from(limit_clients));
    let rows: Vec<(Vec<u8>, Vec<u8>, i64)> =
        query.fetch_all(connection).await.map_err(StoreError::during("reading undecided encounters"))?;
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
    let mut transaction = store.writer.begin_with(BEGIN).await.map_err(failed)?;
    for position in positions {
        let query = sqlx::query_scalar(AT_PLACES).bind(json(&[position])?);
        let rows: Vec<u8> = query.fetch_one(&mut *transaction).await.map_err(failed)?;
        let (_, bad) = parse_all(&read::encounters(&read::lossy(rows))?);
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
