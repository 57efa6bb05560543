//! The ledger: what limits count, and how it is taken back.

use adjudica_core::Cents;
use adjudica_store::{LedgerKind, WorkRequest};

use crate::support::{Setup, billable, commit_of, ledger_line, not_billable, token};

pub(crate) async fn it_bills_accepted_lines_in_order(setup: &Setup) {
    let mut two = billable("d1", "e1");
    two.ledger_lines = vec![ledger_line("G9001", 10), ledger_line("G9002", -7)];
    two.ledger_lines[1].diagnosis = None;
    setup.commit("c1", 0, vec![two.clone(), not_billable("d2", "e2"), billable("d3", "e3")]).await.expect("commits");
    let entries = setup.store.ledger_of(&token("a"), &token("c1"), None).await.expect("reads");
    let places: Vec<_> = entries.iter().map(|entry| (entry.seq, entry.decision_id.as_str(), entry.kind)).collect();
    assert_eq!(places, [(1, "d1", LedgerKind::Line), (2, "d1", LedgerKind::Line), (3, "d3", LedgerKind::Line)]);
    assert!(entries[0].line == two.ledger_lines[0] && entries[1].line == two.ledger_lines[1]);
    assert_eq!((&entries[0].encounter_id, entries[0].recorded_at), (&token("e1"), two.decided_at));
}

pub(crate) async fn it_takes_lines_back_when_superseded(setup: &Setup) {
    let mut first = billable("d1", "e1");
    first.ledger_lines.push(ledger_line("G9002", 250));
    setup.commit("c1", 0, vec![first, billable("d2", "e2")]).await.expect("commits");
    let mut second = billable("d3", "e1");
    second.supersedes = Some("d1".to_owned());
    setup.commit("c1", 3, vec![second]).await.expect("commits");
    let entries = setup.store.ledger_of(&token("a"), &token("c1"), None).await.expect("reads");
    let tail: Vec<_> =
        entries.iter().skip(3).map(|entry| (entry.kind, entry.reverses_seq, entry.line.amount_cents)).collect();
    let expected = [
        (LedgerKind::Reversal, Some(1), Cents::new(-5_000)),
        (LedgerKind::Reversal, Some(2), Cents::new(-250)),
        (LedgerKind::Line, None, Cents::new(5_000)),
    ];
    assert_eq!(tail, expected);
    let mut third = not_billable("d4", "e1");
    third.supersedes = Some("d3".to_owned());
    setup.commit("c1", 6, vec![third]).await.expect("commits");
    let request = WorkRequest { agency_id: token("a"), client_id: token("c1"), encounter_ids: vec![] };
    let works = setup.store.load_work(&[request]).await.expect("loads");
    let live: Vec<_> = works[0].ledger.iter().map(|live| (live.seq, live.encounter_id.as_str())).collect();
    assert_eq!((live, works[0].ledger_through), (vec![(3, "e2")], 7));
}

pub(crate) async fn it_takes_lines_back_from_the_client_they_were_billed_for(setup: &Setup) {
    setup.commit("c1", 0, vec![billable("d1", "e1")]).await.expect("commits");
    setup.commit("c2", 0, vec![billable("d2", "e2")]).await.expect("commits");
    let mut corrected = billable("d3", "e1");
    corrected.supersedes = Some("d1".to_owned());
    setup.commit("c2", 1, vec![corrected]).await.expect("commits");
    let kinds = |entries: Vec<adjudica_store::LedgerEntry>| entries.iter().map(|entry| entry.kind).collect::<Vec<_>>();
    let first = setup.store.ledger_of(&token("a"), &token("c1"), None).await.expect("reads");
    assert_eq!(kinds(first), [LedgerKind::Line, LedgerKind::Reversal]);
    let second = setup.store.ledger_of(&token("a"), &token("c2"), None).await.expect("reads");
    assert_eq!(kinds(second), [LedgerKind::Line, LedgerKind::Line]);
}

/// Each decision was made on its client's ledger up to the entry before its own, so nothing may come between.
pub(crate) async fn it_takes_lines_of_other_clients_back_after_all_else(setup: &Setup) {
    setup.commit("c1", 0, vec![billable("d1", "e1"), billable("d2", "e2")]).await.expect("commits");
    let mut moved = billable("d3", "e1");
    moved.supersedes = Some("d1".to_owned());
    let mut again = billable("d5", "e2");
    again.supersedes = Some("d2".to_owned());
    let mut commit = commit_of("a", "c2", 0, vec![moved, billable("d4", "e4")]);
    commit.clients.extend(commit_of("a", "c1", 2, vec![again, billable("d6", "e6")]).clients);
    setup.store.commit_decisions(commit).await.expect("commits");
    let places = async |client: &str| {
        let entries = setup.store.ledger_of(&token("a"), &token(client), None).await.expect("reads");
        entries.into_iter().map(|entry| (entry.seq, entry.decision_id, entry.reverses_seq)).collect::<Vec<_>>()
    };
    let place = |seq, decision_id: &str, reverses_seq| (seq, decision_id.to_owned(), reverses_seq);
    assert_eq!(places("c2").await, [place(1, "d3", None), place(2, "d4", None)]);
    let own = [place(3, "d5", Some(2)), place(4, "d5", None), place(5, "d6", None)];
    assert_eq!(places("c1").await[2..5], own);
    assert_eq!(places("c1").await[5..], [place(6, "d3", Some(1))]);
}

pub(crate) async fn it_reads_the_ledger_as_of_a_place(setup: &Setup) {
    setup
        .commit("c1", 0, vec![billable("d1", "e1"), billable("d2", "e2"), billable("d3", "e3")])
        .await
        .expect("commits");
    for (through, expected) in [(Some(2), 2), (Some(0), 0), (None, 3)] {
        let entries = setup.store.ledger_of(&token("a"), &token("c1"), through).await.expect("reads");
        assert_eq!(entries.len(), expected);
    }
}
