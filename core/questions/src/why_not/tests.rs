//! The search against a made-up policy of two documents and a number of minutes. Real tables are asked in the workbench.

use super::*;
use adjudica_core::decision::{DecisionLine, Finding, Outcome, Verdict};
use adjudica_core::facts::{EncounterFacts, LedgerLine};
use adjudica_core::manifest::{Effect, RuleKind, Subject, SubjectKind};
use adjudica_core::{Cents, Minutes, ProcedureCode, Units};

fn token(text: &str) -> Token {
    Token::parse(text).expect("a token")
}

fn empty() -> Manifest {
    let manifest = serde_json::json!({
        "policy_id": "test", "version": "1.0.0", "interface_version": "1.0.0", "title": "test", "payers": ["test"],
        "in_force": [], "currency": "USD", "reads": [], "sources": [], "assumptions": [], "rules": [], "codes": [],
        "modifiers": [], "subjects": [], "terms": { "rates": [] }, "units_max": 10,
    });
    serde_json::from_value(manifest).expect("a manifest")
}

fn code() -> ProcedureCode {
    ProcedureCode::parse("T1016").expect("a code")
}

fn document(name: &str) -> Subject {
    Subject { kind: SubjectKind::Document, name: token(name) }
}

fn manifest() -> Manifest {
    Manifest {
        codes: vec![code()],
        subjects: vec![document("care_plan"), document("consent")],
        conditions: vec![token("care_plan"), token("consent"), token("repeat_service")],
        ..empty()
    }
}

fn facts(documents: &[&str], minutes: Option<u32>) -> EncounterFacts {
    let facts = serde_json::json!({
        "encounter_id": "e1", "client_id": "c1", "payer_id": "payer", "date_of_service": "2026-03-02",
        "procedure_code": "T1016", "minutes": minutes, "rendering_provider_id": "p1", "rendering_provider_role": "RN",
        "billing_provider_id": "b1", "phase": "implementation", "mode": "in_person", "supporting_info": documents,
    });
    serde_json::from_value(facts).expect("facts")
}

fn finding(rule: &str, kind: RuleKind, effect: Effect) -> Finding {
    Finding {
        rule_id: token(rule),
        kind,
        effect,
        verdict: Verdict::Failed,
        message: String::new(),
        remedy: None,
        observed: None,
        expected: None,
        subject: None,
        citation: None,
        denial: None,
        assumptions: Vec::new(),
    }
}

/// Two documents, at least 20 minutes that must be known, nothing billed before.
fn answer(timeline: &Timeline, facts: &EncounterFacts) -> Decision {
    let mut findings = Vec::new();
    for name in ["care_plan", "consent"] {
        if !facts.supporting_info.contains(&token(name)) {
            let subject = Some(document(name));
            findings.push(Finding { subject, ..finding(name, RuleKind::Requirement, Effect::Incomplete) });
        }
    }
    match facts.minutes {
        None => findings.push(finding("minutes.missing", RuleKind::Minutes, Effect::Incomplete)),
        Some(Minutes(minutes)) if minutes < 20 => findings.push(Finding {
            observed: Some(i64::from(minutes)),
            expected: Some(20),
            ..finding("minutes", RuleKind::Minutes, Effect::NotBillable)
        }),
        Some(_) => {}
    }
    if !timeline.ledger.is_empty() {
        findings.push(finding("month", RuleKind::Limit, Effect::NotBillable));
    }
    let outcome = findings.iter().map(|finding| finding.effect).min().map_or(Outcome::Billable, Outcome::of_effect);
    let line = DecisionLine {
        procedure_code: code(),
        modifiers: Vec::new(),
        units: Units(1),
        amount_cents: Some(Cents::new(1500)),
        payment: None,
    };
    let lines = if outcome == Outcome::Billable { vec![line] } else { Vec::new() };
    Decision { outcome, lines, findings, undetermined: None }
}

fn ways(timeline: &Timeline, encounter: usize) -> Option<Vec<WayOut>> {
    let (manifest, terms, candidates) = (manifest(), Terms::default(), Candidates::default());
    let question = Question { manifest: &manifest, timeline, encounter, terms: &terms, candidates: &candidates };
    why_not(&question, &mut |timelines, _| {
        assert!(timelines.len() <= 2_000, "{} timelines in one call", timelines.len());
        let each =
            |timeline: &Timeline| timeline.encounters.iter().map(|facts| answer(timeline, facts)).collect::<Vec<_>>();
        timelines.iter().map(each).collect()
    })
}

fn sentences(way: &WayOut) -> Vec<String> {
    way.changes.iter().map(FactChange::sentence).collect()
}

fn alone(facts: EncounterFacts) -> Timeline {
    Timeline { ledger: Vec::new(), encounters: vec![facts] }
}

#[test]
fn it_tells_everything_that_is_missing_and_nothing_else() {
    let table: [(&[&str], Option<u32>, &[&str]); 5] = [
        (&["consent"], Some(20), &["document `care_plan`"]),
        (&[], Some(20), &["document `care_plan`", "document `consent`"]),
        (&["care_plan", "consent"], Some(19), &["have at least 20 documented minutes, if the record bears them out"]),
        (&["care_plan", "consent"], None, &["have at least 20 documented minutes, if the record bears them out"]),
        (
            &[],
            None,
            &[
                "document `care_plan`",
                "document `consent`",
                "have at least 20 documented minutes, if the record bears them out",
            ],
        ),
    ];
    for (documents, minutes, expected) in table {
        let ways = ways(&alone(facts(documents, minutes)), 0).expect("an open encounter");
        let [way] = ways.as_slice() else { panic!("one way out, not {ways:?}") };
        assert_eq!(sentences(way), expected);
        assert_eq!(way.decision.lines.first().and_then(|line| line.amount_cents), Some(Cents::new(1500)));
        let kind = if minutes == Some(19) { ChangeKind::Otherwise } else { ChangeKind::Missing };
        assert!(way.changes.iter().all(|lever| lever.kind == kind), "{ways:?}");
    }
}

#[test]
fn it_says_nothing_of_what_is_accepted_and_finds_no_way_where_there_is_none() {
    let open = alone(facts(&["care_plan", "consent"], Some(30)));
    assert_eq!(ways(&open, 0), None);
    assert_eq!(ways(&open, 1), None, "there is no second encounter");
    let line = serde_json::json!({
        "payer_id": "payer", "date_of_service": "2026-03-01", "procedure_code": "T1016", "units": 1,
        "amount_cents": 1500, "billing_provider_id": "b1", "rendering_provider_id": "p1",
    });
    let line: LedgerLine = serde_json::from_value(line).expect("a line");
    for documents in [&["care_plan", "consent"][..], &[]] {
        let used_up = Timeline { ledger: vec![line.clone()], encounters: vec![facts(documents, Some(30))] };
        assert_eq!(ways(&used_up, 0), Some(Vec::new()));
    }
}

#[test]
fn it_changes_the_encounter_that_is_asked_about_and_no_other() {
    let mut second = facts(&[], Some(30));
    second.encounter_id = token("e2");
    let timeline = Timeline { ledger: Vec::new(), encounters: vec![facts(&[], Some(30)), second] };
    let ways = ways(&timeline, 1).expect("an open encounter");
    assert_eq!(
        ways.first().map(sentences),
        Some(vec!["document `care_plan`".to_owned(), "document `consent`".to_owned()])
    );
}

#[test]
fn it_reads_back_the_ways_out_that_it_writes() {
    let ways = ways(&alone(facts(&[], None)), 0).expect("an open encounter");
    let json = serde_json::to_string(&ways).expect("json");
    assert!(json.contains(r#"{"kind":"missing","change":"add_supporting_info","category":"care_plan"}"#), "{json}");
    assert!(json.contains(r#"{"kind":"missing","change":"minutes","minutes":20}"#), "{json}");
    assert_eq!(serde_json::from_str::<Vec<WayOut>>(&json).expect("ways out"), ways);
}
