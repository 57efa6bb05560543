//! `adjudica policy diff`: what two policies answer differently, in which direction, in units and dollars.

mod scheduled;

use std::path::PathBuf;

use adjudica_core::{ServiceDate, Token};
use anyhow::{Context as _, Result};
use serde_json::json;

use crate::cmd::policy::diff::scheduled::Plan;
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
    /// The agency's terms for those encounters, as JSON; without them those of the database's schedule.
    #[arg(long, value_name = "FILE")]
    terms: Option<PathBuf>,
    /// With `--over-database`: what the new policy would answer from this date of service on, against the schedule as it stands.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = ServiceDate::parse, requires = "over_database")]
    as_if: Option<ServiceDate>,
}

/// Runs the verb.
pub fn run(args: &Args, output: &Output) -> Result<Exit> {
    let engine = engine::start(None)?;
    let (old, new) = (PolicyInput::load(&args.old, &engine)?, PolicyInput::load(&args.new, &engine)?);
    let made = behaviour::compare(&old, &new)?;
    behaviour::print(output, "at the boundaries and on the cases", &made)?;
    let mut answer = json!({ "boundaries": behaviour::answer(&made) });
    let terms = args.terms.as_deref().map(files::load_terms).transpose();
    let terms = terms.map_err(|faults| Refusal::refused("no encounter was asked about", faults))?;
    let mut told = Vec::new();
    if !args.over.is_empty() {
        let survey = intake::survey(&args.over, Faulty::RefuseAll, output)?;
        let over = behaviour::compare_over(&old, &new, &survey, &terms.clone().unwrap_or_default())?;
        behaviour::print(output, "on the encounters given", &over)?;
        told.push(("over", over));
    }
    if let Some(url) = &args.over_database {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.context("the thread of the runtime could not be started")?;
        let plan = Plan { old: &old, new: &new, as_if: args.as_if, terms };
        let over = runtime.block_on(scheduled::compare(url, &args.agency, &plan, output))?;
        behaviour::print(output, "on the stored encounters", &over)?;
        told.push(("over_database", over));
    }
    if let Some(answer) = answer.as_object_mut() {
        answer.extend(told.iter().map(|(name, over)| ((*name).to_owned(), behaviour::answer(over))));
    }
    output.line(&format!("these differences ask for a {} version", made.bump().as_str()))?;
    output.answer(&answer)?;
    Ok(if made.changed() == 0 { Exit::Ok } else { Exit::Differs })
}
