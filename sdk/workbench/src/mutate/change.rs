//! The changes that are tried: numbers by one, days by one, a name out of a list or into it, a weaker effect, a row gone.

use std::collections::{BTreeMap, BTreeSet};

use adjudica_core::ServiceDate;
use adjudica_sdk::tables::Sets;
use serde::Serialize;
use toml::{Table, Value};

use super::rows::{rows, without_row};
use crate::Subject;

/// Keys whose values decide nothing.
const WORDS: [&str; 17] = [
    "id",
    "source",
    "section",
    "sentence",
    "satisfied",
    "remedy",
    "title",
    "version",
    "locator",
    "confidence",
    "assumes",
    "denial",
    "payers",
    "currency",
    "extends",
    "includes",
    "reads",
];
/// Tables whose rows decide nothing.
const SILENT: [&str; 2] = ["source", "assumption"];
/// Keys of lists into which a name too many is tried.
const WIDENED: [&str; 5] = ["roles", "phases", "modes", "places", "codes"];
/// Effects, each before the one that is weaker.
const EFFECTS: [&str; 4] = ["not_billable", "incomplete", "review", "note"];

/// One small change to the tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Tells it from the others, the same as long as the row keeps its id and values.
    pub id: String,
    /// Line on which the row starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The changed tables.
    #[serde(skip)]
    pub tables: String,
}

/// Every change to the policy's own tables, in their order.
#[must_use]
pub fn changes(subject: &Subject) -> Vec<Change> {
    let Some(spelled) = subject.spelled_out() else { return Vec::new() };
    let root = &spelled.root;
    let names = Names::of(root);
    let mut found = Vec::new();
    for row in rows(&spelled) {
        if let Some(tables) = without_row(&spelled, &row) {
            found.push(Change { id: format!("{}: without the row", row.name()), line: row.line(&spelled), tables });
        }
        let Some(value) = row_value(root, &row.table, row.index) else { continue };
        for (words, changed) in variants(value, "", &names) {
            if let Some(tables) = with_row(root, &row.table, row.index, changed) {
                found.push(Change { id: format!("{}: {words}", row.name()), line: row.line(&spelled), tables });
            }
        }
    }
    for table in ["sets", "policy"] {
        let Some(value) = root.get(table) else { continue };
        for (words, changed) in variants(value, "", &names) {
            if let Some(tables) = with_row(root, table, None, changed) {
                found.push(Change { id: format!("{table}: {words}"), line: None, tables });
            }
        }
    }
    found
}

fn row_value<'r>(root: &'r Table, table: &str, index: Option<usize>) -> Option<&'r Value> {
    let value = root.get(table).filter(|_| !SILENT.contains(&table))?;
    index.map_or(Some(value), |index| value.as_array()?.get(index))
}

fn with_row(root: &Table, table: &str, index: Option<usize>, changed: Value) -> Option<String> {
    let mut root = root.clone();
    let slot = root.get_mut(table)?;
    match index {
        None => *slot = changed,
        Some(index) => *slot.as_array_mut()?.get_mut(index)? = changed,
    }
    toml::to_string(&root).ok()
}

/// Names that the lists of each key hold, to try one too many.
struct Names {
    key_to_names: BTreeMap<String, BTreeSet<String>>,
    sets: Sets,
}

impl Names {
    fn of(root: &Table) -> Self {
        let sets = root.get("sets").and_then(Value::as_table).map(Sets::of_table).unwrap_or_default();
        let mut names = Self { key_to_names: BTreeMap::new(), sets };
        for value in root.values() {
            names.collect(value);
        }
        names
    }

    fn collect(&mut self, value: &Value) {
        match value {
            Value::Table(table) => {
                for (key, value) in table {
                    if WIDENED.contains(&key.as_str()) {
                        let spread = self.spread(value);
                        self.key_to_names.entry(key.clone()).or_default().extend(spread);
                    }
                    self.collect(value);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.collect(item)),
            _ => {}
        }
    }

    /// The names of a list, sets spread out.
    fn spread(&self, list: &Value) -> BTreeSet<String> {
        let list: Vec<String> = texts(list).collect();
        self.sets.resolve(&list).into_iter().map(str::to_owned).collect()
    }

    /// A name that lists of this key hold and this one does not.
    fn foreign(&self, key: &str, list: &Value) -> Option<&String> {
        let has = self.spread(list);
        self.key_to_names.get(key)?.iter().find(|name| !has.contains(*name))
    }
}

fn texts(list: &Value) -> impl Iterator<Item = String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned)
}

/// Every change to a value: what it is, and the value with it.
fn variants(value: &Value, key: &str, names: &Names) -> Vec<(String, Value)> {
    let named = |what: String| if key.is_empty() { what } else { format!("`{key}` {what}") };
    match value {
        Value::Integer(number) => [number.checked_add(1), number.checked_sub(1).filter(|less| *less >= 0)]
            .into_iter()
            .flatten()
            .map(|other| (named(format!("{number} made {other}")), Value::Integer(other)))
            .collect(),
        Value::Datetime(day) => shifted(day, &named),
        Value::Boolean(flag) => vec![(named(format!("{flag} made {}", !flag)), Value::Boolean(!flag))],
        Value::String(effect) if key == "effect" => {
            let weaker = EFFECTS.iter().position(|known| known == effect).and_then(|at| EFFECTS.get(at + 1));
            weaker
                .map(|weaker| (named(format!("{effect} made {weaker}")), Value::String((*weaker).to_owned())))
                .into_iter()
                .collect()
        }
        Value::Array(items) => list_variants(items, key, names, &named),
        Value::Table(table) => {
            let mut found = Vec::new();
            for (key, value) in table.iter().filter(|(key, _)| !WORDS.contains(&key.as_str())) {
                for (words, changed) in variants(value, key, names) {
                    let mut table = table.clone();
                    table.insert(key.clone(), changed);
                    found.push((words, Value::Table(table)));
                }
            }
            found
        }
        Value::String(_) | Value::Float(_) => Vec::new(),
    }
}

fn shifted(day: &toml::value::Datetime, named: &dyn Fn(String) -> String) -> Vec<(String, Value)> {
    let Ok(date) = ServiceDate::parse(&day.to_string()) else { return Vec::new() };
    let other = |days: i32| {
        let other = date.plus_days(days);
        Some((named(format!("{date} made {other}")), Value::Datetime(other.to_string().parse().ok()?)))
    };
    [1, -1].into_iter().filter_map(other).collect()
}

fn list_variants(items: &[Value], key: &str, names: &Names, named: &dyn Fn(String) -> String) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (index, item) in items.iter().enumerate() {
        if let Value::String(name) = item {
            let mut fewer = items.to_vec();
            fewer.remove(index);
            found.push((named(format!("without {name}")), Value::Array(fewer)));
            continue;
        }
        if let Some(name) = item.get("name").and_then(Value::as_str) {
            let mut fewer = items.to_vec();
            fewer.remove(index);
            found.push((named(format!("without {name}")), Value::Array(fewer)));
        }
        for (words, changed) in variants(item, "", names) {
            let mut items = items.to_vec();
            if let Some(slot) = items.get_mut(index) {
                *slot = changed;
                found.push((named(format!("[{}] {words}", index.saturating_add(1))), Value::Array(items)));
            }
        }
    }
    if let Some(foreign) = names.foreign(key, &Value::Array(items.to_vec())) {
        let more = items.iter().cloned().chain([Value::String(foreign.clone())]);
        found.push((named(format!("with {foreign}")), Value::Array(more.collect())));
    }
    found
}

#[cfg(test)]
mod tests;
