//! Money as whole cents. Knows nothing of currencies' names or of rates.

use serde::{Deserialize, Serialize};

use crate::error::ValueError;
use crate::quantity::Units;

/// An amount in whole cents. Negative amounts are reversals.
///
/// ```
/// use adjudica_core::{Cents, Units};
/// assert_eq!(Cents(2_500).times(Units(3)), Ok(Cents(7_500)));
/// assert!(Cents(i64::MAX).times(Units(2)).is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cents(pub i64);

impl Cents {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The sum of two amounts.
    /// # Errors
    /// [`ValueError::Overflow`] when the sum does not fit 64 bits.
    pub fn plus(self, other: Self) -> Result<Self, ValueError> {
        self.0.checked_add(other.0).map(Self).ok_or(ValueError::Overflow { what: "sum of amounts" })
    }

    /// The amount itself where it is nothing or more.
    /// # Errors
    /// [`ValueError::BelowZero`] for any other.
    pub fn require_not_below_zero(self) -> Result<Self, ValueError> {
        if self < Self::ZERO { Err(ValueError::BelowZero { cents: self.0 }) } else { Ok(self) }
    }

    /// This amount for each of `units`.
    /// # Errors
    /// [`ValueError::Overflow`] when the product does not fit 64 bits.
    pub fn times(self, units: Units) -> Result<Self, ValueError> {
        self.0.checked_mul(i64::from(units.0)).map(Self).ok_or(ValueError::Overflow { what: "amount" })
    }
}

impl std::fmt::Display for Cents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{:02}", self.0.unsigned_abs() / 100, self.0.unsigned_abs() % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_prints_dollars_and_cents_with_the_sign_in_front() {
        let table =
            [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (123_456, "1234.56"), (i64::MIN, "-92233720368547758.08")];
        for (cents, text) in table {
            assert_eq!(Cents(cents).to_string(), text);
        }
    }

    #[test]
    fn it_refuses_to_overflow() {
        assert!(Cents(i64::MAX).plus(Cents(1)).is_err());
        assert_eq!(Cents(-1).plus(Cents(1)), Ok(Cents::ZERO));
    }
}
