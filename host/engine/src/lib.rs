//! Runs policies: reads, checks, compiles and calls them in a sandbox. Knows nothing of SQL, HTTP or activations.

mod artifact;
mod bindings;
mod cache;
mod compile;
mod config;
mod contract;
mod deadline;
mod engine;
mod error;
mod fault;
mod inspect;
mod limiter;
mod manifest;
mod policy;
mod profile;
mod scan;
mod self_test;
pub mod signature;
pub mod trust;

pub use compile::compile_child_main;
pub use config::{Compiler, EngineConfig, Limits};
pub use engine::{Engine, engine_version};
pub use error::{EngineError, LoadError, LoadFault};
pub use fault::PolicyFault;
pub use inspect::Inspection;
pub use policy::{CallCost, Policy};
pub use profile::CALLS_AT_ONCE_MAX;
pub use signature::{Signature, SignatureFault};
pub use trust::{Publisher, PublisherKey, Signed, Trust};
