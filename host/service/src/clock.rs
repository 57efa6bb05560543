//! Where instants come from: the system, or a fixed one for tests and re-runs. Instants have microseconds, as both databases keep them.

use std::sync::atomic::{AtomicI64, Ordering};

use adjudica_core::ServiceDate;
use jiff::Timestamp;

/// A source of instants.
pub trait Clock: Send + Sync {
    /// The present instant, in whole microseconds.
    fn now(&self) -> Timestamp;
}

/// The computer's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct FixedClock {
    microseconds: AtomicI64,
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the present enters")]
    fn now(&self) -> Timestamp {
        whole_microseconds(Timestamp::now())
    }
}

impl FixedClock {
    /// A clock that says `now`.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self { microseconds: AtomicI64::new(now.as_microsecond()) }
    }

    /// Lets `microseconds` pass.
    pub fn pass(&self, microseconds: i64) {
        self.microseconds.fetch_add(microseconds, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.microseconds.load(Ordering::SeqCst)).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// `instant` without what is finer than a microsecond: stored and hashed instants have no more.
#[must_use]
pub fn whole_microseconds(instant: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(instant.as_microsecond()).unwrap_or(instant)
}

/// `2026-01-31T09:30:00.000000Z`: always six digits, so that equal instants are equal texts.
#[must_use]
pub fn instant_text(instant: Timestamp) -> String {
    format!("{instant:.6}")
}

/// The day of an instant, in UTC.
#[must_use]
pub fn day_of(instant: Timestamp) -> ServiceDate {
    let days = instant.as_second().div_euclid(86_400);
    ServiceDate::from_days(i32::try_from(days).unwrap_or(i32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_knows_the_day_of_an_instant() {
        for (instant, day) in [("2026-01-31T23:59:59Z", "2026-01-31"), ("1969-12-31T12:00:00Z", "1969-12-31")] {
            assert_eq!(day_of(instant.parse().expect("an instant")).to_string(), day);
        }
    }

    #[test]
    fn it_writes_six_digits_always() {
        let instant: Timestamp = "2026-01-31T09:30:00Z".parse().expect("an instant");
        assert_eq!(instant_text(instant), "2026-01-31T09:30:00.000000Z");
        let fine: Timestamp = "2026-01-31T09:30:00.123456789Z".parse().expect("an instant");
        assert_eq!(instant_text(whole_microseconds(fine)), "2026-01-31T09:30:00.123456Z");
    }
}
