//! The routes under /v1 and beside it. Each file of `routes/` holds the handlers of one noun.

pub mod activations;
pub mod batch;
pub mod chain;
pub mod decisions;
pub mod docs;
pub mod encounters;
pub mod health;
pub mod policies;
pub mod records;
pub mod terms;

use std::sync::Arc;

use adjudica_service::Cause;
use axum::Router;
use axum::http::Method;
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::{get, post, put};
use tower_http::catch_panic::CatchPanicLayer;

use crate::error::{ApiError, HttpFault};
use crate::host::Host;
use crate::http::{add_header, around, panicked};

/// Every route of a host.
pub fn router(host: Arc<Host>) -> Router {
    let v1 = Router::new()
        .route("/encounters", get(encounters::list).post(encounters::post))
        .route("/encounters/{encounter_id}", get(encounters::find).put(encounters::put).delete(encounters::withdraw))
        .route("/decisions", get(decisions::list).post(decisions::post))
        .route("/decisions/batch", post(batch::post))
        .route("/decisions/{decision_id}", get(decisions::find))
        .route("/decisions/{decision_id}/why-not", get(decisions::why_not))
        .route("/decisions/{decision_id}/replay", post(decisions::replay))
        .route("/policies", get(policies::list).post(policies::post))
        .route("/policies/{digest}", get(policies::find))
        .route("/policies/{digest}/file", get(policies::file))
        .route("/policies/{digest}/yank", post(policies::yank))
        .route("/records", get(records::list).put(records::put))
        .route("/records/{record_id}", get(records::find).delete(records::remove))
        .route("/records/{record_id}/versions", get(records::versions))
        .route("/terms", put(terms::put))
        .route("/terms/{digest}", get(terms::find))
        .route("/activations", get(activations::list).post(activations::post))
        .route("/activations/rollback", post(activations::rollback))
        .route("/chain/verify", get(chain::verify))
        .route("/status", get(health::status));
    let served = Router::new()
        .nest("/v1", v1)
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(Arc::clone(&host), around));
    // Health is answered even when the host has all the requests it can hold.
    of_health().merge(docs::router()).merge(served).layer(map_response(in_a_browser)).with_state(host)
}

/// The routes of the listener that is for health alone.
pub fn health_router(host: Arc<Host>) -> Router {
    of_health().fallback(not_found).layer(map_response(in_a_browser)).with_state(host)
}

fn of_health() -> Router<Arc<Host>> {
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
}

/// What a browser may do with an answer: take it for what it is said to be, show it in no other page, and load what it needs from
/// this host alone.
async fn in_a_browser(mut response: Response) -> Response {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        (
            "content-security-policy",
            "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
        ),
    ] {
        add_header(&mut response, name, value);
    }
    response
}

async fn not_found() -> ApiError {
    ApiError::new(Cause::NotFound, "there is nothing at this path; the paths are listed at /docs")
}

async fn method_not_allowed(method: Method) -> ApiError {
    ApiError::new(
        HttpFault::MethodNotAllowed,
        format!("this path does not take {method}; its methods are listed at /docs"),
    )
}
