//! When a row applies: bits that nearly always say all, and the names beyond them where a policy has that many.

use adjudica_core::name_set::{NameSet, bit};
use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// When a row applies; every part given must hold.
///
/// The bits are those that [`bit`] gives for a position. They never refuse what the names beyond them would take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
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

/// The names of a [`When`], some of which have no bit of their own.
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
    pub const ALWAYS: Self = Self {
        roles: u64::MAX,
        phase_modes: u64::MAX,
        places: u64::MAX,
        info: 0,
        without: 0,
        minutes_min: 0,
        minutes_max: u32::MAX,
        far: None,
    };

    /// Applies to these names.
    #[must_use]
    pub fn of(names: Far, phase_modes: u64, (minutes_min, minutes_max): (u32, u32)) -> Self {
        let is_near = [&names.roles, &names.places, &names.info, &names.without].into_iter().all(NameSet::is_bits);
        Self {
            roles: names.roles.bits(),
            phase_modes,
            places: names.places.bits(),
            info: names.info.bits(),
            without: names.without.bits() & !bit(u32::MAX),
            minutes_min,
            minutes_max,
            far: (!is_near).then(|| Box::new(names)),
        }
    }
}

/// What stands first where names beyond follow; no bits of roles are these.
const FAR: i64 = -2;

/// Bits and bounds as signed numbers, so that "all" and "no end" take one byte.
impl Serialize for When {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(FIELDS)?;
        if let Some(far) = &self.far {
            tuple.serialize_element(&FAR)?;
            tuple.serialize_element(far)?;
        }
        for bits in [self.roles, self.phase_modes, self.places, self.info, self.without] {
            tuple.serialize_element(&bits.cast_signed())?;
        }
        tuple.serialize_element(&self.minutes_min)?;
        tuple.serialize_element(&self.minutes_max.cast_signed())?;
        tuple.end()
    }
}

/// Most parts that are written.
const FIELDS: usize = 9;

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_tuple(FIELDS, WhenVisitor)
    }
}

struct WhenVisitor;

impl<'de> Visitor<'de> for WhenVisitor {
    type Value = When;

    fn expecting(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str(EXPECTED)
    }

    fn visit_seq<Parts: SeqAccess<'de>>(self, mut parts: Parts) -> Result<When, Parts::Error> {
        let mut far = None;
        let mut first: i64 = next(&mut parts)?;
        if first == FAR {
            far = Some(Box::new(next::<Far, _>(&mut parts)?));
            first = next(&mut parts)?;
        }
        let bits = |parts: &mut Parts| next::<i64, _>(parts).map(i64::cast_unsigned);
        Ok(When {
            roles: first.cast_unsigned(),
            phase_modes: bits(&mut parts)?,
            places: bits(&mut parts)?,
            info: bits(&mut parts)?,
            without: bits(&mut parts)?,
            minutes_min: next(&mut parts)?,
            minutes_max: next::<i32, _>(&mut parts)?.cast_unsigned(),
            far,
        })
    }
}

const EXPECTED: &str = "condition";

fn next<'de, T: Deserialize<'de>, Parts: SeqAccess<'de>>(parts: &mut Parts) -> Result<T, Parts::Error> {
    parts.next_element()?.ok_or_else(|| Parts::Error::custom(EXPECTED))
}
