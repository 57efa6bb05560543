//! Puts rows together into clients' work, and checks what is to be put. Pure: both databases use it.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use adjudica_core::facts::GROUP_SIZES;
use adjudica_core::quantity::MINUTES_MAX;
use adjudica_core::{EncounterFacts, Token};

use crate::commit::{ClientRef, EncounterRef, Snapshot};
use crate::encounter::StoredEncounter;
use crate::error::StoreError;
use crate::raw::ledger::RawLedger;
use crate::raw::token;
use crate::work::{ClientWork, LiveLine};

/// What was read about a set of clients. The ends of ledgers are read before the lines, so that lines which came in
/// between make the commit fail instead of being missed.
#[derive(Default)]
pub(crate) struct Parts {
    pub(crate) snapshot: Snapshot,
    pub(crate) live_lines: Vec<(ClientRef, LiveLine)>,
}

impl Parts {
    /// Adds what was read about further clients.
    pub(crate) fn add(&mut self, other: Self) {
        self.snapshot.ledger_ends.extend(other.snapshot.ledger_ends);
        self.snapshot.schedule_changes.extend(other.snapshot.schedule_changes);
        self.snapshot.corrected.extend(other.snapshot.corrected);
        self.snapshot.in_force.extend(other.snapshot.in_force);
        self.snapshot.taken_out.extend(other.snapshot.taken_out);
        self.live_lines.extend(other.live_lines);
    }
}

/// The clients in `order` with encounters of theirs, one at a time.
pub(crate) fn one_by_one<'a>(
    order: &'a [ClientRef],
    encounters: &'a [StoredEncounter],
) -> impl Iterator<Item = (&'a ClientRef, Vec<EncounterRef<'a>>)> {
    let refs = |encounter: &'a StoredEncounter| EncounterRef {
        agency_id: encounter.agency_id.as_str(),
        encounter_id: encounter.facts.encounter_id.as_str(),
    };
    let is_of = |client: &ClientRef, encounter: &StoredEncounter| {
        encounter.agency_id.as_str() == client.agency_id && encounter.facts.client_id.as_str() == client.client_id
    };
    order
        .iter()
        .map(move |client| (client, encounters.iter().filter(|encounter| is_of(client, encounter)).map(refs).collect()))
}

/// Live lines with their clients.
pub(crate) fn live_lines(rows: &[RawLedger]) -> Result<Vec<(ClientRef, LiveLine)>, StoreError> {
    let line = |row: &RawLedger| {
        let entry = row.parse()?;
        let client = ClientRef { agency_id: row.agency_id.clone(), client_id: row.client_id.clone() };
        Ok((client, LiveLine { line: entry.line, seq: entry.seq, encounter_id: entry.encounter_id }))
    };
    rows.iter().map(line).collect()
}

/// The work of each client in `order`, with its encounters.
pub(crate) fn assemble(
    order: &[ClientRef],
    encounters: Vec<StoredEncounter>,
    parts: Parts,
) -> Result<Vec<ClientWork>, StoreError> {
    let mut by_client: BTreeMap<ClientRef, ClientWork> = BTreeMap::new();
    for key in order {
        let work = ClientWork {
            agency_id: token(&key.agency_id, "encounter", &key.agency_id)?,
            client_id: token(&key.client_id, "encounter", &key.agency_id)?,
            ledger: Vec::new(),
            ledger_through: parts.snapshot.ledger_ends.get(key).copied().unwrap_or(0),
            encounters: Vec::new(),
            schedule_change: parts.snapshot.schedule_changes.get(&key.agency_id).copied().unwrap_or(0),
            encounter_id_to_in_force: BTreeMap::new(),
            has_corrections: parts.snapshot.corrected.contains(&key.agency_id),
            known_of: BTreeSet::new(),
            unreadable: Vec::new(),
        };
        by_client.insert(key.clone(), work);
    }
    for (key, line) in parts.live_lines {
        if let Some(work) = by_client.get_mut(&key) {
            work.ledger.push(line);
        }
    }
    for encounter in encounters {
        let key = client_of(&encounter);
        let in_force =
            parts.snapshot.in_force.get(&(key.agency_id.clone(), encounter.facts.encounter_id.as_str().to_owned()));
        let Some(work) = by_client.get_mut(&key) else { continue };
        if let Some(in_force) = in_force {
            work.encounter_id_to_in_force.insert(encounter.facts.encounter_id.clone(), in_force.clone());
        }
        work.encounters.push(encounter);
    }
    for work in by_client.values_mut() {
        work.ledger.sort_by_key(|live| (live.line.date_of_service, live.seq));
        work.encounters.sort_by(|a, b| {
            (a.facts.date_of_service, &a.facts.encounter_id).cmp(&(b.facts.date_of_service, &b.facts.encounter_id))
        });
    }
    let distinct = by_client.len() == order.len();
    let take = |key| if distinct { by_client.remove(key) } else { by_client.get(key).cloned() };
    Ok(order.iter().filter_map(take).collect())
}

/// Client, then date of service, then id.
pub(crate) fn in_history_order(a: &StoredEncounter, b: &StoredEncounter) -> Ordering {
    let (a, b) = (&a.facts, &b.facts);
    (&a.client_id, a.date_of_service, &a.encounter_id).cmp(&(&b.client_id, b.date_of_service, &b.encounter_id))
}

/// The client of an encounter.
pub(crate) fn client_of(encounter: &StoredEncounter) -> ClientRef {
    ClientRef {
        agency_id: encounter.agency_id.as_str().to_owned(),
        client_id: encounter.facts.client_id.as_str().to_owned(),
    }
}

/// The clients in `order` that have an encounter which could be read.
pub(crate) fn split(order: Vec<ClientRef>, encounters: &[StoredEncounter]) -> (Vec<ClientRef>, Vec<ClientRef>) {
    let found: BTreeSet<ClientRef> = encounters.iter().map(client_of).collect();
    order.into_iter().partition(|key| found.contains(key))
}

/// Refuses encounters named twice and counts that the tables do not hold, naming each.
pub(crate) fn require_putable(encounters: &[EncounterFacts]) -> Result<(), StoreError> {
    let mut seen = BTreeSet::new();
    let twice: BTreeSet<&Token> =
        encounters.iter().map(|facts| &facts.encounter_id).filter(|id| !seen.insert(*id)).collect();
    if !twice.is_empty() {
        return Err(StoreError::EncountersExist {
            encounter_ids: twice.into_iter().map(|id| id.as_str().to_owned()).collect(),
        });
    }
    let mut faults = Vec::new();
    for facts in encounters {
        let id = &facts.encounter_id;
        if let Some(minutes) = facts.minutes.filter(|minutes| minutes.0 > MINUTES_MAX) {
            faults.push(format!("encounter `{id}` has {minutes} minutes; write 0 to {MINUTES_MAX}"));
        }
        if let Some(size) = facts.group_size.filter(|size| !GROUP_SIZES.contains(size)) {
            let (least, most) = GROUP_SIZES.into_inner();
            faults.push(format!("encounter `{id}` has a group of {size}; write {least} to {most}"));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(StoreError::BadEncounters { faults }) }
}

/// Encounters of a put by what becomes of them.
#[derive(Default)]
pub(crate) struct Sorted<'a> {
    pub(crate) new: Vec<&'a EncounterFacts>,
    pub(crate) changed: Vec<&'a EncounterFacts>,
    pub(crate) unchanged: u64,
}

/// Compares what is to be put with what is there; `None` stands for a row that could not be read.
pub(crate) fn sort<'a>(
    encounters: &'a [EncounterFacts],
    existing: &BTreeMap<String, Option<EncounterFacts>>,
) -> Sorted<'a> {
    let mut sorted = Sorted::default();
    for facts in encounters {
        match existing.get(facts.encounter_id.as_str()) {
            None => sorted.new.push(facts),
            Some(Some(there)) if there == facts => sorted.unchanged = sorted.unchanged.saturating_add(1),
            Some(Some(_) | None) => sorted.changed.push(facts),
        }
    }
    sorted
}
