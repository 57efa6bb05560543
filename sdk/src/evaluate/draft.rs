//! The answer about one encounter while rules speak, and the columns of answers that it ends in.

use adjudica_core::Outcome;
use adjudica_core::columns::{Answers, Explain, NONE_S64};

use super::EvaluateFault;
use crate::image::{Image, NONE};

/// Effects from the strongest: the position in the image of each.
const EFFECT_NOTE: u8 = 4;
const OUTCOMES_BY_EFFECT: [Outcome; 5] =
    [Outcome::NotBillable, Outcome::Incomplete, Outcome::Review, Outcome::ReportOnly, Outcome::Billable];

/// One line that would be billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    pub code: u32,
    pub units: u32,
    pub cents: i64,
    pub modifiers: u32,
}

/// Findings of all encounters so far, as columns.
#[derive(Default)]
pub(super) struct Findings {
    rules: Vec<u32>,
    verdicts: Vec<u8>,
    observed: Vec<i64>,
    expected: Vec<i64>,
    subjects: Vec<u32>,
}

/// What a finding says besides its rule.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arguments {
    /// What was seen.
    pub observed: Option<i64>,
    /// What the rule asks for.
    pub expected: Option<i64>,
    /// Position among the manifest's subjects.
    pub subject: u32,
}

impl Arguments {
    /// Nothing but the rule.
    pub(super) const NONE: Self = Self { observed: None, expected: None, subject: NONE };

    /// A count against a bound.
    #[must_use]
    pub(super) fn counts(observed: u32, expected: u32) -> Self {
        Self { observed: Some(i64::from(observed)), expected: Some(i64::from(expected)), subject: NONE }
    }

    /// The same about something named.
    #[must_use]
    pub(super) fn about(self, subject: u32) -> Self {
        Self { subject, ..self }
    }
}

/// The answer about one encounter while rules speak.
pub struct Draft<'d, 'a> {
    image: &'d Image<'a>,
    explain: Explain,
    findings: &'d mut Findings,
    strongest: u8,
    lines: Vec<Line>,
}

impl<'d, 'a> Draft<'d, 'a> {
    pub(super) fn new(image: &'d Image<'a>, explain: Explain, findings: &'d mut Findings) -> Self {
        Self { image, explain, findings, strongest: EFFECT_NOTE, lines: Vec::new() }
    }

    pub(super) fn image(&self) -> &'d Image<'a> {
        self.image
    }

    /// Reports that rule number `rule` failed, or applies. [`NONE`] reports nothing.
    pub(super) fn fail(&mut self, rule: u32, arguments: Arguments) {
        if rule == NONE {
            return;
        }
        let effect = usize::try_from(rule).ok().and_then(|rule| self.image.effects.get(rule)).copied();
        self.strongest = self.strongest.min(effect.unwrap_or(EFFECT_NOTE));
        self.report(rule, 0, arguments);
    }

    /// Reports the rule as failed, or as satisfied where an explanation is asked for.
    pub(super) fn judge(&mut self, satisfied: Satisfied, rule: u32, arguments: Arguments) {
        match satisfied {
            Satisfied::No => self.fail(rule, arguments),
            Satisfied::Yes if self.explain == Explain::All && rule != NONE => self.report(rule, 1, arguments),
            Satisfied::Yes => {}
        }
    }

    fn report(&mut self, rule: u32, verdict: u8, arguments: Arguments) {
        self.findings.rules.push(rule);
        self.findings.verdicts.push(verdict);
        self.findings.observed.push(arguments.observed.unwrap_or(NONE_S64));
        self.findings.expected.push(arguments.expected.unwrap_or(NONE_S64));
        let of_rule = || usize::try_from(rule).ok().and_then(|rule| self.image.rule_subjects.get(rule)).copied();
        self.findings.subjects.push(if arguments.subject == NONE {
            of_rule().unwrap_or(NONE)
        } else {
            arguments.subject
        });
    }

    pub(super) fn push_line(&mut self, line: Line) {
        self.lines.push(line);
    }

    pub(super) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Puts the amount on the line of `code`: `rate_cents` for each unit.
    pub(super) fn price_line(&mut self, code: u32, rate_cents: i64) -> Result<(), EvaluateFault> {
        for line in self.lines.iter_mut().filter(|line| line.code == code) {
            line.cents = rate_cents.checked_mul(i64::from(line.units)).ok_or(EvaluateFault::Overflow)?;
        }
        Ok(())
    }

    /// Reports that the policy's own rule `rule_id`, declared under `[[custom]]`, failed or applies.
    /// `observed` and `expected` fill the placeholders of its sentence.
    /// # Errors
    /// [`UnknownRule`] when `policy.toml` declares no such rule.
    pub fn fail_custom(
        &mut self,
        rule_id: &str,
        observed: Option<i64>,
        expected: Option<i64>,
    ) -> Result<(), UnknownRule> {
        let rule = self.image.custom.iter().find(|(id, _)| *id == rule_id).map(|(_, rule)| *rule).ok_or(UnknownRule)?;
        self.fail(rule, Arguments { observed, expected, subject: NONE });
        Ok(())
    }

    /// The outcome as the rules stand now.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        OUTCOMES_BY_EFFECT.get(usize::from(self.strongest)).copied().unwrap_or(Outcome::Billable)
    }

    /// Units of the first line, 0 when there is none.
    #[must_use]
    pub fn units(&self) -> u32 {
        self.lines.first().map_or(0, |line| line.units)
    }

    pub(super) fn finish(self) -> (Outcome, Vec<Line>) {
        let outcome = self.outcome();
        let lines = if outcome == Outcome::NotBillable { Vec::new() } else { self.lines };
        (outcome, lines)
    }
}

/// Whether a rule is content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Satisfied {
    Yes,
    No,
}

impl From<bool> for Satisfied {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

/// `policy.toml` declares no `[[custom]]` rule of that id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownRule;

/// Collects answers.
pub(super) struct AnswerWriter {
    answers: Answers,
    findings: Findings,
}

impl AnswerWriter {
    pub(super) fn with_capacity(encounters: u32) -> Self {
        let capacity = usize::try_from(encounters).unwrap_or(0);
        let mut answers = Answers::default();
        answers.outcomes.reserve_exact(capacity);
        answers.line_offsets.reserve_exact(capacity.saturating_add(1));
        answers.finding_offsets.reserve_exact(capacity.saturating_add(1));
        answers.line_offsets.push(0);
        answers.finding_offsets.push(0);
        Self { answers, findings: Findings::default() }
    }

    pub(super) fn findings(&mut self) -> &mut Findings {
        &mut self.findings
    }

    pub(super) fn write(&mut self, outcome: Outcome, lines: Vec<Line>) {
        let answers = &mut self.answers;
        answers.outcomes.push(outcome.number().unwrap_or(u8::MAX));
        for line in lines {
            answers.line_codes.push(line.code);
            answers.line_units.push(line.units);
            answers.line_cents.push(line.cents);
            answers.line_modifiers.push(line.modifiers);
        }
        answers.line_offsets.push(u32::try_from(answers.line_codes.len()).unwrap_or(u32::MAX));
        answers.finding_offsets.push(u32::try_from(self.findings.rules.len()).unwrap_or(u32::MAX));
    }

    pub(super) fn finish(self) -> Answers {
        Answers {
            finding_rules: self.findings.rules,
            finding_verdicts: self.findings.verdicts,
            finding_observed: self.findings.observed,
            finding_expected: self.findings.expected,
            finding_subjects: self.findings.subjects,
            ..self.answers
        }
    }
}
