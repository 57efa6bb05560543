//! What a host counts of HTTP: requests by route and status, and connections that it refused.

use adjudica_service::metrics::Metrics;
use metrics::Label;

/// Notes an answered request. `route` is the pattern of the route, not the path.
pub(crate) fn answered(metrics: &Metrics, route: &str, status: u16, seconds: f64) {
    let labels = vec![Label::new("route", route.to_owned()), Label::new("status", status.to_string())];
    metrics.counter("adjudica_requests_total", labels).increment(1);
    metrics.histogram("adjudica_request_seconds", Vec::new()).record(seconds);
}

/// Counts a connection that was refused because its peer has as many as one may have.
pub(crate) fn refused_peer(metrics: &Metrics) {
    metrics.counter("adjudica_connections_refused_total", Vec::new()).increment(1);
}
