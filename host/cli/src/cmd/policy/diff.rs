//! `adjudica policy diff`: what two policies answer differently, in which direction, in units and dollars.

use std::path::PathBuf;

use adjudica_core::{EncounterFacts, Token};
use adjudica_store::{EncounterFilter, HistoryFilter};
use anyhow::{Context as _, Result};
use serde_json::json;

use crate::exit::{Exit, Refusal};
use crate::intake::Faulty;
use crate::output::Output;
use crate::policy_input::PolicyInput;
use crate::{behaviour, engine, files, intake};

/// Compare what two policies answer: at their boundaries, on their cases, and on encounters of files.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The policy as it was: a folder, or a built file.
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The policy as it is to be.
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// Encounters to ask about too (.json, .ndjson, .csv); give it once for each file.
    #[arg(long, value_name = "FILE")]
    over: Vec<PathBuf>,
    /// A database whose stored encounters are asked about too, as `sqlite:adjudica.db`; nothing in it is changed.
    #[arg(long, value_name = "URL")]
    over_database: Option<String>,
    /// The agency whose encounters these are.
    #[arg(long, default_value = "default", value_parser = crate::args::parse_token)]
    agency: Token,
    /// The agency's terms for those encounters, as JSON.
    #[arg(long, value_name = "FILE")]
    terms: Option<PathBuf>,
}

/// Runs the verb.
pub fn run(args: &Args, output: &Output) -> Result<Exit> {
    let engine = engine::start(None)?;
    let (old, new) = (PolicyInput::load(&args.old, &engine)?, PolicyInput::load(&args.new, &engine)?);
    let made = behaviour::compare(&old, &new)?;
    behaviour::print(output, "at the boundaries and on the cases", &made)?;
    let mut answer = json!({ "boundaries": behaviour::answer(&made) });
    if !args.over.is_empty() || args.over_database.is_some() {
        let terms = args.terms.as_deref().map(files::load_terms).transpose();
        let terms =
            terms.map_err(|faults| Refusal::refused("no encounter was asked about", faults))?.unwrap_or_default();
        let mut encounters = intake::load_encounters(&args.over, Faulty::RefuseAll, output)?.good;
        if let Some(url) = &args.over_database {
            encounters.extend(stored(url, &args.agency)?);
        }
        let stored = behaviour::compare_over(&old, &new, encounters, &terms);
        behaviour::print(output, "on the encounters given", &stored)?;
        if let Some(answer) = answer.as_object_mut() {
            answer.insert("over".to_owned(), behaviour::answer(&stored));
        }
    }
    output.line(&format!("these differences ask for a {} version", made.bump().as_str()))?;
    output.answer(&answer)?;
    Ok(if made.changed.is_empty() { Exit::Ok } else { Exit::Differs })
}

/// Clients read at one time.
const CLIENTS: u32 = 500;

/// Every stored encounter of the agency. Each client's history is asked about from its beginning, so no ledger is needed.
fn stored(url: &str, agency: &Token) -> Result<Vec<EncounterFacts>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("the thread of the runtime could not be started")?.block_on(async {
        let store = adjudica_store::connect(url).await.context("the database of `--over-database` cannot be opened")?;
        let mut filter = HistoryFilter {
            agency_id: agency.clone(),
            encounters: EncounterFilter::default(),
            after_client_id: None,
            clients_max: CLIENTS,
        };
        let mut encounters = Vec::new();
        loop {
            let page = store.load_history(&filter).await?;
            encounters.extend(page.encounters.into_iter().map(|stored| stored.facts));
            match page.next_after_client_id {
                Some(next) => filter.after_client_id = Some(next),
                None => break,
            }
        }
        store.close().await;
        Ok(encounters)
    })
}
