//! Makes commits of decided clients and reads how they ended. Decides nothing.

use std::time::Instant;

use adjudica_core::{EncounterFacts, Token};
use adjudica_store::{ClientCommit, Confirmed, NewCommit, NewDecision, NewIdempotency, PolicyRef, StoreError};
use jiff::Timestamp;

use crate::decide::follow::FOLLOWER;
use crate::decide::request::IdempotencyKey;
use crate::decide::run::{DecidedItem, DecidedJob, Kept, News};
use crate::decide::write::Written;
use crate::error::{Cause, ServiceError};
use crate::observe::Event;

/// A key and the agency that it belongs to.
pub(crate) struct Idempotency {
    pub(crate) agency: Token,
    pub(crate) key: IdempotencyKey,
}

/// The decisions of one request, or of one run over undecided encounters: written whole or not at all.
pub(crate) struct Candidate {
    pub(crate) written: Vec<Written>,
    /// When it was decided.
    pub(crate) now: Timestamp,
    /// When the work on it began.
    pub(crate) started: Instant,
    pub(crate) idempotency: Option<Idempotency>,
}

/// How a commit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outlook {
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
        self.written.iter().map(|client| (client.job.agency_id.clone(), client.job.client_id.clone()))
    }

    /// Agency and id of each encounter.
    pub(crate) fn encounters(&self) -> impl Iterator<Item = (Token, Token)> {
        let items = self.written.iter().flat_map(|client| client.job.items.iter().map(move |done| (client, done)));
        items.map(|(client, done)| (client.job.agency_id.clone(), done.item.facts.encounter_id.clone()))
    }

    /// What is new in it, for whoever counts and logs.
    pub(crate) fn events(&self) -> impl Iterator<Item = Event<'_>> {
        let clients = self.written.iter();
        let items = clients.flat_map(|client| client.job.items.iter().zip(&client.records).map(move |of| (client, of)));
        items.filter(|(_, (done, _))| done.news == News::Made).map(|(client, (done, (decision_id, _)))| Event {
            decision_id,
            agency: &client.job.agency_id,
            payer: &done.item.facts.payer_id,
            routed: &done.item.routed,
            decision: &done.decision,
        })
    }

    /// The key under which its answer is kept.
    pub(crate) fn key(&self) -> Option<&str> {
        self.idempotency.as_ref().map(|kept| kept.key.key.as_str())
    }

    /// The answer to keep. Requests with a key ask for one decision, so its record is the whole answer.
    fn answer(&self, kept: &Idempotency) -> NewIdempotency {
        let all = self.written.iter().flat_map(|client| client.job.items.iter().zip(&client.records));
        let mut asked = all.filter(|(done, _)| done.item.tag != FOLLOWER);
        kept.answer(asked.next().map_or("", |(_, (_, text))| text), self.now)
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
    commit.clients.extend(candidate.written.iter().map(|client| client_commit(client, candidate.now)));
    commit.idempotency.extend(candidate.idempotency.iter().map(|kept| candidate.answer(kept)));
}

/// How a commit ended for the one who asked for it.
pub(crate) fn outlook(result: Result<(), StoreError>) -> Result<Outlook, ServiceError> {
    match result {
        Ok(()) => Ok(Outlook::Durable),
        Err(StoreError::LedgerMoved { .. }) => Ok(Outlook::LedgerMoved),
        Err(StoreError::ScheduleMoved { .. }) => Ok(Outlook::ScheduleMoved),
        Err(StoreError::IdempotencyKeyUsed { .. }) => Err(ServiceError::new(
            Cause::IdempotencyConflict,
            "this `Idempotency-Key` was used by another request at the same moment",
        )),
        Err(error) => Err(error.into()),
    }
}

fn client_commit(client: &Written, now: Timestamp) -> ClientCommit {
    let DecidedJob { agency_id, client_id, schedule_change, ledger_through, items } = &client.job;
    let mut commit = ClientCommit {
        agency_id: agency_id.clone(),
        client_id: client_id.clone(),
        schedule_change: *schedule_change,
        ledger_through: *ledger_through,
        decisions: Vec::new(),
        confirmed: Vec::new(),
    };
    for (done, (id, text)) in items.iter().zip(&client.records) {
        match done.news {
            News::Made => commit.decisions.push(new_decision(done, id, text, now)),
            News::Confirmed => commit.confirmed.push(Confirmed {
                encounter_id: done.item.facts.encounter_id.clone(),
                encounter_revision: done.item.kept.revision(),
                date_of_service: done.item.facts.date_of_service,
                decision_id: id.clone(),
            }),
        }
    }
    commit
}

fn new_decision(done: &DecidedItem, decision_id: &str, text: &str, now: Timestamp) -> NewDecision {
    let facts = &done.item.facts;
    let answerer = done.item.routed.answerer();
    NewDecision {
        decision_id: decision_id.to_owned(),
        encounter_id: facts.encounter_id.clone(),
        encounter_revision: done.item.kept.revision(),
        new_encounter: (done.item.kept == Kept::New).then(|| EncounterFacts { standing: None, ..facts.clone() }),
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
        supersedes: done.item.supersedes.clone(),
        record: text.to_owned(),
        decision: done.decision.clone(),
        ledger_lines: done.ledger_lines.clone(),
    }
}
