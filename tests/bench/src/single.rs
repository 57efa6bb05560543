//! One decision in this process, with a fresh instance for each. No batch, no store, no HTTP.

use std::hint::black_box;
use std::time::Instant;

use adjudica_core::Terms;
use adjudica_core::columns::Explain;
use anyhow::Result;

use crate::Effort;
use crate::encounters::{Shape, timelines};
use crate::policies::{Subject, Workshop};
use crate::report::{Report, Target};
use crate::stopwatch::{nanoseconds, quantile};

/// Different encounters, taken in turns.
const ENCOUNTERS: u32 = 1_000;
const MICROSECOND: f64 = 1_000.0;

/// Single decisions of the comparison and of a payer's policy, from facts to the rendered decision.
pub(crate) fn measure(report: &mut Report, workshop: &Workshop, effort: Effort) -> Result<()> {
    measure_one(report, &workshop.comparison()?, "comparison", "benchmark", effort)?;
    measure_one(report, &workshop.plugin("bcbsm/v2")?, "bcbsm", "bcbsm", effort)
}

fn measure_one(report: &mut Report, subject: &Subject, name: &str, payer: &str, effort: Effort) -> Result<()> {
    let timelines = timelines(ENCOUNTERS, Shape { payer, encounters_per_client: 1, ledger_lines_max: 6, series: 0 })?;
    let terms = Terms::default();
    let mut times = Vec::new();
    for _ in 0..effort.rounds(30) {
        for timeline in timelines.chunks(1) {
            let start = Instant::now();
            black_box(subject.policy.decide(black_box(timeline), &terms, Explain::FailedOnly));
            times.push(nanoseconds(start.elapsed()) / MICROSECOND);
        }
    }
    report.judge(&format!("single_{name}_median"), quantile(times.clone(), 0.5), "us", Target::AtMost(30.0));
    report.judge(&format!("single_{name}_p99"), quantile(times, 0.99), "us", Target::AtMost(60.0));
    Ok(())
}
