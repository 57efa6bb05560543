//! Which period answers for an encounter, and what a rollback goes back to.

use adjudica_core::ServiceDate;
use adjudica_store::Schedule;

use super::*;
use crate::intake::encounter::parse_encounter;

fn token(text: &str) -> Token {
    Token::parse(text).expect("a token")
}

fn encounter() -> EncounterFacts {
    let given = serde_json::json!({
        "encounter_id": "e1", "client_id": "c1", "payer_id": "bcbsm", "date_of_service": "2026-03-02",
        "rendering_provider_id": "s1", "rendering_provider_role": "RN", "billing_provider_id": "b1",
        "phase": "implementation", "mode": "telephone"
    });
    parse_encounter(&given).expect("facts")
}

fn key(plan: Option<&str>, line: Option<&str>) -> ActivationKey {
    ActivationKey {
        agency_id: token("default"),
        payer_id: token("bcbsm"),
        plan_id: plan.map(token),
        service_line: line.map(token),
    }
}

fn period(from: &str, name: &str) -> ActivationPeriod {
    ActivationPeriod {
        dos_from: ServiceDate::parse(from).expect("a date"),
        dos_to: None,
        policy_digest: Digest::of(name.as_bytes()),
        terms_digest: Digest::of(b"terms"),
    }
}

fn change(change_id: i64, key: ActivationKey, periods: Vec<ActivationPeriod>, undoes: Option<i64>) -> Change {
    Change {
        change_id,
        recorded_at: Timestamp::from_second(change_id * 100).expect("an instant"),
        recorded_by: token("lead"),
        message: "because".to_owned(),
        undoes,
        schedules: vec![Schedule { key, periods }],
    }
}

fn answer(snapshot: &Snapshot, plan: Option<&str>, line: Option<&str>, as_of: Option<i64>) -> Option<Digest> {
    let mut facts = encounter();
    facts.plan_id = plan.map(token);
    facts.service_line = line.map(token);
    let as_of = as_of.map(|seconds| Timestamp::from_second(seconds).expect("an instant"));
    snapshot.find_period(&token("default"), &facts, as_of).map(|period| period.policy_digest)
}

#[test]
fn it_lets_the_most_specific_key_answer() {
    let mut snapshot = Snapshot::default();
    snapshot.apply(&change(1, key(None, None), vec![period("2020-01-01", "payer")], None));
    snapshot.apply(&change(2, key(None, Some("chw")), vec![period("2020-01-01", "line")], None));
    snapshot.apply(&change(3, key(Some("ppo"), None), vec![period("2020-01-01", "plan")], None));
    snapshot.apply(&change(4, key(Some("ppo"), Some("chw")), vec![period("2030-01-01", "both")], None));
    let table = [
        (None, None, "payer"),
        (Some("hmo"), Some("rn"), "payer"),
        (None, Some("chw"), "line"),
        (Some("ppo"), None, "plan"),
        // The key of plan and line has no period for that day, so the plan answers.
        (Some("ppo"), Some("chw"), "plan"),
    ];
    for (plan, line, name) in table {
        assert_eq!(answer(&snapshot, plan, line, None), Some(Digest::of(name.as_bytes())), "{name}");
    }
    assert!(snapshot.find_period(&token("other"), &encounter(), None).is_none());
}

#[test]
fn it_knows_what_was_known_at_an_instant() {
    let mut snapshot = Snapshot::default();
    snapshot.apply(&change(1, key(None, None), vec![period("2020-01-01", "one")], None));
    snapshot.apply(&change(2, key(None, None), vec![period("2020-01-01", "two")], None));
    let table = [
        (Some(99), None),
        (Some(100), Some("one")),
        (Some(199), Some("one")),
        (Some(200), Some("two")),
        (None, Some("two")),
    ];
    for (as_of, name) in table {
        assert_eq!(
            answer(&snapshot, None, None, as_of),
            name.map(|name: &str| Digest::of(name.as_bytes())),
            "{as_of:?}"
        );
    }
}

#[test]
fn it_goes_back_one_standing_change_each_time() {
    let mut snapshot = Snapshot::default();
    let step = |snapshot: &Snapshot| {
        let (undoes, periods) = snapshot.find_history(&key(None, None))?.before_last()?;
        Some((undoes, periods.iter().map(|period| period.policy_digest).collect::<Vec<_>>()))
    };
    assert_eq!(step(&snapshot), None);
    snapshot.apply(&change(1, key(None, None), vec![period("2020-01-01", "one")], None));
    snapshot.apply(&change(2, key(None, None), vec![period("2020-01-01", "two")], None));
    assert_eq!(step(&snapshot), Some((2, vec![Digest::of(b"one")])));
    snapshot.apply(&change(3, key(None, None), vec![period("2020-01-01", "one")], Some(2)));
    assert_eq!(step(&snapshot), Some((1, Vec::new())));
    snapshot.apply(&change(4, key(None, None), Vec::new(), Some(1)));
    assert_eq!(step(&snapshot), None);
}
