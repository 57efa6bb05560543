//! Bits and bounds in few bytes: written as signed numbers, so that "all" and "no end", which are all ones, take one byte.

/// A set of 64 bits.
pub(super) mod bits {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(bits: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(bits.cast_signed())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        i64::deserialize(deserializer).map(i64::cast_unsigned)
    }
}

/// An upper bound.
pub(super) mod bound {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(bound: &u32, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i32(bound.cast_signed())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
        i32::deserialize(deserializer).map(i32::cast_unsigned)
    }
}
