//! A checker of the part of JSON Schema that our schemas use. Patterns are checked as `patterns` reads them; formats are not.

use serde_json::Value;

use super::patterns::matches;

/// Every way in which `value` is not as `schema` says, each with its place.
pub(super) fn check(root: &Value, value: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    Checker { root, faults: &mut faults }.check(root, value, "");
    faults
}

struct Checker<'s, 'f> {
    root: &'s Value,
    faults: &'f mut Vec<String>,
}

/// Words of the schemas that this checker knows; another would go unchecked.
const KNOWN: [&str; 24] = [
    "$schema",
    "$defs",
    "$ref",
    "title",
    "description",
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "minItems",
    "enum",
    "const",
    "pattern",
    "format",
    "minimum",
    "oneOf",
    "anyOf",
    "allOf",
    "if",
    "then",
    "else",
    "prefixItems",
    "maxItems",
];

impl Checker<'_, '_> {
    fn check(&mut self, schema: &Value, value: &Value, place: &str) {
        let words = schema.as_object().unwrap_or_else(|| panic!("not a schema: {schema}"));
        for word in words.keys() {
            assert!(KNOWN.contains(&word.as_str()), "the checker does not know `{word}`");
        }
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.strip_prefix("#/$defs/").expect("a reference to a definition");
            let root = self.root;
            let definition = root["$defs"].get(name).unwrap_or_else(|| panic!("no definition `{name}`"));
            Checker { root, faults: self.faults }.check(definition, value, place);
        }
        self.simple(schema, value, place);
        self.members(schema, value, place);
        for branch in schema["allOf"].as_array().into_iter().flatten() {
            self.check(branch, value, place);
        }
        if let Some(condition) = schema.get("if") {
            let branch = if self.is_valid(condition, value) { "then" } else { "else" };
            schema.get(branch).into_iter().for_each(|branch| self.check(branch, value, place));
        }
        for (word, fits) in [("oneOf", 1..=1), ("anyOf", 1..=usize::MAX)] {
            if let Some(branches) = schema[word].as_array() {
                let count = branches.iter().filter(|branch| self.is_valid(branch, value)).count();
                if !fits.contains(&count) {
                    self.fault(place, &format!("{count} of {word} fit"));
                }
            }
        }
    }

    fn is_valid(&self, schema: &Value, value: &Value) -> bool {
        let mut faults = Vec::new();
        Checker { root: self.root, faults: &mut faults }.check(schema, value, "");
        faults.is_empty()
    }

    fn fault(&mut self, place: &str, what: &str) {
        self.faults.push(format!("{place}: {what}"));
    }

    fn simple(&mut self, schema: &Value, value: &Value, place: &str) {
        let is_of_type = match schema["type"].as_str() {
            None => true,
            Some("object") => value.is_object(),
            Some("array") => value.is_array(),
            Some("string") => value.is_string(),
            Some("integer") => value.is_i64() || value.is_u64(),
            Some("boolean") => value.is_boolean(),
            Some(other) => panic!("the checker does not know the type `{other}`"),
        };
        if !is_of_type {
            self.fault(place, &format!("not of type {}", schema["type"]));
        }
        if let Some(allowed) = schema["enum"].as_array()
            && !allowed.contains(value)
        {
            self.fault(place, &format!("{value} is none of the words"));
        }
        if let Some(only) = schema.get("const")
            && only != value
        {
            self.fault(place, &format!("{value} is not {only}"));
        }
        if let (Some(pattern), Some(text)) = (schema["pattern"].as_str(), value.as_str())
            && !matches(pattern, text)
        {
            self.fault(place, &format!("`{text}` is not as {pattern}"));
        }
        if let (Some(minimum), Some(number)) = (schema["minimum"].as_i64(), value.as_i64())
            && minimum > number
        {
            self.fault(place, &format!("{number} is below {minimum}"));
        }
        if let (Some(least), Some(items)) = (schema["minItems"].as_u64(), value.as_array())
            && (items.len() as u64) < least
        {
            self.fault(place, "too few items");
        }
        if let (Some(most), Some(items)) = (schema["maxItems"].as_u64(), value.as_array())
            && (items.len() as u64) > most
        {
            self.fault(place, "too many items");
        }
    }

    fn members(&mut self, schema: &Value, value: &Value, place: &str) {
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            if let Some(items) = schema["prefixItems"].get(index) {
                self.check(items, item, &format!("{place}[{index}]"));
            }
            if let Some(items) = schema.get("items") {
                self.check(items, item, &format!("{place}[{index}]"));
            }
        }
        let Some(object) = value.as_object() else { return };
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !object.contains_key(name) {
                self.fault(place, &format!("`{name}` is missing"));
            }
        }
        for (name, member) in object {
            let place = format!("{place}.{name}");
            match (schema["properties"].get(name), &schema["additionalProperties"]) {
                (Some(known), _) => self.check(known, member, &place),
                (None, Value::Bool(false)) => self.fault(&place, "there is no such column"),
                (None, Value::Null) => {}
                (None, further) => self.check(further, member, &place),
            }
        }
    }
}
