//! Writes cases that pin what a policy answers now, beside its other cases. Finds none itself.

use std::collections::BTreeMap;
use std::path::Path;

use adjudica_core::Terms;
use adjudica_workbench::pin;
use adjudica_workbench::probe::Difference;
use anyhow::{Context as _, Result};

use crate::files;

/// What every such file begins with.
const HEAD: &str =
    "# Written by `adjudica policy` with `--write-cases`: what the policy answers now, where no other case looks.\n\n";

/// Writes the cases beside the others, each with what it tells; gives back how many.
pub fn write(folder: &Path, pins: Vec<(String, &Difference)>) -> Result<usize> {
    let mut terms_to_text: BTreeMap<String, String> = BTreeMap::new();
    let count = pins.len();
    for (number, (tells, difference)) in pins.into_iter().enumerate() {
        let name = format!("pin_{:03}", number.saturating_add(1));
        let case = pin::case(&name, &tells, &difference.timeline, &difference.before);
        let case = case.context("an encounter has no form in a case file")?;
        let terms = terms_text(&difference.terms)?;
        let text = terms_to_text.entry(terms).or_default();
        text.push_str(&case);
        text.push('\n');
    }
    for (number, (terms, cases)) in terms_to_text.into_iter().enumerate() {
        let path = free_name(folder, number);
        files::write_whole(&path, format!("{HEAD}{terms}{}\n", cases.trim_end()).as_bytes())?;
    }
    Ok(count)
}

fn terms_text(terms: &Terms) -> Result<String> {
    pin::terms(terms).context("terms have no form in a case file")
}

/// A name that no case file has.
fn free_name(folder: &Path, number: usize) -> std::path::PathBuf {
    let names = (number.saturating_add(1)..).map(|number| folder.join(format!("cases/pins_{number}.toml")));
    let mut free = names.filter(|path| !path.exists());
    free.next().unwrap_or_else(|| folder.join("cases/pins.toml"))
}
