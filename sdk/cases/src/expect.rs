//! What a case expects of one decision, and how a decision differs from it.

use adjudica_core::{Cents, Decision, Effect, Modifier, Outcome, ProcedureCode, Units, Verdict};
use serde::{Deserialize, Serialize};

/// What a case expects of one encounter. Parts that are not given are not compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The outcome.
    pub outcome: Outcome,
    /// Exactly the failed rules whose effect is not `note`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<Vec<String>>,
    /// Rules among the failed ones that each must begin with one of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules_begin: Option<Vec<String>>,
    /// Exactly the rules of effect `note` that speak.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<Vec<String>>,
    /// What the first finding that points at something points at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The lines, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<ExpectedLine>>,
}

/// One expected line. Parts that are not given are not compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedLine {
    /// The code.
    pub procedure_code: ProcedureCode,
    /// Units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<Units>,
    /// Amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_cents: Option<Cents>,
    /// Modifiers, in the manifest's order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modifiers: Option<Vec<Modifier>>,
}

impl ExpectedLine {
    fn of(line: &adjudica_core::DecisionLine) -> Self {
        Self {
            procedure_code: line.procedure_code,
            units: Some(line.units),
            amount_cents: line.amount_cents,
            modifiers: Some(line.modifiers.clone()),
        }
    }
}

impl Expectation {
    /// All that a case can expect of `decision`.
    #[must_use]
    pub fn of(decision: &Decision) -> Self {
        let failed = decision.findings.iter().filter(|finding| finding.verdict == Verdict::Failed);
        let (notes, rules): (Vec<_>, Vec<_>) = failed.partition(|finding| finding.effect == Effect::Note);
        let ids = |findings: Vec<&adjudica_core::Finding>| {
            Some(findings.into_iter().map(|finding| finding.rule_id.to_string()).collect())
        };
        let mut subjects = decision.findings.iter().filter_map(|finding| finding.subject.as_ref());
        Self {
            outcome: decision.outcome,
            rules: ids(rules),
            rules_begin: None,
            notes: ids(notes),
            subject: subjects.next().map(|subject| subject.name.to_string()),
            lines: Some(decision.lines.iter().map(ExpectedLine::of).collect()),
        }
    }

    /// Every way in which `decision` differs, a sentence each.
    #[must_use]
    pub fn differences(&self, decision: &Decision) -> Vec<String> {
        let mut differences = Vec::new();
        if decision.outcome != self.outcome {
            let why = decision.undetermined.as_ref().map_or(String::new(), |reason| format!(" ({})", reason.message));
            differences.push(format!("expected {}, got {}{why}", self.outcome.as_str(), decision.outcome.as_str()));
        }
        let failed = decision.findings.iter().filter(|finding| finding.verdict == Verdict::Failed);
        let (notes, rules): (Vec<_>, Vec<_>) = failed.partition(|finding| finding.effect == Effect::Note);
        let ids = |findings: &[&adjudica_core::Finding]| {
            findings.iter().map(|finding| finding.rule_id.to_string()).collect::<Vec<_>>()
        };
        let (rules, notes) = (ids(&rules), ids(&notes));
        if let Some(expected) = &self.rules {
            compare_rules("rules", expected, &rules, &mut differences);
        } else if decision.outcome != self.outcome {
            differences.push(format!("failed rules: {}", list(&rules)));
        }
        if let Some(expected) = &self.notes {
            compare_rules("notes", expected, &notes, &mut differences);
        }
        for begin in self.rules_begin.iter().flatten() {
            if !rules.iter().any(|rule| rule.starts_with(begin.as_str())) {
                differences.push(format!("expected a failed rule that begins with `{begin}`, got {}", list(&rules)));
            }
        }
        let subject = decision
            .findings
            .iter()
            .find_map(|finding| finding.subject.as_ref())
            .map(|subject| subject.name.to_string());
        if self.subject.is_some() && self.subject != subject {
            let name =
                |subject: &Option<String>| subject.as_ref().map_or("nothing".to_owned(), |name| format!("`{name}`"));
            let (expected, got) = (name(&self.subject), name(&subject));
            differences.push(format!("expected the findings to point at {expected}, got {got}"));
        }
        self.compare_lines(decision, &mut differences);
        differences
    }

    fn compare_lines(&self, decision: &Decision, differences: &mut Vec<String>) {
        let Some(expected) = &self.lines else { return };
        if expected.len() != decision.lines.len() {
            differences.push(format!("expected {} lines, got {}", expected.len(), decision.lines.len()));
            return;
        }
        for (index, (expected, line)) in expected.iter().zip(&decision.lines).enumerate() {
            let mut differ = |what: &str, expected: String, got: String| {
                if expected != got {
                    differences.push(format!("line {}: expected {what} {expected}, got {got}", index + 1));
                }
            };
            differ("code", expected.procedure_code.to_string(), line.procedure_code.to_string());
            if let Some(units) = expected.units {
                differ("units", units.to_string(), line.units.to_string());
            }
            if let Some(cents) = expected.amount_cents {
                let got = line.amount_cents.map_or_else(|| "unknown".to_owned(), |cents| cents.to_string());
                differ("amount", cents.to_string(), got);
            }
            if let Some(modifiers) = &expected.modifiers {
                differ("modifiers", format!("{modifiers:?}"), format!("{:?}", line.modifiers));
            }
        }
    }
}

/// An expected id matches itself, and itself with a date behind: `role.G9001` matches `role.G9001.2022-01-01`.
pub(super) fn matches(expected: &str, actual: &str) -> bool {
    let dated = |rest: &str| rest.strip_prefix('.').is_some_and(|date| adjudica_core::ServiceDate::parse(date).is_ok());
    actual.strip_prefix(expected).is_some_and(|rest| rest.is_empty() || dated(rest))
}

fn compare_rules(what: &str, expected: &[String], actual: &[String], differences: &mut Vec<String>) {
    let missing: Vec<_> =
        expected.iter().filter(|id| !actual.iter().any(|other| matches(id, other))).cloned().collect();
    let surplus: Vec<_> =
        actual.iter().filter(|id| !expected.iter().any(|other| matches(other, id))).cloned().collect();
    if !missing.is_empty() {
        differences.push(format!("{what} that should have spoken and did not: {}", list(&missing)));
    }
    if !surplus.is_empty() {
        differences.push(format!("{what} that spoke unexpectedly: {}", list(&surplus)));
    }
}

fn list(ids: &[String]) -> String {
    if ids.is_empty() { "none".to_owned() } else { ids.join(", ") }
}
