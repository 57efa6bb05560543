//! Every way a payer turns minutes into units, each under its name. Knows nothing about payers or codes.

use serde::{Deserialize, Serialize};

use crate::quantity::{Minutes, Units};

/// One row of a payer's own table: from `minutes_min` to `minutes_max`, both included, gives `units`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// First minute of the band.
    pub minutes_min: u32,
    /// Last minute of the band.
    pub minutes_max: u32,
    /// Units that the band is worth.
    pub units: u32,
}

/// A named rule for turning minutes into units.
///
/// ```
/// use adjudica_core::{Minutes, Rounding, Units};
/// let therapy = Rounding::CmsEightMinute { step: 15 };
/// assert_eq!(therapy.units(Minutes(7)), Units(0));
/// assert_eq!(therapy.units(Minutes(8)), Units(1));
/// assert_eq!(therapy.units(Minutes(23)), Units(2));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// One unit, whatever the minutes.
    PerEncounter,
    /// Only whole steps count: 29 minutes of 15 are 1 unit.
    Floor {
        /// Minutes in one unit.
        step: u32,
    },
    /// A started step counts: 16 minutes of 15 are 2 units.
    Ceil {
        /// Minutes in one unit.
        step: u32,
    },
    /// Whole steps, and one more when at least eight minutes remain (for a step of 15: 8 to 22 is 1, 23 to 37 is 2).
    CmsEightMinute {
        /// Minutes in one unit.
        step: u32,
    },
    /// Whole steps, and one more when more than half a step remains: 16 of 30 is 1, 15 is 0.
    CptMidpoint {
        /// Minutes in one unit.
        step: u32,
    },
    /// Nothing below `first`; one unit from there; one more for each full `step` after it.
    Threshold {
        /// Minutes that the first unit needs.
        first: u32,
        /// Minutes that each further unit needs.
        step: u32,
    },
    /// The payer's own table; minutes outside every band are 0 units.
    Table {
        /// The bands, in order, not overlapping.
        bands: Vec<Band>,
    },
    /// Tenths of an hour, a started tenth counting: 1 to 6 minutes is 1, 7 is 2.
    TenthHourCeil,
}

/// Minutes in a tenth of an hour.
const TENTH_HOUR: u32 = 6;
/// Minutes of a started step that the CMS rule rounds up from.
const CMS_REMAINDER_MIN: u32 = 8;

impl Rounding {
    /// Units for `minutes`. A step of 0 minutes gives 0 units; policy builds refuse such a step.
    #[must_use]
    pub fn units(&self, minutes: Minutes) -> Units {
        Units(match self {
            Self::PerEncounter => 1,
            Self::Floor { step } => floor(minutes.0, *step),
            Self::Ceil { step } => ceil(minutes.0, *step),
            Self::CmsEightMinute { step } => whole_and_rest(minutes.0, *step, CMS_REMAINDER_MIN),
            Self::CptMidpoint { step } => whole_and_rest(minutes.0, *step, step / 2 + 1),
            Self::Threshold { first, step } => threshold(minutes.0, *first, *step),
            Self::Table { bands } => bands
                .iter()
                .find(|band| (band.minutes_min..=band.minutes_max).contains(&minutes.0))
                .map_or(0, |band| band.units),
            Self::TenthHourCeil => ceil(minutes.0, TENTH_HOUR),
        })
    }
}

/// Whole steps in `minutes`.
#[must_use]
pub fn floor(minutes: u32, step: u32) -> u32 {
    minutes.checked_div(step).unwrap_or(0)
}

/// Started steps in `minutes`.
#[must_use]
pub fn ceil(minutes: u32, step: u32) -> u32 {
    if step == 0 { 0 } else { minutes.div_ceil(step) }
}

/// Whole steps, and one more when at least `remainder_min` minutes remain.
#[must_use]
pub fn whole_and_rest(minutes: u32, step: u32, remainder_min: u32) -> u32 {
    if step == 0 {
        return 0;
    }
    let whole = minutes / step;
    if minutes % step >= remainder_min { whole.saturating_add(1) } else { whole }
}

/// One unit at `first` minutes and one for each full `step` after.
#[must_use]
pub fn threshold(minutes: u32, first: u32, step: u32) -> u32 {
    match minutes.checked_sub(first) {
        None => 0,
        Some(rest) => floor(rest, step).saturating_add(1),
    }
}

#[cfg(test)]
mod tests;
