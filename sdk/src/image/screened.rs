//! Rows that are found by what the record of an encounter shows, instead of being asked one after the other.

use serde::ser::SerializeSeq as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A row that may have nothing to say of an encounter.
pub trait Triggered {
    /// Bits of supporting information of which the record must show one before the row can speak; `None` where it may speak
    /// whatever is shown.
    fn triggers(&self) -> Option<u64>;
}

/// Rows in their order. Most rows of most policies wait for something that few records show, so an encounter is asked for
/// what it shows and not row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screened<T>(Vec<Screen<T>>);

/// Up to [`ROWS`] rows, and a bit for each of those that may speak.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Screen<T> {
    rows: Vec<T>,
    /// Whatever is shown.
    always: u64,
    /// The bits of supporting information that trigger any.
    triggers: u64,
    /// For each of those bits, from the lowest, the rows that it triggers.
    triggered: Vec<u64>,
}

/// Rows of a screen.
const ROWS: usize = 64;

impl<T: Triggered> Screened<T> {
    /// The rows, in the order in which they speak.
    #[must_use]
    pub fn new(rows: Vec<T>) -> Self {
        let mut rest = rows;
        let mut screens = Vec::new();
        while !rest.is_empty() {
            let behind = rest.split_off(rest.len().min(ROWS));
            screens.push(Screen::new(rest));
            rest = behind;
        }
        Self(screens)
    }
}

impl<T> Screened<T> {
    /// All rows.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flat_map(|screen| &screen.rows)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rows that may speak of a record which shows these bits, in order.
    #[inline]
    pub fn of_shown(&self, shown: u64) -> impl Iterator<Item = &T> {
        self.0.iter().flat_map(move |screen| screen.of_shown(shown))
    }
}

impl<T: Triggered> Screen<T> {
    fn new(rows: Vec<T>) -> Self {
        let mut always = 0;
        let mut triggers = 0;
        for (place, row) in rows.iter().enumerate() {
            match row.triggers() {
                Some(bits) => triggers |= bits,
                None => always |= 1 << place,
            }
        }
        let mut triggered = vec![0; Places(triggers).count()];
        for (place, row) in rows.iter().enumerate() {
            for bit in Places(row.triggers().unwrap_or(0)) {
                if let Some(rows) = triggered.get_mut(rank(triggers, bit)) {
                    *rows |= 1 << place;
                }
            }
        }
        Self { rows, always, triggers, triggered }
    }
}

impl<T> Screen<T> {
    #[inline]
    fn of_shown(&self, shown: u64) -> impl Iterator<Item = &T> {
        let mut places = self.always;
        for bit in Places(shown & self.triggers) {
            places |= self.triggered.get(rank(self.triggers, bit)).copied().unwrap_or(0);
        }
        Places(places).filter_map(|place| self.rows.get(place))
    }
}

/// How many of `bits` are below `bit`.
#[inline]
fn rank(bits: u64, bit: usize) -> usize {
    let below = bits & ((1 << bit) - 1);
    usize::try_from(below.count_ones()).unwrap_or(usize::MAX)
}

/// The places of the bits that are set, from the lowest.
struct Places(u64);

impl Iterator for Places {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let place = usize::try_from(self.0.trailing_zeros()).ok().filter(|place| *place < ROWS)?;
        self.0 &= self.0 - 1;
        Some(place)
    }
}

impl<T: Serialize> Serialize for Screened<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rows = serializer.serialize_seq(Some(self.iter().count()))?;
        self.iter().try_for_each(|row| rows.serialize_element(row))?;
        rows.end()
    }
}

impl<'de, T: Triggered + Deserialize<'de>> Deserialize<'de> for Screened<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, PartialEq, Eq)]
    struct Row(Option<u64>);

    impl Triggered for Row {
        fn triggers(&self) -> Option<u64> {
            self.0
        }
    }

    fn bits() -> impl Strategy<Value = u64> {
        prop::collection::vec(0_u32..64, 0..4).prop_map(|bits| bits.into_iter().fold(0, |all, bit| all | 1 << bit))
    }

    proptest! {
        #[test]
        fn it_gives_the_rows_that_may_speak_in_order(rows in prop::collection::vec(prop::option::of(bits()), 0..200), shown in bits()) {
            let screened = Screened::new(rows.into_iter().map(Row).collect());
            let may_speak = |row: &&Row| row.0.is_none_or(|triggers| triggers & shown != 0);
            let found: Vec<&Row> = screened.of_shown(shown).collect();
            prop_assert_eq!(found, screened.iter().filter(may_speak).collect::<Vec<_>>());
        }
    }
}
