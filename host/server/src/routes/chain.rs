//! The chain of hashes over an agency's decisions.

use std::sync::Arc;

use adjudica_service::FieldFault;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{ApiError, HttpFault};
use crate::host::Host;
use crate::http::json;
use crate::wire::asking::Asking;
use crate::wire::query::Params;

/// What a check of the chain found.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChainBody {
    /// Whether every decision behind `after` is as it was recorded: null while `next` says that there are more to look at and none is broken yet.
    #[schema(required)]
    pub intact: Option<bool>,
    /// Decisions in the chain.
    pub length: i64,
    /// The first decision that is missing or changed; null when there is none.
    #[schema(required)]
    pub first_broken: Option<i64>,
    /// The hash of the last decision that fits; kept elsewhere, it shows whether the newest were cut off.
    pub head: String,
    /// Where to go on, as `after`, until it is null: a long chain is looked at in parts.
    #[schema(required)]
    pub next: Option<i64>,
}

/// Decisions that one request looks at.
const LINKS_MAX: u32 = 100_000;

/// Calculates the chain again from its first decision, or from the one behind `after`, which the part before it has looked at.
#[utoipa::path(get, path = "/v1/chain/verify", tag = "decisions",
    params(("after" = Option<i64>, Query, description = "`next` of the part before")),
    responses((status = 200, description = "what was found", body = ChainBody)))]
pub async fn verify(
    State(host): State<Arc<Host>>,
    Asking(caller): Asking,
    mut params: Params,
) -> Result<Response, ApiError> {
    let after = params.find("after", |text| {
        text.parse::<i64>().ok().filter(|n| *n >= 0).ok_or_else(|| "is not the `next` of a part".to_owned())
    });
    params.finish()?;
    let report = host.service.store.verify_chain(&caller.agency, after.unwrap_or(0), LINKS_MAX).await?;
    if after.is_some_and(|after| after > report.length) {
        let message =
            format!("is behind the last of {} decisions; give the `next` of a part, or nothing", report.length);
        return Err(ApiError::of_faults(HttpFault::InvalidParameter, vec![FieldFault::new("query.after", message)]));
    }
    let intact = match (report.first_broken, report.next_after) {
        (Some(_), _) => Some(false),
        (None, Some(_)) => None,
        (None, None) => Some(true),
    };
    let body = ChainBody {
        intact,
        length: report.length,
        first_broken: report.first_broken,
        head: report.head.to_string(),
        next: report.next_after,
    };
    Ok(json(StatusCode::OK, &body))
}
