//! `adjudica demo`: a made-up agency, decided by the policies of a folder, then served to try things on.

mod policies;
mod summary;
mod try_next;

use std::path::{Path, PathBuf};

use adjudica_core::{Outcome, Token};
use adjudica_server::serve::Listeners;
use adjudica_server::{Server, ServerConfig};
use adjudica_service::Service;
use adjudica_service::decide::decision_record::DecisionRecord;
use adjudica_store::PutMode;
use anyhow::{Context as _, Result};
use serde_json::json;
use tokio::net::TcpListener;

use crate::cmd::demo::summary::Summary;
use crate::cmd::serve::{ServerArgs, serve, told_to_stop};
use crate::config::Settings;
use crate::database::Absent;
use crate::exit::{Exit, Fault, Refusal};
use crate::host::{DEFAULT_AGENCY, HostSettings, refuse};
use crate::output::Output;
use crate::sample::{self, Sample};
use crate::table::thousands;
use crate::{logging, progress};

/// Decide a made-up agency's encounters, show what became of them, then serve it all.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder with the policy files that `adjudica policy build` wrote.
    #[arg(long, value_name = "FOLDER")]
    policies: PathBuf,
    /// End after the table, without serving.
    #[arg(long)]
    once: bool,
    /// New SQLite file to keep; without it a temporary one is used and removed at the end.
    #[arg(long, value_name = "PATH")]
    database: Option<PathBuf>,
    /// Folder for compiled policies.
    #[arg(long, value_name = "FOLDER")]
    cache_dir: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArgs,
}

/// Encounters decided in one transaction.
const ENCOUNTERS_PER_COMMIT: u32 = 500;
/// Decisions read at a time.
const PAGE: u32 = 1_000;

/// Runs the verb.
pub async fn run(args: Args, mut settings: Settings, output: &Output) -> Result<Exit> {
    let flags = args.server.flags();
    let port = if flags.iter().any(|(name, _)| name == "listen") { Port::AsAsked } else { Port::AnyIfTaken };
    let server = settings.server(&flags);
    settings.finish()?;
    logging::start(logging::parse_levels("warn,sqlx=error").ok());
    let files = policies::find(&args.policies)?;
    let database = Database::choose(args.database)?;
    let agency = Token::parse(DEFAULT_AGENCY)?;
    let service = HostSettings {
        database: database.url()?,
        absent: Absent::Begun,
        agency: agency.clone(),
        cache_dir: args.cache_dir,
        server: server.clone(),
    }
    .build(output)
    .await?;
    let sample = sample::generate()?;
    load(&service, &agency, &sample, output).await?;
    policies::activate_all(&service, &agency, &files, &sample, output).await?;
    decide(&service, &sample, output).await?;
    let (summary, examples) = read_back(&service, &agency).await?;
    summary.print(output)?;
    if args.once {
        output.answer(&summary.json())?;
        service.store.close().await;
        return Ok(Exit::Ok);
    }
    let listeners = listen(&server, port).await?;
    let address = listeners.main.local_addr()?;
    let stop = told_to_stop()?;
    output.answer(&json!({ "summary": summary.json(), "listening": address }))?;
    try_next::print(output, address, &examples)?;
    serve(Server::over(service, server), listeners, stop).await?;
    Ok(Exit::Ok)
}

/// What to do when the port is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Port {
    /// Give up: it was asked for.
    AsAsked,
    /// Take any free one.
    AnyIfTaken,
}

/// The file that the demonstration works on.
enum Database {
    /// The caller's; it stays.
    Kept(PathBuf),
    /// In a folder of its own, removed at the end.
    Temporary(PathBuf),
}

impl Database {
    fn choose(named: Option<PathBuf>) -> Result<Self> {
        if let Some(path) = named {
            if path.exists() {
                let fault = Fault::of_file(&path, "it exists already; name a file that does not, or remove it");
                return Err(Refusal::usage("the demonstration needs a new database", vec![fault]).into());
            }
            return Ok(Self::Kept(path));
        }
        let folder = std::env::temp_dir().join(format!("adjudica-demo-{}", std::process::id()));
        std::fs::create_dir(&folder).with_context(|| format!("`{}` cannot be made", folder.display()))?;
        Ok(Self::Temporary(folder))
    }

    fn url(&self) -> Result<String> {
        let path = match self {
            Self::Kept(path) => path.clone(),
            Self::Temporary(folder) => folder.join("demo.db"),
        };
        let path = path.to_str().with_context(|| format!("`{}` is not UTF-8", path.display()))?;
        Ok(format!("sqlite:{path}"))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Self::Temporary(folder) = self {
            // What cannot be removed stays where the system clears it away.
            drop(std::fs::remove_dir_all(folder));
        }
    }
}

async fn load(service: &Service, agency: &Token, sample: &Sample, output: &Output) -> Result<()> {
    let now = service.clock.now();
    let report = service.store.put_encounters(agency, &sample.encounters, PutMode::InsertOnly, now).await;
    let inserted = report.context("the sample agency could not be loaded")?.inserted;
    let records = service.store.put_records(agency, &sample.records, "sample", now).await;
    let records = thousands(records.context("the records of the sample agency could not be loaded")?.inserted);
    let clients = thousands(u64::from(sample::CLIENTS));
    Ok(output.line(&format!(
        "{} encounters of {clients} made-up clients and {records} records loaded",
        thousands(inserted)
    ))?)
}

async fn decide(service: &Service, sample: &Sample, output: &Output) -> Result<()> {
    let bar = progress::bar(output, "deciding", u64::try_from(sample.encounters.len())?);
    let decided =
        service.decisions.decide_undecided(ENCOUNTERS_PER_COMMIT, &|tally| bar.set_position(tally.decided)).await;
    let seconds = bar.elapsed().as_millis();
    bar.finish_and_clear();
    let tally = decided.map_err(|error| refuse("the sample agency could not be decided", error))?;
    let (decided, commits) = (thousands(tally.decided), thousands(tally.commits));
    Ok(output.line(&format!("{decided} encounters decided and recorded in {commits} transactions, {seconds} ms\n"))?)
}

/// Counts what was recorded, and picks decisions to show.
async fn read_back(service: &Service, agency: &Token) -> Result<(Summary, try_next::Examples)> {
    let mut summary = Summary::default();
    let mut examples = try_next::Examples::default();
    let mut after = 0;
    loop {
        let page = service.store.load_decisions(agency, after, PAGE).await?;
        for stored in &page {
            let record = DecisionRecord::parse(&stored.record).context("a record cannot be read")?;
            summary.add(&record.facts, &record.decision());
            match record.outcome {
                Outcome::Billable => examples.billable.get_or_insert_with(|| record.decision_id.to_string()),
                Outcome::NotBillable => examples.refused.get_or_insert_with(|| record.decision_id.to_string()),
                Outcome::ReportOnly | Outcome::Incomplete | Outcome::Review | Outcome::Undetermined => continue,
            };
            if record.outcome == Outcome::NotBillable {
                examples.encounter.get_or_insert_with(|| record.encounter_id.to_string());
            }
        }
        match page.last() {
            Some(last) => after = last.summary.sequence,
            None => return Ok((summary, examples)),
        }
    }
}

/// The configured address; where none was asked for and it is taken, any free port.
async fn listen(config: &ServerConfig, port: Port) -> Result<Listeners> {
    match adjudica_server::serve::listen(config).await {
        Err(error) if port == Port::AnyIfTaken && error.kind() == std::io::ErrorKind::AddrInUse => {
            TcpListener::bind((config.listen.ip(), 0)).await.map(Listeners::from).context("no free port was found")
        }
        other => other.with_context(|| format!("cannot listen on {}", config.listen)),
    }
}

/// A name for a policy file in sentences.
fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
