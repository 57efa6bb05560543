//! The shape of a kind of record, as the interface's document describes it, put to a value: what is missing, strange or of another sort.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use adjudica_core::records::RecordBody;
use serde_json::Value;
use utoipa::ToSchema;

use crate::intake::fields::kind as kind_of;
use crate::intake::json::{join_path, printable};

/// Shapes that others refer to, by name.
static NAMED: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
    let mut schemas = Vec::new();
    RecordBody::schemas(&mut schemas);
    schemas.into_iter().filter_map(|(name, schema)| Some((name, serde_json::to_value(schema).ok()?))).collect()
});

/// A shape, as JSON Schema writes it.
pub(super) struct Shape(Value);

impl Shape {
    /// The shape of what a record of `kind` says, without the kind.
    pub(super) fn of_kind(kind: &str) -> Option<Self> {
        Some(Self(serde_json::to_value(RecordBody::shape(kind)?).ok()?))
    }

    /// Every field that is missing, unknown, or of another sort, by its place within the value.
    pub(super) fn faults(&self, value: &Value) -> Vec<(String, String)> {
        let mut faults = Vec::new();
        compare("", resolve(&self.0), value, &mut faults);
        faults
    }

    /// What belongs at `place`, such as `goals[0].from`, in words.
    pub(super) fn wanted(&self, place: &str) -> String {
        let steps = place.split(['.', '[']).map(|step| step.trim_end_matches(']'));
        let found = steps.fold(resolve(&self.0), |shape, step| {
            let within = shape["properties"].get(step).or_else(|| shape.get("items"));
            resolve(within.or_else(|| shape.get("additionalProperties")).unwrap_or(&Value::Null))
        });
        words(found)
    }
}

/// The shape itself, where one is only named, and that of the value, where it may be absent.
fn resolve(shape: &Value) -> &Value {
    let name = shape["$ref"].as_str().and_then(|path| path.rsplit('/').next());
    let named = name.and_then(|name| NAMED.get(name));
    let present = || shape["oneOf"].as_array()?.iter().find(|one| one["type"] != "null").map(resolve);
    named.map(resolve).or_else(present).unwrap_or(shape)
}

/// The sort of a shape: `string`, `integer`, `boolean`, `array` or `object`.
fn sort(shape: &Value) -> Option<&str> {
    let sort = &shape["type"];
    let of_several = || sort.as_array()?.iter().filter_map(Value::as_str).find(|sort| *sort != "null");
    sort.as_str().or_else(of_several)
}

fn compare(place: &str, shape: &Value, value: &Value, faults: &mut Vec<(String, String)>) {
    let is_of_sort = match sort(shape) {
        Some("string") => value.is_string(),
        Some("integer") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => true,
    };
    if !is_of_sort {
        faults.push((place.to_owned(), format!("is {}; give {}", kind_of(value), words(shape))));
        return;
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        compare(&format!("{place}[{index}]"), resolve(&shape["items"]), item, faults);
    }
    let (Some(fields), Some(known)) = (value.as_object(), shape["properties"].as_object()) else { return };
    let is_given = |name: &str| fields.get(name).is_some_and(|value| !value.is_null());
    for name in shape["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !is_given(name) {
            let wanted = shape["properties"].get(name).map_or_else(String::new, |shape| words(resolve(shape)));
            faults.push((join_path(place, name), format!("is missing; give {wanted}")));
        }
    }
    for (name, field) in fields {
        match known.get(name) {
            None => {
                let message = "is not a field of this kind; take it out".to_owned();
                faults.push((join_path(place, &printable(name)), message));
            }
            Some(_) if field.is_null() => {}
            Some(shape) => compare(&join_path(place, name), resolve(shape), field, faults),
        }
    }
}

/// What a shape takes, in words that follow "give".
fn words(shape: &Value) -> String {
    if let Some(words) = shape["enum"].as_array() {
        let words: Vec<_> = words.iter().filter_map(Value::as_str).map(|word| format!("`{word}`")).collect();
        return format!("one of {}", words.join(", "));
    }
    let is_value = !matches!(sort(shape), Some("object" | "array"));
    if let (true, Some(about)) =
        (is_value && shape.get("format").or(shape.get("pattern")).is_some(), shape["description"].as_str())
    {
        let mut letters = about.trim_end_matches('.').chars();
        let first = letters.next().map(|letter| letter.to_lowercase().to_string()).unwrap_or_default();
        return first + letters.as_str();
    }
    match sort(shape) {
        Some("integer") => "a whole number",
        Some("boolean") => "true or false",
        Some("array") => "a list",
        Some("object") => "an object",
        _ => "a text",
    }
    .to_owned()
}
