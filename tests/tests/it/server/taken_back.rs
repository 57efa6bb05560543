//! What was taken back gives back: withdrawn encounters, voids, claims that replace an earlier one.

use std::collections::BTreeSet;

use axum::body::Body;
use serde_json::{Value, json};

use crate::server::guest::GOOD;
use crate::server::harness::{Answer, Bench, encounter};

async fn put(bench: &Bench, id: &str, day: &str) {
    let answer = bench.put(&format!("/v1/encounters/{id}"), &encounter(id, "c1", day)).await;
    assert!(answer.status.is_success(), "{}", answer.text);
}

async fn claim(bench: &Bench, id: &str, frequency: &str, number: Option<&str>) {
    let mut body = json!({"kind": "claim", "frequency": frequency});
    body.as_object_mut()
        .expect("an object")
        .extend(number.map(|number| ("payer_claim_number".to_owned(), json!(number))));
    let record = json!({"record_id": format!("claim-{id}"), "subject_id": id, "body": body});
    let answer = bench.put("/v1/records", &json!({"records": [record]})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

async fn settle(bench: &Bench) {
    bench.app.host.service.decisions.decide_undecided(32, &|_| ()).await.expect("a tally");
    let counts = bench.get("/v1/status").await.json()["counts"].clone();
    assert_eq!((&counts["undecided"], &counts["stale"]), (&json!(0), &json!(0)));
}

/// `e1 billable` of each encounter, with the rules that failed.
async fn outcomes(bench: &Bench, ids: &[&str]) -> Vec<String> {
    settle(bench).await;
    let mut told = Vec::new();
    for id in ids {
        let record = bench.post("/v1/decisions", &json!({"encounter_id": id})).await.json();
        let rules: Vec<_> = record["findings"]
            .as_array()
            .expect("findings")
            .iter()
            .map(|one| one["rule_id"].as_str().expect("an id"))
            .collect();
        let rules = if rules.is_empty() { String::new() } else { format!(" {}", rules.join(" ")) };
        told.push(format!("{id} {}{rules}", record["outcome"].as_str().expect("a word")));
    }
    told
}

/// Encounters with live lines, and the sum of all amounts of the ledger.
async fn billed(bench: &Bench) -> (Vec<String>, i64) {
    let [agency, client] = ["default", "c1"].map(|text| adjudica_core::Token::parse(text).expect("a token"));
    let ledger = bench.store.ledger_of(&agency, &client, None).await.expect("a ledger");
    let is_live = |line: &&adjudica_store::LedgerEntry| {
        line.reverses_seq.is_none() && !ledger.iter().any(|entry| entry.reverses_seq == Some(line.seq))
    };
    let live = ledger.iter().filter(is_live).map(|line| line.encounter_id.to_string()).collect();
    (live, ledger.iter().map(|entry| entry.line.amount_cents.get()).sum())
}

async fn withdraw(bench: &Bench, id: &str, body: &Value) -> Answer {
    bench
        .send("DELETE", &format!("/v1/encounters/{id}"), &[("adjudica-actor", "lead")], Body::from(body.to_string()))
        .await
}

/// Four encounters where three lines may be billed.
async fn four(bench: &Bench) {
    bench.activate(GOOD).await;
    for (id, day) in [("e1", "2026-03-01"), ("e2", "2026-03-02"), ("e3", "2026-03-03"), ("e4", "2026-03-04")] {
        put(bench, id, day).await;
    }
    let before = ["e1 billable", "e2 billable", "e3 billable", "e4 not_billable limit"];
    assert_eq!(outcomes(bench, &["e1", "e2", "e3", "e4"]).await, before);
}

pub(crate) async fn it_takes_an_encounter_out_with_a_reason(bench: &Bench) {
    four(bench).await;
    assert_eq!(
        withdraw(bench, "e2", &json!({"reason": " "})).await.problem(),
        (422, "invalid_request".to_owned(), vec!["reason".to_owned()])
    );
    let withdrawn = withdraw(bench, "e2", &json!({"reason": "entered for the wrong client"})).await;
    let body = withdrawn.json();
    assert_eq!(
        (withdrawn.status.as_u16(), &body["lines_given_back"], &body["made_stale"]),
        (200, &json!(1), &json!(2)),
        "{body}"
    );
    assert_eq!((&body["withdrawn_by"], &body["reason"]), (&json!("lead"), &json!("entered for the wrong client")));
    assert_eq!(billed(bench).await.0, ["e1", "e3"], "at once");
    assert_eq!(outcomes(bench, &["e1", "e3", "e4"]).await, ["e1 billable", "e3 billable", "e4 billable"]);
    assert_eq!(billed(bench).await, (vec!["e1".to_owned(), "e3".to_owned(), "e4".to_owned()], 7_500));
    let gone = bench.get("/v1/encounters/e2").await;
    let said = gone.json()["detail"].as_str().expect("a text").to_owned();
    assert_eq!(gone.status, 404);
    assert!(
        said.starts_with("encounter `e2` was taken out on ")
            && said.contains(" by lead; its decisions are still there: `GET /v1/decisions?encounter=e2`"),
        "{said}"
    );
    assert_eq!(bench.post("/v1/decisions", &json!({"encounter_id": "e2"})).await.status, 404);
    let decision = body["decision_id"].as_str().expect("an id");
    let kept = bench.get(&format!("/v1/decisions/{decision}")).await;
    assert_eq!((kept.status.as_u16(), &kept.headers["decision-stale"]), (200, &"true".parse().expect("a header")));
    let replay = bench.post(&format!("/v1/decisions/{decision}/replay"), &Value::Null).await;
    assert_eq!(replay.json()["identical"], true, "{}", replay.text);
    assert_eq!(withdraw(bench, "e2", &json!({"reason": "again"})).await.status, 404);
    // The same encounter comes in again.
    put(bench, "e2", "2026-03-02").await;
    assert_eq!(outcomes(bench, &["e2", "e4"]).await, ["e2 billable", "e4 not_billable limit"]);
}

pub(crate) async fn it_bills_nothing_for_a_void(bench: &Bench) {
    four(bench).await;
    claim(bench, "e1", "8", None).await;
    let told = outcomes(bench, &["e1", "e4"]).await;
    assert_eq!(told, ["e1 incomplete claim.number", "e4 billable"], "nothing is billed while the number is missing");
    claim(bench, "e1", "8", Some("PCN-1")).await;
    assert_eq!(
        outcomes(bench, &["e1", "e2", "e4"]).await,
        ["e1 not_billable claim.voided", "e2 billable", "e4 billable"]
    );
    assert_eq!(billed(bench).await, (["e2", "e3", "e4"].map(str::to_owned).into(), 7_500));
    let billable = bench.get("/v1/decisions?outcome=billable&limit=100").await.json();
    let record = bench.post("/v1/decisions", &json!({"encounter_id": "e1"})).await.json();
    assert!(!billable.to_string().contains(record["decision_id"].as_str().expect("an id")));
    let replay = bench
        .post(&format!("/v1/decisions/{}/replay", record["decision_id"].as_str().expect("an id")), &Value::Null)
        .await;
    assert_eq!(replay.json()["identical"], true, "{}", replay.text);
    claim(bench, "e1", "1", Some("PCN-1")).await;
    assert_eq!(
        outcomes(bench, &["e1", "e4"]).await,
        ["e1 billable", "e4 not_billable limit"],
        "the void is taken back"
    );
}

/// Whichever of the two comes first, its claim or its encounter.
pub(crate) async fn it_counts_a_replaced_claim_once_in_any_order(bench: &Bench) {
    bench.activate(GOOD).await;
    let expected = ["o1 not_billable claim.taken_back", "r1 billable"];
    put(bench, "o1", "2026-03-01").await;
    assert_eq!(outcomes(bench, &["o1"]).await, ["o1 billable"]);
    claim(bench, "r1", "7", Some("PCN-1")).await;
    put(bench, "r1", "2026-03-01").await;
    assert_eq!(outcomes(bench, &["o1", "r1"]).await, expected);
    assert_eq!(billed(bench).await, (vec!["r1".to_owned()], 2_500));
    // The replacement is taken out: the first claim counts again.
    withdraw(bench, "r1", &json!({"reason": "sent by mistake"})).await;
    assert_eq!(outcomes(bench, &["o1"]).await, ["o1 billable"]);
    withdraw(bench, "o1", &json!({"reason": "sent by mistake"})).await;
    put(bench, "r1", "2026-03-01").await;
    assert_eq!(outcomes(bench, &["r1"]).await, ["r1 billable"]);
    put(bench, "o1", "2026-03-01").await;
    assert_eq!(outcomes(bench, &["o1", "r1"]).await, expected);
    // A second one of that day: nobody can tell which of them was replaced, until its number is on file.
    put(bench, "o2", "2026-03-01").await;
    let unclear = ["o1 billable", "o2 billable", "r1 review claim.replaces_unclear"];
    assert_eq!(outcomes(bench, &["o1", "o2", "r1"]).await, unclear);
    claim(bench, "o2", "1", Some("PCN-1")).await;
    let clear = ["o1 billable", "o2 not_billable claim.taken_back", "r1 billable"];
    assert_eq!(outcomes(bench, &["o1", "o2", "r1"]).await, clear);
    // A void with the number takes both back, on whatever day.
    put(bench, "v1", "2026-04-01").await;
    claim(bench, "v1", "8", Some("PCN-1")).await;
    let void = ["o2 not_billable claim.taken_back", "r1 not_billable claim.taken_back", "v1 not_billable claim.voided"];
    assert_eq!(outcomes(bench, &["o2", "r1", "v1"]).await, void);
    assert_eq!(billed(bench).await, (vec!["o1".to_owned()], 2_500));
    let removed = bench.send("DELETE", "/v1/records/claim-v1", &[], Body::empty()).await;
    assert_eq!(removed.status, 204);
    assert_eq!(
        outcomes(bench, &["o2", "r1", "v1"]).await,
        ["o2 not_billable claim.taken_back", "r1 billable", "v1 billable"]
    );
}

/// Another system spoils rows; what comes with a request mends the one it is about, and the others give back what they billed.
pub(crate) async fn it_decides_facts_that_come_for_a_row_nobody_can_read(bench: &Bench) {
    four(bench).await;
    let spoil = "UPDATE encounter SET mode = 'in person' WHERE encounter_id IN ('e1', 'e2')";
    let mut other = bench.database.hold().await;
    other.write(spoil, spoil).await;
    other.release().await;
    let refused = bench.post("/v1/decisions", &json!({"encounter_id": "e2"})).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert!(refused.text.contains("mode: `in person`"), "{}", refused.text);
    let body = json!({"encounter": encounter("e1", "c1", "2026-03-01")});
    let dry = json!({"encounter": body["encounter"], "dry_run": true});
    let before = billed(bench).await;
    assert_eq!(bench.post("/v1/decisions", &dry).await.json()["outcome"], "billable");
    assert_eq!(billed(bench).await, before, "a dry run takes nothing back");
    let mended = bench.post("/v1/decisions", &body).await;
    // The decision made before says the same of the mended facts, so it stays.
    assert_eq!((mended.status.as_u16(), &mended.json()["outcome"]), (200, &json!("billable")), "{}", mended.text);
    let live: Vec<String> = ["e1", "e3"].map(str::to_owned).into();
    let (billed_now, _) = billed(bench).await;
    assert_eq!(BTreeSet::from_iter(billed_now), BTreeSet::from_iter(live), "e2 gives back what it billed");
    assert_eq!(
        outcomes(bench, &["e1", "e3", "e4"]).await,
        ["e1 billable", "e3 billable", "e4 billable"],
        "e4 has the place that e2 had"
    );
    let body = json!({"encounter": encounter("e2", "c1", "2026-03-02")});
    let mended = bench.post("/v1/decisions", &body).await;
    assert_eq!((mended.status.as_u16(), &mended.json()["outcome"]), (201, &json!("billable")), "{}", mended.text);
    assert_eq!(outcomes(bench, &["e4"]).await, ["e4 not_billable limit"]);
}
