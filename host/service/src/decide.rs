//! The decision service: from encounters to durable decisions. HTTP, the worker and the command line all decide through it.

mod aside;
pub mod bulk;
pub mod commit;
pub mod dispatch;
mod follow;
pub mod gone;
mod group;
pub mod pool;
mod read;
pub mod record;
pub mod records;
pub mod replay;
pub mod request;
pub mod run;
pub mod service;
pub mod why_not;
pub mod write;
