//! The grid of roles, codes and phases that a policy really gives, found by running it. How it is written is in `render`.

mod base;
mod published;
mod render;

use std::collections::BTreeMap;

use adjudica_core::columns::Explain;
use adjudica_core::{Citation, Decision, EncounterFacts, Finding, Outcome, ProcedureCode, Timeline, Token, Verdict};
use adjudica_sdk::tables::Compiled;
use serde::{Serialize, Serializer};

use crate::Subject;
use crate::subject::decide;
use base::{Base, Names, base_of, names_of};

pub use published::{Published, parse_published};

/// What a policy answers to every role, code and phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Matrix {
    /// Roles: those of the tables, then others of the cases.
    pub roles: Vec<String>,
    /// Codes, in the order of the manifest.
    pub codes: Vec<String>,
    /// Phases: those of the tables, then others of the cases.
    pub phases: Vec<String>,
    /// One cell for each phase, role and code, in this order.
    pub cells: Vec<Cell>,
}

/// The best that a role gets for a code in a phase, whatever the mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// The phase.
    pub phase: String,
    /// The role.
    pub role: String,
    /// The code.
    pub code: String,
    /// The outcome; a letter in JSON.
    #[serde(serialize_with = "write_letter")]
    pub outcome: Outcome,
    /// The mode of contact by which it is had.
    pub mode: String,
    /// The strongest rule that speaks against it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Where that rule comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub citation: Option<String>,
    /// Whether a case has the code; if none has, a plain encounter was asked about.
    pub base: bool,
}

/// A cell of a published grid that the policy answers differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// The phase.
    pub phase: String,
    /// The role.
    pub role: String,
    /// The code.
    pub code: String,
    /// What the payer published; a letter in JSON.
    #[serde(serialize_with = "write_letter")]
    pub published: Outcome,
    /// What the policy gives, a letter in JSON; `None` where its grid has no such phase, role or code.
    #[serde(serialize_with = "write_letter_if_any")]
    pub given: Option<Outcome>,
    /// The strongest rule that speaks against it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

/// The letter of an outcome: B billable, R `report_only`, I incomplete, W review, N `not_billable`, U undetermined.
#[must_use]
pub fn letter(outcome: Outcome) -> char {
    match outcome {
        Outcome::Billable => 'B',
        Outcome::ReportOnly => 'R',
        Outcome::Incomplete => 'I',
        Outcome::Review => 'W',
        Outcome::NotBillable => 'N',
        Outcome::Undetermined => 'U',
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn write_letter<S: Serializer>(outcome: &Outcome, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_char(letter(*outcome))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn write_letter_if_any<S: Serializer>(outcome: &Option<Outcome>, serializer: S) -> Result<S::Ok, S::Error> {
    match outcome {
        Some(outcome) => serializer.serialize_char(letter(*outcome)),
        None => serializer.serialize_none(),
    }
}

/// Runs the policy for every role, code and phase. Each code starts from the encounter of a case that has it: the latest of
/// those with the best outcome.
#[must_use]
pub fn matrix(subject: &Subject, compiled: &Compiled) -> Matrix {
    let names = names_of(subject);
    let answers = subject.answer_cases(compiled, Explain::FailedOnly);
    let codes = &compiled.manifest.codes;
    let mut cells = BTreeMap::new();
    for (column, code) in codes.iter().enumerate() {
        if let Some(base) = base_of(subject, compiled, &answers, *code) {
            let of_code = cells_of(&base, *code, &names, compiled);
            cells.extend(of_code.into_iter().map(|(phase, role, cell)| ((phase, role, column), cell)));
        }
    }
    let texts = |tokens: &[Token]| tokens.iter().map(Token::to_string).collect();
    Matrix {
        roles: texts(&names.roles),
        codes: codes.iter().map(ProcedureCode::to_string).collect(),
        phases: texts(&names.phases),
        cells: cells.into_values().collect(),
    }
}

/// The cells of one code, with the positions of their phase and role: one call for all of them.
fn cells_of(base: &Base, code: ProcedureCode, names: &Names, compiled: &Compiled) -> Vec<(usize, usize, Cell)> {
    // The base's own mode comes first: between equals it is kept.
    let others = names.modes.iter().filter(|mode| **mode != base.mode);
    let modes: Vec<&Token> = std::iter::once(&base.mode).chain(others).collect();
    let mut asked = Vec::new();
    let mut timelines = Vec::new();
    for (phase_number, phase) in names.phases.iter().enumerate() {
        for (role_number, role) in names.roles.iter().enumerate() {
            for mode in &modes {
                asked.push((phase_number, role_number, *mode));
                timelines.push(with(base, |facts| {
                    facts.procedure_code = Some(code);
                    facts.phase = phase.clone();
                    facts.rendering_provider_role = role.clone();
                    facts.mode = (*mode).clone();
                }));
            }
        }
    }
    let answers = decide(compiled, &timelines, &base.terms, Explain::FailedOnly);
    let decisions = answers.iter().map(|answer| answer.get(base.encounter));
    let mut best: BTreeMap<(usize, usize), (&Token, &Decision)> = BTreeMap::new();
    for ((phase, role, mode), decision) in asked.into_iter().zip(decisions) {
        let Some(decision) = decision else { continue };
        let kept = best.entry((phase, role)).or_insert((mode, decision));
        if badness(decision) < badness(kept.1) {
            *kept = (mode, decision);
        }
    }
    let cell = |((phase, role), (mode, decision)): ((usize, usize), (&Token, &Decision))| {
        let strongest = strongest(decision);
        let cell = Cell {
            phase: names.phases.get(phase)?.to_string(),
            role: names.roles.get(role)?.to_string(),
            code: code.to_string(),
            outcome: decision.outcome,
            mode: mode.to_string(),
            rule: strongest.map(|finding| finding.rule_id.to_string()),
            citation: strongest.and_then(|finding| finding.citation.as_deref()).map(citation_text),
            base: base.is_of_case,
        };
        Some((phase, role, cell))
    };
    best.into_iter().filter_map(cell).collect()
}

fn with(base: &Base, change: impl FnOnce(&mut EncounterFacts)) -> Timeline {
    let mut timeline = base.timeline.clone();
    if let Some(facts) = timeline.encounters.get_mut(base.encounter) {
        change(facts);
    }
    timeline
}

/// Worse outcomes are greater, and of the same outcome those against which more speaks.
fn badness(decision: &Decision) -> (Outcome, usize) {
    (decision.outcome, speaking(decision).count())
}

/// Findings that bear on the outcome.
fn speaking(decision: &Decision) -> impl Iterator<Item = &Finding> {
    let bears = |finding: &&Finding| {
        finding.verdict == Verdict::Failed && Outcome::of_effect(finding.effect) != Outcome::Billable
    };
    decision.findings.iter().filter(bears)
}

fn strongest(decision: &Decision) -> Option<&Finding> {
    // The first of equals.
    speaking(decision).min_by_key(|finding| finding.effect)
}

fn citation_text(citation: &Citation) -> String {
    let section = citation.section.as_ref().map(|section| format!(", {section}")).unwrap_or_default();
    format!("{}{section}", citation.title)
}

impl Matrix {
    /// Every cell of `published` that the policy answers differently, in the order of `published`.
    #[must_use]
    pub fn compare(&self, published: &[Published]) -> Vec<Mismatch> {
        let key = |cell: &Cell| (cell.phase.clone(), cell.role.clone(), cell.code.clone());
        let cells: BTreeMap<_, &Cell> = self.cells.iter().map(|cell| (key(cell), cell)).collect();
        let mismatch = |row: &Published| {
            let cell = cells.get(&(row.phase.clone(), row.role.clone(), row.code.clone()));
            let given = cell.map(|cell| cell.outcome);
            (given != Some(row.outcome)).then(|| Mismatch {
                phase: row.phase.clone(),
                role: row.role.clone(),
                code: row.code.clone(),
                published: row.outcome,
                given,
                rule: cell.and_then(|cell| cell.rule.clone()),
            })
        };
        published.iter().filter_map(mismatch).collect()
    }
}

#[cfg(test)]
mod tests;
