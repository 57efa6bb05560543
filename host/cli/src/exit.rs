//! How a run ends: the exit codes, refusals with all their faults, and how both are told to the caller.

use std::fmt;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use adjudica_core::Decision;
use adjudica_core::decision::UndeterminedCode;
use adjudica_service::FAULTS_MAX;
use serde::Serialize;

use crate::output::{Format, Output};

/// Ways that a run can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All went well.
    Ok,
    /// Cases or a replayed decision differ.
    Differs,
    /// The command line, the configuration or a named file is wrong.
    Usage,
    /// The input was read and refused.
    Refused,
    /// A policy used up what it may use: fuel, time, memory, stack or answer.
    OverBudget,
}

impl Exit {
    fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Differs => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::OverBudget => 4,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Differs => "differs",
            Self::Usage => "usage",
            Self::Refused => "refused",
            Self::OverBudget => "over_budget",
        }
    }
}

/// How a run ends that made these decisions: over budget when a policy used up what it may use.
pub fn of_decisions<'a>(mut decisions: impl Iterator<Item = &'a Decision>) -> Exit {
    let over_budget = |decision: &Decision| match decision.undetermined.as_ref().map(|reason| reason.code) {
        Some(
            UndeterminedCode::PolicyOutOfFuel
            | UndeterminedCode::PolicyTimedOut
            | UndeterminedCode::PolicyOutOfMemory
            | UndeterminedCode::PolicyStackExhausted
            | UndeterminedCode::PolicyAnswerTooLarge,
        ) => true,
        Some(
            UndeterminedCode::NoPolicyInForce
            | UndeterminedCode::RecordUnreadable
            | UndeterminedCode::PolicyUnavailable
            | UndeterminedCode::PolicyTrapped
            | UndeterminedCode::PolicyAnswerInvalid,
        )
        | None => false,
    };
    if decisions.any(over_budget) { Exit::OverBudget } else { Exit::Ok }
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Fault {
    /// The file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The row of a file of encounters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u64>,
    /// The line of a text file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The column of that line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// The field of a row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What is wrong and what to do.
    pub message: String,
}

impl Fault {
    /// A fault of no particular place.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    /// A fault of a file as a whole.
    pub fn of_file(path: &Path, message: impl Into<String>) -> Self {
        Self { file: Some(path.display().to_string()), ..Self::new(message) }
    }

    /// A fault of a row.
    pub fn of_row(row: u64, message: impl Into<String>) -> Self {
        Self { row: Some(row), ..Self::new(message) }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}:")?;
        }
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, "{line}:{column}:")?;
        }
        if self.file.is_some() || self.line.is_some() {
            f.write_str(" ")?;
        }
        if let Some(row) = self.row {
            write!(f, "row {row}: ")?;
        }
        if let Some(field) = &self.field {
            write!(f, "{field}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// A "no" to the caller, with every fault found.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The exit code.
    pub exit: Exit,
    /// What was refused.
    pub headline: String,
    /// Every fault.
    pub faults: Vec<Fault>,
}

impl Refusal {
    /// The command line, the configuration or a named file is wrong.
    pub fn usage(headline: impl Into<String>, faults: Vec<Fault>) -> Self {
        Self { exit: Exit::Usage, headline: headline.into(), faults }
    }

    /// The input was read and is refused.
    pub fn refused(headline: impl Into<String>, faults: Vec<Fault>) -> Self {
        Self { exit: Exit::Refused, headline: headline.into(), faults }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline)?;
        self.faults.iter().take(FAULTS_MAX).try_for_each(|fault| write!(f, "\n  {fault}"))?;
        match self.faults.len().saturating_sub(FAULTS_MAX) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more; mend these first"),
        }
    }
}

impl std::error::Error for Refusal {}

/// Tells the caller how the run ended. A reader that stopped reading is no failure.
pub fn report(end: anyhow::Result<Exit>, output: &Output) -> ExitCode {
    let error = match end {
        Ok(exit) => return ExitCode::from(exit.code()),
        Err(error) if is_broken_pipe(&error) => return ExitCode::SUCCESS,
        Err(error) => error,
    };
    let refusal = error.downcast_ref::<Refusal>().cloned();
    let exit = refusal.as_ref().map_or(Exit::Refused, |refusal| refusal.exit);
    let told = match output.format() {
        Format::Human => writeln!(std::io::stderr().lock(), "adjudica: {error:#}"),
        Format::Json => {
            let (message, faults) =
                refusal.map_or_else(|| (format!("{error:#}"), Vec::new()), |r| (r.headline, r.faults));
            let (named, left_out) = (faults.len().min(FAULTS_MAX), faults.len().saturating_sub(FAULTS_MAX));
            let faults = faults.get(..named).unwrap_or_default();
            output.json(&serde_json::json!({
                "error": { "code": exit.word(), "message": message, "faults": faults, "faults_left_out": left_out },
            }))
        }
    };
    // Nobody is left to tell when even that fails; the exit code still says it.
    drop(told);
    ExitCode::from(exit.code())
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.chain().find_map(|cause| cause.downcast_ref::<std::io::Error>());
    io.is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
}
