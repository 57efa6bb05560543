//! What there is to decide: whole clients, their live ledger lines and their encounters.

use std::collections::{BTreeMap, BTreeSet};

use adjudica_core::{LedgerLine, Token};

use crate::commit::{ClientRef, EncounterRef};
use crate::encounter::{BadEncounter, EncounterFilter, StoredEncounter};
use crate::in_force::InForce;
use crate::turn::RoundPlace;

/// Decisions in force, by agency and encounter.
pub(crate) type InForceByEncounter = BTreeMap<(String, String), InForce>;

/// What is known of encounters that were asked for by id.
pub(crate) struct Known {
    pub(crate) in_force: InForceByEncounter,
    /// Agency and encounter of those that were taken out before.
    pub(crate) taken_out: BTreeSet<(String, String)>,
    /// Those that are stored, with their clients.
    pub(crate) stored: BTreeMap<Token, ClientRef>,
}

/// One client of one agency.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientKey {
    /// The agency.
    pub agency_id: Token,
    /// The client.
    pub client_id: Token,
}

impl ClientKey {
    pub(crate) fn reference(&self) -> ClientRef {
        ClientRef { agency_id: self.agency_id.as_str().to_owned(), client_id: self.client_id.as_str().to_owned() }
    }
}

/// A billed line that has not been reversed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveLine {
    /// The line.
    pub line: LedgerLine,
    /// Its place in the client's ledger.
    pub seq: i64,
    /// The encounter it was billed for. Leave the lines of the encounters being decided out of what a policy counts.
    pub encounter_id: Token,
}

/// One client with all that a decision about them needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientWork {
    /// The agency.
    pub agency_id: Token,
    /// The client.
    pub client_id: Token,
    /// Live lines in order of date of service, then of place in the ledger.
    pub ledger: Vec<LiveLine>,
    /// The last place in the ledger that was seen; 0 when it is empty. Give it back when committing.
    pub ledger_through: i64,
    /// The last change of activations that concerns the agency; 0 before the first. Whoever knows less decides wrongly.
    pub schedule_change: i64,
    /// Encounters to decide, in order of date of service then id.
    pub encounters: Vec<StoredEncounter>,
    /// The decision now in force for each of these encounters, and for each encounter asked for by id: what a new one
    /// supersedes.
    pub encounter_id_to_in_force: BTreeMap<Token, InForce>,
    /// Whether the agency has claims that replace or void others: see [`crate::Store::load_claimed`].
    pub has_corrections: bool,
    /// Encounters asked for by id that are stored with another client, or were taken out before: no new ones.
    pub known_of: BTreeSet<Token>,
    /// Encounters asked for by id that cannot be read.
    pub unreadable: Vec<BadEncounter>,
}

/// Clients with undecided encounters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Work {
    /// Clients, in order of the round.
    pub clients: Vec<ClientWork>,
    /// The last client that was looked at: the next turn goes on after it.
    pub last: Option<RoundPlace>,
    /// Clients of whom nothing can be decided, and why: rows of theirs cannot be read. Their encounters wait.
    pub broken: Vec<(RoundPlace, String)>,
    /// Encounters that could not be read; they have left the queue until their rows change.
    pub bad: Vec<BadEncounter>,
    /// Places of the queue that were cleared because their encounters are not there.
    pub cleared: u64,
}

/// Encounters of one client to load, stored or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkRequest {
    /// The agency.
    pub agency_id: Token,
    /// The client.
    pub client_id: Token,
    /// The encounters. One that is not stored (its facts came with the request) still gets its decision in force.
    pub encounter_ids: Vec<Token>,
}

/// Which history to read, by client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryFilter {
    /// The agency.
    pub agency_id: Token,
    /// Which encounters.
    pub encounters: EncounterFilter,
    /// Continue after this client.
    pub after_client_id: Option<String>,
    /// Most clients to read.
    pub clients_max: u32,
}

/// Whole clients' encounters in order of client, then date of service, then id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HistoryPage {
    /// The encounters.
    pub encounters: Vec<StoredEncounter>,
    /// Those whose rows hold faults.
    pub bad: Vec<BadEncounter>,
    /// Pass this as `after_client_id` for the next page; `None` when this is the last.
    pub next_after_client_id: Option<String>,
}

impl WorkRequest {
    pub(crate) fn client(&self) -> ClientRef {
        ClientRef { agency_id: self.agency_id.as_str().to_owned(), client_id: self.client_id.as_str().to_owned() }
    }

    pub(crate) fn encounters(&self) -> impl Iterator<Item = EncounterRef<'_>> {
        self.encounter_ids
            .iter()
            .map(|id| EncounterRef { agency_id: self.agency_id.as_str(), encounter_id: id.as_str() })
    }

    /// Adds those asked for that cannot be read.
    pub(crate) fn add_unreadable(&self, work: &mut ClientWork, bad: &[BadEncounter]) {
        let is_asked = |bad: &&BadEncounter| {
            bad.agency_id == self.agency_id.as_str()
                && self.encounter_ids.iter().any(|id| id.as_str() == bad.encounter_id)
        };
        work.unreadable.extend(bad.iter().filter(is_asked).cloned());
    }

    /// Adds the decisions in force of encounters that are not stored, and leaves out what was not asked for.
    pub(crate) fn add_decisions(&self, work: &mut ClientWork, known: &Known) {
        let client = self.client();
        let asked: BTreeSet<&Token> = self.encounter_ids.iter().collect();
        work.encounters.retain(|encounter| asked.contains(&encounter.facts.encounter_id));
        for id in &self.encounter_ids {
            let key = (self.agency_id.as_str().to_owned(), id.as_str().to_owned());
            let is_elsewhere =
                known.stored.get(id).is_some_and(|other| other.agency_id == client.agency_id && *other != client);
            if is_elsewhere || known.taken_out.contains(&key) {
                work.known_of.insert(id.clone());
            }
            if let Some(decision) = known.in_force.get(&key) {
                work.encounter_id_to_in_force.insert(id.clone(), decision.clone());
            }
        }
    }
}
