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
    let tally = bench
        .app
        .host
        .service
        .decisions
        .decide_undecided(150, &|tally| heard.lock().expect("a lock").push(tally.decided))
        .await;
    let tally = tally.expect("a tally");
    assert_eq!((tally.decided, tally.commits, heard.lock().expect("a lock").len()), (350, 3, 3));
    assert_eq!(tally.outcome_to_decided.get(&Outcome::Billable), Some(&210));
    assert_eq!(tally.outcome_to_decided.get(&Outcome::NotBillable), Some(&140));
    assert_eq!(bench.get("/v1/status").await.json()["counts"]["undecided"], 0);
    let again = bench.app.host.service.decisions.decide_undecided(32, &|_| ()).await.expect("a tally");
    assert_eq!(again.decided, 0);
    let page = bench.get("/v1/decisions?limit=1000").await.json();
    for summary in page["items"].as_array().expect("items").iter().step_by(17) {
        let path = format!("/v1/decisions/{}/replay", summary["decision_id"].as_str().expect("an id"));
        assert_eq!(bench.post(&path, &Value::Null).await.json()["identical"], true);
    }
}

pub(crate) async fn it_decides_a_client_in_parts_while_others_have_their_turns(bench: &Bench) {
    bench.activate(GOOD).await;
    load(bench, 1, 25).await;
    let other = bench.post("/v1/encounters", &json!([encounter("other", "c1", "2026-03-01")])).await;
    assert_eq!(other.status, 201, "{}", other.text);
    let heard = Mutex::new(Vec::new());
    let tally = bench
        .app
        .host
        .service
        .decisions
        .decide_undecided(10, &|tally| heard.lock().expect("a lock").push(tally.decided))
        .await;
    assert_eq!(tally.expect("a tally").decided, 26);
    assert_eq!(*heard.lock().expect("a lock"), [10, 11, 21, 26]);
    let page = bench.get("/v1/decisions?limit=100").await.json();
    let ids: Vec<_> = page["items"].as_array().expect("items").iter().map(|one| &one["encounter_id"]).collect();
    assert_eq!(ids.iter().position(|id| **id == "other"), Some(10));
    let outcomes = |from: &str| {
        let of_day = |one: &&Value| one["date_of_service"] == from;
        page["items"].as_array().expect("items").iter().find(of_day).map(|one| one["outcome"].clone())
    };
    // The limit of the month counts over the parts.
    assert_eq!(outcomes("2026-03-25"), Some(json!("not_billable")));
}

/// Damage past the guards of the tables: what it is about waits and is told, and the rest is decided.
pub(crate) async fn it_decides_the_rest_beside_rows_that_cannot_be_read(bench: &Bench) {
    bench.activate(GOOD).await;
    load(bench, 2, 1).await;
    let work = async || bench.app.host.service.decisions.decide_undecided(8, &|_| ()).await.expect("a tally").decided;
    let status = async || bench.get("/v1/status").await.json();
    assert_eq!(work().await, 2);
    let mut other = bench.database.hold().await;
    other.write("DROP TRIGGER ledger_no_update", "DROP TRIGGER ledger_append_only ON ledger").await;
    let damage = "UPDATE ledger SET mode = 'in person' WHERE client_id = 'c0'";
    other.write(damage, damage).await;
    other.release().await;
    for (id, client) in [("later-0", "c0"), ("later-1", "c1")] {
        let put = bench.put(&format!("/v1/encounters/{id}"), &encounter(id, client, "2026-03-02")).await;
        assert_eq!(put.status, 201, "{}", put.text);
    }
    assert_eq!(work().await, 1);
    let told = status().await;
    assert_eq!(told["counts"]["undecided"], 1);
    let warning = told["warnings"].to_string();
    assert!(warning.contains("nothing can be decided about 1 clients, and their encounters wait"), "{warning}");
    assert!(warning.contains("table `ledger`") && !warning.contains("/c0/"), "{warning}");
    let mut other = bench.database.hold().await;
    let mend = "UPDATE ledger SET mode = 'in_person' WHERE client_id = 'c0'";
    other.write(mend, mend).await;
    let damage = "UPDATE chain_head SET head_hash = 'none'";
    other.write(damage, damage).await;
    other.release().await;
    // Nothing can be added to a chain whose end is lost; the run ends all the same, and says so.
    assert_eq!(work().await, 0);
    let warning = status().await["warnings"].to_string();
    assert!(warning.contains("table `chain_head`"), "{warning}");
}

/// A decision in force that is gone makes its client's commits fail for ever: that client waits, and others have their turns.
pub(crate) async fn it_decides_others_beside_a_client_whose_ledger_never_stands_still(bench: &Bench) {
    bench.activate(GOOD).await;
    load(bench, 3, 1).await;
    let work = async || bench.app.host.service.decisions.decide_undecided(8, &|_| ()).await.map(|tally| tally.decided);
    assert_eq!(work().await.expect("a tally"), 3);
    let mut other = bench.database.hold().await;
    other.write("DROP TRIGGER decision_no_delete", "DROP TRIGGER decision_append_only ON decision").await;
    let damage = "DELETE FROM decision WHERE encounter_id = 'e0'";
    other.write(damage, damage).await;
    let change = "UPDATE encounter SET minutes = 31";
    other.write(change, change).await;
    other.release().await;
    let ended = work().await.expect_err("one client is left");
    assert_eq!(ended.public, "other decisions for some clients kept being recorded; the next run tries again");
    let status = bench.get("/v1/status").await.json();
    assert_eq!(status["counts"]["undecided"], 1, "{status}");
    assert!(status["warnings"].to_string().contains("the decision in force is not the one"), "{status}");
}

pub(crate) async fn it_decides_changed_encounters_again_as_one_call_would(bench: &Bench) {
    bench.activate(GOOD).await;
    load(bench, 2, 5).await;
    bench.app.host.service.decisions.decide_undecided(8, &|_| ()).await.expect("a tally");
    for number in [0, 2, 8] {
        let mut changed = encounter(&format!("e{number}"), "c0", &format!("2026-03-{:02}", 1 + number / 2));
        changed["minutes"] = json!(45);
        assert_eq!(bench.put(&format!("/v1/encounters/e{number}"), &changed).await.status, 200);
    }
    let tally = bench.app.host.service.decisions.decide_undecided(8, &|_| ()).await.expect("a tally");
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
    bench.app.host.service.decisions.decide_undecided(8, &|_| ()).await.expect("a tally");
    put("e1", "c2", "2026-03-01").await;
    for (id, client, day) in [("e3", "c1", "2026-03-03"), ("e4", "c1", "2026-03-04"), ("e5", "c2", "2026-03-05")] {
        put(id, client, day).await;
    }
    let tally = bench.app.host.service.decisions.decide_undecided(8, &|_| ()).await.expect("a tally");
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
