//! Reads what there is to decide, in sets.

use std::collections::BTreeSet;

use sqlx::PgConnection;
use sqlx::postgres::PgRow;

use crate::assemble::{Parts, assemble, client_of, live_lines, one_by_one, split};
use crate::commit::{ClientRef, EncounterRef};
use crate::encounter::StoredEncounter;
use crate::error::StoreError;
use crate::instant::Instant;
use crate::postgres::PostgresStore;
use crate::postgres::faults::keep_faults;
use crate::postgres::read::{self, column, encounter_columns, ledger_columns};
use crate::postgres::transaction::past_deadlocks;
use crate::raw::encounter::parse_all;
use crate::turn::{Chosen, RoundPlace, Turn};
use crate::work::{ClientWork, HistoryFilter, HistoryPage, Known, Work, WorkRequest};

const FIRST_PLACES: &str = "SELECT agency_id, client_id FROM undecided ORDER BY agency_id, client_id LIMIT $1";

const NEXT_PLACES: &str = "
    SELECT agency_id, client_id FROM undecided WHERE (agency_id, client_id) > ($2, $3)
    ORDER BY agency_id, client_id LIMIT $1";

const LEAVE_ORPHANS: &str = "
    DELETE FROM undecided u USING unnest($1::text[], $2::text[]) AS k (agency_id, client_id)
    WHERE u.agency_id = k.agency_id AND u.client_id = k.client_id
        AND NOT EXISTS (SELECT 1 FROM encounter e WHERE e.agency_id = u.agency_id AND e.encounter_id = u.encounter_id)";

const UNDECIDED: &str = concat!(
    "SELECT ",
    encounter_columns!(),
    " FROM unnest($1::text[], $2::text[]) AS k (agency_id, client_id)
      JOIN undecided u ON u.agency_id = k.agency_id AND u.client_id = k.client_id
      JOIN encounter e ON e.agency_id = u.agency_id AND e.encounter_id = u.encounter_id"
);

/// The earliest that wait of one client.
const FIRST_UNDECIDED: &str = concat!(
    "SELECT ",
    encounter_columns!(),
    " FROM encounter e JOIN undecided u ON u.agency_id = e.agency_id AND u.encounter_id = e.encounter_id
      WHERE e.agency_id = $1 AND e.client_id = $2
      ORDER BY e.date_of_service, e.encounter_id COLLATE \"C\" LIMIT $3"
);

const CHOSEN: &str = concat!(
    "SELECT ",
    encounter_columns!(),
    " FROM unnest($1::text[], $2::text[]) AS k (agency_id, encounter_id)
      JOIN encounter e ON e.agency_id = k.agency_id AND e.encounter_id = k.encounter_id"
);

const LIVE_LINES: &str = concat!(
    "SELECT ",
    ledger_columns!(),
    " FROM unnest($1::text[], $2::text[]) AS k (agency_id, client_id)
      JOIN ledger l ON l.agency_id = k.agency_id AND l.client_id = k.client_id
      WHERE l.kind = 'line' AND NOT EXISTS (SELECT 1 FROM ledger r WHERE r.agency_id = l.agency_id
          AND r.client_id = l.client_id AND r.reverses_seq = l.seq AND r.reverses_seq IS NOT NULL)"
);

/// Whoever takes something out of an agency's ledger holds its chain first.
pub(super) const HOLD_CHAINS: &str = "SELECT hold_chains($1)";

const HISTORY_CLIENTS: &str = "
    SELECT DISTINCT client_id FROM encounter
    WHERE agency_id = $1 AND client_id > $2 AND ($4::text IS NULL OR client_id = $4)
    ORDER BY client_id LIMIT $3";

const HISTORY: &str = concat!(
    "SELECT ",
    encounter_columns!(),
    " FROM encounter e
      WHERE e.agency_id = $1 AND e.client_id > $2 AND e.client_id <= $3 AND ($4::text IS NULL OR e.client_id = $4)
        AND ($5::text IS NULL OR e.payer_id = $5)
        AND ($6::text IS NULL OR e.date_of_service >= $6) AND ($7::text IS NULL OR e.date_of_service < $7)
      ORDER BY e.client_id, e.date_of_service, e.encounter_id"
);

pub(super) async fn take_undecided(store: &PostgresStore, turn: &Turn, now: Instant) -> Result<Work, StoreError> {
    const DOING: &str = "reading undecided encounters";
    let failed = StoreError::during(DOING);
    let mut cleared: u64 = 0;
    loop {
        let mut connection = store.pool.acquire().await.map_err(failed)?;
        let waiting = next(&mut connection, turn).await?;
        if waiting.is_empty() {
            return Ok(Work { cleared, ..Work::default() });
        }
        let chosen = Chosen::of(waiting, turn);
        let rows = undecided(&mut connection, &chosen).await?;
        let (encounters, bad) = parse_all(&read::all(&rows, read::encounter, DOING)?);
        drop(rows);
        let clients = chosen.clients();
        let last = clients.last().map(RoundPlace::from);
        let (mut order, others) = split(clients, &encounters);
        let (parts, broken) = readable_parts(&mut connection, &order, &encounters).await?;
        order.retain(|client| !broken.iter().any(|(place, _)| *place == RoundPlace::from(client)));
        drop(connection);
        if !bad.is_empty() {
            keep_faults(store, &bad, now).await?;
        }
        if !others.is_empty() {
            cleared = cleared.saturating_add(leave_orphans(store, &others).await?);
        }
        // Places that were cleared stood before those of others, which are looked for again.
        if !encounters.is_empty() || !bad.is_empty() {
            return Ok(Work { clients: assemble(&order, encounters, parts)?, last, broken, bad, cleared });
        }
    }
}

/// A client for each of the next places of the round; from the first again where it has ended.
async fn next(connection: &mut PgConnection, turn: &Turn) -> Result<Vec<ClientRef>, StoreError> {
    let failed = StoreError::during("reading undecided encounters");
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
    Ok(rows.into_iter().map(|(agency_id, client_id)| ClientRef { agency_id, client_id }).collect())
}

/// What waits of the clients of a turn.
async fn undecided(connection: &mut PgConnection, chosen: &Chosen) -> Result<Vec<PgRow>, StoreError> {
    let failed = StoreError::during("reading undecided encounters");
    let mut all = Vec::new();
    if !chosen.whole.is_empty() {
        let query = sqlx::query(UNDECIDED)
            .bind(column(&chosen.whole, |key| key.agency_id.as_str()))
            .bind(column(&chosen.whole, |key| key.client_id.as_str()));
        all = query.fetch_all(&mut *connection).await.map_err(failed)?;
    }
    if let Some((client, places)) = &chosen.cut {
        let query = sqlx::query(FIRST_UNDECIDED).bind(&client.agency_id).bind(&client.client_id);
        all.extend(query.bind(i64::from(*places)).fetch_all(&mut *connection).await.map_err(failed)?);
    }
    Ok(all)
}

/// Takes places out of the queue whose encounters are not there; gives back how many.
async fn leave_orphans(store: &PostgresStore, clients: &[ClientRef]) -> Result<u64, StoreError> {
    let leave = || async {
        let query = sqlx::query(LEAVE_ORPHANS)
            .bind(column(clients, |key| key.agency_id.as_str()))
            .bind(column(clients, |key| key.client_id.as_str()));
        query.execute(&store.pool).await.map_err(StoreError::during("clearing the queue"))
    };
    Ok(past_deadlocks(leave).await?.rows_affected())
}

/// Ledgers and decisions in force of clients, and the clients of whom they cannot be read.
async fn readable_parts(
    connection: &mut PgConnection,
    order: &[ClientRef],
    encounters: &[StoredEncounter],
) -> Result<(Parts, Vec<(RoundPlace, String)>), StoreError> {
    match parts(connection, order, &refs(encounters)).await {
        Err(error) if error.is_about_rows() => {}
        done => return done.map(|parts| (parts, Vec::new())),
    }
    let (mut readable, mut broken) = (Parts::default(), Vec::new());
    for (client, of_client) in one_by_one(order, encounters) {
        match parts(connection, std::slice::from_ref(client), &of_client).await {
            Ok(parts) => readable.add(parts),
            Err(error) if error.is_about_rows() => broken.push((RoundPlace::from(client), error.told_in_full())),
            Err(error) => return Err(error),
        }
    }
    Ok((readable, broken))
}

fn refs(encounters: &[StoredEncounter]) -> Vec<EncounterRef<'_>> {
    encounters
        .iter()
        .map(|encounter| EncounterRef {
            agency_id: encounter.agency_id.as_str(),
            encounter_id: encounter.facts.encounter_id.as_str(),
        })
        .collect()
}

/// Ledgers of clients and decisions in force of encounters. The ends come first: see [`Parts`].
async fn parts(
    connection: &mut PgConnection,
    clients: &[ClientRef],
    encounters: &[EncounterRef<'_>],
) -> Result<Parts, StoreError> {
    const DOING: &str = "reading ledgers";
    if clients.is_empty() {
        return Ok(Parts::default());
    }
    let refs: Vec<&ClientRef> = clients.iter().collect();
    let snapshot = read::loaded(connection, &refs, encounters).await?;
    let with_ledger: Vec<&ClientRef> =
        snapshot.ledger_ends.iter().filter(|(_, end)| **end > 0).map(|(key, _)| key).collect();
    let lines = if with_ledger.is_empty() {
        Vec::new()
    } else {
        let query = sqlx::query(LIVE_LINES)
            .bind(column(&with_ledger, |key| key.agency_id.as_str()))
            .bind(column(&with_ledger, |key| key.client_id.as_str()));
        let rows = query.fetch_all(&mut *connection).await.map_err(StoreError::during(DOING))?;
        live_lines(&read::all(&rows, read::ledger, DOING)?)?
    };
    Ok(Parts { snapshot, live_lines: lines })
}

pub(super) async fn load(store: &PostgresStore, requests: &[WorkRequest]) -> Result<Vec<ClientWork>, StoreError> {
    const DOING: &str = "reading chosen encounters";
    let failed = StoreError::during(DOING);
    let order: Vec<ClientRef> = requests.iter().map(WorkRequest::client).collect();
    let asked: BTreeSet<EncounterRef<'_>> = requests.iter().flat_map(WorkRequest::encounters).collect();
    let asked: Vec<EncounterRef<'_>> = asked.into_iter().collect();
    let mut connection = store.pool.acquire().await.map_err(failed)?;
    let query =
        sqlx::query(CHOSEN).bind(column(&asked, |key| key.agency_id)).bind(column(&asked, |key| key.encounter_id));
    let rows = query.fetch_all(&mut *connection).await.map_err(failed)?;
    let (encounters, bad) = parse_all(&read::all(&rows, read::encounter, DOING)?);
    let mut parts = parts(&mut connection, &order, &asked).await?;
    let known = Known {
        in_force: parts.snapshot.in_force.clone(),
        taken_out: std::mem::take(&mut parts.snapshot.taken_out),
        stored: encounters.iter().map(|stored| (stored.facts.encounter_id.clone(), client_of(stored))).collect(),
    };
    let mut works = assemble(&order, encounters, parts)?;
    for (work, request) in works.iter_mut().zip(requests) {
        request.add_decisions(work, &known);
        request.add_unreadable(work, &bad);
    }
    Ok(works)
}

pub(super) async fn load_history(store: &PostgresStore, filter: &HistoryFilter) -> Result<HistoryPage, StoreError> {
    const DOING: &str = "reading history";
    let failed = StoreError::during(DOING);
    let agency_id = filter.agency_id.as_str();
    let after = filter.after_client_id.as_deref().unwrap_or_default();
    let client_id = filter.encounters.client_id.as_ref().map(adjudica_core::Token::as_str);
    let mut connection = store.listers.acquire().await.map_err(failed)?;
    let query = sqlx::query_scalar(HISTORY_CLIENTS).bind(agency_id).bind(after);
    let query = query.bind(i64::from(filter.clients_max)).bind(client_id);
    let clients: Vec<String> = query.fetch_all(&mut *connection).await.map_err(failed)?;
    let Some(last) = clients.last() else { return Ok(HistoryPage::default()) };
    let query = sqlx::query(HISTORY)
        .bind(agency_id)
        .bind(after)
        .bind(last)
        .bind(client_id)
        .bind(filter.encounters.payer_id.as_ref().map(adjudica_core::Token::as_str))
        .bind(filter.encounters.from.map(|day| day.to_string()))
        .bind(filter.encounters.to.map(|day| day.to_string()));
    let rows = query.fetch_all(&mut *connection).await.map_err(failed)?;
    let (encounters, bad) = parse_all(&read::all(&rows, read::encounter, DOING)?);
    let full = u32::try_from(clients.len()).is_ok_and(|count| count >= filter.clients_max);
    Ok(HistoryPage { encounters, bad, next_after_client_id: Some(last.clone()).filter(|_| full) })
}
