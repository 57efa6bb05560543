//! Sums and examples of made-up answers. Real policies are compared in the workbench and on the command line.

use super::*;

/// Encounters `0..count` of one client.
fn timeline(count: usize) -> Timeline {
    let facts = |at| {
        serde_json::json!({
            "encounter_id": format!("e{at}"), "client_id": "c1", "payer_id": "payer", "date_of_service": "2026-03-02",
            "procedure_code": "T1016", "rendering_provider_id": "p1", "rendering_provider_role": "RN",
            "billing_provider_id": "b1", "phase": "implementation", "mode": "in_person",
        })
    };
    let encounters = (0..count).map(|at| serde_json::from_value(facts(at)).expect("facts"));
    Timeline { encounters: encounters.collect(), ..Timeline::default() }
}

/// An answer for each encounter, by the rule of its number where it is refused.
fn answers(timelines: &[Timeline], rule: impl Fn(usize) -> Option<String>) -> Vec<Vec<Decision>> {
    let answer = |at| {
        let refusal = rule(at).map(|rule| {
            serde_json::json!({ "rule_id": rule, "kind": "limit", "effect": "not_billable", "verdict": "failed", "message": "no" })
        });
        let outcome = if refusal.is_some() { "not_billable" } else { "billable" };
        let findings: Vec<_> = refusal.into_iter().collect();
        let decision = serde_json::json!({ "outcome": outcome, "lines": [], "findings": findings });
        serde_json::from_value(decision).expect("a decision")
    };
    timelines.iter().map(|timeline| (0..timeline.encounters.len()).map(answer).collect()).collect()
}

fn compare(count: usize, rule: impl Fn(usize) -> String) -> Behaviour {
    let mut behaviour = Behaviour::default();
    behaviour.compare(
        &[timeline(count)],
        &Terms::default(),
        &mut |timelines, _| answers(timelines, |_| None),
        &mut |timelines, _| answers(timelines, |at| Some(rule(at))),
    );
    behaviour
}

#[test]
fn it_keeps_one_example_for_what_the_same_rules_change() {
    let behaviour = compare(60, |at| format!("rule{}", at % 2));
    let examples = behaviour.examples(Direction::NewlyRefused);
    assert_eq!(examples.iter().map(|example| example.alike).collect::<Vec<_>>(), [30, 30]);
    assert_eq!(behaviour.without_example(Direction::NewlyRefused), 0);
}

#[test]
fn it_says_how_many_have_no_example() {
    let behaviour = compare(EXAMPLES_MAX + 10, |at| format!("rule{at}"));
    assert_eq!(behaviour.changed(), EXAMPLES_MAX + 10);
    assert_eq!(behaviour.examples(Direction::NewlyRefused).len(), EXAMPLES_MAX);
    assert_eq!(behaviour.without_example(Direction::NewlyRefused), 10);
    assert_eq!(behaviour.without_example(Direction::Dearer), 0);
}
