//! Checks a policy's answers and renders them with the manifest's sentences. Trusts nothing that a policy returns.

use std::sync::Arc;

use thiserror::Error;

use crate::cents::Cents;
use crate::columns::{Answers, NONE_S64};
use crate::decision::{
    Citation, Decision, DecisionLine, Finding, Outcome, UndeterminedCode, UndeterminedReason, Verdict,
};
use crate::field::NONE_U32;
use crate::manifest::{Manifest, Rule, Subject};
use crate::quantity::Units;

/// Most lines that one encounter can be billed as.
pub const LINES_PER_ENCOUNTER_MAX: usize = 16;
/// Most findings about one encounter.
pub const FINDINGS_PER_ENCOUNTER_MAX: usize = 256;
/// Highest amount of one line: a hundred million dollars; more is a mistake in a policy or its terms.
pub const LINE_CENTS_MAX: i64 = 10_000_000_000;

/// How an answer breaks the contract. Names the column and the row.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AnswerFault {
    /// A column is longer or shorter than the others say.
    #[error("the answer's `{column}` has length {actual} where {expected} is due")]
    WrongLength {
        /// The column.
        column: &'static str,
        /// Rows due.
        expected: usize,
        /// Rows given.
        actual: usize,
    },
    /// Offsets start elsewhere than at 0, fall, or end elsewhere than at the last row.
    #[error("the answer's `{column}` does not rise from 0 to the number of rows (entry {row})")]
    BadOffsets {
        /// The column.
        column: &'static str,
        /// The first wrong entry.
        row: usize,
    },
    /// A number stands for nothing in the manifest or the contract.
    #[error(
        "the answer's `{column}` says {value} in row {row}, which stands for nothing in the manifest or the contract"
    )]
    Undeclared {
        /// The column.
        column: &'static str,
        /// The row.
        row: usize,
        /// The number given.
        value: u64,
    },
    /// A quantity is outside the range that the contract allows.
    #[error("the answer's `{column}` says {value} in row {row}, outside {min} to {max}")]
    OutOfRange {
        /// The column.
        column: &'static str,
        /// The row.
        row: usize,
        /// The number given.
        value: i64,
        /// Lowest allowed.
        min: i64,
        /// Highest allowed.
        max: i64,
    },
    /// An encounter has more lines or findings than the contract allows.
    #[error("the answer's `{column}` gives {actual} rows to encounter {row}; at most {max} are allowed")]
    TooMany {
        /// The column.
        column: &'static str,
        /// The encounter.
        row: usize,
        /// Rows given.
        actual: usize,
        /// Rows allowed.
        max: usize,
    },
    /// The outcome does not follow from the findings and lines.
    #[error("the answer calls encounter {row} `{outcome}`, but its findings and lines say `{expected}`")]
    Contradiction {
        /// The encounter.
        row: usize,
        /// The outcome given.
        outcome: &'static str,
        /// The outcome that follows.
        expected: &'static str,
    },
}

/// Checks that `answers` keep the contract for a batch of `encounters`.
/// # Errors
/// The first [`AnswerFault`] found.
pub fn check_answers(manifest: &Manifest, encounters: u32, answers: &Answers) -> Result<(), AnswerFault> {
    let encounters = usize::try_from(encounters).unwrap_or(usize::MAX);
    check_length("outcomes", encounters, answers.outcomes.len())?;
    let lines = answers.line_codes.len();
    check_length("line-units", lines, answers.line_units.len())?;
    check_length("line-cents", lines, answers.line_cents.len())?;
    check_length("line-modifiers", lines, answers.line_modifiers.len())?;
    check_offsets("line-offsets", &answers.line_offsets, encounters, lines, LINES_PER_ENCOUNTER_MAX)?;
    let findings = answers.finding_rules.len();
    check_length("finding-verdicts", findings, answers.finding_verdicts.len())?;
    check_length("finding-observed", findings, answers.finding_observed.len())?;
    check_length("finding-expected", findings, answers.finding_expected.len())?;
    check_length("finding-subjects", findings, answers.finding_subjects.len())?;
    check_offsets("finding-offsets", &answers.finding_offsets, encounters, findings, FINDINGS_PER_ENCOUNTER_MAX)?;
    check_declared("line-codes", &answers.line_codes, manifest.codes.len())?;
    check_declared("finding-rules", &answers.finding_rules, manifest.rules.len())?;
    check_subjects(&answers.finding_subjects, manifest.subjects.len())?;
    check_modifiers(&answers.line_modifiers, manifest.modifiers.len())?;
    check_range(
        "line-units",
        answers.line_units.iter().map(|units| i64::from(*units)),
        1,
        i64::from(manifest.units_max),
    )?;
    let known_cents = answers.line_cents.iter().map(|cents| if *cents == NONE_S64 { 0 } else { *cents });
    check_range("line-cents", known_cents, 0, LINE_CENTS_MAX)?;
    check_range("finding-verdicts", answers.finding_verdicts.iter().map(|verdict| i64::from(*verdict)), 0, 1)?;
    check_outcomes(manifest, answers)
}

fn check_length(column: &'static str, expected: usize, actual: usize) -> Result<(), AnswerFault> {
    if expected == actual { Ok(()) } else { Err(AnswerFault::WrongLength { column, expected, actual }) }
}

fn check_offsets(
    column: &'static str,
    offsets: &[u32],
    parents: usize,
    rows: usize,
    max: usize,
) -> Result<(), AnswerFault> {
    check_length(column, parents.saturating_add(1), offsets.len())?;
    let mut previous = 0_usize;
    for (row, offset) in offsets.iter().enumerate() {
        let offset = usize::try_from(*offset).unwrap_or(usize::MAX);
        if offset < previous || offset > rows || (row == 0 && offset != 0) {
            return Err(AnswerFault::BadOffsets { column, row });
        }
        let actual = offset - previous;
        if actual > max {
            return Err(AnswerFault::TooMany { column, row: row.saturating_sub(1), actual, max });
        }
        previous = offset;
    }
    if previous == rows { Ok(()) } else { Err(AnswerFault::BadOffsets { column, row: parents }) }
}

fn check_declared(column: &'static str, values: &[u32], declared: usize) -> Result<(), AnswerFault> {
    let wrong =
        values.iter().enumerate().find(|(_, value)| usize::try_from(**value).is_ok_and(|value| value >= declared));
    wrong.map_or(Ok(()), |(row, value)| Err(AnswerFault::Undeclared { column, row, value: u64::from(*value) }))
}

fn check_subjects(subjects: &[u32], declared: usize) -> Result<(), AnswerFault> {
    let wrong = subjects
        .iter()
        .enumerate()
        .find(|(_, value)| **value != NONE_U32 && usize::try_from(**value).is_ok_and(|value| value >= declared));
    wrong.map_or(Ok(()), |(row, value)| {
        Err(AnswerFault::Undeclared { column: "finding-subjects", row, value: u64::from(*value) })
    })
}

fn check_modifiers(bits: &[u32], declared: usize) -> Result<(), AnswerFault> {
    let allowed = 1_u64.checked_shl(u32::try_from(declared).unwrap_or(u32::MAX)).map_or(u64::MAX, |bit| bit - 1);
    let wrong = bits.iter().enumerate().find(|(_, bits)| u64::from(**bits) & !allowed != 0);
    wrong.map_or(Ok(()), |(row, bits)| {
        Err(AnswerFault::Undeclared { column: "line-modifiers", row, value: u64::from(*bits) })
    })
}

fn check_range(column: &'static str, values: impl Iterator<Item = i64>, min: i64, max: i64) -> Result<(), AnswerFault> {
    let wrong = values.enumerate().find(|(_, value)| !(min..=max).contains(value));
    wrong.map_or(Ok(()), |(row, value)| Err(AnswerFault::OutOfRange { column, row, value, min, max }))
}

/// The outcome must be the one of the strongest failed rule, and lines must exist where it needs them. What is only reported
/// may have none: minutes that count and do not make a unit yet.
fn check_outcomes(manifest: &Manifest, answers: &Answers) -> Result<(), AnswerFault> {
    let effects: Vec<_> = manifest.rules.iter().map(|rule| rule.effect).collect();
    let rows =
        answers.outcomes.iter().zip(answers.line_offsets.array_windows()).zip(answers.finding_offsets.array_windows());
    for (row, ((outcome, [line_from, line_to]), [from, to])) in rows.enumerate() {
        let given = Outcome::from_number(*outcome).ok_or(AnswerFault::Undeclared {
            column: "outcomes",
            row,
            value: u64::from(*outcome),
        })?;
        let failed = slice(&answers.finding_rules, *from, *to).iter().zip(slice(&answers.finding_verdicts, *from, *to));
        let strongest = failed
            .filter(|(_, verdict)| **verdict == 0)
            .filter_map(|(rule, _)| usize::try_from(*rule).ok().and_then(|rule| effects.get(rule)))
            .min();
        let expected = strongest.map_or(Outcome::Billable, |effect| Outcome::of_effect(*effect));
        let contradicts = given != expected
            || (given == Outcome::Billable && line_from == line_to)
            || (given == Outcome::NotBillable && line_from != line_to);
        if contradicts {
            return Err(AnswerFault::Contradiction { row, outcome: given.as_str(), expected: expected.as_str() });
        }
    }
    Ok(())
}

fn slice<T>(values: &[T], from: u32, to: u32) -> &[T] {
    let range = usize::try_from(from).unwrap_or(usize::MAX)..usize::try_from(to).unwrap_or(usize::MAX);
    values.get(range).unwrap_or_default()
}

/// Checks `answers` and renders one decision for each encounter, in the order of the batch.
/// # Errors
/// The first [`AnswerFault`] found; then nothing of the answer may be used.
pub fn render_decisions(manifest: &Manifest, encounters: u32, answers: &Answers) -> Result<Vec<Decision>, AnswerFault> {
    check_answers(manifest, encounters, answers)?;
    let windows = answers.line_offsets.array_windows().zip(answers.finding_offsets.array_windows());
    let mut cited = Cited { manifest, rule_to_citation: vec![None; manifest.rules.len()] };
    let decisions =
        answers.outcomes.iter().zip(windows).map(|(outcome, ([line_from, line_to], [from, to]))| Decision {
            outcome: Outcome::from_number(*outcome).unwrap_or(Outcome::Undetermined),
            lines: (*line_from..*line_to).filter_map(|row| render_line(manifest, answers, row)).collect(),
            findings: (*from..*to).filter_map(|row| render_finding(&mut cited, answers, row)).collect(),
            undetermined: None,
        });
    Ok(decisions.collect())
}

fn render_line(manifest: &Manifest, answers: &Answers, row: u32) -> Option<DecisionLine> {
    let row = usize::try_from(row).ok()?;
    let bits = *answers.line_modifiers.get(row)?;
    let cents = *answers.line_cents.get(row)?;
    Some(DecisionLine {
        procedure_code: *at(&manifest.codes, *answers.line_codes.get(row)?)?,
        modifiers: manifest
            .modifiers
            .iter()
            .enumerate()
            .filter(|(bit, _)| bits >> bit & 1 == 1)
            .map(|(_, modifier)| *modifier)
            .collect(),
        units: Units(*answers.line_units.get(row)?),
        amount_cents: (cents != NONE_S64).then_some(Cents::new(cents)),
        payment: None,
    })
}

fn at<T>(values: &[T], index: u32) -> Option<&T> {
    values.get(usize::try_from(index).ok()?)
}

fn render_finding(cited: &mut Cited<'_>, answers: &Answers, row: u32) -> Option<Finding> {
    let manifest = cited.manifest;
    let row = usize::try_from(row).ok()?;
    let number = *answers.finding_rules.get(row)?;
    let rule = at(&manifest.rules, number)?;
    let known = |value: i64| (value != NONE_S64).then_some(value);
    let observed = known(*answers.finding_observed.get(row)?);
    let expected = known(*answers.finding_expected.get(row)?);
    let subject = at(&manifest.subjects, *answers.finding_subjects.get(row)?);
    let failed = *answers.finding_verdicts.get(row)? == 0;
    Some(Finding {
        rule_id: rule.id.clone(),
        kind: rule.kind,
        effect: rule.effect,
        verdict: if failed { Verdict::Failed } else { Verdict::Satisfied },
        message: match &rule.satisfied_sentence {
            Some(sentence) if !failed => fill(sentence, observed, expected, subject),
            None if !failed => format!("`{}` is satisfied", rule.id),
            _ => fill(&rule.sentence, observed, expected, subject),
        },
        remedy: rule
            .remedy
            .as_ref()
            .filter(|remedy| failed && (subject.is_some() || !remedy.contains("{subject}")))
            .map(|remedy| fill(remedy, observed, expected, subject)),
        observed,
        expected,
        subject: subject.cloned(),
        citation: cited.citation(number, rule),
        denial: rule.denial.clone().filter(|_| failed),
        assumptions: match rule.assumptions.as_slice() {
            [] => Vec::new(),
            taken => {
                let taken = manifest.assumptions.iter().filter(|assumption| taken.contains(&assumption.id));
                taken.map(|assumption| assumption.sentence.clone()).collect()
            }
        },
    })
}

/// What rules cite, each found once for a call and shared by all findings of the rule.
struct Cited<'m> {
    manifest: &'m Manifest,
    rule_to_citation: Vec<Option<Arc<Citation>>>,
}

impl Cited<'_> {
    /// What the rule of that number cites.
    fn citation(&mut self, number: u32, rule: &Rule) -> Option<Arc<Citation>> {
        let place = self.rule_to_citation.get_mut(usize::try_from(number).ok()?)?;
        if place.is_none() {
            *place = find_citation(self.manifest, rule).map(Arc::new);
        }
        place.clone()
    }
}

fn find_citation(manifest: &Manifest, rule: &Rule) -> Option<Citation> {
    let id = rule.source.as_ref()?;
    let source = manifest.sources.iter().find(|source| source.id == *id)?;
    Some(Citation {
        source_id: source.id.clone(),
        title: source.title.clone(),
        section: rule.section.clone(),
        locator: source.locator.clone(),
        confidence: source.confidence,
    })
}

/// The sentence with its placeholders filled; an argument that is not given reads as a dash. Other braces stay.
fn fill(sentence: &str, observed: Option<i64>, expected: Option<i64>, subject: Option<&Subject>) -> String {
    let mut filled = String::with_capacity(sentence.len().saturating_add(16));
    let mut rest = sentence;
    while let Some((before, from_brace)) = rest.find('{').and_then(|brace| rest.split_at_checked(brace)) {
        filled.push_str(before);
        let number = |filled: &mut String, value: Option<i64>| match value {
            Some(value) => filled.push_str(&value.to_string()),
            None => filled.push('-'),
        };
        rest = if let Some(after) = from_brace.strip_prefix("{observed}") {
            number(&mut filled, observed);
            after
        } else if let Some(after) = from_brace.strip_prefix("{expected}") {
            number(&mut filled, expected);
            after
        } else if let Some(after) = from_brace.strip_prefix("{subject}") {
            filled.push_str(subject.map_or("-", |subject| subject.name.as_str()));
            after
        } else {
            filled.push('{');
            from_brace.strip_prefix('{').unwrap_or_default()
        };
    }
    filled.push_str(rest);
    filled
}

impl Decision {
    /// The answer when no decision could be made.
    #[must_use]
    pub fn undetermined(code: UndeterminedCode, message: impl Into<String>) -> Self {
        let reason = UndeterminedReason { code, message: message.into() };
        Self { outcome: Outcome::Undetermined, lines: Vec::new(), findings: Vec::new(), undetermined: Some(reason) }
    }
}

#[cfg(test)]
mod tests;
