//! `policy.toml`: reads it, names every fault with its place, and compiles it to a manifest and an image.

mod check;
mod compile;
mod dictionary;
mod document;
mod names;
mod plans;
mod rows;
mod rulebook;
mod variant;

use std::fmt;

use adjudica_core::Manifest;

use document::{Document, Place};

/// A policy's tables, ready to run or to be put into a policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    /// What the policy says of itself.
    pub manifest: Manifest,
    /// The bytes of the [`crate::image::Image`].
    pub image: Vec<u8>,
}

/// One fault of a document, with its place: lines and columns count from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
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
/// Every [`Fault`] of the document. A policy that extends another needs [`compile_extending`].
pub fn compile(policy_toml: &str) -> Result<Compiled, Vec<Fault>> {
    let (document, mut faults) = document::read(policy_toml);
    let Some(document) = document else { return Err(sorted(faults)) };
    let policy = &document.policy;
    if let Some(base) = &policy.row.extends {
        faults.push(policy.place.fault(format!("the policy that this one extends, `{base}`, is not at hand")));
    } else if !policy.row.without.is_empty() {
        faults
            .push(policy.place.fault("`without` takes rows away from a policy that is extended; name it in `extends`"));
    }
    finish(&document, faults)
}

/// The folder of the policy that a `policy.toml` extends, as it is written there: relative to its own.
#[must_use]
pub fn extended_folder(policy_toml: &str) -> Option<String> {
    document::read(policy_toml).0?.policy.row.extends
}

/// Compiles a `policy.toml` that extends the policy whose `policy.toml` is `base_toml`.
/// # Errors
/// Every [`Fault`] of both documents and of what they make together; places are those of `policy_toml`.
pub fn compile_extending(policy_toml: &str, base_toml: &str) -> Result<Compiled, Vec<Fault>> {
    let (own, mut faults) = document::read(policy_toml);
    let Some(own) = own else { return Err(sorted(faults)) };
    let policy = own.policy.place;
    let (base, base_faults) = document::read(base_toml);
    let seen_from = |fault: &Fault| {
        let there = Place { line: fault.line, column: fault.column, base: None };
        there.seen_from(policy).fault(fault.message.clone())
    };
    faults.extend(base_faults.iter().map(seen_from));
    let Some(base) = base else { return Err(sorted(faults)) };
    if base.policy.row.extends.is_some() {
        faults.push(policy.fault("the policy that is extended extends another itself; extend that one instead"));
    }
    match variant::extend(own, base) {
        Ok(document) => finish(&document, faults),
        Err(found) => Err(sorted(faults.into_iter().chain(found).collect())),
    }
}

fn finish(document: &Document, mut faults: Vec<Fault>) -> Result<Compiled, Vec<Fault>> {
    faults.extend(check::check(document));
    if faults.is_empty() { compile::compile(document).map_err(sorted) } else { Err(sorted(faults)) }
}

fn sorted(mut faults: Vec<Fault>) -> Vec<Fault> {
    faults.sort();
    faults.dedup();
    faults
}

#[cfg(test)]
mod tests;
