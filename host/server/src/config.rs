//! What a host can be told: address, limits, intervals. Reading flags, environment and files is the command line's work.

use std::net::{AddrParseError, Ipv4Addr, SocketAddr};
use std::time::Duration;

use adjudica_service::Settings;
use serde::{Deserialize, Serialize};

/// Longest wait between two looks for new activations of other hosts.
pub const ACTIVATION_POLL_MS_MAX: u64 = 2_000;
/// Most threads that run policies. The rest of the engine's places is for the cases that run when a policy is activated.
pub const POLICY_THREADS_MAX: usize = 48;

/// Settings of a host. Every field has a sensible default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Address to listen on; loopback only, until requests can be authenticated.
    pub listen: SocketAddr,
    /// Names under which the host is asked besides those of loopback, each with its port, separated by commas: those of a proxy.
    pub host_names: String,
    /// Address of a listener of its own for `/healthz`, `/readyz` and `/metrics`, which no crowd on the other one can hide; loopback
    /// only, empty for none.
    pub health_listen: String,
    /// Connections held at one time; more wait to be accepted.
    pub connections_max: usize,
    /// Connections of one address; more are closed at once. A proxy's count as its own.
    pub connections_per_peer_max: usize,
    /// Time for the whole head of a request to arrive, and for a connection to sit idle.
    pub header_timeout_ms: u64,
    /// Time between two pieces of a body.
    pub body_timeout_ms: u64,
    /// Time for a request to be answered.
    pub request_timeout_ms: u64,
    /// Time that requests in flight get to end when the host stops.
    pub shutdown_timeout_ms: u64,
    /// Largest body of one request.
    pub body_bytes_max: usize,
    /// Largest body of a batch or a policy file.
    pub upload_bytes_max: usize,
    /// Requests worked on at one time; more are refused with 503.
    pub requests_max: usize,
    /// Threads that run policies, at most 48.
    pub policy_threads: usize,
    /// Calls that wait for such a thread; more are refused with 503.
    pub policy_queue_max: usize,
    /// Time between two looks for undecided encounters; 0 turns the worker off.
    pub worker_interval_ms: u64,
    /// Waiting encounters that the worker decides in one transaction.
    pub worker_encounters_max: usize,
    /// Time between two looks for activations of other hosts, at most 2,000.
    pub activation_poll_ms: u64,
    /// File of the publishers whose policies are taken, each with its keys; empty means that policies need no signature.
    pub publishers_file: String,
    /// Times that a decision is made again because the client's ledger moved meanwhile.
    pub ledger_retries_max: u32,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            host_names: String::new(),
            health_listen: String::new(),
            connections_max: 1_024,
            connections_per_peer_max: 768,
            header_timeout_ms: 10_000,
            body_timeout_ms: 10_000,
            request_timeout_ms: 30_000,
            shutdown_timeout_ms: 10_000,
            body_bytes_max: 256 * 1024,
            upload_bytes_max: 8 * 1024 * 1024,
            requests_max: 512,
            policy_threads: std::thread::available_parallelism()
                .map_or(2, std::num::NonZero::get)
                .min(POLICY_THREADS_MAX),
            policy_queue_max: 1_024,
            worker_interval_ms: 500,
            worker_encounters_max: 1_000,
            activation_poll_ms: 1_000,
            publishers_file: String::new(),
            ledger_retries_max: 16,
        }
    }
}

impl ServerConfig {
    /// The names of `host_names`.
    pub(crate) fn further_names(&self) -> Vec<String> {
        self.host_names.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
    }

    /// The settings of the listener for health: few connections, and all of them for whoever asks.
    pub(crate) fn for_health(&self) -> Self {
        Self { connections_max: 32, connections_per_peer_max: 32, ..self.clone() }
    }

    /// The address of the listener for health.
    pub(crate) fn health_address(&self) -> Result<Option<SocketAddr>, AddrParseError> {
        if self.health_listen.is_empty() { Ok(None) } else { self.health_listen.parse().map(Some) }
    }

    /// What of it is the service's.
    #[must_use]
    pub fn service(&self) -> Settings {
        Settings {
            policy_threads: self.policy_threads,
            policy_queue_max: self.policy_queue_max,
            worker_interval_ms: self.worker_interval_ms,
            worker_encounters_max: self.worker_encounters_max,
            activation_poll_ms: self.activation_poll_ms,
            publishers_file: self.publishers_file.clone(),
            ledger_retries_max: self.ledger_retries_max,
        }
    }

    /// Every fault of these settings, each naming its field and the remedy.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if !self.listen.ip().is_loopback() {
            faults.push(format!(
                "listen: `{}` can be reached by other machines, and requests cannot be authenticated yet; listen on 127.0.0.1 or [::1], behind a proxy that authenticates if others must reach it",
                self.listen
            ));
        }
        match self.health_address() {
            Ok(Some(address)) if !address.ip().is_loopback() => {
                faults.push(format!(
                    "health_listen: `{address}` can be reached by other machines; listen on 127.0.0.1 or [::1]"
                ));
            }
            Ok(_) => {}
            Err(_) => faults.push(format!(
                "health_listen: `{}` is no address; write one such as `127.0.0.1:8081`, or nothing",
                self.health_listen
            )),
        }
        let at_least_one = [
            ("connections_max", self.connections_max),
            ("connections_per_peer_max", self.connections_per_peer_max),
            ("body_bytes_max", self.body_bytes_max),
            ("upload_bytes_max", self.upload_bytes_max),
            ("requests_max", self.requests_max),
            ("policy_threads", self.policy_threads),
            ("policy_queue_max", self.policy_queue_max),
            ("worker_encounters_max", self.worker_encounters_max),
        ];
        faults.extend(
            at_least_one.iter().filter(|(_, value)| *value == 0).map(|(name, _)| format!("{name}: must be at least 1")),
        );
        let times = [
            ("header_timeout_ms", self.header_timeout_ms),
            ("body_timeout_ms", self.body_timeout_ms),
            ("request_timeout_ms", self.request_timeout_ms),
            ("shutdown_timeout_ms", self.shutdown_timeout_ms),
            ("activation_poll_ms", self.activation_poll_ms),
        ];
        faults.extend(
            times.iter().filter(|(_, value)| *value == 0).map(|(name, _)| format!("{name}: must be at least 1")),
        );
        if self.policy_threads > POLICY_THREADS_MAX {
            faults.push(format!("policy_threads: must be at most {POLICY_THREADS_MAX}; start more hosts for more"));
        }
        if self.activation_poll_ms > ACTIVATION_POLL_MS_MAX {
            faults.push(format!("activation_poll_ms: must be at most {ACTIVATION_POLL_MS_MAX}, so that all hosts follow an activation soon"));
        }
        faults
    }

    /// Time for a request to be answered.
    #[must_use]
    pub fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_its_own_defaults() {
        assert_eq!(ServerConfig::default().faults(), Vec::<String>::new());
    }

    #[test]
    fn it_leaves_the_engine_places_for_the_cases_of_an_activation() {
        let places = usize::try_from(adjudica_engine::CALLS_AT_ONCE_MAX).expect("a small number");
        assert!(POLICY_THREADS_MAX < places);
    }

    #[test]
    fn it_names_every_fault_at_once() {
        let config = ServerConfig {
            listen: "0.0.0.0:80".parse().expect("an address"),
            connections_max: 0,
            header_timeout_ms: 0,
            policy_threads: 49,
            activation_poll_ms: 5_000,
            ..ServerConfig::default()
        };
        let faults = config.faults();
        assert_eq!(faults.len(), 5, "{faults:?}");
        assert!(faults.iter().any(|fault| fault.contains("authenticated")), "{faults:?}");
    }
}
