//! `policy.toml`: reads it, names every fault with its place, and compiles it to a manifest and an image.

mod check;
mod compile;
mod dictionary;
mod document;
mod names;
mod plans;
mod rows;
mod rulebook;
mod sets;
mod sheet;
mod spots;
mod variant;

use std::collections::BTreeMap;

use adjudica_core::Manifest;

use document::{Document, Located};
use rows::PolicyRow;

pub use adjudica_cases::Fault;
pub use adjudica_cases::text::decode;
pub(crate) use rulebook::{Defaults, TABLES as DEFAULTS_OF_TABLES};
pub use sets::{Member, Sets};

/// A policy's tables, ready to run or to be put into a policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    /// What the policy says of itself.
    pub manifest: Manifest,
    /// The bytes of the [`crate::image::Image`].
    pub image: Vec<u8>,
}

/// Compiles `policy.toml`.
///
/// ```
/// let tables = r#"
///     [policy]
///     id = "example"
///     version = "1.0.0"
///     title = "An example"
///     payers = ["example"]
///     currency = "USD"
///     in_force = [{ from = 2024-01-01 }]
///
///     [[source]]
///     id = "manual"
///     title = "Example payer manual"
///     confidence = "high"
///
///     [[code]]
///     id = "visit"
///     code = "T1016"
///     roles = "any"
///     source = "manual"
///
///     [unknown_code]
///     id = "unknown-code"
///     source = "manual"
/// "#;
/// let compiled = adjudica_sdk::tables::compile(tables).expect("no faults");
/// assert_eq!(compiled.manifest.policy_id.as_str(), "example");
///
/// let faults = adjudica_sdk::tables::compile(&tables.replace("source = \"manual\"", "source = \"leaflet\"")).expect_err("faults");
/// assert!(faults.len() > 1, "every fault at once");
/// ```
/// # Errors
/// Every [`Fault`] of the document. A policy that comes on top of other tables needs [`compile_with`].
pub fn compile(policy_toml: &str) -> Result<Compiled, Vec<Fault>> {
    compile_with(policy_toml, &mut |_| None)
}

/// Compiles a `policy.toml` that may extend a policy, include shared tables, and name CSV files of rows.
///
/// `read` gives the text of a file by its path from the policy's folder; what it gives belongs to the policy's sources.
/// # Errors
/// Every [`Fault`] of all documents and of what they make together; places are those of `policy_toml`.
pub fn compile_with(policy_toml: &str, read: &mut dyn FnMut(&str) -> Option<String>) -> Result<Compiled, Vec<Fault>> {
    let (own, faults) = document::read(policy_toml, "", read);
    let Some(own) = own else { return Err(sorted(faults)) };
    let Bases { policy, bases, is_unread, mut faults, .. } = Bases::of(&own, read, faults);
    if is_unread {
        return Err(sorted(faults));
    }
    if bases.is_empty() && !own.policy.row.without.is_empty() {
        let message = "`without` takes rows away from other tables; name them in `extends` or `includes`";
        faults.push(policy.place.fault(message));
        return Err(sorted(faults));
    }
    match variant::extend(own, bases) {
        Ok(mut document) => {
            document.add_rates_from_terms();
            finish(document, faults)
        }
        Err(found) => Err(sorted(faults.into_iter().chain(found).collect())),
    }
}

/// A policy's tables as values: each row that a file or a list of pairs stands for is written out, and `[[forbid]]` as `[[require]]`
/// with `absent`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SpelledOut {
    /// The tables.
    pub root: toml::Table,
    /// The line, from 1, on which each row begins, by table and place among its rows, 0 for a table of one: of a row of a file, that
    /// of the row which names the file.
    pub lines: BTreeMap<(String, usize), usize>,
}

/// The tables of one file with every row written out, `None` where the text is no tables.
///
/// `folder` is where the file lies, seen from the policy's own folder, and `read` as in [`compile_with`]. A row that cannot be written out is left out.
///
/// ```
/// let tables = "[[exclude]]\nid = \"pair\"\nwindow = \"day\"\npairs = [[\"99490\", \"99487\"], [\"99491\", \"99487\"]]\n";
/// let spelled = adjudica_sdk::tables::spell_out(tables, "", &mut |_| None).expect("tables");
/// assert_eq!(spelled.root["exclude"][1]["id"].as_str(), Some("pair.99491"));
/// assert_eq!(spelled.lines[&("exclude".to_owned(), 1)], 1);
/// ```
pub fn spell_out(policy_toml: &str, folder: &str, read: &mut dyn FnMut(&str) -> Option<String>) -> Option<SpelledOut> {
    let root: toml::Table = policy_toml.parse().ok()?;
    let places = toml::de::DeTable::parse(policy_toml).ok()?.into_inner();
    let mut spelled = SpelledOut::default();
    let line = |offset: usize| policy_toml.get(..offset).unwrap_or_default().matches('\n').count().saturating_add(1);
    let mut requirements = Vec::new();
    for (table, value) in root {
        let place = places.get(table.as_str());
        let toml::Value::Array(rows) = value else {
            spelled.lines.insert((table.clone(), 0), line(place.map_or(0, |value| value.span().start)));
            spelled.root.insert(table, value);
            continue;
        };
        let written = place.and_then(|value| value.get_ref().as_array());
        let mut all = Vec::with_capacity(rows.len());
        for (index, row) in rows.into_iter().enumerate() {
            let offset = written.and_then(|rows| rows.get(index)).map_or(0, |row| row.span().start);
            for row in sheet::spell_out(&table, row, folder, read) {
                if is_requirement(&table) {
                    requirements.push((offset, as_requirement(&table, row)));
                } else {
                    spelled.lines.insert((table.clone(), all.len()), line(offset));
                    all.push(row);
                }
            }
        }
        if !is_requirement(&table) {
            spelled.root.insert(table, toml::Value::Array(all));
        }
    }
    if !requirements.is_empty() {
        requirements.sort_by_key(|(offset, _)| *offset);
        let places = requirements.iter().enumerate();
        spelled.lines.extend(places.map(|(place, (offset, _))| (("require".to_owned(), place), line(*offset))));
        let rows = requirements.into_iter().map(|(_, row)| row).collect();
        spelled.root.insert("require".to_owned(), toml::Value::Array(rows));
    }
    Some(spelled)
}

/// Whether a table says what the record must or must not show.
fn is_requirement(table: &str) -> bool {
    matches!(table, "require" | "forbid")
}

/// A row of either table as one of `[[require]]`: both stand in one order, which two tables written one after the other would lose.
fn as_requirement(table: &str, mut row: toml::Value) -> toml::Value {
    if let ("forbid", Some(fields)) = (table, row.as_table_mut()) {
        fields.insert("absent".to_owned(), toml::Value::Boolean(true));
    }
    row
}

/// Asks `read` for every file of tables that [`compile_with`] would ask for, and compiles nothing. What is wrong with them is for
/// that to say.
pub fn read_below(policy_toml: &str, read: &mut dyn FnMut(&str) -> Option<String>) {
    if let (Some(own), faults) = document::read(policy_toml, "", read) {
        Bases::of(&own, read, faults);
    }
}

/// What of a policy's tables stands on code beside them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OnCode {
    /// The folder of the policy that it extends, with line and column of the name.
    pub extends: Option<(String, (usize, usize))>,
    /// A fault for each `[[custom]]` row, of use where there is no code: such a row speaks by code alone.
    pub unspoken: Vec<Fault>,
}

/// What of `policy_toml` stands on code beside it; `read` as in [`compile_with`]. Nothing where the tables have faults of form.
pub fn on_code(policy_toml: &str, read: &mut dyn FnMut(&str) -> Option<String>) -> OnCode {
    let (Some(own), faults) = document::read(policy_toml, "", read) else { return OnCode::default() };
    let place = own.spot(own.policy.place, "extends", None);
    let extends = own.policy.row.extends.clone().map(|folder| (folder, (place.line, place.column)));
    let Bases { bases, .. } = Bases::of(&own, read, faults);
    let Ok(document) = variant::extend(own, bases) else { return OnCode { extends, unspoken: Vec::new() } };
    let unspoken = document.custom.iter().map(|row| {
        let id = row.row.id.as_ref().map_or("custom", adjudica_core::Token::as_str);
        let message = format!(
            "nothing makes the `custom` rule `{id}` speak: the policy has no code of its own; say it in other tables, or add the code"
        );
        document.fault(row.place, &message)
    });
    OnCode { extends, unspoken: unspoken.collect() }
}

/// The tables that a policy comes on top of, while they are read.
struct Bases<'r> {
    policy: Located<PolicyRow>,
    read: &'r mut dyn FnMut(&str) -> Option<String>,
    /// Each with its path.
    bases: Vec<(String, Document)>,
    /// A file is not at hand or cannot be read: what else is wrong may only be that.
    is_unread: bool,
    faults: Vec<Fault>,
}

impl<'r> Bases<'r> {
    /// All that `own` comes on top of.
    fn of(own: &Document, read: &'r mut dyn FnMut(&str) -> Option<String>, faults: Vec<Fault>) -> Self {
        let row = &own.policy.row;
        let mut below = Self { policy: own.policy.clone(), read, bases: Vec::new(), is_unread: false, faults };
        let mut shared: Vec<String> = row.includes.clone();
        if let Some(folder) = &row.extends {
            let of_base = below.add_base(folder);
            shared.extend(of_base.into_iter().map(|path| format!("{folder}/{path}")));
        }
        for path in &shared {
            below.add_shared(path);
        }
        below
    }

    /// The policy in `folder`; gives back what it includes.
    fn add_base(&mut self, folder: &str) -> Vec<String> {
        let path = format!("{folder}/policy.toml");
        let Some(text) = self.text(&path, "the policy that this one extends") else { return Vec::new() };
        let (base, faults) = document::read(&text, folder, self.read);
        self.add_faults(&path, &faults);
        let Some(base) = base else {
            self.is_unread = true;
            return Vec::new();
        };
        if base.policy.row.extends.is_some() {
            let message = "the policy that is extended extends another itself; extend that one instead";
            self.faults.push(self.policy.place.fault(message));
        }
        let includes = base.policy.row.includes.clone();
        self.bases.push((path, base));
        includes
    }

    fn add_shared(&mut self, path: &str) {
        let Some(text) = self.text(path, "the file that it includes") else { return };
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let (shared, faults) = document::read_shared(&text, &self.policy, folder, self.read);
        self.add_faults(path, &faults);
        self.is_unread |= shared.is_none();
        self.bases.extend(shared.map(|shared| (path.to_owned(), shared)));
    }

    fn text(&mut self, path: &str, what: &str) -> Option<String> {
        let text = (self.read)(path);
        if text.is_none() {
            self.is_unread = true;
            self.faults.push(
                self.policy.place.fault(format!("{what}, `{path}`, is not at hand; correct the path or add the file")),
            );
        }
        text
    }

    fn add_faults(&mut self, path: &str, faults: &[Fault]) {
        let seen =
            |fault: &Fault| self.policy.place.fault(document::in_file(path, fault.line, fault.column, &fault.message));
        self.faults.extend(faults.iter().map(seen));
    }
}

fn finish(mut document: Document, mut faults: Vec<Fault>) -> Result<Compiled, Vec<Fault>> {
    faults.extend(document.spread_sets());
    faults.extend(check::check(&document));
    if faults.is_empty() { compile::compile(&document).map_err(sorted) } else { Err(sorted(faults)) }
}

fn sorted(mut faults: Vec<Fault>) -> Vec<Fault> {
    faults.sort();
    faults.dedup();
    faults
}

#[cfg(test)]
mod tests;
