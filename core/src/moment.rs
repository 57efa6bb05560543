//! An instant as an agency's system writes it: civil time with the offset that was in force there. No clock, no time zones.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::date::ServiceDate;
use crate::error::{ValueError, shorten};

/// RFC 3339 with whole seconds: `2026-03-07T09:00:00-05:00`. The text is kept as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    text: Box<str>,
    day: ServiceDate,
    /// Seconds since 1970-01-01 UTC.
    seconds: i64,
}

const SECONDS_OF_DAY: i64 = 86_400;

impl Moment {
    /// Reads an instant.
    /// # Errors
    /// [`ValueError::NotAnInstant`] for any other form.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        read(text).ok_or_else(|| ValueError::NotAnInstant { instant: shorten(text) })
    }

    /// The civil day there.
    #[must_use]
    pub fn day(&self) -> ServiceDate {
        self.day
    }

    /// Seconds that elapse from this instant to `later`; below zero when it comes first.
    ///
    /// ```
    /// use adjudica_core::moment::Moment;
    /// let appointment = Moment::parse("2026-03-08T09:00:00-04:00")?;
    /// assert_eq!(Moment::parse("2026-03-07T09:00:00-05:00")?.seconds_until(&appointment), 23 * 3600);
    /// # Ok::<(), adjudica_core::ValueError>(())
    /// ```
    #[must_use]
    pub fn seconds_until(&self, later: &Self) -> i64 {
        later.seconds.saturating_sub(self.seconds)
    }
}

fn read(text: &str) -> Option<Moment> {
    let (date, rest) = text.split_at_checked(10)?;
    let day = ServiceDate::parse(date).ok()?;
    let rest = rest.strip_prefix('T')?;
    let (time, zone) = rest.split_at_checked(8)?;
    let seconds = match time.split(':').collect::<Vec<_>>().as_slice() {
        [hour, minute, second] => number(hour, 23)? * 3_600 + number(minute, 59)? * 60 + number(second, 59)?,
        _ => return None,
    };
    let offset = match zone.split_at_checked(1)? {
        ("Z", "") => 0,
        (sign @ ("+" | "-"), zone) => {
            let (hours, minutes) = zone.split_once(':')?;
            let offset = number(hours, 23)? * 3_600 + number(minutes, 59)? * 60;
            if sign == "-" { -offset } else { offset }
        }
        _ => return None,
    };
    let seconds = i64::from(day.days()) * SECONDS_OF_DAY + seconds - offset;
    Some(Moment { text: text.into(), day, seconds })
}

fn number(digits: &str, max: i64) -> Option<i64> {
    let well_formed = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit());
    digits.parse().ok().filter(|number| well_formed && *number <= max)
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_one_form_only() {
        for good in ["2026-03-07T09:00:00-05:00", "2026-03-07T09:00:00Z", "2026-12-31T23:59:59+14:00"] {
            assert_eq!(Moment::parse(good).map(|moment| moment.to_string()).as_deref(), Ok(good));
        }
        for bad in [
            "2026-03-07",
            "2026-03-07T09:00",
            "2026-03-07T24:00:00Z",
            "2026-03-07T09:00:00",
            "2026-02-30T09:00:00Z",
            "2026-03-07T+9:00:00Z",
            "2026-03-07T09:00:00Zé",
        ] {
            assert!(Moment::parse(bad).is_err(), "{bad}");
        }
    }
}
