//! What compiles and is probably a mistake: rows that decide nothing, gaps, overlaps, unused names. Faults are the compiler's own.

mod answers;
mod bounds;
mod dates;
mod names;
mod rates;
mod staff;
mod tables;

use adjudica_sdk::tables::Compiled;
use serde::Serialize;

use crate::Subject;
use tables::{Row, Tables};

/// Names that a message lists at most.
const NAMES_MAX: usize = 8;

/// One thing in the tables that is probably a mistake.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Hint {
    /// Line of `policy.toml`, from 1, where it can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Column, from 1: rows start where their line does.
    pub column: usize,
    /// What the row is called: its id, or its table and place.
    pub row: String,
    /// What is probably wrong and what to do.
    pub message: String,
}

impl Hint {
    fn at(row: &Row, message: String) -> Self {
        Self { line: row.line, column: 1, row: row.name.clone(), message }
    }
}

/// Every hint about the policy's own tables, by line. Without cases nothing is said of what rows and codes are good for.
#[must_use]
pub fn lint(subject: &Subject, compiled: &Compiled) -> Vec<Hint> {
    let Some(tables) = Tables::of(subject) else { return Vec::new() };
    let mut hints = answers::hints(subject, compiled, &tables);
    hints.extend(dates::gaps(&tables));
    hints.extend(dates::dead(&tables));
    hints.extend(dates::overlaps(&tables));
    hints.extend(bounds::holes(&tables));
    hints.extend(names::hints(&subject.tables, &tables));
    hints.extend(staff::hints(&tables));
    hints.extend(rates::hints(&tables));
    hints.sort();
    hints.dedup();
    hints
}

/// Names in backticks, the first few of many.
fn quoted<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(NAMES_MAX);
    let listed = names.iter().take(NAMES_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
    if more == 0 { listed } else { format!("{listed} and {more} more") }
}

#[cfg(test)]
mod tests;
