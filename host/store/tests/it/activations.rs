//! Changes of activations: append-only, complete schedules, one after the other.

use adjudica_core::Digest;
use adjudica_store::{ActivationKey, ActivationPeriod, Change, NewChange, PolicyFile, Schedule, StoreError};

use crate::support::{Setup, at, day, token};

fn period(from: &str, to: Option<&str>) -> ActivationPeriod {
    ActivationPeriod {
        dos_from: day(from),
        dos_to: to.map(day),
        policy_digest: Digest::of(b"wasm"),
        terms_digest: Digest::of(b"{}"),
    }
}

fn key(payer_id: &str, plan_id: Option<&str>) -> ActivationKey {
    ActivationKey { agency_id: token("a"), payer_id: token(payer_id), plan_id: plan_id.map(token), service_line: None }
}

fn change(expected_change_id: Option<i64>, schedules: Vec<Schedule>) -> NewChange {
    NewChange {
        recorded_at: at(1),
        recorded_by: token("lead"),
        message: "from April on".to_owned(),
        schedules,
        expected_change_id,
        undoes: None,
    }
}

async fn add_policy_and_terms(setup: &Setup) {
    let file = PolicyFile {
        digest: Digest::of(b"wasm"),
        policy_id: token("sim"),
        version: "1.0.0".to_owned(),
        manifest_json: "{}".to_owned(),
        wasm: b"wasm".to_vec(),
        uploaded_at: at(0),
        uploaded_by: token("lead"),
    };
    setup.store.insert_policy_file(&file).await.expect("inserts");
    setup.store.insert_terms(Digest::of(b"{}"), "{}").await.expect("inserts");
}

pub(crate) async fn record_one(setup: &Setup) {
    add_policy_and_terms(setup).await;
    let schedule = Schedule { key: key("payer1", None), periods: vec![period("2026-04-01", None)] };
    setup.store.record_change(&change(None, vec![schedule])).await.expect("records");
}

pub(crate) async fn it_gives_changes_back(setup: &Setup) {
    assert_eq!(setup.store.latest_change_id().await.expect("reads"), None);
    record_one(setup).await;
    let two = vec![
        Schedule {
            key: key("payer1", None),
            periods: vec![period("2026-01-01", Some("2026-04-01")), period("2026-05-01", None)],
        },
        Schedule {
            key: ActivationKey { service_line: Some(token("aba")), ..key("payer2", Some("gold")) },
            periods: vec![],
        },
    ];
    let mut new = change(Some(1), two.clone());
    new.undoes = Some(1);
    assert_eq!(setup.store.record_change(&new).await.expect("records"), 2);
    assert_eq!(setup.store.latest_change_id().await.expect("reads"), Some(2));
    let expected = Change {
        change_id: 2,
        recorded_at: at(1),
        recorded_by: token("lead"),
        message: "from April on".to_owned(),
        schedules: two,
        undoes: Some(1),
    };
    assert_eq!(setup.store.load_changes(1).await.expect("loads"), [expected]);
    assert_eq!(setup.store.load_changes(0).await.expect("loads").len(), 2);
    assert_eq!(setup.store.load_changes(2).await.expect("loads"), []);
}

pub(crate) async fn it_refuses_a_change_made_on_an_older_state(setup: &Setup) {
    record_one(setup).await;
    let schedule = Schedule { key: key("payer1", None), periods: vec![] };
    for expected in [None, Some(2)] {
        let refused = setup.store.record_change(&change(expected, vec![schedule.clone()])).await;
        let Err(StoreError::ActivationMoved { expected: was, found }) = refused else { panic!("{refused:?}") };
        assert_eq!((was, found), (expected, Some(1)));
    }
    assert_eq!(setup.store.load_changes(0).await.expect("loads").len(), 1);
}

pub(crate) async fn it_lets_one_of_two_changes_win(setup: &Setup) {
    add_policy_and_terms(setup).await;
    for round in 0..20 {
        let expected = (round > 0).then_some(round);
        let new =
            change(expected, vec![Schedule { key: key("payer1", None), periods: vec![period("2026-04-01", None)] }]);
        let (one, two) = tokio::join!(setup.store.record_change(&new), setup.store.record_change(&new));
        let won = [&one, &two].into_iter().filter(|result| result.is_ok()).count();
        assert_eq!(won, 1, "{one:?} {two:?}");
    }
    assert_eq!(setup.store.latest_change_id().await.expect("reads"), Some(20));
}

pub(crate) async fn it_names_every_fault_of_a_change(setup: &Setup) {
    let overlapping =
        vec![period("2026-01-01", Some("2026-04-01")), period("2026-03-01", None), period("2027-01-01", None)];
    let schedules = vec![
        Schedule { key: key("payer1", None), periods: overlapping },
        Schedule { key: key("payer1", None), periods: vec![period("2026-01-01", Some("2026-01-01"))] },
    ];
    let refused = setup.store.record_change(&change(None, schedules)).await;
    let Err(StoreError::BadSchedule { faults }) = refused else { panic!("{refused:?}") };
    assert_eq!(faults.len(), 4, "{faults:#?}");
    let refused = setup.store.record_change(&change(None, vec![])).await;
    assert!(matches!(refused, Err(StoreError::BadSchedule { .. })), "{refused:?}");
}

pub(crate) async fn it_refuses_policies_and_terms_that_are_not_there(setup: &Setup) {
    let schedule = Schedule { key: key("payer1", None), periods: vec![period("2026-04-01", None)] };
    assert!(setup.store.record_change(&change(None, vec![schedule])).await.is_err());
    assert_eq!(setup.store.latest_change_id().await.expect("reads"), None);
}
