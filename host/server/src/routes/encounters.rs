//! Encounters in and out. Deciding them is in `decisions`.

use std::sync::Arc;

use adjudica_core::{EncounterFacts, ServiceDate, Token};
use adjudica_service::decide::gone::gone;
use adjudica_service::intake::encounter::{parse_encounter, parse_encounters};
use adjudica_service::intake::fields::Fields;
use adjudica_service::{Cause, Faults, FieldFault};
use adjudica_store::{EncounterFilter, NewWithdrawal, PutMode, StoreError};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::error::{ApiError, Problem};
use crate::host::Host;
use crate::http::conditions;
use crate::http::media::Media;
use crate::http::{add_header, json as json_answer, parse_body, read_body, read_json, read_parsed};
use crate::wire::asking::Asking;
use crate::wire::query::{Named, Params, path_token};
use crate::wire::request::read_message;
use crate::wire::schema::{EncounterBody, EncounterPage, Inserted, WithdrawalBody, WithdrawnBody};

/// Puts one encounter, new or changed; a changed one waits for a new decision.
#[utoipa::path(put, path = "/v1/encounters/{encounter_id}", tag = "encounters", request_body = EncounterBody,
    params(("encounter_id" = String, Path)),
    responses((status = 200, description = "it was there", body = EncounterBody), (status = 201, description = "it is new", body = EncounterBody),
              (status = 400, description = "not JSON", body = Problem, content_type = "application/problem+json"),
              (status = 412, description = "it is not as `If-Match` or `If-None-Match` says", body = Problem, content_type = "application/problem+json"),
              (status = 422, description = "wrong fields, each named", body = Problem, content_type = "application/problem+json")))]
pub async fn put(
    State(host): State<Arc<Host>>,
    of: (Named, Asking),
    params: Params,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let (Named(id), Asking(caller)) = of;
    params.finish()?;
    let (mut parsed, _) = read_json(&host, &headers, body).await?;
    let id = Token::parse(&id).map_err(|fault| {
        ApiError::of_faults(Cause::InvalidEncounter, vec![FieldFault::new("encounter_id", fault.to_string())])
    })?;
    if let Value::Object(map) = &mut parsed.value {
        map.entry("encounter_id").or_insert_with(|| json!(id.as_str()));
    }
    let facts = read_parsed(parsed, Cause::InvalidEncounter, |value| parse_named(value, &id))?;
    let expected = conditions::expected(&headers)?;
    let report =
        host.service.store.put_encounter_if(&caller.agency, &facts, &expected, host.service.clock.now()).await?;
    let stored = host
        .service
        .store
        .find_encounter(&caller.agency, &id)
        .await?
        .ok_or_else(|| ApiError::internal("routes::put", "the encounter is gone"))?;
    let status = if report.inserted > 0 { StatusCode::CREATED } else { StatusCode::OK };
    Ok(answer(status, &stored.facts, stored.revision))
}

/// An encounter whose own id is the one of the path.
fn parse_named(value: &Value, id: &Token) -> Result<EncounterFacts, Faults> {
    let other_id = value.get("encounter_id").and_then(Value::as_str).is_some_and(|given| given != id.as_str());
    let fault = other_id.then(|| {
        FieldFault::new("encounter_id", format!("is another than `{id}` of the path; give the same or leave it out"))
    });
    match (parse_encounter(value), fault) {
        (Ok(facts), None) => Ok(facts),
        (Ok(_), Some(fault)) => Err(fault.into()),
        (Err(mut faults), fault) => {
            faults.extend(fault);
            Err(faults)
        }
    }
}

fn answer(status: StatusCode, facts: &EncounterFacts, revision: i64) -> Response {
    let mut response = json_answer(status, facts);
    add_header(&mut response, "etag", &conditions::tag(revision));
    response
}

/// One encounter. The header `ETag` holds its revision.
#[utoipa::path(get, path = "/v1/encounters/{encounter_id}", tag = "encounters", params(("encounter_id" = String, Path)),
    responses((status = 200, description = "the encounter", body = EncounterBody),
              (status = 404, description = "no such encounter", body = Problem, content_type = "application/problem+json")))]
pub async fn find(
    State(host): State<Arc<Host>>,
    Named(id): Named,
    Asking(caller): Asking,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    params.finish()?;
    let id = path_token("encounter", &id)?;
    match host.service.store.find_encounter(&caller.agency, &id).await? {
        Some(stored) if conditions::has_already(&headers, stored.revision)? => {
            let mut response = StatusCode::NOT_MODIFIED.into_response();
            add_header(&mut response, "etag", &conditions::tag(stored.revision));
            Ok(response)
        }
        Some(stored) => Ok(answer(StatusCode::OK, &stored.facts, stored.revision)),
        None => Err(gone(host.service.store.as_ref(), &caller.agency, &id).await?.into()),
    }
}

/// Takes an encounter out that never happened, or was entered by mistake. What it billed is given back, its decisions stay
/// readable, and later decisions of the client that counted it are decided again.
#[utoipa::path(delete, path = "/v1/encounters/{encounter_id}", tag = "encounters", request_body = WithdrawalBody,
    params(("encounter_id" = String, Path)),
    responses((status = 200, description = "it is taken out", body = WithdrawnBody),
              (status = 400, description = "not JSON", body = Problem, content_type = "application/problem+json"),
              (status = 404, description = "no such encounter", body = Problem, content_type = "application/problem+json"),
              (status = 412, description = "it is at another revision than `If-Match` says", body = Problem, content_type = "application/problem+json"),
              (status = 422, description = "no reason", body = Problem, content_type = "application/problem+json")))]
pub async fn withdraw(
    State(host): State<Arc<Host>>,
    of: (Named, Asking),
    params: Params,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let (Named(id), Asking(caller)) = of;
    params.finish()?;
    let id = path_token("encounter", &id)?;
    let bytes = read_body(body, Media::Json, &headers, host.config.body_bytes_max, host.config.body_timeout_ms).await?;
    // Whoever sends nothing is told what is missing.
    let parsed = parse_body(if bytes.is_empty() { b"{}" } else { &bytes })?;
    let reason = read_parsed(parsed, Cause::InvalidRequest, parse_withdrawal)?;
    let expected = conditions::expected(&headers)?;
    let new = NewWithdrawal { withdrawn_by: caller.actor.clone(), reason, expected };
    match host.service.store.withdraw_encounter(&caller.agency, &id, &new).await? {
        Some(withdrawn) => {
            tracing::info!(encounter_id = %id, actor = %caller.actor, "an encounter was taken out");
            Ok(json_answer(StatusCode::OK, &WithdrawnBody::from(withdrawn)))
        }
        None => Err(gone(host.service.store.as_ref(), &caller.agency, &id).await?.into()),
    }
}

fn parse_withdrawal(value: &Value) -> Result<String, Faults> {
    let mut fields = Fields::of("", value);
    let reason = fields.require("reason", read_message);
    let faults = fields.finish("a withdrawal");
    reason.filter(|_| faults.is_empty()).ok_or(faults)
}

/// Puts new encounters, all or none.
#[utoipa::path(post, path = "/v1/encounters", tag = "encounters", request_body = Vec<EncounterBody>,
    responses((status = 201, description = "all are stored", body = Inserted),
              (status = 400, description = "not JSON", body = Problem, content_type = "application/problem+json"),
              (status = 409, description = "some exist already, each named; none is stored", body = Problem, content_type = "application/problem+json"),
              (status = 422, description = "wrong fields, each named; none is stored", body = Problem, content_type = "application/problem+json")))]
pub async fn post(
    State(host): State<Arc<Host>>,
    Asking(caller): Asking,
    params: Params,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    params.finish()?;
    let bytes =
        read_body(body, Media::Json, &headers, host.config.upload_bytes_max, host.config.body_timeout_ms).await?;
    let encounters = read_parsed(parse_body(&bytes)?, Cause::InvalidEncounter, parse_encounters)?;
    let put = host
        .service
        .store
        .put_encounters(&caller.agency, &encounters, PutMode::InsertOnly, host.service.clock.now())
        .await;
    let report = put.map_err(|error| name_existing(error, &encounters))?;
    Ok(json_answer(StatusCode::CREATED, &Inserted { inserted: report.inserted }))
}

fn name_existing(error: StoreError, encounters: &[EncounterFacts]) -> ApiError {
    let StoreError::EncountersExist { encounter_ids } = &error else { return error.into() };
    let exists = encounters
        .iter()
        .enumerate()
        .filter(|(_, facts)| encounter_ids.iter().any(|id| id == facts.encounter_id.as_str()));
    let fault = |(index, facts): (usize, &EncounterFacts)| {
        FieldFault::new(
            format!("[{index}].encounter_id"),
            format!("`{}` is stored already; change it with PUT", facts.encounter_id),
        )
    };
    ApiError::of_faults(Cause::EncounterExists, exists.map(fault).collect::<Faults>())
}

/// Encounters in the order of their ids.
#[utoipa::path(get, path = "/v1/encounters", tag = "encounters",
    params(("client" = Option<String>, Query), ("payer" = Option<String>, Query),
           ("from" = Option<String>, Query, description = "first date of service"), ("to" = Option<String>, Query, description = "first date of service after"),
           ("after" = Option<String>, Query, description = "`next` of the page before"), ("limit" = Option<u32>, Query)),
    responses((status = 200, description = "a page", body = EncounterPage),
              (status = 400, description = "wrong parameters, each named", body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    State(host): State<Arc<Host>>,
    Asking(caller): Asking,
    mut params: Params,
) -> Result<Response, ApiError> {
    let token = |text: &str| Token::parse(text).map_err(|fault| fault.to_string());
    let date = |text: &str| ServiceDate::parse(text).map_err(|fault| fault.to_string());
    let filter = EncounterFilter {
        client_id: params.find("client", token),
        payer_id: params.find("payer", token),
        from: params.find("from", date),
        to: params.find("to", date),
    };
    // A page may end with an encounter whose id nobody can read as one.
    let after = params.find("after", |text| Ok(text.to_owned()));
    let limit = params.limit();
    params.finish()?;
    let page = host.service.store.list_encounters(&caller.agency, &filter, after.as_deref(), limit).await?;
    let items: Vec<_> = page.encounters.iter().map(|stored| &stored.facts).collect();
    let unreadable: Vec<_> =
        page.bad.iter().map(|bad| json!({ "encounter_id": bad.encounter_id, "faults": bad.faults })).collect();
    Ok(json_answer(StatusCode::OK, &json!({ "items": items, "unreadable": unreadable, "next": page.next_after })))
}
