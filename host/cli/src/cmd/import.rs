//! `adjudica import`: encounters from files into the database, all or none. Records are in the file beside it.

mod records;

use std::borrow::Cow;
use std::path::PathBuf;

use adjudica_core::{EncounterFacts, Token};
use adjudica_service::clock::{Clock as _, SystemClock};
use adjudica_store::{Parts, PutMode, StoreError};
use anyhow::{Context as _, Result};
use clap::Subcommand;
use serde_json::json;

use crate::config::{Settings, text, token};
use crate::database::{self, Absent};
use crate::exit::{Exit, Fault, Refusal};
use crate::host::DEFAULT_AGENCY;
use crate::intake::survey::Survey;
use crate::intake::{self, Faulty};
use crate::output::Output;
use crate::progress;

/// Bring data into the database.
#[derive(Debug, Subcommand)]
pub enum Verb {
    Encounters(EncounterArgs),
    Records(records::RecordArgs),
}

/// Bring encounters into the database: all of them, or none when a row has a fault.
#[derive(Debug, clap::Args)]
pub struct EncounterArgs {
    /// Encounters: a JSON list (.json), one JSON value per line (.ndjson), or CSV (.csv).
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// `sqlite:PATH` or `postgres://…`; also `ADJUDICA_DATABASE`, or `database` in adjudica.toml.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Begin an empty SQLite database where the file is not there.
    #[arg(long)]
    create: bool,
    /// The agency whose encounters they are [default: default]; also `ADJUDICA_AGENCY`, or `agency` in adjudica.toml.
    #[arg(long, value_name = "ID")]
    agency: Option<String>,
    /// Import the good rows when others have faults.
    #[arg(long)]
    partial: bool,
    /// Replace encounters that are stored already; without it they are faults.
    #[arg(long)]
    update: bool,
}

/// Runs the verb.
pub async fn run(verb: Verb, settings: Settings, output: &Output) -> Result<Exit> {
    match verb {
        Verb::Encounters(args) => import_encounters(args, settings, output).await,
        Verb::Records(args) => records::run(args, settings, output).await,
    }
}

async fn import_encounters(args: EncounterArgs, mut settings: Settings, output: &Output) -> Result<Exit> {
    let absent = if args.create { Absent::Begun } else { Absent::BegunWhereAlone };
    let database = settings.require("database", args.database.as_deref(), text);
    let agency = settings.find("agency", args.agency.as_deref(), token);
    settings.finish()?;
    let database = database.context("the database is not set")?;
    let agency = agency.map_or_else(|| Token::parse(DEFAULT_AGENCY), Ok)?;
    let faulty = if args.partial { Faulty::TakeGood } else { Faulty::RefuseAll };
    let mut survey: Survey<EncounterFacts> = intake::survey(&args.files, faulty, output)?;
    let store = database::open(&database, absent, output).await?;
    let mode = if args.update { PutMode::Upsert } else { PutMode::InsertOnly };
    let spinner = progress::spinner(output, "storing");
    let report = loop {
        let parts: &Parts<'_, EncounterFacts> = &|| Box::new(survey.parts().map(|part| part.map(Cow::Owned)));
        let report = store.import_encounters(&agency, parts, mode, SystemClock.now()).await;
        let there = match &report {
            Err(StoreError::EncountersExist { encounter_ids }) if args.partial => {
                encounter_ids.iter().cloned().collect()
            }
            _ => break report,
        };
        if survey.leave_out(&there, STORED_ALREADY) == 0 {
            break report;
        }
    };
    spinner.finish_and_clear();
    let report = report.map_err(refuse)?;
    survey.faults.iter().try_for_each(|fault| output.line(&format!("left out: {fault}")))?;
    if survey.empty > 0 {
        output.line(&format!("{} rows without any value were passed over", survey.empty))?;
    }
    let (inserted, updated, unchanged) = (report.inserted, report.updated, report.unchanged);
    output.line(&format!(
        "{} rows read: {inserted} inserted, {updated} updated, {unchanged} unchanged, {} left out",
        survey.count,
        survey.bad()
    ))?;
    output.answer(&json!({
        "rows": survey.count,
        "inserted": inserted,
        "updated": updated,
        "unchanged": unchanged,
        "faults": survey.faults,
        "empty": survey.empty,
    }))?;
    Ok(Exit::Ok)
}

/// What is wrong with an encounter that is to be new and is not.
const STORED_ALREADY: &str = "is stored already; give `--update` to replace it";

/// What the store refuses, with every id that it has already.
fn refuse(error: StoreError) -> anyhow::Error {
    match error {
        StoreError::EncountersExist { encounter_ids } => {
            let faults = encounter_ids
                .iter()
                .map(|id| Fault::new(format!("encounter `{id}` is stored already; give `--update` to replace it")));
            Refusal::refused("nothing was imported", faults.collect()).into()
        }
        other => anyhow::Error::new(other).context("nothing was imported"),
    }
}
