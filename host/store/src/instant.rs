//! Instants as the store keeps them: whole microseconds since 1970-01-01 UTC. Reads no clock.

use crate::error::StoreError;

/// A point in time. It comes in as an argument; the store reads no clock.
pub type Instant = jiff::Timestamp;

/// Whole microseconds since 1970-01-01 UTC: what is written to a column, and what must be hashed.
#[must_use]
pub fn microseconds(instant: Instant) -> i64 {
    instant.as_microsecond()
}

/// The instant without its nanoseconds: what a later read gives back. Round before hashing.
#[must_use]
pub fn round(instant: Instant) -> Instant {
    Instant::from_microsecond(instant.as_microsecond()).unwrap_or(instant)
}

/// The instant of a column.
/// # Errors
/// [`StoreError::Corrupt`] when the number is outside the years that an instant can have.
pub(crate) fn parse_instant(microseconds: i64, table: &'static str, row: &str) -> Result<Instant, StoreError> {
    Instant::from_microsecond(microseconds).map_err(|fault| StoreError::Corrupt {
        table,
        row: row.to_owned(),
        fault: format!("an instant: {fault}"),
    })
}
