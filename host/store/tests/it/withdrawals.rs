//! Encounters that are taken out: by whoever asks the store, and by another system's DELETE.

use adjudica_core::Minutes;
use adjudica_store::{Expected, LedgerKind, NewDecision, NewWithdrawal, StoreError, Turn, WorkRequest};

use crate::support::{Setup, at, billable, commit_of, day, encounter, not_billable, token};

/// A billed decision about `encounter_id` on a day of February.
fn billed(decision_id: &str, encounter_id: &str, on: &str) -> NewDecision {
    let mut decision = billable(decision_id, encounter_id);
    (decision.encounter_revision, decision.date_of_service) = (Some(1), day(on));
    decision.ledger_lines[0].date_of_service = day(on);
    decision
}

/// Three billed encounters of one client, two of them on one day, and nothing in the queue.
async fn three(setup: &Setup) {
    let days = [("e1", "2026-02-01"), ("e2", "2026-02-02"), ("e3", "2026-02-02")];
    setup.put(&days.map(|(id, on)| encounter(id, "c1", on))).await;
    let decisions = days.map(|(id, on)| billed(&format!("d-{id}"), id, on));
    setup.commit("c1", 0, decisions.into()).await.expect("commits");
    assert_eq!(setup.store.counts().await.expect("counts").undecided, 0);
}

async fn waiting(setup: &Setup) -> Vec<String> {
    setup.raw.texts("SELECT encounter_id FROM undecided ORDER BY encounter_id").await
}

/// Seq, kind, encounter and cents of the client's ledger.
async fn ledger(setup: &Setup) -> Vec<String> {
    let entries = setup.store.ledger_of(&token("a"), &token("c1"), None).await.expect("reads");
    let kind = |kind| if kind == LedgerKind::Line { "+" } else { "-" };
    let line = |entry: &adjudica_store::LedgerEntry| {
        let cents = entry.line.amount_cents.get();
        format!("{} {}{} {cents}", entry.seq, kind(entry.kind), entry.encounter_id)
    };
    entries.iter().map(line).collect()
}

const BILLED: [&str; 3] = ["1 +e1 5000", "2 +e2 5000", "3 +e3 5000"];

pub(crate) async fn it_gives_back_what_a_withdrawn_encounter_billed(setup: &Setup) {
    three(setup).await;
    let new = NewWithdrawal {
        withdrawn_by: token("lead"),
        reason: "entered for the wrong client".to_owned(),
        expected: Expected::Anything,
    };
    let withdrawn = setup.store.withdraw_encounter(&token("a"), &token("e2"), &new).await.expect("withdraws");
    let withdrawn = withdrawn.expect("was there");
    assert_eq!((withdrawn.lines_given_back, withdrawn.made_stale), (1, 1));
    assert_eq!(ledger(setup).await, [&BILLED[..], &["4 -e2 -5000"]].concat());
    assert_eq!(waiting(setup).await, ["e3"], "of the same day and after it in order of id");
    assert!(setup.store.find_encounter(&token("a"), &token("e2")).await.expect("reads").is_none());
    assert!(setup.store.latest_decision(&token("a"), &token("e2")).await.expect("reads").is_none());
    let readable = setup.store.find_decision(&token("a"), "d-e2").await.expect("reads");
    assert!(readable.is_some(), "its decisions stay");
    let kept = setup.store.find_withdrawal(&token("a"), &token("e2")).await.expect("reads").expect("is there");
    assert_eq!(kept, withdrawn.withdrawal);
    assert_eq!((kept.decision_id.as_deref(), kept.withdrawn_by), (Some("d-e2"), Some(token("lead"))));
    assert_eq!(
        (kept.reason.as_deref(), kept.date_of_service),
        (Some("entered for the wrong client"), day("2026-02-02"))
    );
    let again = setup.store.withdraw_encounter(&token("a"), &token("e2"), &new).await.expect("answers");
    assert!(again.is_none(), "it is gone");
    let refused = setup.raw.execute("UPDATE withdrawal SET reason = 'another'").await.expect_err("is refused");
    assert!(refused.to_string().contains("append-only"), "{refused}");
}

pub(crate) async fn it_gives_back_what_another_system_deletes(setup: &Setup) {
    three(setup).await;
    setup.raw.execute("DELETE FROM encounter WHERE encounter_id <> 'e2'").await.expect("deletes");
    let mut given_back = ledger(setup).await;
    given_back.sort();
    assert_eq!(given_back[..3], BILLED);
    let of: Vec<_> = given_back[3..].iter().filter_map(|line| line.get(2..)).collect();
    assert!(of == ["-e1 -5000", "-e3 -5000"] || of == ["-e3 -5000", "-e1 -5000"], "{given_back:?}");
    assert_eq!(waiting(setup).await, ["e2"]);
    let kept = setup.store.find_withdrawal(&token("a"), &token("e1")).await.expect("reads").expect("is there");
    assert_eq!((kept.withdrawn_by, kept.reason), (None, None));
    assert!(setup.store.find_withdrawal(&token("a"), &token("e2")).await.expect("reads").is_none());
}

pub(crate) async fn it_refuses_decisions_about_what_was_taken_out(setup: &Setup) {
    setup.put(&[encounter("e1", "c1", "2026-02-01"), encounter("e2", "c1", "2026-02-02")]).await;
    setup.raw.execute("DELETE FROM encounter WHERE encounter_id = 'e1'").await.expect("deletes");
    let refused = setup.commit("c1", 0, vec![billed("d1", "e1", "2026-02-01")]).await;
    assert!(matches!(refused, Err(StoreError::LedgerMoved { .. })), "{refused:?}");
    setup.commit("c1", 0, vec![billed("d2", "e2", "2026-02-02")]).await.expect("commits");
    // This host knows the end of the chain now, and what it knows does not hold any more.
    setup.raw.execute("DELETE FROM encounter WHERE encounter_id = 'e2'").await.expect("deletes");
    setup.put(&[encounter("e3", "c1", "2026-02-03")]).await;
    let refused = setup.commit("c1", 1, vec![billed("d3", "e3", "2026-02-03")]).await;
    assert!(matches!(refused, Err(StoreError::LedgerMoved { .. })), "{refused:?}");
    setup.commit("c1", 2, vec![billed("d3", "e3", "2026-02-03")]).await.expect("commits");
    assert_eq!(setup.store.verify_chain(&token("a"), 0, 1_000_000).await.expect("checks").first_broken, None);
}

pub(crate) async fn it_decides_anew_what_comes_in_again(setup: &Setup) {
    three(setup).await;
    setup.raw.execute("DELETE FROM encounter WHERE encounter_id = 'e2'").await.expect("deletes");
    setup.put(&[encounter("e2", "c1", "2026-02-02")]).await;
    assert_eq!(waiting(setup).await, ["e2", "e3"]);
    let mut decision = billed("d4", "e2", "2026-02-02");
    decision.encounter_revision = Some(2);
    setup.commit("c1", 4, vec![decision]).await.expect("supersedes nothing");
    assert_eq!(waiting(setup).await, ["e3"]);
}

/// A worker has read e1; before it commits, another system deletes e1 and inserts another encounter under its id.
pub(crate) async fn it_takes_no_decision_about_what_was_taken_out_for_one_about_what_came_in_again(setup: &Setup) {
    for (round, is_decided) in [(0, false), (1, true)] {
        let id = format!("e{round}");
        setup.put(&[encounter(&id, "c1", "2026-02-01")]).await;
        if is_decided {
            let through = ledger_end(setup).await;
            setup.commit("c1", through, vec![billed("first", &id, "2026-02-01")]).await.expect("commits");
            setup
                .raw
                .execute(format!("UPDATE encounter SET minutes = 20 WHERE encounter_id = '{id}'"))
                .await
                .expect("updates");
        }
        let read = setup.store.take_undecided(&mut Turn::first(10), at(0)).await.expect("takes");
        let revision = read.clients[0].encounters[0].revision;
        setup.raw.execute(format!("DELETE FROM encounter WHERE encounter_id = '{id}'")).await.expect("deletes");
        setup.put(&[encounter(&id, "c1", "2026-02-05")]).await;
        let mut late = billed(&format!("late{round}"), &id, "2026-02-01");
        late.encounter_revision = Some(revision);
        // Another host, which has read the ledger after that, brings the decision about the encounter as it was.
        setup.commit("c1", ledger_end(setup).await, vec![late]).await.expect("commits");
        assert_eq!(waiting(setup).await, [id.as_str()], "the encounter as it is now is still to be decided");
        let read = setup.store.take_undecided(&mut Turn::first(10), at(0)).await.expect("takes");
        let again = read.clients[0].encounters[0].revision;
        assert!(again > revision, "revision {revision} was taken out, {again} came in");
        setup.raw.execute(format!("DELETE FROM encounter WHERE encounter_id = '{id}'")).await.expect("deletes");
    }
}

/// On SQLite another system may replace a row, which deletes it without a trigger.
pub(crate) async fn it_goes_on_with_the_revision_of_a_replaced_row(setup: &Setup) {
    three(setup).await;
    setup.raw.execute("UPDATE encounter SET minutes = 20 WHERE encounter_id = 'e2'").await.expect("updates");
    let crate::support::Raw::Sqlite(_) = &setup.raw else { return };
    let revisions = "SELECT encounter_id || ' ' || revision FROM encounter ORDER BY encounter_id";
    assert_eq!(setup.raw.texts(revisions).await, ["e1 1", "e2 2", "e3 1"]);
    setup.raw.execute("INSERT OR REPLACE INTO encounter SELECT * FROM encounter").await.expect("replaces");
    let restarted = "UPDATE temp_rows SET revision = 1";
    setup.raw.execute("CREATE TABLE temp_rows AS SELECT * FROM encounter").await.expect("copies");
    setup.raw.execute(restarted).await.expect("restarts");
    setup.raw.execute("INSERT OR REPLACE INTO encounter SELECT * FROM temp_rows").await.expect("replaces");
    let later: Vec<String> = setup.raw.texts(revisions).await;
    assert_eq!(later, ["e1 3", "e2 4", "e3 3"], "decided or waiting, each goes on");
    assert_eq!(waiting(setup).await, ["e1", "e2", "e3"]);
}

async fn ledger_end(setup: &Setup) -> i64 {
    i64::try_from(ledger(setup).await.len()).expect("a small ledger")
}

pub(crate) async fn it_gives_back_what_nobody_can_read_any_more(setup: &Setup) {
    three(setup).await;
    setup.raw.execute("UPDATE encounter SET mode = 'in person' WHERE encounter_id = 'e1'").await.expect("updates");
    let work = setup.store.take_undecided(&mut Turn::first(10), at(9)).await.expect("takes");
    assert_eq!(work.bad.len(), 1);
    assert_eq!(ledger(setup).await.last().map(String::as_str), Some("4 -e1 -5000"));
    assert_eq!(waiting(setup).await, ["e2", "e3"]);
    setup.raw.execute("UPDATE encounter SET mode = 'video' WHERE encounter_id = 'e1'").await.expect("mends");
    assert_eq!(waiting(setup).await, ["e1", "e2", "e3"]);
}

pub(crate) async fn it_leaves_alone_what_was_mended_since_it_was_read(setup: &Setup) {
    three(setup).await;
    setup.raw.execute("UPDATE encounter SET mode = 'in person' WHERE encounter_id = 'e1'").await.expect("updates");
    let request =
        WorkRequest { agency_id: token("a"), client_id: token("c1"), encounter_ids: ["e1", "e2"].map(token).into() };
    let read = setup.store.load_work(&[request]).await.expect("loads").remove(0);
    assert_eq!(read.encounters.len(), 1, "e2 can be read");
    let unreadable: Vec<&str> = read.unreadable.iter().map(|bad| bad.encounter_id.as_str()).collect();
    assert_eq!(unreadable, ["e1"]);
    // In the meantime another system mends it, and somebody decides it.
    setup.raw.execute("UPDATE encounter SET mode = 'video' WHERE encounter_id = 'e1'").await.expect("mends");
    let mut decision = billed("d4", "e1", "2026-02-01");
    (decision.supersedes, decision.encounter_revision) = (Some("d-e1".to_owned()), Some(3));
    setup.commit("c1", 3, vec![decision]).await.expect("commits");
    let before = (ledger(setup).await, waiting(setup).await);
    setup.store.keep_faults(&read.unreadable, at(9)).await.expect("keeps nothing");
    assert_eq!((ledger(setup).await, waiting(setup).await), before);
    assert_eq!(setup.store.list_faults(&token("a"), None, 10).await.expect("lists"), []);
    let latest = setup.store.latest_decision(&token("a"), &token("e1")).await.expect("reads").expect("is there");
    assert_eq!(latest.summary.decision_id, "d4");
    // Gone, it is no fault either.
    setup.raw.execute("DELETE FROM encounter WHERE encounter_id = 'e1'").await.expect("deletes");
    setup.store.keep_faults(&read.unreadable, at(9)).await.expect("keeps nothing");
    assert_eq!(setup.store.list_faults(&token("a"), None, 10).await.expect("lists"), []);
}

pub(crate) async fn it_stores_an_encounter_with_the_decision_about_it(setup: &Setup) {
    let inline = |id: &str, decision_id: &str| {
        let mut facts = crate::support::full_encounter(id, "c1", "2026-02-03");
        facts.minutes = Some(Minutes(50));
        let mut decision = billed(decision_id, id, "2026-02-03");
        decision.new_encounter = Some(facts);
        decision
    };
    // The first commit of an agency finds its chain, the second commits in one statement.
    for (number, through) in [("1", 0), ("2", 1)] {
        let (id, decision_id) = (format!("e{number}"), format!("d{number}"));
        setup.commit("c1", through, vec![inline(&id, &decision_id)]).await.expect("commits");
        let stored = setup.store.find_encounter(&token("a"), &token(&id)).await.expect("reads").expect("is there");
        let expected = inline(&id, &decision_id).new_encounter.expect("facts");
        assert!(stored.facts == expected && stored.revision == 1, "{}", stored.revision);
        assert_eq!(waiting(setup).await, [""; 0], "it is decided");
    }
    let twice = setup.commit(
        "c1",
        2,
        vec![{
            let mut decision = inline("e2", "d3");
            decision.supersedes = Some("d2".to_owned());
            decision
        }],
    );
    let refused = twice.await;
    assert!(matches!(refused, Err(StoreError::LedgerMoved { .. })), "it is there already: {refused:?}");
    let mut together = commit_of("a", "c2", 0, vec![not_billable("d4", "e1")]);
    together.clients[0].decisions[0].supersedes = Some("d1".to_owned());
    setup.store.commit_decisions(together).await.expect("what is kept elsewhere needs no row");
}
