//! Turns decisions and what the database says of them into rows, links and places. Pure: both databases use it.

pub(crate) mod rows;

use std::collections::{BTreeMap, BTreeSet};

use adjudica_core::{Digest, Token};
use serde::Serialize;

use crate::chain::{chain_hash, chain_start};
use crate::commit::rows::{
    CommitRows, ConfirmedRow, DecidedRow, DecisionRow, HeadRow, InForceRow, LedgerRow, TouchedRow, add_findings,
    add_lines,
};
use crate::decision::{ClientCommit, CommittedDecision, Confirmed, NewCommit, NewDecision};
use crate::error::StoreError;
use crate::in_force::InForce;
use crate::raw::digest;
use crate::raw::ledger::RawLedger;
use crate::work::ClientKey;

/// One client, as a parameter of a query.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct ClientRef {
    pub(crate) agency_id: String,
    pub(crate) client_id: String,
}

/// One encounter, as a parameter of a query.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct EncounterRef<'a> {
    pub(crate) agency_id: &'a str,
    pub(crate) encounter_id: &'a str,
}

/// One decision, as a parameter of a query.
#[derive(Serialize)]
pub(crate) struct DecisionRef<'a> {
    pub(crate) agency_id: &'a str,
    pub(crate) decision_id: &'a str,
}

/// The end of an agency's chain.
#[derive(Clone, Copy)]
pub(crate) struct Head {
    pub(crate) length: i64,
    pub(crate) hash: Digest,
    /// How often something was taken out of the agency's ledger outside of a decision.
    pub(crate) withdrawals: i64,
}

/// What the database says before a commit, read after the agencies' chains were locked.
#[derive(Default)]
pub(crate) struct Snapshot {
    /// Ends of the chains; an agency without decisions is absent.
    pub(crate) heads: BTreeMap<String, Head>,
    /// The last change of activations of each agency; one without any is absent.
    pub(crate) schedule_changes: BTreeMap<String, i64>,
    /// Agencies with claims that replace or void others: what whoever decides looks at.
    pub(crate) corrected: BTreeSet<String>,
    /// The last place in each client's ledger, the owners of `superseded_lines` included.
    pub(crate) ledger_ends: BTreeMap<ClientRef, i64>,
    /// Agency and encounter to the decision in force: what a commit looks at.
    pub(crate) latest: BTreeMap<(String, String), String>,
    /// Agency and encounter of those that are stored: what a commit looks at.
    pub(crate) stored: BTreeSet<(String, String)>,
    /// Agency and encounter of those that were taken out before: what whoever decides looks at.
    pub(crate) taken_out: BTreeSet<(String, String)>,
    /// Agency and encounter to the decision in force with its record: what whoever decides looks at.
    pub(crate) in_force: BTreeMap<(String, String), InForce>,
    /// Lines billed by the decisions that are superseded.
    pub(crate) superseded_lines: Vec<RawLedger>,
}

/// One thing known before a commit: `head`, `schedule`, `end`, `latest` or `stored`, the agency, the client or encounter, a
/// number, a text.
pub(crate) type SnapshotRow = (String, String, String, Option<i64>, Option<String>);

impl Snapshot {
    /// Takes in what one read gave.
    pub(crate) fn add(&mut self, rows: Vec<SnapshotRow>) -> Result<(), StoreError> {
        for (kind, agency_id, key, number, text) in rows {
            match (kind.as_str(), number, text) {
                ("head", Some(length), Some(hash)) => {
                    let hash = digest(&hash, "chain_head", &agency_id)?;
                    self.heads.insert(agency_id, Head { length, hash, withdrawals: 0 });
                }
                ("schedule", Some(change), _) => {
                    self.schedule_changes.insert(agency_id, change);
                }
                ("end", Some(end), _) => {
                    self.ledger_ends.insert(ClientRef { agency_id, client_id: key }, end);
                }
                ("latest", _, Some(decision_id)) => {
                    self.latest.insert((agency_id, key), decision_id);
                }
                ("stored", _, _) => {
                    self.stored.insert((agency_id, key));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Every client of a commit and every owner of a line to be taken back.
pub(crate) fn clients(commit: &NewCommit, superseded_lines: &[RawLedger]) -> BTreeSet<ClientRef> {
    let own = commit.clients.iter().map(|client| ClientRef {
        agency_id: client.agency_id.as_str().to_owned(),
        client_id: client.client_id.as_str().to_owned(),
    });
    let owners = superseded_lines
        .iter()
        .map(|line| ClientRef { agency_id: line.agency_id.clone(), client_id: line.client_id.clone() });
    own.chain(owners).collect()
}

/// Every agency of a commit, in the order in which their chains are locked.
pub(crate) fn agencies(commit: &NewCommit) -> BTreeSet<&str> {
    commit
        .clients
        .iter()
        .filter(|client| !client.decisions.is_empty() || !client.confirmed.is_empty())
        .map(|client| client.agency_id.as_str())
        .collect()
}

/// Every encounter of a commit.
pub(crate) fn encounters(commit: &NewCommit) -> Vec<EncounterRef<'_>> {
    let decided = decisions(commit).map(|(client, decision)| (client, &decision.encounter_id));
    let confirmed = confirmed(commit).map(|(client, confirmed)| (client, &confirmed.encounter_id));
    decided
        .chain(confirmed)
        .map(|(client, encounter_id)| EncounterRef {
            agency_id: client.agency_id.as_str(),
            encounter_id: encounter_id.as_str(),
        })
        .collect()
}

/// Every encounter of a commit whose decision in force holds.
pub(crate) fn confirmed(commit: &NewCommit) -> impl Iterator<Item = (&ClientCommit, &Confirmed)> {
    commit.clients.iter().flat_map(|client| client.confirmed.iter().map(move |confirmed| (client, confirmed)))
}

/// Every encounter of a commit that must be stored already.
pub(crate) fn stored(commit: &NewCommit) -> Vec<EncounterRef<'_>> {
    decisions(commit)
        .filter(|(_, decision)| decision.encounter_revision.is_some() && decision.new_encounter.is_none())
        .map(|(client, decision)| EncounterRef {
            agency_id: client.agency_id.as_str(),
            encounter_id: decision.encounter_id.as_str(),
        })
        .collect()
}

/// Every decision that a commit supersedes.
pub(crate) fn superseded(commit: &NewCommit) -> Vec<DecisionRef<'_>> {
    decisions(commit)
        .filter_map(|(client, decision)| {
            let decision_id = decision.supersedes.as_deref()?;
            Some(DecisionRef { agency_id: client.agency_id.as_str(), decision_id })
        })
        .collect()
}

fn decisions(commit: &NewCommit) -> impl Iterator<Item = (&ClientCommit, &NewDecision)> {
    commit.clients.iter().flat_map(|client| client.decisions.iter().map(move |decision| (client, decision)))
}

/// Refuses a commit that contradicts itself, naming every fault.
pub(crate) fn require_consistent(commit: &NewCommit) -> Result<(), StoreError> {
    let mut faults = Vec::new();
    let mut clients = BTreeSet::new();
    for client in &commit.clients {
        if !clients.insert((&client.agency_id, &client.client_id)) {
            faults.push(format!(
                "a client of agency `{}` is there twice; put their decisions together",
                client.agency_id
            ));
        }
    }
    let (mut encounters, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for (client, decision) in decisions(commit) {
        let id = &decision.decision_id;
        if !ids.insert((&client.agency_id, id)) {
            faults.push(format!("decision id `{id}` is there twice; give each decision its own"));
        }
        if !encounters.insert((&client.agency_id, &decision.encounter_id)) {
            faults.push(format!(
                "encounter `{}` is decided twice; commit one decision after the other",
                decision.encounter_id
            ));
        }
        if !decision.ledger_lines.is_empty() && !decision.decision.outcome.is_accepted() {
            let outcome = decision.decision.outcome.as_str();
            faults.push(format!("decision `{id}` is {outcome} and bills lines; leave the ledger lines out"));
        }
        if Token::parse(id).is_err() {
            faults
                .push(format!("decision id of encounter `{}` is no name; give a UUID as text", decision.encounter_id));
        }
    }
    for (client, confirmed) in confirmed(commit) {
        if !encounters.insert((&client.agency_id, &confirmed.encounter_id)) {
            faults.push(format!(
                "encounter `{}` is decided twice; commit one decision after the other",
                confirmed.encounter_id
            ));
        }
    }
    let mut keys = BTreeSet::new();
    for answer in &commit.idempotency {
        if !keys.insert((&answer.agency_id, &answer.key)) {
            faults.push(format!("idempotency key `{}` is there twice; commit one request after the other", answer.key));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(StoreError::BadCommit { faults }) }
}

/// Refuses a commit that was made on activations, a ledger or a decision that are no longer the last, naming every client.
pub(crate) fn require_unmoved(commit: &NewCommit, snapshot: &Snapshot) -> Result<(), StoreError> {
    let clients = |is_moved: &dyn Fn(&ClientCommit) -> bool| -> Vec<ClientKey> {
        let moved = commit.clients.iter().filter(|client| is_moved(client));
        let key = |client: &ClientCommit| ClientKey {
            agency_id: client.agency_id.clone(),
            client_id: client.client_id.clone(),
        };
        moved.map(key).collect()
    };
    let rescheduled = clients(&|client| is_rescheduled(client, snapshot));
    if !rescheduled.is_empty() {
        return Err(StoreError::ScheduleMoved { clients: rescheduled });
    }
    let moved = clients(&|client| is_moved(client, snapshot));
    if moved.is_empty() { Ok(()) } else { Err(StoreError::LedgerMoved { clients: moved }) }
}

fn is_rescheduled(client: &ClientCommit, snapshot: &Snapshot) -> bool {
    let change = snapshot.schedule_changes.get(client.agency_id.as_str()).copied().unwrap_or(0);
    change != client.schedule_change
}

fn is_moved(client: &ClientCommit, snapshot: &Snapshot) -> bool {
    let agency_id = client.agency_id.as_str().to_owned();
    let key = ClientRef { agency_id: agency_id.clone(), client_id: client.client_id.as_str().to_owned() };
    let end = snapshot.ledger_ends.get(&key).copied().unwrap_or(0);
    let encounter = |id: &Token| (agency_id.clone(), id.as_str().to_owned());
    // An encounter that was taken out in the meantime is decided no more, and one that came in is not stored twice.
    let has_gone = |decision: &NewDecision| {
        let is_stored = snapshot.stored.contains(&encounter(&decision.encounter_id));
        decision.encounter_revision.is_some() && is_stored == decision.new_encounter.is_some()
    };
    let decided = client.decisions.iter().any(|decision| {
        snapshot.latest.get(&encounter(&decision.encounter_id)) != decision.supersedes.as_ref() || has_gone(decision)
    });
    let confirmed = client
        .confirmed
        .iter()
        .any(|confirmed| snapshot.latest.get(&encounter(&confirmed.encounter_id)) != Some(&confirmed.decision_id));
    end != client.ledger_through || decided || confirmed
}

/// Everything that a commit writes, with its places in the chains and ledgers.
///
/// INVARIANT (a decision's own lines follow what it counted): a record says up to which entry of its client's ledger it
/// counted, so nobody else's entries may come between. Where an encounter has moved to another client, the lines of the
/// client before are taken back after all else.
pub(crate) fn plan<'a>(commit: &'a NewCommit, snapshot: &'a Snapshot) -> CommitRows<'a> {
    let mut rows = CommitRows::default();
    let mut heads = snapshot.heads.clone();
    let mut ends: BTreeMap<(&str, &str), i64> = snapshot
        .ledger_ends
        .iter()
        .map(|(key, end)| ((key.agency_id.as_str(), key.client_id.as_str()), *end))
        .collect();
    let mut lines_by_decision: BTreeMap<(&str, &str), Vec<&RawLedger>> = BTreeMap::new();
    for line in &snapshot.superseded_lines {
        lines_by_decision.entry((&line.agency_id, &line.decision_id)).or_default().push(line);
    }
    let mut of_other_clients = Vec::new();
    for (client, decision) in decisions(commit) {
        let agency_id = client.agency_id.as_str();
        let start = Head { length: 0, hash: chain_start(), withdrawals: 0 };
        let head = heads.entry(agency_id.to_owned()).or_insert(start);
        let sequence = head.length.saturating_add(1);
        let hash = chain_hash(sequence, head.hash, &decision.record);
        rows.decisions.push(DecisionRow::new(client, decision, sequence, (head.hash, hash)));
        rows.in_force.push(InForceRow::new(client, decision));
        *head = Head { length: sequence, hash, ..*head };
        add_lines(&mut rows.lines, agency_id, decision);
        add_findings(&mut rows.findings, agency_id, decision);
        let superseded = decision.supersedes.as_deref().and_then(|id| lines_by_decision.get(&(agency_id, id)));
        for line in superseded.into_iter().flatten() {
            if line.client_id != client.client_id.as_str() {
                of_other_clients.push((*line, decision));
                continue;
            }
            let seq = next(&mut ends, (agency_id, &line.client_id));
            rows.ledger.push(LedgerRow::reversal(line, decision, seq));
        }
        for line in &decision.ledger_lines {
            let seq = next(&mut ends, (agency_id, client.client_id.as_str()));
            rows.ledger.push(LedgerRow::line(client, decision, line, seq));
        }
        if let Some(facts) = &decision.new_encounter {
            rows.new_encounters.push((agency_id, facts));
        }
        rows.committed.push(CommittedDecision { decision_id: decision.decision_id.clone(), sequence, hash });
    }
    rows.confirmed.extend(confirmed(commit).map(|(client, confirmed)| ConfirmedRow::new(client, confirmed)));
    let own_rows = rows.ledger.len();
    for (line, decision) in of_other_clients {
        let seq = next(&mut ends, (&line.agency_id, &line.client_id));
        rows.ledger.push(LedgerRow::reversal(line, decision, seq));
    }
    let (own, foreign) = rows.ledger.split_at(own_rows);
    let foreign = TouchedRow::of(foreign);
    rows.touched = TouchedRow::of(own).into_iter().chain(foreign.iter().cloned()).collect();
    settle(&mut rows, commit, &foreign);
    rows.heads = agencies(commit)
        .into_iter()
        .filter_map(|agency_id| heads.get(agency_id).map(|head| HeadRow::new(agency_id, head.length, head.hash)))
        .collect();
    rows
}

/// Says which encounters leave the queue. Those of this commit were decided on what it does to their own client's ledger;
/// not on lines that leave the client because an encounter has moved to another, which `foreign` names.
fn settle<'a>(rows: &mut CommitRows<'a>, commit: &'a NewCommit, foreign: &[TouchedRow<'a>]) {
    let is_settled = |client: &ClientCommit, day: &str, encounter_id: &str| {
        !foreign.iter().any(|touched| touched.is_before(client, day, encounter_id))
    };
    let decided = decisions(commit).map(|(client, decision)| {
        (client, &decision.encounter_id, decision.date_of_service, decision.encounter_revision)
    });
    let confirmed = confirmed(commit).map(|(client, confirmed)| {
        (client, &confirmed.encounter_id, confirmed.date_of_service, confirmed.encounter_revision)
    });
    for (client, encounter_id, day, revision) in decided.chain(confirmed) {
        let (agency_id, encounter_id) = (client.agency_id.as_str(), encounter_id.as_str());
        if is_settled(client, &day.to_string(), encounter_id) {
            rows.settled.push(EncounterRef { agency_id, encounter_id });
            rows.decided.extend(revision.map(|revision| DecidedRow { agency_id, encounter_id, revision }));
        }
    }
}

fn next<'a>(ends: &mut BTreeMap<(&'a str, &'a str), i64>, key: (&'a str, &'a str)) -> i64 {
    let end = ends.entry(key).or_insert(0);
    *end = end.saturating_add(1);
    *end
}
