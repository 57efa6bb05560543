//! Every sort of bad input: a problem that names every fault, never a 5xx, nothing half-written.

use axum::body::Body;
use serde_json::{Value, json};

use crate::server::harness::{Bench, encounter};

fn with(changes: Value) -> Value {
    let mut value = encounter("e1", "c1", "2026-03-02");
    for (name, change) in changes.as_object().expect("an object") {
        value[name] = change.clone();
    }
    value
}

async fn check(bench: &Bench, (method, path, body): (&str, &str, String), expected: (u16, &str, &[&str])) {
    let shown: String = body.chars().take(80).collect();
    let answer = bench.send(method, path, &[], body).await;
    let (status, code, fields) = answer.problem();
    assert_eq!((status, code.as_str()), (expected.0, expected.1), "{method} {path} {shown}: {}", answer.text);
    assert_eq!(fields, expected.2, "{method} {path} {shown}: {}", answer.text);
}

#[tokio::test]
async fn it_refuses_text_that_is_not_json() {
    let bench = Bench::start().await;
    let deep = "[".repeat(100_000);
    let digits = format!("{{\"minutes\":1{}}}", "0".repeat(100_000));
    let long_key = format!("{{\"{}\":1}}", "k".repeat(100_000));
    let texts = [
        "",
        "{",
        "{\"a\":1",
        "NaN",
        "{\"minutes\":Infinity}",
        "{\"minutes\":1e400}",
        "\u{feff}{}",
        "{\"a\":\"\\ud800\"}",
        "{}{}",
        &deep,
        &digits,
    ];
    for (method, path) in [
        ("PUT", "/v1/encounters/e1"),
        ("POST", "/v1/encounters"),
        ("POST", "/v1/decisions"),
        ("PUT", "/v1/terms"),
        ("POST", "/v1/activations"),
        ("POST", "/v1/activations/rollback"),
    ] {
        for text in texts {
            check(&bench, (method, path, text.to_owned()), (400, "malformed_json", &[""])).await;
        }
        let answer = bench.send(method, path, &[], vec![b'"', 0xff, b'"']).await;
        assert_eq!(answer.problem().1, "malformed_json");
        let answer = bench.send(method, path, &[], long_key.clone()).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
        assert!(answer.text.len() < 4_000, "{}", answer.text.len());
    }
    assert_eq!(bench.counts().await, (0, 0));
}

#[tokio::test]
async fn it_names_every_fault_of_an_encounter() {
    let bench = Bench::start().await;
    let table: [(Value, &[&str]); 9] = [
        (json!({"nickname": "x", "minuts": 3}), &["minuts", "nickname"]),
        (json!({"date_of_service": "2026-02-30", "received_on": "2026-13-01"}), &["date_of_service", "received_on"]),
        (json!({"minutes": -1, "group_size": -1}), &["minutes", "group_size"]),
        (json!({"minutes": 1441, "group_size": 4_294_967_296_u64}), &["minutes", "group_size"]),
        (json!({"minutes": 1.5}), &["minutes"]),
        (json!({"minutes": u64::MAX}), &["minutes"]),
        (
            json!({"procedure_code": "G90O1", "place_of_service": "1", "modifiers": ["2P", "2P", "x"]}),
            &["procedure_code", "place_of_service", "modifiers[1]", "modifiers[2]"],
        ),
        (
            json!({"rendering_provider_role": "R N", "phase": 3, "mode": null}),
            &["rendering_provider_role", "phase", "mode"],
        ),
        (
            json!({"client_id": "a\u{202e}b", "supporting_info": "care_plan", "diagnoses": [1]}),
            &["client_id", "diagnoses[0]", "supporting_info"],
        ),
    ];
    for (changes, fields) in table {
        let body = with(changes);
        check(&bench, ("PUT", "/v1/encounters/e1", body.to_string()), (422, "invalid_encounter", fields)).await;
        let listed: Vec<String> = fields.iter().map(|field| format!("[1].{field}")).collect();
        let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
        let list = json!([encounter("e0", "c1", "2026-03-02"), body]).to_string();
        check(&bench, ("POST", "/v1/encounters", list), (422, "invalid_encounter", &listed)).await;
        let inline: Vec<String> = fields.iter().map(|field| format!("encounter.{field}")).collect();
        let inline: Vec<&str> = inline.iter().map(String::as_str).collect();
        check(
            &bench,
            ("POST", "/v1/decisions", json!({ "encounter": body }).to_string()),
            (422, "invalid_request", &inline),
        )
        .await;
    }
    assert_eq!(bench.counts().await, (0, 0));
}

#[tokio::test]
async fn it_names_keys_that_are_given_twice() {
    let bench = Bench::start().await;
    let text = with(json!({})).to_string();
    let twice = format!("{{\"minutes\":7,\"mode\":\"video\",{}", text.trim_start_matches('{'));
    check(&bench, ("PUT", "/v1/encounters/e1", twice.clone()), (422, "invalid_encounter", &["minutes", "mode"])).await;
    check(
        &bench,
        ("POST", "/v1/encounters", format!("[{twice}]")),
        (422, "invalid_encounter", &["[0].minutes", "[0].mode"]),
    )
    .await;
    let request = format!("{{\"encounter\":{twice},\"dry_run\":true,\"dry_run\":false}}");
    check(
        &bench,
        ("POST", "/v1/decisions", request),
        (422, "invalid_request", &["encounter.minutes", "encounter.mode", "dry_run"]),
    )
    .await;
    assert_eq!(bench.counts().await, (0, 0));
}

#[tokio::test]
async fn it_names_ids_that_are_there_twice_or_already() {
    let bench = Bench::start().await;
    let e1 = encounter("e1", "c1", "2026-03-02");
    let list = json!([e1, encounter("e2", "c1", "2026-03-02"), e1]).to_string();
    check(&bench, ("POST", "/v1/encounters", list), (422, "invalid_encounter", &["[2].encounter_id"])).await;
    assert_eq!(bench.counts().await, (0, 0));
    assert_eq!(bench.put("/v1/encounters/e1", &e1).await.status, 201);
    assert_eq!(bench.put("/v1/encounters/e3", &encounter("e3", "c1", "2026-03-02")).await.status, 201);
    let list = json!([e1, encounter("e2", "c1", "2026-03-02"), encounter("e3", "c1", "2026-03-02")]).to_string();
    check(
        &bench,
        ("POST", "/v1/encounters", list),
        (409, "encounter_exists", &["[0].encounter_id", "[2].encounter_id"]),
    )
    .await;
    assert_eq!(bench.counts().await, (2, 0));
    check(&bench, ("PUT", "/v1/encounters/e9", e1.to_string()), (422, "invalid_encounter", &["encounter_id"])).await;
    assert_eq!(bench.counts().await, (2, 0));
}

#[tokio::test]
async fn it_names_every_fault_of_other_requests() {
    let bench = Bench::start().await;
    let table: [(&str, &str, Value, &[&str]); 7] = [
        (
            "POST",
            "/v1/decisions",
            json!({"encounter_id": "a b", "explain": "yes", "as_of": "yesterday", "policy": 7}),
            &["encounter_id", "explain", "policy", "as_of"],
        ),
        ("POST", "/v1/decisions", json!([1]), &["", "encounter_id"]),
        (
            "PUT",
            "/v1/terms",
            json!({"rates": [{"procedure_code": "G9001", "from": "2026-02-30", "cents": -1, "currency": "USD"}]}),
            &["rates[0].from", "rates[0].cents", "rates[0].currency"],
        ),
        (
            "PUT",
            "/v1/terms",
            json!({"rates": [{"procedure_code": "G9001", "from": "2026-01-01", "cents": 10_000_000_001_i64}]}),
            &["rates[0].cents"],
        ),
        (
            "POST",
            "/v1/activations",
            json!({"payer_id": "acme", "policy": "test@1", "dos_from": "2026-01-01", "dos_to": "2026-01-01"}),
            &["message", "policy", "dos_to"],
        ),
        ("POST", "/v1/activations", json!({}), &["message", "payer_id", "policy", "dos_from"]),
        (
            "POST",
            "/v1/activations/rollback",
            json!({"message": "", "payer": "acme"}),
            &["message", "payer_id", "payer"],
        ),
    ];
    for (method, path, body, fields) in table {
        check(&bench, (method, path, body.to_string()), (422, "invalid_request", fields)).await;
    }
}

#[tokio::test]
async fn it_names_every_wrong_parameter() {
    let bench = Bench::start().await;
    let table: [(&str, &[&str]); 5] = [
        (
            "/v1/decisions?outcome=paid&payer=a%20b&policy=1&from=x&to=y&after=-1&limit=0&page=2",
            &[
                "query.outcome",
                "query.payer",
                "query.policy",
                "query.from",
                "query.to",
                "query.after",
                "query.limit",
                "query.page",
            ],
        ),
        ("/v1/encounters?client=%20&limit=1001&limit=3", &["query.client", "query.limit"]),
        ("/v1/activations?as_of=now", &["query.as_of"]),
        ("/v1/status?verbose=1", &["query.verbose"]),
        ("/v1/policies?agency=a%00b", &["query.agency"]),
    ];
    for (path, fields) in table {
        check(&bench, ("GET", path, String::new()), (400, "invalid_parameter", fields)).await;
    }
    let headers = [("adjudica-agency", "a b"), ("adjudica-actor", "")];
    let answer = bench.send("GET", "/v1/status", &headers, Body::empty()).await;
    assert_eq!(
        answer.problem(),
        (
            400,
            "invalid_parameter".to_owned(),
            vec!["header.adjudica-agency".to_owned(), "header.adjudica-actor".to_owned()]
        )
    );
    let answer = bench
        .send("POST", "/v1/decisions", &[("idempotency-key", "a b")], json!({"encounter_id": "e1"}).to_string())
        .await;
    assert_eq!(answer.problem(), (400, "invalid_parameter".to_owned(), vec!["header.idempotency-key".to_owned()]));
}

#[tokio::test]
async fn it_says_what_is_not_there() {
    let bench = Bench::start().await;
    let digest = "0".repeat(64);
    let paths = [
        "/v1/encounters/e1",
        "/v1/encounters/a%20b",
        "/v1/decisions/d1",
        "/v1/decisions/%ff",
        "/v1/policies/x",
        "/v1/terms/x",
        "/v1/nothing",
        "/nothing",
    ];
    for path in paths {
        check(&bench, ("GET", path, String::new()), (404, "not_found", &[])).await;
    }
    check(&bench, ("GET", &format!("/v1/policies/{digest}"), String::new()), (404, "not_found", &[])).await;
    check(&bench, ("POST", "/v1/decisions/d1/replay", String::new()), (404, "not_found", &[])).await;
    check(&bench, ("POST", "/v1/decisions", json!({"encounter_id": "e1"}).to_string()), (404, "not_found", &[])).await;
    check(&bench, ("DELETE", "/v1/encounters", String::new()), (405, "method_not_allowed", &[])).await;
    let activation = json!({"message": "m", "payer_id": "acme", "policy": digest, "dos_from": "2026-01-01"});
    check(&bench, ("POST", "/v1/activations", activation.to_string()), (404, "not_found", &["policy"])).await;
}

#[tokio::test]
async fn it_refuses_bodies_that_are_too_large() {
    let bench = Bench::start().await;
    let large = format!("{{\"encounter_id\":\"{}\"}}", "e".repeat(300_000));
    check(&bench, ("POST", "/v1/decisions", large.clone()), (413, "body_too_large", &[])).await;
    check(&bench, ("PUT", "/v1/encounters/e1", large), (413, "body_too_large", &[])).await;
    let huge = " ".repeat(8 * 1024 * 1024 + 1);
    for path in ["/v1/encounters", "/v1/decisions/batch", "/v1/policies"] {
        check(&bench, ("POST", path, huge.clone()), (413, "body_too_large", &[])).await;
    }
}

#[tokio::test]
async fn it_names_why_a_policy_file_is_refused() {
    let bench = Bench::start().await;
    let files: [&[u8]; 4] = [b"", b"not wasm", b"\0asm\x01\0\0\0", b"\0asm\x0d\0\x01\0"];
    for file in files {
        let answer = bench.send("POST", "/v1/policies", &[], file.to_vec()).await;
        let (status, code, faults) = answer.problem();
        assert_eq!((status, code.as_str()), (422, "policy_refused"), "{}", answer.text);
        assert!(!faults.is_empty(), "{}", answer.text);
    }
    assert_eq!(bench.get("/v1/policies").await.json(), json!({"items": []}));
}

/// What is sent may have as many faults as it has bytes; the answer stays small, and says how many there are.
#[tokio::test]
async fn it_names_a_hundred_faults_and_counts_the_rest() {
    let bench = Bench::start().await;
    let deep: String = (0..120).map(|level| format!("{{\"k{level:03}{}\":", "a".repeat(60))).collect();
    let doubled = format!("{deep}{{{}\"x\":0}}{}", "\"\":0,".repeat(50_000), "}".repeat(120));
    let empty = format!("[{}]", vec!["{}"; 20_000].join(","));
    let unknown = format!("{{{}}}", (0..20_000).map(|key| format!("\"k{key}\":0")).collect::<Vec<_>>().join(","));
    let table =
        [("/v1/decisions", doubled, 49_999), ("/v1/encounters", empty, 140_000), ("/v1/decisions", unknown, 20_001)];
    for (path, body, least) in table {
        let sent = body.len();
        let answer = bench.send("POST", path, &[], body).await;
        assert_eq!(answer.status.as_u16(), 422, "{path}");
        let problem: Value = serde_json::from_str(&answer.text).expect("a problem");
        assert_eq!(problem["errors"].as_array().map(Vec::len), Some(100), "{path}");
        let all = problem["errors_left_out"].as_u64().expect("a count") + 100;
        assert!(
            all >= least && answer.text.len() < 100 * 1_024,
            "{path}: {sent} sent, {all} faults, {}",
            answer.text.len()
        );
    }
    let lines = "1\n".repeat(100_000);
    let answer = bench.send("POST", "/v1/decisions/batch", &[], lines).await;
    let answered: Vec<&str> = answer.text.lines().collect();
    assert_eq!(answered.len(), 101, "a hundred wrong lines, and that the rest is not read");
    assert!(answered[100].contains("neither it nor the rest is read"), "{}", answered[100]);
}
