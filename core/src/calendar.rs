//! Business days: Monday to Friday except federal holidays of the United States. No payer's own calendar.

use crate::date::ServiceDate;

impl ServiceDate {
    /// 0 for Monday to 6 for Sunday.
    #[must_use]
    pub fn weekday(self) -> u32 {
        // 1970-01-01 was a Thursday.
        self.days().saturating_add(3).rem_euclid(7).unsigned_abs()
    }

    /// Whether the day is Monday to Friday and no federal holiday (5 U.S.C. 6103), observed days included.
    ///
    /// ```
    /// use adjudica_core::ServiceDate;
    /// let day = |text| ServiceDate::parse(text).expect("a date");
    /// assert!(day("2026-07-02").is_business_day());
    /// assert!(!day("2026-07-03").is_business_day(), "Independence Day falls on a Saturday and is observed");
    /// ```
    #[must_use]
    pub fn is_business_day(self) -> bool {
        self.weekday() < 5 && !self.is_federal_holiday()
    }

    /// Business days after this day up to and with `later`; 0 where `later` is not after it.
    #[must_use]
    pub fn business_days_until(self, later: Self) -> u32 {
        let days = self.days().saturating_add(1)..later.days().saturating_add(1);
        // Longer stretches than a policy measures are cut, so that a call's work is bounded.
        let business = days.take(DAYS_COUNTED_MAX).filter(|day| Self::from_days(*day).is_business_day());
        u32::try_from(business.count()).unwrap_or(u32::MAX)
    }

    fn is_federal_holiday(self) -> bool {
        // A holiday on a Saturday is observed on Friday, one on a Sunday on Monday.
        let observed_from = match self.weekday() {
            4 => Some(self.plus_days(1)),
            0 => Some(self.plus_days(-1)),
            _ => None,
        };
        self.is_fixed_holiday() || observed_from.is_some_and(Self::is_fixed_holiday) || self.is_floating_holiday()
    }

    fn is_fixed_holiday(self) -> bool {
        let (year, month, day) = self.civil();
        match (month, day) {
            (1, 1) | (7, 4) | (11, 11) | (12, 25) => true,
            (6, 19) => year >= JUNETEENTH_SINCE,
            _ => false,
        }
    }

    fn is_floating_holiday(self) -> bool {
        let (year, month, day) = self.civil();
        let nth = day.saturating_sub(1) / 7 + 1;
        match (self.weekday(), month, nth) {
            (0, 1, 3) => year >= KING_SINCE,
            (0, 2, 3) | (0, 9, 1) | (0, 10, 2) | (3, 11, 4) => true,
            (0, 5, _) => day > 24,
            _ => false,
        }
    }
}

/// Juneteenth is a federal holiday since 2021 (Public Law 117-17).
const JUNETEENTH_SINCE: i32 = 2021;
/// The birthday of Martin Luther King, Jr. is observed since 1986 (Public Law 98-144).
const KING_SINCE: i32 = 1986;
/// Days that a count of business days looks at.
const DAYS_COUNTED_MAX: usize = 3_700;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_knows_the_federal_holidays_of_a_year() {
        let first = ServiceDate::parse("2026-01-01").expect("a date");
        let holidays: Vec<String> = (0..365)
            .map(|day| first.plus_days(day))
            .filter(|day| day.weekday() < 5 && !day.is_business_day())
            .map(|day| day.to_string())
            .collect();
        let expected = [
            "2026-01-01",
            "2026-01-19",
            "2026-02-16",
            "2026-05-25",
            "2026-06-19",
            "2026-07-03",
            "2026-09-07",
            "2026-10-12",
            "2026-11-11",
            "2026-11-26",
            "2026-12-25",
        ];
        assert_eq!(holidays, expected);
    }

    #[test]
    fn it_counts_business_days_over_weekends_and_holidays() {
        let day = |text| ServiceDate::parse(text).expect("a date");
        for (from, to, expected) in [
            ("2026-11-25", "2026-11-27", 1),
            ("2026-11-20", "2026-11-23", 1),
            ("2026-11-20", "2026-11-20", 0),
            ("2026-11-21", "2026-11-20", 0),
            ("2026-12-24", "2026-12-28", 1),
        ] {
            assert_eq!(day(from).business_days_until(day(to)), expected, "{from} to {to}");
        }
    }
}
