//! Requests for decisions, and decisions made before. Deciding itself is in `decide`.

use std::sync::Arc;

use adjudica_core::{Digest, Outcome, ServiceDate, Token};
use adjudica_service::asking::Keep;
use adjudica_service::decide::asked::{Answered, IdempotencyKey, Made};
use adjudica_service::decide::decision_record::DecisionRecord;
use adjudica_service::decide::replay::Replay;
use adjudica_service::decide::why_not::WhyNot;
use adjudica_service::{Cause, FieldFault};
use adjudica_store::DecisionFilter;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::Value;

use crate::error::{ApiError, HttpFault, Problem};
use crate::host::Host;
use crate::http::conditions;
use crate::http::{add_header, json, json_text, read_json, read_parsed};
use crate::wire::asking::Asking;
use crate::wire::query::{Named, Params, find_idempotency_key, path_token};
use crate::wire::request::parse_decision_request;
use crate::wire::schema::{DecisionAnswer, DecisionPage, DecisionRequestBody, DecisionSummaryBody, UnreadableDecision};

/// Decides an encounter of the store, or one that comes with the request.
///
/// A recorded decision is durable before it is answered. An encounter that comes with the request is stored with it; if it is
/// stored already with other facts, these correct it. Where a decision is in force and nothing that it rests on has changed, it
/// is the answer, unless the request says `again`. With the header `Idempotency-Key`, the same body gives the same
/// answer again, and another body is refused. With `why_not` a refusal says besides what would make it billable.
#[utoipa::path(post, path = "/v1/decisions", tag = "decisions", request_body = DecisionRequestBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 128 visible characters")),
    responses((status = 201, description = "decided and recorded", body = DecisionAnswer),
              (status = 200, description = "decided before and still right; or decided, not recorded (`dry_run`)", body = DecisionAnswer),
              (status = 400, description = "not JSON, or wrong parameters", body = Problem, content_type = "application/problem+json"),
              (status = 404, description = "no such encounter or policy", body = Problem, content_type = "application/problem+json"),
              (status = 409, description = "the idempotency key belongs to another request", body = Problem, content_type = "application/problem+json"),
              (status = 422, description = "wrong fields, each named", body = Problem, content_type = "application/problem+json"),
              (status = 503, description = "busy; try again", body = Problem, content_type = "application/problem+json")))]
pub async fn post(
    State(host): State<Arc<Host>>,
    Asking(caller): Asking,
    params: Params,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    params.finish()?;
    let key = find_idempotency_key(&headers)?;
    conditions::refuse(&headers)?;
    let (parsed, bytes) = read_json(&host, &headers, body).await?;
    let body_digest = Digest::of(&bytes);
    let read = |value: &Value| parse_decision_request(value, 0);
    let (asked, options) = read_parsed(parsed, Cause::InvalidRequest, read)?;
    if options.keep == Keep::DryRun && key.is_some() {
        let fault =
            FieldFault::new("header.idempotency-key", "goes with recorded decisions only; leave it out of a dry run");
        return Err(ApiError::of_faults(HttpFault::InvalidParameter, vec![fault]));
    }
    let key = key.map(|key| IdempotencyKey { key, body_digest });
    let answered = host.service.decisions.decide_one(&caller.agency, asked, &options, key).await?;
    let status = match (options.keep, answered.made) {
        (Keep::Record, Made::Now) => StatusCode::CREATED,
        (Keep::Record, Made::Before) | (Keep::DryRun, _) => StatusCode::OK,
    };
    Ok(answer(status, answered))
}

fn answer(status: StatusCode, answered: Answered) -> Response {
    let mut response = json_text(status, answered.text);
    add_header(&mut response, "decision-id", &answered.decision_id);
    if let Some(digest) = answered.policy_digest {
        add_header(&mut response, "policy-digest", &digest.to_string());
    }
    response
}

/// A decision made before: the very bytes that were recorded.
#[utoipa::path(get, path = "/v1/decisions/{decision_id}", tag = "decisions", params(("decision_id" = String, Path)),
    responses((status = 200, description = "the record; headers `Decision-Sequence`, `Decision-Hash` and `Decision-Previous-Hash` give its place in the chain", body = DecisionRecord<'static>),
              (status = 404, body = Problem, content_type = "application/problem+json", description = "no such decision")))]
pub async fn find(
    State(host): State<Arc<Host>>,
    Asking(caller): Asking,
    params: Params,
    Named(id): Named,
) -> Result<Response, ApiError> {
    params.finish()?;
    let id = path_token("decision", &id)?;
    let stored = host
        .service
        .store
        .find_decision(&caller.agency, id.as_str())
        .await?
        .ok_or_else(|| ApiError::not_found("decision", id.as_str()))?;
    let mut response = json_text(StatusCode::OK, stored.record);
    add_header(&mut response, "decision-sequence", &stored.summary.sequence.to_string());
    add_header(&mut response, "decision-hash", &stored.summary.hash.to_string());
    add_header(&mut response, "decision-previous-hash", &stored.summary.previous_hash.to_string());
    let is_stale = stored.summary.is_stale;
    add_header(&mut response, "decision-stale", if is_stale { "true" } else { "false" });
    Ok(response)
}

fn not_an_outcome() -> String {
    let words: Vec<String> = Outcome::ALL.iter().map(|outcome| format!("`{}`", outcome.as_str())).collect();
    format!("is not an outcome; give one of {}", words.join(", "))
}

/// Decisions made before, in the order of the agency's chain: all of them, or with `outcome` those in force.
#[utoipa::path(get, path = "/v1/decisions", tag = "decisions",
    params(("outcome" = Option<String>, Query), ("payer" = Option<String>, Query), ("client" = Option<String>, Query),
           ("encounter" = Option<String>, Query),
           ("in_force" = Option<bool>, Query, description = "only decisions in force, or only those replaced or taken back since; with `outcome` it is `true` unless given"),
           ("policy" = Option<String>, Query, description = "digest"),
           ("from" = Option<String>, Query, description = "first date of service"), ("to" = Option<String>, Query, description = "first date of service after"),
           ("after" = Option<i64>, Query, description = "`next` of the page before"), ("limit" = Option<u32>, Query)),
    responses((status = 200, body = DecisionPage, description = "a page"),
              (status = 400, body = Problem, content_type = "application/problem+json", description = "wrong parameters, each named")))]
pub async fn list(
    State(host): State<Arc<Host>>,
    Asking(caller): Asking,
    mut params: Params,
) -> Result<Response, ApiError> {
    let token = |text: &str| Token::parse(text).map_err(|fault| fault.to_string());
    let date = |text: &str| ServiceDate::parse(text).map_err(|fault| fault.to_string());
    let outcome = params.find("outcome", |text| Outcome::find(text).ok_or_else(not_an_outcome));
    let payer_id = params.find("payer", token);
    let client_id = params.find("client", token);
    let encounter_id = params.find("encounter", token);
    let policy_digest = params.find("policy", |text| Digest::parse(text).map_err(|fault| fault.to_string()));
    let in_force = params.find("in_force", |text| match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("is neither `true` nor `false`".to_owned()),
    });
    let (from, to) = (params.find("from", date), params.find("to", date));
    let after = params.find("after", |text| {
        text.parse::<i64>().ok().filter(|n| *n >= 0).ok_or_else(|| "is not the `next` of a page".to_owned())
    });
    let limit = params.limit();
    params.finish()?;
    // Who asks for what is billable asks for what stands, not for what was replaced or taken back since.
    let in_force = in_force.or(outcome.map(|_| true));
    let filter = DecisionFilter { outcome, payer_id, client_id, encounter_id, in_force, policy_digest, from, to };
    let found = host.service.store.list_decisions(&caller.agency, &filter, after.unwrap_or(0), limit).await?;
    let items = found.decisions.into_iter().map(DecisionSummaryBody::from).collect();
    let unreadable =
        found.unreadable.into_iter().map(|(sequence, fault)| UnreadableDecision { sequence, fault }).collect();
    Ok(json(StatusCode::OK, &DecisionPage { items, unreadable, next: found.next_after }))
}

/// What would have made a recorded decision billable: the smallest changes, found by asking its own policy again.
#[utoipa::path(get, path = "/v1/decisions/{decision_id}/why-not", tag = "decisions", params(("decision_id" = String, Path)),
    responses((status = 200, description = "ways, the smallest first; none where it was accepted or none was found", body = WhyNot),
              (status = 404, body = Problem, content_type = "application/problem+json", description = "no such decision")))]
pub async fn why_not(
    State(host): State<Arc<Host>>,
    Asking(caller): Asking,
    params: Params,
    Named(id): Named,
) -> Result<Response, ApiError> {
    params.finish()?;
    let id = path_token("decision", &id)?;
    Ok(json(StatusCode::OK, &host.service.decisions.why_not(&caller.agency, id.as_str()).await?))
}

/// Makes a recorded decision again, on the same policy, terms, facts and ledger, and compares.
#[utoipa::path(post, path = "/v1/decisions/{decision_id}/replay", tag = "decisions", params(("decision_id" = String, Path)),
    responses((status = 200, description = "identical, or every field that differs", body = Replay),
              (status = 404, body = Problem, content_type = "application/problem+json", description = "no such decision")))]
pub async fn replay(
    State(host): State<Arc<Host>>,
    Asking(caller): Asking,
    params: Params,
    Named(id): Named,
) -> Result<Response, ApiError> {
    params.finish()?;
    let id = path_token("decision", &id)?;
    Ok(json(StatusCode::OK, &host.service.decisions.replay(&caller.agency, id.as_str()).await?))
}
