//! The accept loop: connections with a cap, deadlines on every direction, a drain with a deadline. What is served is the router's business.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adjudica_service::metrics::Metrics;
use axum::Router;
use axum::middleware::from_fn_with_state;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::config::ServerConfig;
use crate::figures;
use crate::http::strangers::{OwnNames, keep_out};
use crate::timed_io::TimedIo;

/// Most header lines of a request.
const HEADERS_MAX: usize = 64;
/// Most bytes of a request's head.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Most bytes that a connection buffers.
const BUFFER_BYTES_MAX: usize = 64 * 1024;
/// How long to wait after the system refuses to accept: for instance when no file descriptors are left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How a host stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    /// Every request in flight was answered.
    Completely,
    /// The deadline came first; connections still open were cut.
    DeadlineCame,
}

/// Where a host listens.
#[derive(Debug)]
pub struct Listeners {
    /// For everything.
    pub main: TcpListener,
    /// For health alone.
    pub health: Option<TcpListener>,
}

impl From<TcpListener> for Listeners {
    fn from(main: TcpListener) -> Self {
        Self { main, health: None }
    }
}

/// How many connections each address has.
#[derive(Default)]
struct Peers {
    counts: Mutex<HashMap<IpAddr, usize>>,
}

/// A connection of an address, until it goes.
struct PeerPlace {
    peers: Arc<Peers>,
    address: IpAddr,
}

impl Peers {
    /// A place for one more connection of `address`; `None` where it has `most`.
    fn take(self: &Arc<Self>, address: IpAddr, most: usize) -> Option<PeerPlace> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= most {
            return None;
        }
        *count = count.saturating_add(1);
        Some(PeerPlace { peers: Arc::clone(self), address })
    }
}

impl Drop for PeerPlace {
    fn drop(&mut self) {
        let mut counts = self.peers.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

/// Listens on the configured addresses, which must be loopback addresses.
/// # Errors
/// The configuration's faults, or the operating system's refusal.
pub async fn listen(config: &ServerConfig) -> io::Result<Listeners> {
    let faults = config.faults();
    if !faults.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, faults.join("\n")));
    }
    let main = TcpListener::bind(config.listen).await?;
    let health = match config.health_address() {
        Ok(Some(address)) => {
            let bound = TcpListener::bind(address).await;
            Some(bound.map_err(|fault| io::Error::new(fault.kind(), format!("health_listen: {address}: {fault}")))?)
        }
        Ok(None) | Err(_) => None,
    };
    Ok(Listeners { main, health })
}

/// Serves `router` until `shutdown` ends, then lets requests in flight end.
/// # Errors
/// When `listener` is bound to an address that other machines reach.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    config: &ServerConfig,
    metrics: &Metrics,
    shutdown: impl Future<Output = ()>,
) -> io::Result<Drained> {
    let address = listener.local_addr()?;
    require_loopback(address)?;
    let names = Arc::new(OwnNames::new(address, &config.further_names()));
    let router = router.layer(from_fn_with_state(names, keep_out));
    let places = Arc::new(Semaphore::new(config.connections_max.min(Semaphore::MAX_PERMITS)));
    let peers = Arc::new(Peers::default());
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&listener, &places) => accepted,
            // Ended connections are taken out of the set as they end.
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
        };
        let Some((stream, address, place)) = accepted else { continue };
        // One that has too many is told by the end of the connection, which costs nothing.
        let Some(peer) = peers.take(address, config.connections_per_peer_max) else {
            figures::refused_peer(metrics);
            continue;
        };
        let connection = graceful.watch(connect(stream, router.clone(), config));
        connections.spawn(async move {
            if let Err(fault) = connection.await {
                tracing::debug!(%fault, "a connection ended early");
            }
            drop((place, peer));
        });
    }
    drop(listener);
    let deadline = Duration::from_millis(config.shutdown_timeout_ms);
    let drained = tokio::time::timeout(deadline, graceful.shutdown()).await;
    connections.shutdown().await;
    Ok(if drained.is_ok() { Drained::Completely } else { Drained::DeadlineCame })
}

fn require_loopback(address: SocketAddr) -> io::Result<()> {
    if address.ip().is_loopback() {
        return Ok(());
    }
    let refusal = format!(
        "`{address}` can be reached by other machines, and requests cannot be authenticated yet; listen on 127.0.0.1 or [::1]"
    );
    Err(io::Error::new(io::ErrorKind::InvalidInput, refusal))
}

/// Waits for a place, then for a connection: what is over the cap waits in the system's own queue.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, IpAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer.ip(), place)),
        Err(fault) => {
            tracing::warn!(%fault, "a connection could not be accepted; trying again");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

type Connection = http1::Connection<TokioIo<TimedIo<TcpStream>>, TowerToHyperService<Router>>;

fn connect(stream: TcpStream, router: Router, config: &ServerConfig) -> Connection {
    if let Err(fault) = stream.set_nodelay(true) {
        tracing::debug!(%fault, "a connection keeps its delay");
    }
    let write_timeout = Duration::from_millis(config.body_timeout_ms);
    http1::Builder::new()
        .timer(TokioTimer::new())
        // The timer starts with the connection and after each answer: it bounds the first byte, the head and idling.
        .header_read_timeout(Duration::from_millis(config.header_timeout_ms))
        .max_headers(HEADERS_MAX)
        .max_header_size(HEAD_BYTES_MAX)
        .max_buf_size(BUFFER_BYTES_MAX)
        .serve_connection(TokioIo::new(TimedIo::new(stream, write_timeout)), TowerToHyperService::new(router))
}
