//! How a request fails: RFC 9457 problem details with a stable code. Only `public` text and named fields leave the process.

mod faults;

use adjudica_store::StoreError;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

pub use faults::{FAULTS_MAX, Faults};

/// One thing that is wrong with what was sent, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct FieldFault {
    /// Where: `minutes`, `[3].date_of_service`, `query.limit`; empty for the whole.
    pub field: String,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl FieldFault {
    /// A fault of `field`.
    #[must_use]
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $word:literal, $status:ident, $title:literal;)+) => {
        /// Every way to fail, for programs: the words never change their meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum ErrorCode { $($(#[doc = $doc])+ $variant),+ }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word used in problem documents.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The status that goes with it.
            #[must_use]
            pub fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status),+ }
            }

            /// The title that goes with it, the same each time.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),+ }
            }
        }
    };
}

codes! {
    /// The body is not JSON.
    MalformedJson = "malformed_json", BAD_REQUEST, "the body is not JSON";
    /// The body is JSON, but fields of it are wrong.
    InvalidRequest = "invalid_request", UNPROCESSABLE_ENTITY, "fields of the request are wrong";
    /// Encounters are wrong.
    InvalidEncounter = "invalid_encounter", UNPROCESSABLE_ENTITY, "fields of the encounter are wrong";
    /// Records are wrong, or cannot be so beside those on file.
    InvalidRecord = "invalid_record", UNPROCESSABLE_ENTITY, "fields of the records are wrong";
    /// Header or query parameters are wrong.
    InvalidParameter = "invalid_parameter", BAD_REQUEST, "parameters of the request are wrong";
    /// There is no such thing.
    NotFound = "not_found", NOT_FOUND, "not found";
    /// The path exists, but not for this method.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "method not allowed";
    /// The body is larger than it may be.
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, "the body is too large";
    /// The body did not arrive in time, or broke off.
    BodyIncomplete = "body_incomplete", REQUEST_TIMEOUT, "the body did not arrive";
    /// The body is not framed as HTTP says.
    MalformedBody = "malformed_body", BAD_REQUEST, "the body is not framed as HTTP says";
    /// The body is not of a media type that the path takes.
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "the path does not take this media type";
    /// The request was meant for another host, or comes from a page of another origin.
    ForeignRequest = "foreign_request", FORBIDDEN, "the request comes from elsewhere";
    /// The answer took too long.
    RequestTimeout = "request_timeout", SERVICE_UNAVAILABLE, "the request took too long";
    /// An encounter with that id is stored already.
    EncounterExists = "encounter_exists", CONFLICT, "encounters exist already";
    /// The encounter is not as the caller's condition says.
    PreconditionFailed = "precondition_failed", PRECONDITION_FAILED, "it is not as the condition says";
    /// The idempotency key was used for another request.
    IdempotencyConflict = "idempotency_conflict", CONFLICT, "the idempotency key belongs to another request";
    /// The policy file is refused.
    PolicyRefused = "policy_refused", UNPROCESSABLE_ENTITY, "the policy file is refused";
    /// The policy file is not signed by a publisher that the host trusts.
    PolicyUntrusted = "policy_untrusted", UNPROCESSABLE_ENTITY, "the policy file is not trusted";
    /// A newer version of the policy is stored already.
    PolicyRolledBack = "policy_rolled_back", CONFLICT, "a newer version of the policy is stored";
    /// The policy was taken back by its publisher.
    PolicyYanked = "policy_yanked", CONFLICT, "the policy was taken back";
    /// Another file has that policy id and version.
    PolicyVersionTaken = "policy_version_taken", CONFLICT, "the policy version is taken";
    /// The policy's own cases do not pass.
    PolicyCasesFailed = "policy_cases_failed", UNPROCESSABLE_ENTITY, "the policy's own cases do not pass";
    /// Another activation answers for some of these days.
    ActivationOverlap = "activation_overlap", CONFLICT, "another activation answers for these days";
    /// Activations were changed by someone else at the same time.
    ActivationMoved = "activation_moved", CONFLICT, "activations changed meanwhile";
    /// There is no earlier state to go back to.
    NothingToRollBack = "nothing_to_roll_back", CONFLICT, "there is nothing to roll back";
    /// A stored record is not the one that was written.
    RecordChanged = "record_changed", CONFLICT, "the record was changed";
    /// After the rollback no policy would answer any more.
    LeavesNothing = "leaves_nothing", CONFLICT, "no policy would answer any more";
    /// The host has all the work it can hold.
    Overloaded = "overloaded", SERVICE_UNAVAILABLE, "the host is busy";
    /// The policy in force for the encounter, or its terms, cannot be loaded by the host.
    PolicyUnavailable = "policy_unavailable", SERVICE_UNAVAILABLE, "the policy in force cannot be asked";
    /// The client's ledger kept changing while the decision was made.
    LedgerContended = "ledger_contended", SERVICE_UNAVAILABLE, "the client's ledger kept changing";
    /// The database does not answer.
    StoreUnavailable = "store_unavailable", SERVICE_UNAVAILABLE, "the store does not answer";
    /// Something that should not happen.
    Internal = "internal", INTERNAL_SERVER_ERROR, "an internal fault";
}

/// A request that failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{public}")]
pub struct ApiError {
    /// Which way.
    pub code: ErrorCode,
    /// For the caller: what is wrong and what to do about it.
    pub public: String,
    /// Each fault with its field, at most [`FAULTS_MAX`].
    pub errors: Vec<FieldFault>,
    /// How many faults there are besides.
    pub errors_left_out: usize,
    /// For the log only.
    pub internal: Option<String>,
}

/// RFC 9457 problem details.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// `urn:adjudica:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The same for every problem of this code.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// For programs.
    pub code: ErrorCode,
    /// What is wrong and what to do about it.
    pub detail: String,
    /// The faults with their fields, at most 100.
    pub errors: Vec<FieldFault>,
    /// How many faults there are besides.
    #[serde(skip_serializing_if = "is_zero")]
    pub errors_left_out: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// The media type of problem details.
pub const PROBLEM_JSON: &str = "application/problem+json";

impl ApiError {
    /// A failure with nothing to add for the log.
    #[must_use]
    pub fn new(code: ErrorCode, public: impl Into<String>) -> Self {
        Self { code, public: public.into(), errors: Vec::new(), errors_left_out: 0, internal: None }
    }

    /// A failure with named faults.
    #[must_use]
    pub fn of_faults(code: ErrorCode, faults: impl Into<Faults>) -> Self {
        let (errors, errors_left_out) = faults.into().into_parts();
        let public = match (errors.as_slice(), errors_left_out) {
            ([only], _) if only.field.is_empty() => only.message.clone(),
            ([only], _) => format!("{}: {}", only.field, only.message),
            (several, 0) => format!("{} faults; each is named in `errors`", several.len()),
            (named, more) => {
                let all = named.len().saturating_add(more);
                format!("{all} faults; the first {} are named in `errors`: mend these and send it again", named.len())
            }
        };
        Self { code, public, errors, errors_left_out, internal: None }
    }

    /// A failure whose cause only the log may say.
    #[must_use]
    pub fn hidden(code: ErrorCode, public: impl Into<String>, internal: impl std::fmt::Display) -> Self {
        Self {
            code,
            public: public.into(),
            errors: Vec::new(),
            errors_left_out: 0,
            internal: Some(internal.to_string()),
        }
    }

    /// Something that should not happen; `place` and `cause` go to the log.
    #[must_use]
    pub fn internal(place: &'static str, cause: impl std::fmt::Display) -> Self {
        let public = "the host failed in a way that is its own fault; try again, and tell its operator if it stays";
        Self::hidden(ErrorCode::Internal, public, format!("{place}: {cause}"))
    }

    /// Nothing of that name.
    #[must_use]
    pub fn not_found(what: &str, name: &str) -> Self {
        Self::new(ErrorCode::NotFound, format!("there is no {what} `{name}`"))
    }

    /// The problem document.
    #[must_use]
    pub fn problem(&self) -> Problem {
        Problem {
            kind: format!("urn:adjudica:problem:{}", self.code.as_str()),
            title: self.code.title().to_owned(),
            status: self.code.status().as_u16(),
            code: self.code,
            detail: self.public.clone(),
            errors: self.errors.clone(),
            errors_left_out: self.errors_left_out,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.problem()).unwrap_or_default();
        let mut response = (self.code.status(), body).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if self.code.status() == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let chain = match std::error::Error::source(&error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        };
        match error {
            StoreError::Unavailable { .. } => Self::hidden(
                ErrorCode::StoreUnavailable,
                "the database did not answer, nothing was written; try again in a second",
                chain,
            ),
            // Other systems write encounters: a row that cannot be read is news for the caller, not a fault of the host.
            StoreError::UnreadableEncounter { encounter_id, faults } => {
                let told = |fault| FieldFault::new("", format!("stored encounter `{encounter_id}`: {fault}"));
                Self::of_faults(ErrorCode::InvalidEncounter, faults.into_iter().map(told).collect::<Faults>())
            }
            StoreError::BadEncounters { faults } => {
                let faults = faults.into_iter().map(|fault| FieldFault::new("", fault)).collect::<Faults>();
                Self::of_faults(ErrorCode::InvalidEncounter, faults)
            }
            StoreError::BadRecords { faults } => {
                let faults = faults.into_iter().map(|fault| FieldFault::new("records", fault)).collect::<Faults>();
                Self::of_faults(ErrorCode::InvalidRecord, faults)
            }
            StoreError::Corrupt { table: "record", row, fault } => {
                let fault = FieldFault::new("", format!("stored record `{row}`: {fault}"));
                Self::of_faults(ErrorCode::InvalidRecord, vec![fault])
            }
            StoreError::Corrupt { table, .. } => Self::hidden(
                ErrorCode::Internal,
                format!(
                    "a row of table `{table}` in the database cannot be read; the host's log names it: restore it from a backup"
                ),
                chain,
            ),
            StoreError::Unexpected { .. } => Self::new(ErrorCode::PreconditionFailed, chain),
            StoreError::VersionTaken { .. } => Self::new(ErrorCode::PolicyVersionTaken, chain),
            StoreError::LedgerMoved { .. } => Self::hidden(
                ErrorCode::LedgerContended,
                "other decisions for this client kept being recorded; try again in a second",
                chain,
            ),
            StoreError::ScheduleMoved { .. } => Self::hidden(
                ErrorCode::LedgerContended,
                "the activations kept being changed; try again in a second",
                chain,
            ),
            StoreError::ActivationMoved { .. } => Self::hidden(
                ErrorCode::ActivationMoved,
                "another change was recorded at the same moment; send yours again",
                chain,
            ),
            StoreError::IdempotencyKeyUsed { .. } => Self::hidden(
                ErrorCode::IdempotencyConflict,
                "this `Idempotency-Key` was used by another request at the same moment",
                chain,
            ),
            StoreError::BadAddress { .. }
            | StoreError::UnsafeDatabase { .. }
            | StoreError::Migration { .. }
            | StoreError::NewerSchema { .. }
            | StoreError::Pooler
            | StoreError::ForeignTables
            | StoreError::EncountersExist { .. }
            | StoreError::BadCommit { .. }
            | StoreError::BadSchedule { .. }
            | StoreError::WrongDigest { .. }
            | StoreError::RowCount { .. } => Self::internal("store", chain),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn it_gives_every_code_its_own_word_and_title() {
        let words: BTreeSet<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        let titles: BTreeSet<_> = ErrorCode::ALL.iter().map(|code| code.title()).collect();
        assert_eq!((words.len(), titles.len()), (ErrorCode::ALL.len(), ErrorCode::ALL.len()));
        for code in ErrorCode::ALL {
            assert_eq!(serde_json::to_string(code).expect("json"), format!("\"{}\"", code.as_str()));
        }
    }

    #[test]
    fn it_keeps_internal_text_inside_for_every_code() {
        for code in ErrorCode::ALL {
            let error = ApiError::hidden(*code, "public words", "secret words");
            let problem = serde_json::to_string(&error.problem()).expect("json");
            assert!(problem.contains("public words") && !problem.contains("secret"), "{problem}");
            assert!(!error.to_string().contains("secret"));
        }
    }
}
