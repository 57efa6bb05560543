//! JSON Schema, draft 2020-12, from the description of the tables. Says what form a file has, not what it must mean.

use std::collections::BTreeMap;

use adjudica_core::Field;
use serde_json::{Map, Value, json};

use super::{Choice, Column, Form, Kind, Needs, Shape, Table, Word, common, must};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

pub(super) const NAME: &str = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$";
pub(super) const NAME_OR_SET: &str = "^(@.+|[A-Za-z0-9][A-Za-z0-9_.-]{0,63})$";
pub(super) const CODE: &str = "^([A-Z][0-9]{4}|[0-9]{4}[0-9FMTU])$";
pub(super) const CODE_OR_SET: &str = "^(@.+|[A-Z][0-9]{4}|[0-9]{4}[0-9FMTU])$";
pub(super) const MODIFIER: &str = "^[0-9A-Z]{2}$";
pub(super) const PLACE: &str = "^[0-9]{2}$";
pub(super) const LETTERS: &str = "^[BRIWN ]+$";
pub(super) const VERSION: &str = "^[0-9]+[.][0-9]+[.][0-9]+(-[0-9A-Za-z.-]+)?([+][0-9A-Za-z.-]+)?$";
pub(super) const DATE: &str = "^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$";

/// The schema of a file of these tables.
pub(super) fn of_file(title: &str, says: &str, tables: &[&Table], required: &[&str]) -> Value {
    let mut definitions = Definitions::default();
    let properties: Map<String, Value> =
        tables.iter().map(|table| (table.name.to_owned(), definitions.table(table))).collect();
    json!({
        "$schema": DIALECT,
        "title": title,
        "description": says,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
        "$defs": definitions.found,
    })
}

/// The shapes that were met, by name.
#[derive(Default)]
struct Definitions {
    found: BTreeMap<String, Value>,
}

impl Definitions {
    fn table(&mut self, table: &Table) -> Value {
        let says = table.says.join("\n\n");
        match table.form {
            Form::One => self.row(&says, table),
            Form::List => {
                let items = or_many(self.row(&says, table), table);
                json!({ "type": "array", "description": says, "items": items })
            }
            Form::Map(kind) => described(self.map(&kind), &says),
        }
    }

    /// A row with its own columns, and with the common ones by reference.
    fn row(&mut self, says: &str, table: &Table) -> Value {
        let mut row = self.object(says, table.columns);
        if table.has_common_columns() {
            for column in common::COLUMNS {
                let name = format!("row.{}", column.name);
                add(&mut row, column, reference(&name));
                let definition = described(self.kind(&column.kind), &says_of(column));
                self.found.insert(name, definition);
            }
        }
        let needs: Vec<Value> = table.needs.iter().map(needed).collect();
        if let (Value::Object(row), false) = (&mut row, needs.is_empty()) {
            row.insert("allOf".to_owned(), Value::Array(needs));
        }
        row
    }

    fn object(&mut self, says: &str, columns: &[Column]) -> Value {
        let mut object = json!({
            "type": "object",
            "description": says,
            "properties": {},
            "required": [],
            "additionalProperties": false,
        });
        for column in columns {
            add(&mut object, column, described(self.kind(&column.kind), &says_of(column)));
        }
        object
    }

    fn map(&mut self, kind: &Kind) -> Value {
        json!({ "type": "object", "additionalProperties": self.kind(kind) })
    }

    fn kind(&mut self, kind: &Kind) -> Value {
        match kind {
            Kind::Name => text(NAME),
            Kind::NameOrSet => text(NAME_OR_SET),
            Kind::Member => json!({ "oneOf": [text(NAME_OR_SET), {
                "type": "object",
                "properties": { "name": text(NAME_OR_SET), "from": text(DATE), "to": text(DATE) },
                "required": ["name"],
                "additionalProperties": false,
            }] }),
            Kind::Code => text(CODE),
            Kind::CodeOrSet => text(CODE_OR_SET),
            Kind::Modifier => text(MODIFIER),
            Kind::Place => text(PLACE),
            Kind::Letters => text(LETTERS),
            Kind::Version => text(VERSION),
            Kind::Text => json!({ "type": "string" }),
            Kind::Number => json!({ "type": "integer", "minimum": 0 }),
            Kind::Count => json!({ "type": "integer", "minimum": 1 }),
            Kind::Cents => json!({ "type": "integer" }),
            Kind::YesNo => json!({ "type": "boolean" }),
            Kind::Date => json!({ "type": "string", "format": "date", "pattern": DATE }),
            Kind::Fact => {
                json!({ "type": "string", "enum": Field::ALL.iter().map(|field| field.name()).collect::<Vec<_>>() })
            }
            Kind::Word(words) => {
                json!({ "type": "string", "enum": words.iter().map(|word| word.name).collect::<Vec<_>>() })
            }
            Kind::List(item) => json!({ "type": "array", "items": self.kind(item) }),
            Kind::Filled(item) => json!({ "type": "array", "minItems": 1, "items": self.kind(item) }),
            Kind::Map(item) => self.map(item),
            Kind::Shape(shape) => self.shape(shape),
            Kind::Choice(choice) => self.choice(choice),
        }
    }

    fn shape(&mut self, shape: &Shape) -> Value {
        if !self.found.contains_key(shape.name) {
            let object = self.object(shape.says, shape.columns);
            self.found.insert(shape.name.to_owned(), object);
        }
        reference(shape.name)
    }

    fn choice(&mut self, choice: &Choice) -> Value {
        if !self.found.contains_key(choice.name) {
            let mut branches = Vec::new();
            for shape in choice.shapes {
                let mut branch = self.object(shape.says, shape.columns);
                let decides = must(choice.by, Kind::Text, shape.says);
                add(&mut branch, &decides, json!({ "const": shape.name, "description": shape.says }));
                branches.push(branch);
            }
            self.found.insert(choice.name.to_owned(), json!({ "description": choice.says, "oneOf": branches }));
        }
        reference(choice.name)
    }
}

/// A row that may also name a file of rows, or pairs: what a row needs then stands there.
fn or_many(mut row: Value, table: &Table) -> Value {
    let Value::Object(schema) = &mut row else { return row };
    let mut many = vec![json!({ "required": ["file"] })];
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        let says = "a CSV file beside the tables with a row on each line; what this row says holds for each whose own cell says nothing else";
        properties.insert("file".to_owned(), json!({ "type": "string", "description": says }));
        if table.name == "exclude" {
            let says = "pairs of codes: the first of each is refused beside the second";
            let code = json!({ "type": "string" });
            let several = json!({ "oneOf": [code, { "type": "array", "items": code }] });
            let pair = json!({ "type": "array", "prefixItems": [code, several], "minItems": 2, "maxItems": 2 });
            properties.insert("pairs".to_owned(), json!({ "type": "array", "items": pair, "description": says }));
            many.push(json!({ "required": ["pairs"] }));
        }
    }
    let needed: Map<String, Value> =
        ["required", "allOf"].into_iter().filter_map(|key| Some((key.to_owned(), schema.remove(key)?))).collect();
    schema.insert("if".to_owned(), json!({ "anyOf": many }));
    schema.insert("then".to_owned(), json!({}));
    schema.insert("else".to_owned(), Value::Object(needed));
    row
}

/// Adds a column to the schema of an object.
fn add(object: &mut Value, column: &Column, schema: Value) {
    if let Some(Value::Object(properties)) = object.get_mut("properties") {
        properties.insert(column.name.to_owned(), schema);
    }
    if let (true, Some(Value::Array(required))) = (column.required, object.get_mut("required")) {
        required.push(json!(column.name));
    }
}

fn text(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": pattern })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn described(mut schema: Value, says: &str) -> Value {
    if let Value::Object(schema) = &mut schema {
        schema.insert("description".to_owned(), json!(says));
    }
    schema
}

fn needed(needs: &Needs) -> Value {
    let each = |names: &[&str]| names.iter().map(|name| json!({ "required": [name] })).collect::<Vec<_>>();
    match needs {
        Needs::ExactlyOne(names) => json!({ "oneOf": each(names) }),
        Needs::AtLeastOne(names) => json!({ "anyOf": each(names) }),
    }
}

/// What a column means, with the words that it takes.
pub(super) fn says_of(column: &Column) -> String {
    let words: &[Word] = if let Kind::Word(words) = column.kind {
        words
    } else if let Kind::List(Kind::Word(words)) = column.kind {
        words
    } else {
        &[]
    };
    let meanings: Vec<String> = words.iter().map(|word| format!("`{}` ({})", word.name, word.says)).collect();
    if meanings.is_empty() { column.says.to_owned() } else { format!("{}: {}", column.says, meanings.join(", ")) }
}
