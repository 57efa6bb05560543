//! `adjudica import records`: records of clients, people, practices and encounters from files, all or none.

use std::path::{Path, PathBuf};

use adjudica_core::Token;
use adjudica_core::records::Record;
use adjudica_sdk::tables;
use adjudica_service::clock::{Clock as _, SystemClock};
use adjudica_service::intake::json::parse_json;
use adjudica_service::intake::record::parse_records;
use adjudica_service::{Faults, FieldFault};
use adjudica_store::StoreError;
use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::config::{Settings, text, token};
use crate::database::{self, Absent};
use crate::exit::{Exit, Fault, Refusal};
use crate::files;
use crate::host::DEFAULT_AGENCY;
use crate::output::Output;

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
    let mut records = Vec::new();
    let mut faults = Vec::new();
    for file in &args.files {
        match read(file) {
            Ok(read) => records.extend(read),
            Err(found) => faults.extend(found),
        }
    }
    if !faults.is_empty() {
        return Err(Refusal::refused("nothing was imported", faults).into());
    }
    let store = database::open(&database, absent, output).await?;
    let put = store.put_records(&agency, &records, &args.actor, SystemClock.now()).await;
    let report = put.map_err(refuse)?;
    let (inserted, updated, unchanged) = (report.inserted, report.updated, report.unchanged);
    output.line(&format!(
        "{} records read: {inserted} inserted, {updated} updated, {unchanged} unchanged",
        records.len()
    ))?;
    output.answer(
        &json!({ "records": records.len(), "inserted": inserted, "updated": updated, "unchanged": unchanged }),
    )?;
    Ok(Exit::Ok)
}

/// The records of a file, or every fault of it.
fn read(path: &Path) -> Result<Vec<Record>, Vec<Fault>> {
    let of_file = |message: String| Fault::of_file(path, message);
    let bytes = std::fs::read(path).map_err(|error| vec![of_file(format!("cannot be read: {error}"))])?;
    let text = tables::decode(&bytes).map_err(|fault| vec![of_file(fault.message)])?;
    let by_line = path.extension().is_some_and(|ending| ending == "ndjson" || ending == "jsonl");
    let (items, mut faults) = if by_line { lines(&text) } else { whole(&text) };
    // What cannot be read as JSON would be missed by the reader of records as well.
    let is_read = faults.is_empty() || items.is_some();
    match parse_records(&json!({ "records": items.unwrap_or_default() })) {
        Ok(records) if faults.is_empty() && !records.is_empty() => return Ok(records),
        Ok(_) if faults.is_empty() => return Err(vec![of_file("holds no records".to_owned())]),
        Err(found) if is_read => faults.add(found),
        Ok(_) | Err(_) => {}
    }
    Err(files::faults_of(path, &faults))
}

/// The value of a file that is one JSON text, and what is wrong with it; `None` where it is none.
fn whole(text: &str) -> (Option<Value>, Faults) {
    match parse_json(text.as_bytes()) {
        Ok(parsed) => (Some(parsed.value), parsed.faults),
        Err(error) => (None, error.into()),
    }
}

/// The values of a file with one in each line, and what is wrong with each; `None` where one of them is none.
fn lines(text: &str) -> (Option<Value>, Faults) {
    let (mut items, mut faults, mut is_whole) = (Vec::new(), Faults::default(), true);
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let (value, found) = whole(line);
        is_whole &= value.is_some();
        items.extend(value);
        faults.extend(found.told().map(|fault| FieldFault::new("", format!("line {number}: {fault}"))));
    }
    (is_whole.then_some(Value::Array(items)), faults)
}

/// What the store refuses, fault by fault.
fn refuse(error: StoreError) -> anyhow::Error {
    match error {
        StoreError::BadRecords { faults } => {
            Refusal::refused("nothing was imported", faults.into_iter().map(Fault::new).collect()).into()
        }
        other => anyhow::Error::new(other).context("nothing was imported"),
    }
}
