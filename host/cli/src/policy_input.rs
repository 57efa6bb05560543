//! A policy that a verb is given, as a folder or as a built file: its file, what it says of itself, and its sources.

use std::path::Path;

use adjudica_core::{Decision, Manifest, Terms, Timeline};
use adjudica_engine::{Engine, Policy};
use adjudica_sdk::tables::Compiled;
use adjudica_service::registry::case_run::run_own_cases;
use adjudica_workbench::Subject;
use anyhow::{Context as _, Result};

use crate::exit::{Fault, Refusal};
use crate::files;
use crate::policy_folder::PolicyFolder;

/// A policy, ready to be asked.
pub struct PolicyInput {
    /// The bytes of its file.
    pub file: Vec<u8>,
    /// The same, loaded.
    pub policy: Policy,
    /// Its tables and cases, where it was made from tables.
    pub folder: Option<PolicyFolder>,
}

impl PolicyInput {
    /// Builds the folder, or reads the file, and loads it.
    /// # Errors
    /// A [`Refusal`] with every fault of the tables or of the file.
    pub fn load(path: &Path, engine: &Engine) -> Result<Self> {
        if path.extension().is_some_and(|ending| ending == "wasm") {
            let file = std::fs::read(path).map_err(|error| {
                Refusal::usage("no policy was read", vec![Fault::of_file(path, format!("cannot be read: {error}"))])
            })?;
            return Self::of_file(path, file, engine);
        }
        let folder = PolicyFolder::load(path)?;
        let compiled = folder.compile().map_err(|faults| Refusal::refused("the tables have faults", faults))?;
        let file = folder.assemble(&compiled)?;
        Self::of_file(path, file, engine)
    }

    /// Loads a policy file that was read already; `path` is where it is said to be from.
    /// # Errors
    /// A [`Refusal`] with every fault of the file.
    pub fn of_file(path: &Path, file: Vec<u8>, engine: &Engine) -> Result<Self> {
        let policy = engine
            .load(&file)
            .map_err(|error| Refusal::refused("hosts would refuse the file", files::load_faults(path, &error)))?;
        let folder = PolicyFolder::of_sources(path, policy.sources().clone());
        Ok(Self { file, policy, folder })
    }

    /// What it says of itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        self.policy.manifest()
    }

    /// Its tables, compiled, and its cases.
    /// # Errors
    /// A [`Refusal`] where it was not made from tables, or they have faults.
    pub fn subject(&self) -> Result<(Subject, Compiled)> {
        let folder =
            self.folder.as_ref().context("the policy was not made from tables: there is no `policy.toml` in it")?;
        let (compiled, files) = folder.compile_with_cases("the policy's tables or cases have faults")?;
        Ok((folder.subject(files), compiled))
    }

    /// Refuses a policy whose own cases do not pass: no host would activate it.
    /// # Errors
    /// A [`Refusal`] with each case that differs.
    pub fn require_passing(&self, path: &Path) -> Result<(), Refusal> {
        let report = run_own_cases(&self.policy);
        if report.failures.is_empty() {
            return Ok(());
        }
        let faults = report.failures.into_iter().map(|failure| Fault::of_file(path, failure)).collect();
        Err(Refusal::refused("nothing was published: the policy's own cases do not pass", faults))
    }

    /// The built policy's answers: one list for each timeline.
    #[must_use]
    pub fn answer(&self, timelines: &[Timeline], terms: &Terms) -> Vec<Vec<Decision>> {
        self.policy.decide_timelines(timelines, terms)
    }
}
