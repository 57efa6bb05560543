//! Callers that stop waiting in the middle, or wait for each other: what they leave behind must not touch what others are answered.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use adjudica_core::records::{Record, RecordBody};
use serde_json::json;

use crate::support::{Raw, Setup, at, billable, encounter, token};

/// More than any write here is polled before it ends.
const POLLS_MAX: u32 = 25;

pub(crate) async fn it_keeps_what_is_acknowledged_after_others_hung_up(setup: &Setup) {
    for polls in 0..POLLS_MAX {
        let one = [encounter(&format!("cut{polls}"), "c2", "2026-02-03")];
        cut_off(setup.put(&one), polls).await;
        let decision = billable(&format!("d{polls}"), &format!("e{polls}"));
        setup.commit("c1", i64::from(polls), vec![decision]).await.expect("commits");
        let kept = setup.raw.texts("SELECT CAST(count(*) AS TEXT) FROM decision").await;
        assert_eq!(kept, [(polls + 1).to_string()], "cut off after {polls} polls");
    }
}

pub(crate) async fn it_leaves_no_transaction_open(setup: &Setup) {
    for polls in 0..POLLS_MAX {
        let one = [encounter(&format!("cut{polls}"), "c2", "2026-02-03")];
        cut_off(setup.put(&one), polls).await;
        require_nothing_open(&setup.raw, polls).await;
    }
}

/// Nobody else holds a transaction open, after a moment for what is being taken back.
async fn require_nothing_open(raw: &Raw, polls: u32) {
    for _ in 0..200_u32 {
        if !is_held(raw).await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("cut off after {polls} polls, a transaction stays open");
}

async fn is_held(raw: &Raw) -> bool {
    match raw {
        // A writer that is still open keeps this one out for longer than the wait for it.
        Raw::Sqlite(_) => raw.execute("BEGIN IMMEDIATE; ROLLBACK").await.is_err(),
        Raw::Postgres(_) => {
            let open = "SELECT CAST(count(*) AS TEXT) FROM pg_stat_activity WHERE datname = current_database()
                AND pid <> pg_backend_pid() AND state <> 'idle'";
            raw.texts(open).await != ["0"]
        }
    }
}

/// Polls `future` at most so many times and once more, then drops it.
async fn cut_off<F: Future>(future: F, polls: u32) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// Two systems that each wait for the other: the server ends one of them, and the host begins again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_writes_although_another_system_and_it_waited_for_each_other() {
    let setup = crate::support::postgres().await;
    setup.put(&[encounter("e1", "c1", "2026-02-03"), encounter("e2", "c1", "2026-02-03")]).await;
    let Raw::Postgres(pool) = &setup.raw else { panic!("is PostgreSQL") };
    let mut other = pool.acquire().await.expect("a connection");
    let run = async |other: &mut sqlx::PgConnection, sql: &'static str| {
        sqlx::query(sql).execute(other).await.unwrap_or_else(|fault| panic!("{sql}: {fault}"));
    };
    run(&mut other, "BEGIN").await;
    // The host is the first to find out that both wait.
    run(&mut other, "SET LOCAL deadlock_timeout = '1min'").await;
    run(&mut other, "UPDATE undecided SET client_id = client_id WHERE encounter_id = 'e2'").await;
    let store = Arc::clone(&setup.store);
    let home = json!({ "kind": "residence", "state": "MI", "from": "2026-01-01" });
    let home: RecordBody = serde_json::from_value(home).expect("a record");
    let record = Record { record_id: token("r1"), subject_id: token("c1"), body: home };
    let put = tokio::spawn(async move { store.put_records(&token("a"), &[record], "tester", at(5)).await });
    let is_waiting = "SELECT CAST(count(*) AS TEXT) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while setup.raw.texts(is_waiting).await != ["1"] {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    run(&mut other, "UPDATE encounter SET minutes = 33 WHERE encounter_id = 'e1'").await;
    run(&mut other, "COMMIT").await;
    assert_eq!(put.await.expect("ends").expect("puts").inserted, 1);
    drop(other);
    setup.drop_database().await;
}
