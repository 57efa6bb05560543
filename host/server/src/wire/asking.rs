//! Who asks: read from headers and the parameter `agency`, refused by itself before a route looks at anything else.

use adjudica_core::Token;
use adjudica_service::asking::Caller;
use adjudica_service::{Faults, FieldFault};
use axum::extract::{FromRequestParts, Query};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::error::{ApiError, HttpFault};

/// The parameter of every request that may name the agency; the header `Adjudica-Agency` does too.
pub const AGENCY: &str = "agency";

/// Who asks, and for which agency: `default` where none is named, `anonymous` where the header `Adjudica-Actor` is not given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asking(pub Caller);

impl<S: Send + Sync> FromRequestParts<S> for Asking {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        // A query that cannot be read names nobody, and is refused where parameters are read.
        let pairs =
            Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map_or_else(|_| Vec::new(), |pairs| pairs.0);
        read(&pairs, &parts.headers)
            .map(Self)
            .map_err(|faults| ApiError::of_faults(HttpFault::InvalidParameter, faults))
    }
}

fn read(pairs: &[(String, String)], headers: &HeaderMap) -> Result<Caller, Faults> {
    let mut faults = Faults::default();
    let mut take = |field: String, read: Result<Option<Token>, String>| {
        read.map_err(|refusal| faults.push(FieldFault::new(field, refusal))).ok().flatten()
    };
    let in_query = take(format!("query.{AGENCY}"), in_query(pairs));
    let in_header = take("header.adjudica-agency".to_owned(), header(headers, "adjudica-agency"));
    let actor = take("header.adjudica-actor".to_owned(), header(headers, "adjudica-actor"));
    if let (Some(query), Some(header)) = (&in_query, &in_header)
        && query != header
    {
        let message = "is another agency than the header `Adjudica-Agency` names; give one";
        faults.push(FieldFault::new(format!("query.{AGENCY}"), message));
    }
    let agency = in_header.or(in_query).or_else(|| Token::parse("default").ok());
    let actor = actor.or_else(|| Token::parse("anonymous").ok());
    match agency.zip(actor) {
        Some((agency, actor)) if faults.is_empty() => Ok(Caller { agency, actor }),
        _ => Err(faults),
    }
}

/// The agency of the query; an empty one is absent.
fn in_query(pairs: &[(String, String)]) -> Result<Option<Token>, String> {
    let mut given = pairs.iter().filter(|(name, _)| name == AGENCY).map(|(_, value)| value.as_str());
    match (given.next(), given.next()) {
        (_, Some(_)) => Err("is given more than once; give it once".to_owned()),
        (None | Some(""), None) => Ok(None),
        (Some(text), None) => Token::parse(text).map(Some).map_err(|fault| fault.to_string()),
    }
}

fn header(headers: &HeaderMap, name: &str) -> Result<Option<Token>, String> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let text = value.to_str().map_err(|_| "is not plain text".to_owned())?;
    Token::parse(text).map(Some).map_err(|fault| fault.to_string())
}
