//! Puts HTTP before a service and keeps its background work going. What it serves is in `routes`.

use std::future::Future;
use std::sync::Arc;

use adjudica_engine::Engine;
use adjudica_service::{BuildError, Clock, Service};
use adjudica_store::Store;
use axum::Router;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::config::ServerConfig;
use crate::host::Host;
use crate::routes::{health_router, router};
use crate::serve::{Drained, Listeners, serve};

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
        let faults = config.faults();
        if !faults.is_empty() {
            return Err(BuildError::Config { faults });
        }
        let service = Service::build(config.service(), store, engine, clock).await?;
        Ok(Self::over(service, config))
    }

    /// HTTP before `service`. The settings are without faults.
    #[must_use]
    pub fn over(service: Arc<Service>, config: ServerConfig) -> App {
        let requests = Semaphore::new(config.requests_max.min(Semaphore::MAX_PERMITS));
        let host = Arc::new(Host { config, service, requests });
        App { router: router(Arc::clone(&host)), host }
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
            let metrics = Arc::clone(&self.host.service.metrics);
            background.spawn(async move {
                let served = serve(health, health_router(host), &config, &metrics, std::future::pending()).await;
                if let Err(fault) = served {
                    tracing::error!(%fault, "health is not served on a listener of its own");
                }
            });
        }
        self.host.service.start_background(&mut background);
        let drained = serve(main, self.router, &self.host.config, &self.host.service.metrics, shutdown).await;
        background.shutdown().await;
        drained
    }
}
