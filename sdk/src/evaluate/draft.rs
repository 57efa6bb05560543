//! The answer about one encounter while rules speak, written straight into the columns of answers.

use adjudica_core::columns::{Answers, Explain, NONE_S64};
use adjudica_core::{Cents, Outcome};

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
    pub cents: Option<Cents>,
    pub modifiers: u32,
}

/// What a finding says besides its rule.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arguments {
    /// What was seen, or [`NONE_S64`].
    pub observed: i64,
    /// What the rule asks for, or [`NONE_S64`].
    pub expected: i64,
    /// Position among the manifest's subjects, or [`NONE`].
    pub subject: u32,
}

impl Arguments {
    /// Nothing but the rule.
    pub(super) const NONE: Self = Self { observed: NONE_S64, expected: NONE_S64, subject: NONE };

    /// A count against a bound.
    #[must_use]
    pub(super) fn counts(observed: u32, expected: u32) -> Self {
        Self { observed: i64::from(observed), expected: i64::from(expected), subject: NONE }
    }

    /// A count that no bound belongs to.
    #[must_use]
    pub(super) fn observed(observed: u32) -> Self {
        Self { observed: i64::from(observed), ..Self::NONE }
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
    answers: &'d mut Answers,
    /// Lines from here on are this encounter's.
    first_line: usize,
    strongest: u8,
    /// The code whose minutes count though no line is billed, or [`NONE`].
    counted: u32,
}

impl<'d, 'a> Draft<'d, 'a> {
    pub(super) fn new(image: &'d Image<'a>, explain: Explain, answers: &'d mut Answers) -> Self {
        let first_line = answers.line_codes.len();
        Self { image, explain, answers, first_line, strongest: EFFECT_NOTE, counted: NONE }
    }

    pub(super) fn image(&self) -> &'d Image<'a> {
        self.image
    }

    /// Whether satisfied rules are reported too.
    pub(super) fn explains(&self) -> bool {
        self.explain == Explain::All
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
    #[inline]
    pub(super) fn judge(&mut self, satisfied: Satisfied, rule: u32, arguments: Arguments) {
        match satisfied {
            Satisfied::No => self.fail(rule, arguments),
            Satisfied::Yes if self.explains() && rule != NONE => self.report(rule, 1, arguments),
            Satisfied::Yes => {}
        }
    }

    fn report(&mut self, rule: u32, verdict: u8, arguments: Arguments) {
        let subject = match arguments.subject {
            NONE => self.image.rule_subjects.get(rule).unwrap_or(NONE),
            subject => subject,
        };
        self.answers.finding_rules.push(rule);
        self.answers.finding_verdicts.push(verdict);
        self.answers.finding_observed.push(arguments.observed);
        self.answers.finding_expected.push(arguments.expected);
        self.answers.finding_subjects.push(subject);
    }

    pub(super) fn push_line(&mut self, line: Line) {
        self.answers.line_codes.push(line.code);
        self.answers.line_units.push(line.units);
        self.answers.line_cents.push(line.cents.map_or(NONE_S64, Cents::get));
        self.answers.line_modifiers.push(line.modifiers);
    }

    /// Units of the line of `code`, when there is one.
    pub(super) fn units_of(&self, code: u32) -> Option<u32> {
        self.answers.line_units.get(self.line_of(code)?).copied()
    }

    /// Code and units of the lines before that of `code`.
    pub(super) fn lines_before(&self, code: u32) -> impl Iterator<Item = (u32, u32)> {
        let range = self.first_line..self.line_of(code).unwrap_or(self.first_line);
        let codes = self.answers.line_codes.get(range.clone()).unwrap_or_default();
        let units = self.answers.line_units.get(range).unwrap_or_default();
        codes.iter().copied().zip(units.iter().copied())
    }

    /// Puts the amount on the line of `code`.
    pub(super) fn price_line(&mut self, code: u32, cents: Cents) {
        if let Some(line) = self.line_of(code)
            && let Some(place) = self.answers.line_cents.get_mut(line)
        {
            *place = cents.get();
        }
    }

    /// Changes the units of the line of `code`.
    pub(super) fn set_units(&mut self, code: u32, units: u32) {
        if let Some(line) = self.line_of(code)
            && let Some(place) = self.answers.line_units.get_mut(line)
        {
            *place = units;
        }
    }

    /// The minutes count for `code`, and no line is billed.
    pub(super) fn count_only(&mut self, code: u32) {
        self.counted = code;
    }

    /// Where the line of `code` stands among all lines; an encounter has at most one line of a code.
    fn line_of(&self, code: u32) -> Option<usize> {
        let lines = self.answers.line_codes.get(self.first_line..).unwrap_or_default();
        lines.iter().position(|line_code| *line_code == code).map(|line| self.first_line + line)
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
        let mut rules = self.image.custom_ids.lines().zip(self.image.custom_rules.iter());
        let (_, rule) = rules.find(|(id, _)| *id == rule_id).ok_or(UnknownRule)?;
        let (observed, expected) = (observed.unwrap_or(NONE_S64), expected.unwrap_or(NONE_S64));
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
        self.answers.line_units.get(self.first_line).copied().unwrap_or(0)
    }

    /// Ends the encounter: writes its outcome, drops the lines of a refusal, and gives back code and units of the lines
    /// that are billed. A code with no units holds minutes that count.
    pub(super) fn finish(self) -> impl Iterator<Item = (u32, u32)> + use<'d, 'a> {
        let outcome = self.outcome();
        let Self { answers, first_line, counted, .. } = self;
        if outcome == Outcome::NotBillable {
            answers.line_codes.truncate(first_line);
            answers.line_units.truncate(first_line);
            answers.line_cents.truncate(first_line);
            answers.line_modifiers.truncate(first_line);
        }
        answers.outcomes.push(outcome.number().unwrap_or(u8::MAX));
        answers.line_offsets.push(count(answers.line_codes.len()));
        answers.finding_offsets.push(count(answers.finding_rules.len()));
        let billed = if outcome.is_accepted() { first_line } else { answers.line_codes.len() };
        let counted = (outcome.is_accepted() && counted != NONE).then_some((counted, 0));
        let codes = answers.line_codes.get(billed..).unwrap_or_default();
        let units = answers.line_units.get(billed..).unwrap_or_default();
        codes.iter().copied().zip(units.iter().copied()).chain(counted)
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Findings of an encounter that there is room for; room that is not used costs nothing.
const FINDINGS_EXPECTED: usize = 4;

/// Answers with room for `encounters` of them, most of which have one line.
pub(super) fn answers_with_room(encounters: u32) -> Answers {
    let room = usize::try_from(encounters).unwrap_or(0);
    let findings = room.saturating_mul(FINDINGS_EXPECTED);
    let mut answers = Answers {
        outcomes: Vec::with_capacity(room),
        line_offsets: Vec::with_capacity(room.saturating_add(1)),
        line_codes: Vec::with_capacity(room),
        line_units: Vec::with_capacity(room),
        line_cents: Vec::with_capacity(room),
        line_modifiers: Vec::with_capacity(room),
        finding_offsets: Vec::with_capacity(room.saturating_add(1)),
        finding_rules: Vec::with_capacity(findings),
        finding_verdicts: Vec::with_capacity(findings),
        finding_observed: Vec::with_capacity(findings),
        finding_expected: Vec::with_capacity(findings),
        finding_subjects: Vec::with_capacity(findings),
    };
    answers.line_offsets.push(0);
    answers.finding_offsets.push(0);
    answers
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
