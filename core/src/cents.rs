//! Money as whole cents.

use serde::{Deserialize, Serialize};

use crate::error::ValueError;
use crate::quantity::Units;

/// An amount in whole cents. Negative amounts are reversals.
///
/// ```
/// use adjudica_core::{Cents, Units};
/// assert_eq!(Cents::new(2_500).times(Units(3)), Ok(Cents::new(7_500)));
/// assert!(Cents::MAX.times(Units(2)).is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cents(i64);

impl Cents {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The highest amount that there can be: where no bound is known.
    pub const MAX: Self = Self(i64::MAX);

    /// So many cents.
    #[must_use]
    pub const fn new(cents: i64) -> Self {
        Self(cents)
    }

    /// The whole cents, for what is not money's own: a column, a row of a database, a text.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The sum of two amounts.
    /// # Errors
    /// [`ValueError::Overflow`] when the sum does not fit 64 bits.
    pub fn plus(self, other: Self) -> Result<Self, ValueError> {
        self.0.checked_add(other.0).map(Self).ok_or(ValueError::Overflow { what: "sum of amounts" })
    }

    /// This amount for each of `units`.
    /// # Errors
    /// [`ValueError::Overflow`] when the product does not fit 64 bits.
    pub fn times(self, units: Units) -> Result<Self, ValueError> {
        self.0.checked_mul(i64::from(units.0)).map(Self).ok_or(ValueError::Overflow { what: "amount" })
    }

    /// The sum of two amounts; where it does not fit 64 bits, the nearest that does.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// This amount less another; where it does not fit 64 bits, the nearest that does.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// What takes this amount back; where it does not fit 64 bits, the nearest that does.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self(self.0.saturating_neg())
    }

    /// The amount itself, or nothing where it is below zero.
    #[must_use]
    pub fn or_zero(self) -> Self {
        self.max(Self::ZERO)
    }

    /// What of this amount falls on `part` of `whole`, rounded down to the cent; nothing where `whole` is 0 or the share does
    /// not fit 64 bits. Amount, part and whole are 0 or more.
    #[must_use]
    pub fn share(self, part: Self, whole: Self) -> Self {
        let share = (i128::from(self.0) * i128::from(part.0)).checked_div(i128::from(whole.0));
        Self(share.and_then(|share| i64::try_from(share).ok()).unwrap_or(0))
    }

    /// `part` of `whole` of this amount, rounded half up to the cent; [`Self::MAX`] where it does not fit 64 bits.
    /// Amount and part are 0 or more, `whole` is 1 or more.
    ///
    /// ```
    /// use adjudica_core::Cents;
    /// assert_eq!(Cents::new(101).share_half_up(1, 2), Cents::new(51));
    /// ```
    #[must_use]
    pub fn share_half_up(self, part: i64, whole: i64) -> Self {
        let in_64_bits =
            || self.0.checked_mul(part)?.checked_mul(2)?.checked_add(whole)?.checked_div(whole.checked_mul(2)?);
        let in_128_bits = || {
            let halves = i128::from(self.0) * i128::from(part) * 2 + i128::from(whole);
            i64::try_from(halves.checked_div(i128::from(whole) * 2)?).ok()
        };
        // Policies count what they spend: the long division is for what no payer pays.
        in_64_bits().or_else(in_128_bits).map_or(Self::MAX, Self)
    }

    /// The amount itself where it is nothing or more.
    /// # Errors
    /// [`ValueError::BelowZero`] for any other.
    pub fn require_not_below_zero(self) -> Result<Self, ValueError> {
        if self < Self::ZERO { Err(ValueError::BelowZero { cents: self.0 }) } else { Ok(self) }
    }
}

/// Adds up; where the sum does not fit 64 bits it stays at the nearest that does.
impl std::iter::Sum for Cents {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::saturating_add)
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
        assert!(Cents::MAX.plus(Cents(1)).is_err());
        assert_eq!(Cents(-1).plus(Cents(1)), Ok(Cents::ZERO));
        assert_eq!([Cents::MAX, Cents(1)].into_iter().sum::<Cents>(), Cents::MAX);
        assert_eq!((Cents(5).negated(), Cents(i64::MIN).negated()), (Cents(-5), Cents::MAX));
    }

    #[test]
    fn it_rounds_shares_as_their_names_say() {
        let table = [
            // cents, part, whole, down, half up
            (100, 1, 3, 33, 33),
            (101, 1, 2, 50, 51),
            (200, 1, 3, 66, 67),
            (10_000, 0, 10_000, 0, 0),
            (i64::MAX, 10_000, 10_000, i64::MAX, i64::MAX),
        ];
        for (cents, part, whole, down, half_up) in table {
            let amount = Cents(cents);
            let shares = (amount.share(Cents(part), Cents(whole)), amount.share_half_up(part, whole));
            assert_eq!(shares, (Cents(down), Cents(half_up)));
        }
        assert_eq!(Cents(100).share(Cents(1), Cents::ZERO), Cents::ZERO);
    }
}
