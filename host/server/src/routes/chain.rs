//! The chain of hashes over an agency's decisions.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::host::Host;
use crate::http::json;
use crate::wire::query::Params;

/// What a check of the chain found.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChainBody {
    /// Whether every decision is as it was recorded.
    pub intact: bool,
    /// Decisions in the chain.
    pub length: i64,
    /// The first decision that is missing or changed; null when there is none.
    #[schema(required)]
    pub first_broken: Option<i64>,
    /// The hash of the last decision that fits; kept elsewhere, it shows whether the newest were cut off.
    pub head: String,
}

/// Calculates the chain again from its first decision.
#[utoipa::path(get, path = "/v1/chain/verify", tag = "decisions", responses((status = 200, description = "what was found", body = ChainBody)))]
pub async fn verify(State(host): State<Arc<Host>>, params: Params) -> Result<Response, ApiError> {
    let caller = params.finish()?;
    let report = host.store.verify_chain(&caller.agency).await?;
    let body = ChainBody {
        intact: report.first_broken.is_none(),
        length: report.length,
        first_broken: report.first_broken,
        head: report.head.to_string(),
    };
    Ok(json(StatusCode::OK, &body))
}
