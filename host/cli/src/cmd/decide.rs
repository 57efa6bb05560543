//! `adjudica decide`: a file of encounters against policy files, with no server and no database.

pub mod answers;
pub mod explain;
mod out_file;
pub mod route;
mod row;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use adjudica_core::columns::Explain;
use adjudica_core::{Cents, Decision, Outcome, Terms, Token};
use adjudica_engine::Engine;
use adjudica_service::registry::answerer::Answerer;
use adjudica_service::registry::answerer::Chosen;
use anyhow::Result;
use serde_json::json;

use crate::cmd::decide::answers::{Answered, Answers, Form};
use crate::cmd::decide::out_file::OutFile;
use crate::cmd::decide::route::{Loaded, find_overlap};
use crate::exit::{Exit, Fault, Refusal};
use crate::intake::Faulty;
use crate::output::{Format, Output};
use crate::table::{Align, Table, counted, dollars};
use crate::{engine, files, intake, progress};

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
    /// A file for the answers, in the order of the encounters: one JSON value per line (.ndjson), or rows for a spreadsheet (.csv).
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Folder for compiled policies.
    #[arg(long, value_name = "FOLDER")]
    cache_dir: Option<PathBuf>,
}

/// Runs the verb.
pub fn run(args: &Args, output: &Output) -> Result<Exit> {
    let faulty = if args.partial { Faulty::TakeGood } else { Faulty::RefuseAll };
    let out = args.out.as_deref().map(|out| OutFile::begin(out, &args.files)).transpose()?;
    let survey = intake::survey(&args.files, faulty, output)?;
    let policies = load_policies(args, &engine::start(args.cache_dir.clone())?)?;
    let explain = if args.explain { Explain::All } else { Explain::FailedOnly };
    let bar = progress::bar(output, "deciding", u64::try_from(survey.good().count())?);
    let show = |done: usize| bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
    let decide = |answers: Answers<'_>| route::decide(&policies, &survey, explain, answers, &show);
    let (answered, path) = match out {
        None => (decide(Answers::new(Form::Json, None)?)?, None),
        Some(out) => {
            let path = out.path.display().to_string();
            (out.write(survey.good(), decide)?, Some(path))
        }
    };
    bar.finish_and_clear();
    match (output.format(), path) {
        (_, Some(path)) => {
            output.line(&format!("{} are in {path}", counted(answered.len(), "answer", "answers")))?;
            output.line(&in_words(&answered))?;
            output.answer(&json!({ "answers": path, "counts": counts(&answered), "faults": survey.faults }))?;
        }
        (Format::Json, None) => print_json(output, &answered, &survey.faults)?,
        (Format::Human, None) if args.explain => answered.each(|answer| explain::print(output, answer))?,
        (Format::Human, None) => print_table(output, &answered)?,
    }
    survey.faults.iter().try_for_each(|fault| output.line(&format!("left out: {fault}")))?;
    Ok(answered.exit)
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

/// One JSON value, an answer at a time.
fn print_json(output: &Output, answered: &Answered, faults: &[Fault]) -> Result<()> {
    let mut out = output.writer();
    write!(out, "{{\"counts\":{},\"decisions\":[", serde_json::to_string(&counts(answered))?)?;
    let mut between = "";
    answered.each_text(|text| {
        out.write_all(between.as_bytes())?;
        between = ",";
        Ok(out.write_all(text)?)
    })?;
    writeln!(out, "],\"faults\":{}}}", serde_json::to_string(faults)?)?;
    Ok(out.flush()?)
}

fn counts(answered: &Answered) -> serde_json::Map<String, serde_json::Value> {
    Outcome::ALL.into_iter().map(|outcome| (outcome.as_str().to_owned(), answered.count(outcome).into())).collect()
}

fn print_table(output: &Output, answered: &Answered) -> Result<()> {
    let mut table = Table::new(&[
        ("encounter", Align::Left),
        ("date", Align::Left),
        ("payer", Align::Left),
        ("outcome", Align::Left),
        ("lines", Align::Left),
        ("amount", Align::Right),
        ("reason", Align::Left),
    ]);
    answered.each(|answer| {
        table.row([
            answer.encounter_id.to_string(),
            answer.date_of_service.to_string(),
            answer.payer_id.to_string(),
            answer.decision.outcome.as_str().to_owned(),
            explain::lines(&answer.decision),
            amount(&answer.decision).map(dollars).unwrap_or_default(),
            explain::reason(&answer.decision),
        ]);
        Ok(())
    })?;
    output.table(&table)?;
    Ok(output.line(&format!("\n{}", in_words(answered)))?)
}

/// How many answers there are of each outcome.
fn in_words(answered: &Answered) -> String {
    let counted: Vec<String> = Outcome::ALL
        .into_iter()
        .map(|outcome| (outcome, answered.count(outcome)))
        .filter(|(_, count)| *count > 0)
        .map(|(outcome, count)| format!("{count} {}", outcome.as_str()))
        .collect();
    format!("{} encounters: {}", answered.len(), counted.join(", "))
}

/// What the accepted lines come to; none when nothing is accepted or a rate is unknown.
fn amount(decision: &Decision) -> Option<Cents> {
    let mut cents = decision.lines.iter().map(|line| line.amount_cents);
    let sum = cents.try_fold(Cents::ZERO, |sum, cents| sum.plus(cents?).ok());
    sum.filter(|_| decision.outcome.is_accepted())
}
