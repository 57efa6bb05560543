//! Rows that are found by what the record of an encounter shows, instead of being asked one after the other, and read from the
//! image when they are first found.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Range;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{ImageFault, Words};

/// A row that may have nothing to say of an encounter.
pub trait Triggered: Serialize + DeserializeOwned {
    /// Bits of supporting information of which the record must show one before the row can speak; `None` where it may speak
    /// whatever is shown.
    fn triggers(&self) -> Option<u64>;
}

/// Rows in their order. Most rows of most policies wait for something that few records show, so an encounter is asked for
/// what it shows and not row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screened<'a, T>(Vec<Screen<'a, T>>);

/// Up to [`ROWS`] rows.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Screen<'a, T> {
    written: Written<'a>,
    /// The rows that were read.
    rows: Vec<OnceCell<T>>,
}

/// Rows in the image, and a bit for each of those that may speak.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Written<'a> {
    /// Whatever is shown.
    always: u64,
    /// The bits of supporting information that trigger any.
    triggers: u64,
    /// For each of those bits, from the lowest, the rows that it triggers, in eight bytes, the lowest first.
    #[serde(borrow)]
    triggered: Cow<'a, [u8]>,
    /// Where each row ends in `bytes`: see [`Words`].
    #[serde(borrow)]
    ends: Cow<'a, [u8]>,
    /// The rows, one after the other.
    #[serde(borrow)]
    bytes: Cow<'a, [u8]>,
}

/// Rows of a screen.
const ROWS: usize = 64;

impl<T: Triggered> Screened<'static, T> {
    /// The rows, in the order in which they speak. One that cannot be written is one that cannot be read.
    #[must_use]
    pub fn new(rows: &[T]) -> Self {
        Self(rows.chunks(ROWS).map(|rows| Screen::of(Written::new(rows))).collect())
    }
}

impl<T> Screened<'_, T> {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Triggered> Screened<'_, T> {
    /// All rows, in order, each perhaps unreadable.
    pub fn iter(&self) -> impl Iterator<Item = Result<&T, ImageFault>> {
        self.0.iter().flat_map(|screen| (0..screen.rows.len()).map(|place| screen.row(place)))
    }

    /// The rows that may speak of a record which shows these bits, in order, each perhaps unreadable.
    #[inline]
    pub fn of_shown(&self, shown: u64) -> impl Iterator<Item = Result<&T, ImageFault>> {
        self.0.iter().flat_map(move |screen| Places(screen.written.of_shown(shown)).map(|place| screen.row(place)))
    }
}

impl<'a, T> Screen<'a, T> {
    fn of(written: Written<'a>) -> Self {
        let rows = std::iter::repeat_with(OnceCell::new).take(Words::new(&written.ends).iter().len()).collect();
        Self { written, rows }
    }
}

impl<T: Triggered> Screen<'_, T> {
    #[inline]
    fn row(&self, place: usize) -> Result<&T, ImageFault> {
        let cell = self.rows.get(place).ok_or(ImageFault)?;
        match cell.get() {
            Some(row) => Ok(row),
            None => self.read(place, cell),
        }
    }

    #[cold]
    fn read<'c>(&self, place: usize, cell: &'c OnceCell<T>) -> Result<&'c T, ImageFault> {
        let bytes = self.written.range(place).and_then(|range| self.written.bytes.get(range)).ok_or(ImageFault)?;
        let row = postcard::from_bytes(bytes).map_err(|_| ImageFault)?;
        Ok(cell.get_or_init(|| row))
    }
}

impl Written<'static> {
    fn new<T: Triggered>(rows: &[T]) -> Self {
        let mut always = 0;
        let mut triggers = 0;
        for (place, row) in rows.iter().enumerate() {
            match row.triggers() {
                Some(bits) => triggers |= bits,
                None => always |= 1 << place,
            }
        }
        let triggered = Places(triggers).flat_map(|bit| {
            let by_bit =
                rows.iter().enumerate().filter(|(_, row)| row.triggers().is_some_and(|own| own >> bit & 1 == 1));
            by_bit.fold(0_u64, |all, (place, _)| all | 1 << place).to_le_bytes()
        });
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for row in rows {
            bytes.extend(postcard::to_allocvec(row).unwrap_or_default());
            ends.push(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        }
        let triggered = triggered.collect();
        Self { always, triggers, triggered, ends: Words::encode(ends).into(), bytes: bytes.into() }
    }
}

impl Written<'_> {
    #[inline]
    fn of_shown(&self, shown: u64) -> u64 {
        let (triggered, _) = self.triggered.as_chunks::<8>();
        let mut rows = self.always;
        for bit in Places(shown & self.triggers) {
            rows |= triggered.get(rank(self.triggers, bit)).map_or(0, |rows| u64::from_le_bytes(*rows));
        }
        rows
    }

    /// The bytes of a row.
    fn range(&self, place: usize) -> Option<Range<usize>> {
        let ends = Words::new(&self.ends);
        let end = |place: usize| usize::try_from(ends.get(u32::try_from(place).ok()?)?).ok();
        let start = match place.checked_sub(1) {
            Some(before) => end(before)?,
            None => 0,
        };
        Some(start..end(place)?)
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

impl<T> Serialize for Screened<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.iter().map(|screen| &screen.written).collect::<Vec<_>>().serialize(serializer)
    }
}

impl<'de: 'a, 'a, T> Deserialize<'de> for Screened<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written: Vec<Written<'a>> = Vec::deserialize(deserializer)?;
        Ok(Self(written.into_iter().map(Screen::of).collect()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
        fn it_gives_the_rows_that_may_speak_in_order(
            rows in prop::collection::vec(prop::option::of(bits()).prop_map(Row), 0..200),
            shown in bits(),
        ) {
            let bytes = postcard::to_allocvec(&Screened::new(&rows)).expect("bytes");
            let screened: Screened<'_, Row> = postcard::from_bytes(&bytes).expect("rows");
            let may_speak = |row: &&Row| row.0.is_none_or(|triggers| triggers & shown != 0);
            for _ in 0..2 {
                let found: Vec<Row> = screened.of_shown(shown).map(|row| row.expect("a row").clone()).collect();
                prop_assert_eq!(found, rows.iter().filter(may_speak).cloned().collect::<Vec<_>>());
            }
            let all: Vec<Row> = screened.iter().map(|row| row.expect("a row").clone()).collect();
            prop_assert_eq!(all, rows);
        }
    }

    #[test]
    fn a_row_that_is_cut_off_is_a_fault_and_not_silence() {
        let mut screened = Screened::new(&[Row(Some(1)), Row(Some(u64::MAX))]);
        for screen in &mut screened.0 {
            screen.written.bytes.to_mut().pop();
        }
        assert_eq!(screened.of_shown(1).map(|row| row.is_ok()).collect::<Vec<_>>(), [true, false]);
    }
}
