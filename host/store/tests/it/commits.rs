//! Committing decisions: what is kept, what is refused, and that a refusal writes nothing.

use adjudica_core::{Digest, Outcome};
use adjudica_store::{ClientKey, Confirmed, DecisionFilter, NewCommit, NewIdempotency, StoreError, Turn, chain_hash};

use crate::support::{Raw, Setup, at, billable, commit_of, day, encounter, not_billable, token};

pub(crate) async fn it_keeps_a_decision_with_its_record(setup: &Setup) {
    let new = billable("d1", "e1");
    let committed = setup.store.commit_decisions(commit_of("a", "c1", 0, vec![new.clone()])).await.expect("commits");
    let stored = setup.store.find_decision(&token("a"), "d1").await.expect("reads").expect("is there");
    assert_eq!(stored.record, new.record);
    let summary = stored.summary;
    assert_eq!((summary.sequence, summary.hash), (1, committed[0].hash));
    assert_eq!(summary.hash, chain_hash(1, summary.previous_hash, &new.record));
    assert_eq!(
        (summary.outcome, summary.policy, summary.terms_digest),
        (Outcome::Billable, new.policy, new.terms_digest)
    );
    assert_eq!((summary.decided_at, summary.encounter_revision), (at(60), None));
    assert_eq!((summary.client_id, summary.encounter_id), (token("c1"), token("e1")));
    assert_eq!((summary.payer_id, summary.date_of_service), (token("payer1"), day("2026-02-03")));
    let latest = setup.store.latest_decision(&token("a"), &token("e1")).await.expect("reads").expect("is there");
    assert_eq!(latest.summary.decision_id, "d1");
    assert!(setup.store.find_decision(&token("b"), "d1").await.expect("reads").is_none(), "another agency's");
    let mut without = not_billable("d2", "e2");
    (without.policy, without.terms_digest) = (None, None);
    setup.commit("c1", 1, vec![without]).await.expect("commits");
    let stored = setup.store.find_decision(&token("a"), "d2").await.expect("reads").expect("is there");
    assert_eq!((stored.summary.policy, stored.summary.terms_digest), (None, None));
}

pub(crate) async fn it_takes_a_decided_revision_out_of_the_queue(setup: &Setup) {
    setup.put(&[encounter("e1", "c1", "2026-02-03"), encounter("e2", "c1", "2026-02-03")]).await;
    let mut decision = billable("d1", "e1");
    decision.encounter_revision = Some(1);
    setup.commit("c1", 0, vec![decision]).await.expect("commits");
    let work = setup.store.take_undecided(&mut Turn::first(10), at(0)).await.expect("takes");
    assert_eq!(work.clients[0].encounters.len(), 1);
    assert_eq!(work.clients[0].encounters[0].facts.encounter_id, token("e2"));
    assert_eq!((work.clients[0].ledger.len(), work.clients[0].ledger_through), (1, 1));
}

pub(crate) async fn it_leaves_a_changed_revision_in_the_queue(setup: &Setup) {
    setup.put(&[encounter("e1", "c1", "2026-02-03")]).await;
    setup.raw.execute("UPDATE encounter SET minutes = 30").await.expect("updates");
    let mut decision = billable("d1", "e1");
    decision.encounter_revision = Some(1);
    setup.commit("c1", 0, vec![decision]).await.expect("commits");
    let work = setup.store.take_undecided(&mut Turn::first(10), at(0)).await.expect("takes");
    assert_eq!(work.clients[0].encounters[0].revision, 2);
    let decided = work.clients[0].encounter_id_to_in_force.get(&token("e1"));
    assert_eq!(decided.map(|in_force| in_force.decision_id.as_str()), Some("d1"));
}

pub(crate) async fn it_lists_decisions_by_filter_and_sequence(setup: &Setup) {
    let mut decisions: Vec<_> = (1..=6).map(|n| billable(&format!("d{n}"), &format!("e{n}"))).collect();
    decisions[1] = not_billable("d2", "e2");
    decisions[2].payer_id = token("payer2");
    decisions[3].date_of_service = day("2025-01-01");
    decisions[4].policy.as_mut().expect("a policy").digest = Digest::of(b"other");
    setup.commit("c1", 0, decisions).await.expect("commits");
    setup.commit("c2", 0, vec![billable("d7", "e7")]).await.expect("commits");
    let none = DecisionFilter::default();
    let cases = [
        (none.clone(), "d1 d2 d3 d4 d5 d6 d7"),
        (DecisionFilter { outcome: Some(Outcome::NotBillable), ..none.clone() }, "d2"),
        (DecisionFilter { payer_id: Some(token("payer2")), ..none.clone() }, "d3"),
        (DecisionFilter { to: Some(day("2026-01-01")), ..none.clone() }, "d4"),
        (DecisionFilter { from: Some(day("2026-01-01")), client_id: Some(token("c2")), ..none.clone() }, "d7"),
        (DecisionFilter { policy_digest: Some(Digest::of(b"other")), ..none.clone() }, "d5"),
        (DecisionFilter { encounter_id: Some(token("e6")), ..none.clone() }, "d6"),
    ];
    for (filter, expected) in cases {
        let list = setup.store.list_decisions(&token("a"), &filter, 0, 50).await.expect("lists");
        let ids: Vec<_> = list.decisions.iter().map(|summary| summary.decision_id.as_str()).collect();
        assert_eq!(ids.join(" "), expected);
    }
    let page = setup.store.list_decisions(&token("a"), &none, 2, 2).await.expect("lists");
    assert_eq!(page.decisions.iter().map(|summary| summary.sequence).collect::<Vec<_>>(), [3, 4]);
    assert_eq!(page.next_after, Some(4));
    let loaded = setup.store.load_decisions(&token("a"), 5, 50).await.expect("loads");
    assert_eq!(loaded.iter().map(|stored| stored.summary.sequence).collect::<Vec<_>>(), [6, 7]);
    assert_eq!(setup.store.list_agencies().await.expect("lists"), [token("a")]);
}

pub(crate) async fn it_lists_the_rest_beside_a_decision_that_cannot_be_read(setup: &Setup) {
    let decisions = ["d1", "d2", "d3"].map(|id| not_billable(id, &id.replace('d', "e"))).to_vec();
    setup.commit("c1", 0, decisions).await.expect("commits");
    setup.raw.drop_guard("decision").await;
    setup.raw.execute("UPDATE decision SET date_of_service = '2026-3-1' WHERE sequence = 2").await.expect("damages");
    let page = setup.store.list_decisions(&token("a"), &DecisionFilter::default(), 0, 3).await.expect("lists");
    assert_eq!(page.decisions.iter().map(|one| one.sequence).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(page.next_after, Some(3));
    let [(2, fault)] = page.unreadable.as_slice() else { panic!("{:?}", page.unreadable) };
    assert!(fault.starts_with("table `decision`, row `a/2` holds "), "{fault}");
}

/// However many decisions there are, a page looks at a bounded number of them and says where to go on.
pub(crate) async fn it_looks_at_a_bounded_number_of_decisions_for_a_page(setup: &Setup) {
    let mut first = not_billable("d1", "e1");
    first.payer_id = token("rare");
    setup.commit("c1", 0, vec![first]).await.expect("commits");
    let numbers = match &setup.raw {
        Raw::Sqlite(_) => "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 25000)",
        Raw::Postgres(_) => "WITH n AS (SELECT i FROM generate_series(2, 25000) AS i)",
    };
    let copies = format!(
        "{numbers} INSERT INTO decision (agency_id, sequence, decision_id, client_id, encounter_id, encounter_revision, payer_id,
             date_of_service, outcome, decided_at, record, previous_hash, hash)
         SELECT agency_id, i, 'x' || i, 'c2', 'x' || i, encounter_revision, 'common', date_of_service, outcome, decided_at,
             record, previous_hash, hash FROM decision, n WHERE sequence = 1"
    );
    setup.raw.execute(copies).await.expect("copies");
    setup.raw.execute("UPDATE chain_head SET length = 25000").await.expect("counts them");
    let list = async |filter: &DecisionFilter, after: i64| {
        let page = setup.store.list_decisions(&token("a"), filter, after, 5).await.expect("lists");
        (page.decisions.iter().map(|summary| summary.sequence).collect::<Vec<_>>(), page.next_after)
    };
    let rare = DecisionFilter { payer_id: Some(token("rare")), ..DecisionFilter::default() };
    assert_eq!(list(&rare, 0).await, (vec![1], Some(10_000)));
    assert_eq!(list(&rare, 10_000).await, (vec![], Some(20_000)));
    assert_eq!(list(&rare, 20_000).await, (vec![], None));
    // An index finds those of a client and of an encounter, wherever they are.
    let client = DecisionFilter { client_id: Some(token("c1")), ..DecisionFilter::default() };
    assert_eq!(list(&client, 0).await, (vec![1], None));
    let encounter = DecisionFilter { encounter_id: Some(token("x24000")), ..DecisionFilter::default() };
    assert_eq!(list(&encounter, 0).await, (vec![24_000], None));
}

fn moved(result: Result<(), StoreError>) -> Vec<ClientKey> {
    let Err(StoreError::LedgerMoved { clients }) = result else { panic!("{result:?}") };
    clients
}

pub(crate) async fn it_refuses_a_ledger_that_moved(setup: &Setup) {
    setup.commit("c1", 0, vec![billable("d1", "e1")]).await.expect("commits");
    let mut commit = commit_of("a", "c1", 0, vec![billable("d2", "e2")]);
    commit.clients.extend(commit_of("a", "c2", 0, vec![billable("d3", "e3")]).clients);
    commit.clients.extend(commit_of("a", "c3", 4, vec![billable("d4", "e4")]).clients);
    let clients = moved(setup.store.commit_decisions(commit).await.map(drop));
    let expected = ["c1", "c3"].map(|client| ClientKey { agency_id: token("a"), client_id: token(client) });
    assert_eq!(clients, expected);
    setup.commit("c1", 1, vec![billable("d2", "e2")]).await.expect("commits on what is there");
}

pub(crate) async fn it_refuses_a_decision_that_does_not_supersede_the_one_in_force(setup: &Setup) {
    setup.commit("c1", 0, vec![not_billable("d1", "e1")]).await.expect("commits");
    assert_eq!(moved(setup.commit("c1", 0, vec![not_billable("d2", "e1")]).await).len(), 1);
    let mut second = not_billable("d2", "e1");
    second.supersedes = Some("d1".to_owned());
    setup.commit("c1", 0, vec![second]).await.expect("commits");
    let mut third = not_billable("d3", "e1");
    third.supersedes = Some("d1".to_owned());
    assert_eq!(moved(setup.commit("c1", 0, vec![third]).await).len(), 1);
    let mut of_nothing = not_billable("d4", "e2");
    of_nothing.supersedes = Some("d2".to_owned());
    assert_eq!(moved(setup.commit("c1", 0, vec![of_nothing]).await).len(), 1);
}

pub(crate) async fn it_lets_one_of_two_commits_have_the_last_unit(setup: &Setup) {
    for round in 0..20 {
        let client = format!("c{round}");
        let commit = |name: &str| {
            let decision = billable(&format!("d{round}{name}"), &format!("e{round}{name}"));
            setup.store.commit_decisions(commit_of("a", &client, 0, vec![decision]))
        };
        let (one, two) = tokio::join!(commit("x"), commit("y"));
        let refused = match (one, two) {
            (Ok(_), Err(refused)) | (Err(refused), Ok(_)) => refused,
            both => panic!("{both:?}"),
        };
        assert!(matches!(refused, StoreError::LedgerMoved { .. }), "{refused}");
        assert_eq!(setup.store.ledger_of(&token("a"), &token(&client), None).await.expect("reads").len(), 1);
    }
    assert_eq!(setup.store.verify_chain(&token("a"), 0, 1_000_000).await.expect("checks").first_broken, None);
}

pub(crate) async fn it_notices_what_another_host_committed(setup: &Setup) {
    let other_host = adjudica_store::connect(&setup.url).await.expect("opens");
    for round in 0..6 {
        let (here, there) = if round % 2 == 0 { (&setup.store, &other_host) } else { (&other_host, &setup.store) };
        let commit = |name: &str, client: &str, through| {
            commit_of("a", client, through, vec![billable(&format!("d{round}{name}"), &format!("e{round}{name}"))])
        };
        here.commit_decisions(commit("w", "c1", round * 2)).await.expect("commits");
        here.commit_decisions(commit("x", "c1", round * 2 + 1)).await.expect("commits on its own");
        let refused = there.commit_decisions(commit("y", "c1", round * 2)).await;
        assert_eq!(moved(refused.map(drop)), [ClientKey { agency_id: token("a"), client_id: token("c1") }]);
        let mut again = commit("z", "c2", round);
        again.clients[0].decisions[0].encounter_id = token(&format!("e{round}x"));
        let refused = here.commit_decisions(again.clone()).await;
        assert_eq!(moved(refused.map(drop)).len(), 1, "an encounter that is decided already");
        again.clients[0].decisions[0].encounter_id = token(&format!("e{round}z"));
        there.commit_decisions(again).await.expect("commits after the other's");
    }
    let report = setup.store.verify_chain(&token("a"), 0, 1_000_000).await.expect("checks");
    assert_eq!((report.length, report.first_broken), (18, None));
    other_host.close().await;
}

/// What is confirmed with a decision is confirmed as long as it is in force, by whichever host.
pub(crate) async fn it_confirms_what_is_in_force_beside_a_decision(setup: &Setup) {
    let facts = |id: &str| encounter(id, "c1", "2026-02-03");
    setup.put(&[facts("e1"), facts("e2"), facts("e3")]).await;
    let decided = |decision_id: &str, encounter_id: &str| {
        let mut decision = not_billable(decision_id, encounter_id);
        decision.encounter_revision = Some(1);
        decision
    };
    let confirming = |decision, confirmed: &str| {
        let mut commit = commit_of("a", "c1", 0, vec![decision]);
        commit.clients[0].confirmed.push(Confirmed {
            encounter_id: token("e1"),
            encounter_revision: Some(2),
            date_of_service: day("2026-02-03"),
            decision_id: confirmed.to_owned(),
        });
        commit
    };
    setup.commit("c1", 0, vec![decided("d1", "e1")]).await.expect("commits");
    setup.raw.execute("UPDATE encounter SET minutes = 30 WHERE encounter_id = 'e1'").await.expect("updates");
    let undecided = || async { setup.store.counts().await.expect("counts").undecided };
    assert_eq!(undecided().await, 3, "one of them again");
    setup.store.commit_decisions(confirming(decided("d2", "e2"), "d1")).await.expect("commits");
    assert_eq!(undecided().await, 1, "the one that was confirmed waits no more");
    let mut again = decided("d3", "e1");
    again.supersedes = Some("d1".to_owned());
    setup.commit("c1", 0, vec![again]).await.expect("commits");
    let refused = setup.store.commit_decisions(confirming(decided("d4", "e3"), "d1")).await;
    assert_eq!(moved(refused.map(drop)).len(), 1, "another one is in force by now");
    assert_eq!((setup.store.counts().await.expect("counts").decisions, undecided().await), (3, 1));
    setup.store.commit_decisions(confirming(decided("d4", "e3"), "d3")).await.expect("commits");
    assert_eq!(setup.store.verify_chain(&token("a"), 0, 100).await.expect("checks").first_broken, None);
}

pub(crate) async fn it_writes_nothing_when_a_row_gets_lost(setup: &Setup) {
    setup.commit("c1", 0, vec![billable("d1", "e1")]).await.expect("commits");
    let (swallow, spit_out) = match &setup.raw {
        Raw::Sqlite(_) => (
            "CREATE TRIGGER swallow BEFORE INSERT ON decision_line BEGIN SELECT RAISE(IGNORE); END",
            "DROP TRIGGER swallow",
        ),
        Raw::Postgres(_) => (
            "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
             CREATE TRIGGER swallow BEFORE INSERT ON decision_line FOR EACH ROW EXECUTE FUNCTION swallow()",
            "DROP TRIGGER swallow ON decision_line",
        ),
    };
    setup.raw.execute(swallow).await.expect("makes a trigger");
    let refused = setup.commit("c1", 1, vec![billable("d2", "e2")]).await;
    assert!(
        matches!(refused, Err(StoreError::RowCount { doing: "writing lines", expected: 1, found: 0 })),
        "{refused:?}"
    );
    assert_eq!(setup.store.counts().await.expect("counts").decisions, 1);
    assert_eq!(setup.store.ledger_of(&token("a"), &token("c1"), None).await.expect("reads").len(), 1);
    setup.raw.execute(spit_out).await.expect("removes it");
    setup.commit("c1", 1, vec![billable("d2", "e2")]).await.expect("commits");
    assert_eq!(setup.store.verify_chain(&token("a"), 0, 1_000_000).await.expect("checks").first_broken, None);
}

pub(crate) async fn it_writes_nothing_of_a_refused_commit(setup: &Setup) {
    setup.put(&[encounter("e1", "c1", "2026-02-03")]).await;
    let mut good = billable("d1", "e1");
    good.encounter_revision = Some(1);
    let mut commit = commit_of("a", "c1", 0, vec![good]);
    commit.clients.extend(commit_of("a", "c2", 9, vec![billable("d2", "e2")]).clients);
    commit.idempotency = vec![answer("k1", b"body")];
    assert_eq!(moved(setup.store.commit_decisions(commit).await.map(drop)).len(), 1);
    let counts = setup.store.counts().await.expect("counts");
    assert_eq!((counts.decisions, counts.undecided), (0, 1));
    assert!(setup.store.find_idempotent(&token("a"), "k1").await.expect("reads").is_none());
    for table in ["decision", "decision_line", "decision_finding", "ledger"] {
        let rows = setup.raw.texts(format!("SELECT agency_id FROM {table}")).await;
        assert_eq!(rows, [""; 0], "{table}");
    }
}

pub(crate) async fn it_names_every_contradiction_of_a_commit(setup: &Setup) {
    let mut bills = not_billable("d3", "e3");
    bills.ledger_lines = billable("x", "x").ledger_lines;
    let decisions = vec![billable("d1", "e1"), billable("d1", "e2"), billable("d2", "e1"), bills, billable("", "e4")];
    let mut commit = commit_of("a", "c1", 0, decisions);
    commit.clients.extend(commit_of("a", "c1", 0, vec![]).clients);
    commit.idempotency = vec![answer("k1", b"body"), answer("k1", b"another body")];
    let refused = setup.store.commit_decisions(commit).await;
    let Err(StoreError::BadCommit { faults }) = refused else { panic!("{refused:?}") };
    assert_eq!(faults.len(), 6, "{faults:#?}");
}

fn answer(key: &str, body: &[u8]) -> NewIdempotency {
    NewIdempotency {
        agency_id: token("a"),
        key: key.to_owned(),
        body_digest: Digest::of(body),
        response: vec![0, 255, 1],
        recorded_at: at(0),
    }
}

pub(crate) async fn it_answers_a_used_key_once(setup: &Setup) {
    let mut commit = commit_of("a", "c1", 0, vec![billable("d1", "e1")]);
    commit.idempotency = vec![answer("k1", b"body")];
    setup.store.commit_decisions(commit.clone()).await.expect("commits");
    let kept = setup.store.find_idempotent(&token("a"), "k1").await.expect("reads").expect("is there");
    assert_eq!((kept.body_digest, kept.response), (Digest::of(b"body"), vec![0, 255, 1]));
    assert!(setup.store.find_idempotent(&token("b"), "k1").await.expect("reads").is_none());
    let refused = setup.store.commit_decisions(commit).await;
    assert!(matches!(&refused, Err(StoreError::IdempotencyKeyUsed { key }) if key == "k1"), "{refused:?}");
    let mut other = commit_of("a", "c1", 1, vec![billable("d2", "e2")]);
    other.idempotency = vec![answer("k1", b"another body")];
    let refused = setup.store.commit_decisions(other).await;
    assert!(matches!(refused, Err(StoreError::IdempotencyKeyUsed { .. })), "{refused:?}");
    assert_eq!(setup.store.counts().await.expect("counts").decisions, 1);
    let only_answer = NewCommit { clients: vec![], idempotency: vec![answer("k2", b"")] };
    assert_eq!(setup.store.commit_decisions(only_answer).await.expect("commits"), []);
    assert!(setup.store.find_idempotent(&token("a"), "k2").await.expect("reads").is_some());
}

pub(crate) async fn it_keeps_several_answers_or_none(setup: &Setup) {
    let commit = |client: &str, keys: &[&str]| {
        let mut commit = commit_of("a", client, 0, vec![billable(&format!("d{client}"), &format!("e{client}"))]);
        commit.idempotency = keys.iter().map(|key| answer(key, key.as_bytes())).collect();
        commit
    };
    let mut two = commit("c1", &["k1", "k2"]);
    two.idempotency[1].response = b"another".to_vec();
    setup.store.commit_decisions(two).await.expect("commits");
    for (key, response) in [("k1", &[0, 255, 1][..]), ("k2", b"another")] {
        let kept = setup.store.find_idempotent(&token("a"), key).await.expect("reads").expect("is there");
        assert_eq!((kept.body_digest, kept.response.as_slice()), (Digest::of(key.as_bytes()), response));
    }
    let refused = setup.store.commit_decisions(commit("c2", &["k3", "k2", "k1"])).await;
    assert!(matches!(&refused, Err(StoreError::IdempotencyKeyUsed { key }) if key == "k2"), "{refused:?}");
    assert!(setup.store.find_idempotent(&token("a"), "k3").await.expect("reads").is_none());
    let mut elsewhere = commit("c2", &["k1", "k3"]);
    elsewhere.idempotency[0].agency_id = token("b");
    setup.store.commit_decisions(elsewhere).await.expect("a key belongs to its agency");
}

pub(crate) async fn it_writes_lines_and_findings_for_reports(setup: &Setup) {
    setup.commit("c1", 0, vec![billable("d1", "e1")]).await.expect("commits");
    let line =
        "SELECT decision_id || ' ' || position || ' ' || procedure_code || ' ' || modifiers || ' ' || units || ' '
        || amount_cents FROM decision_line";
    assert_eq!(setup.raw.texts(line).await, ["d1 1 G9001 2P 2 5000"]);
    let finding =
        "SELECT rule_id || ' ' || kind || ' ' || effect || ' ' || verdict || ' ' || observed || ' ' || expected
        || ' ' || subject_kind || ' ' || subject_name || ' ' || carc || ' ' || liability_group FROM decision_finding";
    let expected = "role.G9001 place_of_service not_billable failed -3 7 procedure_code G9002 185 CO";
    assert_eq!(setup.raw.texts(finding).await, [expected]);
}

pub(crate) async fn it_refuses_a_decision_id_that_is_taken(setup: &Setup) {
    setup.commit("c1", 0, vec![not_billable("d1", "e1")]).await.expect("commits");
    let refused = setup.commit("c1", 0, vec![not_billable("d1", "e2")]).await;
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
    assert_eq!(setup.store.counts().await.expect("counts").decisions, 1);
}
