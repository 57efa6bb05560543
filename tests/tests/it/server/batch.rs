//! Batches: an answer for each line, in order, whatever is wrong with the others.

use serde_json::{Value, json};

use crate::server::guest::GOOD;
use crate::server::harness::{Bench, encounter};

async fn send(bench: &Bench, lines: &[String]) -> Vec<Value> {
    let answer = bench.send("POST", "/v1/decisions/batch", &[], lines.join("\n")).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.headers["content-type"]),
        (200, &"application/x-ndjson".parse().expect("a header"))
    );
    answer.text.lines().map(|line| serde_json::from_str(line).expect("json")).collect()
}

pub(crate) async fn it_answers_each_line_in_order(bench: &Bench) {
    bench.activate(GOOD).await;
    bench.put("/v1/encounters/e1", &encounter("e1", "c1", "2026-03-09")).await;
    let lines = [
        json!({"encounter_id": "e1"}).to_string(),
        "{\"encounter\":".to_owned(),
        json!({"encounter": encounter("e2", "c1", "2026-03-01")}).to_string(),
        String::new(),
        json!({"encounter_id": "nobody"}).to_string(),
        json!({"encounter_id": "e1"}).to_string(),
        json!({"encounter": {"minutes": -1}, "dry_run": 1}).to_string(),
        json!({"encounter": encounter("e3", "c2", "2026-03-01"), "dry_run": true}).to_string(),
        json!({"encounter": encounter("e4", "c1", "2026-03-02")}).to_string(),
        json!({"encounter": encounter("e5", "c1", "2026-03-03")}).to_string(),
    ];
    let answers = send(bench, &lines).await;
    let found: Vec<_> = answers
        .iter()
        .map(|answer| {
            let outcome = answer["decision"]["outcome"].as_str();
            (
                answer["line"].as_u64().expect("a line"),
                outcome.or(answer["problem"]["code"].as_str()).expect("an answer"),
            )
        })
        .collect();
    let expected = [
        (1, "billable"),
        (2, "malformed_json"),
        (3, "billable"),
        (5, "not_found"),
        (6, "invalid_request"),
        (7, "invalid_request"),
        (8, "billable"),
        (9, "billable"),
        (10, "billable"),
    ];
    assert_eq!(found, expected);
    // Three lines of c1 may be billed: those of the first three days. The one of the 9th was billed first, and lost its place.
    let first =
        bench.get(&format!("/v1/decisions/{}", answers[0]["decision"]["decision_id"].as_str().expect("an id"))).await;
    assert_eq!(
        (&first.json()["outcome"], &first.headers["decision-stale"]),
        (&json!("billable"), &"true".parse().expect("a header"))
    );
    let now = bench.post("/v1/decisions", &json!({"encounter_id": "e1"})).await;
    assert_eq!((now.status.as_u16(), &now.json()["outcome"]), (200, &json!("not_billable")));
    assert_eq!(answers[5]["problem"]["errors"].as_array().map(|faults| faults.len() > 8), Some(true));
    assert_eq!(bench.counts().await.1, 5);
}

pub(crate) async fn it_holds_limits_within_a_batch_and_replays_each_line_alone(bench: &Bench) {
    bench.activate(GOOD).await;
    let lines: Vec<_> = (0..1_200)
        .map(|number| {
            let (client, day) = (number % 200, 1 + number / 200);
            json!({"encounter": encounter(&format!("e{number}"), &format!("c{client}"), &format!("2026-03-0{day}"))})
                .to_string()
        })
        .collect();
    let answers = send(bench, &lines).await;
    assert_eq!(answers.len(), 1_200);
    for (number, answer) in answers.iter().enumerate() {
        let expected = if number < 600 { "billable" } else { "not_billable" };
        assert_eq!(
            (answer["line"].as_u64(), answer["decision"]["outcome"].as_str()),
            (u64::try_from(number + 1).ok(), Some(expected))
        );
    }
    for answer in answers.iter().step_by(97) {
        let path = format!("/v1/decisions/{}/replay", answer["decision"]["decision_id"].as_str().expect("an id"));
        let replay = bench.post(&path, &Value::Null).await;
        assert_eq!(replay.json()["identical"], true, "{}", replay.text);
    }
    let chain = bench.get("/v1/chain/verify").await.json();
    assert_eq!((&chain["intact"], &chain["length"]), (&json!(true), &json!(1_200)));
}
