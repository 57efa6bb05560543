//! Policy files in and out. Which of them answers is in `activations`.

use std::sync::Arc;

use adjudica_core::Digest;
use adjudica_service::Cause;
use adjudica_service::asking::Keep;
use adjudica_service::registry::load::refused;
use adjudica_service::registry::yank::YankRequest;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::json;

use crate::error::{ApiError, Problem};
use crate::host::Host;
use crate::http::media::Media;
use crate::http::{json as json_answer, read_body, read_json, read_parsed};
use crate::wire::activation::parse_yank;
use crate::wire::asking::Asking;
use crate::wire::policy_schema::{PolicyBody, PolicyList, YankBody, YankedBody};
use crate::wire::query::{Named, Params};

/// Uploads a policy file: the bytes of one component. It answers for nothing until it is activated.
#[utoipa::path(post, path = "/v1/policies", tag = "policies",
    request_body(content = String, content_type = "application/wasm", description = "the file that `adjudica policy build` wrote"),
    responses((status = 201, description = "stored", body = PolicyBody), (status = 200, description = "it was stored already", body = PolicyBody),
              (status = 409, description = "another file has this id and version", body = Problem, content_type = "application/problem+json"),
              (status = 413, description = "too large", body = Problem, content_type = "application/problem+json"),
              (status = 422, description = "refused, every reason named; not signed by a publisher that the host trusts; or its own cases do not pass", body = Problem, content_type = "application/problem+json")))]
pub async fn post(
    State(host): State<Arc<Host>>,
    Asking(caller): Asking,
    params: Params,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    params.finish()?;
    let bytes =
        read_body(body, Media::Wasm, &headers, host.config.upload_bytes_max, host.config.body_timeout_ms).await?;
    let taken =
        host.service.registry.take_in(&caller.actor, bytes.to_vec(), Keep::Record, host.service.clock.now()).await?;
    let file = taken.file.ok_or_else(|| ApiError::internal("routes::policies", "the file was not stored"))?;
    let status = if taken.is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok(json_answer(status, &PolicyBody::from(&file)))
}

/// Every stored policy file.
#[utoipa::path(get, path = "/v1/policies", tag = "policies", responses((status = 200, description = "by id, then upload", body = PolicyList)))]
pub async fn list(State(host): State<Arc<Host>>, _: Asking, params: Params) -> Result<Response, ApiError> {
    params.finish()?;
    let files = host.service.store.list_policy_files().await?;
    let items = files.iter().map(PolicyBody::from).collect();
    Ok(json_answer(StatusCode::OK, &PolicyList { items }))
}

/// A policy's manifest and the sources it was built from, read from its file.
#[utoipa::path(get, path = "/v1/policies/{digest}", tag = "policies", params(("digest" = String, Path)),
    responses((status = 200, description = "`digest`, `size_bytes`, `manifest`, `sources`", body = serde_json::Value),
              (status = 404, description = "no such policy", body = Problem, content_type = "application/problem+json")))]
pub async fn find(
    State(host): State<Arc<Host>>,
    _: Asking,
    params: Params,
    Named(digest): Named,
) -> Result<Response, ApiError> {
    params.finish()?;
    let digest = parse_digest(&digest)?;
    let wasm = host
        .service
        .store
        .load_policy_wasm(digest)
        .await?
        .ok_or_else(|| ApiError::not_found("policy", &digest.to_string()))?;
    let engine = host.service.engine.clone();
    let inspected = tokio::task::spawn_blocking(move || engine.inspect(&wasm)).await;
    let inspection =
        inspected.map_err(|fault| ApiError::internal("routes::policies", fault))?.map_err(|error| refused(&error))?;
    let answer = json!({
        "digest": inspection.digest,
        "size_bytes": inspection.size_bytes,
        "manifest": inspection.manifest,
        "sources": inspection.sources,
    });
    Ok(json_answer(StatusCode::OK, &answer))
}

/// The bytes of a policy file, as they were uploaded.
#[utoipa::path(get, path = "/v1/policies/{digest}/file", tag = "policies", params(("digest" = String, Path)),
    responses((status = 200, description = "the file", body = String, content_type = "application/wasm"),
              (status = 404, description = "no such policy", body = Problem, content_type = "application/problem+json")))]
pub async fn file(
    State(host): State<Arc<Host>>,
    _: Asking,
    params: Params,
    Named(digest): Named,
) -> Result<Response, ApiError> {
    params.finish()?;
    let digest = parse_digest(&digest)?;
    let wasm = host.service.store.load_policy_wasm(digest).await?;
    let wasm = wasm.ok_or_else(|| ApiError::not_found("policy", &digest.to_string()))?;
    let answer = Response::builder().header(CONTENT_TYPE, "application/wasm").body(Body::from(wasm));
    answer.map_err(|fault| ApiError::internal("routes::policies", fault))
}

/// Takes a policy back: from now on it answers nowhere and can be activated nowhere any more.
///
/// What it decided is stale: the days wait for another version. Once is for good; the same request again changes nothing.
#[utoipa::path(post, path = "/v1/policies/{digest}/yank", tag = "policies", params(("digest" = String, Path)),
    request_body(content = YankBody),
    responses((status = 200, description = "taken back, or what would be (`dry_run`)", body = YankedBody),
              (status = 404, description = "no such policy", body = Problem, content_type = "application/problem+json"),
              (status = 409, description = "it was taken back before, for another reason", body = Problem, content_type = "application/problem+json"),
              (status = 422, description = "no reason", body = Problem, content_type = "application/problem+json")))]
pub async fn yank(
    State(host): State<Arc<Host>>,
    params: Params,
    of: (Named, Asking),
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let (Named(digest), Asking(caller)) = of;
    params.finish()?;
    let digest = parse_digest(&digest)?;
    let (parsed, _) = read_json(&host, &headers, body).await?;
    let (reason, keep) = read_parsed(parsed, Cause::InvalidRequest, parse_yank)?;
    let yanked =
        host.service.registry.yank(&caller, &YankRequest { digest, reason, keep }, host.service.clock.now()).await?;
    Ok(json_answer(StatusCode::OK, &YankedBody::from(&yanked)))
}

fn parse_digest(text: &str) -> Result<Digest, ApiError> {
    Digest::parse(text).map_err(|fault| ApiError::new(Cause::NotFound, format!("there is no such policy: {fault}")))
}
