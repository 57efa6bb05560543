//! A policy as its author has it: tables, the tables that they come on top of, and cases. Runs the cases natively.

use std::collections::BTreeMap;

use adjudica_cases::{Case, CaseFile};
use adjudica_core::columns::Explain;
use adjudica_core::{Decision, Terms, Timeline};
use adjudica_sdk::tables::{Compiled, Fault, SpelledOut, compile_with, spell_out};

use crate::asked::Asked;

/// A policy's tables and cases.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The text of `policy.toml`.
    pub tables: String,
    /// Texts of the files that it extends or includes, and of those that hold rows, by the path that it gives.
    pub below: BTreeMap<String, String>,
    /// Its cases.
    pub files: Vec<CaseFile>,
}

impl Subject {
    /// The tables, compiled.
    /// # Errors
    /// Every fault of the tables.
    pub fn compile(&self) -> Result<Compiled, Vec<Fault>> {
        self.compile_as(&self.tables)
    }

    /// Other tables in the place of the policy's own.
    /// # Errors
    /// Every fault of the tables.
    pub fn compile_as(&self, tables: &str) -> Result<Compiled, Vec<Fault>> {
        compile_with(tables, &mut |path| self.below.get(path).cloned())
    }

    /// The policy's own tables with every row written out; `None` where they are no tables.
    #[must_use]
    pub fn spelled_out(&self) -> Option<SpelledOut> {
        spell_out(&self.tables, "", &mut |path| self.below.get(path).cloned())
    }

    /// The same of a file that it extends or includes.
    pub(crate) fn spelled_out_below(&self, path: &str) -> Option<SpelledOut> {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        spell_out(self.below.get(path)?, folder, &mut |path| self.below.get(path).cloned())
    }

    /// Every case with its file, in order.
    pub fn cases(&self) -> impl Iterator<Item = (&CaseFile, &Case)> {
        self.files.iter().flat_map(|file| file.cases.iter().map(move |case| (file, case)))
    }

    /// The answers of `compiled` to every case, in order: one list for each case.
    #[must_use]
    pub fn answer_cases(&self, compiled: &Compiled, explain: Explain) -> Vec<Vec<Decision>> {
        self.ask(compiled, explain).iter().flat_map(|asked| asked.decisions(compiled)).collect()
    }

    /// Every case put to `compiled`: one call for each file.
    pub(crate) fn ask(&self, compiled: &Compiled, explain: Explain) -> Vec<Asked> {
        let call = |file: &CaseFile| {
            let timelines = file.cases.iter().map(|case| case.timeline.clone()).collect();
            Asked::new(compiled, file.terms.clone(), timelines, explain)
        };
        self.files.iter().map(call).collect()
    }
}

/// The answers about each of `timelines`. A policy that cannot answer gives `undetermined` for all of them.
#[must_use]
pub fn decide(compiled: &Compiled, timelines: &[Timeline], terms: &Terms, explain: Explain) -> Vec<Vec<Decision>> {
    Asked::new(compiled, terms.clone(), timelines.to_vec(), explain).decisions(compiled)
}
