//! Sets of names, which stand for their positions in a list: bits for the first 63, the rest counted out. Most lists are shorter.

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Positions that have a bit of their own; the next bit stands for all others.
const OWN: u32 = 63;

/// A set of names of one list, by position. A position that the list does not have is in [`NameSet::EVERY`] alone.
///
/// ```
/// use adjudica_core::name_set::NameSet;
/// let some: NameSet = [2, 5, 700].into_iter().collect();
/// assert!(some.has(5) && some.has(700) && !some.has(701));
/// assert!(NameSet::EVERY.has(u32::MAX), "whatever it is");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NameSet {
    bits: u64,
    /// Positions from 63 on, rising; without them the last bit means every one.
    beyond: Option<Box<Positions>>,
}

/// Boxed whole, so that a set without them is small.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Positions(Vec<u32>);

/// The bit that a position is looked for with.
#[must_use]
#[inline]
pub fn bit(position: u32) -> u64 {
    1_u64 << if position < OWN { position } else { OWN }
}

impl NameSet {
    /// Every name, known or not.
    pub const EVERY: Self = Self { bits: u64::MAX, beyond: None };

    /// No name.
    pub const NONE: Self = Self { bits: 0, beyond: None };

    /// Whether the name at `position` is in it.
    #[must_use]
    #[inline]
    pub fn has(&self, position: u32) -> bool {
        self.bits & bit(position) != 0 && (position < OWN || self.has_beyond(position))
    }

    /// The [`bit`]s of its names: what has none of them in common with it has no name in common.
    #[must_use]
    #[inline]
    pub fn bits(&self) -> u64 {
        self.bits
    }

    /// The set of names that have bits of their own, or [`NameSet::EVERY`].
    #[must_use]
    #[inline]
    pub fn of_bits(bits: u64) -> Self {
        Self { bits, beyond: None }
    }

    /// Whether its bits say all.
    #[must_use]
    pub fn is_bits(&self) -> bool {
        self.beyond.is_none()
    }

    #[cold]
    fn has_beyond(&self, position: u32) -> bool {
        self.beyond.as_ref().is_none_or(|beyond| beyond.0.binary_search(&position).is_ok())
    }

    /// Adds the name at `position`.
    pub fn insert(&mut self, position: u32) {
        let is_every = self.bits & bit(u32::MAX) != 0 && self.beyond.is_none();
        if position >= OWN && !is_every {
            let beyond = &mut self.beyond.get_or_insert_default().0;
            if let Err(place) = beyond.binary_search(&position) {
                beyond.insert(place, position);
            }
        }
        self.bits |= bit(position);
    }

    /// The positions, rising; of [`NameSet::EVERY`] those that have a bit of their own.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        let own = (0..OWN).filter(|position| self.bits & bit(*position) != 0);
        own.chain(self.beyond.iter().flat_map(|beyond| beyond.0.iter().copied()))
    }

    /// The first position; of [`NameSet::EVERY`] 0.
    #[must_use]
    #[inline]
    pub fn first(&self) -> Option<u32> {
        match self.bits.trailing_zeros() {
            own if own < OWN => Some(own),
            _ => self.beyond.as_ref().and_then(|beyond| beyond.0.first().copied()),
        }
    }

    /// Whether all of these names are in `other`.
    #[must_use]
    #[inline]
    pub fn is_within(&self, other: &Self) -> bool {
        self.bits & !other.bits == 0
            && self.beyond.as_ref().is_none_or(|beyond| beyond.0.iter().all(|name| other.has(*name)))
    }

    /// Whether any of these names is in `other`. Neither is [`NameSet::EVERY`].
    #[must_use]
    #[inline]
    pub fn meets(&self, other: &Self) -> bool {
        let both = self.bits & other.bits;
        both & !bit(u32::MAX) != 0
            || both != 0 && self.beyond.as_ref().is_some_and(|beyond| beyond.0.iter().any(|name| other.has(*name)))
    }
}

impl FromIterator<u32> for NameSet {
    fn from_iter<Names: IntoIterator<Item = u32>>(names: Names) -> Self {
        let mut set = Self::NONE;
        set.extend(names);
        set
    }
}

impl Extend<u32> for NameSet {
    fn extend<Names: IntoIterator<Item = u32>>(&mut self, names: Names) {
        names.into_iter().for_each(|name| self.insert(name));
    }
}

/// Bytes, the lowest of each number first: none for "every", else the bits and then the positions beyond.
impl Serialize for NameSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if *self == Self::EVERY {
            return serializer.serialize_bytes(&[]);
        }
        let mut bytes = self.bits.to_le_bytes().to_vec();
        let beyond = self.beyond.iter().flat_map(|beyond| &beyond.0);
        bytes.extend(beyond.flat_map(|position| position.to_le_bytes()));
        serializer.serialize_bytes(&bytes)
    }
}

impl<'de> Deserialize<'de> for NameSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(SetVisitor)
    }
}

struct SetVisitor;

impl Visitor<'_> for SetVisitor {
    type Value = NameSet;

    fn expecting(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("names")
    }

    #[inline]
    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<NameSet, E> {
        if bytes.is_empty() {
            return Ok(NameSet::EVERY);
        }
        let (bits, beyond) = bytes.split_first_chunk().ok_or_else(|| E::invalid_length(bytes.len(), &self))?;
        Ok(NameSet { bits: u64::from_le_bytes(*bits), beyond: read_beyond(beyond) })
    }
}

fn read_beyond(bytes: &[u8]) -> Option<Box<Positions>> {
    if bytes.is_empty() {
        return None;
    }
    let (positions, _) = bytes.as_chunks::<4>();
    Some(Box::new(Positions(positions.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect())))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn names() -> impl Strategy<Value = BTreeSet<u32>> {
        prop::collection::btree_set(prop_oneof![0_u32..70, 60_u32..2_000], 0..12)
    }

    proptest! {
        #[test]
        fn it_is_the_set_of_its_names(one in names(), two in names(), asked in 0_u32..2_000) {
            let set: NameSet = one.iter().copied().collect();
            let other: NameSet = two.iter().copied().collect();
            prop_assert_eq!(set.iter().collect::<Vec<_>>(), one.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(set.has(asked), one.contains(&asked));
            prop_assert_eq!(set.first(), one.first().copied());
            prop_assert!(!set.has(u32::MAX), "a name that the list does not have");
            prop_assert_eq!(set.is_within(&other), one.is_subset(&two));
            prop_assert_eq!(set.meets(&other), !one.is_disjoint(&two));
            prop_assert!(one.iter().all(|name| set.bits() & bit(*name) != 0));
        }
    }

    #[test]
    fn it_has_every_name() {
        for position in [0, 62, 63, 64, 1_000, u32::MAX] {
            assert!(NameSet::EVERY.has(position), "{position}");
            assert!(NameSet::from_iter([position]).is_within(&NameSet::EVERY), "{position}");
        }
        let mut every = NameSet::EVERY;
        every.insert(700);
        assert_eq!(every, NameSet::EVERY);
    }
}
