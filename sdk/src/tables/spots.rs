//! Where the values of a row stand, so that a fault names the value and not the head of its row.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The values of every row of a file, by line and column of the row.
pub(super) type Spots = BTreeMap<(usize, usize), Vec<Spot>>;

/// A value in a row.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    /// Keys from the row to the value, by points: `when.roles`.
    path: String,
    /// What a word or a number says.
    text: Option<String>,
    /// Its line and column, from 1.
    pub at: (usize, usize),
    /// Whether it is a list or a table that holds nothing.
    is_empty: bool,
}

impl Spot {
    /// The values of a row of a sheet, each in its cell of the line. What a list names stands in the cell of the list.
    pub(super) fn of_cells(values: &toml::Table, line: usize, cells: &BTreeMap<String, usize>) -> Vec<Self> {
        let mut found = Vec::new();
        for (path, column) in cells {
            let value = path.split('.').try_fold(None, |at: Option<&toml::Value>, key| {
                Some(Some(at.map_or_else(|| values.get(key), |table| table.get(key))?))
            });
            let value = value.flatten();
            let at = (line, *column);
            let spot = |text: Option<String>| Self { path: path.clone(), text, at, is_empty: false };
            found.push(spot(value.and_then(toml::Value::as_str).map(str::to_owned)));
            let names = value.and_then(toml::Value::as_array).into_iter().flatten().filter_map(toml::Value::as_str);
            found.extend(names.map(|name| spot(Some(name.to_owned()))));
        }
        found
    }

    /// What is wrong with a list or a table that holds nothing.
    pub(super) fn emptiness(&self) -> Option<String> {
        let key = self.path.rsplit('.').next().unwrap_or_default();
        self.is_empty.then(|| format!("`{key}` is empty, which says neither all nor none; name at least one, or leave it out where the table lets you"))
    }

    /// Whether the value stands at `path`, and says `text` where that is given.
    pub(super) fn is_at(&self, path: &str, text: Option<&str>) -> bool {
        self.path == path && text.is_none_or(|text| self.text.as_deref() == Some(text))
    }
}

/// Finds the values of a row.
pub(super) struct Finder<'p> {
    /// Line and column of an offset in bytes.
    place: &'p dyn Fn(usize) -> (usize, usize),
    found: Vec<Spot>,
}

impl<'p> Finder<'p> {
    /// Every value in `row`. A word in a list stands at the path of its list, a table at that with its number: `in_force[0]`.
    pub(super) fn find(row: &DeValue<'_>, place: &'p dyn Fn(usize) -> (usize, usize)) -> Vec<Spot> {
        let mut finder = Self { place, found: Vec::new() };
        if let DeValue::Table(fields) = row {
            finder.add_fields("", fields);
        }
        finder.found
    }

    fn add_fields(&mut self, path: &str, fields: &DeTable<'_>) {
        for (key, value) in fields {
            let key = key.get_ref();
            let path = if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
            self.add(&path, value);
        }
    }

    fn add(&mut self, path: &str, value: &Spanned<DeValue<'_>>) {
        let (text, is_empty) = match value.get_ref() {
            DeValue::String(text) => (Some(text.to_string()), false),
            DeValue::Integer(number) => (Some(number.as_str().to_owned()), false),
            DeValue::Float(number) => (Some(number.as_str().to_owned()), false),
            DeValue::Boolean(_) | DeValue::Datetime(_) => (None, false),
            DeValue::Array(items) => (None, items.is_empty()),
            DeValue::Table(fields) => (None, fields.is_empty()),
        };
        let at = (self.place)(value.span().start);
        self.found.push(Spot { path: path.to_owned(), text, at, is_empty });
        match value.get_ref() {
            DeValue::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let at_place = format!("{path}[{index}]");
                    self.add(if item.get_ref().is_table() { &at_place } else { path }, item);
                }
            }
            DeValue::Table(fields) => self.add_fields(path, fields),
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => {}
        }
    }
}
