//! When a row applies: always, as most do, or in a case of which bits nearly always say all, and names beyond them the rest.

use adjudica_core::name_set::{NameSet, bit};
use serde::de::{Error, Visitor};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Triggered;

/// When a row applies. Most rows apply always.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When(Option<Box<Case>>);

/// A case in which a row applies; every part of it must hold.
///
/// The bits are those that [`bit`] gives for a position. They never refuse what the names beyond them would take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Roles: bits; the highest stands for every role beyond those with a bit of their own.
    pub roles: u64,
    /// Phases and modes: bit `phase * 8 + mode`.
    pub phase_modes: u64,
    /// Places: bits.
    pub places: u64,
    /// Supporting information that must be there.
    pub info: u64,
    /// Supporting information that must not be there; the highest bit is never set.
    pub without: u64,
    /// Fewest minutes.
    pub minutes_min: u32,
    /// Most minutes.
    pub minutes_max: u32,
    /// The names, where bits do not tell them apart.
    pub far: Option<Box<Far>>,
}

/// The names of a [`Case`], some of which have no bit of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Far {
    /// Roles.
    pub roles: NameSet,
    /// Places.
    pub places: NameSet,
    /// Supporting information that must be there.
    pub info: NameSet,
    /// Supporting information that must not be there.
    pub without: NameSet,
}

impl When {
    /// Applies always.
    pub const ALWAYS: Self = Self(None);

    /// The case in which it applies; `None` where it does always.
    #[must_use]
    #[inline]
    pub fn case(&self) -> Option<&Case> {
        self.0.as_deref()
    }

    /// Applies to these names, and to minutes from the first to the last of `minutes`.
    #[must_use]
    pub fn of(names: Far, phase_modes: u64, minutes: std::ops::RangeInclusive<u32>) -> Self {
        let is_near = [&names.roles, &names.places, &names.info, &names.without].into_iter().all(NameSet::is_bits);
        let case = Case {
            roles: names.roles.bits(),
            phase_modes,
            places: names.places.bits(),
            info: names.info.bits(),
            without: names.without.bits() & !bit(u32::MAX),
            minutes_min: *minutes.start(),
            minutes_max: *minutes.end(),
            far: (!is_near).then(|| Box::new(names)),
        };
        if case == Case::ANY { Self::ALWAYS } else { Self(Some(Box::new(case))) }
    }
}

impl Case {
    /// Leaves nothing out.
    const ANY: Self = Self {
        roles: u64::MAX,
        phase_modes: u64::MAX,
        places: u64::MAX,
        info: 0,
        without: 0,
        minutes_min: 0,
        minutes_max: u32::MAX,
        far: None,
    };

    /// Its bytes: the sign of the numbers that are not as in [`Case::ANY`], those numbers, the lowest byte of each first, and
    /// the names where there are any.
    fn to_bytes(&self) -> postcard::Result<Vec<u8>> {
        let mut given = 0;
        let mut bytes = vec![given];
        let any = &Self::ANY;
        let bits = [
            (self.roles, any.roles),
            (self.phase_modes, any.phase_modes),
            (self.places, any.places),
            (self.info, any.info),
            (self.without, any.without),
        ];
        for (place, (bits, any)) in bits.into_iter().enumerate() {
            if bits != any {
                given |= 1 << place;
                bytes.extend(bits.to_le_bytes());
            }
        }
        if (self.minutes_min, self.minutes_max) != (any.minutes_min, any.minutes_max) {
            given |= MINUTES;
            bytes.extend(self.minutes_min.to_le_bytes());
            bytes.extend(self.minutes_max.to_le_bytes());
        }
        if let Some(far) = &self.far {
            given |= FAR;
            bytes.extend(postcard::to_allocvec(far)?);
        }
        if let Some(sign) = bytes.first_mut() {
            *sign = given;
        }
        Ok(bytes)
    }

    /// The case that `bytes` are.
    fn read(bytes: &[u8]) -> Option<Self> {
        let (given, mut rest) = bytes.split_first()?;
        let mut case = Self::ANY;
        let bits =
            [&mut case.roles, &mut case.phase_modes, &mut case.places, &mut case.info, &mut case.without].into_iter();
        for (place, bits) in bits.enumerate() {
            if given & 1 << place != 0 {
                *bits = u64::from_le_bytes(*take(&mut rest)?);
            }
        }
        if given & MINUTES != 0 {
            case.minutes_min = u32::from_le_bytes(*take(&mut rest)?);
            case.minutes_max = u32::from_le_bytes(*take(&mut rest)?);
        }
        if given & FAR != 0 {
            case.far = Some(Box::new(postcard::from_bytes(rest).ok()?));
        }
        Some(case)
    }
}

/// The sign that minutes are given; those of the bits before it are in the order of the fields.
const MINUTES: u8 = 1 << 5;
/// The sign that names are.
const FAR: u8 = 1 << 6;

fn take<'b, const LENGTH: usize>(rest: &mut &'b [u8]) -> Option<&'b [u8; LENGTH]> {
    let (taken, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(taken)
}

/// A case that asks for information cannot be where its first is not shown.
impl Triggered for When {
    fn triggers(&self) -> Option<u64> {
        let asked = self.case().map_or(0, |case| case.info);
        (asked != 0).then_some(asked & asked.wrapping_neg())
    }
}

/// A row that applies in a case.
impl Triggered for (When, u32) {
    fn triggers(&self) -> Option<u64> {
        self.0.triggers()
    }
}

/// The bytes of its case; none for "always".
impl Serialize for When {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = self.case().map(Case::to_bytes).transpose().map_err(S::Error::custom)?;
        serializer.serialize_bytes(&bytes.unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(WhenVisitor)
    }
}

struct WhenVisitor;

impl Visitor<'_> for WhenVisitor {
    type Value = When;

    fn expecting(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("a condition")
    }

    #[inline]
    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<When, E> {
        if bytes.is_empty() {
            return Ok(When::ALWAYS);
        }
        let case = Case::read(bytes).ok_or_else(|| E::invalid_length(bytes.len(), &self))?;
        Ok(When(Some(Box::new(case))))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names() -> impl Strategy<Value = NameSet> {
        let some = prop::collection::btree_set(prop_oneof![0_u32..70, 60_u32..2_000], 0..6);
        prop_oneof![Just(NameSet::EVERY), some.prop_map(NameSet::from_iter)]
    }

    prop_compose! {
        fn conditions()(
            roles in names(), places in names(), info in names(), without in names(),
            phase_modes in prop_oneof![Just(u64::MAX), any::<u64>()],
            from in prop_oneof![Just(0), any::<u32>()], to in prop_oneof![Just(u32::MAX), any::<u32>()],
        ) -> When {
            When::of(Far { roles, places, info, without }, phase_modes, from..=to)
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(when in conditions()) {
            let bytes = postcard::to_allocvec(&when).unwrap_or_default();
            prop_assert_eq!(postcard::from_bytes::<When>(&bytes), Ok(when));
        }
    }
}
