//! The OpenAPI document holds every route and every answer, and its page is there.

use std::collections::BTreeSet;

use crate::server::harness::Bench;

const SOURCE: &str = include_str!("../../../../host/server/src/routes.rs");

#[tokio::test]
async fn it_documents_every_route() {
    let bench = Bench::start().await;
    let document = bench.get("/openapi.json").await.json();
    let documented: BTreeSet<String> = document["paths"].as_object().expect("paths").keys().cloned().collect();
    let routes: BTreeSet<String> =
        SOURCE
            .match_indices(".route(\"")
            .filter_map(|(at, start)| SOURCE[at + start.len()..].split('"').next())
            .map(|path| {
                if ["/healthz", "/readyz", "/metrics"].contains(&path) { path.to_owned() } else { format!("/v1{path}") }
            })
            .collect();
    assert_eq!(documented, routes);
    let codes = serde_json::to_string(&document["components"]["schemas"]["ErrorCode"]).expect("json");
    for code in adjudica_server::ErrorCode::all() {
        assert!(codes.contains(code.as_str()), "{} in {codes}", code.as_str());
    }
}

#[tokio::test]
async fn it_has_a_page_to_try_it_and_health_beside() {
    let bench = Bench::start().await;
    assert!(bench.get("/docs/").await.text.contains("swagger"));
    assert_eq!(
        (bench.get("/healthz").await.text.as_str(), bench.get("/readyz").await.text.as_str()),
        ("ok\n", "ready\n")
    );
    let status = bench.get("/v1/status").await;
    assert_eq!(status.json()["interface_version"], "1.0.0");
    assert!(status.headers.contains_key("x-request-id"));
    let named = bench.send("GET", "/v1/status", &[("x-request-id", "my-1")], axum::body::Body::empty()).await;
    assert_eq!(named.headers["x-request-id"], "my-1");
    let metrics = bench.get("/metrics").await.text;
    assert!(metrics.contains(r#"adjudica_requests_total{route="/v1/status",status="200"} 2"#), "{metrics}");
}
