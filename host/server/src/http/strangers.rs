//! Keeps strangers out: a request under a name that is not the host's, or one that a page of another origin sends.
//!
//! A host listens on loopback, and so does the browser of whoever works on that machine. A page of any site can send it requests:
//! by its address, which the browser marks with the page's origin, or by a name of its own that it lets point here.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::{ApiError, HttpFault};

/// What browsers say of the page that sends a request.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The names under which a host is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnNames {
    /// Names and addresses of its machine, each with the host's port.
    authorities: Vec<String>,
}

impl OwnNames {
    /// Those of a host that listens on `address`, with the further ones that its settings name.
    pub(crate) fn new(address: SocketAddr, further: &[String]) -> Self {
        let port = address.port();
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned(), "[::1]".to_owned(), host_of(address)];
        let mut authorities: Vec<String> = names.iter().map(|name| format!("{name}:{port}")).collect();
        if port == 80 {
            authorities.extend(names);
        }
        authorities.extend(further.iter().map(|name| name.to_ascii_lowercase()));
        Self { authorities }
    }

    fn has(&self, authority: &str) -> bool {
        self.authorities.iter().any(|own| own.eq_ignore_ascii_case(authority))
    }
}

fn host_of(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => format!("[{}]", address.ip()),
    }
}

/// Lets a request pass that is meant for this host and that no foreign page sends.
pub(crate) async fn keep_out(State(names): State<Arc<OwnNames>>, request: Request, next: Next) -> Response {
    match judge(&names, request.method(), request.uri().authority(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

fn judge(names: &OwnNames, method: &Method, target: Option<&Authority>, headers: &HeaderMap) -> Result<(), ApiError> {
    let bad = |public: &'static str| Err(ApiError::new(HttpFault::InvalidParameter, public));
    let foreign = |public: &'static str| Err(ApiError::new(HttpFault::ForeignRequest, public));
    let one = |name: &HeaderName| {
        let mut values = headers.get_all(name).iter();
        (values.next(), values.next().is_some())
    };
    match one(&HOST) {
        (None, _) => return bad("the request has no `Host`; name the host that is asked"),
        (Some(_), true) => return bad("the request has several `Host`; name one"),
        (Some(host), false) if host.to_str().is_ok_and(|host| names.has(host)) => {}
        (Some(_), false) => return foreign(NOT_MINE),
    }
    if target.is_some_and(|target| !names.has(target.as_str())) {
        return foreign(NOT_MINE);
    }
    match one(&ORIGIN) {
        (None, _) => {}
        (Some(_), true) => return bad("the request has several `Origin`; it comes from one page"),
        (Some(origin), false) => {
            let own = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
            if !own.is_some_and(|(_, authority)| names.has(authority)) {
                return foreign(FOREIGN_PAGE);
            }
        }
    }
    let changes = !matches!(*method, Method::GET | Method::HEAD);
    match one(&FETCH_SITE) {
        (Some(site), _) if changes && !matches!(site.as_bytes(), b"same-origin" | b"none") => foreign(FOREIGN_PAGE),
        _ => Ok(()),
    }
}

const NOT_MINE: &str = "the name in `Host` is not one of this host's; ask by its address and port, \
                        or have its operator add the name to `host_names`";
const FOREIGN_PAGE: &str =
    "a page of another origin sent the request; this host answers its own pages and programs only";

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, StatusCode};

    use super::*;

    type Header = (&'static str, &'static str);

    fn status(method: &str, headers: &[Header]) -> u16 {
        let names = OwnNames::new("127.0.0.1:8080".parse().expect("an address"), &["billing.example:443".to_owned()]);
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        judge(&names, &method, None, &map).map_or_else(|error| error.code.status(), |()| StatusCode::OK).as_u16()
    }

    #[test]
    fn it_answers_its_own_names_and_pages_only() {
        let own = ("host", "127.0.0.1:8080");
        let table: [(u16, &str, &[Header]); 20] = [
            (200, "GET", &[own]),
            (200, "POST", &[("host", "LOCALHOST:8080")]),
            (200, "GET", &[("host", "[::1]:8080")]),
            (200, "POST", &[("host", "billing.example:443")]),
            (400, "GET", &[]),
            (400, "GET", &[own, own]),
            (403, "GET", &[("host", "127.0.0.1")]),
            (403, "GET", &[("host", "localhost:8081")]),
            (403, "GET", &[("host", "rebound.example:8080")]),
            (403, "GET", &[("host", "127.0.0.1:8080.evil.example")]),
            (403, "GET", &[("host", "")]),
            (200, "POST", &[own, ("origin", "http://localhost:8080")]),
            (403, "GET", &[own, ("origin", "https://evil.example")]),
            (403, "POST", &[own, ("origin", "null")]),
            (403, "POST", &[own, ("origin", "http://localhost:8081")]),
            (400, "POST", &[own, ("origin", "http://localhost:8080"), ("origin", "http://localhost:8080")]),
            (403, "POST", &[own, ("sec-fetch-site", "cross-site")]),
            (403, "PUT", &[own, ("sec-fetch-site", "same-site")]),
            (200, "POST", &[own, ("sec-fetch-site", "same-origin")]),
            (200, "GET", &[own, ("sec-fetch-site", "cross-site")]),
        ];
        for (expected, method, headers) in table {
            assert_eq!(status(method, headers), expected, "{method} {headers:?}");
        }
    }
}
