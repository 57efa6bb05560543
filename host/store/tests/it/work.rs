//! The queue of what is to be decided, filled by puts and by other systems.

use std::time::Duration;

use adjudica_core::EncounterFacts;
use adjudica_store::{ClientKey, EncounterFilter, HistoryFilter, NewCommit, Turn, Work, WorkRequest};

use crate::support::{Raw, Setup, at, billable, commit_of, encounter, full_encounter, not_billable, token};

/// How another system writes an encounter.
fn insert_sql(encounter_id: &str, client_id: &str, date_of_service: &str) -> String {
    format!(
        "INSERT INTO encounter (agency_id, encounter_id, client_id, payer_id, date_of_service, rendering_provider_id,
             rendering_provider_role, billing_provider_id, phase, mode)
         VALUES ('a', '{encounter_id}', '{client_id}', 'payer1', '{date_of_service}', 'provider1', 'RN', 'practice1',
             'assessment', 'in_person')"
    )
}

async fn take(setup: &Setup) -> Work {
    setup.store.take_undecided(&mut Turn::first(100), at(10)).await.expect("takes")
}

fn ids(work: &Work) -> Vec<(String, Vec<String>)> {
    let of = |facts: &EncounterFacts| facts.encounter_id.as_str().to_owned();
    work.clients
        .iter()
        .map(|client| {
            let encounters = client.encounters.iter().map(|stored| of(&stored.facts)).collect();
            (client.client_id.as_str().to_owned(), encounters)
        })
        .collect()
}

pub(crate) async fn it_queues_what_other_systems_insert(setup: &Setup) {
    setup.raw.execute(insert_sql("e1", "c1", "2026-02-03")).await.expect("inserts");
    setup.raw.execute("INSERT INTO encounter_diagnosis VALUES ('a', 'e1', 1, 'E11.9')").await.expect("inserts");
    let work = take(setup).await;
    assert_eq!(ids(&work), [("c1".to_owned(), vec!["e1".to_owned()])]);
    let stored = &work.clients[0].encounters[0];
    assert_eq!(stored.facts.diagnoses, [token("E11.9")]);
    assert_eq!(stored.revision, 2);
    assert!(stored.written_at > at(0), "{}", stored.written_at);
    assert_eq!(work.clients[0].ledger_through, 0);
}

pub(crate) async fn it_queues_what_other_systems_change(setup: &Setup) {
    setup.put(&[full_encounter("e1", "c1", "2026-02-03")]).await;
    let changes = [
        "UPDATE encounter SET minutes = 46 WHERE encounter_id = 'e1'",
        "INSERT INTO encounter_modifier VALUES ('a', 'e1', 'XE')",
        "DELETE FROM encounter_modifier WHERE modifier = 'XE'",
        "UPDATE encounter_diagnosis SET diagnosis = 'J45' WHERE position = 2",
        "INSERT INTO encounter_supporting_info VALUES ('a', 'e1', 'video_declined')",
        "DELETE FROM encounter_supporting_info WHERE category = 'consent'",
    ];
    for (number, sql) in changes.into_iter().enumerate() {
        let work = take(setup).await;
        let revision = work.clients[0].encounters[0].revision;
        let in_force = work.clients[0].encounter_id_to_in_force.get(&token("e1"));
        let supersedes = in_force.map(|in_force| in_force.decision_id.clone());
        let mut decision = not_billable(&format!("d{number}"), "e1");
        decision.encounter_revision = Some(revision);
        decision.supersedes = supersedes;
        setup.commit("c1", 0, vec![decision]).await.expect("commits");
        assert!(take(setup).await.clients.is_empty(), "before {sql}");
        setup.raw.execute(sql).await.expect("changes");
        let work = take(setup).await;
        assert_eq!(work.clients[0].encounters[0].revision, revision + 1, "after {sql}");
    }
}

pub(crate) async fn it_does_not_queue_an_update_that_changes_nothing(setup: &Setup) {
    setup.put(&[full_encounter("e1", "c1", "2026-02-03")]).await;
    let mut decision = not_billable("d1", "e1");
    decision.encounter_revision = Some(1);
    setup.commit("c1", 0, vec![decision]).await.expect("commits");
    setup.raw.execute("UPDATE encounter SET minutes = 45, phase = 'assessment'").await.expect("updates");
    assert!(take(setup).await.clients.is_empty());
}

pub(crate) async fn it_goes_round_the_waiting_clients_and_takes_no_more_than_a_turn_bears(setup: &Setup) {
    setup.put(&[encounter("e1", "c2", "2026-02-05")]).await;
    setup.put(&[encounter("e2", "c1", "2026-02-04")]).await;
    setup.put(&[encounter("e3", "c2", "2026-02-03"), encounter("e4", "c3", "2026-02-03")]).await;
    let all = take(setup).await;
    let expected = |list: &[(&str, &[&str])]| -> Vec<(String, Vec<String>)> {
        let owned = |list: &[&str]| list.iter().map(|id| (*id).to_owned()).collect();
        list.iter().map(|(client, list)| ((*client).to_owned(), owned(list))).collect()
    };
    assert_eq!(ids(&all), expected(&[("c1", &["e2"]), ("c2", &["e3", "e1"]), ("c3", &["e4"])]));
    // The earliest of the client for whom the turn has no room; what is left of it comes when the others had their turns.
    let mut turn = Turn::first(2);
    for round in [[("c1", ["e2"]), ("c2", ["e3"])].as_slice(), &[("c3", ["e4"])], &[("c1", ["e2"]), ("c2", ["e3"])]] {
        let work = setup.store.take_undecided(&mut turn, at(10)).await.expect("takes");
        let round: Vec<(&str, &[&str])> = round.iter().map(|(client, list)| (*client, list.as_slice())).collect();
        assert_eq!(ids(&work), expected(&round));
        turn.after = work.last;
    }
    assert_eq!(setup.store.counts().await.expect("counts").undecided, 4);
}

pub(crate) async fn it_passes_by_what_another_host_has_taken(setup: &Setup) {
    for client in ["c1", "c2", "c3", "c4"] {
        setup.put(&[encounter(&format!("e-{client}"), client, "2026-02-05")]).await;
    }
    let clients = |work: &Work| -> Vec<String> { ids(work).into_iter().map(|(client, _)| client).collect() };
    let (mut one, mut two, mut three) = (Turn::first(2), Turn::first(2), Turn::first(2));
    let first = setup.store.take_undecided(&mut one, at(10)).await.expect("takes");
    let second = setup.store.take_undecided(&mut two, at(10)).await.expect("takes");
    assert_eq!(clients(&first), ["c1", "c2"]);
    if matches!(setup.raw, Raw::Sqlite(_)) {
        // Whoever writes waits for the one before, and who comes too late is refused.
        assert_eq!(clients(&second), ["c1", "c2"]);
        return;
    }
    assert_eq!(clients(&second), ["c3", "c4"]);
    // All is taken: whoever comes waits, and goes on with what the first to end has left.
    let mut waiting = Box::pin(setup.store.take_undecided(&mut three, at(10)));
    tokio::time::timeout(Duration::from_millis(200), &mut waiting).await.expect_err("all is taken");
    drop(two);
    let third = tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("one has ended").expect("takes");
    assert!([["c1", "c2"], ["c3", "c4"]].iter().any(|left| clients(&third) == *left), "{:?}", clients(&third));
}

pub(crate) async fn it_keeps_bad_rows_as_faults_with_every_fault(setup: &Setup) {
    setup.raw.execute(insert_sql("e1", "c1", "2026-02-30")).await.expect("inserts");
    setup.raw.execute("UPDATE encounter SET mode = 'in person', procedure_code = 'G9O01'").await.expect("updates");
    setup.raw.execute("INSERT INTO encounter_modifier VALUES ('a', 'e1', '2p')").await.expect("inserts");
    setup.put(&[encounter("e2", "c1", "2026-02-03")]).await;
    let work = take(setup).await;
    assert_eq!(ids(&work), [("c1".to_owned(), vec!["e2".to_owned()])]);
    let [bad] = work.bad.as_slice() else { panic!("{:?}", work.bad) };
    assert_eq!((bad.agency_id.as_str(), bad.encounter_id.as_str()), ("a", "e1"));
    let columns: Vec<_> = bad.faults.iter().filter_map(|fault| fault.split(':').next()).collect();
    assert_eq!(columns, ["date_of_service", "procedure_code", "mode", "modifier"]);
    assert_eq!(setup.store.list_faults(&token("a"), None, 10).await.expect("lists"), work.bad);
    assert!(take(setup).await.bad.is_empty(), "it left the queue");
}

pub(crate) async fn it_takes_a_repaired_row_again(setup: &Setup) {
    setup.raw.execute(insert_sql("e1", "c1", "2026-02-30")).await.expect("inserts");
    assert_eq!(take(setup).await.bad.len(), 1);
    setup.raw.execute("UPDATE encounter SET date_of_service = '2026-02-28'").await.expect("updates");
    assert_eq!(setup.store.list_faults(&token("a"), None, 10).await.expect("lists"), []);
    assert_eq!(ids(&take(setup).await), [("c1".to_owned(), vec!["e1".to_owned()])]);
}

pub(crate) async fn it_forgets_deleted_encounters(setup: &Setup) {
    setup.put(&[full_encounter("e1", "c1", "2026-02-03"), encounter("e2", "c1", "2026-02-03")]).await;
    setup.raw.execute("DELETE FROM encounter WHERE encounter_id = 'e1'").await.expect("deletes");
    assert_eq!(ids(&take(setup).await), [("c1".to_owned(), vec!["e2".to_owned()])]);
    assert_eq!(setup.raw.texts("SELECT category FROM encounter_supporting_info").await, [""; 0]);
}

pub(crate) async fn it_refuses_new_ids_for_an_encounter(setup: &Setup) {
    setup.put(&[encounter("e1", "c1", "2026-02-03")]).await;
    let refused = setup.raw.execute("UPDATE encounter SET encounter_id = 'e9'").await.expect_err("is refused");
    assert!(refused.to_string().contains("do not change"), "{refused}");
}

pub(crate) async fn it_loads_chosen_work_in_order(setup: &Setup) {
    setup.put(&[encounter("e1", "c1", "2026-02-03"), encounter("e2", "c2", "2026-02-03")]).await;
    setup.commit("c1", 0, vec![billable("d1", "e1"), not_billable("d2", "inline")]).await.expect("commits");
    let request = |client: &str, list: &[&str]| WorkRequest {
        agency_id: token("a"),
        client_id: token(client),
        encounter_ids: list.iter().map(|id| token(id)).collect(),
    };
    let requests = [request("c9", &["e9"]), request("c1", &["e1", "inline", "e2"]), request("c2", &["e2"])];
    let works = setup.store.load_work(&requests).await.expect("loads");
    let clients: Vec<_> = works.iter().map(|work| work.client_id.as_str()).collect();
    assert_eq!(clients, ["c9", "c1", "c2"]);
    let counts: Vec<_> =
        works.iter().map(|work| (work.encounters.len(), work.ledger.len(), work.ledger_through)).collect();
    assert_eq!(counts, [(0, 0, 0), (1, 1, 1), (1, 0, 0)]);
    let decisions: Vec<_> =
        works[1].encounter_id_to_in_force.values().map(|in_force| in_force.decision_id.as_str()).collect();
    assert_eq!(decisions, ["d1", "d2"]);
    assert_eq!(works[1].ledger[0].encounter_id, token("e1"));
    assert_eq!(setup.store.load_work(&[]).await.expect("loads"), []);
}

pub(crate) async fn it_pages_through_history_by_client(setup: &Setup) {
    let all: Vec<_> = (0..30)
        .map(|n| full_encounter(&format!("e{n:02}"), &format!("c{}", n % 7), &format!("2026-02-{:02}", 28 - n % 28)))
        .collect();
    setup.put(&all).await;
    let mut filter = HistoryFilter {
        agency_id: token("a"),
        encounters: EncounterFilter::default(),
        after_client_id: None,
        clients_max: 3,
    };
    let mut seen = Vec::new();
    loop {
        let page = setup.store.load_history(&filter).await.expect("reads");
        seen.extend(page.encounters.into_iter().map(|stored| stored.facts));
        filter.after_client_id = page.next_after_client_id;
        if filter.after_client_id.is_none() {
            break;
        }
    }
    let mut expected = all;
    expected.sort_by_key(|facts| (facts.client_id.clone(), facts.date_of_service, facts.encounter_id.clone()));
    assert!(seen == expected);
}

pub(crate) async fn it_takes_and_commits_thousands_at_once(setup: &Setup) {
    let all: Vec<_> =
        (0..3_000).map(|n| full_encounter(&format!("e{n}"), &format!("c{}", n / 3), "2026-02-03")).collect();
    setup.put(&all).await;
    let work = setup.store.take_undecided(&mut Turn::first(3_000), at(10)).await.expect("takes");
    assert_eq!(work.clients.len(), 1_000);
    let mut commit = NewCommit::default();
    for client in &work.clients {
        let decisions = client.encounters.iter().map(|stored| {
            let id = stored.facts.encounter_id.as_str();
            let mut decision = billable(&format!("d-{id}"), id);
            decision.encounter_revision = Some(stored.revision);
            decision
        });
        let part = commit_of("a", client.client_id.as_str(), client.ledger_through, decisions.collect());
        commit.clients.extend(part.clients);
    }
    let committed = setup.store.commit_decisions(commit).await.expect("commits");
    assert_eq!(committed.len(), 3_000);
    assert_eq!(committed[2_999].sequence, 3_000);
    assert!(take(setup).await.clients.is_empty());
    let report = setup.store.verify_chain(&token("a"), 0, 1_000_000).await.expect("checks");
    assert_eq!((report.length, report.first_broken), (3_000, None));
    assert_eq!(setup.store.ledger_of(&token("a"), &token("c999"), None).await.expect("reads").len(), 3);
}

/// Places may be left behind where triggers were switched off; thousands of them hide nobody.
pub(crate) async fn it_clears_places_whose_encounters_are_not_there(setup: &Setup) {
    for place in 0..300 {
        let sql = format!(
            "INSERT INTO undecided (agency_id, encounter_id, client_id, revision) VALUES ('a', 'gone{place}', 'b{place}', 1)"
        );
        setup.raw.execute(sql).await.expect("inserts");
    }
    setup.raw.execute(insert_sql("e1", "c1", "2026-02-03")).await.expect("inserts");
    let work = setup.store.take_undecided(&mut Turn::first(10), at(10)).await.expect("takes");
    assert_eq!((ids(&work), work.cleared), (vec![("c1".to_owned(), vec!["e1".to_owned()])], 300));
    assert_eq!(setup.raw.texts("SELECT encounter_id FROM undecided").await, ["e1"]);
}

/// SQLite keeps whatever bytes another system writes; PostgreSQL refuses them itself.
pub(crate) async fn it_goes_on_beside_bytes_that_are_no_text(setup: &Setup) {
    let Raw::Sqlite(_) = &setup.raw else {
        let refused = setup.raw.execute(insert_sql("e1", "c1", "2026-02-03").replace("'c1'", "E'\\xE9'")).await;
        refused.expect_err("is refused");
        return;
    };
    for (id, column) in [("e1", "'c1'"), ("e2", "'RN'"), ("e3", "'e3'")] {
        let row = insert_sql(id, "c1", "2026-02-03").replace(column, "CAST(x'4A6F73E9' AS TEXT)");
        setup.raw.execute(row).await.expect("inserts");
    }
    setup.raw.execute(insert_sql("e4", "c4", "2026-02-03")).await.expect("inserts");
    let work = take(setup).await;
    assert_eq!(ids(&work), [("c4".to_owned(), vec!["e4".to_owned()])]);
    let fields: Vec<&str> = work.bad.iter().map(|bad| bad.faults[0].as_str()).collect();
    assert_eq!(fields.len(), 3, "{fields:?}");
    assert_eq!(setup.raw.texts("SELECT encounter_id FROM undecided").await, ["e4"]);
    let mended = "UPDATE encounter SET client_id = 'c1' WHERE encounter_id = 'e1'";
    setup.raw.execute(mended).await.expect("updates");
    assert_eq!(ids(&take(setup).await).len(), 2, "a row that is mended is taken again");
}

/// Whoever can write to the tables past their guards can damage a client's ledger: that client waits, and nobody else does.
pub(crate) async fn it_sets_a_client_aside_whose_ledger_cannot_be_read(setup: &Setup) {
    setup.put(&[encounter("e1", "c1", "2026-02-03"), encounter("e2", "c2", "2026-02-03")]).await;
    setup.commit("c1", 0, vec![billable("d1", "e1")]).await.expect("commits");
    setup.put(&[encounter("e3", "c1", "2026-02-04")]).await;
    setup.raw.drop_guard("ledger").await;
    let damage = match &setup.raw {
        Raw::Sqlite(_) => "UPDATE ledger SET mode = CAST(x'6de9' AS TEXT)",
        Raw::Postgres(_) => "UPDATE ledger SET mode = 'in person'",
    };
    setup.raw.execute(damage).await.expect("damages");
    let work = take(setup).await;
    assert_eq!(ids(&work), [("c2".to_owned(), vec!["e2".to_owned()])]);
    let [(_, fault)] = work.broken.as_slice() else { panic!("{:?}", work.broken) };
    assert!(fault.starts_with("table `ledger`, row `a/d1/1` holds mode: "), "{fault}");
    assert_eq!(setup.store.counts().await.expect("counts").undecided, 3);
    setup.raw.execute("UPDATE ledger SET mode = 'in_person'").await.expect("mends");
    assert!(take(setup).await.broken.is_empty());
}

pub(crate) async fn it_decides_anew_where_the_decision_in_force_cannot_be_read(setup: &Setup) {
    setup.put(&[encounter("e1", "c1", "2026-02-03")]).await;
    setup.commit("c1", 0, vec![billable("d1", "e1")]).await.expect("commits");
    setup.raw.execute("UPDATE encounter SET minutes = 31").await.expect("changes");
    setup.raw.drop_guard("decision").await;
    let damage = match &setup.raw {
        Raw::Sqlite(_) => "UPDATE decision SET record = CAST(x'7be9' AS TEXT)",
        Raw::Postgres(_) => "UPDATE decision SET record = '{'",
    };
    setup.raw.execute(damage).await.expect("damages");
    let work = take(setup).await;
    assert_eq!((ids(&work).len(), work.broken.len()), (1, 0));
    let report = setup.store.verify_chain(&token("a"), 0, 1_000_000).await.expect("checks");
    assert_eq!(report.first_broken, Some(1));
}

/// What is no text in one encounter stands in no way of claims about others of its client.
#[tokio::test]
async fn it_reads_claims_beside_bytes_that_are_no_text() {
    let setup = crate::support::sqlite().await;
    setup.put(&[encounter("e1", "c1", "2026-02-03"), encounter("e2", "c1", "2026-02-03")]).await;
    let claim = "INSERT INTO record (agency_id, record_id, kind, subject, subject_id, body)
        VALUES ('a', 'r1', 'claim', 'encounter', 'e1', '{\"kind\":\"claim\",\"frequency\":\"7\"}')";
    setup.raw.execute(claim).await.expect("files");
    setup
        .raw
        .execute("UPDATE encounter SET mode = CAST(x'69e96e' AS TEXT) WHERE encounter_id = 'e1'")
        .await
        .expect("writes");
    let client = ClientKey { agency_id: token("a"), client_id: token("c1") };
    let claimed = setup.store.load_claimed(std::slice::from_ref(&client)).await.expect("reads");
    assert_eq!(claimed[&client].len(), 2);
    assert_eq!(ids(&take(&setup).await), [("c1".to_owned(), vec!["e2".to_owned()])]);
    setup.drop_database().await;
}
