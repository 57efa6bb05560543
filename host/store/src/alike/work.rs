//! Reads what there is to decide, in sets.

use std::collections::BTreeSet;

use adjudica_core::Token;

use crate::assemble::{Parts, assemble, client_of, in_history_order, live_lines, one_by_one, split};
use crate::commit::{ClientRef, EncounterRef, Snapshot};
use crate::encounter::StoredEncounter;
use crate::error::StoreError;
use crate::in_force::{LoadedRow, add_loaded};
use crate::instant::Instant;
use crate::raw::encounter::parse_all;
use crate::raw::json;
use crate::turn::{Chosen, Found, RoundPlace, Turn};
use crate::work::{ClientWork, HistoryFilter, HistoryPage, Known, Work, WorkRequest};

use super::dialect::{Connection, Dialect, by, each_of, encounter_rows, encounters, has_corrections, names, set_of};
use super::faults::keep_faults;
use super::rows::{all, encounter_columns, ledger, ledger_columns};
use super::waiting;

const CHOSEN: &str = concat!(
    "SELECT ",
    encounter_rows!(),
    " FROM ",
    set_of!("$1", agency_id TEXT, encounter_id TEXT),
    each_of!("encounter", "e", "e.agency_id = k.agency_id AND e.encounter_id = k.encounter_id")
);

const LIVE_LINES: &str = concat!(
    "SELECT ",
    ledger_columns!(),
    " FROM ",
    set_of!("$1", agency_id TEXT, client_id TEXT),
    each_of!(
        "ledger",
        "l",
        "l.agency_id = k.agency_id AND l.client_id = k.client_id AND l.kind = 'line'
         AND NOT EXISTS (SELECT 1 FROM ledger r WHERE r.agency_id = l.agency_id
             AND r.client_id = l.client_id AND r.reverses_seq = l.seq AND r.reverses_seq IS NOT NULL)"
    )
);

/// What is known of agencies, clients and encounters; see [`LoadedRow`].
const LOADED: &str = concat!(
    "SELECT 'schedule', h.agency_id, '', h.schedule_change, NULL, NULL, NULL, NULL FROM ",
    names!("$1"),
    each_of!("chain_head", "h", "h.agency_id = k.value"),
    " UNION ALL
    SELECT 'corrected', k.value, '', ",
    has_corrections!("k.value"),
    ", NULL, NULL, NULL, NULL FROM ",
    names!("$1"),
    " UNION ALL
    SELECT 'end', k.agency_id, k.client_id,
        (SELECT coalesce(max(l.seq), 0) FROM ledger l
            WHERE l.agency_id = k.agency_id AND l.client_id = k.client_id), NULL, NULL, NULL, NULL FROM ",
    set_of!("$2", agency_id TEXT, client_id TEXT),
    " UNION ALL
    SELECT 'taken_out', w.agency_id, w.encounter_id, NULL, NULL, NULL, NULL, NULL FROM ",
    set_of!("$3", agency_id TEXT, encounter_id TEXT),
    each_of!("withdrawal", "w", "w.agency_id = k.agency_id AND w.encounter_id = k.encounter_id"),
    " UNION ALL
    SELECT 'in_force', d.agency_id, d.encounter_id,
        (SELECT count(*) FROM undecided u WHERE u.agency_id = d.agency_id AND u.encounter_id = d.encounter_id),
        d.decision_id, d.policy_digest, d.terms_digest, r.record FROM ",
    set_of!("$3", agency_id TEXT, encounter_id TEXT),
    each_of!("decision_in_force", "d", "d.agency_id = k.agency_id AND d.encounter_id = k.encounter_id"),
    each_of!("decision", "r", "r.agency_id = d.agency_id AND r.decision_id = d.decision_id")
);

const HISTORY_CLIENTS: &str = "
    SELECT DISTINCT client_id FROM encounter
    WHERE agency_id = $1 AND client_id > $2 AND (CAST($4 AS TEXT) IS NULL OR client_id = $4)
    ORDER BY client_id LIMIT $3";

const HISTORY: &str = concat!(
    "SELECT ",
    encounter_rows!(),
    " FROM encounter e",
    by!("encounter_by_client"),
    "WHERE e.agency_id = $1 AND e.client_id > $2 AND e.client_id <= $3
        AND (CAST($4 AS TEXT) IS NULL OR e.client_id = $4) AND (CAST($5 AS TEXT) IS NULL OR e.payer_id = $5)
        AND (CAST($6 AS TEXT) IS NULL OR e.date_of_service >= $6)
        AND (CAST($7 AS TEXT) IS NULL OR e.date_of_service < $7)"
);

pub(super) async fn take_undecided(store: &Dialect, turn: &mut Turn, now: Instant) -> Result<Work, StoreError> {
    const DOING: &str = "reading undecided encounters";
    let failed = StoreError::during(DOING);
    let mut cleared: u64 = 0;
    loop {
        turn.let_go().await;
        let mut connection = store.readers().acquire().await.map_err(failed)?;
        let waiting = waiting::next_free(store, &mut connection, turn).await?;
        if waiting.is_empty() {
            return Ok(Work { cleared, ..Work::default() });
        }
        let chosen = Chosen::of(waiting.clients, turn);
        let Found { encounters, mut bad, mut unreadable } = waiting::undecided(&mut connection, &chosen).await?;
        unreadable.extend(waiting.unreadable);
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

/// Ledgers and decisions in force of clients, and the clients of whom they cannot be read.
async fn readable_parts(
    connection: &mut Connection,
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
    connection: &mut Connection,
    clients: &[ClientRef],
    encounters: &[EncounterRef<'_>],
) -> Result<Parts, StoreError> {
    const DOING: &str = "reading ledgers";
    if clients.is_empty() {
        return Ok(Parts::default());
    }
    let refs: Vec<&ClientRef> = clients.iter().collect();
    let snapshot = loaded(connection, &refs, encounters).await?;
    let with_ledger: Vec<&ClientRef> =
        snapshot.ledger_ends.iter().filter(|(_, end)| **end > 0).map(|(key, _)| key).collect();
    let lines = if with_ledger.is_empty() {
        Vec::new()
    } else {
        let query = sqlx::query(LIVE_LINES).bind(json(&with_ledger)?);
        let rows = query.fetch_all(&mut *connection).await.map_err(StoreError::during(DOING))?;
        live_lines(&all(&rows, ledger, DOING)?)?
    };
    Ok(Parts { snapshot, live_lines: lines })
}

/// Ends of ledgers, the last changes of activations, and decisions in force with their records, as of one moment: what
/// whoever decides looks at.
async fn loaded(
    connection: &mut Connection,
    clients: &[&ClientRef],
    encounters: &[EncounterRef<'_>],
) -> Result<Snapshot, StoreError> {
    let agencies: BTreeSet<&str> = clients.iter().map(|client| client.agency_id.as_str()).collect();
    let query = sqlx::query_as(LOADED).bind(json(&agencies)?).bind(json(&clients)?).bind(json(&encounters)?);
    let rows: Vec<LoadedRow> =
        query.fetch_all(connection).await.map_err(StoreError::during("reading what is in force"))?;
    let mut snapshot = Snapshot::default();
    add_loaded(&mut snapshot, rows)?;
    Ok(snapshot)
}

pub(super) async fn load(store: &Dialect, requests: &[WorkRequest]) -> Result<Vec<ClientWork>, StoreError> {
    const DOING: &str = "reading chosen encounters";
    let failed = StoreError::during(DOING);
    let order: Vec<ClientRef> = requests.iter().map(WorkRequest::client).collect();
    let asked: BTreeSet<EncounterRef<'_>> = requests.iter().flat_map(WorkRequest::encounters).collect();
    let asked: Vec<EncounterRef<'_>> = asked.into_iter().collect();
    let mut connection = store.readers().acquire().await.map_err(failed)?;
    let query = sqlx::query(CHOSEN).bind(json(&asked)?);
    let (encounters, bad) = parse_all(&encounters(&mut connection, query, DOING).await?);
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

pub(super) async fn load_history(store: &Dialect, filter: &HistoryFilter) -> Result<HistoryPage, StoreError> {
    const DOING: &str = "reading history";
    let failed = StoreError::during(DOING);
    let agency_id = filter.agency_id.as_str();
    let after = filter.after_client_id.as_deref().unwrap_or_default();
    let client_id = filter.encounters.client_id.as_ref().map(Token::as_str);
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
        .bind(filter.encounters.payer_id.as_ref().map(Token::as_str))
        .bind(filter.encounters.from.map(|day| day.to_string()))
        .bind(filter.encounters.to.map(|day| day.to_string()));
    let (mut encounters, bad) = parse_all(&encounters(&mut connection, query, DOING).await?);
    encounters.sort_by(in_history_order);
    let full = u32::try_from(clients.len()).is_ok_and(|count| count >= filter.clients_max);
    Ok(HistoryPage { encounters, bad, next_after_client_id: Some(last.clone()).filter(|_| full) })
}
