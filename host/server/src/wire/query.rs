//! Parameters of the query and of headers, every fault named; a parameter that nobody asked for is a fault too.

use std::collections::BTreeSet;

use adjudica_core::Token;
use adjudica_service::intake::fields::Refusal;
use adjudica_service::{Cause, Faults, FieldFault};
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::error::{ApiError, HttpFault};
use crate::wire::asking::AGENCY;

/// Parameters of a query, read one by one.
#[derive(Debug)]
pub struct Params {
    pairs: Vec<(String, String)>,
    known: BTreeSet<&'static str>,
    faults: Faults,
}

/// The last part of a path that names something.
#[derive(Debug)]
pub struct Named(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let name = Path::<String>::from_request_parts(parts, state).await;
        let nothing = |_| ApiError::new(Cause::NotFound, "there is nothing at this path: a name in it is not UTF-8");
        name.map(|Path(name)| Self(name)).map_err(nothing)
    }
}

/// Rows of a page when the request does not say.
pub const PAGE_DEFAULT: u32 = 100;
/// Most rows of a page.
pub const PAGE_MAX: u32 = 1_000;

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let Query(pairs) = query.map_err(|_| {
            ApiError::of_faults(
                HttpFault::InvalidParameter,
                vec![FieldFault::new("query", "is not written as `name=value&name=value`")],
            )
        })?;
        // Who asks has been read by then.
        Ok(Self { pairs, known: BTreeSet::from([AGENCY]), faults: Faults::default() })
    }
}

impl Params {
    /// A parameter that may be absent; an empty one is absent.
    pub fn find<T>(&mut self, name: &'static str, parse: impl FnOnce(&str) -> Result<T, Refusal>) -> Option<T> {
        self.known.insert(name);
        let mut values = self.pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let value = values.next()?;
        let refusal = if values.next().is_some() {
            "is given more than once; give it once".to_owned()
        } else if value.is_empty() {
            return None;
        } else {
            match parse(value) {
                Ok(parsed) => return Some(parsed),
                Err(refusal) => refusal,
            }
        };
        self.faults.push(FieldFault::new(format!("query.{name}"), refusal));
        None
    }

    /// A parameter that must be there; `None` says that a fault was noted.
    pub fn require<T>(&mut self, name: &'static str, parse: impl FnOnce(&str) -> Result<T, Refusal>) -> Option<T> {
        let is_given = self.pairs.iter().any(|(key, value)| key == name && !value.is_empty());
        if !is_given {
            self.faults.push(FieldFault::new(format!("query.{name}"), "is missing"));
        }
        self.find(name, parse)
    }

    /// Rows of the page.
    pub fn limit(&mut self) -> u32 {
        let parse = |text: &str| {
            let number = text.parse::<u32>().ok().filter(|number| (1..=PAGE_MAX).contains(number));
            number.ok_or_else(|| format!("is not a whole number from 1 to {PAGE_MAX}"))
        };
        self.find("limit", parse).unwrap_or(PAGE_DEFAULT)
    }

    /// Ends the reading.
    /// # Errors
    /// `invalid_parameter` with every fault.
    pub fn finish(mut self) -> Result<(), ApiError> {
        for (name, _) in &self.pairs {
            if !self.known.contains(name.as_str()) {
                let shown: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
                self.faults.push(FieldFault::new(format!("query.{shown}"), "is not a parameter of this request"));
            }
        }
        if self.faults.is_empty() { Ok(()) } else { Err(ApiError::of_faults(HttpFault::InvalidParameter, self.faults)) }
    }
}

/// The header `Idempotency-Key`: 1 to 128 visible characters.
/// # Errors
/// `invalid_parameter` for another form.
pub fn find_idempotency_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut values = headers.get_all("idempotency-key").iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value
        .to_str()
        .ok()
        .filter(|text| (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()));
    match (text, values.next()) {
        (Some(text), None) => Ok(Some(text.to_owned())),
        _ => {
            let fault =
                FieldFault::new("header.idempotency-key", "is not one key of 1 to 128 letters, digits and signs");
            Err(ApiError::of_faults(HttpFault::InvalidParameter, vec![fault]))
        }
    }
}

/// A part of the path that should be a name; what is not one names nothing.
/// # Errors
/// `not_found`.
pub fn path_token(what: &str, text: &str) -> Result<Token, ApiError> {
    Token::parse(text).map_err(|fault| ApiError::new(Cause::NotFound, format!("there is no such {what}: {fault}")))
}
