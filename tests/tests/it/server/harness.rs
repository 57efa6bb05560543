//! A host with a temporary database, a clock that stands still and no port.

use std::sync::{Arc, OnceLock};

use adjudica_engine::{Engine, EngineConfig};
use adjudica_server::{App, Server, ServerConfig};
use adjudica_service::{Clock, FixedClock};
use adjudica_store::{Store, connect};
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::server::database::Database;
use crate::server::guest::{Guest, policy};

pub(crate) struct Bench {
    pub(crate) app: App,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) database: Arc<Database>,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|fault| panic!("{fault}: {}", self.text))
    }

    /// The code of a problem and the fields it names.
    pub(crate) fn problem(&self) -> (u16, String, Vec<String>) {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{}", self.text);
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        let fields = problem["errors"]
            .as_array()
            .expect("errors")
            .iter()
            .map(|fault| fault["field"].as_str().expect("a field").to_owned());
        (self.status.as_u16(), problem["code"].as_str().expect("a code").to_owned(), fields.collect())
    }
}

/// The media type that a path takes.
fn media_of(method: &str, path: &str) -> &'static str {
    match (method, path) {
        ("POST", "/v1/policies") => "application/wasm",
        ("POST", "/v1/decisions/batch") => "application/x-ndjson",
        _ => "application/json",
    }
}

/// One engine for all tests: starting one takes longer than a test.
pub(crate) fn engine() -> Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::new(EngineConfig::default()).expect("an engine")).clone()
}

pub(crate) fn config() -> ServerConfig {
    ServerConfig { policy_threads: 2, worker_interval_ms: 0, ..ServerConfig::default() }
}

fn clock() -> Arc<FixedClock> {
    Arc::new(FixedClock::new("2026-05-01T12:00:00Z".parse().expect("an instant")))
}

impl Bench {
    pub(crate) async fn start() -> Self {
        Self::start_with(config()).await
    }

    pub(crate) async fn start_on_postgres() -> Self {
        Self::open(Arc::new(Database::postgres().await), clock(), config()).await
    }

    pub(crate) async fn start_with(config: ServerConfig) -> Self {
        Self::open(Arc::new(Database::sqlite()), clock(), config).await
    }

    /// A second host on the same database.
    pub(crate) async fn sibling(&self) -> Self {
        Self::open(Arc::clone(&self.database), Arc::clone(&self.clock), config()).await
    }

    async fn open(database: Arc<Database>, clock: Arc<FixedClock>, config: ServerConfig) -> Self {
        let store = connect(&database.url).await.expect("a store");
        let shared: Arc<dyn Clock> = clock.clone();
        let app = Server::build(config, Arc::clone(&store), engine(), shared).await.expect("a host");
        Self { app, clock, store, database }
    }

    /// Removes the database; not reached by a test that fails, so that it can be looked at.
    pub(crate) async fn remove(self) {
        self.store.close().await;
        self.database.remove().await;
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            request = request.header("content-type", media_of(method, path));
        }
        let request = request.body(body.into()).expect("a request");
        let response = self.app.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.expect("a body");
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], Body::empty()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[], body.to_string()).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, &[], body.to_string()).await
    }

    /// Uploads `guest` and gives its digest.
    pub(crate) async fn upload(&self, guest: Guest) -> String {
        let answer = self.send("POST", "/v1/policies", &[], policy(guest)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.json()["digest"].as_str().expect("a digest").to_owned()
    }

    /// Uploads `guest` and lets it answer for `acme` from 2020 on.
    pub(crate) async fn activate(&self, guest: Guest) -> String {
        let digest = self.upload(guest).await;
        let body = json!({"message": "a test", "payer_id": "acme", "policy": digest, "dos_from": "2020-01-01", "replace": "cut"});
        let answer = self.post("/v1/activations", &body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        digest
    }

    /// Encounters and decisions in the store.
    pub(crate) async fn counts(&self) -> (u64, u64) {
        let counts = self.store.counts().await.expect("counts");
        (counts.encounters, counts.decisions)
    }
}

/// A good encounter of the client `client` on `day`.
pub(crate) fn encounter(id: &str, client: &str, day: &str) -> Value {
    json!({
        "encounter_id": id, "client_id": client, "payer_id": "acme", "date_of_service": day, "procedure_code": "G9002",
        "minutes": 30, "rendering_provider_id": "s1", "rendering_provider_role": "RN", "billing_provider_id": "b1",
        "phase": "implementation", "mode": "in_person"
    })
}
