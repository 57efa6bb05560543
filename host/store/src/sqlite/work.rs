//! Reads what there is to decide, in sets.

use std::collections::BTreeSet;

use sqlx::SqliteConnection;

use crate::assemble::{Parts, assemble, client_of, in_history_order, live_lines, one_by_one, split};
use crate::commit::{ClientRef, EncounterRef};
use crate::encounter::{BadEncounter, StoredEncounter};
use crate::error::StoreError;
use crate::instant::Instant;
use crate::raw::encounter::parse_all;
use crate::sqlite::faults::keep_faults;
use crate::sqlite::read::{self, encounter_columns, ledger_columns};
use crate::sqlite::{SqliteStore, json, waiting};
use crate::turn::{Chosen, RoundPlace, Turn};
use crate::work::{ClientWork, HistoryFilter, HistoryPage, Known, Work, WorkRequest};

const UNDECIDED: &str = concat!(
    "SELECT json_group_array(json_array(json_array(",
    encounter_columns!(),
    "), u.position)) FROM jsonb_each(?1) k
      CROSS JOIN undecided u ON u.agency_id = k.value ->> 'agency_id' AND u.client_id = k.value ->> 'client_id'
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

const CHOSEN: &str = concat!(
    "SELECT json_group_array(json_array(",
    encounter_columns!(),
    ")) FROM jsonb_each(?1) k
      CROSS JOIN encounter e ON e.agency_id = k.value ->> 'agency_id' AND e.encounter_id = k.value ->> 'encounter_id'"
);

const LIVE_LINES: &str = concat!(
    "SELECT ",
    ledger_columns!(),
    " FROM jsonb_each(?1) k
      CROSS JOIN ledger l ON l.agency_id = k.value ->> 'agency_id' AND l.client_id = k.value ->> 'client_id'
      WHERE l.kind = 'line' AND NOT EXISTS (SELECT 1 FROM ledger r WHERE r.agency_id = l.agency_id
          AND r.client_id = l.client_id AND r.reverses_seq = l.seq AND r.reverses_seq IS NOT NULL)"
);

const HISTORY_CLIENTS: &str = "
    SELECT DISTINCT client_id FROM encounter WHERE agency_id = ?1 AND client_id > ?2 AND (?4 IS NULL OR client_id = ?4)
    ORDER BY client_id LIMIT ?3";

const HISTORY: &str = concat!(
    "SELECT json_group_array(json_array(",
    encounter_columns!(),
    ")) FROM encounter e INDEXED BY encounter_by_client
      WHERE e.agency_id = ?1 AND e.client_id > ?2 AND e.client_id <= ?3 AND (?4 IS NULL OR e.client_id = ?4)
        AND (?5 IS NULL OR e.payer_id = ?5)
        AND (?6 IS NULL OR e.date_of_service >= ?6) AND (?7 IS NULL OR e.date_of_service < ?7)"
);

pub(super) async fn take_undecided(store: &SqliteStore, turn: &Turn, now: Instant) -> Result<Work, StoreError> {
    const DOING: &str = "reading undecided encounters";
    let failed = StoreError::during(DOING);
    let mut cleared: u64 = 0;
    loop {
        let mut connection = store.readers.acquire().await.map_err(failed)?;
        let waiting = waiting::next(&mut connection, turn).await?;
        if waiting.is_empty() {
            return Ok(Work { cleared, ..Work::default() });
        }
        let chosen = Chosen::of(waiting.clients, turn);
        let (mut encounters, mut bad, mut unreadable) = (Vec::new(), Vec::new(), waiting.unreadable);
        for rows in undecided(&mut connection, &chosen).await? {
            for (row, position) in read::placed(&read::lossy(rows))? {
                match row.parse() {
                    Ok(encounter) => encounters.push(encounter),
                    // What cannot be read of its key finds no row by it.
                    Err(fault) if is_lossy(&fault) => unreadable.push(position),
                    Err(fault) => bad.push(fault),
                }
            }
        }
        let clients = chosen.clients();
        let last = clients.last().map(RoundPlace::from);
        let (mut order, others) = split(clients, &encounters);
        let (parts, broken) = readable_parts(&mut connection, &order, &encounters).await?;
        order.retain(|client| !broken.iter().any(|(place, _)| *place == RoundPlace::from(client)));
        drop(connection);
        if !bad.is_empty() {
            keep_faults(store, &bad, now).await?;
        }
        if !unreadable.is_empty() {
            bad.extend(waiting::keep_unreadable(store, &unreadable, now).await?);
        }
        if !others.is_empty() {
            cleared = cleared.saturating_add(waiting::leave_orphans(store, &others).await?);
        }
        // Places that were cleared stood before those of others, which are looked for again.
        if !encounters.is_empty() || !bad.is_empty() {
            return Ok(Work { clients: assemble(&order, encounters, parts)?, last, broken, bad, cleared });
        }
    }
}

/// What waits of the clients of a turn, as JSON.
async fn undecided(connection: &mut SqliteConnection, chosen: &Chosen) -> Result<Vec<Vec<u8>>, StoreError> {
    let failed = StoreError::during("reading undecided encounters");
    let mut all = Vec::new();
    if !chosen.whole.is_empty() {
        let query = sqlx::query_scalar(UNDECIDED).bind(json(&chosen.whole)?);
        all.push(query.fetch_one(&mut *connection).await.map_err(failed)?);
    }
    if let Some((client, places)) = &chosen.cut {
        let query = sqlx::query_scalar(FIRST_UNDECIDED).bind(&client.agency_id).bind(&client.client_id);
        all.push(query.bind(i64::from(*places)).fetch_one(&mut *connection).await.map_err(failed)?);
    }
    Ok(all)
}

/// Whether its key is not the one that the database has.
fn is_lossy(bad: &BadEncounter) -> bool {
    [&bad.agency_id, &bad.encounter_id].into_iter().any(|key| key.contains(char::REPLACEMENT_CHARACTER))
}

/// Ledgers and decisions in force of clients, and the clients of whom they cannot be read.
async fn readable_parts(
    connection: &mut SqliteConnection,
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
    connection: &mut SqliteConnection,
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
        let query = sqlx::query(LIVE_LINES).bind(json(&with_ledger)?);
        let rows = query.fetch_all(&mut *connection).await.map_err(StoreError::during(DOING))?;
        live_lines(&read::all(&rows, read::ledger, DOING)?)?
    };
    Ok(Parts { snapshot, live_lines: lines })
}

pub(super) async fn load(store: &SqliteStore, requests: &[WorkRequest]) -> Result<Vec<ClientWork>, StoreError> {
    const DOING: &str = "reading chosen encounters";
    let failed = StoreError::during(DOING);
    let order: Vec<ClientRef> = requests.iter().map(WorkRequest::client).collect();
    let asked: BTreeSet<EncounterRef<'_>> = requests.iter().flat_map(WorkRequest::encounters).collect();
    let asked: Vec<EncounterRef<'_>> = asked.into_iter().collect();
    let mut connection = store.readers.acquire().await.map_err(failed)?;
    let query = sqlx::query_scalar(CHOSEN).bind(json(&asked)?);
    let rows: Vec<u8> = query.fetch_one(&mut *connection).await.map_err(failed)?;
    let (encounters, bad) = parse_all(&read::encounters(&read::lossy(rows))?);
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

pub(super) async fn load_history(store: &SqliteStore, filter: &HistoryFilter) -> Result<HistoryPage, StoreError> {
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
    let query = sqlx::query_scalar(HISTORY)
        .bind(agency_id)
        .bind(after)
        .bind(last)
        .bind(client_id)
        .bind(filter.encounters.payer_id.as_ref().map(adjudica_core::Token::as_str))
        .bind(filter.encounters.from.map(|day| day.to_string()))
        .bind(filter.encounters.to.map(|day| day.to_string()));
    let rows: Vec<u8> = query.fetch_one(&mut *connection).await.map_err(failed)?;
    let (mut encounters, bad) = parse_all(&read::encounters(&read::lossy(rows))?);
    encounters.sort_by(in_history_order);
    let full = u32::try_from(clients.len()).is_ok_and(|count| count >= filter.clients_max);
    Ok(HistoryPage { encounters, bad, next_after_client_id: Some(last.clone()).filter(|_| full) })
}
