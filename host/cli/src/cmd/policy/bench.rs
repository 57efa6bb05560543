//! `adjudica policy bench`: fuel, memory and time of a policy's calls, alone and by the thousand.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use adjudica_core::columns::{Batch, Explain};
use adjudica_core::encode::encode_batch;
use adjudica_core::manifest::Budget;
use adjudica_core::{Terms, Timeline};
use adjudica_workbench::probe::Probes;
use anyhow::{Context as _, Result, anyhow};
use serde_json::{Value, json};

use crate::engine;
use crate::exit::{Exit, Fault, Refusal};
use crate::output::Output;
use crate::policy_input::PolicyInput;
use crate::table::{Align, Table, thousands};

/// Encounters of the large call.
const BATCH: usize = 1_000;
/// Calls of each size that are timed.
const SINGLE_CALLS: usize = 2_000;
const BATCH_CALLS: usize = 50;

/// Measure policies: fuel, memory and time for a decision alone and in a call of 1,000.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folders or built files.
    #[arg(required = true, value_name = "FOLDER|FILE")]
    policies: Vec<PathBuf>,
    /// Fail where a decision takes more fuel than this, alone or in a call of 1,000, whatever the policy's budget says.
    #[arg(long, value_name = "FUEL")]
    fuel_max: Option<u32>,
    /// Fail where a call takes more memory than this, whatever the policy's budget says.
    #[arg(long, value_name = "BYTES")]
    memory_bytes_max: Option<u32>,
}

/// What calls of one size cost.
struct Measured {
    /// Timelines in a call.
    size: usize,
    /// Encounters of the first call.
    encounters: u32,
    /// Fuel for each encounter of a call: the median, and the dearest.
    fuel_median: u64,
    fuel_max: u64,
    /// Memory of the call that takes most.
    memory_bytes: u64,
    /// Time for each encounter of a call.
    median: Duration,
    p99: Duration,
}

/// Runs the verb.
pub fn run(args: &Args, output: &Output) -> Result<Exit> {
    let engine = engine::start(None)?;
    let mut table = Table::new(&[
        ("policy", Align::Left),
        ("encounters", Align::Right),
        ("fuel each", Align::Right),
        ("dearest", Align::Right),
        ("budget", Align::Right),
        ("memory KiB", Align::Right),
        ("us each", Align::Right),
        ("us each, p99", Align::Right),
    ]);
    let (mut answer, mut over) = (Vec::new(), Vec::new());
    for path in &args.policies {
        let input = PolicyInput::load(path, &engine)?;
        let (subject, compiled) = input.subject()?;
        let probes = Probes::of(&subject, &compiled);
        let (terms, timelines) = probes
            .timelines()
            .max_by_key(|(_, timelines)| timelines.len())
            .context("the policy has no cases to make encounters from")?;
        let stated = input.manifest().budget.unwrap_or_default();
        let budget = Budget {
            fuel_max: args.fuel_max.or(stated.fuel_max),
            memory_bytes_max: args.memory_bytes_max.or(stated.memory_bytes_max),
        };
        let name = format!("{} {}", input.manifest().policy_id, input.manifest().version);
        for (size, calls) in [(1, SINGLE_CALLS), (BATCH, BATCH_CALLS)] {
            let measured = measure(&input, terms, timelines, size, calls)?;
            table.row([
                name.clone(),
                measured.encounters.to_string(),
                thousands(measured.fuel_median),
                thousands(measured.fuel_max),
                budget.fuel_max.map_or_else(|| "-".to_owned(), |max| thousands(u64::from(max))),
                thousands(measured.memory_bytes / 1_024),
                micros(measured.median),
                micros(measured.p99),
            ]);
            answer.push(told(&name, &measured, &budget));
            over.extend(excesses(&budget, &measured).into_iter().map(|message| Fault::of_file(path, message)));
        }
    }
    output.table(&table)?;
    if over.is_empty() {
        output.answer(&json!({ "measured": answer }))?;
        return Ok(Exit::Ok);
    }
    Err(Refusal { exit: Exit::OverBudget, ..Refusal::refused("over budget", over) }.into())
}

/// Times calls of `size` timelines.
fn measure(input: &PolicyInput, terms: &Terms, timelines: &[Timeline], size: usize, calls: usize) -> Result<Measured> {
    let batches: Vec<Batch> = (0..calls.min(timelines.len().max(1)))
        .map(|call| {
            let chosen: Vec<Timeline> =
                timelines.iter().cycle().skip(call.saturating_mul(size)).take(size).cloned().collect();
            encode_batch(input.manifest(), &chosen, terms, Explain::FailedOnly)
        })
        .collect::<Result<_, _>>()?;
    let (mut times, mut fuels, mut memory_bytes) = (Vec::new(), Vec::new(), 0);
    for batch in batches.iter().cycle().take(calls) {
        let encounters = batch.encounters.max(1);
        let start = Instant::now();
        let (_, spent) = input.policy.call_measured(batch).map_err(|fault| anyhow!("{fault}"))?;
        times.push(start.elapsed() / encounters);
        fuels.push(spent.fuel / u64::from(encounters));
        memory_bytes = memory_bytes.max(spent.memory_bytes);
    }
    times.sort();
    fuels.sort_unstable();
    let place = |permille: usize| times.len().saturating_mul(permille) / 1_000;
    let at = |permille: usize| times.get(place(permille)).copied().unwrap_or_default();
    let fuel_median = fuels.get(place(500)).copied().unwrap_or_default();
    let fuel_max = fuels.last().copied().unwrap_or_default();
    let encounters = batches.first().map_or(0, |batch| batch.encounters);
    Ok(Measured { size, encounters, fuel_median, fuel_max, memory_bytes, median: at(500), p99: at(990) })
}

/// What is above its bound, each with what to do.
fn excesses(budget: &Budget, measured: &Measured) -> Vec<String> {
    let Measured { size, fuel_max, memory_bytes, .. } = *measured;
    let fuel = (fuel_max, budget.fuel_max, "fuel for a decision", "fuel_max");
    let memory = (memory_bytes, budget.memory_bytes_max, "bytes of memory", "memory_bytes_max");
    let over = [fuel, memory].into_iter().filter(|(is, max, ..)| max.is_some_and(|max| *is > u64::from(max)));
    over.map(|(is, max, what, name)| {
        let max = max.unwrap_or_default();
        format!(
            "a call of {size} takes {is} {what} and its budget is {max}; find what made it dearer, or raise `{name}`"
        )
    })
    .collect()
}

/// Microseconds, with two digits behind the point.
fn micros(time: Duration) -> String {
    format!("{}.{:02}", time.as_nanos() / 1_000, time.as_nanos() % 1_000 / 10)
}

fn told(name: &str, measured: &Measured, budget: &Budget) -> Value {
    let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    json!({
        "policy": name, "encounters": measured.encounters, "fuel_each_median": measured.fuel_median, "fuel_each_max": measured.fuel_max,
        "memory_bytes": measured.memory_bytes, "budget": budget,
        "ns_each_median": nanos(measured.median), "ns_each_p99": nanos(measured.p99),
    })
}
