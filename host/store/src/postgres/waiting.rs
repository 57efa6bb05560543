//! The front of the queue: which clients wait, and what waits there that no decision can be made about.

use std::collections::BTreeSet;

use sqlx::PgConnection;

use crate::commit::ClientRef;
use crate::encounter::BadEncounter;
use crate::error::StoreError;
use crate::instant::Instant;
use crate::postgres::PostgresStore;
use crate::postgres::dialect::{each_of, encounter_rows, encounters, set_of};
use crate::postgres::rows::encounter_columns;
use crate::postgres::transaction::past_deadlocks;
use crate::raw::encounter::parse_all;
use crate::raw::json;
use crate::turn::{Chosen, Found, RoundPlace, Turn, Waiting};

const FIRST_PLACES: &str = "SELECT agency_id, client_id FROM undecided ORDER BY agency_id, client_id LIMIT $1";

const NEXT_PLACES: &str = "
    SELECT agency_id, client_id FROM undecided WHERE (agency_id, client_id) > ($2, $3)
    ORDER BY agency_id, client_id LIMIT $1";

/// Whether the place at which a turn begins is free; then it is held until the transaction ends.
const HOLD_PLACE: &str = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 4245))";

/// Waits until it is free.
const WAIT_FOR_PLACE: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 4245))";

const UNDECIDED: &str = concat!(
    "SELECT ",
    encounter_rows!(),
    " FROM ",
    set_of!("$1", agency_id TEXT, client_id TEXT),
    each_of!("undecided", "u", "u.agency_id = k.agency_id AND u.client_id = k.client_id"),
    each_of!("encounter", "e", "e.agency_id = u.agency_id AND e.encounter_id = u.encounter_id")
);

/// The earliest that wait of one client.
const FIRST_UNDECIDED: &str = concat!(
    "SELECT ",
    encounter_rows!(),
    " FROM encounter e JOIN undecided u ON u.agency_id = e.agency_id AND u.encounter_id = e.encounter_id
      WHERE e.agency_id = $1 AND e.client_id = $2
      ORDER BY e.date_of_service, e.encounter_id COLLATE \"C\" LIMIT $3"
);

const LEAVE_ORPHANS: &str = concat!(
    "DELETE FROM undecided u USING ",
    set_of!("$1", agency_id TEXT, client_id TEXT),
    " WHERE u.agency_id = k.agency_id AND u.client_id = k.client_id
        AND NOT EXISTS (SELECT 1 FROM encounter e WHERE e.agency_id = u.agency_id AND e.encounter_id = u.encounter_id)"
);

const DOING: &str = "reading undecided encounters";

/// The next places of the round at which no other host is, held by `turn` from now on. What others have taken is passed by, and waited
/// for where nothing else waits.
///
/// A turn is a stretch of the queue, so its first place stands for it: whoever comes after has the same places before them. Where
/// another system adds a place in between, two hosts may decide the same; the commit of one is refused.
pub(super) async fn next_free(
    store: &PostgresStore,
    connection: &mut PgConnection,
    turn: &mut Turn,
) -> Result<Waiting, StoreError> {
    let failed = StoreError::during("taking undecided encounters");
    let mut passed = BTreeSet::new();
    loop {
        let waiting = next(connection, turn).await?;
        let (Some(first), Some(last)) = (waiting.clients.first(), waiting.clients.last()) else { return Ok(waiting) };
        let place = json(first)?;
        let mut hold = match turn.hold.take() {
            Some(hold) => hold,
            None => store.begin().await.map_err(failed)?,
        };
        let is_free: bool = sqlx::query_scalar(HOLD_PLACE).bind(&place).fetch_one(&mut *hold).await.map_err(failed)?;
        if is_free {
            turn.hold = Some(hold);
            return Ok(waiting);
        }
        if passed.insert(RoundPlace::from(first)) {
            turn.hold = Some(hold);
            turn.after = Some(RoundPlace::from(last));
            continue;
        }
        sqlx::query(WAIT_FOR_PLACE).bind(&place).execute(&mut *hold).await.map_err(failed)?;
        // Whoever had it is done with it: what waits now is looked for again.
        hold.rollback().await.map_err(failed)?;
        passed.clear();
    }
}

/// The next places of the round; from the first again where it has ended. Every key can be read: the server keeps only text.
async fn next(connection: &mut PgConnection, turn: &Turn) -> Result<Waiting, StoreError> {
    let failed = StoreError::during(DOING);
    let mut rows: Vec<(String, String)> = Vec::new();
    if let Some(after) = &turn.after {
        let query = sqlx::query_as(NEXT_PLACES).bind(i64::from(turn.encounters_max));
        let query = query.bind(&after.agency_id).bind(&after.client_id);
        rows = query.fetch_all(&mut *connection).await.map_err(failed)?;
    }
    if rows.is_empty() {
        let query = sqlx::query_as(FIRST_PLACES).bind(i64::from(turn.encounters_max));
        rows = query.fetch_all(&mut *connection).await.map_err(failed)?;
    }
    let clients = rows.into_iter().map(|(agency_id, client_id)| ClientRef { agency_id, client_id }).collect();
    Ok(Waiting { clients, unreadable: Vec::new() })
}

/// What waits of the clients of a turn.
pub(super) async fn undecided(connection: &mut PgConnection, chosen: &Chosen) -> Result<Found, StoreError> {
    let mut all = Vec::new();
    if !chosen.whole.is_empty() {
        let query = sqlx::query(UNDECIDED).bind(json(&chosen.whole)?);
        all = encounters(connection, query, DOING).await?;
    }
    if let Some((client, places)) = &chosen.cut {
        let query = sqlx::query(FIRST_UNDECIDED).bind(&client.agency_id).bind(&client.client_id);
        all.extend(encounters(connection, query.bind(i64::from(*places)), DOING).await?);
    }
    let (encounters, bad) = parse_all(&all);
    Ok(Found { encounters, bad, unreadable: Vec::new() })
}

/// Takes what stands at places whose keys cannot be read out of the queue: there are none.
#[expect(clippy::unused_async, reason = "the other database has some")]
pub(super) async fn keep_unreadable(_: &PostgresStore, _: &[i64], _: Instant) -> Result<Vec<BadEncounter>, StoreError> {
    Ok(Vec::new())
}

/// Takes places out of the queue whose encounters are not there; gives back how many.
pub(super) async fn leave_orphans(store: &PostgresStore, clients: &[ClientRef]) -> Result<u64, StoreError> {
    let clients = json(&clients)?;
    let leave = || async {
        let query = sqlx::query(LEAVE_ORPHANS).bind(clients.as_str());
        query.execute(&store.pool).await.map_err(StoreError::during("clearing the queue"))
    };
    Ok(past_deadlocks(leave).await?.rows_affected())
}
