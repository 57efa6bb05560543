//! The answer about one encounter, rendered from a policy's numbers: outcome, lines, findings with their citations.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::cents::Cents;
use crate::code::{Modifier, ProcedureCode};
use crate::manifest::{Confidence, Denial, Effect, RuleKind, Subject};
use crate::payment::LinePayment;
use crate::quantity::{Minutes, Units};
use crate::token::Token;

/// What becomes of an encounter. `undetermined` is the host's alone: no policy can give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It can be billed as the lines say.
    Billable,
    /// It is accepted and pays nothing.
    ReportOnly,
    /// It would be billable if something named were supplied.
    Incomplete,
    /// A person must look.
    Review,
    /// It cannot be billed.
    NotBillable,
    /// No decision could be made: no policy in force, a policy fault, a limit hit.
    Undetermined,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 6] =
        [Self::Billable, Self::ReportOnly, Self::Incomplete, Self::Review, Self::NotBillable, Self::Undetermined];

    /// The word used in JSON, SQL and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Billable => "billable",
            Self::ReportOnly => "report_only",
            Self::Incomplete => "incomplete",
            Self::Review => "review",
            Self::NotBillable => "not_billable",
            Self::Undetermined => "undetermined",
        }
    }

    /// The outcome of that word.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == word)
    }

    /// The number that stands for it in the contract's answers; `undetermined` has none.
    #[must_use]
    pub fn number(self) -> Option<u8> {
        match self {
            Self::Billable => Some(0),
            Self::ReportOnly => Some(1),
            Self::Incomplete => Some(2),
            Self::Review => Some(3),
            Self::NotBillable => Some(4),
            Self::Undetermined => None,
        }
    }

    /// The outcome of a number in the contract's answers.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.number() == Some(number))
    }

    /// Whether lines of this outcome enter the ledger.
    #[must_use]
    pub fn is_accepted(self) -> bool {
        match self {
            Self::Billable | Self::ReportOnly => true,
            Self::Incomplete | Self::Review | Self::NotBillable | Self::Undetermined => false,
        }
    }

    /// The outcome of a decision whose strongest failed rule has `effect`.
    #[must_use]
    pub fn of_effect(effect: Effect) -> Self {
        match effect {
            Effect::NotBillable => Self::NotBillable,
            Effect::Incomplete => Self::Incomplete,
            Effect::Review => Self::Review,
            Effect::ReportOnly => Self::ReportOnly,
            Effect::Note => Self::Billable,
        }
    }
}

/// The answer about one encounter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// What becomes of it.
    pub outcome: Outcome,
    /// What can be billed, or would be once complete; empty when not billable.
    pub lines: Vec<DecisionLine>,
    /// Every rule that spoke.
    pub findings: Vec<Finding>,
    /// Why no decision could be made; only with `undetermined`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undetermined: Option<UndeterminedReason>,
}

impl Decision {
    /// The code for which documented minutes count though no line is billed yet.
    #[must_use]
    pub fn counted_only(&self) -> Option<ProcedureCode> {
        let counts = |finding: &&Finding| {
            finding.kind == RuleKind::Minutes
                && finding.effect == Effect::ReportOnly
                && finding.verdict == Verdict::Failed
        };
        let accepted = self.outcome == Outcome::ReportOnly && self.lines.is_empty();
        let finding = self.findings.iter().find(counts).filter(|_| accepted)?;
        ProcedureCode::parse(finding.subject.as_ref()?.name.as_str()).ok()
    }

    /// The documented minutes without those that the policy left out.
    #[must_use]
    pub fn counted_minutes(&self, documented: Option<Minutes>) -> Option<Minutes> {
        let left_out = self.findings.iter().filter(|finding| finding.kind == RuleKind::Component);
        let left_out: i64 = left_out.filter_map(|finding| finding.observed).sum();
        documented.map(|minutes| Minutes(minutes.0.saturating_sub(u32::try_from(left_out).unwrap_or(u32::MAX))))
    }
}

/// Why no decision could be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = Undetermined))]
#[serde(deny_unknown_fields)]
pub struct UndeterminedReason {
    /// Which sort of failure.
    pub code: UndeterminedCode,
    /// One plain sentence for a person.
    pub message: String,
}

/// Sorts of failures to decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UndeterminedCode {
    /// No activation covers that payer and date of service.
    NoPolicyInForce,
    /// A record that concerns the encounter cannot be read.
    RecordUnreadable,
    /// The policy is activated but could not be loaded.
    PolicyUnavailable,
    /// The policy trapped.
    PolicyTrapped,
    /// The policy used up its fuel.
    PolicyOutOfFuel,
    /// The policy ran past its deadline.
    PolicyTimedOut,
    /// The policy asked for more memory than it may have.
    PolicyOutOfMemory,
    /// The policy called itself too deeply.
    PolicyStackExhausted,
    /// The policy's answer was larger than it may be.
    PolicyAnswerTooLarge,
    /// The policy's answer does not keep the contract.
    PolicyAnswerInvalid,
}

/// One line that can be billed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DecisionLine {
    /// The code (X12 SV101-2).
    pub procedure_code: ProcedureCode,
    /// Modifiers that belong on the line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modifiers: Vec<Modifier>,
    /// Units (X12 SV104).
    pub units: Units,
    /// Amount allowed for all units; null when no rate is known.
    #[cfg_attr(feature = "schema", schema(required))]
    pub amount_cents: Option<Cents>,
    /// Who pays what of it, where the records say anything of payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<LinePayment>,
}

/// One rule's verdict, with all that a person needs to check it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The rule.
    pub rule_id: Token,
    /// What the rule looks at.
    pub kind: RuleKind,
    /// What its failing does.
    pub effect: Effect,
    /// Whether it failed or was satisfied; satisfied rules are listed only when an explanation is asked for.
    pub verdict: Verdict,
    /// One plain sentence, with this encounter's numbers.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// What was seen: minutes, lines already billed, days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<i64>,
    /// What the rule asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<i64>,
    /// What it points at: a missing document, another code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// Where the rule comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<Citation>))]
    pub citation: Option<Arc<Citation>>,
    /// How the payer would write the refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denial: Option<Denial>,
    /// What the rule takes to be so without a source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assumptions: Vec<String>,
}

/// Whether a rule was satisfied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The rule speaks against the encounter, or applies to it.
    Failed,
    /// The rule was tried and is content.
    Satisfied,
}

/// Where a rule comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Citation {
    /// Short name of the source in the policy.
    pub source_id: Token,
    /// Title of the document.
    pub title: String,
    /// Where in the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    /// Where to find the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locator: Option<String>,
    /// How sure the source makes us.
    pub confidence: Confidence,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_words_and_numbers_of_outcomes_one_to_one() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::find(outcome.as_str()), Some(outcome));
            assert_eq!(serde_json::to_string(&outcome).expect("json"), format!("\"{}\"", outcome.as_str()));
            if let Some(number) = outcome.number() {
                assert_eq!(Outcome::from_number(number), Some(outcome));
            }
        }
        assert_eq!(Outcome::from_number(5), None);
    }
}
