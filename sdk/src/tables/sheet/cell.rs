//! A cell of a sheet as the value that its column takes, by the description of the tables. What a spreadsheet makes of values is told.

use toml::Value;

use crate::reference::{Column, Form, Kind, Table, policy_tables};

/// A column that a sheet may have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    kind: Kind,
}

impl Cell {
    /// The column of that name of a table of rows; `when.roles` leads into `when`.
    pub(super) fn find(table: &str, name: &str) -> Option<Self> {
        let (outer, inner) = name.split_once('.').map_or((name, None), |(outer, inner)| (outer, Some(inner)));
        let column = columns(table)?.into_iter().find(|column| column.name == outer)?;
        let kind = match (column.kind, inner) {
            (Kind::Shape(shape), Some(inner)) => shape.columns.iter().find(|column| column.name == inner)?.kind,
            (kind, None) => kind,
            (_, Some(_)) => return None,
        };
        let is_plain = !matches!(kind, Kind::Shape(_) | Kind::Choice(_) | Kind::Map(_) | Kind::Member);
        is_plain.then_some(Self { kind })
    }

    /// The columns that a sheet of the table may have.
    pub(super) fn columns(table: &str) -> Vec<String> {
        let mut names = Vec::new();
        for column in columns(table).into_iter().flatten() {
            match column.kind {
                Kind::Shape(shape) => {
                    let plain = shape.columns.iter().map(|inner| format!("{}.{}", column.name, inner.name));
                    names.extend(plain.filter(|name| Self::find(table, name).is_some()));
                }
                _ if Self::find(table, column.name).is_some() => names.push(column.name.to_owned()),
                _ => {}
            }
        }
        names.retain(|name| name != super::FILE && name != super::PAIRS);
        names
    }

    /// The value of a text that is not empty.
    pub(super) fn read(self, text: &str) -> Result<Value, String> {
        match self.kind {
            Kind::Number | Kind::Count | Kind::Cents => number(text),
            Kind::YesNo => yes_no(text),
            Kind::Date => day(text),
            Kind::List(item) | Kind::Filled(item) => {
                let parts = text.split([' ', ';', ',', '\n', '\t']).filter(|part| !part.is_empty());
                parts.map(|part| Self { kind: *item }.read(part)).collect::<Result<_, _>>().map(Value::Array)
            }
            Kind::Name
            | Kind::NameOrSet
            | Kind::Member
            | Kind::Code
            | Kind::CodeOrSet
            | Kind::Modifier
            | Kind::Place
            | Kind::Text
            | Kind::Letters
            | Kind::Version
            | Kind::Fact
            | Kind::Word(_)
            | Kind::Map(_)
            | Kind::Shape(_)
            | Kind::Choice(_) => Ok(Value::String(text.to_owned())),
        }
    }
}

fn columns(table: &str) -> Option<Vec<&'static Column>> {
    let is_list = |known: &&Table| known.name == table && matches!(known.form, Form::List);
    policy_tables().find(is_list).map(|table| table.all_columns().collect())
}

fn number(text: &str) -> Result<Value, String> {
    let wrong = || format!("`{text}` is not a whole number; write one without points, commas or signs of a currency");
    text.parse::<i64>().map(Value::Integer).map_err(|_| wrong())
}

fn yes_no(text: &str) -> Result<Value, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" => Ok(Value::Boolean(true)),
        "false" | "no" => Ok(Value::Boolean(false)),
        _ => Err(format!("`{text}` is neither `true` nor `false`; write one of them")),
    }
}

fn day(text: &str) -> Result<Value, String> {
    let wrong = || {
        format!(
            "`{text}` is not a day as the tables write it; write year, month and day, such as `2026-03-31`, in a column of texts"
        )
    };
    let day = text.parse::<toml::value::Datetime>().map_err(|_| wrong())?;
    if day.time.is_some() { Err(wrong()) } else { Ok(Value::Datetime(day)) }
}
