//! What all routes share. Holds things together; decides nothing.

use std::sync::Arc;

use adjudica_engine::Engine;
use adjudica_store::Store;
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::config::ServerConfig;
use crate::decide::service::DecisionService;
use crate::metrics::Metrics;
use crate::registry::Registry;
use crate::routes::counts::KeptCounts;

/// A running host.
pub struct Host {
    /// Its settings.
    pub config: ServerConfig,
    /// Keeps things.
    pub store: Arc<dyn Store>,
    /// Runs policies.
    pub engine: Engine,
    /// Tells the instant.
    pub clock: Arc<dyn Clock>,
    /// Knows which policy answers.
    pub registry: Arc<Registry>,
    /// Decides.
    pub service: Arc<DecisionService>,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// Places for requests.
    pub requests: Semaphore,
    /// How much is stored, as it was last counted.
    pub counts: Arc<KeptCounts>,
}
