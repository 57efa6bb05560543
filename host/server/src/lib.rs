//! A host over HTTP: routes, wire forms, documents, admission, who asks. What it does is the service's; knows nothing of SQL or wasm.
//!
//! [`Server::build`] makes an [`App`] of a store and an engine; [`App::serve`] serves it.

pub mod app;
pub mod config;
pub mod error;
mod figures;
pub mod host;
mod http;
pub mod routes;
pub mod serve;
mod timed_io;
pub mod wire;

pub use app::{App, Server};
pub use config::ServerConfig;
pub use error::{ApiError, ErrorCode, HttpFault, Problem};
