//! `adjudica serve`: the HTTP API on a database.

use std::time::Duration;

use adjudica_server::serve::{Drained, Listeners, listen};
use adjudica_server::{App, Server};
use anyhow::{Context as _, Result};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::Settings;
use crate::database::Absent;
use crate::exit::Exit;
use crate::host::{DatabaseArgs, HostSettings};
use crate::logging;
use crate::output::Output;

/// Most time for the database's connections to end.
const CLOSE_MAX: Duration = Duration::from_secs(5);

/// Serve the HTTP API on a database, and decide what other systems write into it.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    server: ServerArgs,
    /// Levels of log lines on standard error, such as `info` or `adjudica_server=debug`; also `ADJUDICA_LOG`, or `log` in adjudica.toml.
    #[arg(long, value_name = "LEVELS")]
    log: Option<String>,
}

/// Flags of every verb that serves.
#[derive(Debug, clap::Args)]
pub struct ServerArgs {
    /// Address and port, loopback only [default: 127.0.0.1:8080]; also `ADJUDICA_LISTEN`, or `listen` in adjudica.toml.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Another setting of the server, such as `policy_threads=4`; also `ADJUDICA_POLICY_THREADS`, or the same name in adjudica.toml.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_pair)]
    set: Vec<(String, String)>,
}

impl ServerArgs {
    /// Names and values that the command line gives.
    pub fn flags(self) -> Vec<(String, String)> {
        self.set.into_iter().chain(self.listen.map(|listen| ("listen".to_owned(), listen))).collect()
    }
}

fn parse_pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').ok_or_else(|| "write NAME=VALUE".to_owned())?;
    Ok((pair.0.to_owned(), pair.1.to_owned()))
}

/// Runs the verb until it is told to stop.
pub async fn run(args: Args, mut settings: Settings, output: &Output) -> Result<Exit> {
    let levels = settings.find("log", args.log.as_deref(), logging::parse_levels);
    let settings = HostSettings::read(&args.database, Absent::BegunWhereAlone, &args.server.flags(), settings)?;
    logging::start(levels);
    let listeners =
        listen(&settings.server).await.with_context(|| format!("cannot listen on {}", settings.server.listen))?;
    let address = listeners.main.local_addr()?;
    let health = listeners.health.as_ref().map(TcpListener::local_addr).transpose()?;
    let stop = told_to_stop()?;
    let server = settings.server.clone();
    let app = Server::over(settings.build(output).await?, server);
    output.line(&format!("serving on http://{address}, to try at http://{address}/docs; stop with Ctrl-C"))?;
    if let Some(health) = health {
        output.line(&format!("health is answered on http://{health}/healthz too"))?;
    }
    output.answer(&json!({ "listening": address, "health": health }))?;
    serve(app, listeners, stop).await?;
    Ok(Exit::Ok)
}

/// Serves until `stop` ends, then lets requests in flight end.
pub async fn serve(app: App, listeners: impl Into<Listeners>, stop: impl Future<Output = ()>) -> Result<()> {
    let store = std::sync::Arc::clone(&app.host.service.store);
    let drained = app.serve(listeners, stop).await.context("the host stopped serving")?;
    match drained {
        Drained::Completely => tracing::info!("stopped; every request in flight was answered"),
        Drained::DeadlineCame => tracing::warn!("stopped; requests that took too long were cut off"),
    }
    // A connection that somebody cut off does not come back to be closed.
    if tokio::time::timeout(CLOSE_MAX, store.close()).await.is_err() {
        tracing::warn!("connections to the database were cut off; what was acknowledged is there");
    }
    Ok(())
}

/// Ends when Ctrl-C is pressed, the terminal goes, or the system asks to end. The signals are caught from this call on.
pub fn told_to_stop() -> Result<impl Future<Output = ()>> {
    let catch = |kind| signal(kind).context("signals cannot be caught");
    let (mut interrupt, mut terminate) = (catch(SignalKind::interrupt())?, catch(SignalKind::terminate())?);
    let mut hangup = catch(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}
