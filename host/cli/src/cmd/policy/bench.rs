//! `adjudica policy bench`: fuel, memory and time of a policy's calls, alone and by the thousand.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use adjudica_core::columns::{Batch, Explain};
use adjudica_core::encode::encode_batch;
use adjudica_core::{Terms, Timeline};
use adjudica_engine::CallCost;
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
    /// Fail where a decision takes more fuel than this, alone or in a call of 1,000.
    #[arg(long, value_name = "FUEL")]
    fuel_max: Option<u64>,
    /// Fail where a call of 1,000 takes more memory than this.
    #[arg(long, value_name = "BYTES")]
    memory_bytes_max: Option<u64>,
}

/// What calls of one size cost.
struct Measured {
    encounters: usize,
    cost: CallCost,
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
        let name = format!("{} {}", input.manifest().policy_id, input.manifest().version);
        for (size, calls) in [(1, SINGLE_CALLS), (BATCH, BATCH_CALLS)] {
            let measured = measure(&input, (terms, timelines), size, calls)?;
            let each = |time: Duration| micros_each(time, measured.encounters);
            table.row([
                name.clone(),
                measured.encounters.to_string(),
                thousands(fuel_each(&measured)),
                thousands(measured.cost.memory_bytes / 1_024),
                each(measured.median),
                each(measured.p99),
            ]);
            answer.push(told(&name, &measured));
            if args.fuel_max.is_some_and(|max| fuel_each(&measured) > max) {
                over.push(Fault::of_file(
                    path,
                    format!("a decision takes {} fuel in a call of {size}", fuel_each(&measured)),
                ));
            }
            if args.memory_bytes_max.is_some_and(|max| measured.cost.memory_bytes > max) {
                over.push(Fault::of_file(
                    path,
                    format!("a call of {size} takes {} bytes of memory", measured.cost.memory_bytes),
                ));
            }
        }
    }
    output.table(&table)?;
    if over.is_empty() {
        output.answer(&json!({ "measured": answer }))?;
        return Ok(Exit::Ok);
    }
    Err(Refusal { exit: Exit::OverBudget, ..Refusal::refused("over budget", over) }.into())
}

/// Times calls of `size` encounters; cost is that of the dearest.
fn measure(
    input: &PolicyInput,
    (terms, timelines): (&Terms, &[Timeline]),
    size: usize,
    calls: usize,
) -> Result<Measured> {
    let batches: Vec<Batch> = (0..calls.min(timelines.len().max(1)))
        .map(|call| {
            let chosen: Vec<Timeline> =
                timelines.iter().cycle().skip(call.saturating_mul(size)).take(size).cloned().collect();
            encode_batch(input.manifest(), &chosen, terms, Explain::FailedOnly)
        })
        .collect::<Result<_, _>>()?;
    let (mut times, mut cost) = (Vec::new(), CallCost::default());
    for batch in batches.iter().cycle().take(calls) {
        let start = Instant::now();
        let (_, spent) = input.policy.call_measured(batch).map_err(|fault| anyhow!("{fault}"))?;
        times.push(start.elapsed());
        cost = CallCost { fuel: cost.fuel.max(spent.fuel), memory_bytes: cost.memory_bytes.max(spent.memory_bytes) };
    }
    times.sort();
    let at = |permille: usize| times.get(times.len().saturating_mul(permille) / 1_000).copied().unwrap_or_default();
    let encounters = batches.first().map_or(size, |batch| usize::try_from(batch.encounters).unwrap_or(size));
    Ok(Measured { encounters, cost, median: at(500), p99: at(990) })
}

fn fuel_each(measured: &Measured) -> u64 {
    measured.cost.fuel / u64::try_from(measured.encounters.max(1)).unwrap_or(1)
}

/// Microseconds for each of the encounters, with two digits behind the point.
fn micros_each(time: Duration, encounters: usize) -> String {
    let nanos = time.as_nanos() / u128::try_from(encounters.max(1)).unwrap_or(1);
    format!("{}.{:02}", nanos / 1_000, nanos % 1_000 / 10)
}

fn told(name: &str, measured: &Measured) -> Value {
    json!({
        "policy": name, "encounters": measured.encounters, "fuel_each": fuel_each(measured),
        "memory_bytes": measured.cost.memory_bytes,
        "ns_median": u64::try_from(measured.median.as_nanos()).unwrap_or(u64::MAX),
        "ns_p99": u64::try_from(measured.p99.as_nanos()).unwrap_or(u64::MAX),
    })
}
