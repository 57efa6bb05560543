//! What `policy explain` and `policy why-not` are asked: a policy, the encounters of a file and the agency's terms. Answers nothing.

use std::path::PathBuf;

use adjudica_core::{EncounterFacts, Terms};
use anyhow::Result;

use crate::exit::Refusal;
use crate::output::Output;
use crate::policy_input::PolicyInput;
use crate::{engine, files, intake};

/// What is asked.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The encounter, with the client's others where they matter (.json, .ndjson, .csv).
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Only this one is told about; the others of its client still count.
    #[arg(long, value_name = "ID")]
    pub encounter: Option<String>,
    /// The policy: a folder, or a built file.
    #[arg(long, value_name = "FOLDER|FILE")]
    policy: PathBuf,
    /// The agency's terms as JSON.
    #[arg(long, value_name = "FILE")]
    terms: Option<PathBuf>,
}

/// The same, read.
pub struct Question {
    /// The policy.
    pub input: PolicyInput,
    /// The terms; none where no file was named.
    pub terms: Terms,
    /// The encounters of the file.
    pub encounters: Vec<EncounterFacts>,
}

impl Args {
    /// Reads everything.
    /// # Errors
    /// A [`Refusal`] with every fault of a file; `nothing_done` says what came of it, such as `nothing was decided`.
    pub fn load(&self, nothing_done: &str, output: &Output) -> Result<Question> {
        let input = PolicyInput::load(&self.policy, &engine::start(None)?)?;
        let terms = self.terms.as_deref().map(files::load_terms).transpose();
        let terms = terms.map_err(|faults| Refusal::refused(nothing_done, faults))?.unwrap_or_default();
        let encounters = intake::load_encounters(std::slice::from_ref(&self.file), output)?;
        Ok(Question { input, terms, encounters })
    }
}
