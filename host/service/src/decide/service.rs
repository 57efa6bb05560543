//! Decides what was asked for: reads, routes, runs, records, and does it again when a ledger moved meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Instant;

use adjudica_core::Token;
use adjudica_store::{NewCommit, Store};
use jiff::Timestamp;
use tokio::sync::{Mutex, Semaphore};

use crate::asking::Keep;
use crate::clock::Clock;
use crate::decide::aside::SetAside;
use crate::decide::asked::{Answered, Asked, IdempotencyKey, Made, Options};
use crate::decide::commit::{Candidate, Ended, Idempotency, ended};
use crate::decide::decided::{DecidedEncounter, News};
use crate::decide::decision_record::DecisionRecord;
use crate::decide::follow::FOLLOWER;
use crate::decide::group::Committer;
use crate::decide::pool::{Pool, WhenFull};
use crate::decide::read::{Answer, Read};
use crate::decide::recorded::Recorded;
use crate::decide::why_not::WAYS_AT_ONCE;
use crate::error::{Cause, FieldFault, ServiceError};
use crate::metrics::Metrics;
use crate::observe::Observer;
use crate::registry::Registry;

/// Locks that keep requests for one client in line within this host. Other hosts are kept in line by the store.
const LOCKS: usize = 1_024;

/// Decides encounters and keeps the decisions.
pub struct DecisionService {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) pool: Pool,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) threads: usize,
    pub(crate) ledger_retries_max: u32,
    pub(crate) observer: Observer,
    pub(crate) set_aside: SetAside,
    /// Places for searches for ways out.
    pub(crate) ways_places: Semaphore,
    committer: Committer,
    locks: Vec<Mutex<()>>,
}

/// What a service is made of.
pub struct ServiceParts {
    /// Keeps things.
    pub store: Arc<dyn Store>,
    /// Knows which policy answers.
    pub registry: Arc<Registry>,
    /// Runs policies.
    pub pool: Pool,
    /// Tells the instant.
    pub clock: Arc<dyn Clock>,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// Threads of the pool.
    pub threads: usize,
    /// Times that a decision is made again because the client's ledger moved.
    pub ledger_retries_max: u32,
}

impl DecisionService {
    /// A service. Needs a Tokio runtime, whose task commits for it.
    #[must_use]
    pub fn new(parts: ServiceParts) -> Self {
        let ServiceParts { store, registry, pool, clock, metrics, threads, ledger_retries_max } = parts;
        let locks = (0..LOCKS).map(|_| Mutex::new(())).collect();
        let observer = Observer { registry: Arc::clone(&registry), metrics: Arc::clone(&metrics) };
        let committer = Committer::start(Arc::clone(&store), observer.clone());
        Self {
            store,
            registry,
            pool,
            clock,
            metrics,
            threads,
            ledger_retries_max,
            observer,
            committer,
            locks,
            set_aside: SetAside::default(),
            ways_places: Semaphore::new(WAYS_AT_ONCE),
        }
    }

    /// Calls of policies that run or wait now.
    #[must_use]
    pub fn busy(&self) -> usize {
        self.pool.busy()
    }

    /// How many clients the last run over what waits set aside, and what is wrong with the first of them.
    #[must_use]
    pub fn set_aside(&self) -> Option<(usize, String)> {
        self.set_aside.told()
    }

    /// Requests that wait for their commit now.
    #[must_use]
    pub fn committing(&self) -> usize {
        self.committer.waiting()
    }

    /// Decides one encounter. With a key, the same request gets the same answer again.
    /// # Errors
    /// Every sort of refusal in [`Cause`] that names requests, keys, ledgers or the store.
    pub async fn decide_one(
        &self,
        agency: &Token,
        asked: Asked,
        options: &Options,
        key: Option<IdempotencyKey>,
    ) -> Result<Answered, ServiceError> {
        let answered = self.decide_recorded(agency, asked, options, key).await?;
        Ok(self.tell(answered, options.ways_out).await)
    }

    async fn decide_recorded(
        &self,
        agency: &Token,
        asked: Asked,
        options: &Options,
        key: Option<IdempotencyKey>,
    ) -> Result<Answered, ServiceError> {
        if let Some(key) = &key
            && let Some(answered) = self.find_answered(agency, key).await?
        {
            return Ok(answered);
        }
        let started = Instant::now();
        let idempotency = key.as_ref().map(|key| Idempotency { agency: agency.clone(), key: key.clone() });
        let mut answers = self.decide_group(agency, vec![asked], options, idempotency).await;
        self.metrics.decision_took(started.elapsed().as_secs_f64());
        let answer = answers.pop().map(|(_, answer)| answer);
        match (answer, key) {
            // Another request with the same key was recorded at the same moment: its answer is this one's too.
            (Some(Err(error)), Some(key)) if error.cause == Cause::IdempotencyConflict => {
                self.find_answered(agency, &key).await?.ok_or(error)
            }
            (Some(answer), _) => answer,
            (None, _) => Err(ServiceError::internal("decide_one", "no answer was made")),
        }
    }

    /// Decides several encounters of one agency with the same options; an answer for each, in the order asked.
    /// Encounters of one client see the lines of those with earlier dates of service.
    pub async fn decide_many(
        &self,
        agency: &Token,
        asked: Vec<Asked>,
        options: &Options,
    ) -> Vec<(usize, Result<Answered, ServiceError>)> {
        let answers = self.decide_group(agency, asked, options, None).await;
        let mut told = Vec::with_capacity(answers.len());
        for (tag, answer) in answers {
            let answer = match answer {
                Ok(answered) => Ok(self.tell(answered, options.ways_out).await),
                Err(error) => Err(error),
            };
            told.push((tag, answer));
        }
        told
    }

    async fn decide_group(
        &self,
        agency: &Token,
        asked: Vec<Asked>,
        options: &Options,
        idempotency: Option<Idempotency>,
    ) -> Vec<(usize, Result<Answered, ServiceError>)> {
        let order: Vec<usize> = asked.iter().map(|asked| asked.tag).collect();
        let mut answers = BTreeMap::new();
        let asked = once_each(asked, &mut answers);
        let tags: Vec<usize> = asked.iter().map(|asked| asked.tag).collect();
        match self.decide_asked(agency, asked, options, idempotency).await {
            Ok(decided) => answers.extend(decided),
            Err(error) => answers.extend(tags.into_iter().map(|tag| (tag, Err(error.clone())))),
        }
        let answer = |tag| {
            let answer = answers.remove(&tag);
            (tag, answer.unwrap_or_else(|| Err(ServiceError::internal("decide_group", "an encounter got no answer"))))
        };
        order.into_iter().map(answer).collect()
    }

    async fn find_answered(&self, agency: &Token, key: &IdempotencyKey) -> Result<Option<Answered>, ServiceError> {
        let Some(found) = self.store.find_idempotent(agency, &key.key).await? else { return Ok(None) };
        if found.body_digest != key.body_digest {
            let public = "this idempotency key was used with another body; use a new key for a new request";
            return Err(ServiceError::new(Cause::IdempotencyConflict, public));
        }
        let internal = |fault: &dyn std::fmt::Display| ServiceError::internal("find_answered", fault);
        let text = String::from_utf8(found.response).map_err(|fault| internal(&fault))?;
        let record = DecisionRecord::parse(&text).map_err(|fault| internal(&fault))?;
        let policy_digest = record.policy.as_ref().map(|policy| policy.digest);
        let decision_id = record.decision_id.into_owned();
        // The same answer as before: the request that is answered is the one that the key belongs to.
        Ok(Some(Answered { decision_id, policy_digest, text, made: Made::Now }))
    }

    async fn decide_asked(
        &self,
        agency: &Token,
        asked: Vec<Asked>,
        options: &Options,
        mut idempotency: Option<Idempotency>,
    ) -> Result<Vec<Answer>, ServiceError> {
        let started = Instant::now();
        let (mut open, mut answers) = self.find_clients(agency, asked).await?;
        if open.is_empty() {
            return Ok(answers);
        }
        let clients: BTreeSet<Token> = open.iter().map(|open| open.client_id.clone()).collect();
        let locks: BTreeSet<usize> = clients.iter().map(|client| lock_of(agency, client)).collect();
        let mut held = Vec::with_capacity(locks.len());
        // In ascending order, so that two requests cannot wait for each other.
        for lock in locks.iter().filter_map(|lock| self.locks.get(*lock)) {
            held.push(lock.lock().await);
        }
        for _ in 0..=self.ledger_retries_max {
            let now = self.clock.now();
            let Read { works, answered } = self.read_clients(agency, &mut open, options).await?;
            answers.extend(answered);
            if works.is_empty() {
                self.keep_answer(&answers, idempotency, now).await?;
                return Ok(answers);
            }
            let mut clients = self.run(works, now, options, WhenFull::Refuse).await?;
            if options.keep == Keep::DryRun {
                answers.extend(answers_of(&clients));
                return Ok(answers);
            }
            answers.extend(clients.extract_if(.., |client| client.unavailable().is_some()).flat_map(unanswered));
            if clients.is_empty() {
                return Ok(answers);
            }
            let candidate = Candidate { clients, now, started, idempotency: idempotency.take() };
            let (candidate, ended) = self.committer.commit(candidate).await?;
            match ended {
                Ended::Durable => {
                    self.observer.observe(candidate.events(), started);
                    answers.extend(answers_of(&candidate.clients));
                    return Ok(answers);
                }
                Ended::LedgerMoved => self.metrics.retried(),
                Ended::ScheduleMoved => {
                    self.metrics.retried();
                    self.registry.refresh().await?;
                }
            }
            idempotency = candidate.idempotency;
        }
        Err(ServiceError::new(
            Cause::LedgerContended,
            "other decisions for this client kept being recorded; try again in a second",
        ))
    }

    /// Keeps the answer of a request with a key whose encounter was decided before.
    async fn keep_answer(
        &self,
        answers: &[(usize, Result<Answered, ServiceError>)],
        idempotency: Option<Idempotency>,
        now: Timestamp,
    ) -> Result<(), ServiceError> {
        let (Some(kept), Some((_, Ok(answered)))) = (idempotency, answers.first()) else { return Ok(()) };
        let answer = kept.answer(answered.text.as_str(), now);
        let commit = NewCommit { clients: Vec::new(), idempotency: vec![answer] };
        ended(self.store.commit_decisions(commit).await.map(drop)).map(drop)
    }
}

/// What was asked, each encounter once; who asks a second time is answered so.
fn once_each(asked: Vec<Asked>, answers: &mut BTreeMap<usize, Result<Answered, ServiceError>>) -> Vec<Asked> {
    let mut ids = BTreeSet::new();
    let mut once = Vec::with_capacity(asked.len());
    for asked in asked {
        if ids.insert(asked.subject.encounter_id().clone()) {
            once.push(asked);
        } else {
            let fault =
                FieldFault::new("encounter_id", "is decided in this batch already; ask for each encounter once");
            answers.insert(asked.tag, Err(ServiceError::of_faults(Cause::InvalidRequest, vec![fault])));
        }
    }
    once
}

fn lock_of(agency: &Token, client: &Token) -> usize {
    let mut hasher = DefaultHasher::new();
    (agency, client).hash(&mut hasher);
    let locks = u64::try_from(LOCKS).unwrap_or(1);
    usize::try_from(hasher.finish() % locks).unwrap_or(0)
}

/// The refusal of each encounter of a client for whom a policy cannot be asked.
fn unanswered(recorded: Recorded) -> impl Iterator<Item = Answer> {
    let why = recorded.unavailable().unwrap_or_default();
    let public = format!("{why}; nothing is recorded: ask again when the host can load it");
    let error = ServiceError::new(Cause::PolicyUnavailable, public);
    let tags = recorded.client.encounters.into_iter().map(|done| done.asked.known.tag);
    tags.filter(|tag| *tag != FOLLOWER).map(move |tag| (tag, Err(error.clone())))
}

fn answers_of(clients: &[Recorded]) -> Vec<Answer> {
    let decisions = clients.iter().flat_map(Recorded::decisions);
    let asked = decisions.filter(|(done, ..)| done.asked.known.tag != FOLLOWER);
    let answer = |(done, decision_id, text): (&DecidedEncounter, &str, &str)| {
        let answered = Answered {
            decision_id: decision_id.to_owned(),
            text: text.to_owned(),
            policy_digest: done.asked.routed.answerer().map(|answerer| answerer.digest),
            made: if done.news == News::Made { Made::Now } else { Made::Before },
        };
        (done.asked.known.tag, Ok(answered))
    };
    asked.map(answer).collect()
}
