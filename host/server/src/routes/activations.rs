//! Which policy answers for which dates of service: change it, take it back, look at it.

use std::sync::Arc;

use adjudica_service::Cause;
use adjudica_service::clock::instant_text;
use adjudica_service::intake::fields::parse_instant;
use adjudica_service::registry::activate::Activated;
use adjudica_service::registry::schedule::find_gaps;
use adjudica_service::registry::told::{ActivatedBody, GapBody, PeriodBody};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use crate::error::{ApiError, Problem};
use crate::host::Host;
use crate::http::{json as json_answer, read_json, read_parsed};
use crate::wire::activation::{parse_activation_request, parse_rollback_request};
use crate::wire::asking::Asking;
use crate::wire::policy_schema::{ActivationBody, ActivationList, ActivationScheduleBody, RollbackBody};
use crate::wire::query::Params;

/// Lets a policy answer for dates of service. Nothing is dropped and nothing is mixed while it happens.
#[utoipa::path(post, path = "/v1/activations", tag = "activations", request_body = ActivationBody,
    params(("Adjudica-Actor" = Option<String>, Header, description = "who does it; `anonymous` without it")),
    responses((status = 201, description = "it answers from now on", body = ActivatedBody),
              (status = 200, description = "what it would do (`dry_run`)", body = ActivatedBody),
              (status = 400, description = "not JSON", body = Problem, content_type = "application/problem+json"),
              (status = 404, description = "no such policy or terms", body = Problem, content_type = "application/problem+json"),
              (status = 409, description = "it overlaps, every overlap named; or someone else changed activations meanwhile", body = Problem, content_type = "application/problem+json"),
              (status = 422, description = "wrong fields, or the policy's own cases fail, each named", body = Problem, content_type = "application/problem+json")))]
pub async fn post(
    State(host): State<Arc<Host>>,
    Asking(caller): Asking,
    params: Params,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    params.finish()?;
    let (parsed, _) = read_json(&host, &headers, body).await?;
    let request = read_parsed(parsed, Cause::InvalidRequest, parse_activation_request)?;
    let activated = host.service.registry.activate(&caller, &request, host.service.clock.now()).await?;
    Ok(answer(activated))
}

fn answer(activated: Activated) -> Response {
    let status = if activated.change_id.is_some() { StatusCode::CREATED } else { StatusCode::OK };
    json_answer(status, &ActivatedBody::from(activated))
}

/// Goes back to the schedule before the last change that stands; again, to the one before that.
#[utoipa::path(post, path = "/v1/activations/rollback", tag = "activations", request_body = RollbackBody,
    responses((status = 201, description = "the earlier schedule answers from now on", body = ActivatedBody),
              (status = 200, description = "what it would do (`dry_run`)", body = ActivatedBody),
              (status = 409, description = "there is nothing to take back, or nothing would answer any more and the request does not say `to_nothing`, or the earlier policy was taken back by its publisher", body = Problem, content_type = "application/problem+json"),
              (status = 422, description = "wrong fields, each named", body = Problem, content_type = "application/problem+json")))]
pub async fn rollback(
    State(host): State<Arc<Host>>,
    Asking(caller): Asking,
    params: Params,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    params.finish()?;
    let (parsed, _) = read_json(&host, &headers, body).await?;
    let request = read_parsed(parsed, Cause::InvalidRequest, parse_rollback_request)?;
    let activated = host.service.registry.roll_back(&caller, &request, host.service.clock.now()).await?;
    Ok(answer(activated))
}

/// Every schedule of the agency, as known now or at an instant.
#[utoipa::path(get, path = "/v1/activations", tag = "activations",
    params(("as_of" = Option<String>, Query, description = "an instant")),
    responses((status = 200, description = "by payer, plan and line", body = ActivationList),
              (status = 400, description = "wrong parameters", body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    State(host): State<Arc<Host>>,
    Asking(caller): Asking,
    mut params: Params,
) -> Result<Response, ApiError> {
    let as_of = params.find("as_of", parse_instant);
    params.finish()?;
    let published = host.service.registry.refresh().await?;
    let names = host.service.registry.names().await?;
    let mut items = Vec::new();
    for history in published.snapshot.histories(&caller.agency) {
        let Some(known) = history.known(as_of) else { continue };
        items.push(ActivationScheduleBody {
            payer_id: history.key.payer_id.to_string(),
            plan_id: history.key.plan_id.as_ref().map(ToString::to_string),
            service_line: history.key.service_line.as_ref().map(ToString::to_string),
            change_id: known.change_id,
            recorded_at: instant_text(known.recorded_at),
            recorded_by: known.recorded_by.to_string(),
            message: known.message.clone(),
            undoes: known.undoes,
            periods: known.periods.iter().map(|period| PeriodBody::new(period, &names)).collect(),
            gaps: find_gaps(&known.periods).iter().map(GapBody::from).collect(),
        });
    }
    Ok(json_answer(StatusCode::OK, &ActivationList { items }))
}
