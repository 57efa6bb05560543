//! How a request fails over HTTP: RFC 9457 problem details with a stable code. What happened in the service is the service's word.

use adjudica_service::{Cause, Faults, FieldFault, ServiceError};
use adjudica_store::StoreError;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Serialize, Serializer};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

macro_rules! http_faults {
    ($($(#[doc = $doc:literal])+ $variant:ident = $word:literal, $status:ident, $title:literal;)+) => {
        /// What is wrong with a request before the service sees it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum HttpFault { $($(#[doc = $doc])+ $variant),+ }

        impl HttpFault {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),+ }
            }

            fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status),+ }
            }
        }
    };
}

http_faults! {
    /// The body is not JSON.
    MalformedJson = "malformed_json", BAD_REQUEST, "the body is not JSON";
    /// Header or query parameters are wrong.
    InvalidParameter = "invalid_parameter", BAD_REQUEST, "parameters of the request are wrong";
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
}

/// Every way to fail, for programs: the words never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorCode {
    /// In the service.
    Of(Cause),
    /// Before it.
    Http(HttpFault),
}

impl ErrorCode {
    /// Every code.
    pub fn all() -> impl Iterator<Item = Self> {
        let of_service = Cause::ALL.iter().map(|cause| Self::Of(*cause));
        of_service.chain(HttpFault::ALL.iter().map(|fault| Self::Http(*fault)))
    }

    /// The word used in problem documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Of(cause) => cause.word(),
            Self::Http(fault) => fault.word(),
        }
    }

    /// The title that goes with it, the same each time.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Of(cause) => cause.title(),
            Self::Http(fault) => fault.title(),
        }
    }

    /// The status that goes with it.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Of(cause) => status_of(cause),
            Self::Http(fault) => fault.status(),
        }
    }
}

fn status_of(cause: Cause) -> StatusCode {
    match cause {
        Cause::InvalidRequest
        | Cause::InvalidEncounter
        | Cause::InvalidRecord
        | Cause::PolicyRefused
        | Cause::PolicyUntrusted
        | Cause::PolicyCasesFailed => StatusCode::UNPROCESSABLE_ENTITY,
        Cause::NotFound => StatusCode::NOT_FOUND,
        Cause::EncounterExists
        | Cause::IdempotencyConflict
        | Cause::PolicyRolledBack
        | Cause::PolicyYanked
        | Cause::PolicyVersionTaken
        | Cause::ActivationOverlap
        | Cause::ActivationMoved
        | Cause::NothingToRollBack
        | Cause::RecordChanged
        | Cause::LeavesNothing => StatusCode::CONFLICT,
        Cause::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        Cause::Overloaded | Cause::PolicyUnavailable | Cause::LedgerContended | Cause::StoreUnavailable => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        Cause::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<Cause> for ErrorCode {
    fn from(cause: Cause) -> Self {
        Self::Of(cause)
    }
}

impl From<HttpFault> for ErrorCode {
    fn from(fault: HttpFault) -> Self {
        Self::Http(fault)
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl PartialSchema for ErrorCode {
    fn schema() -> RefOr<Schema> {
        let words = Self::all().map(Self::as_str);
        let description = "Every way to fail, for programs: the words never change their meaning.";
        let schema = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words));
        schema.description(Some(description)).into()
    }
}

impl ToSchema for ErrorCode {}

/// A request that failed, with its code.
#[derive(Debug, Clone)]
pub struct ApiError {
    /// Which way.
    pub code: ErrorCode,
    /// For the caller: what is wrong and what to do about it.
    pub public: String,
    /// Each fault with its field, at most 100.
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
    pub fn new(code: impl Into<ErrorCode>, public: impl Into<String>) -> Self {
        Self { code: code.into(), public: public.into(), errors: Vec::new(), errors_left_out: 0, internal: None }
    }

    /// A failure with named faults.
    #[must_use]
    pub fn of_faults(code: impl Into<ErrorCode>, faults: impl Into<Faults>) -> Self {
        let faults = faults.into();
        let public = faults.in_short();
        let (errors, errors_left_out) = faults.into_parts();
        Self { code: code.into(), public, errors, errors_left_out, internal: None }
    }

    /// A failure whose cause only the log may say.
    #[must_use]
    pub fn hidden(code: impl Into<ErrorCode>, public: impl Into<String>, internal: impl std::fmt::Display) -> Self {
        Self { internal: Some(internal.to_string()), ..Self::new(code, public) }
    }

    /// Something that should not happen; `place` and `cause` go to the log.
    #[must_use]
    pub fn internal(place: &'static str, cause: impl std::fmt::Display) -> Self {
        ServiceError::internal(place, cause).into()
    }

    /// Nothing of that name.
    #[must_use]
    pub fn not_found(what: &str, name: &str) -> Self {
        ServiceError::not_found(what, name).into()
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

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        let ServiceError { cause, public, errors, errors_left_out, internal } = error;
        Self { code: cause.into(), public, errors, errors_left_out, internal }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        ServiceError::from(error).into()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn it_gives_every_code_its_own_word_and_title() {
        let all: Vec<_> = ErrorCode::all().collect();
        let words: BTreeSet<_> = all.iter().map(|code| code.as_str()).collect();
        let titles: BTreeSet<_> = all.iter().map(|code| code.title()).collect();
        assert_eq!((words.len(), titles.len()), (all.len(), all.len()));
        for code in all {
            assert_eq!(serde_json::to_string(&code).expect("json"), format!("\"{}\"", code.as_str()));
        }
    }

    #[test]
    fn it_keeps_internal_text_inside_for_every_code() {
        for code in ErrorCode::all() {
            let error = ApiError::hidden(code, "public words", "secret words");
            let problem = serde_json::to_string(&error.problem()).expect("json");
            assert!(problem.contains("public words") && !problem.contains("secret"), "{problem}");
        }
    }
}
