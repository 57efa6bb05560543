//! What the worker does with encounters that wait.

use std::sync::Mutex;

use adjudica_core::Outcome;
use serde_json::{Value, json};

use crate::server::guest::GOOD;
use crate::server::harness::{Bench, encounter};

async fn load(bench: &Bench, clients: usize, each: usize) {
    let all: Vec<_> = (0..clients * each)
        .map(|number| {
            encounter(
                &format!("e{number}"),
                &format!("c{}", number % clients),
                &format!("2026-03-{:02}", 1 + number / clients),
            )
        })
        .collect();
    let answer = bench.post("/v1/encounters", &json!(all)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
}

pub(crate) async fn it_decides_whatever_waits_and_says_how_far_it_is(bench: &Bench) {
    bench.activate(GOOD).await;
    load(bench, 70, 5).await;
    let heard = Mutex::new(Vec::new());
    let tally =
        bench.app.host.service.decide_undecided(32, &|tally| heard.lock().expect("a lock").push(tally.decided)).await;
    let tally = tally.expect("a tally");
    assert_eq!((tally.decided, tally.commits, heard.lock().expect("a lock").len()), (350, 3, 3));
    assert_eq!(tally.outcome_to_decided.get(&Outcome::Billable), Some(&210));
    assert_eq!(tally.outcome_to_decided.get(&Outcome::NotBillable), Some(&140));
    assert_eq!(bench.get("/v1/status").await.json()["counts"]["undecided"], 0);
    let again = bench.app.host.service.decide_undecided(32, &|_| ()).await.expect("a tally");
    assert_eq!(again.decided, 0);
    let page = bench.get("/v1/decisions?limit=1000").await.json();
    for summary in page["items"].as_array().expect("items").iter().step_by(17) {
        let path = format!("/v1/decisions/{}/replay", summary["decision_id"].as_str().expect("an id"));
        assert_eq!(bench.post(&path, &Value::Null).await.json()["identical"], true);
    }
}

pub(crate) async fn it_decides_changed_encounters_again_as_one_call_would(bench: &Bench) {
    bench.activate(GOOD).await;
    load(bench, 2, 5).await;
    bench.app.host.service.decide_undecided(8, &|_| ()).await.expect("a tally");
    for number in [0, 2, 8] {
        let mut changed = encounter(&format!("e{number}"), "c0", &format!("2026-03-{:02}", 1 + number / 2));
        changed["minutes"] = json!(45);
        assert_eq!(bench.put(&format!("/v1/encounters/e{number}"), &changed).await.status, 200);
    }
    let tally = bench.app.host.service.decide_undecided(8, &|_| ()).await.expect("a tally");
    // The two between them were decided with them, and say what they said: nothing is written.
    assert_eq!((tally.decided, tally.confirmed), (3, 2));
    let page = bench.get("/v1/decisions?client=c0&limit=100").await.json();
    let items = page["items"].as_array().expect("items");
    assert_eq!(items.len(), 8);
    for summary in items {
        let path = format!("/v1/decisions/{}/replay", summary["decision_id"].as_str().expect("an id"));
        let replay = bench.post(&path, &Value::Null).await;
        assert_eq!(replay.json()["identical"], true, "{summary}: {}", replay.text);
    }
}

/// The lines of the client before are taken back by a decision about another client, in the same transaction.
pub(crate) async fn it_replays_decisions_about_an_encounter_that_moved_to_another_client(bench: &Bench) {
    bench.activate(GOOD).await;
    let put = async |id: &str, client: &str, day: &str| {
        let answer = bench.put(&format!("/v1/encounters/{id}"), &encounter(id, client, day)).await;
        assert!(answer.status.is_success(), "{}", answer.text);
    };
    put("e1", "c1", "2026-03-01").await;
    put("e2", "c1", "2026-03-02").await;
    bench.app.host.service.decide_undecided(8, &|_| ()).await.expect("a tally");
    put("e1", "c2", "2026-03-01").await;
    for (id, client, day) in [("e3", "c1", "2026-03-03"), ("e4", "c1", "2026-03-04"), ("e5", "c2", "2026-03-05")] {
        put(id, client, day).await;
    }
    let tally = bench.app.host.service.decide_undecided(8, &|_| ()).await.expect("a tally");
    // e2 to e4 counted the line of e1 that another client's decision took back, so they are decided once more; only e4 gets
    // another answer by it.
    assert_eq!((tally.decided, tally.confirmed, tally.commits), (5, 2, 2));
    let page = bench.get("/v1/decisions?limit=100").await.json();
    let items = page["items"].as_array().expect("items");
    assert_eq!(items.len(), 7);
    for summary in items {
        let path = format!("/v1/decisions/{}/replay", summary["decision_id"].as_str().expect("an id"));
        let replay = bench.post(&path, &Value::Null).await;
        assert_eq!(replay.json()["identical"], true, "{summary}: {}", replay.text);
    }
    // e1 is billed for c2 now: c1 has three lines, c2 has two and room for one more.
    for (number, client, outcome) in [(6, "c1", "not_billable"), (7, "c2", "billable"), (8, "c2", "not_billable")] {
        let next = json!({"encounter": encounter(&format!("e{number}"), client, "2026-03-06")});
        assert_eq!(bench.post("/v1/decisions", &next).await.json()["outcome"], outcome, "e{number}");
    }
}
