//! The canonical record of a decision: the text that is stored, hashed, answered and replayed. The order of its fields is fixed.

use std::borrow::Cow;

use adjudica_core::columns::Explain;
use adjudica_core::decision::UndeterminedReason;
use adjudica_core::{Decision, DecisionLine, Digest, EncounterFacts, Finding, Outcome, Token};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::registry::answerer::Chosen;

/// The form of the records that this release writes. The first form counted all lines of the client's ledger; since the
/// second a decision counts the lines of encounters before its own.
pub const RECORD_VERSION: u32 = 2;

/// Everything that made a decision, and the decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionRecord<'a> {
    /// The form of this record.
    pub record_version: u32,
    /// The decision's own id.
    #[schema(value_type = String)]
    pub decision_id: Cow<'a, str>,
    /// The agency.
    #[schema(value_type = Token)]
    pub agency_id: Cow<'a, Token>,
    /// The encounter.
    #[schema(value_type = Token)]
    pub encounter_id: Cow<'a, Token>,
    /// The revision of the stored encounter; null when it came with the request.
    #[schema(required)]
    pub encounter_revision: Option<i64>,
    /// The decision that this one replaces.
    #[schema(value_type = Option<String>, required)]
    pub supersedes: Option<Cow<'a, str>>,
    /// When it was decided, RFC 3339 with six digits.
    #[schema(value_type = String, format = DateTime)]
    pub decided_at: Cow<'a, str>,
    /// The instant whose knowledge of activations was used.
    #[schema(value_type = String, format = DateTime)]
    pub as_of: Cow<'a, str>,
    /// Whether the decision counts.
    pub mode: Mode,
    /// Which rules it lists.
    pub explain: ExplainWord,
    /// The policy; null when none was in force.
    #[schema(required)]
    pub policy: Option<PolicyUsed<'a>>,
    /// The terms; null when no policy was in force.
    #[schema(required)]
    pub terms_digest: Option<Digest>,
    /// The engine that ran the policy.
    #[schema(value_type = String)]
    pub engine_version: Cow<'a, str>,
    /// The contract between them.
    #[schema(value_type = String)]
    pub interface_version: Cow<'a, str>,
    /// The last entry of the client's ledger that was counted.
    pub ledger_through: i64,
    /// Encounters whose lines up to there stand before this one and were not counted, because they were decided again after it.
    #[schema(value_type = Vec<Token>)]
    pub ledger_without: Cow<'a, [Token]>,
    /// What was known about the encounter.
    #[schema(value_type = EncounterFacts)]
    pub facts: Cow<'a, EncounterFacts>,
    /// ISO 4217 code of every amount; null when no policy was in force.
    #[schema(value_type = Option<Token>, required)]
    pub currency: Option<Cow<'a, Token>>,
    /// What becomes of the encounter.
    pub outcome: Outcome,
    /// What can be billed.
    #[schema(value_type = Vec<DecisionLine>)]
    pub lines: Cow<'a, [DecisionLine]>,
    /// Every rule that spoke.
    #[schema(value_type = Vec<Finding>)]
    pub findings: Cow<'a, [Finding]>,
    /// Why no decision could be made.
    #[schema(value_type = Option<UndeterminedReason>, required)]
    pub undetermined: Option<Cow<'a, UndeterminedReason>>,
}

/// Which policy decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyUsed<'a> {
    /// Its id.
    #[schema(value_type = Token)]
    pub policy_id: Cow<'a, Token>,
    /// Its version.
    #[schema(value_type = String)]
    pub version: Cow<'a, semver::Version>,
    /// The digest of its file.
    pub digest: Digest,
    /// How it was chosen.
    pub chosen: Chosen,
}

/// Whether a decision counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DecisionMode)]
pub enum Mode {
    /// It is stored, and its lines count.
    Live,
    /// It was answered only.
    DryRun,
}

/// Which rules a decision lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Explain)]
pub enum ExplainWord {
    /// Those that failed or apply.
    FailedOnly,
    /// Every rule tried.
    All,
}

/// What a record says of an encounter: its end, from the facts on.
#[derive(Serialize)]
pub struct Said<'a> {
    facts: &'a EncounterFacts,
    currency: Option<&'a Token>,
    outcome: Outcome,
    lines: &'a [DecisionLine],
    findings: &'a [Finding],
    undetermined: Option<&'a UndeterminedReason>,
}

impl<'a> Said<'a> {
    /// What the record of `decision` says.
    #[must_use]
    pub fn new(facts: &'a EncounterFacts, currency: Option<&'a Token>, decision: &'a Decision) -> Self {
        Self {
            facts,
            currency,
            outcome: decision.outcome,
            lines: &decision.lines,
            findings: &decision.findings,
            undetermined: decision.undetermined.as_ref(),
        }
    }

    /// Whether `record` says just this, byte for byte.
    #[must_use]
    pub fn is_in(&self, record: &str) -> bool {
        let Ok(said) = serde_json::to_string(self) else { return false };
        // Names and digests stand before the facts, and none of them can hold these letters.
        let there = record.split_once(",\"facts\":").map(|(_, rest)| rest);
        there.is_some() && there == said.strip_prefix("{\"facts\":")
    }
}

impl From<Explain> for ExplainWord {
    fn from(explain: Explain) -> Self {
        match explain {
            Explain::FailedOnly => Self::FailedOnly,
            Explain::All => Self::All,
        }
    }
}

impl From<ExplainWord> for Explain {
    fn from(word: ExplainWord) -> Self {
        match word {
            ExplainWord::FailedOnly => Self::FailedOnly,
            ExplainWord::All => Self::All,
        }
    }
}

impl DecisionRecord<'_> {
    /// The canonical text.
    /// # Errors
    /// When a value cannot be written as JSON, which no value of these types is known to do.
    pub fn text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// The record of a stored text.
    /// # Errors
    /// When the text is not a record that this release can read.
    pub fn parse(text: &str) -> Result<DecisionRecord<'static>, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The decision itself.
    #[must_use]
    pub fn decision(&self) -> Decision {
        Decision {
            outcome: self.outcome,
            lines: self.lines.to_vec(),
            findings: self.findings.to_vec(),
            undetermined: self.undetermined.as_deref().cloned(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use adjudica_core::decision::UndeterminedCode;

    use super::*;
    use crate::intake::encounter::parse_encounter;

    pub(crate) fn record() -> DecisionRecord<'static> {
        let facts = parse_encounter(&serde_json::json!({
            "encounter_id": "e1", "client_id": "c1", "payer_id": "bcbsm", "date_of_service": "2026-03-02",
            "rendering_provider_id": "s1", "rendering_provider_role": "RN", "billing_provider_id": "b1",
            "phase": "implementation", "mode": "telephone"
        }))
        .expect("facts");
        let decision = Decision::undetermined(UndeterminedCode::NoPolicyInForce, "no policy is in force");
        DecisionRecord {
            record_version: RECORD_VERSION,
            decision_id: "d1".into(),
            agency_id: Cow::Owned(Token::parse("default").expect("a token")),
            encounter_id: Cow::Owned(facts.encounter_id.clone()),
            encounter_revision: Some(1),
            supersedes: None,
            decided_at: "2026-03-03T00:00:00.000000Z".into(),
            as_of: "2026-03-03T00:00:00.000000Z".into(),
            mode: Mode::Live,
            explain: ExplainWord::FailedOnly,
            policy: None,
            terms_digest: None,
            engine_version: "engine".into(),
            interface_version: "1.0.0".into(),
            ledger_through: 0,
            ledger_without: Cow::Owned(Vec::new()),
            facts: Cow::Owned(facts),
            currency: None,
            outcome: decision.outcome,
            lines: Cow::Owned(decision.lines),
            findings: Cow::Owned(decision.findings),
            undetermined: decision.undetermined.map(Cow::Owned),
        }
    }

    #[test]
    fn it_knows_a_record_that_says_the_same() {
        let record = record();
        let text = record.text().expect("json");
        let (facts, decision) = (record.facts.as_ref(), record.decision());
        assert!(Said::new(facts, None, &decision).is_in(&text));
        let other = Token::parse("USD").expect("a token");
        assert!(!Said::new(facts, Some(&other), &decision).is_in(&text));
        let mut billable = decision.clone();
        billable.outcome = Outcome::Billable;
        assert!(!Said::new(facts, None, &billable).is_in(&text));
        assert!(!Said::new(facts, None, &decision).is_in("{}"));
    }

    #[test]
    fn it_reads_what_it_writes_and_keeps_the_order_of_fields() {
        let record = record();
        let text = record.text().expect("json");
        let again = DecisionRecord::parse(&text).expect("a record");
        assert_eq!(again.text().expect("json"), text);
        let start = r#"{"record_version":2,"decision_id":"d1","agency_id":"default","encounter_id":"e1","encounter_revision":1,"supersedes":null,"decided_at":"#;
        assert!(text.starts_with(start), "{text}");
        assert!(text.contains(r#""undetermined":{"code":"no_policy_in_force""#), "{text}");
    }
}
