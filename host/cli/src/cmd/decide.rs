//! `adjudica decide`: a file of encounters against policy files, with no server and no database.

pub mod explain;
pub mod route;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use adjudica_core::columns::Explain;
use adjudica_core::{Cents, Outcome, Terms, Token};
use adjudica_engine::Engine;
use adjudica_service::registry::answerer::Answerer;
use adjudica_service::registry::answerer::Chosen;
use anyhow::Result;
use serde_json::json;

use crate::cmd::decide::route::{Decided, Loaded, find_overlap};
use crate::exit::{Exit, Fault, Refusal};
use crate::intake::Faulty;
use crate::output::{Format, Output};
use crate::table::{Align, Table, dollars};
use crate::{engine, exit, files, intake, progress};

/// Decide encounters of a file against policy files; no server, no database.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Encounters: a JSON list (.json), one JSON value per line (.ndjson), or CSV (.csv).
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// A policy file; give it once for each.
    #[arg(long, required = true, value_name = "FILE.wasm")]
    policy: Vec<PathBuf>,
    /// The agency's terms as JSON: for every policy, or `PAYER=FILE` for the policies of one payer.
    #[arg(long, value_name = "[PAYER=]FILE")]
    terms: Vec<String>,
    /// Every rule tried, with its source and what to do.
    #[arg(long)]
    explain: bool,
    /// Decide the good rows when others have faults.
    #[arg(long)]
    partial: bool,
    /// Folder for compiled policies.
    #[arg(long, value_name = "FOLDER")]
    cache_dir: Option<PathBuf>,
}

/// Runs the verb.
pub fn run(args: &Args, output: &Output) -> Result<Exit> {
    let faulty = if args.partial { Faulty::TakeGood } else { Faulty::RefuseAll };
    let intake = intake::load_encounters(&args.files, faulty, output)?;
    let policies = load_policies(args, &engine::start(args.cache_dir.clone())?)?;
    let explain = if args.explain { Explain::All } else { Explain::FailedOnly };
    let bar = progress::bar(output, "deciding", u64::try_from(intake.good.len())?);
    let show = |done: usize| bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
    let decided = route::decide(&policies, intake.good, explain, &show);
    bar.finish_and_clear();
    match output.format() {
        Format::Json => print_json(output, &decided, &intake.faults)?,
        Format::Human if args.explain => explain::print(output, &decided)?,
        Format::Human => print_table(output, &decided)?,
    }
    intake.faults.iter().try_for_each(|fault| output.line(&format!("left out: {fault}")))?;
    Ok(exit::of_decisions(decided.iter().map(|one| &one.decision)))
}

fn load_policies(args: &Args, engine: &Engine) -> Result<Vec<Loaded>> {
    let mut faults = Vec::new();
    let terms = load_terms(&args.terms, &mut faults);
    let mut policies: Vec<Loaded> = Vec::new();
    for path in &args.policy {
        match load_policy(path, engine, &terms) {
            Err(found) => faults.extend(found),
            Ok(loaded) => {
                let overlaps = policies.iter().filter_map(|other| find_overlap(&other.manifest, &loaded.manifest));
                faults.extend(overlaps.map(|message| Fault::of_file(path, message)));
                policies.push(loaded);
            }
        }
    }
    if faults.is_empty() { Ok(policies) } else { Err(Refusal::refused("nothing was decided", faults).into()) }
}

/// Terms, and the payer that they are for; none for every payer.
type TermsOf = (Option<Token>, Terms);

fn load_policy(path: &Path, engine: &Engine, terms: &[TermsOf]) -> Result<Loaded, Vec<Fault>> {
    let bytes = std::fs::read(path).map_err(|error| vec![Fault::of_file(path, format!("cannot be read: {error}"))])?;
    let policy = engine.load(&bytes).map_err(|error| files::load_faults(path, &error))?;
    let manifest = policy.manifest().clone();
    let own = |(payer, _): &&TermsOf| payer.as_ref().is_none_or(|payer| manifest.payers.contains(payer));
    let terms = terms.iter().rfind(own).map(|(_, terms)| terms.clone()).unwrap_or_default();
    let (_, digest) = terms.canonical();
    let answerer = Arc::new(Answerer::new(&policy, Arc::new(terms), digest, Chosen::Pinned));
    Ok(Loaded { manifest, answerer })
}

fn load_terms(given: &[String], faults: &mut Vec<Fault>) -> Vec<TermsOf> {
    let mut terms = Vec::new();
    for text in given {
        let (payer, path) = match text.split_once('=').map(|(payer, path)| (Token::parse(payer), path)) {
            Some((Ok(payer), path)) => (Some(payer), path),
            _ => (None, text.as_str()),
        };
        match files::load_terms(path.as_ref()) {
            Ok(found) => terms.push((payer, found)),
            Err(found) => faults.extend(found),
        }
    }
    // Terms of one payer come before those of all: the last match is taken.
    terms.sort_by_key(|(payer, _)| payer.is_some());
    terms
}

fn print_json(output: &Output, decided: &[Decided], faults: &[Fault]) -> Result<()> {
    let policy = |policy: &Arc<Answerer>| json!({ "policy_id": policy.policy_id, "version": policy.version, "digest": policy.digest });
    let decision = |one: &Decided| {
        json!({
            "encounter_id": one.facts.encounter_id,
            "payer_id": one.facts.payer_id,
            "date_of_service": one.facts.date_of_service,
            "policy": one.policy.as_ref().map(policy),
            "decision": one.decision,
        })
    };
    let decisions: Vec<_> = decided.iter().map(decision).collect();
    Ok(output.json(&json!({ "decisions": decisions, "counts": counts(decided), "faults": faults }))?)
}

fn counts(decided: &[Decided]) -> serde_json::Map<String, serde_json::Value> {
    let count = |outcome: Outcome| decided.iter().filter(|one| one.decision.outcome == outcome).count();
    Outcome::ALL.into_iter().map(|outcome| (outcome.as_str().to_owned(), count(outcome).into())).collect()
}

fn print_table(output: &Output, decided: &[Decided]) -> Result<()> {
    let mut table = Table::new(&[
        ("encounter", Align::Left),
        ("date", Align::Left),
        ("payer", Align::Left),
        ("outcome", Align::Left),
        ("lines", Align::Left),
        ("amount", Align::Right),
        ("reason", Align::Left),
    ]);
    for one in decided {
        table.row([
            one.facts.encounter_id.to_string(),
            one.facts.date_of_service.to_string(),
            one.facts.payer_id.to_string(),
            one.decision.outcome.as_str().to_owned(),
            explain::lines(&one.decision),
            amount(one),
            explain::reason(&one.decision),
        ]);
    }
    output.table(&table)?;
    let counted: Vec<String> = Outcome::ALL
        .into_iter()
        .map(|outcome| (outcome, decided.iter().filter(|one| one.decision.outcome == outcome).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(outcome, count)| format!("{count} {}", outcome.as_str()))
        .collect();
    Ok(output.line(&format!("\n{} encounters: {}", decided.len(), counted.join(", ")))?)
}

/// What the accepted lines come to; blank when nothing is accepted or a rate is unknown.
fn amount(one: &Decided) -> String {
    let mut cents = one.decision.lines.iter().map(|line| line.amount_cents);
    let sum = cents.try_fold(Cents::ZERO, |sum, cents| sum.plus(cents?).ok());
    sum.filter(|_| one.decision.outcome.is_accepted()).map(dollars).unwrap_or_default()
}
