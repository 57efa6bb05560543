//! Civil dates and half-open ranges of them. No clock, no time zone, no instants.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{ValueError, shorten};

/// A calendar day, kept as days since 1970-01-01. Parsed values are from 1900-01-01 to 2199-12-31.
///
/// ```
/// use adjudica_core::ServiceDate;
/// let day = ServiceDate::parse("2024-02-29")?;
/// assert_eq!(day.to_string(), "2024-02-29");
/// assert!(ServiceDate::parse("2023-02-29").is_err());
/// # Ok::<(), adjudica_core::ValueError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceDate(i32);

/// Years that a date may be written in.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2199;

impl ServiceDate {
    /// Days since 1970-01-01.
    #[must_use]
    pub fn days(self) -> i32 {
        self.0
    }

    /// The day `days` after 1970-01-01, unchecked against the years that may be written.
    #[must_use]
    pub fn from_days(days: i32) -> Self {
        Self(days)
    }

    /// A day by its calendar parts.
    /// # Errors
    /// [`ValueError::NotADate`] when the day does not exist or its year is outside 1900 to 2199.
    pub fn new(year: i32, month: u32, day: u32) -> Result<Self, ValueError> {
        let candidate = Self(days_from_civil(year, month, day));
        let exists = YEARS.contains(&year) && (1..=12).contains(&month) && candidate.civil() == (year, month, day);
        if exists {
            Ok(candidate)
        } else {
            Err(ValueError::NotADate { date: format!("{year:04}-{month:02}-{day:02}") })
        }
    }

    /// Reads `YYYY-MM-DD`.
    /// # Errors
    /// [`ValueError::NotADate`] for any other form, or a day that does not exist.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        let refuse = || ValueError::NotADate { date: shorten(text) };
        let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = text.as_bytes() else {
            return Err(refuse());
        };
        let number = |digits: &[&u8]| {
            digits.iter().try_fold(0_i32, |sum, digit| {
                digit.is_ascii_digit().then(|| sum * 10 + i32::from(**digit - b'0')).ok_or_else(refuse)
            })
        };
        let (year, month, day) = (number(&[y0, y1, y2, y3])?, number(&[m0, m1])?, number(&[d0, d1])?);
        Self::new(year, month.unsigned_abs(), day.unsigned_abs()).map_err(|_| refuse())
    }

    /// Year, month 1 to 12, day 1 to 31.
    #[must_use]
    pub fn civil(self) -> (i32, u32, u32) {
        civil_from_days(self.0)
    }

    /// The first day of this day's month.
    #[must_use]
    pub fn month_start(self) -> Self {
        let (_, _, day) = self.civil();
        Self(self.0.saturating_sub(day.cast_signed()).saturating_add(1))
    }

    /// The first day of this day's year.
    #[must_use]
    pub fn year_start(self) -> Self {
        Self(days_from_civil(self.civil().0, 1, 1))
    }

    /// The day `days` later, or earlier when negative.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// The same day `years` later; 29 February falls on the 28th where the year has none.
    #[must_use]
    pub fn plus_years(self, years: i32) -> Self {
        let (year, month, day) = self.civil();
        let year = year.saturating_add(years).clamp(-YEARS_MAX, YEARS_MAX);
        let there = Self(days_from_civil(year, month, day));
        if there.civil().1 == month { there } else { there.plus_days(-1) }
    }
}

/// Years that days of 32 bits can hold.
const YEARS_MAX: i32 = 5_000_000;
/// Days in four hundred years, after which the calendar repeats.
const DAYS_OF_ERA: i32 = 146_097;
/// 0000-03-01, the first day of an era, to 1970-01-01: four eras and this many days.
const EPOCH_IN_ERA: u32 = 135_080;

/// Days since 1970-01-01 of a proleptic Gregorian day; months are counted from March so that leap days come last.
fn days_from_civil(year: i32, month: u32, day: u32) -> i32 {
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let shifted_month = (i32::try_from(month).unwrap_or(0) + 9).rem_euclid(12);
    let day_of_year = (153 * shifted_month + 2) / 5 + i32::try_from(day).unwrap_or(0) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era.saturating_mul(DAYS_OF_ERA).saturating_add(day_of_era - 719_468)
}

/// The inverse of `days_from_civil`. In 32 bits throughout: a sandbox divides 64 bits many times slower.
fn civil_from_days(days: i32) -> (i32, u32, u32) {
    let since_epoch_era = days.rem_euclid(DAYS_OF_ERA).unsigned_abs() + EPOCH_IN_ERA;
    let next_era = since_epoch_era >= DAYS_OF_ERA.unsigned_abs();
    let day_of_era = if next_era { since_epoch_era - DAYS_OF_ERA.unsigned_abs() } else { since_epoch_era };
    let era = days.div_euclid(DAYS_OF_ERA) + 4 + i32::from(next_era);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era.cast_signed() + era * 400 + i32::from(month <= 2);
    (year, month, day)
}

impl fmt::Display for ServiceDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl Serialize for ServiceDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ServiceDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::text::deserialize(deserializer, Self::parse)
    }
}

/// Days from `from` up to, not including, `to`; without `to` it has no end.
///
/// ```
/// use adjudica_core::{DateRange, ServiceDate};
/// let sim = DateRange::new(ServiceDate::parse("2017-01-01")?, Some(ServiceDate::parse("2020-01-01")?))?;
/// assert!(sim.contains(ServiceDate::parse("2019-12-31")?));
/// assert!(!sim.contains(ServiceDate::parse("2020-01-01")?));
/// # Ok::<(), adjudica_core::ValueError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DateRange {
    /// First day.
    pub from: ServiceDate,
    /// First day after; `None` means no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ServiceDate>,
}

impl DateRange {
    /// A range that holds at least one day.
    /// # Errors
    /// [`ValueError::EmptyRange`] when `to` is not after `from`.
    pub fn new(from: ServiceDate, to: Option<ServiceDate>) -> Result<Self, ValueError> {
        match to {
            Some(to) if to <= from => Err(ValueError::EmptyRange { from: from.to_string(), to: to.to_string() }),
            _ => Ok(Self { from, to }),
        }
    }

    /// Whether `day` is in the range.
    #[must_use]
    pub fn contains(&self, day: ServiceDate) -> bool {
        self.from <= day && self.to.is_none_or(|to| day < to)
    }

    /// Whether any day is in both ranges.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.to.is_none_or(|to| other.from < to) && other.to.is_none_or(|to| self.from < to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> ServiceDate {
        ServiceDate::parse(text).expect("a date")
    }

    #[test]
    fn it_counts_every_day_from_1900_to_2199_once() {
        let mut expected = day("1900-01-01").days();
        for year in 1900..=2199 {
            for month in 1..=12 {
                for number in 1..=31 {
                    let Ok(date) = ServiceDate::new(year, month, number) else { continue };
                    assert_eq!(date.days(), expected, "{date}");
                    assert_eq!(date.civil(), (year, month, number));
                    assert_eq!(day(&date.to_string()), date);
                    expected += 1;
                }
            }
        }
        assert_eq!(expected, day("2199-12-31").days() + 1);
        assert_eq!(day("1970-01-01").days(), 0);
    }

    #[test]
    fn it_goes_to_the_same_day_of_another_year() {
        let table = [
            ("2026-03-01", 1, "2027-03-01"),
            ("2023-03-01", 1, "2024-03-01"),
            ("2024-02-28", 1, "2025-02-28"),
            ("2024-02-29", 1, "2025-02-28"),
            ("2024-02-29", 4, "2028-02-29"),
            ("2026-01-31", 0, "2026-01-31"),
            ("2026-12-31", -1, "2025-12-31"),
        ];
        for (from, years, to) in table {
            assert_eq!(day(from).plus_years(years), day(to), "{from} and {years} years");
        }
        assert!(day("2026-01-01").plus_years(i32::MAX) > day("2199-12-31"), "too far is far, not back");
    }

    #[test]
    fn it_refuses_days_that_do_not_exist() {
        let table = ["2023-02-29", "1900-02-29", "2026-04-31", "2026-13-01", "2026-00-10", "1899-12-31", "2200-01-01"];
        let forms = ["2026-1-01", "20260101", "2026/01/01", "", "2026-01-01T00:00:00Z", "２０２６-01-01", "-026-01-01"];
        for text in table.into_iter().chain(forms) {
            assert!(ServiceDate::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn it_keeps_ranges_half_open() {
        let january = DateRange::new(day("2026-01-01"), Some(day("2026-02-01"))).expect("a range");
        let february = DateRange::new(day("2026-02-01"), None).expect("a range");
        assert!(!january.overlaps(&february));
        assert!(january.contains(day("2026-01-31")) && !january.contains(day("2026-02-01")));
        assert!(DateRange::new(day("2026-02-01"), Some(day("2026-02-01"))).is_err());
    }
}
