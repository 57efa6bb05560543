//! The rows of `policy.toml`, each written out: which there are, and the tables without one.

use adjudica_sdk::tables::SpelledOut;
use toml::Value;

/// Tables whose rows are no rules: others stand on them.
const GROUND: [&str; 4] = ["source", "assumption", "sets", "policy"];

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The table.
    pub table: String,
    /// Its place among the table's rows; `None` where the table is a single row.
    pub index: Option<usize>,
    /// The row's id.
    pub id: Option<String>,
}

impl Row {
    /// What a person calls it: its id, or its table and place.
    #[must_use]
    pub fn name(&self) -> String {
        match (&self.id, self.index) {
            (Some(id), _) => id.clone(),
            (None, Some(index)) => format!("{}[{}]", self.table, index.saturating_add(1)),
            (None, None) => self.table.clone(),
        }
    }

    /// The line on which it starts; of a row of a file, that of the row which names the file.
    #[must_use]
    pub fn line(&self, tables: &SpelledOut) -> Option<usize> {
        tables.lines.get(&(self.table.clone(), self.index.unwrap_or(0))).copied()
    }
}

/// Every row that is a rule, table after table.
#[must_use]
pub fn rows(tables: &SpelledOut) -> Vec<Row> {
    let mut rows = Vec::new();
    for (table, value) in tables.root.iter().filter(|(table, _)| !GROUND.contains(&table.as_str())) {
        match value {
            Value::Array(items) => rows.extend(items.iter().enumerate().map(|(index, item)| Row {
                table: table.clone(),
                index: Some(index),
                id: id_of(item),
            })),
            single => rows.push(Row { table: table.clone(), index: None, id: id_of(single) }),
        }
    }
    rows
}

fn id_of(value: &Value) -> Option<String> {
    value.get("id").and_then(Value::as_str).map(str::to_owned)
}

/// The tables without that row.
#[must_use]
pub fn without_row(tables: &SpelledOut, row: &Row) -> Option<String> {
    let mut root = tables.root.clone();
    match row.index {
        None => drop(root.remove(&row.table)?),
        Some(index) => {
            let items = root.get_mut(&row.table)?.as_array_mut()?;
            if index >= items.len() {
                return None;
            }
            items.remove(index);
        }
    }
    toml::to_string(&root).ok()
}
