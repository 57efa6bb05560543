//! The hash chain: it holds under load, and what was changed behind its back is found.

use futures_util::future::join_all;

use adjudica_store::NewCommit;

use crate::support::{Raw, Setup, billable, commit_of, not_billable, token};

async fn fill(setup: &Setup, count: i64) {
    for number in 1..=count {
        setup.commit("c1", 0, vec![not_billable(&format!("d{number}"), &format!("e{number}"))]).await.expect("commits");
    }
}

pub(crate) async fn it_links_decisions_without_gaps(setup: &Setup) {
    let empty = setup.store.verify_chain(&token("a"), 0, 1_000_000).await.expect("checks");
    assert_eq!((empty.length, empty.first_broken), (0, None));
    fill(setup, 5).await;
    let loaded = setup.store.load_decisions(&token("a"), 0, 10).await.expect("loads");
    for (pair, sequence) in loaded.windows(2).zip(1..) {
        assert_eq!(pair[0].summary.sequence, sequence);
        assert_eq!(pair[1].summary.previous_hash, pair[0].summary.hash);
    }
    let report = setup.store.verify_chain(&token("a"), 0, 1_000_000).await.expect("checks");
    assert_eq!((report.length, report.first_broken, report.head), (5, None, loaded[4].summary.hash));
}

pub(crate) async fn it_finds_a_changed_record(setup: &Setup) {
    fill(setup, 6).await;
    setup.raw.drop_guard("decision").await;
    setup
        .raw
        .execute("UPDATE decision SET record = replace(record, 'd4', 'd5') WHERE sequence = 4")
        .await
        .expect("updates");
    let report = setup.store.verify_chain(&token("a"), 0, 1_000_000).await.expect("checks");
    assert_eq!((report.length, report.first_broken), (6, Some(4)));
}

pub(crate) async fn it_finds_a_missing_tail_and_a_missing_link(setup: &Setup) {
    fill(setup, 6).await;
    setup.raw.drop_guard("decision").await;
    setup.raw.execute("DELETE FROM decision WHERE sequence = 6").await.expect("deletes");
    assert_eq!(setup.store.verify_chain(&token("a"), 0, 1_000_000).await.expect("checks").first_broken, Some(6));
    setup.raw.execute("DELETE FROM decision WHERE sequence = 3").await.expect("deletes");
    assert_eq!(setup.store.verify_chain(&token("a"), 0, 1_000_000).await.expect("checks").first_broken, Some(3));
    setup.raw.execute("DELETE FROM decision").await.expect("deletes");
    assert_eq!(setup.store.verify_chain(&token("a"), 0, 1_000_000).await.expect("checks").first_broken, Some(1));
}

pub(crate) async fn it_does_not_fork_under_concurrent_appends(setup: &Setup) {
    let tasks = (0..32).map(|task| async move {
        for number in 0..20 {
            let decision = billable(&format!("d{task}-{number}"), &format!("e{task}-{number}"));
            setup.commit(&format!("c{task}"), number, vec![decision]).await.expect("commits");
        }
    });
    join_all(tasks).await;
    let report = setup.store.verify_chain(&token("a"), 0, 1_000_000).await.expect("checks");
    assert_eq!((report.length, report.first_broken), (640, None));
}

pub(crate) async fn it_does_not_fork_over_several_agencies(setup: &Setup) {
    let tasks = (0..16).map(|task| async move {
        let mut agencies = ["a", "b", "c"];
        agencies.rotate_left(task % 3);
        for number in 0..10 {
            let mut commit = NewCommit::default();
            for agency in agencies {
                let decision = not_billable(&format!("d{task}-{number}"), &format!("e{task}-{number}"));
                commit.clients.extend(commit_of(agency, &format!("c{task}"), 0, vec![decision]).clients);
            }
            setup.store.commit_decisions(commit).await.expect("commits");
        }
    });
    join_all(tasks).await;
    for agency in ["a", "b", "c"] {
        let report = setup.store.verify_chain(&token(agency), 0, 1_000_000).await.expect("checks");
        assert_eq!((report.length, report.first_broken), (160, None));
    }
}

pub(crate) async fn it_refuses_to_change_or_delete(setup: &Setup) {
    setup.commit("c1", 0, vec![billable("d1", "e1")]).await.expect("commits");
    crate::activations::record_one(setup).await;
    let tables = [
        ("decision", "record"),
        ("decision_line", "modifiers"),
        ("decision_finding", "kind"),
        ("ledger", "payer_id"),
        ("policy_file", "version"),
        ("terms", "json"),
        ("activation_change", "message"),
        ("activation_schedule", "payer_id"),
        ("activation_period", "dos_from"),
    ];
    for (table, column) in tables {
        let mut attempts = vec![format!("UPDATE {table} SET {column} = 'x'"), format!("DELETE FROM {table}")];
        if matches!(setup.raw, Raw::Postgres(_)) {
            attempts.push(format!("TRUNCATE {table} CASCADE"));
        }
        for sql in attempts {
            let refused = setup.raw.execute(sql.as_str()).await.expect_err(&sql);
            assert!(refused.to_string().contains("append-only"), "{sql}: {refused}");
        }
    }
    let report = setup.store.verify_chain(&token("a"), 0, 1_000_000).await;
    assert!(matches!(report, Ok(report) if report.first_broken.is_none()), "{report:?}");
}

pub(crate) async fn it_checks_a_long_chain_in_parts(setup: &Setup) {
    let decisions = (1..=7).map(|number| not_billable(&format!("d{number}"), &format!("e{number}"))).collect();
    setup.commit("c1", 0, decisions).await.expect("commits");
    let part = async |after: i64| {
        let report = setup.store.verify_chain(&token("a"), after, 3).await.expect("checks");
        (report.first_broken, report.next_after)
    };
    assert_eq!([part(0).await, part(3).await, part(6).await], [(None, Some(3)), (None, Some(6)), (None, None)]);
    let whole = setup.store.verify_chain(&token("a"), 0, 100).await.expect("checks");
    assert_eq!(setup.store.verify_chain(&token("a"), 6, 3).await.expect("checks").head, whole.head);
    setup.raw.drop_guard("decision").await;
    setup.raw.execute("UPDATE decision SET record = '{}' WHERE sequence = 5").await.expect("damages");
    assert_eq!([part(0).await, part(3).await], [(None, Some(3)), (Some(5), None)]);
    // A part cannot begin where nothing is.
    assert_eq!(part(9).await, (Some(9), None));
}
