//! Turns decisions and what the database says of them into rows, links and places. Pure: both databases use it.

pub(crate) mod rows;

use std::collections::{BTreeMap, BTreeSet};

use adjudica_core::{Digest, Token};
use serde::Serialize;

use crate::chain::{chain_hash, chain_start};
use crate::commit::rows::{
    CommitRows, DecidedRow, DecisionRow, HeadRow, LedgerRow, TouchedRow, add_findings, add_lines,
};
use crate::decision::{ClientCommit, CommittedDecision, NewCommit, NewDecision};
use crate::error::StoreError;
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
}

/// What the database says before a commit, read after the agencies' chains were locked.
#[derive(Default)]
pub(crate) struct Standing {
    /// Ends of the chains; an agency without decisions is absent.
    pub(crate) heads: BTreeMap<String, Head>,
    /// The last place in each client's ledger, the owners of `superseded_lines` included.
    pub(crate) ledger_ends: BTreeMap<ClientRef, i64>,
    /// Agency and encounter to the decision in force.
    pub(crate) latest: BTreeMap<(String, String), String>,
    /// Lines billed by the decisions that are superseded.
    pub(crate) superseded_lines: Vec<RawLedger>,
}

/// One thing known before a commit: `head`, `end` or `latest`, the agency, the client or encounter, a number, a text.
pub(crate) type StandingRow = (String, String, String, Option<i64>, Option<String>);

impl Standing {
    /// Takes in what one read gave.
    pub(crate) fn add(&mut self, rows: Vec<StandingRow>) -> Result<(), StoreError> {
        for (kind, agency_id, key, number, text) in rows {
            match (kind.as_str(), number, text) {
                ("head", Some(length), Some(hash)) => {
                    let hash = digest(&hash, "chain_head", &agency_id)?;
                    self.heads.insert(agency_id, Head { length, hash });
                }
                ("end", Some(end), _) => {
                    self.ledger_ends.insert(ClientRef { agency_id, client_id: key }, end);
                }
                ("latest", _, Some(decision_id)) => {
                    self.latest.insert((agency_id, key), decision_id);
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
        .filter(|client| !client.decisions.is_empty())
        .map(|client| client.agency_id.as_str())
        .collect()
}

/// Every encounter of a commit.
pub(crate) fn encounters(commit: &NewCommit) -> Vec<EncounterRef<'_>> {
    decisions(commit)
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
    let mut keys = BTreeSet::new();
    for answer in &commit.idempotency {
        if !keys.insert((&answer.agency_id, &answer.key)) {
            faults.push(format!("idempotency key `{}` is there twice; commit one request after the other", answer.key));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(StoreError::BadCommit { faults }) }
}

/// Refuses a commit that was made on a ledger or a decision that is no longer the last, naming every client.
pub(crate) fn require_unmoved(commit: &NewCommit, standing: &Standing) -> Result<(), StoreError> {
    let moved: Vec<ClientKey> = commit
        .clients
        .iter()
        .filter(|client| is_moved(client, standing))
        .map(|client| ClientKey { agency_id: client.agency_id.clone(), client_id: client.client_id.clone() })
        .collect();
    if moved.is_empty() { Ok(()) } else { Err(StoreError::LedgerMoved { clients: moved }) }
}

fn is_moved(client: &ClientCommit, standing: &Standing) -> bool {
    let agency_id = client.agency_id.as_str().to_owned();
    let key = ClientRef { agency_id: agency_id.clone(), client_id: client.client_id.as_str().to_owned() };
    let end = standing.ledger_ends.get(&key).copied().unwrap_or(0);
    end != client.ledger_through
        || client.decisions.iter().any(|decision| {
            let encounter = (agency_id.clone(), decision.encounter_id.as_str().to_owned());
            standing.latest.get(&encounter) != decision.supersedes.as_ref()
        })
}

/// Everything that a commit writes, with its places in the chains and ledgers.
///
/// INVARIANT (a decision's own lines follow what it counted): a record says up to which entry of its client's ledger it
/// counted, so nobody else's entries may come between. Where an encounter has moved to another client, the lines of the
/// client before are taken back after all else.
pub(crate) fn plan<'a>(commit: &'a NewCommit, standing: &'a Standing) -> CommitRows<'a> {
    let mut rows = CommitRows::default();
    let mut heads = standing.heads.clone();
    let mut ends: BTreeMap<(&str, &str), i64> = standing
        .ledger_ends
        .iter()
        .map(|(key, end)| ((key.agency_id.as_str(), key.client_id.as_str()), *end))
        .collect();
    let mut lines_by_decision: BTreeMap<(&str, &str), Vec<&RawLedger>> = BTreeMap::new();
    for line in &standing.superseded_lines {
        lines_by_decision.entry((&line.agency_id, &line.decision_id)).or_default().push(line);
    }
    let mut of_other_clients = Vec::new();
    for (client, decision) in decisions(commit) {
        let agency_id = client.agency_id.as_str();
        let head = heads.entry(agency_id.to_owned()).or_insert(Head { length: 0, hash: chain_start() });
        let sequence = head.length.saturating_add(1);
        let hash = chain_hash(sequence, head.hash, &decision.record);
        rows.decisions.push(DecisionRow::new(client, decision, sequence, (head.hash, hash)));
        *head = Head { length: sequence, hash };
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
        if let Some(revision) = decision.encounter_revision {
            rows.decided.push(DecidedRow { agency_id, encounter_id: decision.encounter_id.as_str(), revision });
        }
        rows.committed.push(CommittedDecision { decision_id: decision.decision_id.clone(), sequence, hash });
    }
    for (line, decision) in of_other_clients {
        let seq = next(&mut ends, (&line.agency_id, &line.client_id));
        rows.ledger.push(LedgerRow::reversal(line, decision, seq));
    }
    rows.touched = TouchedRow::of(&rows.ledger);
    rows.heads = agencies(commit)
        .into_iter()
        .filter_map(|agency_id| heads.get(agency_id).map(|head| HeadRow::new(agency_id, head.length, head.hash)))
        .collect();
    rows
}

fn next<'a>(ends: &mut BTreeMap<(&'a str, &'a str), i64>, key: (&'a str, &'a str)) -> i64 {
    let end = ends.entry(key).or_insert(0);
    *end = end.saturating_add(1);
    *end
}
