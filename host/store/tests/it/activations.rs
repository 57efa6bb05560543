//! Changes of activations: append-only, complete schedules, one after the other.

use adjudica_core::Digest;
use adjudica_store::{
    ActivationKey, ActivationPeriod, Among, Change, NewChange, PolicyFile, Reroute, Schedule, StoreError, Turn, Yank,
};

use crate::support::{Setup, at, commit_of, day, encounter, not_billable, token};

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
        reroutes: Vec::new(),
        yank: None,
    }
}

pub(crate) async fn add_policy_and_terms(setup: &Setup) {
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
    assert_eq!(setup.store.record_change(&new).await.expect("records").change_id, 2);
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

/// Decisions about days of March by different plans and answers; of each the month and whether it waits.
pub(crate) async fn it_makes_exactly_the_rerouted_decisions_stale(setup: &Setup) {
    add_policy_and_terms(setup).await;
    let encounters = [
        ("e1", "2026-02-28", None),
        ("e2", "2026-03-01", None),
        ("e3", "2026-03-31", Some("gold")),
        ("e4", "2026-03-31", Some("silver")),
        ("e5", "2026-04-01", None),
        ("e6", "2026-04-02", None),
    ];
    let answer = (Digest::of(b"wasm"), Digest::of(b"{}"));
    for (id, on, plan) in encounters {
        let mut facts = encounter(id, &format!("c-{id}"), on);
        facts.plan_id = plan.map(token);
        setup.put(std::slice::from_ref(&facts)).await;
        let mut decision = not_billable(&format!("d-{id}"), id);
        (decision.encounter_revision, decision.date_of_service) = (Some(1), day(on));
        decision.plan_id = plan.map(token);
        if id == "e6" {
            // It was made by the policy and terms that answer from now on.
            decision.policy.as_mut().expect("a policy").digest = answer.0;
            decision.terms_digest = Some(answer.1);
        }
        setup.commit(&format!("c-{id}"), 0, vec![decision]).await.expect("commits");
    }
    let reroute = Reroute {
        agency_id: token("a"),
        payer_id: token("payer1"),
        plan: Among::AllBut([token("gold")].into()),
        service_line: Among::AllBut([].into()),
        from: day("2026-03-01"),
        to: None,
        answer: Some(answer),
    };
    let only_gold =
        Reroute { plan: Among::Only(token("gold")), to: Some(day("2026-03-31")), answer: None, ..reroute.clone() };
    let months = |stale: &[adjudica_store::StaleMonth]| -> Vec<String> {
        stale.iter().map(|month| format!("{} {} {}", month.payer_id, month.month, month.decisions)).collect()
    };
    let reroutes = [reroute, only_gold];
    let beforehand = setup.store.count_stale(&reroutes).await.expect("counts");
    assert_eq!(months(&beforehand), ["payer1 2026-03 2", "payer1 2026-04 1"], "the end of the second is not in it");
    assert_eq!(setup.store.counts().await.expect("counts").stale, 0, "counting changes nothing");
    let schedule = Schedule { key: key("payer1", None), periods: vec![period("2026-03-01", None)] };
    let mut new = change(None, vec![schedule]);
    new.reroutes = reroutes.to_vec();
    let recorded = setup.store.record_change(&new).await.expect("records");
    assert_eq!(recorded.stale, beforehand);
    let counts = setup.store.counts().await.expect("counts");
    assert_eq!((counts.undecided, counts.stale), (3, 3));
    let mut stale = Vec::new();
    for (id, ..) in encounters {
        let latest = setup.store.latest_decision(&token("a"), &token(id)).await.expect("reads").expect("is there");
        assert_eq!((latest.summary.decision_id, latest.summary.in_force), (format!("d-{id}"), true));
        stale.extend(latest.summary.is_stale.then_some(id));
    }
    assert_eq!(stale, ["e2", "e4", "e5"]);
}

pub(crate) async fn it_refuses_decisions_made_by_an_earlier_schedule(setup: &Setup) {
    setup.put(&[encounter("e1", "c1", "2026-04-02"), encounter("e2", "c1", "2026-04-03")]).await;
    let decision = |id: &str, encounter_id: &str| {
        let mut decision = not_billable(id, encounter_id);
        decision.encounter_revision = Some(1);
        decision
    };
    let commit_by = async |schedule_change: i64, decision| {
        let mut commit = commit_of("a", "c1", 0, vec![decision]);
        commit.clients[0].schedule_change = schedule_change;
        setup.store.commit_decisions(commit).await
    };
    record_one(setup).await;
    for (known, decision) in [(0, decision("d1", "e1")), (2, decision("d1", "e1"))] {
        let refused = commit_by(known, decision).await;
        let Err(StoreError::ScheduleMoved { clients }) = refused else { panic!("{refused:?}") };
        assert_eq!(clients[0].client_id, token("c1"));
    }
    assert_eq!(setup.store.counts().await.expect("counts").decisions, 0);
    commit_by(1, decision("d1", "e1")).await.expect("commits");
    // The host knows the end of its chain now, and commits in one statement: that refuses no less.
    let schedule = Schedule { key: key("payer1", None), periods: vec![] };
    setup.store.record_change(&change(Some(1), vec![schedule])).await.expect("records");
    let refused = commit_by(1, decision("d2", "e2")).await;
    assert!(matches!(refused, Err(StoreError::ScheduleMoved { .. })), "{refused:?}");
    let works = setup.store.take_undecided(&mut Turn::first(10), at(0)).await.expect("takes").clients;
    assert_eq!(works[0].schedule_change, 2);
    commit_by(2, decision("d2", "e2")).await.expect("commits");
    let other = Schedule { key: ActivationKey { agency_id: token("b"), ..key("payer1", None) }, periods: vec![] };
    setup.store.record_change(&change(Some(2), vec![other])).await.expect("records");
    commit_by(2, decision("d3", "e3")).await.expect_err("an encounter that is not stored");
    setup.put(&[encounter("e3", "c1", "2026-04-04")]).await;
    commit_by(2, decision("d3", "e3")).await.expect("another agency's change is no concern of this one");
}

pub(crate) async fn it_takes_a_policy_back_with_its_schedules(setup: &Setup) {
    record_one(setup).await;
    let yank = |reason: &str| Yank { reason: reason.to_owned(), yanked_at: at(5), yanked_by: token("author") };
    let mut new = change(Some(1), vec![Schedule { key: key("payer1", None), periods: vec![] }]);
    new.yank = Some((Digest::of(b"wasm"), yank("a wrong limit")));
    setup.store.record_change(&new).await.expect("records");
    let mut again = change(Some(2), vec![]);
    again.yank = Some((Digest::of(b"wasm"), yank("once more")));
    setup.store.record_change(&again).await.expect("a second time changes nothing");
    let listed = setup.store.list_policy_files().await.expect("lists");
    assert_eq!(listed.first().and_then(|file| file.yanked.clone()), Some(yank("a wrong limit")));
    let wasm = setup.store.load_policy_wasm(Digest::of(b"wasm")).await.expect("loads");
    assert_eq!(wasm.as_deref(), Some(b"wasm".as_slice()), "replays need it");
}
