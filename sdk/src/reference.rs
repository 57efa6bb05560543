//! The tables of `policy.toml` and of case files described once: their JSON Schemas and the table reference. Reads no file.

mod cases;
mod common;
mod markdown;
mod money;
mod policy;
mod prose;
mod rows;
mod schema;
mod words;

use serde_json::Value;

/// What a column holds.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A name: an [`adjudica_core::Token`].
    Name,
    /// A name, or `@set` for all names of a set.
    NameOrSet,
    /// A name or `@set`, or a table of one with the days on which it belongs to the set.
    Member,
    /// A procedure code.
    Code,
    /// A procedure code, or `@set` for all codes of a set.
    CodeOrSet,
    /// A modifier of two characters.
    Modifier,
    /// A place of service of two digits.
    Place,
    /// Any text.
    Text,
    /// The letters of a grid's row: B, R, I, W, N and spaces.
    Letters,
    /// A semantic version.
    Version,
    /// A whole number, 0 or more.
    Number,
    /// A whole number, 1 or more.
    Count,
    /// Whole cents.
    Cents,
    /// `true` or `false`.
    YesNo,
    /// A calendar day.
    Date,
    /// A fact of the catalogue: an [`adjudica_core::Field`].
    Fact,
    /// One word of a closed list.
    Word(&'static [Word]),
    /// A list.
    List(&'static Self),
    /// A list of one or more.
    Filled(&'static Self),
    /// A table from names to things of one kind.
    Map(&'static Self),
    /// A table of its own columns.
    Shape(&'static Shape),
    /// A table whose columns depend on one of them.
    Choice(&'static Choice),
}

/// A word of a closed list.
#[derive(Debug, Clone, Copy)]
pub struct Word {
    /// The word.
    pub name: &'static str,
    /// What it means.
    pub says: &'static str,
}

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether a row without it is refused.
    pub required: bool,
    /// What it means.
    pub says: &'static str,
}

/// Columns of which a table needs some.
#[derive(Debug, Clone, Copy)]
pub enum Needs {
    /// Exactly one of these.
    ExactlyOne(&'static [&'static str]),
    /// At least one of these.
    AtLeastOne(&'static [&'static str]),
}

/// A table inside a row.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Its name in the schema.
    pub name: &'static str,
    /// What it says.
    pub says: &'static str,
    /// Its columns.
    pub columns: &'static [Column],
}

/// A table inside a row whose columns depend on one of them.
#[derive(Debug, Clone, Copy)]
pub struct Choice {
    /// Its name in the schema.
    pub name: &'static str,
    /// What it says.
    pub says: &'static str,
    /// The column that decides.
    pub by: &'static str,
    /// A shape for each of its values, by the shape's name.
    pub shapes: &'static [Shape],
}

/// How a table is written.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// Once: `[name]`.
    One,
    /// A row each: `[[name]]`.
    List,
    /// Once, with names of the author's own for columns.
    Map(Kind),
}

/// A table of a file.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// How it is written.
    pub form: Form,
    /// What it says, a paragraph each.
    pub says: &'static [&'static str],
    /// Its own columns, besides the common ones.
    pub columns: &'static [Column],
    /// Columns of which it needs some.
    pub needs: &'static [Needs],
}

impl Table {
    const fn new(name: &'static str, form: Form, says: &'static [&'static str], columns: &'static [Column]) -> Self {
        Self { name, form, says, columns, needs: &[] }
    }

    const fn one(name: &'static str, says: &'static [&'static str], columns: &'static [Column]) -> Self {
        Self::new(name, Form::One, says, columns)
    }

    const fn list(name: &'static str, says: &'static [&'static str], columns: &'static [Column]) -> Self {
        Self::new(name, Form::List, says, columns)
    }

    const fn needing(self, needs: &'static [Needs]) -> Self {
        Self { needs, ..self }
    }

    /// Whether its rows carry the common columns.
    #[must_use]
    pub fn has_common_columns(&self) -> bool {
        crate::tables::DEFAULTS_OF_TABLES.iter().any(|defaults| defaults.table == self.name)
    }

    /// Its columns, the common ones first.
    pub fn all_columns(&self) -> impl Iterator<Item = &'static Column> {
        let common: &'static [Column] = if self.has_common_columns() { common::COLUMNS } else { &[] };
        common.iter().chain(self.columns)
    }
}

impl Shape {
    const fn new(name: &'static str, says: &'static str, columns: &'static [Column]) -> Self {
        Self { name, says, columns }
    }
}

/// A column that a row must have.
const fn must(name: &'static str, kind: Kind, says: &'static str) -> Column {
    Column { name, kind, required: true, says }
}

/// A column that a row may have.
const fn may(name: &'static str, kind: Kind, says: &'static str) -> Column {
    Column { name, kind, required: false, says }
}

const fn word(name: &'static str, says: &'static str) -> Word {
    Word { name, says }
}

/// The tables of `policy.toml`, in the order of the reference.
pub fn policy_tables() -> impl Iterator<Item = &'static Table> {
    policy::TABLES.iter().chain(rows::TABLES).chain(money::TABLES)
}

/// The tables of a case file.
pub fn case_tables() -> impl Iterator<Item = &'static Table> {
    cases::TABLES.iter()
}

/// The JSON Schema of `policy.toml`, draft 2020-12. A TOML date is a string to it, as it is to editors.
#[must_use]
pub fn policy_schema() -> Value {
    schema::of_file(
        "Adjudica policy",
        "The tables of a payer's rules: `policy.toml`.",
        &policy_tables().collect::<Vec<_>>(),
        &["policy"],
    )
}

/// The JSON Schema of a case file, draft 2020-12.
#[must_use]
pub fn cases_schema() -> Value {
    schema::of_file(
        "Adjudica cases",
        "Encounters and the answers that an author expects: a file in `cases`.",
        &case_tables().collect::<Vec<_>>(),
        &[],
    )
}

/// The table reference, as Markdown.
#[must_use]
pub fn reference() -> String {
    markdown::reference()
}

#[cfg(test)]
mod tests;
