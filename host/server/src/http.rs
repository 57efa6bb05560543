//! What every route needs: bodies with bounds, JSON answers, admission, deadlines, one log line per fault.

pub(crate) mod conditions;
pub(crate) mod media;
pub(crate) mod strangers;

use std::error::Error;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use adjudica_service::intake::json::{Parsed, parse_json};
use adjudica_service::{Cause, Faults};
use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use serde::Serialize;
use tracing::Instrument;

use crate::error::{ApiError, HttpFault};
use crate::figures;
use crate::host::Host;
use crate::http::media::Media;

/// The media type of JSON.
pub(crate) const JSON: &str = "application/json";
/// The header that names a request in answers and logs.
pub(crate) const REQUEST_ID: &str = "x-request-id";

/// Reads a body of `media` and of at most `bytes_max`, with a deadline on each piece of it.
/// # Errors
/// `unsupported_media_type`, `body_too_large`, `malformed_body` or `body_incomplete`.
pub(crate) async fn read_body(
    body: Body,
    media: Media,
    headers: &HeaderMap,
    bytes_max: usize,
    timeout_ms: u64,
) -> Result<Bytes, ApiError> {
    if !body.is_end_stream() {
        media.require(headers)?;
    }
    let too_large = || {
        ApiError::new(
            HttpFault::BodyTooLarge,
            format!("the body is larger than {bytes_max} bytes; send less at a time"),
        )
    };
    let announced =
        headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|text| text.parse::<usize>().ok());
    if announced.is_some_and(|length| length > bytes_max) {
        return Err(too_large());
    }
    let mut body = body;
    let mut bytes = Vec::with_capacity(announced.unwrap_or(0));
    let timeout = Duration::from_millis(timeout_ms);
    loop {
        let frame = tokio::time::timeout(timeout, body.frame());
        let frame = frame
            .await
            .map_err(|_| ApiError::new(HttpFault::BodyIncomplete, "the body stopped arriving; send it again, whole"))?;
        match frame {
            None => return Ok(bytes.into()),
            Some(Err(fault)) if is_misframed(&fault) => {
                let public = "the body's chunks are not as HTTP writes them; send it again";
                return Err(ApiError::hidden(HttpFault::MalformedBody, public, fault));
            }
            Some(Err(fault)) => {
                return Err(ApiError::hidden(
                    HttpFault::BodyIncomplete,
                    "the body broke off; send it again, whole",
                    fault,
                ));
            }
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    if bytes.len().saturating_add(data.len()) > bytes_max {
                        return Err(too_large());
                    }
                    bytes.extend_from_slice(&data);
                }
            }
        }
    }
}

/// Whether what arrived is no body by the rules of HTTP, and not only cut short.
fn is_misframed(fault: &axum::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(fault);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return matches!(io.kind(), ErrorKind::InvalidInput | ErrorKind::InvalidData);
        }
        cause = error.source();
    }
    false
}

/// Reads a body of ordinary size as JSON.
/// # Errors
/// As [`read_body`], or `malformed_json`.
pub(crate) async fn read_json(host: &Host, headers: &HeaderMap, body: Body) -> Result<(Parsed, Bytes), ApiError> {
    let bytes = read_body(body, Media::Json, headers, host.config.body_bytes_max, host.config.body_timeout_ms).await?;
    Ok((parse_body(&bytes)?, bytes))
}

/// One JSON value.
/// # Errors
/// `malformed_json` with line and column.
pub(crate) fn parse_body(bytes: &[u8]) -> Result<Parsed, ApiError> {
    parse_json(bytes).map_err(|fault| ApiError::of_faults(HttpFault::MalformedJson, fault))
}

/// What a reader found in a parsed body, or every fault: doubled keys and the reader's.
/// # Errors
/// `code` with every fault.
pub(crate) fn read_parsed<T>(
    parsed: Parsed,
    code: Cause,
    read: impl FnOnce(&serde_json::Value) -> Result<T, Faults>,
) -> Result<T, ApiError> {
    let mut faults = parsed.faults;
    match read(&parsed.value) {
        Ok(read) if faults.is_empty() => Ok(read),
        Ok(_) => Err(ApiError::of_faults(code, faults)),
        Err(more) => {
            faults.add(more);
            Err(ApiError::of_faults(code, faults))
        }
    }
}

/// An answer in JSON.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_string(value) {
        Ok(text) => json_text(status, text),
        Err(fault) => ApiError::internal("http::json", fault).into_response(),
    }
}

/// An answer that is JSON already.
pub(crate) fn json_text(status: StatusCode, text: String) -> Response {
    (status, [(CONTENT_TYPE, HeaderValue::from_static(JSON))], text).into_response()
}

/// Adds a header whose value is made of plain text.
pub(crate) fn add_header(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
}

/// Around every route: a request id, a bound on requests at a time, a deadline, one log line per fault.
pub(crate) async fn around(State(host): State<Arc<Host>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let request_id = request_id(&host, request.headers());
    let route =
        request.extensions().get::<MatchedPath>().map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let span = tracing::info_span!("request", request_id, route);
    let mut response = admit(&host, request, next).instrument(span).await;
    add_header(&mut response, REQUEST_ID, &request_id);
    let seconds = started.elapsed().as_secs_f64();
    figures::answered(&host.service.metrics, &route, response.status().as_u16(), seconds);
    if let Some(error) = response.extensions().get::<ApiError>() {
        log_fault(&request_id, &route, error);
    }
    response
}

/// The caller's own id of the request when it is a plain name, else a new one.
fn request_id(host: &Host, headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    match given.and_then(|text| adjudica_core::Token::parse(text).ok()) {
        Some(given) => given.as_str().to_owned(),
        None => adjudica_service::ids::new_id(host.service.clock.now()),
    }
}

async fn admit(host: &Host, request: Request, next: Next) -> Response {
    let Ok(_place) = host.requests.try_acquire() else {
        return ApiError::new(Cause::Overloaded, "the host is busy; try again in a second").into_response();
    };
    match tokio::time::timeout(host.config.request_timeout(), next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let public = "the answer took too long; try again with the same `Idempotency-Key`, which tells whether it was recorded";
            ApiError::new(HttpFault::RequestTimeout, public).into_response()
        }
    }
}

fn log_fault(request_id: &str, route: &str, error: &ApiError) {
    let code = error.code.as_str();
    let internal = error.internal.as_deref().unwrap_or_default();
    if error.code.status() == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(request_id, route, code, internal, "a request failed through the host's own fault");
    } else if error.code.status().is_server_error() {
        tracing::warn!(request_id, route, code, internal, "a request could not be served");
    } else {
        tracing::debug!(request_id, route, code, "a request was refused");
    }
}

/// The answer when a handler panics.
pub(crate) fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> Response {
    ApiError::internal("http::panicked", "a handler panicked").into_response()
}
