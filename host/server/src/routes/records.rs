//! Records in and out: coverage, case managers, people, authorizations, proof. What they mean is the core's.

use std::sync::Arc;

use adjudica_core::Token;
use adjudica_core::records::RecordSubject;
use adjudica_service::Cause;
use adjudica_service::intake::record::parse_records;
use adjudica_store::RecordKey;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;

use crate::error::{ApiError, Problem};
use crate::host::Host;
use crate::http::media::Media;
use crate::http::{json as json_answer, parse_body, read_body, read_parsed};
use crate::wire::asking::Asking;
use crate::wire::query::{Named, Params, path_token};
use crate::wire::record::{RecordPage, RecordStored, RecordVersionBody, RecordVersions, RecordsPut, RecordsPutReport};

/// Puts records, new or changed, all or none. The encounters that they can touch wait for a new decision.
#[utoipa::path(put, path = "/v1/records", tag = "records", request_body = RecordsPut,
    responses((status = 200, description = "all are stored", body = RecordsPutReport),
              (status = 400, description = "not JSON", body = Problem, content_type = "application/problem+json"),
              (status = 422, description = "wrong records, each fault named; none is stored", body = Problem, content_type = "application/problem+json")))]
pub async fn put(
    State(host): State<Arc<Host>>,
    Asking(caller): Asking,
    params: Params,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    params.finish()?;
    let bytes =
        read_body(body, Media::Json, &headers, host.config.upload_bytes_max, host.config.body_timeout_ms).await?;
    let records = read_parsed(parse_body(&bytes)?, Cause::InvalidRecord, parse_records)?;
    let report = host
        .service
        .store
        .put_records(&caller.agency, &records, caller.actor.as_str(), host.service.clock.now())
        .await?;
    Ok(json_answer(StatusCode::OK, &RecordsPutReport::from(report)))
}

/// The records about one client, provider, practice or encounter.
#[utoipa::path(get, path = "/v1/records", tag = "records",
    params(("subject" = String, Query, description = "`client`, `provider`, `practice` or `encounter`"), ("subject_id" = String, Query)),
    responses((status = 200, description = "the records, in order of id", body = RecordPage),
              (status = 400, description = "wrong parameters, each named", body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    State(host): State<Arc<Host>>,
    Asking(caller): Asking,
    mut params: Params,
) -> Result<Response, ApiError> {
    let subjects = [RecordSubject::Client, RecordSubject::Provider, RecordSubject::Practice, RecordSubject::Encounter];
    let subject = params.require("subject", |text| {
        let found = subjects.into_iter().find(|subject| subject.as_str() == text);
        found.ok_or_else(|| "is none of client, provider, practice and encounter".to_owned())
    });
    let subject_id = params.require("subject_id", |text| Token::parse(text).map_err(|fault| fault.to_string()));
    params.finish()?;
    let (Some(subject), Some(subject_id)) = (subject, subject_id) else {
        return Err(ApiError::internal("routes::records::list", "a parameter is missing and no fault was noted"));
    };
    let stored = host.service.store.list_records(&RecordKey { agency_id: caller.agency, subject, subject_id }).await?;
    let items = stored.into_iter().map(RecordStored::from).collect();
    Ok(json_answer(StatusCode::OK, &in_alphabet(&RecordPage { items })?))
}

/// One record.
#[utoipa::path(get, path = "/v1/records/{record_id}", tag = "records", params(("record_id" = String, Path)),
    responses((status = 200, description = "the record", body = RecordStored),
              (status = 404, description = "no such record", body = Problem, content_type = "application/problem+json")))]
pub async fn find(
    State(host): State<Arc<Host>>,
    Named(id): Named,
    Asking(caller): Asking,
    params: Params,
) -> Result<Response, ApiError> {
    params.finish()?;
    let id = path_token("record", &id)?;
    let stored = host.service.store.find_record(&caller.agency, &id).await?;
    let stored = stored.ok_or_else(|| ApiError::not_found("record", id.as_str()))?;
    Ok(json_answer(StatusCode::OK, &RecordStored::from(stored)))
}

/// Removes a record. Its versions stay; the encounters that it could touch wait for a new decision.
#[utoipa::path(delete, path = "/v1/records/{record_id}", tag = "records", params(("record_id" = String, Path)),
    responses((status = 204, description = "it is removed"),
              (status = 404, description = "no such record", body = Problem, content_type = "application/problem+json")))]
pub async fn remove(
    State(host): State<Arc<Host>>,
    Named(id): Named,
    Asking(caller): Asking,
    params: Params,
) -> Result<StatusCode, ApiError> {
    params.finish()?;
    let id = path_token("record", &id)?;
    match host.service.store.remove_record(&caller.agency, &id).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(ApiError::not_found("record", id.as_str())),
    }
}

/// Every version of a record, the oldest first: who wrote what, and when.
#[utoipa::path(get, path = "/v1/records/{record_id}/versions", tag = "records", params(("record_id" = String, Path)),
    responses((status = 200, description = "the versions", body = RecordVersions),
              (status = 404, description = "there never was such a record", body = Problem, content_type = "application/problem+json")))]
pub async fn versions(
    State(host): State<Arc<Host>>,
    Named(id): Named,
    Asking(caller): Asking,
    params: Params,
) -> Result<Response, ApiError> {
    params.finish()?;
    let id = path_token("record", &id)?;
    let versions = host.service.store.record_history(&caller.agency, &id).await?;
    if versions.is_empty() {
        return Err(ApiError::not_found("record", id.as_str()));
    }
    let items = versions.into_iter().map(RecordVersionBody::from).collect();
    Ok(json_answer(StatusCode::OK, &in_alphabet(&RecordVersions { items })?))
}

/// A list as it is answered: the fields of its records in the order of the alphabet, as they always were.
fn in_alphabet(list: &impl Serialize) -> Result<Value, ApiError> {
    serde_json::to_value(list).map_err(|fault| ApiError::internal("routes::records", fault))
}
