//! `policy.toml`: reads it, names every fault with its place, and compiles it to a manifest and an image.

mod check;
mod compile;
mod dictionary;
mod document;
mod names;
mod plans;
mod rows;
mod rulebook;

use std::fmt;

use adjudica_core::Manifest;

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
/// Every [`Fault`] of the document.
pub fn compile(policy_toml: &str) -> Result<Compiled, Vec<Fault>> {
    let (document, mut faults) = document::read(policy_toml);
    let Some(document) = document else { return Err(sorted(faults)) };
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
