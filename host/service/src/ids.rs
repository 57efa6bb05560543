//! Makes ids: UUID version 7, from the clock's instant. The one place where chance enters.

use jiff::Timestamp;
use uuid::{NoContext, Uuid};

/// A new id. Ids of later milliseconds sort after earlier ones.
#[must_use]
pub fn new_id(now: Timestamp) -> String {
    let seconds = u64::try_from(now.as_second()).unwrap_or(0);
    let nanoseconds = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanoseconds)).hyphenated().to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn it_makes_different_ids_in_one_instant() {
        let now = Timestamp::from_second(1_700_000_000).expect("an instant");
        let ids: BTreeSet<_> = (0..1_000).map(|_| new_id(now)).collect();
        assert_eq!(ids.len(), 1_000);
        assert!(ids.iter().all(|id| id.starts_with("018bcfe5-6800-7")), "{ids:?}");
    }
}
