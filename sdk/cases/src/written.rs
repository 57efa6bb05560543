//! What an author wrote in a case file, each part with its place, as values of JSON.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use crate::Fault;
use crate::text::Text;

/// A value and where it stands: a field by its name, an entry of a list by itself.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) value: Value,
    /// Of a table.
    pub(super) fields: BTreeMap<String, Written>,
    /// Of a list.
    pub(super) items: Vec<Written>,
}

impl Written {
    /// The whole file.
    pub(super) fn of_table(table: DeTable<'_>, text: &Text<'_>, faults: &mut Vec<Fault>) -> Self {
        Self::new((1, 1), DeValue::Table(table), text, faults)
    }

    fn of(value: Spanned<DeValue<'_>>, text: &Text<'_>, faults: &mut Vec<Fault>) -> Self {
        let span = value.span();
        let place = text.place(span.start);
        if matches!(value.get_ref(), DeValue::Table(_) | DeValue::Array(_)) {
            return Self::new(place, value.into_inner(), text, faults);
        }
        let value = toml::Value::deserialize(ValueDeserializer::from(value)).map(json_of).unwrap_or_else(|error| {
            faults.push(text.fault(Some(span), error.message()));
            Value::Null
        });
        Self { line: place.0, column: place.1, value, fields: BTreeMap::new(), items: Vec::new() }
    }

    fn new(place: (usize, usize), value: DeValue<'_>, text: &Text<'_>, faults: &mut Vec<Fault>) -> Self {
        let (mut fields, mut items) = (BTreeMap::new(), Vec::new());
        let value = match value {
            DeValue::Table(table) => {
                for (name, value) in table {
                    let (line, column) = text.place(name.span().start);
                    let field = Self { line, column, ..Self::of(value, text, faults) };
                    fields.insert(name.into_inner().into_owned(), field);
                }
                Value::Object(
                    fields.iter().map(|(name, field)| (name.clone(), field.value.clone())).collect::<Map<_, _>>(),
                )
            }
            DeValue::Array(values) => {
                items.extend(values.into_iter().map(|value| Self::of(value, text, faults)));
                Value::Array(items.iter().map(|item: &Self| item.value.clone()).collect())
            }
            _ => Value::Null,
        };
        Self { line: place.0, column: place.1, value, fields, items }
    }

    pub(super) fn fault(&self, message: String) -> Fault {
        Fault { line: self.line, column: self.column, message }
    }

    /// Itself and what it says.
    pub(super) fn with_value(&self) -> (&Self, Value) {
        (self, self.value.clone())
    }

    /// The text that it is.
    pub(super) fn text(&self) -> Option<&str> {
        self.value.as_str()
    }

    /// What the field `one` is, or what the list `several` holds.
    /// # Errors
    /// A place and what is wrong there.
    pub(super) fn one_or_several(&self, one: &str, several: &str) -> Result<Vec<&Self>, (&Self, String)> {
        match (self.fields.get(one), self.fields.get(several)) {
            (None, None) => Err((self, format!("there is neither `{one}` nor `{several}`; give one"))),
            (Some(_), Some(list)) => Err((list, format!("there are both `{one}` and `{several}`; keep one"))),
            (Some(item), None) => Ok(vec![item]),
            (None, Some(list)) if list.items.is_empty() => {
                Err((list, format!("`{several}` is a list of one or more; write `[{{ ... }}]`")))
            }
            (None, Some(list)) => Ok(list.items.iter().collect()),
        }
    }
}

/// TOML as JSON; dates become their text, and so do numbers that JSON has not.
pub fn json_of(value: toml::Value) -> Value {
    match value {
        toml::Value::Datetime(day) => Value::String(day.to_string()),
        toml::Value::Array(items) => Value::Array(items.into_iter().map(json_of).collect()),
        toml::Value::Table(table) => {
            Value::Object(table.into_iter().map(|(key, value)| (key, json_of(value))).collect())
        }
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => json!(number),
        toml::Value::Boolean(flag) => json!(flag),
        toml::Value::Float(number) => {
            serde_json::Number::from_f64(number).map_or_else(|| Value::String(number.to_string()), Value::Number)
        }
    }
}
