//! Is the host alive, ready, and what does it hold.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use adjudica_core::Digest;
use adjudica_service::Cause;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::error::{ApiError, Problem};
use crate::host::Host;
use crate::http::json as json_answer;
use crate::wire::asking::Asking;
use crate::wire::query::Params;

/// Most time that a sign of life may take: a probe does not wait for a long write.
const READY_MAX: Duration = Duration::from_secs(5);

/// Whether the process answers at all.
#[utoipa::path(get, path = "/healthz", tag = "host", responses((status = 200, description = "it does", body = String)))]
pub async fn alive() -> &'static str {
    "ok\n"
}

/// Whether requests can be served: the store takes a write.
#[utoipa::path(get, path = "/readyz", tag = "host", responses((status = 200, description = "they can", body = String),
    (status = 503, description = "not now", body = Problem, content_type = "application/problem+json")))]
pub async fn ready(State(host): State<Arc<Host>>) -> Result<&'static str, ApiError> {
    match tokio::time::timeout(READY_MAX, host.service.store.ping()).await {
        Ok(Ok(())) => Ok("ready\n"),
        Ok(Err(error)) => {
            let error = ApiError::from(error);
            tracing::warn!(reason = error.internal.as_deref().unwrap_or(&error.public), "the host cannot write");
            Err(error)
        }
        Err(_) => Err(ApiError::new(Cause::Overloaded, "the database does not take a write in time")),
    }
}

/// What the host runs and holds.
#[utoipa::path(get, path = "/v1/status", tag = "host", responses((status = 200, description = "versions, policies, counts", body = Value)))]
pub async fn status(State(host): State<Arc<Host>>, _: Asking, params: Params) -> Result<Response, ApiError> {
    params.finish()?;
    let (counts, age) = host.service.counts.now(&host.service.store).await?;
    let mut warnings = host.service.store.warnings().to_vec();
    let untrusted = host.service.registry.untrusted().await.unwrap_or_else(|error| {
        tracing::error!(reason = error.internal.as_deref().unwrap_or(&error.public), "signatures cannot be judged");
        warnings.push("the file of publishers cannot be read; no policy file is taken until it can".to_owned());
        BTreeMap::new()
    });
    if counts.undecided > 0 && host.config.worker_interval_ms == 0 {
        warnings.push(format!(
            "{} encounters wait for a decision and this host has no worker (`worker_interval_ms` is 0)",
            counts.undecided
        ));
    }
    if let Some((clients, fault)) = host.service.decisions.set_aside() {
        warnings.push(format!(
            "nothing can be decided about {clients} clients, and their encounters wait; the first: {fault}"
        ));
    }
    let status = |(digest, loaded): (Digest, Result<String, String>)| {
        let untrusted = untrusted.get(&digest);
        let (policy, fault) = (loaded.as_ref().ok(), loaded.as_ref().err());
        json!({ "digest": digest, "policy": policy, "fault": fault, "untrusted": untrusted })
    };
    let policies: Vec<Value> = host.service.registry.loaded().into_iter().map(status).collect();
    let body = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "engine_version": adjudica_engine::engine_version(),
        "interface_version": adjudica_core::INTERFACE_VERSION,
        "change_id": host.service.registry.published().snapshot.change_id,
        "policies": policies,
        "policy_calls": host.service.decisions.busy(),
        "counts": {
            "encounters": counts.encounters,
            "undecided": counts.undecided,
            "stale": counts.stale,
            "unreadable": counts.faults,
            "decisions": counts.decisions,
            "policy_files": counts.policy_files,
            "changes": counts.changes,
        },
        "counts_age_seconds": age.as_secs(),
        "warnings": warnings,
    });
    Ok(json_answer(StatusCode::OK, &body))
}

/// Figures for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "host", responses((status = 200, description = "Prometheus text", body = String)))]
pub async fn metrics(State(host): State<Arc<Host>>) -> Response {
    host.service.metrics.busy(u32::try_from(host.service.decisions.busy()).unwrap_or(u32::MAX));
    host.service.metrics.committing(u32::try_from(host.service.decisions.committing()).unwrap_or(u32::MAX));
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], host.service.metrics.render()).into_response()
}
