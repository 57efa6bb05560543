//! A host in this process, serving the comparison on loopback. Measures nothing.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use adjudica_engine::Engine;
use adjudica_server::host::Host;
use adjudica_server::{Server, ServerConfig};
use adjudica_service::SystemClock;
use adjudica_service::decide::bulk::Tally;
use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::load::{Connection, Request};

/// Encounters decided in one transaction, as the worker does by default.
pub(crate) const TURN: u32 = 1_000;

/// A host that serves until it is stopped.
pub(crate) struct Hosting {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Its insides, for work that needs no HTTP.
    pub(crate) host: Arc<Host>,
    serving: JoinHandle<()>,
}

impl Hosting {
    /// Starts a host on the database. Its worker is off: what is decided in bulk is decided when a figure asks for it.
    pub(crate) async fn start(engine: Engine, url: &str) -> Result<Self> {
        let store = adjudica_store::connect(url).await?;
        let config = ServerConfig {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            worker_interval_ms: 0,
            ..ServerConfig::default()
        };
        let listener = TcpListener::bind(config.listen).await?;
        let address = listener.local_addr()?;
        let app = Server::build(config, store, engine, Arc::new(SystemClock)).await?;
        let host = Arc::clone(&app.host);
        let serving = tokio::spawn(async move {
            if let Err(error) = app.serve(listener, std::future::pending()).await {
                eprintln!("the host stopped: {error}");
            }
        });
        Ok(Self { address, host, serving })
    }

    /// Decides whatever waits, in turns as long as the worker's.
    pub(crate) async fn decide_waiting(&self) -> Result<Tally> {
        let decided = self.host.service.decisions.decide_undecided(TURN, &|_| ()).await;
        decided.map_err(|error| anyhow!("{}", error.public))
    }

    /// Stops it.
    pub(crate) async fn stop(self) {
        self.serving.abort();
        self.host.service.store.close().await;
    }
}

/// Uploads a policy file and lets it answer for `agency` and the payer `benchmark` from 2022 on. Blocks.
pub(crate) fn activate(address: SocketAddr, agency: &str, file: &[u8]) -> Result<()> {
    let digest = upload(address, agency, file)?;
    let request = json!({
        "message": "for measuring", "payer_id": "benchmark", "policy": { "digest": digest }, "dos_from": "2022-01-01",
    });
    let body = request.to_string();
    let mut connection = Connection::open(address)?;
    let answer = connection.send(Request { agency, ..Request::json("/v1/activations", body.as_bytes()) })?;
    ensure!(answer.status == 201, "the activation was refused: {}", String::from_utf8_lossy(&answer.body));
    Ok(())
}

/// Uploads a policy file and gives its digest. Blocks.
pub(crate) fn upload(address: SocketAddr, agency: &str, file: &[u8]) -> Result<String> {
    let mut connection = Connection::open(address)?;
    let upload = Request { content_type: "application/wasm", ..Request::json("/v1/policies", file) };
    let answer = connection.send(Request { agency, ..upload })?;
    let text = String::from_utf8_lossy(&answer.body);
    ensure!(matches!(answer.status, 200 | 201), "the policy was refused: {text}");
    let stored: Value = serde_json::from_str(&text)?;
    let digest = stored.get("digest").and_then(Value::as_str).context("an upload is answered with its digest")?;
    Ok(digest.to_owned())
}
