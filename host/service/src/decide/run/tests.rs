//! What clients' encounters see of each other, with small policies written here.

use adjudica_core::{Cents, DecisionLine, ProcedureCode, ServiceDate, Terms, Units};

use super::*;
use crate::decide::decision_record::tests::record;
use crate::decide::work::{Kept, Known};
use crate::registry::answerer::Chosen;

fn token(text: &str) -> Token {
    Token::parse(text).expect("a token")
}

fn facts(id: &str, day: &str) -> EncounterFacts {
    let mut facts = record().facts.into_owned();
    facts.encounter_id = token(id);
    facts.date_of_service = ServiceDate::parse(day).expect("a date");
    facts
}

fn billable(code: &str) -> Decision {
    let code = ProcedureCode::parse(code).expect("a code");
    let line = DecisionLine {
        procedure_code: code,
        modifiers: Vec::new(),
        units: Units(1),
        amount_cents: Some(Cents::new(100)),
        payment: None,
    };
    Decision { outcome: Outcome::Billable, lines: vec![line], findings: Vec::new(), undetermined: None }
}

fn refused() -> Decision {
    Decision { outcome: Outcome::NotBillable, lines: Vec::new(), findings: Vec::new(), undetermined: None }
}

/// Bills at most `max` lines of a client, whoever billed them; fails whole calls that hold the encounter `bad`.
fn answerer(name: &str, code: &'static str, max: usize) -> Routed {
    let run = move |timelines: &[Timeline], _: &Terms, _: Explain| {
        let mut decisions = Vec::new();
        for timeline in timelines {
            let mut billed = timeline.ledger.len();
            let fails = timeline.encounters.iter().any(|facts| facts.encounter_id.as_str() == "bad");
            for _ in &timeline.encounters {
                let decision = match (fails, billed < max) {
                    (true, _) => Decision::undetermined(UndeterminedCode::PolicyTrapped, "on purpose"),
                    (false, true) => billable(code),
                    (false, false) => refused(),
                };
                billed += decision.lines.len();
                decisions.push(decision);
            }
        }
        decisions
    };
    Routed::To(Arc::new(Answerer {
        policy_id: token(name),
        version: semver::Version::new(1, 0, 0),
        digest: Digest::of(name.as_bytes()),
        currency: token("USD"),
        chosen: Chosen::InForce,
        terms: Arc::new(Terms::default()),
        terms_digest: Digest::of(b"terms"),
        run: Arc::new(run),
    }))
}

fn encounter(id: &str, day: &str, routed: &Routed) -> Addressed {
    let known = Known { kept: Kept::Stored(1), ..Known::nowhere(facts(id, day), 0) };
    Addressed { known, routed: routed.clone(), records: None }
}

fn work(ledger: Vec<LiveLine>, encounters: Vec<Addressed>) -> Work<Addressed> {
    let ledger_through = i64::try_from(ledger.len()).expect("a small number");
    Work { ledger, ledger_through, ..Work::new(token("default"), token("c1"), encounters) }
}

fn seen(id: &str) -> LiveLine {
    seen_on(id, "2026-01-01")
}

fn seen_on(id: &str, day: &str) -> LiveLine {
    let lines = ledger_lines(&facts(id, day), &billable("G9001"));
    LiveLine { encounter_id: token(id), seq: 1, line: lines.into_iter().next().expect("a line") }
}

fn summary(client: &Decided) -> Vec<(&str, Outcome, i64)> {
    let done = client.encounters.iter();
    done.map(|done| (done.asked.known.facts.encounter_id.as_str(), done.decision.outcome, done.ledger_through))
        .collect()
}

#[test]
fn it_counts_lines_of_other_policies_in_order_of_date() {
    let (a, b) = (answerer("a", "G9001", 3), answerer("b", "G9002", 3));
    let items = vec![
        encounter("e4", "2026-01-04", &b),
        encounter("e1", "2026-01-01", &a),
        encounter("e3", "2026-01-03", &a),
        encounter("e2", "2026-01-02", &b),
    ];
    let done = run(vec![work(Vec::new(), items)], Explain::FailedOnly);
    let expected = [
        ("e1", Outcome::Billable, 0),
        ("e2", Outcome::Billable, 1),
        ("e3", Outcome::Billable, 2),
        ("e4", Outcome::NotBillable, 3),
    ];
    assert_eq!(summary(&done[0]), expected);
}

#[test]
fn it_gives_each_encounter_alone_what_the_batch_gave_it() {
    let (a, b) = (answerer("a", "G9001", 3), answerer("b", "G9002", 2));
    let items = || {
        (1..=6)
            .map(|day| encounter(&format!("e{day}"), &format!("2026-01-0{day}"), if day % 3 == 0 { &b } else { &a }))
            .collect()
    };
    let batch = run(vec![work(vec![seen("old")], items())], Explain::FailedOnly).remove(0);
    let mut rows = vec![seen("old")];
    for (done, alone) in batch.encounters.iter().zip::<Vec<Addressed>>(items()) {
        let counted = rows.iter().take(usize::try_from(done.ledger_through).expect("small")).cloned().collect();
        let again = run(vec![work(counted, vec![alone])], Explain::FailedOnly).remove(0);
        assert_eq!(again.encounters[0].decision, done.decision);
        let lines =
            done.ledger_lines.iter().map(|line| LiveLine { encounter_id: token("x"), seq: 1, line: line.clone() });
        rows.extend(lines);
    }
}

#[test]
fn it_does_not_count_lines_of_what_is_decided_again() {
    let a = answerer("a", "G9001", 1);
    let done = run(vec![work(vec![seen("e1")], vec![encounter("e1", "2026-01-01", &a)])], Explain::FailedOnly);
    // One line, then its reversal: the new decision counts neither and stands on entry 2.
    assert_eq!(summary(&done[0]), [("e1", Outcome::Billable, 2)]);
}

#[test]
fn it_leaves_only_the_faulty_undetermined() {
    let a = answerer("a", "G9001", 9);
    let nobody = Routed::Nobody(UndeterminedCode::NoPolicyInForce, "nobody answers".to_owned());
    let items = vec![
        encounter("e1", "2026-01-01", &a),
        encounter("bad", "2026-01-02", &a),
        encounter("e3", "2026-01-03", &nobody),
        encounter("e4", "2026-01-04", &a),
    ];
    let done = run(vec![work(Vec::new(), items)], Explain::FailedOnly);
    let expected = [
        ("e1", Outcome::Billable, 0),
        ("bad", Outcome::Undetermined, 1),
        ("e3", Outcome::Undetermined, 1),
        ("e4", Outcome::Billable, 1),
    ];
    assert_eq!(summary(&done[0]), expected);
}

#[test]
fn it_says_whose_lines_were_left_out() {
    let a = answerer("a", "G9001", 1);
    let items = vec![encounter("e1", "2026-01-01", &a), encounter("e2", "2026-01-02", &a)];
    // e2 was a day earlier when it was billed.
    let done = run(vec![work(vec![seen_on("e2", "2025-12-31")], items)], Explain::FailedOnly);
    // The line of e2 is entry 1; e1 is decided without it and writes entry 2; e2 takes entry 1 back as entry 3.
    assert_eq!(summary(&done[0]), [("e1", Outcome::Billable, 1), ("e2", Outcome::NotBillable, 3)]);
    assert_eq!(done[0].encounters[0].ledger_without, [token("e2")]);
    assert!(done[0].encounters[1].ledger_without.is_empty());
}

/// What stands after an encounter is never counted, so a record need not say so: its length does not grow with the client's history.
#[test]
fn it_names_no_encounter_whose_lines_stand_after() {
    let a = answerer("a", "G9001", 1);
    let ids: Vec<String> = (1000..1200).map(|number| format!("e{number}")).collect();
    let ledger = ids.iter().map(|id| seen_on(id, "2026-01-02")).collect();
    let mut items: Vec<_> = ids.iter().map(|id| encounter(id, "2026-01-02", &a)).collect();
    items.push(encounter("early", "2026-01-01", &a));
    let done = run(vec![work(ledger, items)], Explain::FailedOnly);
    assert_eq!(done[0].encounters.len(), 201);
    assert!(done[0].encounters.iter().all(|item| item.ledger_without.is_empty()));
}

/// Which of two days and ids comes first decides what counts, never which was decided first.
#[test]
fn it_counts_what_stands_before_an_encounter_and_nothing_else() {
    let a = answerer("a", "G9001", 2);
    let ledger = || vec![seen_on("e2", "2026-01-02"), seen_on("e4", "2026-01-02"), seen_on("e6", "2026-01-06")];
    for (id, day, outcome) in [
        ("e1", "2026-01-01", Outcome::Billable),
        ("e3", "2026-01-02", Outcome::Billable),
        ("e5", "2026-01-02", Outcome::NotBillable),
        ("e0", "2026-01-06", Outcome::NotBillable),
        ("e7", "2026-01-02", Outcome::NotBillable),
    ] {
        let done = run(vec![work(ledger(), vec![encounter(id, day, &a)])], Explain::FailedOnly);
        assert_eq!(summary(&done[0]), [(id, outcome, 3)], "{id} on {day}");
    }
    // What is billed in the call counts together with what was billed before, each at its own place.
    let items =
        vec![encounter("e1", "2026-01-01", &a), encounter("e3", "2026-01-02", &a), encounter("e5", "2026-01-03", &a)];
    let done = run(vec![work(ledger(), items)], Explain::FailedOnly);
    let expected = [("e1", Outcome::Billable, 3), ("e3", Outcome::NotBillable, 4), ("e5", Outcome::NotBillable, 4)];
    assert_eq!(summary(&done[0]), expected);
    let mut all = work(ledger(), vec![encounter("e1", "2026-01-01", &a)]);
    all.counted = Counted::All;
    let done = run(vec![all], Explain::FailedOnly);
    assert_eq!(summary(&done[0]), [("e1", Outcome::NotBillable, 3)], "as records of the first form counted");
}

#[test]
fn it_writes_nothing_where_the_decision_in_force_says_the_same() {
    let a = answerer("a", "G9001", 2);
    let Routed::To(answerer_a) = &a else { panic!("it answers") };
    let in_force = |facts: &EncounterFacts, decision: &Decision, policy: &[u8]| {
        let mut of = record();
        let currency = Some(&answerer_a.currency);
        let said = serde_json::to_string(&Said::new(facts, currency, decision)).expect("json");
        of.currency = None;
        let start = of.text().expect("json");
        let start = start.split_once(",\"facts\":").expect("facts").0.to_owned();
        InForce {
            decision_id: "d1".to_owned(),
            is_stale: true,
            policy_digest: Some(Digest::of(policy)),
            terms_digest: Some(Digest::of(b"terms")),
            record: format!("{start},{}", said.strip_prefix('{').expect("an object")),
        }
    };
    let again = |policy: &[u8], decision: &Decision| {
        let mut e2 = encounter("e2", "2026-01-02", &a);
        e2.known.in_force = Some(in_force(&e2.known.facts, decision, policy));
        e2.known.may_stay = true;
        let items = vec![encounter("e1", "2026-01-01", &a), e2, encounter("e3", "2026-01-03", &a)];
        let done = run(vec![work(vec![seen_on("e2", "2026-01-02")], items)], Explain::FailedOnly).remove(0);
        let told: Vec<_> = done.encounters.iter().map(|done| (done.news, done.ledger_through)).collect();
        assert_eq!(done.encounters[2].decision.outcome, Outcome::NotBillable, "e2 counts either way");
        told
    };
    // The line of e2 is entry 1 and stays; e1 writes entry 2.
    assert_eq!(again(b"a", &billable("G9001")), [(News::Made, 1), (News::Confirmed, 2), (News::Made, 2)]);
    for (policy, decision) in [(&b"b"[..], billable("G9001")), (b"a", billable("G9002"))] {
        // It is taken back as entry 3 and billed again as entry 4.
        assert_eq!(again(policy, &decision), [(News::Made, 1), (News::Made, 3), (News::Made, 4)]);
    }
}
