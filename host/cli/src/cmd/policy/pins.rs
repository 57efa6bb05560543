//! Writes cases that pin what a policy answers now, in a folder of their own. Finds none itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use adjudica_core::Terms;
use adjudica_workbench::pin;
use adjudica_workbench::probe::Difference;
use anyhow::{Context as _, Result};

use crate::files;

/// What every such file begins with.
const HEAD: &str =
    "# Written by `adjudica policy` with `--write-cases`: what the policy answers now, where no other case looks.\n\n";

/// Writes the cases, each with what it tells; gives back how many.
pub fn write(folder: &Path, pins: Vec<(String, &Difference)>) -> Result<usize> {
    let mut terms_to_text: BTreeMap<String, String> = BTreeMap::new();
    let count = pins.len();
    // Names are unique in the folder: those of a later run carry the number of its first file.
    let first = free_number(folder, 1);
    let stem = if first == 1 { "pin".to_owned() } else { format!("pin_{first}") };
    for (number, (tells, difference)) in pins.into_iter().enumerate() {
        let name = format!("{stem}_{:03}", number.saturating_add(1));
        let case = pin::case(&name, &tells, &difference.timeline, &difference.before);
        let case = case.context("an encounter has no form in a case file")?;
        let terms = terms_text(&difference.terms)?;
        let text = terms_to_text.entry(terms).or_default();
        text.push_str(&case);
        text.push('\n');
    }
    for (number, (terms, cases)) in terms_to_text.into_iter().enumerate() {
        let path = file(folder, free_number(folder, number.saturating_add(1)));
        files::write_whole(&path, format!("{HEAD}{terms}{}\n", cases.trim_end()).as_bytes())?;
    }
    Ok(count)
}

fn terms_text(terms: &Terms) -> Result<String> {
    pin::terms(terms).context("terms have no form in a case file")
}

fn file(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("pins/{number}.toml"))
}

/// The first number from `number` on that no file of pins has.
fn free_number(folder: &Path, number: usize) -> usize {
    (number..).find(|number| !file(folder, *number).exists()).unwrap_or(number)
}
