//! Puts a host together and keeps its background work going. What it serves is in `routes`.

use std::future::Future;
use std::sync::Arc;

use adjudica_engine::Engine;
use adjudica_store::Store;
use axum::Router;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::config::ServerConfig;
use crate::decide::pool::Pool;
use crate::decide::service::{DecisionService, ServiceParts};
use crate::error::ApiError;
use crate::host::Host;
use crate::metrics::Metrics;
use crate::registry::Registry;
use crate::registry::trust::{Publishers, load_trust};
use crate::routes::{health_router, router};
use crate::serve::{Drained, Listeners, serve};
use crate::worker;

/// Builds hosts.
pub struct Server;

/// A host that is ready to serve.
#[derive(Clone)]
pub struct App {
    /// Its routes.
    pub router: Router,
    /// What the routes share.
    pub host: Arc<Host>,
}

/// Why a host could not be built.
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

impl Server {
    /// A host with all activations of `store` loaded.
    /// # Errors
    /// [`BuildError`], each with its remedy.
    pub async fn build(
        config: ServerConfig,
        store: Arc<dyn Store>,
        engine: Engine,
        clock: Arc<dyn Clock>,
    ) -> Result<App, BuildError> {
        let mut faults = config.faults();
        faults.extend(load_trust(&config.publishers_file).err().map(|fault| format!("publishers_file: {fault}")));
        if !faults.is_empty() {
            return Err(BuildError::Config { faults });
        }
        let metrics = Arc::new(Metrics::new());
        let registry = Arc::new(Registry::new(
            Arc::clone(&store),
            engine.clone(),
            Arc::clone(&metrics),
            Publishers::at(&config.publishers_file),
        ));
        let detail = |error: ApiError| BuildError::Activations { detail: error.internal.unwrap_or(error.public) };
        registry.refresh().await.map_err(detail)?;
        let pool = Pool::start(config.policy_threads, config.policy_queue_max)
            .map_err(|source| BuildError::Threads { source })?;
        let service = Arc::new(DecisionService::new(ServiceParts {
            store: Arc::clone(&store),
            registry: Arc::clone(&registry),
            pool,
            clock: Arc::clone(&clock),
            metrics: Arc::clone(&metrics),
            threads: config.policy_threads,
            ledger_retries_max: config.ledger_retries_max,
        }));
        let requests = Semaphore::new(config.requests_max.min(Semaphore::MAX_PERMITS));
        let counts = Arc::default();
        let host = Arc::new(Host { config, store, engine, clock, registry, service, metrics, requests, counts });
        Ok(App { router: router(Arc::clone(&host)), host })
    }
}

impl App {
    /// Serves until `shutdown` ends, with the worker and the watch for other hosts' activations beside it.
    /// # Errors
    /// When `listener` is bound to an address that other machines reach.
    pub async fn serve(
        self,
        listeners: impl Into<Listeners>,
        shutdown: impl Future<Output = ()>,
    ) -> std::io::Result<Drained> {
        let Listeners { main, health } = listeners.into();
        let mut background = JoinSet::new();
        if let Some(health) = health {
            // It has places of its own, and answers while the host stops.
            let (host, config) = (Arc::clone(&self.host), self.host.config.for_health());
            let metrics = Arc::clone(&self.host.metrics);
            background.spawn(async move {
                let served = serve(health, health_router(host), (&config, &metrics), std::future::pending()).await;
                if let Err(fault) = served {
                    tracing::error!(%fault, "health is not served on a listener of its own");
                }
            });
        }
        background.spawn(worker::watch_activations(Arc::clone(&self.host)));
        if self.host.config.worker_interval_ms > 0 {
            background.spawn(worker::decide_undecided(Arc::clone(&self.host)));
        }
        let drained = serve(main, self.router, (&self.host.config, &self.host.metrics), shutdown).await;
        background.shutdown().await;
        drained
    }
}
