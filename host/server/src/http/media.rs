//! What a body is said to be: a route takes bodies of its own media types, and of no other. A page can send text unasked, not these.

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;

use crate::error::{ApiError, HttpFault};

/// What a route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Media {
    /// One JSON value.
    Json,
    /// A JSON value in each line.
    Lines,
    /// A policy file.
    Wasm,
}

impl Media {
    fn name(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Lines => "application/x-ndjson",
            Self::Wasm => "application/wasm",
        }
    }

    /// Refuses a body that is said to be something else, or nothing.
    /// # Errors
    /// `unsupported_media_type`.
    pub(crate) fn require(self, headers: &HeaderMap) -> Result<(), ApiError> {
        let mut given = headers.get_all(CONTENT_TYPE).iter();
        let first = given.next().and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut parts = first.split(';').map(str::trim);
        let is_named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(self.name()));
        let is_utf8 = parts.all(|part| {
            let charset = part.to_ascii_lowercase();
            !charset.starts_with("charset=") || matches!(charset.as_str(), "charset=utf-8" | "charset=\"utf-8\"")
        });
        if is_named && is_utf8 && given.next().is_none() {
            return Ok(());
        }
        let written = if self == Self::Wasm { "" } else { " in UTF-8" };
        let public = format!("this path takes `{0}`{written}; send it with `Content-Type: {0}`", self.name());
        Err(ApiError::new(HttpFault::UnsupportedMediaType, public))
    }
}
