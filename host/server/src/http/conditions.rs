//! Conditions of requests about one encounter (RFC 9110, section 13): `If-Match` and `If-None-Match` with its revision.

use adjudica_service::{Cause, Faults, FieldFault};
use adjudica_store::Expected;
use axum::http::header::{IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderName};

use crate::error::{ApiError, HttpFault};

/// The tag of a revision, as `ETag` has it.
pub(crate) fn tag(revision: i64) -> String {
    format!("\"{revision}\"")
}

/// What a request that writes expects of the encounter.
/// # Errors
/// `invalid_parameter` where a condition cannot be read, or both are given.
pub(crate) fn expected(headers: &HeaderMap) -> Result<Expected, ApiError> {
    let (some, none) = (tags(headers, &IF_MATCH)?, tags(headers, &IF_NONE_MATCH)?);
    match (some, none) {
        (None, None) => Ok(Expected::Anything),
        (Some(Tags::Any), None) => Ok(Expected::Something),
        (Some(Tags::These(revisions)), None) => Ok(Expected::OneOf(revisions)),
        (None, Some(Tags::Any)) => Ok(Expected::Nothing),
        (None, Some(Tags::These(revisions))) => Ok(Expected::NoneOf(revisions)),
        (Some(_), Some(_)) => Err(bad(&IF_MATCH, "is given beside `If-None-Match`; give one of them")),
    }
}

/// Whether the caller of a request that reads has this revision already.
/// # Errors
/// `invalid_parameter` where the condition cannot be read; `precondition_failed` where `If-Match` names another revision.
pub(crate) fn has_already(headers: &HeaderMap, revision: i64) -> Result<bool, ApiError> {
    if let Some(Tags::These(revisions)) = tags(headers, &IF_MATCH)?
        && !revisions.contains(&revision)
    {
        let public = format!("the encounter stands at revision {revision}");
        return Err(ApiError::new(Cause::PreconditionFailed, public));
    }
    Ok(match tags(headers, &IF_NONE_MATCH)? {
        None => false,
        Some(Tags::Any) => true,
        Some(Tags::These(revisions)) => revisions.contains(&revision),
    })
}

/// Refuses conditions where they decide nothing, so that nobody relies on them.
/// # Errors
/// `invalid_parameter` naming each that is given.
pub(crate) fn refuse(headers: &HeaderMap) -> Result<(), ApiError> {
    let given = [(IF_MATCH, "header.If-Match"), (IF_NONE_MATCH, "header.If-None-Match")].into_iter();
    let given = given.filter(|(name, _)| headers.contains_key(name));
    let faults: Faults = given
        .map(|(_, field)| FieldFault::new(field, "goes with `/v1/encounters/{encounter_id}` only; leave it out"))
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(ApiError::of_faults(HttpFault::InvalidParameter, faults)) }
}

enum Tags {
    /// `*`
    Any,
    /// Revisions; a tag that no revision has is left out, since it matches nothing.
    These(Vec<i64>),
}

fn tags(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Tags>, ApiError> {
    let mut revisions = Vec::new();
    let (mut is_given, mut is_any) = (false, false);
    for value in headers.get_all(name) {
        is_given = true;
        let text = value.to_str().map_err(|_| bad(name, "is no text"))?;
        // Whoever puts a list together may leave places of it empty.
        for tag in text.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
            // A weak tag says the same of a revision as a strong one, but may not decide whether to write.
            let (is_weak, tag) = tag.strip_prefix("W/").map_or((false, tag), |tag| (true, tag));
            match tag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
                Some(inner) if !is_weak || *name == IF_NONE_MATCH => revisions.extend(inner.parse::<i64>().ok()),
                Some(_) => {}
                None if tag == "*" && !is_weak => is_any = true,
                None => {
                    return Err(bad(
                        name,
                        "is neither `*` nor tags in quotes, as `ETag` has them, with commas between",
                    ));
                }
            }
        }
    }
    Ok(match (is_given, is_any) {
        (false, _) => None,
        (true, true) => Some(Tags::Any),
        (true, false) => Some(Tags::These(revisions)),
    })
}

fn bad(name: &HeaderName, message: &str) -> ApiError {
    let field = if *name == IF_MATCH { "header.If-Match" } else { "header.If-None-Match" };
    ApiError::of_faults(HttpFault::InvalidParameter, vec![FieldFault::new(field, message)])
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn it_reads_what_a_writer_expects() {
        let of = |name, value| expected(&headers(name, value)).map_err(|error| error.code);
        assert_eq!(expected(&HeaderMap::new()).map_err(|error| error.code), Ok(Expected::Anything));
        for (value, some, none) in [
            ("*", Expected::Something, Expected::Nothing),
            ("\"7\"", Expected::OneOf(vec![7]), Expected::NoneOf(vec![7])),
            ("\"7\", \"9\"", Expected::OneOf(vec![7, 9]), Expected::NoneOf(vec![7, 9])),
            ("W/\"7\"", Expected::OneOf(Vec::new()), Expected::NoneOf(vec![7])),
            ("\"7\",, \"9\",", Expected::OneOf(vec![7, 9]), Expected::NoneOf(vec![7, 9])),
            ("\"of another\"", Expected::OneOf(Vec::new()), Expected::NoneOf(Vec::new())),
        ] {
            assert_eq!(of(IF_MATCH, value), Ok(some), "If-Match: {value}");
            assert_eq!(of(IF_NONE_MATCH, value), Ok(none), "If-None-Match: {value}");
        }
        for value in ["7", "\"7", "\"7\", x"] {
            assert_eq!(of(IF_MATCH, value), Err(HttpFault::InvalidParameter.into()), "If-Match: {value}");
        }
    }

    #[test]
    fn it_knows_what_a_reader_has() {
        let of = |name, value| has_already(&headers(name, value), 7).map_err(|error| error.code);
        assert_eq!(of(IF_NONE_MATCH, "\"7\""), Ok(true));
        assert_eq!(of(IF_NONE_MATCH, "W/\"7\""), Ok(true));
        assert_eq!(of(IF_NONE_MATCH, "\"6\""), Ok(false));
        assert_eq!(of(IF_MATCH, "\"7\""), Ok(false));
        assert_eq!(of(IF_MATCH, "\"6\""), Err(Cause::PreconditionFailed.into()));
    }
}
