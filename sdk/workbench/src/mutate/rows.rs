//! The rows of `policy.toml` as text has them: which there are, and the tables without one. Knows no row's meaning.

use toml::{Table, Value};

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

    /// The line on which it starts.
    #[must_use]
    pub fn line(&self, tables: &str) -> Option<usize> {
        let header = match self.index {
            Some(_) => format!("[[{}]]", self.table),
            None => format!("[{}]", self.table),
        };
        let mut lines = tables.lines().enumerate().filter(|(_, line)| line.trim() == header);
        lines.nth(self.index.unwrap_or(0)).map(|(number, _)| number.saturating_add(1))
    }
}

/// Every row that is a rule, table after table.
#[must_use]
pub fn rows(tables: &str) -> Vec<Row> {
    let Ok(root) = tables.parse::<Table>() else { return Vec::new() };
    let mut rows = Vec::new();
    for (table, value) in root.iter().filter(|(table, _)| !GROUND.contains(&table.as_str())) {
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
pub fn without_row(tables: &str, row: &Row) -> Option<String> {
    let mut root: Table = tables.parse().ok()?;
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
