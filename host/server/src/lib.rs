//! The host: HTTP API, decision service, registry of activations. Where engine and store meet; knows nothing of SQL or wasm.
//!
//! [`Server::build`] makes an [`App`] of a store and an engine; [`App::serve`] serves it. The command line uses
//! [`decide::service::DecisionService`] directly, and [`wire::encounter::parse_encounter`] for its imports.

pub mod app;
pub mod clock;
pub mod config;
pub mod decide;
pub mod error;
pub mod host;
mod http;
pub mod ids;
pub mod metrics;
mod observe;
pub mod registry;
pub mod routes;
pub mod serve;
mod timed_io;
pub mod wire;
pub mod worker;

pub use app::{App, BuildError, Server};
pub use clock::{Clock, FixedClock, SystemClock};
pub use config::ServerConfig;
pub use error::{ApiError, ErrorCode, FAULTS_MAX, Faults, FieldFault, Problem};
