//! Says that an encounter is not there, and when it was taken out if there was one.

use adjudica_core::Token;
use adjudica_store::Store;

use crate::clock::instant_text;
use crate::error::{Cause, ServiceError};

/// That there is no such encounter, and when it was taken out if there was one.
///
/// # Errors
/// When the store does not answer.
pub async fn gone(store: &dyn Store, agency: &Token, id: &Token) -> Result<ServiceError, ServiceError> {
    let Some(withdrawal) = store.find_withdrawal(agency, id).await? else {
        return Ok(ServiceError::not_found("encounter", id.as_str()));
    };
    let by = withdrawal.withdrawn_by.map_or_else(|| "another system".to_owned(), |by| by.to_string());
    let public = format!(
        "encounter `{id}` was taken out on {} by {by}; its decisions are still there: `GET /v1/decisions?encounter={id}`",
        instant_text(withdrawal.withdrawn_at)
    );
    Ok(ServiceError::new(Cause::NotFound, public))
}
