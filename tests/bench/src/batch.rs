//! A batch of 1,000 encounters: in the sandbox, natively, and by the peers, on the same encounters.

use std::cell::RefCell;
use std::hint::black_box;

use adjudica_core::columns::{Batch, Explain};
use adjudica_core::encode::encode_batch;
use adjudica_core::{Terms, Timeline};
use adjudica_sdk::{NoHooks, native};
use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::Effort;
use crate::encounters::{Shape, timelines};
use crate::peers::{PEERS_PROGRAM, Peers, Verdicts, duckdb, facts, of_decision};
use crate::policies::{Subject, Workshop};
use crate::process::program;
use crate::records::resolve_all;
use crate::report::{Report, Target};
use crate::stopwatch::alternate;

/// Encounters of one batch.
const BATCH: u32 = 1_000;
/// Batches in one round of ours; a single one is too short for the clock.
const BATCHES: u32 = 20;
/// Encounters of one query of a database that works by column.
const VECTORISED: u32 = 100_000;
/// Encounters on which all engines must agree.
const AGREEMENT: u32 = 10_000;

/// The batch against native code: for the comparison, for the same with the rules about records, and for a payer's policy.
/// The last two are given encounters with everything on file about them.
pub(crate) fn against_native(report: &mut Report, workshop: &Workshop, effort: Effort) -> Result<()> {
    let comparison = Shape { payer: "benchmark", encounters_per_client: 1, ledger_lines_max: 6, series: 0 };
    compare_with_native(report, &workshop.comparison()?, &timelines(BATCH, comparison)?, "comparison", effort)?;
    let mut on_file = timelines(BATCH, comparison)?;
    resolve_all(&mut on_file)?;
    compare_with_native(report, &workshop.with_records()?, &on_file, "records", effort)?;
    let plugin = Shape { payer: "bcbsm", encounters_per_client: 4, ledger_lines_max: 6, series: 0 };
    let mut on_file = timelines(BATCH, plugin)?;
    resolve_all(&mut on_file)?;
    compare_with_native(report, &workshop.plugin("bcbsm/v2")?, &on_file, "bcbsm", effort)
}

fn compare_with_native(
    report: &mut Report,
    subject: &Subject,
    timelines: &[Timeline],
    name: &str,
    effort: Effort,
) -> Result<()> {
    let terms = Terms::default();
    let batch = encode(subject, timelines)?;
    ensure!(
        native::call(&subject.compiled, &NoHooks, &batch)? == subject.policy.call(&batch)?,
        "sandbox and native code answer `{name}` alike"
    );
    let mut sandboxed = || repeat(|| Ok(black_box(subject.policy.call(black_box(&batch))?)));
    let mut native = || repeat(|| Ok(black_box(native::call(&subject.compiled, &NoHooks, black_box(&batch))?)));
    let mut from_facts =
        || repeat(|| Ok(black_box(subject.policy.decide(black_box(timelines), &terms, Explain::FailedOnly))));
    let [sandboxed, native, from_facts] = alternate(effort.rounds(40), [&mut sandboxed, &mut native, &mut from_facts])?;
    let decisions = BATCH * BATCHES;
    report.figure(&format!("batch_{name}_wasm"), sandboxed.median_ns(decisions), "ns/decision");
    report.figure(&format!("batch_{name}_native"), native.median_ns(decisions), "ns/decision");
    report.figure(&format!("batch_{name}_from_facts"), from_facts.median_ns(decisions), "ns/decision");
    let rendered = from_facts.median_over(&sandboxed);
    report.judge(&format!("batch_{name}_from_facts_over_guest"), rendered, "x", Target::AtMost(3.0));
    report.judge(&format!("batch_{name}_wasm_over_native"), sandboxed.median_over(&native), "x", Target::AtMost(2.0));
    Ok(())
}

/// The batch against the peers, which first show that they decide alike.
pub(crate) fn against_peers(report: &mut Report, workshop: &Workshop, effort: Effort) -> Result<()> {
    let Compared { subject, timelines, ours, facts } = Compared::of(workshop, AGREEMENT)?;
    let batch = encode(&subject, timelines.get(..usize::try_from(BATCH)?).context("a batch of encounters")?)?;
    let mut by_us = || repeat(|| Ok(black_box(subject.policy.call(black_box(&batch))?)));
    let mut peers = Peers::start(&mut program(PEERS_PROGRAM)?, facts)?;
    for name in ["zen", "regorus", "regorus_vm"] {
        peers.agree(report, name, &ours)?;
    }
    let peers = RefCell::new(peers);
    let mut by_zen = || peers.borrow_mut().round("zen", BATCH);
    let mut by_interpreter = || peers.borrow_mut().round("regorus", BATCH);
    let mut by_machine = || peers.borrow_mut().round("regorus_vm", BATCH);
    let sides = [&mut by_us as &mut dyn FnMut() -> Result<()>, &mut by_zen, &mut by_interpreter, &mut by_machine];
    let [us, zen, interpreter, machine] = alternate(effort.rounds(15), sides)?;
    report.figure("peer_ours", us.median_ns(BATCH * BATCHES), "ns/decision");
    for (name, times, bound) in
        [("zen", zen, Some(100.0)), ("regorus", interpreter, Some(300.0)), ("regorus_vm", machine, None)]
    {
        report.figure(&format!("peer_{name}"), times.median_ns(BATCH), "ns/decision");
        // A round of ours is BATCHES batches, a round of a peer one.
        let faster = times.median_over(&us) * f64::from(BATCHES);
        let figure = format!("peer_{name}_over_ours");
        match bound {
            Some(bound) => report.judge(&figure, faster, "x", Target::AtLeast(bound)),
            None => report.figure(&figure, faster, "x"),
        }
    }
    Ok(())
}

/// The batch against a database that works by column, on one thread and by one query over many encounters, which first shows that it
/// decides alike.
pub(crate) fn against_duckdb(report: &mut Report, workshop: &Workshop, effort: Effort) -> Result<()> {
    let Compared { subject, timelines, ours, facts } = Compared::of(workshop, VECTORISED)?;
    let mut duckdb = Peers::start(&mut duckdb()?, facts)?;
    duckdb.agree(report, "duckdb", &ours)?;
    let batches = timelines.chunks(usize::try_from(BATCH)?).map(|batch| encode(&subject, batch));
    let batches = batches.collect::<Result<Vec<Batch>>>()?;
    let mut by_us = || {
        batches.iter().try_for_each(|batch| {
            black_box(subject.policy.call(black_box(batch))?);
            Ok(())
        })
    };
    let mut by_duckdb = || duckdb.round("duckdb", VECTORISED);
    let sides = [&mut by_us as &mut dyn FnMut() -> Result<()>, &mut by_duckdb];
    let [us, them] = alternate(effort.rounds(15), sides)?;
    report.figure("vectorised_ours", us.median_ns(VECTORISED), "ns/decision");
    report.figure("vectorised_duckdb", them.median_ns(VECTORISED), "ns/decision");
    report.judge("vectorised_ours_over_duckdb", us.median_over(&them), "x", Target::AtMost(0.4));
    Ok(())
}

/// Encounters that several engines decide, and what ours says of each.
struct Compared {
    subject: Subject,
    timelines: Vec<Timeline>,
    ours: Vec<Verdicts>,
    facts: Vec<Value>,
}

impl Compared {
    fn of(workshop: &Workshop, encounters: u32) -> Result<Self> {
        let subject = workshop.comparison()?;
        let shape = Shape { payer: "benchmark", encounters_per_client: 1, ledger_lines_max: 6, series: 0 };
        let timelines = timelines(encounters, shape)?;
        let ours = subject.policy.decide(&timelines, &Terms::default(), Explain::FailedOnly);
        let ours = ours.iter().map(of_decision).collect::<Result<Vec<_>>>()?;
        require_variety(&ours)?;
        let facts = timelines.iter().map(facts).collect::<Result<Vec<_>>>()?;
        Ok(Self { subject, timelines, ours, facts })
    }
}

fn encode(subject: &Subject, timelines: &[Timeline]) -> Result<Batch> {
    Ok(encode_batch(&subject.compiled.manifest, timelines, &Terms::default(), Explain::FailedOnly)?)
}

fn repeat<T>(mut call: impl FnMut() -> Result<T>) -> Result<()> {
    for _ in 0..BATCHES {
        call()?;
    }
    Ok(())
}

/// The encounters must reach every outcome that the policy can give, else agreeing on them says little.
fn require_variety(ours: &[Verdicts]) -> Result<()> {
    for outcome in ["billable", "incomplete", "review", "not_billable"] {
        let count = ours.iter().filter(|verdicts| verdicts.outcome == outcome).count();
        ensure!(count * 50 >= ours.len(), "only {count} of {} encounters are `{outcome}`", ours.len());
    }
    for rule in crate::peers::RULES {
        ensure!(
            ours.iter().any(|verdicts| verdicts.failed.iter().any(|failed| failed == rule)),
            "no encounter fails `{rule}`"
        );
    }
    Ok(())
}
