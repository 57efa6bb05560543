//! Case files: encounters and the answers that an author expects. Reads them, runs them, tells every difference. Knows no tables
//! and no sandbox: whoever runs cases says what decides.

mod carried;
mod check;
mod expect;
mod fault;
mod file;
mod grid;
pub mod text;
mod written;

use adjudica_core::columns::Explain;
use adjudica_core::{Decision, Terms, Timeline};

pub use carried::{Carried, run_carried};
pub use check::faults;
pub use expect::Expectation;
pub use fault::Fault;
pub use file::{DEFAULTS, parse};
pub use written::json_of;

/// The folders of a policy whose files are cases: those that somebody wrote, which are looked at first, and those that the tools wrote.
pub const FOLDERS: [&str; 2] = ["cases", PINS];
/// The one whose files are generated.
const PINS: &str = "pins";

/// Whether the file of a policy at `path` is one of cases.
///
/// ```
/// use adjudica_cases::is_case_file;
/// assert!(is_case_file("cases/visits.toml") && is_case_file("pins/1.toml"));
/// assert!(!is_case_file("policy.toml"));
/// ```
#[must_use]
pub fn is_case_file(path: &str) -> bool {
    path.split_once('/').is_some_and(|(folder, _)| FOLDERS.contains(&folder))
}

/// One file of cases.
#[derive(Debug, Clone)]
pub struct CaseFile {
    /// Where it was read.
    pub name: String,
    /// Terms that hold in every case of the file.
    pub terms: Terms,
    /// The cases, in order.
    pub cases: Vec<Case>,
}

impl CaseFile {
    /// Whether it is generated: what it expects is what a policy answered, which nobody may have read.
    #[must_use]
    pub fn is_pinned(&self) -> bool {
        let folder = std::path::Path::new(&self.name).parent().and_then(std::path::Path::file_name);
        folder.is_some_and(|folder| folder == PINS)
    }
}

/// One client's encounters, decided in one call, and what is expected of each.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its name; finishes the sentence "it …".
    pub name: String,
    /// Line of the file.
    pub line: usize,
    /// Ledger and encounters, in order.
    pub timeline: Timeline,
    /// One for each encounter, in the timeline's order.
    pub expected: Vec<Expectation>,
}

/// What a run found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Cases whose answers were all as expected.
    pub passed: usize,
    /// The others.
    pub failures: Vec<Failure>,
}

/// A case whose answer differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The file.
    pub file: String,
    /// Line of the case.
    pub line: usize,
    /// Name of the case.
    pub case: String,
    /// What differs, a sentence each.
    pub differences: Vec<String>,
}

/// Answers the encounters of timelines, in order.
pub type Decide<'d> = dyn FnMut(&[Timeline], &Terms, Explain) -> Vec<Decision> + 'd;

/// Runs every case of `files` through `decide`, which answers the encounters of its timelines in order.
pub fn run(files: &[CaseFile], decide: &mut Decide<'_>) -> Report {
    let mut report = Report::default();
    for file in files {
        for case in &file.cases {
            let decisions = decide(std::slice::from_ref(&case.timeline), &file.terms, Explain::FailedOnly);
            let differences = differences(case, &decisions);
            if differences.is_empty() {
                report.passed += 1;
            } else {
                report.failures.push(Failure {
                    file: file.name.clone(),
                    line: case.line,
                    case: case.name.clone(),
                    differences,
                });
            }
        }
    }
    report
}

fn differences(case: &Case, decisions: &[Decision]) -> Vec<String> {
    if decisions.len() != case.expected.len() {
        return vec![format!("{} answers for {} encounters", decisions.len(), case.expected.len())];
    }
    let pairs = case.expected.iter().zip(decisions).enumerate();
    pairs
        .flat_map(|(index, (expected, decision))| {
            let prefix = if decisions.len() > 1 { format!("encounter {}: ", index + 1) } else { String::new() };
            expected.differences(decision).into_iter().map(move |difference| format!("{prefix}{difference}"))
        })
        .collect()
}
