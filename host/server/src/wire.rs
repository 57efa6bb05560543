//! The forms of requests and answers: JSON to types with every fault named, types to JSON. Decides nothing.

pub mod activation;
pub mod asking;
pub mod policy_schema;
pub mod query;
pub mod record;
pub mod request;
pub mod schema;
