//! `adjudica report`: what contracts pay beside claims, and how rates stand to benchmarks. Reads files, changes nothing.

use std::path::{Path, PathBuf};

use adjudica_money::accrual::{Benchmark, Incentive, Roster, compare};
use anyhow::Result;
use clap::Subcommand;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::exit::{Exit, Fault, Refusal};
use crate::files::load_terms;
use crate::output::Output;

/// What contracts pay beside claims, and how rates stand to benchmarks.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// What a month of members is worth: a roster times an amount for each member and month.
    Capitation {
        /// The roster: a JSON object.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// What measures pay: one line for each, with the reason.
    Incentive {
        /// The contract with its measures and results: a JSON object.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Hourly rates of the terms beside a table of regional averages. No decision ever reads the table.
    Benchmark {
        /// The agency's terms: a JSON object.
        #[arg(long, value_name = "FILE")]
        terms: PathBuf,
        /// The averages: a JSON list.
        #[arg(value_name = "FILE")]
        table: PathBuf,
    },
}

/// Runs the verb.
pub fn run(verb: &Verb, output: &Output) -> Result<Exit> {
    match verb {
        Verb::Capitation { file } => capitation(file, output),
        Verb::Incentive { file } => incentive(file, output),
        Verb::Benchmark { terms, table } => benchmark(terms, table, output),
    }
}

fn capitation(file: &Path, output: &Output) -> Result<Exit> {
    let roster: Roster = read(file)?;
    require_sound(file, roster.faults())?;
    let accrual = roster.accrue();
    output.line(&format!(
        "{}: {} members with the whole month, {} with a part of it, ${}",
        roster.contract_id, accrual.whole, accrual.part, accrual.cents
    ))?;
    output.answer(&json!({ "contract_id": roster.contract_id, "accrual": accrual }))?;
    Ok(Exit::Ok)
}

fn incentive(file: &Path, output: &Output) -> Result<Exit> {
    let contract: Incentive = read(file)?;
    require_sound(file, contract.faults())?;
    let lines = contract.accrue();
    for line in &lines {
        let reached = line.reached_basis_points.map_or_else(|| "-".to_owned(), percent);
        let reason = serde_json::to_value(line.reason)?;
        output.line(&format!(
            "{}: {reached} of {}, {}, ${}",
            line.measure_id,
            percent(line.threshold_basis_points),
            reason.as_str().unwrap_or_default(),
            line.cents
        ))?;
    }
    output.answer(&json!({ "contract_id": contract.contract_id, "lines": lines }))?;
    Ok(Exit::Ok)
}

fn benchmark(terms: &Path, table: &Path, output: &Output) -> Result<Exit> {
    let terms = load_terms(terms).map_err(|faults| Refusal::usage("the terms cannot be used", faults))?;
    let table: Vec<Benchmark> = read(table)?;
    let lines = compare(&terms, &table);
    for line in &lines {
        output.line(&format!(
            "rates[{}] {}: ${} an hour, benchmark ${} to ${}, outside by ${}",
            line.rate, line.region, line.cents, line.low_cents, line.high_cents, line.outside_cents
        ))?;
    }
    if lines.is_empty() {
        output.line("no hourly rate of the terms names a region of the table")?;
    }
    output.answer(&json!({ "lines": lines }))?;
    Ok(Exit::Ok)
}

/// Hundredths of a percent as a person reads them.
fn percent(basis_points: u32) -> String {
    format!("{}.{:02} %", basis_points / 100, basis_points % 100)
}

fn read<T: DeserializeOwned>(file: &Path) -> Result<T, Refusal> {
    let refuse = |message: String| Refusal::usage("nothing was reported", vec![Fault::of_file(file, message)]);
    let text = std::fs::read_to_string(file).map_err(|error| refuse(format!("cannot be read: {error}")))?;
    serde_json::from_str(&text).map_err(|error| refuse(format!("is not what is asked for: {error}")))
}

fn require_sound(file: &Path, faults: Vec<String>) -> Result<(), Refusal> {
    let faults: Vec<Fault> = faults.into_iter().map(|fault| Fault::of_file(file, fault)).collect();
    if faults.is_empty() { Ok(()) } else { Err(Refusal::refused("nothing was reported", faults)) }
}
