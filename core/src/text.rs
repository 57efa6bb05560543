//! Reads a value from a text as it lies in what is read, without a copy of the text first.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserializer;
use serde::de::{Error, Visitor};

use crate::error::ValueError;

/// What `parse` makes of the text that comes next.
pub(crate) fn deserialize<'de, D, T>(deserializer: D, parse: fn(&str) -> Result<T, ValueError>) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
{
    deserializer.deserialize_str(Parsing { parse, value: PhantomData })
}

struct Parsing<T> {
    parse: fn(&str) -> Result<T, ValueError>,
    value: PhantomData<T>,
}

impl<T> Visitor<'_> for Parsing<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.parse)(text).map_err(E::custom)
    }
}
