//! Swaps a policy a hundred times under load: no request fails, and every answer is that of the policy it names.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use adjudica_server::{App, Server, ServerConfig};
use adjudica_service::SystemClock;
use adjudica_store::connect;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::shipped::{build, engine, root};

const SWAPS: usize = 100;
const CLIENTS: usize = 4;
/// Encounters in each batch request.
const BATCH: usize = 25;

struct Swapped {
    app: App,
    old: String,
    new: String,
    _folder: tempfile::TempDir,
}

async fn send(app: &App, path: &str, body: impl Into<Body>) -> (u16, String) {
    let media = match path {
        "/v1/policies" => "application/wasm",
        "/v1/decisions/batch" => "application/x-ndjson",
        _ => "application/json",
    };
    let request = Request::builder().method("POST").uri(path).header("content-type", media).body(body.into());
    let request = request.expect("a request");
    let response = app.router.clone().oneshot(request).await.expect("an answer");
    let status = response.status().as_u16();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    (status, String::from_utf8(bytes.to_vec()).expect("UTF-8"))
}

async fn upload(app: &App, policy_toml: &str) -> String {
    let (status, text) = send(app, "/v1/policies", build(policy_toml, "not_billable")).await;
    assert_eq!(status, 201, "{text}");
    let body: Value = serde_json::from_str(&text).expect("JSON");
    body["digest"].as_str().expect("a digest").to_owned()
}

/// A host with the shipped BCBSM policy in force, and a newer version of it that marks each of its answers.
async fn start() -> Swapped {
    let folder = tempfile::tempdir().expect("a folder");
    let store = connect(&format!("sqlite:{}", folder.path().join("swap.db").display())).await.expect("a store");
    let config = ServerConfig { worker_interval_ms: 0, ..ServerConfig::default() };
    let app = Server::build(config, store, engine(), Arc::new(SystemClock)).await.expect("a host");
    let tables = std::fs::read_to_string(root().join("plugins/bcbsm/v2/policy.toml")).expect("tables");
    let shared = root().join("plugins/shared").canonicalize().expect("shared tables");
    let tables = tables.replace("../../shared", shared.to_str().expect("UTF-8"));
    let newer = tables.replacen("version = \"2.0.0\"", "version = \"2.1.0\"", 1);
    let mark = "\n[[notice]]\nid = \"swapped\"\nsentence = \"decided by the newer version\"\n";
    let (old, new) = (upload(&app, &tables).await, upload(&app, &format!("{newer}{mark}")).await);
    let swapped = Swapped { app, old, new, _folder: folder };
    let body = json!({"message": "first", "payer_id": "bcbsm", "policy": swapped.old, "dos_from": "2022-01-01", "terms": terms()});
    let (status, text) = send(&swapped.app, "/v1/activations", body.to_string()).await;
    assert_eq!(status, 201, "{text}");
    swapped
}

fn terms() -> Value {
    json!({"rates": [{"procedure_code": "G9002", "from": "2022-01-01", "cents": 5_000}]})
}

fn encounter(number: usize) -> Value {
    json!({
        "encounter_id": format!("e{number}"), "client_id": format!("c{}", number % 40), "payer_id": "bcbsm",
        "date_of_service": format!("2026-0{}-1{}", number % 6 + 1, number % 9), "procedure_code": "G9002", "minutes": 40,
        "rendering_provider_id": "p1", "rendering_provider_role": "RN", "billing_provider_id": "b1",
        "phase": "implementation", "mode": "in_person", "supporting_info": ["care_plan"]
    })
}

/// The digest that an answer names, once it is shown to be that policy's answer.
fn check(swapped: &Swapped, decision: &Value) -> String {
    let digest = decision["policy"]["digest"].as_str().unwrap_or_else(|| panic!("no policy: {decision}")).to_owned();
    let marked =
        decision["findings"].as_array().expect("findings").iter().any(|finding| finding["rule_id"] == "swapped");
    let expected = if marked { &swapped.new } else { &swapped.old };
    assert_eq!(digest, *expected, "an answer of one version under the name of the other: {decision}");
    digest
}

/// Asks for single decisions and batches until told to stop. Gives how long each request took.
async fn ask(swapped: Arc<Swapped>, next: Arc<AtomicUsize>, stop: Arc<AtomicBool>) -> Vec<Duration> {
    let mut took = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let number = next.fetch_add(BATCH, Ordering::Relaxed);
        let started = Instant::now();
        let (status, text) =
            send(&swapped.app, "/v1/decisions", json!({"encounter": encounter(number)}).to_string()).await;
        took.push(started.elapsed());
        assert_eq!(status, 201, "{text}");
        check(&swapped, &serde_json::from_str(&text).expect("JSON"));
        let lines: Vec<_> = (number + 1..number + BATCH)
            .map(|number| json!({"encounter": encounter(number), "dry_run": true}).to_string())
            .collect();
        let (status, text) = send(&swapped.app, "/v1/decisions/batch", lines.join("\n")).await;
        assert_eq!(status, 200, "{text}");
        let answers: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let mut digests: Vec<_> = answers.iter().map(|answer| check(&swapped, &answer["decision"])).collect();
        assert_eq!(digests.len(), BATCH - 1);
        digests.dedup();
        assert_eq!(digests.len(), 1, "a batch is answered by one version");
    }
    took
}

fn p99(mut took: Vec<Duration>) -> Duration {
    took.sort();
    *took.get(took.len() * 99 / 100).expect("requests")
}

async fn load(swapped: &Arc<Swapped>, next: &Arc<AtomicUsize>, during: impl Future<Output = ()>) -> Vec<Duration> {
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> =
        (0..CLIENTS).map(|_| tokio::spawn(ask(Arc::clone(swapped), Arc::clone(next), Arc::clone(&stop)))).collect();
    during.await;
    stop.store(true, Ordering::Relaxed);
    let mut took = Vec::new();
    for client in clients {
        took.extend(client.await.expect("a client without a failed request"));
    }
    took
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_swaps_a_hundred_times_under_load_with_nothing_failed_or_mixed() {
    let swapped = Arc::new(start().await);
    let next = Arc::new(AtomicUsize::new(0));
    let steady = load(&swapped, &next, tokio::time::sleep(Duration::from_secs(3))).await;
    let swaps = async {
        for swap in 0..SWAPS {
            let (path, body) = if swap % 2 == 0 {
                let body = json!({"message": "newer", "payer_id": "bcbsm", "policy": swapped.new, "dos_from": "2022-01-01", "replace": "cut", "terms": terms()});
                ("/v1/activations", body)
            } else {
                ("/v1/activations/rollback", json!({"message": "back", "payer_id": "bcbsm"}))
            };
            let (status, text) = send(&swapped.app, path, body.to_string()).await;
            assert!(status == 200 || status == 201, "{text}");
            // What was acknowledged is what answers from now on.
            let (_, text) =
                send(&swapped.app, "/v1/decisions", json!({"encounter": encounter(7), "dry_run": true}).to_string())
                    .await;
            let digest = check(&swapped, &serde_json::from_str(&text).expect("JSON"));
            assert_eq!(digest, if swap % 2 == 0 { swapped.new.clone() } else { swapped.old.clone() });
        }
    };
    let swapping = load(&swapped, &next, swaps).await;
    assert!(!steady.is_empty() && !swapping.is_empty(), "both phases served requests");
    println!("swap_requests {} 1", steady.len() + swapping.len());
    println!("swap_p99_steady {} µs", p99(steady).as_micros());
    println!("swap_p99_swapping {} µs", p99(swapping).as_micros());
    let (_, text) =
        send(&swapped.app, "/v1/decisions", json!({"encounter": encounter(1), "dry_run": true}).to_string()).await;
    assert_eq!(check(&swapped, &serde_json::from_str(&text).expect("JSON")), swapped.old, "the last swap went back");
}
