//! What callers and files give, from JSON: every fault at once, each with its place.

pub mod encounter;
pub mod fields;
pub mod json;
pub mod record;
pub mod terms;

use crate::error::Faults;

/// What a text or a value gives.
pub struct Given<T> {
    /// Its id, where it has one that can be read, whatever else is wrong.
    pub id: Option<String>,
    /// What it is, or every fault.
    pub item: Result<T, Faults>,
}
