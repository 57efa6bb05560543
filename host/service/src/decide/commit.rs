//! Makes commits of decided clients and reads how they ended. Decides nothing.

use std::time::Instant;

use adjudica_core::{EncounterFacts, Token};
use adjudica_store::{ClientCommit, Confirmed, NewCommit, NewDecision, NewIdempotency, PolicyRef, StoreError};
use jiff::Timestamp;

use crate::decide::asked::IdempotencyKey;
use crate::decide::decided::{DecidedEncounter, News};
use crate::decide::follow::FOLLOWER;
use crate::decide::recorded::Recorded;
use crate::decide::work::Kept;
use crate::error::ServiceError;
use crate::observe::Event;

/// A key and the agency that it belongs to.
pub(crate) struct Idempotency {
    pub(crate) agency: Token,
    pub(crate) key: IdempotencyKey,
}

/// The decisions of one request, or of one run over undecided encounters: written whole or not at all.
pub(crate) struct Candidate {
    pub(crate) clients: Vec<Recorded>,
    /// When it was decided.
    pub(crate) now: Timestamp,
    /// When the work on it began.
    pub(crate) started: Instant,
    pub(crate) idempotency: Option<Idempotency>,
}

/// How a commit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Everything is written and durable.
    Durable,
    /// Nothing is written: another decision came in between.
    LedgerMoved,
    /// Nothing is written: another activation came in between.
    ScheduleMoved,
}

impl Candidate {
    /// Agency and id of each client.
    pub(crate) fn clients(&self) -> impl Iterator<Item = (Token, Token)> {
        self.clients.iter().map(|recorded| (recorded.client.agency_id.clone(), recorded.client.client_id.clone()))
    }

    /// Agency and id of each encounter.
    pub(crate) fn encounters(&self) -> impl Iterator<Item = (Token, Token)> {
        let clients = self.clients.iter().map(|recorded| &recorded.client);
        let done = clients.flat_map(|client| client.encounters.iter().map(move |done| (client, done)));
        done.map(|(client, done)| (client.agency_id.clone(), done.asked.known.facts.encounter_id.clone()))
    }

    /// What is new in it, for whoever counts and logs.
    pub(crate) fn events(&self) -> impl Iterator<Item = Event<'_>> {
        let all = self.clients.iter().flat_map(|recorded| recorded.decisions().map(move |of| (&recorded.client, of)));
        let new = all.filter(|(_, (done, ..))| done.news == News::Made);
        new.map(|(client, (done, decision_id, _))| Event {
            decision_id,
            agency: &client.agency_id,
            payer: &done.asked.known.facts.payer_id,
            routed: &done.asked.routed,
            decision: &done.decision,
        })
    }

    /// The key under which its answer is kept.
    pub(crate) fn key(&self) -> Option<&str> {
        self.idempotency.as_ref().map(|kept| kept.key.key.as_str())
    }

    /// The answer to keep. Requests with a key ask for one decision, so its record is the whole answer.
    fn answer(&self, kept: &Idempotency) -> NewIdempotency {
        let mut asked = self.clients.iter().flat_map(Recorded::decisions);
        let asked = asked.find(|(done, ..)| done.asked.known.tag != FOLLOWER);
        kept.answer(asked.map_or("", |(_, _, text)| text), self.now)
    }
}

impl Idempotency {
    /// The answer to keep under the key.
    pub(crate) fn answer(&self, text: &str, now: Timestamp) -> NewIdempotency {
        NewIdempotency {
            agency_id: self.agency.clone(),
            key: self.key.key.clone(),
            body_digest: self.key.body_digest,
            response: text.as_bytes().to_vec(),
            recorded_at: now,
        }
    }
}

/// Adds what `candidate` writes to `commit`.
pub(crate) fn add_to(commit: &mut NewCommit, candidate: &Candidate) {
    commit.clients.extend(candidate.clients.iter().map(|client| client_commit(client, candidate.now)));
    commit.idempotency.extend(candidate.idempotency.iter().map(|kept| candidate.answer(kept)));
}

/// How a commit ended for the one who asked for it.
pub(crate) fn ended(result: Result<(), StoreError>) -> Result<Ended, ServiceError> {
    match result {
        Ok(()) => Ok(Ended::Durable),
        Err(StoreError::LedgerMoved { .. }) => Ok(Ended::LedgerMoved),
        Err(StoreError::ScheduleMoved { .. }) => Ok(Ended::ScheduleMoved),
        Err(error) => Err(error.into()),
    }
}

fn client_commit(recorded: &Recorded, now: Timestamp) -> ClientCommit {
    let client = &recorded.client;
    let mut commit = ClientCommit {
        agency_id: client.agency_id.clone(),
        client_id: client.client_id.clone(),
        schedule_change: client.schedule_change,
        ledger_through: client.ledger_through,
        decisions: Vec::new(),
        confirmed: Vec::new(),
    };
    for (done, decision_id, text) in recorded.decisions() {
        let known = &done.asked.known;
        match done.news {
            News::Made => commit.decisions.push(new_decision(done, decision_id, text, now)),
            News::Confirmed => commit.confirmed.push(Confirmed {
                encounter_id: known.facts.encounter_id.clone(),
                encounter_revision: known.kept.revision(),
                date_of_service: known.facts.date_of_service,
                decision_id: decision_id.to_owned(),
            }),
        }
    }
    commit
}

fn new_decision(done: &DecidedEncounter, decision_id: &str, text: &str, now: Timestamp) -> NewDecision {
    let known = &done.asked.known;
    let facts = &known.facts;
    let answerer = done.asked.routed.answerer();
    NewDecision {
        decision_id: decision_id.to_owned(),
        encounter_id: facts.encounter_id.clone(),
        encounter_revision: known.kept.revision(),
        new_encounter: (known.kept == Kept::New).then(|| EncounterFacts { standing: None, ..facts.clone() }),
        payer_id: facts.payer_id.clone(),
        plan_id: facts.plan_id.clone(),
        service_line: facts.service_line.clone(),
        date_of_service: facts.date_of_service,
        policy: answerer.map(|answerer| PolicyRef {
            policy_id: answerer.policy_id.clone(),
            version: answerer.version.to_string(),
            digest: answerer.digest,
        }),
        terms_digest: answerer.map(|answerer| answerer.terms_digest),
        decided_at: now,
        supersedes: known.supersedes().map(str::to_owned),
        record: text.to_owned(),
        decision: done.decision.clone(),
        ledger_lines: done.ledger_lines.clone(),
    }
}
