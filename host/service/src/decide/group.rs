//! Commits requests that wait at the same time in one transaction, each with its own answer. Decides nothing.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use adjudica_core::Token;
use adjudica_store::{ClientKey, NewCommit, Store, StoreError};
use futures_util::FutureExt;
use tokio::sync::{mpsc, oneshot};

use crate::decide::commit::{Candidate, Ended, add_to, ended};
use crate::error::ServiceError;
use crate::observe::Observer;

/// Requests in one transaction at most.
const REQUESTS_MAX: usize = 64;
/// Decisions in one transaction at most, unless a single request has more.
const DECISIONS_MAX: usize = 1_000;

/// Hands decided requests to the task that commits them. Dropping it ends the task.
pub(crate) struct Committer {
    sender: mpsc::Sender<Waiting>,
    waiting: AtomicUsize,
}

/// A request that waits for its commit. Nobody waits any more when the answer's receiver is gone.
struct Waiting {
    candidate: Candidate,
    answer: oneshot::Sender<(Candidate, Result<Ended, ServiceError>)>,
}

impl Committer {
    /// Starts the task.
    pub(crate) fn start(store: Arc<dyn Store>, observer: Observer) -> Self {
        let (sender, receiver) = mpsc::channel(REQUESTS_MAX);
        tokio::spawn(work(store, observer, receiver));
        Self { sender, waiting: AtomicUsize::new(0) }
    }

    /// Requests that wait for their commit now.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Commits `candidate`, perhaps together with others, and gives it back with its own outcome.
    pub(crate) async fn commit(&self, candidate: Candidate) -> Result<(Candidate, Ended), ServiceError> {
        let lost = || ServiceError::internal("decide::group", "the task that commits is gone");
        let _counted = Counted::new(&self.waiting);
        let (answer, answered) = oneshot::channel();
        self.sender.send(Waiting { candidate, answer }).await.map_err(|_| lost())?;
        let (candidate, ended) = answered.await.map_err(|_| lost())?;
        Ok((candidate, ended?))
    }
}

/// A place in a count, given back when it is dropped: a request can be cut off anywhere.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Takes what waits, commits it, and starts again. What comes meanwhile is the next group.
async fn work(store: Arc<dyn Store>, observer: Observer, mut receiver: mpsc::Receiver<Waiting>) {
    let mut waiting = Vec::new();
    loop {
        if waiting.is_empty() && receiver.recv_many(&mut waiting, REQUESTS_MAX).await == 0 {
            return;
        }
        while waiting.len() < REQUESTS_MAX
            && let Ok(next) = receiver.try_recv()
        {
            waiting.push(next);
        }
        // A request that was cut off before anything was written for it is not written.
        waiting.retain(|waiting| !waiting.answer.is_closed());
        let group = take_group(&mut waiting);
        // A panic costs this group its answers and no other.
        if AssertUnwindSafe(commit_group(store.as_ref(), &observer, group)).catch_unwind().await.is_err() {
            tracing::error!("a commit panicked in the host");
        }
    }
}

/// What one group may hold only once.
#[derive(Default)]
struct Held {
    clients: BTreeSet<(Token, Token)>,
    encounters: BTreeSet<(Token, Token)>,
    keys: BTreeSet<String>,
    decisions: usize,
}

impl Held {
    /// Whether `candidate` can go with what is held; if so it is held too.
    fn take(&mut self, candidate: &Candidate) -> bool {
        let decisions = candidate.encounters().count();
        let fits = self.decisions == 0 || self.decisions.saturating_add(decisions) <= DECISIONS_MAX;
        let is_new = !candidate.clients().any(|client| self.clients.contains(&client))
            && !candidate.encounters().any(|encounter| self.encounters.contains(&encounter))
            && !candidate.key().is_some_and(|key| self.keys.contains(key));
        if !fits || !is_new {
            return false;
        }
        self.clients.extend(candidate.clients());
        self.encounters.extend(candidate.encounters());
        self.keys.extend(candidate.key().map(str::to_owned));
        self.decisions = self.decisions.saturating_add(decisions);
        true
    }
}

/// Takes the requests that can be committed together, the longest waiting first. A second request for a client was decided
/// on a ledger that the first one moves, so it stays for the next group.
fn take_group(waiting: &mut Vec<Waiting>) -> Vec<Waiting> {
    let mut held = Held::default();
    waiting.extract_if(.., |waiting| held.take(&waiting.candidate)).collect()
}

/// Commits `group` whole. Where some of it is refused, those get their refusal and the others go on without them.
async fn commit_group(store: &dyn Store, observer: &Observer, mut group: Vec<Waiting>) {
    while group.len() > 1 {
        let Err(fault) = commit(store, observer, &group).await else {
            return group.into_iter().for_each(|waiting| answer(observer, waiting, Ok(Ended::Durable)));
        };
        let faulty: Vec<Waiting> = group.extract_if(.., |waiting| is_at_fault(&fault, &waiting.candidate)).collect();
        if faulty.is_empty() && fault.may_spare_the_rest() {
            break;
        }
        let refused = if faulty.is_empty() { std::mem::take(&mut group) } else { faulty };
        let result = ended(Err(fault));
        refused.into_iter().for_each(|waiting| answer(observer, waiting, result.clone()));
    }
    for waiting in group.into_iter().filter(|waiting| !waiting.answer.is_closed()) {
        let result = commit(store, observer, std::slice::from_ref(&waiting)).await;
        answer(observer, waiting, ended(result));
    }
}

async fn commit(store: &dyn Store, observer: &Observer, group: &[Waiting]) -> Result<(), StoreError> {
    let mut commit = NewCommit::default();
    group.iter().for_each(|waiting| add_to(&mut commit, &waiting.candidate));
    store.commit_decisions(commit).await?;
    observer.metrics.committed();
    Ok(())
}

/// Whether the store names `candidate` as the reason why it refused a group.
fn is_at_fault(fault: &StoreError, candidate: &Candidate) -> bool {
    match fault {
        StoreError::LedgerMoved { clients } | StoreError::ScheduleMoved { clients } => {
            candidate.clients().any(|(agency_id, client_id)| clients.contains(&ClientKey { agency_id, client_id }))
        }
        // A group holds each key once, whatever its agency.
        StoreError::IdempotencyKeyUsed { key } => candidate.key() == Some(key),
        _ => false,
    }
}

fn answer(observer: &Observer, waiting: Waiting, result: Result<Ended, ServiceError>) {
    let is_durable = matches!(result, Ok(Ended::Durable));
    if let Err((candidate, _)) = waiting.answer.send((waiting.candidate, result))
        && is_durable
    {
        // The request was cut off meanwhile: what was recorded is logged and counted all the same.
        observer.observe(candidate.events(), candidate.started);
    }
}
