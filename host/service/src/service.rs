//! A host without a door: store, engine, registry, decisions and the worker, put together. Who asks, and how, is not its business.

use std::sync::Arc;

use adjudica_engine::Engine;
use adjudica_store::Store;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::counts::KeptCounts;
use crate::decide::pool::Pool;
use crate::decide::service::{DecisionService, ServiceParts};
use crate::error::ServiceError;
use crate::metrics::Metrics;
use crate::registry::Registry;
use crate::registry::trust::{Publishers, load_trust};
use crate::settings::Settings;
use crate::worker;

/// A running service.
pub struct Service {
    /// Its settings.
    pub settings: Settings,
    /// Keeps things.
    pub store: Arc<dyn Store>,
    /// Runs policies.
    pub engine: Engine,
    /// Tells the instant.
    pub clock: Arc<dyn Clock>,
    /// Knows which policy answers.
    pub registry: Arc<Registry>,
    /// Decides.
    pub decisions: Arc<DecisionService>,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// How much is stored, as it was last counted.
    pub counts: Arc<KeptCounts>,
}

/// Why a service could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The settings are wrong.
    #[error("the configuration is wrong:\n{}", faults.join("\n"))]
    Config {
        /// Every fault.
        faults: Vec<String>,
    },
    /// The operating system gives no threads.
    #[error("the threads that run policies could not be started; lower `policy_threads` or raise the limit on threads")]
    Threads {
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// What is stored could not be read.
    #[error("the activations could not be read: {detail}; check that the database is up and reachable")]
    Activations {
        /// What went wrong.
        detail: String,
    },
}

impl Service {
    /// A service with all activations of `store` loaded. Needs a Tokio runtime.
    /// # Errors
    /// [`BuildError`], each with its remedy.
    pub async fn build(
        settings: Settings,
        store: Arc<dyn Store>,
        engine: Engine,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, BuildError> {
        if let Err(fault) = load_trust(&settings.publishers_file) {
            return Err(BuildError::Config { faults: vec![format!("publishers_file: {fault}")] });
        }
        let metrics = Arc::new(Metrics::new());
        let publishers = Publishers::at(&settings.publishers_file);
        let registry = Registry::new(Arc::clone(&store), engine.clone(), Arc::clone(&metrics), publishers);
        let registry = Arc::new(registry);
        let detail = |error: ServiceError| BuildError::Activations { detail: error.internal.unwrap_or(error.public) };
        registry.refresh().await.map_err(detail)?;
        let pool = Pool::start(settings.policy_threads, settings.policy_queue_max)
            .map_err(|source| BuildError::Threads { source })?;
        let decisions = Arc::new(DecisionService::new(ServiceParts {
            store: Arc::clone(&store),
            registry: Arc::clone(&registry),
            pool,
            clock: Arc::clone(&clock),
            metrics: Arc::clone(&metrics),
            threads: settings.policy_threads,
            ledger_retries_max: settings.ledger_retries_max,
        }));
        let counts = Arc::default();
        Ok(Arc::new(Self { settings, store, engine, clock, registry, decisions, metrics, counts }))
    }

    /// Starts what a service does by itself: it follows activations of other hosts, and decides whatever waits unless its worker is off.
    pub fn start_background(&self, background: &mut JoinSet<()>) {
        background.spawn(worker::watch_activations(Arc::clone(&self.registry), self.settings.clone()));
        if self.settings.worker_interval_ms > 0 {
            background.spawn(worker::decide_undecided(Arc::clone(&self.decisions), self.settings.clone()));
        }
    }
}
