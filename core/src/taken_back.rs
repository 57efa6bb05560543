//! Decisions that no policy makes: about encounters whose claim is a void, or is taken back by another claim.

use std::sync::Arc;

use crate::decision::{Citation, Decision, Finding, Outcome, Verdict};
use crate::facts::EncounterFacts;
use crate::manifest::{Confidence, Denial, Effect, LiabilityGroup, RuleKind};
use crate::token::Token;

/// One way in which a claim stands in the way of billing its encounter.
struct Obstacle {
    conditions: &'static [&'static str],
    rule_id: &'static str,
    effect: Effect,
    message: &'static str,
    remedy: &'static str,
    denial: Option<(&'static str, &'static str)>,
}

/// In the order in which they are looked for.
const OBSTACLES: &[Obstacle] = &[
    Obstacle {
        conditions: &["claim.void", "claim.number_missing"],
        rule_id: "claim.number",
        effect: Effect::Incomplete,
        message: "the claim is a void (frequency code 8) and gives no claim number of the payer: nothing is billed",
        remedy: "record the payer's claim number from its last answer",
        denial: Some(("16", "M47")),
    },
    Obstacle {
        conditions: &["claim.void"],
        rule_id: "claim.voided",
        effect: Effect::NotBillable,
        message: "the claim of this encounter is a void (frequency code 8): nothing is billed",
        remedy: "remove the void, or record another frequency code, if the encounter is to be billed after all",
        denial: None,
    },
    Obstacle {
        conditions: &["claim.taken_back"],
        rule_id: "claim.taken_back",
        effect: Effect::NotBillable,
        message: "a claim of another encounter replaces or voids the claim of this one: only that one counts",
        remedy: "if both are services of their own, record the payer's claim number with the encounter that was replaced, or `repeat_service` with this one",
        denial: None,
    },
    Obstacle {
        conditions: &["claim.replaces_unclear"],
        rule_id: "claim.replaces_unclear",
        effect: Effect::Review,
        message: "the claim replaces an earlier one, and it is not clear which encounter of the day is the one",
        remedy: "record the payer's claim number with the encounter that was replaced, or `repeat_service` with a service that stands beside it",
        denial: None,
    },
];

/// The decision about an encounter that no policy is asked about, because of how it is claimed; `None` where one is.
///
/// A policy counts what it bills in the same call, so an encounter that bills nothing must not come before it.
#[must_use]
pub fn decide(facts: &EncounterFacts) -> Option<Decision> {
    let conditions = &facts.standing().conditions;
    if conditions.is_empty() {
        return None;
    }
    let holds = |name: &&str| conditions.iter().any(|condition| condition.as_str() == *name);
    let obstacle = OBSTACLES.iter().find(|obstacle| obstacle.conditions.iter().all(&holds))?;
    let finding = finding(obstacle)?;
    let outcome = Outcome::of_effect(obstacle.effect);
    Some(Decision { outcome, lines: Vec::new(), findings: vec![finding], undetermined: None })
}

fn finding(obstacle: &Obstacle) -> Option<Finding> {
    let denial = obstacle.denial.and_then(|(carc, rarc)| {
        let (carc, rarc) = (Token::parse(carc).ok()?, Token::parse(rarc).ok()?);
        Some(Denial { carc, group: LiabilityGroup::Contractual, rarc: vec![rarc] })
    });
    Some(Finding {
        rule_id: Token::parse(obstacle.rule_id).ok()?,
        kind: RuleKind::Requirement,
        effect: obstacle.effect,
        verdict: Verdict::Failed,
        message: obstacle.message.to_owned(),
        remedy: Some(obstacle.remedy.to_owned()),
        observed: None,
        expected: None,
        subject: None,
        citation: Some(Arc::new(Citation {
            source_id: Token::parse("claim_frequency").ok()?,
            title: "X12 837P, version 005010X222A1: claim frequency code and payer claim control number".to_owned(),
            section: Some("2300 CLM05-3 and REF*F8".to_owned()),
            locator: None,
            confidence: Confidence::High,
        })),
        denial,
        assumptions: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(conditions: &[&str]) -> Option<(Outcome, String, String, String)> {
        let facts: EncounterFacts = serde_json::from_value(json!({
            "encounter_id": "e1", "client_id": "c1", "payer_id": "acme", "date_of_service": "2026-03-02",
            "rendering_provider_id": "s1", "rendering_provider_role": "RN", "billing_provider_id": "b1",
            "phase": "implementation", "mode": "in_person", "standing": { "conditions": conditions }
        }))
        .expect("facts");
        let decision = decide(&facts)?;
        assert!(decision.lines.is_empty() && decision.findings.len() == 1);
        let finding = decision.findings.into_iter().next()?;
        let citation = finding.citation?;
        assert_eq!(
            (citation.title.as_str(), citation.section.as_deref()),
            (
                "X12 837P, version 005010X222A1: claim frequency code and payer claim control number",
                Some("2300 CLM05-3 and REF*F8")
            )
        );
        Some((decision.outcome, finding.rule_id.to_string(), finding.message, finding.remedy?))
    }

    #[test]
    fn it_says_why_nothing_is_billed_and_what_would_change_it() {
        let cases: [(&[&str], _, _, _, _); 4] = [
            (
                &["claim.void"],
                Outcome::NotBillable,
                "claim.voided",
                "the claim of this encounter is a void (frequency code 8): nothing is billed",
                "remove the void, or record another frequency code, if the encounter is to be billed after all",
            ),
            (
                &["claim.number_missing", "claim.taken_back", "claim.void"],
                Outcome::Incomplete,
                "claim.number",
                "the claim is a void (frequency code 8) and gives no claim number of the payer: nothing is billed",
                "record the payer's claim number from its last answer",
            ),
            (
                &["claim.replacement", "claim.taken_back"],
                Outcome::NotBillable,
                "claim.taken_back",
                "a claim of another encounter replaces or voids the claim of this one: only that one counts",
                "if both are services of their own, record the payer's claim number with the encounter that was replaced, or `repeat_service` with this one",
            ),
            (
                &["claim.replaces_unclear", "claim.replacement"],
                Outcome::Review,
                "claim.replaces_unclear",
                "the claim replaces an earlier one, and it is not clear which encounter of the day is the one",
                "record the payer's claim number with the encounter that was replaced, or `repeat_service` with a service that stands beside it",
            ),
        ];
        for (conditions, outcome, rule, message, remedy) in cases {
            let expected = (outcome, rule.to_owned(), message.to_owned(), remedy.to_owned());
            assert_eq!(told(conditions), Some(expected), "{conditions:?}");
        }
        for conditions in [&[][..], &["claim.replacement", "claim.number_missing"], &["coverage.ended"]] {
            assert_eq!(told(conditions), None, "a policy is asked about {conditions:?}");
        }
    }
}
