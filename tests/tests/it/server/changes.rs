//! A change of activations reaches the encounters that it is about: those of its days, and no others, on every host.

use serde_json::{Value, json};

use crate::server::guest::{GOOD, Guest};
use crate::server::harness::{Answer, Bench, encounter};

const SECOND: Guest = Guest { version: "2.0.0", cents: 3_000, ..GOOD };

fn activation(policy: &str, from: &str) -> Value {
    json!({"message": "a test", "payer_id": "acme", "policy": policy, "dos_from": from, "replace": "cut"})
}

/// The same, only looked at.
fn look(policy: &str, from: &str) -> Value {
    let mut body = activation(policy, from);
    body["dry_run"] = json!(true);
    body
}

/// One encounter for each day, each of a client of its own.
async fn import(bench: &Bench, days: &[(&str, &str)]) {
    let all: Vec<Value> = days.iter().map(|(id, day)| encounter(id, &format!("c-{id}"), day)).collect();
    let answer = bench.post("/v1/encounters", &json!(all)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
}

async fn work(bench: &Bench) -> (u64, u64) {
    let tally = bench.app.host.service.decisions.decide_undecided(32, &|_| ()).await.expect("a tally");
    (tally.decided, tally.confirmed)
}

/// Outcome and cents of the decision in force, and whether it is stale.
async fn now(bench: &Bench, id: &str) -> String {
    let page = bench.get(&format!("/v1/decisions?encounter={id}&limit=100")).await.json();
    let last = page["items"].as_array().and_then(|items| items.last()).expect("a decision").clone();
    let found = bench.get(&format!("/v1/decisions/{}", last["decision_id"].as_str().expect("an id"))).await;
    let record = found.json();
    let stale = if found.headers["decision-stale"] == "true" { " stale" } else { "" };
    let cents = record["lines"][0]["amount_cents"].to_string();
    format!("{} {cents}{stale}", record["outcome"].as_str().expect("a word"))
}

async fn all(bench: &Bench, ids: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for id in ids {
        found.push(now(bench, id).await);
    }
    found
}

fn stale(answer: &Answer) -> Value {
    answer.json()["stale"].clone()
}

const DAYS: [(&str, &str); 4] =
    [("e1", "2025-12-31"), ("e2", "2026-01-01"), ("e3", "2026-03-31"), ("e4", "2026-04-01")];
const IDS: [&str; 4] = ["e1", "e2", "e3", "e4"];

pub(crate) async fn it_decides_what_was_imported_before_an_activation(bench: &Bench) {
    import(bench, &DAYS).await;
    assert_eq!(work(bench).await, (4, 0));
    assert_eq!(all(bench, &IDS).await, ["undetermined null"; 4]);
    let digest = bench.upload(GOOD).await;
    let activated = bench.post("/v1/activations", &activation(&digest, "2026-01-01")).await;
    let months = json!([
        {"payer_id": "acme", "month": "2026-01", "decisions": 1}, {"payer_id": "acme", "month": "2026-03", "decisions": 1},
        {"payer_id": "acme", "month": "2026-04", "decisions": 1}
    ]);
    assert_eq!(stale(&activated), json!({"decisions": 3, "months": months}));
    let counts = bench.get("/v1/status").await.json()["counts"].clone();
    assert_eq!((&counts["undecided"], &counts["stale"]), (&json!(3), &json!(3)), "and the status says so");
    assert_eq!(now(bench, "e1").await, "undetermined null", "before the first day");
    assert_eq!(now(bench, "e2").await, "undetermined null stale");
    assert_eq!(work(bench).await, (3, 0));
    assert_eq!(all(bench, &IDS).await, ["undetermined null", "billable 2500", "billable 2500", "billable 2500"]);
}

pub(crate) async fn it_reaches_the_days_that_change_hands_and_no_others(bench: &Bench) {
    bench.activate(GOOD).await;
    import(bench, &DAYS).await;
    work(bench).await;
    let second = bench.upload(SECOND).await;
    let looked = bench.post("/v1/activations", &look(&second, "2026-03-31")).await;
    assert_eq!((looked.status.as_u16(), &looked.json()["change_id"]), (200, &Value::Null));
    assert_eq!(all(bench, &IDS).await, ["billable 2500"; 4], "looking changes nothing");
    let activated = bench.post("/v1/activations", &activation(&second, "2026-03-31")).await;
    assert_eq!((activated.status.as_u16(), stale(&activated)), (201, stale(&looked)));
    let then = ["billable 2500", "billable 2500", "billable 2500 stale", "billable 2500 stale"];
    assert_eq!(all(bench, &IDS).await, then);
    assert_eq!(work(bench).await, (2, 0));
    assert_eq!(all(bench, &IDS).await, ["billable 2500", "billable 2500", "billable 3000", "billable 3000"]);
    // And back: what the worker has not reached yet is asked of whom it was asked before, so it stays.
    bench.post("/v1/activations", &activation(&second, "2020-01-01")).await;
    let back = bench.post("/v1/activations/rollback", &json!({"message": "m", "payer_id": "acme"})).await;
    assert_eq!(stale(&back)["decisions"], 0, "{}", back.text);
    assert_eq!(work(bench).await, (0, 2));
    let back = bench.post("/v1/activations/rollback", &json!({"message": "m", "payer_id": "acme"})).await;
    assert_eq!(stale(&back)["decisions"], 2, "{}", back.text);
    work(bench).await;
    assert_eq!(all(bench, &IDS).await, ["billable 2500"; 4]);
}

pub(crate) async fn it_follows_new_terms_and_leaves_other_plans_alone(bench: &Bench) {
    let digest = bench.activate(GOOD).await;
    let mut gold = encounter("e1", "c1", "2026-03-02");
    gold["plan_id"] = json!("gold");
    let rest = encounter("e2", "c2", "2026-03-02");
    assert_eq!(bench.post("/v1/encounters", &json!([gold, rest])).await.status, 201);
    work(bench).await;
    let terms = json!({"rates": [], "currency": "USD"});
    let mut body = activation(&digest, "2020-01-01");
    (body["plan_id"], body["terms"]) = (json!("gold"), terms);
    let activated = bench.post("/v1/activations", &body).await;
    assert_eq!((activated.status.as_u16(), &stale(&activated)["decisions"]), (201, &json!(1)), "{}", activated.text);
    assert_eq!(all(bench, &["e1", "e2"]).await, ["billable 2500 stale", "billable 2500"]);
}

pub(crate) async fn it_gives_no_answer_of_an_earlier_schedule_on_any_host(bench: &Bench) {
    let sibling = bench.sibling().await;
    bench.activate(GOOD).await;
    let ask = |id: &str, dry_run: bool| json!({"encounter": encounter(id, &format!("c-{id}"), "2026-03-02"), "dry_run": dry_run});
    // The sibling has not looked at the activations since; neither what it keeps nor what it only says is of before.
    let fourth = Guest { version: "4.0.0", cents: 4_000, ..GOOD };
    for (guest, cents, ids) in [(fourth, 4_000, ["e1", "e2"]), (SECOND, 3_000, ["e3", "e4"])] {
        bench.activate(guest).await;
        for (id, dry_run) in ids.iter().zip([true, false]) {
            let record = sibling.post("/v1/decisions", &ask(id, dry_run)).await.json();
            assert_eq!(record["lines"][0]["amount_cents"], cents, "{record}");
        }
    }
    // What waits is decided by the worker of a host that has not looked either.
    bench.activate(Guest { version: "3.0.0", ..GOOD }).await;
    import(bench, &[("e5", "2026-03-02")]).await;
    work(&sibling).await;
    assert_eq!(now(&sibling, "e5").await, "billable 2500");
    // What was read before a change and is committed after it is decided again.
    let holder = bench.database.hold().await;
    let question = ask("e6", false);
    let asked = sibling.post("/v1/decisions", &question);
    let changed = async {
        while sibling.app.host.service.decisions.committing() < 1 {
            tokio::task::yield_now().await;
        }
        holder.release().await;
        let back = json!({"message": "m", "payer_id": "acme"});
        assert_eq!(bench.post("/v1/activations/rollback", &back).await.status, 201);
    };
    let (answer, ()) = futures_util::future::join(asked, changed).await;
    let cents = answer.json()["lines"][0]["amount_cents"].clone();
    work(&sibling).await;
    assert!(cents == 2_500 || cents == 3_000, "{}", answer.text);
    assert_eq!(now(&sibling, "e6").await, "billable 3000");
    sibling.store.close().await;
}

pub(crate) async fn it_takes_a_policy_out_of_every_schedule_when_it_is_taken_back(bench: &Bench) {
    let first = bench.activate(GOOD).await;
    import(bench, &DAYS).await;
    work(bench).await;
    let path = format!("/v1/policies/{first}/yank");
    let looked = bench.post(&path, &json!({"reason": "a wrong limit", "dry_run": true})).await;
    assert_eq!((&looked.json()["yanked"], &stale(&looked)["decisions"]), (&Value::Null, &json!(4)), "{}", looked.text);
    assert_eq!(all(bench, &IDS).await, ["billable 2500"; 4]);
    let yanked = bench.post(&path, &json!({"reason": "a wrong limit"})).await;
    let days = json!([{"payer_id": "acme", "plan_id": null, "service_line": null, "from": "2020-01-01", "to": null}]);
    assert_eq!((&stale(&yanked)["decisions"], &yanked.json()["unanswered"]), (&json!(4), &days));
    assert_eq!(all(bench, &IDS).await, ["billable 2500 stale"; 4]);
    assert_eq!(work(bench).await, (4, 0));
    assert_eq!(all(bench, &IDS).await, ["undetermined null"; 4]);
    let listed = bench.get("/v1/activations").await.json();
    assert_eq!(listed["items"][0]["message"], "test 1.0.0 was taken back by its publisher");
    let back = bench.post("/v1/activations/rollback", &json!({"message": "m", "payer_id": "acme"})).await;
    assert_eq!(back.problem().1, "policy_yanked", "it answers nowhere any more");
    bench.activate(SECOND).await;
    work(bench).await;
    assert_eq!(all(bench, &IDS).await, ["billable 3000"; 4]);
}
