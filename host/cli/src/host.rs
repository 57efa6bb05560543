//! Puts a host together for a verb: database, engine, decision service; and stores policy files. What a host does is the server's.

use std::path::PathBuf;
use std::sync::Arc;

use adjudica_core::{Digest, Manifest, Token};
use adjudica_server::ServerConfig;
use adjudica_service::asking::Keep;
use adjudica_service::{FieldFault, Service, ServiceError, SystemClock};
use anyhow::{Context as _, Result};

use crate::config::{Settings, text, token};
use crate::database::{self, Absent};
use crate::engine;
use crate::exit::{Fault, Refusal};
use crate::output::Output;

/// What a host is put together from.
pub struct HostSettings {
    /// Address of the database.
    pub database: String,
    /// What to do where it is not there.
    pub absent: Absent,
    /// The agency that the verb speaks for.
    pub agency: Token,
    /// Folder for compiled policies.
    pub cache_dir: Option<PathBuf>,
    /// The settings of service and server.
    pub server: ServerConfig,
}

/// The agency of requests that name none.
pub const DEFAULT_AGENCY: &str = "default";

/// Flags of every verb that works on a database.
#[derive(Debug, clap::Args)]
pub struct DatabaseArgs {
    /// `sqlite:PATH` or `postgres://…`; also `ADJUDICA_DATABASE`, or `database` in adjudica.toml.
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// The agency [default: default]; also `ADJUDICA_AGENCY`, or `agency` in adjudica.toml.
    #[arg(long, value_name = "ID")]
    pub agency: Option<String>,
    /// Begin an empty SQLite database where the file is not there.
    #[arg(long)]
    pub create: bool,
    /// Folder for compiled policies; also `ADJUDICA_CACHE_DIR`, or `cache_dir` in adjudica.toml.
    #[arg(long, value_name = "FOLDER")]
    pub cache_dir: Option<String>,
}

impl HostSettings {
    /// Reads them from the three places.
    /// # Errors
    /// Every fault of every setting.
    pub fn read(
        args: &DatabaseArgs,
        absent: Absent,
        server_flags: &[(String, String)],
        mut settings: Settings,
    ) -> Result<Self> {
        let database = settings.require("database", args.database.as_deref(), text);
        let agency = settings.find("agency", args.agency.as_deref(), token);
        let cache_dir = settings.find("cache_dir", args.cache_dir.as_deref(), text).map(PathBuf::from);
        let server = settings.server(server_flags);
        settings.finish()?;
        let agency = agency.map_or_else(|| Token::parse(DEFAULT_AGENCY), Ok)?;
        let absent = if args.create { Absent::Begun } else { absent };
        Ok(Self { database: database.context("the database is not set")?, absent, agency, cache_dir, server })
    }

    /// Opens the database and loads whatever is activated in it.
    /// # Errors
    /// When one of them cannot be used; the message says what to do.
    pub async fn build(self, output: &Output) -> Result<Arc<Service>> {
        let engine = tokio::task::spawn_blocking(|| engine::start(self.cache_dir)).await??;
        let store = database::open(&self.database, self.absent, output).await?;
        for warning in store.warnings() {
            tracing::warn!("{warning}");
        }
        let clock = Arc::new(SystemClock);
        let built = Service::build(self.server.service(), store, engine, clock).await;
        built.context("the host cannot be put together")
    }
}

/// Checks a policy file and stores it, or for a dry run takes it as if it were stored. The same file again changes nothing.
/// # Errors
/// Every reason why the file is refused.
pub async fn upload(
    service: &Service,
    path: &std::path::Path,
    actor: &Token,
    keep: Keep,
) -> Result<(Digest, Manifest)> {
    let wasm = std::fs::read(path).with_context(|| format!("`{}` cannot be read", path.display()))?;
    let taken = service.registry.take_in(actor, wasm, keep, service.clock.now()).await;
    let taken = taken.map_err(|error| refuse(&format!("`{}` is refused", path.display()), error))?;
    Ok((taken.digest, taken.manifest))
}

/// A refusal of the server as one of this program, with every fault.
pub fn refuse(headline: &str, error: ServiceError) -> Refusal {
    let of_field = |fault: FieldFault| Fault {
        field: Some(fault.field).filter(|field| !field.is_empty()),
        ..Fault::new(fault.message)
    };
    if error.errors.is_empty() {
        let internal = error.internal.map(|internal| format!(" ({internal})")).unwrap_or_default();
        return Refusal::refused(format!("{headline}: {}{internal}", error.public), Vec::new());
    }
    Refusal::refused(headline, error.errors.into_iter().map(of_field).collect())
}
