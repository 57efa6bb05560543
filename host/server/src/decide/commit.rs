//! Makes commits of decided clients and reads how they ended. Decides nothing.

use std::time::Instant;

use adjudica_core::Token;
use adjudica_store::{
    ClientCommit, ClientWork, NewCommit, NewDecision, NewIdempotency, PolicyRef, StoreError, StoredEncounter,
    WorkRequest,
};
use jiff::Timestamp;

use crate::decide::run::{DecidedItem, DecidedJob, LedgerSeen, Routed};
use crate::decide::service::{DecisionService, IdempotencyKey, Seed, Work};
use crate::decide::write::Written;
use crate::error::{ApiError, ErrorCode};

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

    /// The key under which its answer is kept.
    pub(crate) fn key(&self) -> Option<&str> {
        self.idempotency.as_ref().map(|kept| kept.key.key.as_str())
    }

    /// The answer to keep. Requests with a key ask for one decision, so its record is the whole answer.
    fn answer(&self, kept: &Idempotency) -> NewIdempotency {
        let record = self.written.iter().flat_map(|client| &client.records).map(|(_, text)| text).next();
        NewIdempotency {
            agency_id: kept.agency.clone(),
            key: kept.key.key.clone(),
            body_digest: kept.key.body_digest,
            response: record.map(|text| text.clone().into_bytes()).unwrap_or_default(),
            recorded_at: self.now,
        }
    }
}

/// Adds what `candidate` writes to `commit`.
pub(crate) fn add_to(commit: &mut NewCommit, candidate: &Candidate) {
    commit.clients.extend(candidate.written.iter().map(|client| client_commit(client, candidate.now)));
    commit.idempotency.extend(candidate.idempotency.iter().map(|kept| candidate.answer(kept)));
}

/// How a commit ended for the one who asked for it.
pub(crate) fn outlook(result: Result<(), StoreError>) -> Result<Outlook, ApiError> {
    match result {
        Ok(()) => Ok(Outlook::Durable),
        Err(StoreError::LedgerMoved { .. }) => Ok(Outlook::LedgerMoved),
        Err(StoreError::IdempotencyKeyUsed { .. }) => Err(ApiError::new(
            ErrorCode::IdempotencyConflict,
            "this `Idempotency-Key` was used by another request at the same moment",
        )),
        Err(error) => Err(error.into()),
    }
}

fn client_commit(client: &Written, now: Timestamp) -> ClientCommit {
    let DecidedJob { agency_id, client_id, ledger_through, items } = &client.job;
    let decisions = items.iter().zip(&client.records).map(|(done, (id, text))| new_decision(done, id, text, now));
    ClientCommit {
        agency_id: agency_id.clone(),
        client_id: client_id.clone(),
        ledger_through: *ledger_through,
        decisions: decisions.collect(),
    }
}

fn new_decision(done: &DecidedItem, decision_id: &str, text: &str, now: Timestamp) -> NewDecision {
    let facts = &done.item.facts;
    let answerer = match &done.item.routed {
        Routed::To(answerer) => Some(answerer),
        Routed::Nobody(..) => None,
    };
    NewDecision {
        decision_id: decision_id.to_owned(),
        encounter_id: facts.encounter_id.clone(),
        encounter_revision: done.item.revision,
        payer_id: facts.payer_id.clone(),
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

/// What is known of the clients of `seeds`, and which decisions the new ones replace.
pub(crate) async fn read_clients(
    service: &DecisionService,
    agency: &Token,
    seeds: Vec<Seed>,
) -> Result<Vec<Work>, ApiError> {
    let mut works: Vec<Work> = Vec::new();
    for seed in seeds {
        match works.iter_mut().find(|work| work.client_id == seed.facts.client_id) {
            Some(work) => work.seeds.push(seed),
            None => works.push(Work {
                agency_id: agency.clone(),
                client_id: seed.facts.client_id.clone(),
                ledger: Vec::new(),
                ledger_through: 0,
                seeds: vec![seed],
            }),
        }
    }
    let request = |work: &Work| WorkRequest {
        agency_id: work.agency_id.clone(),
        client_id: work.client_id.clone(),
        encounter_ids: work.seeds.iter().map(|seed| seed.facts.encounter_id.clone()).collect(),
    };
    let requests: Vec<_> = works.iter().map(request).collect();
    let loaded = service.store.load_work(&requests).await?;
    for (work, mut loaded) in works.iter_mut().zip(loaded) {
        work.ledger_through = loaded.ledger_through;
        for seed in &mut work.seeds {
            seed.supersedes = loaded.encounter_id_to_decision_id.remove(&seed.facts.encounter_id);
            refresh(seed, &loaded.encounters);
        }
        work.ledger = ledger_seen(&mut loaded);
    }
    Ok(works)
}

/// Facts of a stored encounter may have changed since it was looked up; what was read with the ledger is what is decided.
fn refresh(seed: &mut Seed, encounters: &[StoredEncounter]) {
    let stored = encounters.iter().find(|stored| stored.facts.encounter_id == seed.facts.encounter_id);
    if let (Some(_), Some(stored)) = (seed.revision, stored) {
        seed.revision = Some(stored.revision);
        seed.facts = stored.facts.clone();
    }
}

/// The work of one undecided client.
pub(crate) fn undecided_work(mut loaded: ClientWork) -> Work {
    let ledger = ledger_seen(&mut loaded);
    let ClientWork { agency_id, client_id, ledger_through, encounters, mut encounter_id_to_decision_id, .. } = loaded;
    let seed = |(tag, stored): (usize, StoredEncounter)| Seed {
        supersedes: encounter_id_to_decision_id.remove(&stored.facts.encounter_id),
        revision: Some(stored.revision),
        facts: stored.facts,
        tag,
    };
    let seeds = encounters.into_iter().enumerate().map(seed).collect();
    Work { agency_id, client_id, ledger, ledger_through, seeds }
}

fn ledger_seen(loaded: &mut ClientWork) -> Vec<LedgerSeen> {
    let lines = std::mem::take(&mut loaded.ledger).into_iter();
    lines.map(|live| LedgerSeen { encounter_id: live.encounter_id, line: live.line }).collect()
}
