//! Hands work to the policy threads: finds who answers, spreads clients over the threads, gathers what they wrote.

use std::sync::Arc;

use adjudica_core::decision::UndeterminedCode;
use adjudica_core::{EncounterFacts, ServiceDate};
use jiff::Timestamp;

use crate::asking::Keep;
use crate::clock::{day_of, instant_text};
use crate::decide::asked::Options;
use crate::decide::decision_record::Mode;
use crate::decide::pool::{PoolFault, WhenFull};
use crate::decide::recorded::{Recorded, Stamp, run_and_record};
use crate::decide::service::DecisionService;
use crate::decide::work::{Addressed, Known, Work};
use crate::error::{Cause, ServiceError};
use crate::registry::answerer::Routed;
use crate::registry::{Pinned, Published};

/// Encounters from which on work is spread over several threads.
const SPREAD_FROM: usize = 128;

/// Days from now on that a service may lie ahead: planned work, and no slip in the year.
const DAYS_AHEAD_MAX: i32 = 366;

/// The last day that can be meant at `now`.
#[must_use]
pub fn last_day(now: Timestamp) -> ServiceDate {
    day_of(now).plus_days(DAYS_AHEAD_MAX)
}

/// The route of an encounter whose day cannot be meant.
#[must_use]
pub fn far_ahead(facts: &EncounterFacts) -> Routed {
    let message = format!(
        "the day of service, {}, lies more than a year ahead; correct it, or ask again when it has come nearer",
        facts.date_of_service
    );
    Routed::Nobody(UndeterminedCode::NoPolicyInForce, message)
}

impl DecisionService {
    /// Finds who answers for each encounter, and asks them on the policy threads.
    ///
    /// INVARIANT (no answer of an earlier schedule): the works say which change of activations was the last when they were
    /// read. What a host knows is brought up to it first; what is kept is checked again when it is committed.
    pub(crate) async fn run(
        &self,
        works: Vec<Work<Known>>,
        now: Timestamp,
        options: &Options,
        when_full: WhenFull,
    ) -> Result<Vec<Recorded>, ServiceError> {
        let published = self.published_for(&works).await?;
        let pinned = match &options.policy {
            Some(name) => Some(Pinned { policy: self.registry.require_policy(name).await? }),
            None => None,
        };
        let records = self.read_records(&works).await?;
        let last_day = last_day(now);
        let mut addressed = Vec::with_capacity(works.len());
        for work in works {
            let mut encounters = Vec::with_capacity(work.encounters.len());
            for mut known in work.encounters {
                let (agency, facts) = (&work.agency_id, &known.facts);
                let routed = match &pinned {
                    Some(pinned) => {
                        let period = published.snapshot.find_period(agency, facts, options.as_of);
                        self.registry.route_pinned(pinned, period).await?
                    }
                    None => self.registry.route(&published, agency, facts, options.as_of).await?,
                };
                let routed = if facts.date_of_service > last_day { far_ahead(facts) } else { routed };
                let (routed, records) = records.resolve(agency, &mut known.facts, routed);
                encounters.push(Addressed { known, routed, records });
            }
            let schedule_change = published.snapshot.agency_change(&work.agency_id);
            let Work { agency_id, client_id, has_corrections, ledger, ledger_through, counted, .. } = work;
            addressed.push(Work {
                agency_id,
                client_id,
                schedule_change,
                has_corrections,
                ledger,
                ledger_through,
                counted,
                encounters,
            });
        }
        let decided_at = instant_text(now);
        let as_of = options.as_of.map_or_else(|| decided_at.clone(), instant_text);
        let mode = match options.keep {
            Keep::Record => Mode::Live,
            Keep::DryRun => Mode::DryRun,
        };
        let stamp = Stamp {
            now,
            decided_at,
            as_of,
            mode,
            explain: options.explain,
            engine_version: adjudica_engine::engine_version(),
        };
        self.run_spread(addressed, stamp, when_full).await
    }

    /// What answers now, no older than what the works were read with.
    async fn published_for(&self, works: &[Work<Known>]) -> Result<Arc<Published>, ServiceError> {
        let published = self.registry.published();
        let is_older = |work: &Work<Known>| published.snapshot.agency_change(&work.agency_id) < work.schedule_change;
        if works.iter().any(is_older) { self.registry.refresh().await } else { Ok(published) }
    }

    async fn run_spread(
        &self,
        works: Vec<Work<Addressed>>,
        stamp: Stamp,
        when_full: WhenFull,
    ) -> Result<Vec<Recorded>, ServiceError> {
        let encounters: usize = works.iter().map(|work| work.encounters.len()).sum();
        let shares = if encounters < SPREAD_FROM { 1 } else { self.threads.max(1) };
        let stamp = Arc::new(stamp);
        let running = split(works, shares).into_iter().map(|share| {
            let stamp = Arc::clone(&stamp);
            self.pool.run(when_full, move || run_and_record(share, &stamp))
        });
        let mut written = Vec::new();
        for answer in futures_util::future::join_all(running).await {
            let answer = answer.map_err(pool_failed)?;
            written.extend(answer.map_err(|fault| ServiceError::internal("run_and_record", fault))?);
        }
        Ok(written)
    }
}

fn pool_failed(fault: PoolFault) -> ServiceError {
    match fault {
        PoolFault::Full => ServiceError::new(Cause::Overloaded, "the host is busy; try again in a second"),
        PoolFault::Lost => ServiceError::internal("pool", fault),
    }
}

/// `works` in at most `shares` parts of about the same number of encounters; each keeps the order.
fn split(works: Vec<Work<Addressed>>, shares: usize) -> Vec<Vec<Work<Addressed>>> {
    let encounters: usize = works.iter().map(|work| work.encounters.len()).sum();
    let share_max = encounters.div_ceil(shares.max(1)).max(1);
    let mut parts = Vec::with_capacity(shares);
    let mut part = Vec::new();
    let mut size = 0;
    for work in works {
        size += work.encounters.len();
        part.push(work);
        if size >= share_max {
            parts.push(std::mem::take(&mut part));
            size = 0;
        }
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}
