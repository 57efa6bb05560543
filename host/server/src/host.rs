//! What all routes share. Holds things together; decides nothing.

use std::sync::Arc;

use adjudica_service::Service;
use tokio::sync::Semaphore;

use crate::config::ServerConfig;

/// A service behind a door.
pub struct Host {
    /// The door's settings.
    pub config: ServerConfig,
    /// What it does.
    pub service: Arc<Service>,
    /// Places for requests.
    pub requests: Semaphore,
}
