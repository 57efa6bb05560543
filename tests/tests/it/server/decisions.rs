//! Decisions one at a time: outcomes, records, replays, idempotency, what-if questions, limits under many hands.

use adjudica_core::Token;
use axum::body::Body;
use serde_json::{Value, json};

use crate::server::guest::{GOOD, Guest};
use crate::server::harness::{Bench, encounter};

async fn put(bench: &Bench, id: &str, client: &str, day: &str) {
    let answer = bench.put(&format!("/v1/encounters/{id}"), &encounter(id, client, day)).await;
    assert!(answer.status.is_success(), "{}", answer.text);
}

fn token(text: &str) -> Token {
    Token::parse(text).expect("a token")
}

async fn decide(bench: &Bench, body: Value) -> Value {
    let answer = bench.post("/v1/decisions", &body).await;
    assert!(answer.status.is_success(), "{}", answer.text);
    answer.json()
}

async fn require_same_again(bench: &Bench, record: &Value) {
    let path = format!("/v1/decisions/{}/replay", record["decision_id"].as_str().expect("an id"));
    let replay = bench.post(&path, &Value::Null).await;
    assert_eq!(replay.json()["identical"], true, "{}", replay.text);
}

pub(crate) async fn it_puts_gets_and_lists_encounters(bench: &Bench) {
    let first = encounter("e1", "c1", "2026-03-02");
    let answer = bench.put("/v1/encounters/e1", &first).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json(), &answer.headers["etag"]),
        (201, first.clone(), &"\"1\"".parse().expect("a header"))
    );
    assert_eq!(bench.put("/v1/encounters/e1", &first).await.status, 200);
    let mut changed = first.clone();
    changed["minutes"] = json!(31);
    assert_eq!(bench.put("/v1/encounters/e1", &changed).await.headers["etag"], "\"2\"");
    assert_eq!(bench.get("/v1/encounters/e1").await.json(), changed);
    let more = json!([encounter("e2", "c1", "2026-03-03"), encounter("e3", "c2", "2026-03-04")]);
    assert_eq!(bench.post("/v1/encounters", &more).await.json(), json!({"inserted": 2}));
    let page = bench.get("/v1/encounters?limit=2").await.json();
    assert_eq!(page["items"].as_array().map(Vec::len), Some(2), "{page}");
    let rest = bench.get(&format!("/v1/encounters?after={}", page["next"].as_str().expect("a next"))).await.json();
    assert_eq!((rest["items"][0]["encounter_id"].as_str(), &rest["next"]), (Some("e3"), &Value::Null));
    let filtered = bench.get("/v1/encounters?client=c1&from=2026-03-03&to=2026-03-04").await.json();
    assert_eq!(filtered["items"].as_array().map(Vec::len), Some(1), "{filtered}");
    let elsewhere = bench.send("GET", "/v1/encounters/e1", &[("adjudica-agency", "other")], Body::empty()).await;
    assert_eq!(elsewhere.status, 404);
}

pub(crate) async fn it_says_that_no_policy_is_in_force(bench: &Bench) {
    put(bench, "e1", "c1", "2026-03-02").await;
    let record = decide(bench, json!({"encounter_id": "e1"})).await;
    assert_eq!(record["outcome"], "undetermined");
    assert_eq!(record["undetermined"]["code"], "no_policy_in_force");
    assert_eq!(
        (&record["policy"], &record["terms_digest"], &record["lines"]),
        (&Value::Null, &Value::Null, &json!([]))
    );
    require_same_again(bench, &record).await;
}

pub(crate) async fn it_records_what_it_answers_byte_for_byte(bench: &Bench) {
    let digest = bench.activate(GOOD).await;
    put(bench, "e1", "c1", "2026-03-02").await;
    let answer = bench.post("/v1/decisions", &json!({"encounter_id": "e1"})).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.headers["policy-digest"], digest.as_str());
    let record = answer.json();
    assert_eq!(record["outcome"], "billable", "{record}");
    assert_eq!(record["lines"], json!([{"procedure_code": "G9002", "units": 1, "amount_cents": 2500}]));
    assert_eq!(
        (record["currency"].as_str(), record["mode"].as_str(), record["encounter_revision"].as_i64()),
        (Some("USD"), Some("live"), Some(1))
    );
    assert_eq!(record["decided_at"], "2026-05-01T12:00:00.000000Z");
    assert_eq!(
        record["policy"],
        json!({"policy_id": "test", "version": "1.0.0", "digest": digest, "chosen": "in_force"})
    );
    let kept = bench.get(&format!("/v1/decisions/{}", record["decision_id"].as_str().expect("an id"))).await;
    assert_eq!(kept.text, answer.text);
    assert_eq!(kept.headers["decision-sequence"], "1");
    require_same_again(bench, &record).await;
    let chain = bench.get("/v1/chain/verify").await.json();
    assert_eq!((&chain["intact"], &chain["length"]), (&json!(true), &json!(1)));
    let page = bench.get("/v1/decisions?outcome=billable&payer=acme&client=c1&limit=1").await.json();
    assert_eq!((&page["items"][0]["decision_id"], &page["next"]), (&record["decision_id"], &json!(1)));
    assert_eq!(bench.get("/v1/decisions?after=1").await.json(), json!({"items": [], "unreadable": [], "next": null}));
}

pub(crate) async fn it_counts_earlier_lines_and_replaces_earlier_decisions(bench: &Bench) {
    bench.activate(GOOD).await;
    let mut records = Vec::new();
    for number in 1..=4 {
        let inline = encounter(&format!("e{number}"), "c1", &format!("2026-03-0{number}"));
        records.push(decide(bench, json!({ "encounter": inline })).await);
    }
    let outcomes: Vec<_> = records.iter().map(|record| record["outcome"].as_str().expect("a word")).collect();
    assert_eq!(outcomes, ["billable", "billable", "billable", "not_billable"]);
    let finding = &records[3]["findings"][0];
    assert_eq!(
        (finding["message"].as_str(), finding["citation"]["source_id"].as_str()),
        (Some("3 lines are billed already, 3 may be"), Some("manual"))
    );
    // Asked again, what holds is the answer. To decide it once more has to be said.
    let held = bench.post("/v1/decisions", &json!({"encounter": encounter("e2", "c1", "2026-03-02")})).await;
    assert_eq!((held.status.as_u16(), &held.json()), (200, &records[1]));
    assert_eq!(bench.counts().await, (4, 4));
    // Deciding e2 again takes its line back first, so it can be billed; then nothing is left for e4 as before.
    let again = decide(bench, json!({"encounter_id": "e2", "again": true})).await;
    assert_eq!((&again["outcome"], &again["supersedes"]), (&json!("billable"), &records[1]["decision_id"]));
    records.push(again);
    for record in &records {
        require_same_again(bench, record).await;
    }
}

pub(crate) async fn it_gives_the_same_answer_for_the_same_key(bench: &Bench) {
    bench.activate(GOOD).await;
    let body = json!({"encounter": encounter("e1", "c1", "2026-03-02")}).to_string();
    let key = [("idempotency-key", "k-1")];
    let first = bench.send("POST", "/v1/decisions", &key, body.clone()).await;
    bench.clock.pass(1_000_000);
    let second = bench.send("POST", "/v1/decisions", &key, body.clone()).await;
    assert_eq!((second.status, &second.text), (first.status, &first.text));
    assert_eq!(second.headers["policy-digest"], first.headers["policy-digest"]);
    let other = bench.send("POST", "/v1/decisions", &key, format!("{body} ")).await;
    assert_eq!(other.problem(), (409, "idempotency_conflict".to_owned(), Vec::new()));
    let said = "this idempotency key was used with another body; use a new key for a new request";
    assert_eq!(other.json()["detail"], said);
    let agency = [("idempotency-key", "k-1"), ("adjudica-agency", "other")];
    assert_ne!(bench.send("POST", "/v1/decisions", &agency, body.clone()).await.text, first.text);
    let dry = json!({"encounter": encounter("e1", "c1", "2026-03-02"), "dry_run": true}).to_string();
    assert_eq!(bench.send("POST", "/v1/decisions", &[("idempotency-key", "k-2")], dry).await.status, 400);
    assert_eq!(bench.counts().await.1, 2);
}

pub(crate) async fn it_gives_one_answer_to_the_same_key_sent_at_once(bench: &Bench) {
    bench.activate(GOOD).await;
    let body = json!({"encounter": encounter("e1", "c1", "2026-03-02")}).to_string();
    let key = [("idempotency-key", "k-1")];
    let sent = (0..20).map(|_| bench.send("POST", "/v1/decisions", &key, body.clone()));
    let answers = futures_util::future::join_all(sent).await;
    for answer in &answers {
        assert_eq!((answer.status.as_u16(), &answer.text), (201, &answers[0].text));
    }
    assert_eq!(bench.counts().await.1, 1);
}

pub(crate) async fn it_answers_what_if_without_keeping_anything(bench: &Bench) {
    let now = bench.activate(GOOD).await;
    let pinned = bench.upload(Guest { version: "2.0.0", cents: 3_000, ..GOOD }).await;
    let inline = encounter("e1", "c1", "2026-03-02");
    for policy in [json!("test@2.0.0"), json!(pinned), json!({ "digest": pinned })] {
        let record = decide(bench, json!({"encounter": inline, "dry_run": true, "policy": policy})).await;
        assert_eq!((&record["mode"], &record["lines"][0]["amount_cents"]), (&json!("dry_run"), &json!(3000)));
        assert_eq!(record["policy"]["chosen"], "pinned");
    }
    let past = decide(bench, json!({"encounter": inline, "dry_run": true, "as_of": "2026-04-01T00:00:00Z"})).await;
    assert_eq!(
        (&past["undetermined"]["code"], &past["as_of"]),
        (&json!("no_policy_in_force"), &json!("2026-04-01T00:00:00.000000Z"))
    );
    let explained = decide(bench, json!({"encounter": inline, "dry_run": true, "explain": true})).await;
    assert_eq!((&explained["explain"], &explained["policy"]["digest"]), (&json!("all"), &json!(now)));
    let unknown = json!({"encounter": inline, "policy": "test@9.0.0", "dry_run": true});
    assert_eq!(
        bench.post("/v1/decisions", &unknown).await.problem(),
        (404, "not_found".to_owned(), vec!["policy".to_owned()])
    );
    let kept = json!({"encounter": inline, "policy": "test@2.0.0", "as_of": "2026-04-01T00:00:00Z"});
    let fields = vec!["policy".to_owned(), "as_of".to_owned()];
    assert_eq!(bench.post("/v1/decisions", &kept).await.problem(), (422, "invalid_request".to_owned(), fields));
    assert_eq!(bench.counts().await, (0, 0));
}

pub(crate) async fn it_lets_exactly_the_limit_through_when_many_ask_at_once(bench: &Bench) {
    bench.activate(GOOD).await;
    let sibling = bench.sibling().await;
    let bodies: Vec<_> =
        (0..30).map(|number| json!({"encounter": encounter(&format!("e{number}"), "c1", "2026-03-02")})).collect();
    let sent = bodies.iter().enumerate().map(|(number, body)| {
        let host = if number % 2 == 0 { bench } else { &sibling };
        host.post("/v1/decisions", body)
    });
    let answers = futures_util::future::join_all(sent).await;
    let records: Vec<_> = answers.iter().map(|answer| answer.json()).collect();
    // Whoever stands before those that are billed takes a place from the last of them, at once.
    let billed = async || {
        let ledger = bench.store.ledger_of(&token("default"), &token("c1"), None).await.expect("a ledger");
        let mut live: Vec<_> = ledger.iter().filter(|entry| entry.reverses_seq.is_none()).collect();
        live.retain(|line| !ledger.iter().any(|entry| entry.reverses_seq == Some(line.seq)));
        live.iter().map(|line| line.encounter_id.to_string()).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(billed().await.len(), 3, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    for record in &records {
        require_same_again(bench, record).await;
    }
    bench.app.host.service.decisions.decide_undecided(8, &|_| ()).await.expect("a tally");
    assert_eq!(billed().await, ["e0", "e1", "e10"].map(str::to_owned).into(), "the first of the day by id");
    assert_eq!(bench.get("/v1/status").await.json()["counts"]["stale"], 0);
    assert_eq!(bench.get("/v1/chain/verify").await.json()["intact"], true);
}

pub(crate) async fn it_keeps_a_trapping_policy_to_its_own_answers(bench: &Bench) {
    bench.activate(Guest { version: "6.6.6", first: "unreachable", ..GOOD }).await;
    let record = decide(bench, json!({"encounter": encounter("e1", "c1", "2026-03-02")})).await;
    assert_eq!(
        (&record["outcome"], &record["undetermined"]["code"]),
        (&json!("undetermined"), &json!("policy_trapped"))
    );
    require_same_again(bench, &record).await;
    let text = bench.get("/metrics").await.text;
    assert!(text.contains(r#"adjudica_policy_faults_total{policy="test@6.6.6",code="policy_trapped"} 1"#), "{text}");
    assert!(
        text.contains(r#"adjudica_decisions_total{payer="acme",policy="test@6.6.6",outcome="undetermined"} 1"#),
        "{text}"
    );
    bench.activate(GOOD).await;
    let record = decide(bench, json!({"encounter": encounter("e1", "c1", "2026-03-02")})).await;
    assert_eq!(record["outcome"], "billable");
}

/// Planned work may be asked about; a day in another century is a slip, and nobody is billed for it.
pub(crate) async fn it_decides_nothing_for_days_that_cannot_be_meant(bench: &Bench) {
    bench.activate(GOOD).await;
    for (day, outcome) in [("2027-05-02", "billable"), ("2027-05-03", "undetermined"), ("2199-12-31", "undetermined")] {
        let body = json!({ "encounter": encounter(&format!("on-{day}"), &format!("c-{day}"), day) });
        let answer = bench.post("/v1/decisions", &body).await;
        assert_eq!(answer.json()["outcome"], outcome, "{day}: {}", answer.text);
        if outcome == "undetermined" {
            assert!(answer.text.contains("lies more than a year ahead"), "{}", answer.text);
        }
        let decision = answer.json()["decision_id"].as_str().expect("an id").to_owned();
        let replay = bench.post(&format!("/v1/decisions/{decision}/replay"), &Value::Null).await;
        assert_eq!(replay.json()["identical"], true, "{day}: {}", replay.text);
    }
    // When the day has come nearer, whoever asks again is answered.
    bench.clock.pass(24 * 3_600 * 1_000_000);
    let nearer = json!({ "encounter": encounter("on-2027-05-03", "c-2027-05-03", "2027-05-03") });
    assert_eq!(bench.post("/v1/decisions", &nearer).await.json()["outcome"], "billable");
}

pub(crate) async fn it_replays_no_record_that_was_changed_and_checks_no_part_that_is_not_there(bench: &Bench) {
    bench.activate(GOOD).await;
    let body = json!({ "encounter": encounter("e1", "c1", "2026-03-01") });
    let decision = bench.post("/v1/decisions", &body).await.json()["decision_id"].as_str().expect("an id").to_owned();
    let beyond = bench.get("/v1/chain/verify?after=2").await;
    assert_eq!(beyond.problem(), (400, "invalid_parameter".to_owned(), vec!["query.after".to_owned()]));
    assert!(
        beyond.text.contains("is behind the last of 1 decisions; give the `next` of a part, or nothing"),
        "{}",
        beyond.text
    );
    let mut other = bench.database.hold().await;
    other.write("DROP TRIGGER decision_no_update", "DROP TRIGGER decision_append_only ON decision").await;
    let damage = "UPDATE decision SET record = replace(record, '\"s1\"', '\"s9\"')";
    other.write(damage, damage).await;
    other.release().await;
    let replay = bench.post(&format!("/v1/decisions/{decision}/replay"), &Value::Null).await;
    assert_eq!((replay.status.as_u16(), replay.json()["code"].as_str()), (409, Some("record_changed")));
    let told = "the record of this decision is not the one that was made: its hash differs; `GET /v1/chain/verify` says from where on, \
                and a backup has what was recorded";
    assert_eq!(replay.json()["detail"], told);
    assert_eq!(bench.get("/v1/chain/verify").await.json()["intact"], false);
}
