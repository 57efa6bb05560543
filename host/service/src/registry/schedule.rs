//! Puts a period into a schedule and takes the last change back. Pure: no store, no clock.

use adjudica_core::{DateRange, ServiceDate};
use adjudica_store::ActivationPeriod;

/// A schedule with a new period in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The complete schedule, sorted, not overlapping.
    pub periods: Vec<ActivationPeriod>,
    /// Periods that answered for some of the new one's days, as they were before they were cut.
    pub overlaps: Vec<ActivationPeriod>,
    /// Days between the first and the last period that nothing answers for.
    pub gaps: Vec<DateRange>,
}

/// Puts `new` into `existing`, cutting what overlaps to the days that are left.
#[must_use]
pub fn place(existing: &[ActivationPeriod], new: &ActivationPeriod) -> Placed {
    let mut periods = vec![new.clone()];
    let mut overlaps = Vec::new();
    for period in existing {
        if !range(period).overlaps(&range(new)) {
            periods.push(period.clone());
            continue;
        }
        overlaps.push(period.clone());
        if period.dos_from < new.dos_from {
            periods.push(ActivationPeriod { dos_to: Some(new.dos_from), ..period.clone() });
        }
        if let Some(new_to) = new.dos_to
            && period.dos_to.is_none_or(|to| new_to < to)
        {
            periods.push(ActivationPeriod { dos_from: new_to, ..period.clone() });
        }
    }
    periods.sort_by_key(|period| period.dos_from);
    let gaps = find_gaps(&periods);
    Placed { periods, overlaps, gaps }
}

/// Days between the first and the last of sorted `periods` that none of them has.
#[must_use]
pub fn find_gaps(periods: &[ActivationPeriod]) -> Vec<DateRange> {
    let neighbours = periods.iter().zip(periods.iter().skip(1));
    neighbours.filter_map(|(before, after)| gap(before.dos_to?, after.dos_from)).collect()
}

fn gap(from: ServiceDate, to: ServiceDate) -> Option<DateRange> {
    DateRange::new(from, Some(to)).ok()
}

/// The days of a period.
#[must_use]
pub fn range(period: &ActivationPeriod) -> DateRange {
    DateRange { from: period.dos_from, to: period.dos_to }
}

#[cfg(test)]
mod tests {
    use adjudica_core::Digest;

    use super::*;

    fn day(text: &str) -> ServiceDate {
        ServiceDate::parse(text).expect("a date")
    }

    fn period(from: &str, to: Option<&str>, policy: &str) -> ActivationPeriod {
        ActivationPeriod {
            dos_from: day(from),
            dos_to: to.map(day),
            policy_digest: Digest::of(policy.as_bytes()),
            terms_digest: Digest::of(b"terms"),
        }
    }

    #[test]
    fn it_cuts_what_overlaps_and_keeps_the_rest() {
        let existing = [period("2017-01-01", Some("2020-01-01"), "a"), period("2021-01-01", None, "b")];
        let new = period("2022-01-01", Some("2023-01-01"), "c");
        let placed = place(&existing, &new);
        let expected = [
            period("2017-01-01", Some("2020-01-01"), "a"),
            period("2021-01-01", Some("2022-01-01"), "b"),
            period("2022-01-01", Some("2023-01-01"), "c"),
            period("2023-01-01", None, "b"),
        ];
        assert_eq!(placed.periods, expected);
        assert_eq!(placed.overlaps, [period("2021-01-01", None, "b")]);
        assert_eq!(placed.gaps, [DateRange { from: day("2020-01-01"), to: Some(day("2021-01-01")) }]);
    }

    #[test]
    fn it_removes_what_is_covered_whole_and_leaves_neighbours_alone() {
        let existing = [period("2020-01-01", Some("2021-01-01"), "a"), period("2021-01-01", Some("2022-01-01"), "b")];
        let placed = place(&existing, &period("2020-01-01", Some("2021-01-01"), "c"));
        assert_eq!(
            placed.periods,
            [period("2020-01-01", Some("2021-01-01"), "c"), period("2021-01-01", Some("2022-01-01"), "b")]
        );
        assert_eq!(placed.overlaps.len(), 1);
        assert!(place(&existing, &period("2022-01-01", None, "c")).overlaps.is_empty());
        assert_eq!(place(&existing, &period("1999-01-01", None, "c")).periods.len(), 1);
    }
}
