//! The decision service: decisions, the registry of activations, the worker. Where engine and store meet; knows nothing of SQL,
//! wasm or HTTP.
//!
//! [`Service::build`] puts one together. Its modules look down only, in this order: `error`, `clock`, `ids`, `settings`, `asking`,
//! `metrics`, `intake`, `registry`, `observe`, `decide`, `counts`,
//! `worker`, `service`.

pub mod asking;
pub mod clock;
mod counts;
pub mod decide;
pub mod error;
pub mod ids;
pub mod intake;
pub mod metrics;
mod observe;
pub mod registry;
pub mod service;
pub mod settings;
mod worker;

pub use clock::{Clock, FixedClock, SystemClock};
pub use error::{Cause, FAULTS_MAX, Faults, FieldFault, ServiceError};
pub use service::{BuildError, Service};
pub use settings::Settings;
