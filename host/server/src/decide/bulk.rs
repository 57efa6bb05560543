//! Decides whatever waits in the store, whole clients at a time: for the worker, demonstrations and first loads.

use std::collections::BTreeMap;
use std::time::Instant;

use adjudica_core::Outcome;
use adjudica_core::columns::Explain;
use adjudica_store::NewCommit;

use crate::decide::commit::{Candidate, Outlook, add_to, outlook};
use crate::decide::follow::add_followers;
use crate::decide::pool::WhenFull;
use crate::decide::read::undecided_work;
use crate::decide::run::News;
use crate::decide::service::{DecisionService, Options};
use crate::error::{ApiError, ErrorCode};
use crate::wire::request::{Keep, Repeat, WaysOut};

/// What a run over undecided encounters did so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Encounters decided.
    pub decided: u64,
    /// Encounters decided again with the answer that is in force: nothing was written for them.
    pub confirmed: u64,
    /// Encounters whose rows could not be read; their faults are kept in the store.
    pub unreadable: u64,
    /// Transactions.
    pub commits: u64,
    /// Decisions by outcome.
    pub outcome_to_decided: BTreeMap<Outcome, u64>,
}

impl DecisionService {
    /// Decides every undecided encounter, `clients_max` clients in one transaction. `progress` hears of each transaction.
    /// # Errors
    /// When the store does not answer, or ledgers keep moving; what was decided before stays decided.
    pub async fn decide_undecided(
        &self,
        clients_max: u32,
        progress: &(dyn Fn(&Tally) + Sync),
    ) -> Result<Tally, ApiError> {
        let options = Options {
            keep: Keep::Record,
            explain: Explain::FailedOnly,
            policy: None,
            as_of: None,
            ways_out: WaysOut::LeftOut,
            repeat: Repeat::IfStale,
        };
        let mut tally = Tally::default();
        let mut retries = 0;
        loop {
            let started = Instant::now();
            let work = self.store.take_undecided(clients_max, self.clock.now()).await?;
            if work.cleared > 0 {
                tracing::warn!(places = work.cleared, "encounters that wait are not there; their places were cleared");
            }
            for bad in &work.bad {
                let (agency_id, encounter_id) = (&bad.agency_id, &bad.encounter_id);
                tracing::warn!(
                    agency_id,
                    encounter_id,
                    "an encounter cannot be read; `GET /v1/encounters` names its faults"
                );
            }
            tally.unreadable = tally.unreadable.saturating_add(u64::try_from(work.bad.len()).unwrap_or(u64::MAX));
            if work.clients.is_empty() {
                // A take that found only unreadable rows has cleared them away; what waits behind them comes next.
                if work.bad.is_empty() {
                    return Ok(tally);
                }
                continue;
            }
            let mut works: Vec<_> = work.clients.into_iter().map(undecided_work).collect();
            add_followers(self.store.as_ref(), &mut works).await?;
            let now = self.clock.now();
            let written = self.run(works, now, &options, WhenFull::Wait).await?;
            let candidate = Candidate { written, now, started, idempotency: None };
            match self.commit_alone(&candidate).await? {
                Outlook::Durable => retries = 0,
                Outlook::LedgerMoved if retries < self.ledger_retries_max => {
                    retries = retries.saturating_add(1);
                    self.metrics.retried();
                    continue;
                }
                Outlook::ScheduleMoved if retries < self.ledger_retries_max => {
                    retries = retries.saturating_add(1);
                    self.metrics.retried();
                    self.registry.refresh().await?;
                    continue;
                }
                Outlook::LedgerMoved | Outlook::ScheduleMoved => {
                    return Err(ApiError::new(
                        ErrorCode::LedgerContended,
                        "other decisions for these clients kept being recorded; the next run tries again",
                    ));
                }
            }
            for done in candidate.written.iter().flat_map(|client| &client.job.items) {
                if done.news == News::Confirmed {
                    tally.confirmed = tally.confirmed.saturating_add(1);
                    continue;
                }
                tally.decided = tally.decided.saturating_add(1);
                *tally.outcome_to_decided.entry(done.decision.outcome).or_default() += 1;
            }
            tally.commits = tally.commits.saturating_add(1);
            progress(&tally);
        }
    }

    /// Commits what is a large transaction by itself.
    async fn commit_alone(&self, candidate: &Candidate) -> Result<Outlook, ApiError> {
        let mut commit = NewCommit::default();
        add_to(&mut commit, candidate);
        let outlook = outlook(self.store.commit_decisions(commit).await.map(drop))?;
        if outlook == Outlook::Durable {
            self.metrics.committed();
            self.observer.observe(&candidate.written, candidate.started);
        }
        Ok(outlook)
    }
}
