//! `adjudica import records`: records of clients, people, practices and encounters from files, all or none.

use std::borrow::Cow;
use std::path::PathBuf;

use adjudica_core::Token;
use adjudica_core::records::Record;
use adjudica_service::clock::{Clock as _, SystemClock};
use adjudica_store::{NewRecords, Parts, StoreError};
use anyhow::{Context as _, Result};
use serde_json::json;

use crate::config::{Settings, text, token};
use crate::database::{self, Absent};
use crate::exit::{Exit, Fault, Refusal};
use crate::host::DEFAULT_AGENCY;
use crate::intake::survey::{Position, Survey};
use crate::intake::{self, Faulty};
use crate::output::Output;
use crate::progress;

/// Bring records into the database: coverage, case managers, people, authorizations, proof. All of them, or none when one
/// has a fault. A record that is stored already gets another version where it differs.
#[derive(Debug, clap::Args)]
pub struct RecordArgs {
    /// Records: a JSON list (.json), or one JSON object per line (.ndjson). Each has `record_id`, `subject_id` and `body`.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// `sqlite:PATH` or `postgres://…`; also `ADJUDICA_DATABASE`, or `database` in adjudica.toml.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Begin an empty SQLite database where the file is not there.
    #[arg(long)]
    create: bool,
    /// The agency whose records they are [default: default]; also `ADJUDICA_AGENCY`, or `agency` in adjudica.toml.
    #[arg(long, value_name = "ID")]
    agency: Option<String>,
    /// Who brings them, kept with each version.
    #[arg(long, value_name = "NAME", default_value = "import")]
    actor: String,
}

/// Runs the verb.
pub async fn run(args: RecordArgs, mut settings: Settings, output: &Output) -> Result<Exit> {
    let absent = if args.create { Absent::Begun } else { Absent::BegunWhereAlone };
    let database = settings.require("database", args.database.as_deref(), text);
    let agency = settings.find("agency", args.agency.as_deref(), token);
    settings.finish()?;
    let database = database.context("the database is not set")?;
    let agency = agency.map_or_else(|| Token::parse(DEFAULT_AGENCY), Ok)?;
    let survey: Survey<Record> = intake::survey(&args.files, Faulty::RefuseAll, output)?;
    let store = database::open(&database, absent, output).await?;
    let groups: Vec<Vec<Position>> = survey.together().collect();
    let parts: &Parts<'_, Record> = &|| Box::new(groups.iter().map(|group| survey.items(group).map(Cow::Owned)));
    let gives = survey.ids();
    let (written_by, now) = (args.actor.as_str(), SystemClock.now());
    let new = NewRecords { agency_id: &agency, parts, gives: &gives, written_by, now };
    let spinner = progress::spinner(output, "storing");
    let put = store.import_records(&new).await;
    spinner.finish_and_clear();
    let report = put.map_err(refuse)?;
    let (inserted, updated, unchanged) = (report.inserted, report.updated, report.unchanged);
    output.line(&format!(
        "{} records read: {inserted} inserted, {updated} updated, {unchanged} unchanged",
        survey.count
    ))?;
    output.answer(
        &json!({ "records": survey.count, "inserted": inserted, "updated": updated, "unchanged": unchanged }),
    )?;
    Ok(Exit::Ok)
}

/// What the store refuses, fault by fault.
fn refuse(error: StoreError) -> anyhow::Error {
    match error {
        StoreError::BadRecords { mut faults } => {
            // They come by group, not by row.
            faults.sort();
            Refusal::refused("nothing was imported", faults.into_iter().map(Fault::new).collect()).into()
        }
        other => anyhow::Error::new(other).context("nothing was imported"),
    }
}
