//! JSON text to a value, refusing what JSON leaves open: a key given twice.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::error::{Faults, FieldFault};

/// A value, and each key that was given twice in one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The value, with the first of each doubled key.
    pub value: Value,
    /// The doubled keys.
    pub faults: Faults,
}

/// Reads one JSON text.
/// # Errors
/// The one fault, with line and column, when `bytes` are not one JSON value.
pub fn parse_json(bytes: &[u8]) -> Result<Parsed, FieldFault> {
    let faults = RefCell::new(Faults::default());
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { path: String::new(), faults: &faults }.deserialize(&mut deserializer).map_err(malformed)?;
    deserializer.end().map_err(malformed)?;
    Ok(Parsed { value, faults: faults.into_inner() })
}

/// Most bytes of a path: what lies deeper is told at the place where that is reached.
const PATH_BYTES_MAX: usize = 256;

/// `parent.name`, or `name` at the top; a long path ends in `…`.
#[must_use]
pub fn join_path(parent: &str, name: &str) -> String {
    if parent.is_empty() {
        name.to_owned()
    } else if parent.len() + name.len() < PATH_BYTES_MAX {
        format!("{parent}.{name}")
    } else if parent.ends_with('…') {
        parent.to_owned()
    } else {
        format!("{parent}.…")
    }
}

/// `parent[index]`, cut like [`join_path`].
fn index_path(parent: &str, index: usize) -> String {
    if parent.len() < PATH_BYTES_MAX { format!("{parent}[{index}]") } else { parent.to_owned() }
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that map_err asks for")]
fn malformed(fault: serde_json::Error) -> FieldFault {
    let message = fault.to_string();
    let what = message.split(" at line ").next().unwrap_or_default();
    let place = format!("line {}, column {}: {what}; send one JSON value in UTF-8", fault.line(), fault.column());
    FieldFault::new("", place)
}

/// The longest key that is repeated back.
const KEY_CHARACTERS_MAX: usize = 64;

/// A key as it is safe to repeat back: short, without control characters.
#[must_use]
pub fn printable(key: &str) -> String {
    key.chars().filter(|c| !c.is_control()).take(KEY_CHARACTERS_MAX).collect()
}

struct Strict<'a> {
    path: String,
    faults: &'a RefCell<Faults>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) =
            items.next_element_seed(Strict { path: index_path(&self.path, values.len()), faults: self.faults })?
        {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let path = join_path(&self.path, &printable(&key));
            let value = entries.next_value_seed(Strict { path: path.clone(), faults: self.faults })?;
            if map.contains_key(&key) {
                self.faults.borrow_mut().push(FieldFault::new(path, "is given more than once; give it once"));
            } else {
                map.insert(key, value);
            }
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_names_each_key_that_is_given_twice() {
        let parsed = parse_json(br#"{"a":1,"a":2,"b":[{"c":1,"c":2}]}"#).expect("json");
        let fields: Vec<_> = parsed.faults.named().iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(fields, ["a", "b[0].c"]);
        assert_eq!(parsed.value["a"], 1);
    }

    #[test]
    fn it_refuses_what_is_not_one_json_value() {
        let deep = "[".repeat(100_000);
        let digits = format!("{{\"minutes\":1{}}}", "0".repeat(100_000));
        let texts = [
            "",
            "{",
            "nul",
            "{\"a\":1}x",
            "\u{feff}{}",
            "{\"a\":NaN}",
            "{\"a\":1e400}",
            "[1,]",
            "{\"a\":01}",
            &deep,
            &digits,
        ];
        for text in texts {
            let fault = parse_json(text.as_bytes()).expect_err(&printable(text));
            assert!(fault.message.len() < 300, "{}", printable(text));
        }
        assert!(parse_json(b"\"\xff\"").is_err());
        assert!(parse_json(br#""\ud800""#).is_err());
    }
}
