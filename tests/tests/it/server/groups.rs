//! Requests that wait at the same time: committed together, answered each for itself.

use std::future::Future;

use futures_util::future::{abortable, join, join_all, join3};
use serde_json::{Value, json};

use crate::server::guest::GOOD;
use crate::server::harness::{Answer, Bench, encounter};

/// A host with one decision, so that its chain can be held.
async fn prepare(bench: &Bench) {
    bench.activate(GOOD).await;
    assert_eq!(ask(bench, 0, &[]).await.status, 201);
}

/// Asks about the encounter `e<number>` of the client `c<number>`.
fn ask<'a>(bench: &'a Bench, number: usize, headers: &'a [(&str, &str)]) -> impl Future<Output = Answer> + 'a {
    let body = json!({"encounter": encounter(&format!("e{number}"), &format!("c{number}"), "2026-03-02")});
    bench.send("POST", "/v1/decisions", headers, body.to_string())
}

/// Ends when `requests` requests wait for their commit.
async fn until_waiting(bench: &Bench, requests: usize) {
    while bench.app.host.service.decisions.committing() < requests {
        tokio::task::yield_now().await;
    }
}

async fn require_whole(bench: &Bench, decisions: u64) {
    let chain = bench.get("/v1/chain/verify").await.json();
    assert_eq!((&chain["intact"], &chain["length"]), (&json!(true), &json!(decisions)));
    let page = bench.get("/v1/decisions?limit=1000").await.json();
    for summary in page["items"].as_array().expect("items") {
        let path = format!("/v1/decisions/{}/replay", summary["decision_id"].as_str().expect("an id"));
        assert_eq!(bench.post(&path, &Value::Null).await.json()["identical"], true, "{summary}");
    }
}

async fn commits(bench: &Bench) -> u32 {
    let text = bench.get("/metrics").await.text;
    let line = text.lines().find(|line| line.starts_with("adjudica_commits_total")).expect("a figure");
    line.rsplit(' ').next().expect("a value").parse().expect("a number")
}

pub(crate) async fn it_answers_each_of_many_that_commit_together(bench: &Bench) {
    prepare(bench).await;
    let before = commits(bench).await;
    let holder = bench.database.hold().await;
    // More than one group takes; two requests for each encounter.
    let numbers: Vec<usize> = (1..=90).chain(1..=90).collect();
    let asked = join_all(numbers.iter().map(|number| ask(bench, *number, &[])));
    let released = async {
        until_waiting(bench, 60).await;
        holder.release().await;
    };
    let (answers, ()) = join(asked, released).await;
    // The second of each two finds the decision that the first one got, and gets it too.
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    let held = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!((made, held), (90, 90));
    for (first, second) in answers.iter().take(90).zip(answers.iter().skip(90)) {
        assert_eq!(first.text, second.text);
    }
    require_whole(bench, 91).await;
    let commits = commits(bench).await - before;
    assert!((2..60).contains(&commits), "{commits} commits for 180 requests");
}

pub(crate) async fn it_refuses_only_the_one_at_fault_in_a_group(bench: &Bench) {
    prepare(bench).await;
    let mut holder = bench.database.hold().await;
    let keys: Vec<String> = (1..=30).map(|number| format!("k-{number}")).collect();
    let headers: Vec<_> = keys.iter().map(|key| [("idempotency-key", key.as_str())]).collect();
    let asked = join_all((1..=30).zip(&headers).map(|(number, headers)| ask(bench, number, headers)));
    let released = async {
        until_waiting(bench, 20).await;
        // Another host uses the key of one request and bills a line of another one's client.
        holder
            .write(
                "INSERT INTO idempotency VALUES ('default', 'k-7', hex(zeroblob(32)), X'7b7d', 0)",
                "INSERT INTO idempotency VALUES ('default', 'k-7', repeat('0', 64), '\\x7b7d', 0)",
            )
            .await;
        let bill = "INSERT INTO ledger (agency_id, client_id, seq, kind, decision_id, encounter_id, payer_id,
                date_of_service, procedure_code, units, amount_cents, billing_provider_id, rendering_provider_id,
                diagnosis, reverses_seq, recorded_at)
            SELECT agency_id, 'c11', 1, kind, 'another', 'another', payer_id, date_of_service, procedure_code, units,
                amount_cents, billing_provider_id, rendering_provider_id, diagnosis, reverses_seq, recorded_at
            FROM ledger WHERE client_id = 'c0'";
        holder.write(bill, bill).await;
        holder.release().await;
    };
    let (answers, ()) = join(asked, released).await;
    for (number, answer) in (1..).zip(&answers) {
        if number == 7 {
            assert_eq!(answer.problem(), (409, "idempotency_conflict".to_owned(), Vec::new()));
            continue;
        }
        assert_eq!(answer.status, 201, "{number}: {}", answer.text);
        assert_eq!(answer.json()["ledger_through"], u32::from(number == 11), "{number}");
        // The answer was kept under its own key.
        let headers = [("idempotency-key", format!("k-{number}"))];
        let headers = headers.each_ref().map(|(name, key)| (*name, key.as_str()));
        assert_eq!(ask(bench, number, &headers).await.text, answer.text);
    }
    require_whole(bench, 30).await;
}

pub(crate) async fn it_keeps_what_others_wait_for_when_one_is_cut_off(bench: &Bench) {
    prepare(bench).await;
    let holder = bench.database.hold().await;
    let (cut, knife) = abortable(join_all((1..=5).map(|number| ask(bench, number, &[]))));
    let kept = join_all((21..=25).map(|number| ask(bench, number, &[])));
    let released = async {
        until_waiting(bench, 8).await;
        knife.abort();
        holder.release().await;
    };
    let (cut, answers, ()) = join3(cut, kept, released).await;
    assert!(cut.is_err(), "an answer before its commit");
    for answer in &answers {
        assert_eq!(answer.status, 201, "{}", answer.text);
    }
    // What was cut off may have been recorded; asking again is answered either way.
    for number in 1..=5 {
        assert!(ask(bench, number, &[]).await.status.is_success());
    }
    require_whole(bench, 11).await;
}
