//! `mutants.toml`: changes that an author knows of and need not be noticed, each with the reason.

use std::path::{Path, PathBuf};

use adjudica_workbench::mutate::{Fate, Mutant};
use serde::Deserialize;

use crate::exit::{Fault, Refusal};

/// The file in a policy's folder.
const FILE: &str = "mutants.toml";

/// Changes that need not be noticed.
#[derive(Debug, Default)]
pub struct Accepted {
    /// Where they are listed.
    pub file: PathBuf,
    rows: Vec<Row>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    #[serde(default)]
    accepted: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// The change, as `adjudica policy mutate` names it.
    id: String,
    /// Why no case needs to notice it.
    reason: String,
}

impl Accepted {
    /// Reads the folder's list; none where it has no such file.
    /// # Errors
    /// A [`Refusal`] where the file is not such a list, or a reason is empty.
    pub fn load(folder: &Path) -> Result<Self, Refusal> {
        let file = folder.join(FILE);
        let Ok(text) = std::fs::read_to_string(&file) else { return Ok(Self { file, rows: Vec::new() }) };
        let refuse = |message: String| Refusal::usage("no change was made", vec![Fault::of_file(&file, message)]);
        let listed: Listed = toml::from_str(&text).map_err(|error| refuse(error.message().to_owned()))?;
        if let Some(row) = listed.accepted.iter().find(|row| row.reason.trim().is_empty()) {
            return Err(refuse(format!("`{}` has no reason; say why no case needs to notice it", row.id)));
        }
        Ok(Self { file, rows: listed.accepted })
    }

    /// Whether it is listed.
    #[must_use]
    pub fn contains(&self, id: &str) -> bool {
        self.rows.iter().any(|row| row.id == id)
    }

    /// What is listed and does not survive: a fault each.
    pub fn stale(&self, mutants: &[Mutant]) -> impl Iterator<Item = String> {
        let survives = |id: &str| {
            mutants.iter().any(|mutant| mutant.change.id == id && matches!(mutant.fate, Fate::Survived { .. }))
        };
        let stale = self.rows.iter().filter(move |row| !survives(&row.id));
        stale.map(|row| format!("`{}` is no change that survives; take it out", row.id))
    }
}
