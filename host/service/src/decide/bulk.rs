//! Decides whatever waits in the store, a bounded turn at a time: for the worker, demonstrations and first loads.

use std::collections::BTreeMap;
use std::time::Instant;

use adjudica_core::columns::Explain;
use adjudica_core::{Outcome, Token};
use adjudica_store::{NewCommit, RoundPlace, StoreError, Turn, Work};

use crate::asking::Keep;
use crate::decide::aside::Aside;
use crate::decide::asked::{Options, Repeat, WaysOut};
use crate::decide::commit::{Candidate, Ended, add_to};
use crate::decide::decided::News;
use crate::decide::follow::add_followers;
use crate::decide::pool::WhenFull;
use crate::decide::read::undecided_work;
use crate::decide::recorded::Recorded;
use crate::decide::service::DecisionService;
use crate::error::{Cause, ServiceError};

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

impl Tally {
    /// Adds what one transaction wrote.
    fn add(&mut self, clients: &[Recorded]) {
        for done in clients.iter().flat_map(|recorded| &recorded.client.encounters) {
            if done.news == News::Confirmed {
                self.confirmed = self.confirmed.saturating_add(1);
                continue;
            }
            self.decided = self.decided.saturating_add(1);
            *self.outcome_to_decided.entry(done.decision.outcome).or_default() += 1;
        }
        self.commits = self.commits.saturating_add(1);
    }
}

impl DecisionService {
    /// Decides every undecided encounter, at most `encounters_max` that wait in one transaction, client after client in rounds.
    /// `progress` hears of each transaction.
    /// # Errors
    /// When the store does not answer, or ledgers keep moving; what was decided before stays decided.
    pub async fn decide_undecided(
        &self,
        encounters_max: u32,
        progress: &(dyn Fn(&Tally) + Sync),
    ) -> Result<Tally, ServiceError> {
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
        let mut turn = Turn::first(encounters_max);
        let mut aside = Aside::default();
        loop {
            let started = Instant::now();
            let mut work = self.store.take_undecided(&mut turn, self.clock.now()).await?;
            tell_unreadable(&work);
            tally.unreadable = tally.unreadable.saturating_add(u64::try_from(work.bad.len()).unwrap_or(u64::MAX));
            work.broken.drain(..).for_each(|(client, fault)| aside.add(client, fault));
            work.clients.retain(|client| !aside.holds(client));
            if work.clients.is_empty() {
                match work.last {
                    // A take that found only unreadable rows has cleared them away; what waits behind them comes next.
                    _ if !work.bad.is_empty() => continue,
                    Some(last) if !aside.has_come_round(&last) => {
                        turn.after = Some(last);
                        continue;
                    }
                    _ => {
                        let is_contended = aside.is_contended();
                        self.set_aside.keep(aside);
                        return if is_contended { Err(contended()) } else { Ok(tally) };
                    }
                }
            }
            let mut works: Vec<_> = work.clients.into_iter().map(undecided_work).collect();
            add_followers(self.store.as_ref(), &mut works).await?;
            let now = self.clock.now();
            let mut clients = self.run(works, now, &options, WhenFull::Wait).await?;
            // What a host cannot load today says nothing about the encounter: it waits until the host can.
            for client in clients.extract_if(.., |client| client.unavailable().is_some()) {
                let place = RoundPlace::of(&client.client.agency_id, &client.client.client_id);
                aside.add(place, client.unavailable().unwrap_or_default().to_owned());
            }
            if clients.is_empty() {
                turn.after = work.last;
                continue;
            }
            let mut candidate = Candidate { clients, now, started, idempotency: None };
            let ended = self.commit_or_part(&mut candidate, &mut aside).await?;
            if self.is_to_be_made_again(ended, &mut retries).await? {
                continue;
            }
            if ended != Ended::Durable {
                // Others of the turn are not to wait for those whose ledgers do not stand still.
                retries = 0;
                self.commit_one_by_one(&mut candidate, &mut aside).await?;
            }
            turn.after = work.last;
            if !candidate.clients.is_empty() {
                aside.went_on();
                tally.add(&candidate.clients);
                progress(&tally);
            }
        }
    }

    /// Whether a turn is to be made again because something moved meanwhile.
    async fn is_to_be_made_again(&self, ended: Ended, retries: &mut u32) -> Result<bool, ServiceError> {
        if ended == Ended::Durable {
            *retries = 0;
            return Ok(false);
        }
        if *retries >= self.ledger_retries_max {
            return Ok(false);
        }
        *retries = retries.saturating_add(1);
        self.metrics.retried();
        if ended == Ended::ScheduleMoved {
            self.registry.refresh().await?;
        }
        Ok(true)
    }

    /// Commits all of it, or where rows that are there stand in the way, client by client: those whose rows they are, are set aside
    /// and left out of `candidate`.
    async fn commit_or_part(&self, candidate: &mut Candidate, aside: &mut Aside) -> Result<Ended, ServiceError> {
        match self.commit_alone(candidate).await {
            Err(error) if error.is_about_rows() => {}
            Err(error) => return Err(error.into()),
            Ok(ended) => return Ok(ended),
        }
        self.commit_one_by_one(candidate, aside).await?;
        Ok(Ended::Durable)
    }

    /// Commits each client of `candidate` alone, and leaves in it those that are written.
    async fn commit_one_by_one(&self, candidate: &mut Candidate, aside: &mut Aside) -> Result<(), ServiceError> {
        let mut agency_to_done: BTreeMap<Token, bool> = BTreeMap::new();
        let mut kept = Vec::new();
        for client in std::mem::take(&mut candidate.clients) {
            let (agency_id, client_id) = (client.client.agency_id.clone(), client.client.client_id.clone());
            let one = Candidate { clients: vec![client], idempotency: None, ..*candidate };
            let is_done = match self.commit_alone(&one).await {
                Ok(Ended::Durable) => {
                    kept.extend(one.clients);
                    true
                }
                // It waits on and comes again in the next run.
                Ok(Ended::LedgerMoved | Ended::ScheduleMoved) => {
                    aside.add_contended(RoundPlace::of(&agency_id, &client_id));
                    true
                }
                Err(error) if error.is_about_rows() => {
                    aside.add(RoundPlace::of(&agency_id, &client_id), error.told_in_full());
                    false
                }
                Err(error) => return Err(error.into()),
            };
            *agency_to_done.entry(agency_id).or_default() |= is_done;
        }
        candidate.clients = kept;
        let none_done = agency_to_done.into_iter().filter(|(_, is_done)| !is_done);
        none_done.for_each(|(agency_id, _)| aside.add_agency(agency_id));
        Ok(())
    }

    /// Commits what is a large transaction by itself.
    async fn commit_alone(&self, candidate: &Candidate) -> Result<Ended, StoreError> {
        let mut commit = NewCommit::default();
        add_to(&mut commit, candidate);
        match self.store.commit_decisions(commit).await {
            Ok(_) => {
                self.metrics.committed();
                self.observer.observe(candidate.events(), candidate.started);
                Ok(Ended::Durable)
            }
            Err(StoreError::LedgerMoved { .. }) => Ok(Ended::LedgerMoved),
            Err(StoreError::ScheduleMoved { .. }) => Ok(Ended::ScheduleMoved),
            Err(error) => Err(error),
        }
    }
}

fn contended() -> ServiceError {
    ServiceError::new(
        Cause::LedgerContended,
        "other decisions for some clients kept being recorded; the next run tries again",
    )
}

fn tell_unreadable(work: &Work) {
    if work.cleared > 0 {
        tracing::warn!(places = work.cleared, "encounters that wait are not there; their places were cleared");
    }
    for bad in &work.bad {
        let (agency_id, encounter_id) = (&bad.agency_id, &bad.encounter_id);
        tracing::warn!(agency_id, encounter_id, "an encounter cannot be read; `GET /v1/encounters` names its faults");
    }
}
