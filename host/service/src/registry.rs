//! Which policy answers, and the loaded policies themselves: an immutable set behind an atomic pointer. How it changes is in `activate`.

pub mod activate;
pub mod answerer;
pub mod case_run;
pub mod load;
pub mod names;
pub mod request;
pub mod reroute;
pub mod schedule;
pub mod snapshot;
pub mod take_in;
pub mod told;
pub mod trust;
pub mod yank;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use adjudica_core::{Digest, EncounterFacts, Terms, Token};
use adjudica_engine::{Engine, Policy};
use adjudica_store::{ActivationPeriod, Store};
use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::sync::Mutex;

use crate::error::ServiceError;
use crate::metrics::Metrics;
use crate::registry::answerer::{Answerer, Chosen, Routed};
use crate::registry::case_run::CasePlace;
use crate::registry::load::Library;
use crate::registry::snapshot::Snapshot;
use crate::registry::trust::Publishers;

/// What answers now: a picture of all activations with everything that they name, loaded.
#[derive(Default)]
pub struct Published {
    /// The activations.
    pub snapshot: Snapshot,
    /// Whoever answers by the latest schedules, by digest of policy and terms.
    answerers: HashMap<(Digest, Digest), Routed>,
}

/// The activations of a database and the loaded policies.
pub struct Registry {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) library: Library,
    pub(crate) cases: CasePlace,
    /// Whose policies are taken.
    pub publishers: Publishers,
    published: ArcSwap<Published>,
    /// Held while the published set is changed, from reading what is there until it is published.
    pub(crate) changing: Mutex<()>,
}

/// The policy that a request names instead of the one in force.
#[derive(Clone)]
pub struct Pinned {
    /// The policy.
    pub policy: Policy,
}

impl Registry {
    /// A registry with nothing in it; [`Registry::refresh`] fills it.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, engine: Engine, metrics: Arc<Metrics>, publishers: Publishers) -> Self {
        let library = Library::new(Arc::clone(&store), engine);
        Self {
            store,
            metrics,
            library,
            cases: CasePlace::default(),
            publishers,
            published: ArcSwap::default(),
            changing: Mutex::new(()),
        }
    }

    /// What answers now. A request takes it once, and is recorded from what it took.
    #[must_use]
    pub fn published(&self) -> Arc<Published> {
        self.published.load_full()
    }

    /// Takes in the changes that were recorded since, by this host or another.
    /// # Errors
    /// When the store does not answer; then the old set stays.
    pub async fn refresh(&self) -> Result<Arc<Published>, ServiceError> {
        if self.store.latest_change_id().await?.unwrap_or(0) == self.published().snapshot.change_id {
            return Ok(self.published());
        }
        let _changing = self.changing.lock().await;
        self.refresh_held().await
    }

    /// As [`Registry::refresh`], for one who holds `changing`.
    pub(crate) async fn refresh_held(&self) -> Result<Arc<Published>, ServiceError> {
        let published = self.published();
        let changes = self.store.load_changes(published.snapshot.change_id).await?;
        if changes.is_empty() {
            return Ok(published);
        }
        let mut snapshot = published.snapshot.clone();
        for change in &changes {
            snapshot.apply(change);
        }
        self.publish(snapshot).await
    }

    /// Loads whatever `snapshot` names, then publishes it. A policy that cannot be loaded leaves its own days undetermined.
    pub(crate) async fn publish(&self, snapshot: Snapshot) -> Result<Arc<Published>, ServiceError> {
        let mut answerers = HashMap::new();
        for (policy, terms) in snapshot.pairs_in_use() {
            answerers.insert((policy, terms), self.library.answerer(policy, terms, Chosen::InForce).await?);
        }
        let published = Arc::new(Published { snapshot, answerers });
        self.library.keep_only(&published.snapshot.policies_in_use());
        self.published.store(Arc::clone(&published));
        self.metrics.swapped();
        tracing::info!(change_id = published.snapshot.change_id, "a set of activations was published");
        Ok(published)
    }

    /// Who answers for `facts`, as known at `as_of` or now.
    /// # Errors
    /// When the store does not answer.
    pub async fn route(
        &self,
        published: &Published,
        agency: &Token,
        facts: &EncounterFacts,
        as_of: Option<Timestamp>,
    ) -> Result<Routed, ServiceError> {
        let Some(period) = published.snapshot.find_period(agency, facts, as_of) else {
            return Ok(Routed::no_policy(facts));
        };
        let (policy, terms) = (period.policy_digest, period.terms_digest);
        match published.answerers.get(&(policy, terms)) {
            Some(routed) => Ok(routed.clone()),
            None => self.library.answerer(policy, terms, Chosen::InForce).await,
        }
    }

    /// The pinned policy with the terms of the period in force; without one, with empty terms.
    /// # Errors
    /// When the store does not answer.
    pub async fn route_pinned(
        &self,
        pinned: &Pinned,
        period: Option<&ActivationPeriod>,
    ) -> Result<Routed, ServiceError> {
        let (terms, digest) = match period {
            Some(period) => (self.library.terms(period.terms_digest).await?, period.terms_digest),
            None => (Some(Arc::new(Terms::default())), Terms::default().canonical().1),
        };
        let terms = terms.ok_or_else(|| {
            ServiceError::internal("registry::route_pinned", format!("terms {digest} of an activation are not stored"))
        })?;
        Ok(Routed::To(Arc::new(Answerer::new(&pinned.policy, terms, digest, Chosen::Pinned))))
    }

    /// Policies that answer by the latest schedules: digest, and `id@version` or why it cannot be loaded.
    #[must_use]
    pub fn loaded(&self) -> BTreeMap<Digest, Result<String, String>> {
        let published = self.published();
        let entries = published.answerers.iter().map(|((policy, _), routed)| match routed {
            Routed::To(answerer) => (*policy, Ok(answerer.label())),
            Routed::Nobody(_, why) => (*policy, Err(why.clone())),
        });
        entries.collect()
    }
}
