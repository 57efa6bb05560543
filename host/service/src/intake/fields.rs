//! Reads an object field by field and collects every fault on the way.

use std::collections::BTreeSet;

use adjudica_core::error::ValueError;
use adjudica_core::{Digest, Modifier, PlaceOfService, ProcedureCode, ServiceDate, Token};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::clock::whole_microseconds;
use crate::error::{Faults, FieldFault};
use crate::intake::json::{join_path, printable};

/// What a reader of one value says when it refuses it.
pub type Refusal = String;

/// Reads the fields of one object.
pub struct Fields<'a> {
    path: String,
    map: Option<&'a Map<String, Value>>,
    known: BTreeSet<&'static str>,
    faults: Faults,
}

impl<'a> Fields<'a> {
    /// Starts with the object at `path`; another kind of value is a fault and reads as an empty object.
    #[must_use]
    pub fn of(path: &str, value: &'a Value) -> Self {
        let mut fields =
            Self { path: path.to_owned(), map: value.as_object(), known: BTreeSet::new(), faults: Faults::default() };
        if fields.map.is_none() {
            fields.faults.push(FieldFault::new(path, format!("is {}; give an object with named fields", kind(value))));
        }
        fields
    }

    /// The field's own path.
    #[must_use]
    pub fn path_of(&self, name: &str) -> String {
        join_path(&self.path, name)
    }

    /// Adds a fault of the field `name`.
    pub fn refuse(&mut self, name: &str, message: impl Into<String>) {
        let path = self.path_of(name);
        self.faults.push(FieldFault::new(path, message));
    }

    /// Adds faults that were found elsewhere, with their own paths.
    pub fn add(&mut self, faults: Faults) {
        self.faults.add(faults);
    }

    /// The raw value; absent and null are the same.
    pub fn find_value(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.insert(name);
        self.map?.get(name).filter(|value| !value.is_null())
    }

    /// A field that may be absent.
    pub fn find<T>(&mut self, name: &'static str, read: impl FnOnce(&'a Value) -> Result<T, Refusal>) -> Option<T> {
        let value = self.find_value(name)?;
        match read(value) {
            Ok(read) => Some(read),
            Err(refusal) => {
                self.refuse(name, refusal);
                None
            }
        }
    }

    /// A field that must be there; `None` says that a fault was noted.
    pub fn require<T>(&mut self, name: &'static str, read: impl FnOnce(&'a Value) -> Result<T, Refusal>) -> Option<T> {
        if self.find_value(name).is_none() {
            if self.map.is_some() {
                self.refuse(name, "is missing");
            }
            return None;
        }
        self.find(name, read)
    }

    /// A list of at most `max` different entries; absent reads as empty. Every bad entry is named by its place.
    pub fn list<T: PartialEq>(
        &mut self,
        name: &'static str,
        max: usize,
        read: fn(&Value) -> Result<T, Refusal>,
    ) -> Vec<T> {
        let Some(value) = self.find_value(name) else { return Vec::new() };
        let Some(items) = value.as_array() else {
            self.refuse(name, format!("is {}; give a list", kind(value)));
            return Vec::new();
        };
        if items.len() > max {
            self.refuse(name, format!("has {} entries; give at most {max}", items.len()));
            return Vec::new();
        }
        let mut entries = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let refusal = match read(item) {
                Ok(entry) if entries.contains(&entry) => "is in the list already; give it once".to_owned(),
                Ok(entry) => {
                    entries.push(entry);
                    continue;
                }
                Err(refusal) => refusal,
            };
            let path = format!("{}[{index}]", self.path_of(name));
            self.faults.push(FieldFault::new(path, refusal));
        }
        entries
    }

    /// Ends the reading: every field that was not asked for is a fault.
    #[must_use]
    pub fn finish(mut self, what: &str) -> Faults {
        let given = self.map.map(|map| map.keys()).into_iter().flatten();
        let unknown: Vec<_> = given.filter(|name| !self.known.contains(name.as_str())).cloned().collect();
        for name in unknown {
            let hint =
                nearest(&name, &self.known).map(|known| format!("; did you mean `{known}`?")).unwrap_or_default();
            self.refuse(&printable(&name), format!("is not a field of {what}{hint}"));
        }
        self.faults
    }
}

/// What sort of JSON value it is, as a person says it.
#[must_use]
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A text.
/// # Errors
/// Another kind of value.
pub fn read_text(value: &Value) -> Result<&str, Refusal> {
    value.as_str().ok_or_else(|| format!("is {}; give a text", kind(value)))
}

/// True or false.
/// # Errors
/// Another kind of value.
pub fn read_flag(value: &Value) -> Result<bool, Refusal> {
    value.as_bool().ok_or_else(|| format!("is {}; give true or false", kind(value)))
}

/// A whole number from `min` to `max`.
/// # Errors
/// Another kind of value, a fraction, or a number outside the range.
pub fn read_number(value: &Value, min: i64, max: i64) -> Result<i64, Refusal> {
    let Value::Number(number) = value else {
        return Err(format!("is {}; give a whole number from {min} to {max}", kind(value)));
    };
    match number.as_i64() {
        Some(number) if (min..=max).contains(&number) => Ok(number),
        Some(number) if number < 0 && min >= 0 => {
            Err(format!("is {number}, which is negative; give a whole number from {min} to {max}"))
        }
        Some(number) => Err(format!("is {number}; give a whole number from {min} to {max}")),
        None if number.is_u64() => Err(format!("is far too large; give a whole number from {min} to {max}")),
        None => Err(format!("is not a whole number; give one from {min} to {max}")),
    }
}

/// A whole number from `min` to `max` that fits 32 bits.
/// # Errors
/// As [`read_number`].
pub fn read_count(value: &Value, min: u32, max: u32) -> Result<u32, Refusal> {
    let number = read_number(value, i64::from(min), i64::from(max))?;
    u32::try_from(number).map_err(|_| format!("is {number}; give a whole number from {min} to {max}"))
}

/// An instant in RFC 3339, cut to microseconds.
/// # Errors
/// Another form.
pub fn read_instant(value: &Value) -> Result<Timestamp, Refusal> {
    parse_instant(read_text(value)?)
}

/// An instant in RFC 3339, cut to microseconds.
/// # Errors
/// Another form.
pub fn parse_instant(text: &str) -> Result<Timestamp, Refusal> {
    let refusal = |_| format!("`{}` is not an instant; write one such as `2026-01-31T09:30:00Z`", short(text));
    text.parse::<Timestamp>().map(whole_microseconds).map_err(refusal)
}

fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(24).collect()
}

macro_rules! readers {
    ($($(#[doc = $doc:literal])+ $name:ident: $type:ty;)+) => {
        $($(#[doc = $doc])+
        /// # Errors
        /// Another kind of value, or another form.
        pub fn $name(value: &Value) -> Result<$type, Refusal> {
            <$type>::parse(read_text(value)?).map_err(|fault: ValueError| fault.to_string())
        })+
    };
}

readers! {
    /// A name of letters, digits, `_`, `-` and `.`.
    read_token: Token;
    /// A calendar day.
    read_date: ServiceDate;
    /// A CPT or HCPCS code.
    read_code: ProcedureCode;
    /// A modifier.
    read_modifier: Modifier;
    /// A place of service.
    read_place: PlaceOfService;
    /// A SHA-256 digest.
    read_digest: Digest;
}

/// The known name that differs from `name` in at most two letters.
fn nearest(name: &str, known: &BTreeSet<&'static str>) -> Option<&'static str> {
    if name.len() > 64 {
        return None;
    }
    known
        .iter()
        .copied()
        .map(|known| (strsim::levenshtein(name, known), known))
        .filter(|(distance, _)| *distance <= 2)
        .min()
        .map(|(_, known)| known)
}
