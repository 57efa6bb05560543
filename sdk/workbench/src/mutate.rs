//! Small wrong changes to a policy's tables, and which of them its cases notice. Changes tables only, never Rust.

mod change;
mod rows;

use std::sync::atomic::{AtomicUsize, Ordering};

use adjudica_cases::Case;
use adjudica_core::Decision;
use adjudica_core::columns::Explain;
use adjudica_sdk::tables::Compiled;
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use serde::Serialize;

use crate::Subject;
use crate::asked::Asked;
use crate::probe::{Difference, Probes};

pub use change::{Change, changes};
pub use rows::{Row, rows, without_row};

/// What became of a change.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "fate", rename_all = "snake_case")]
pub enum Fate {
    /// The tables do not compile with it: it cannot be made by mistake.
    Refused,
    /// A case fails with it.
    Killed {
        /// The first such case.
        case: String,
    },
    /// No case fails, though the policy answers differently about some encounter.
    Survived {
        /// An encounter that shows it.
        shown_by: Box<Difference>,
    },
    /// No case fails, and no encounter was found that is answered differently.
    Unseen,
}

/// A change and what became of it.
#[derive(Debug, Clone, Serialize)]
pub struct Mutant {
    /// The change.
    #[serde(flatten)]
    pub change: Change,
    /// What became of it.
    #[serde(flatten)]
    pub fate: Fate,
}

/// Makes every change, one at a time, and runs the cases. `progress` is told of each that is done.
#[must_use]
pub fn mutate(subject: &Subject, compiled: &Compiled, progress: &(dyn Fn(usize, usize) + Sync)) -> Vec<Mutant> {
    let changes = changes(subject);
    let count = changes.len();
    let probes = Probes::of(subject, compiled);
    let cases = Cases { files: subject.ask(compiled, Explain::FailedOnly), policy: compiled };
    let done = AtomicUsize::new(0);
    let judged = changes.into_par_iter().map(|change| {
        let fate = judge(subject, &change, &cases, &probes);
        progress(done.fetch_add(1, Ordering::Relaxed).saturating_add(1), count);
        Mutant { change, fate }
    });
    judged.collect()
}

/// The cases, put to the policy as it is.
struct Cases<'a> {
    files: Vec<Asked>,
    policy: &'a Compiled,
}

impl Cases<'_> {
    /// The first case that fails with `mutant`.
    fn find_killer<'s>(&self, subject: &'s Subject, mutant: &Compiled) -> Option<&'s str> {
        subject.files.iter().zip(&self.files).find_map(|(file, asked)| {
            let answers = asked.answers_of(mutant, self.policy)?;
            let fails = |(case, decisions): &(&Case, Vec<Decision>)| {
                let mut pairs = case.expected.iter().zip(decisions);
                decisions.len() != case.expected.len()
                    || pairs.any(|(expected, decision)| !expected.differences(decision).is_empty())
            };
            file.cases.iter().zip(answers).find(fails).map(|(case, _)| case.name.as_str())
        })
    }
}

fn judge(subject: &Subject, change: &Change, cases: &Cases<'_>, probes: &Probes) -> Fate {
    let Ok(mutant) = subject.compile_as(&change.tables) else { return Fate::Refused };
    if let Some(case) = cases.find_killer(subject, &mutant) {
        return Fate::Killed { case: case.to_owned() };
    }
    match probes.first_difference(&mutant) {
        Some(difference) => Fate::Survived { shown_by: Box::new(difference) },
        None => Fate::Unseen,
    }
}

#[cfg(test)]
mod tests;
