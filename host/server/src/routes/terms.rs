//! Terms in and out, by digest.

use std::sync::Arc;

use adjudica_core::{Digest, Terms};
use adjudica_service::Cause;
use adjudica_service::intake::terms::parse_terms_at;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use crate::error::{ApiError, Problem};
use crate::host::Host;
use crate::http::{json as json_answer, json_text, read_json, read_parsed};
use crate::wire::asking::Asking;
use crate::wire::policy_schema::Stored;
use crate::wire::query::{Named, Params};

/// Stores terms. The same terms have the same digest.
#[utoipa::path(put, path = "/v1/terms", tag = "policies", request_body = Terms,
    responses((status = 200, description = "stored", body = Stored),
              (status = 400, description = "not JSON", body = Problem, content_type = "application/problem+json"),
              (status = 422, description = "wrong fields, each named", body = Problem, content_type = "application/problem+json")))]
pub async fn put(
    State(host): State<Arc<Host>>,
    _: Asking,
    params: Params,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    params.finish()?;
    let (parsed, _) = read_json(&host, &headers, body).await?;
    let terms = read_parsed(parsed, Cause::InvalidRequest, |value| parse_terms_at("", value))?;
    let (json, digest) = terms.canonical();
    host.service.store.insert_terms(digest, &json).await?;
    Ok(json_answer(StatusCode::OK, &Stored { digest: digest.to_string() }))
}

/// Stored terms: the canonical text whose digest names them.
#[utoipa::path(get, path = "/v1/terms/{digest}", tag = "policies", params(("digest" = String, Path)),
    responses((status = 200, description = "the terms", body = Terms),
              (status = 404, description = "no such terms", body = Problem, content_type = "application/problem+json")))]
pub async fn find(
    State(host): State<Arc<Host>>,
    _: Asking,
    params: Params,
    Named(digest): Named,
) -> Result<Response, ApiError> {
    params.finish()?;
    let digest = Digest::parse(&digest)
        .map_err(|fault| ApiError::new(Cause::NotFound, format!("there are no such terms: {fault}")))?;
    let json = host
        .service
        .store
        .find_terms(digest)
        .await?
        .ok_or_else(|| ApiError::not_found("set of terms", &digest.to_string()))?;
    Ok(json_text(StatusCode::OK, json))
}
