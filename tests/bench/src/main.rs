//! Prints the figures of the design, `name value unit`, all in one run. Measures only; tests are elsewhere.

#![expect(
    clippy::float_arithmetic,
    clippy::print_stdout,
    reason = "a program that divides times and prints figures; no money here"
)]

mod authoring;
mod batch;
mod bulk;
mod chance;
mod database;
mod encounters;
mod files;
mod finished;
mod flat;
mod hosting;
mod hosts;
mod http;
mod intake;
mod load;
mod memory;
mod peers;
mod policies;
mod process;
mod records;
mod report;
mod single;
mod startup;
mod stopwatch;
mod swap;

use anyhow::{Result, bail};
use mimalloc::MiMalloc;
use tokio::runtime::Runtime;

use crate::policies::Workshop;
use crate::report::Report;

/// The product's, for both sides of each comparison.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// How long to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Within two minutes in all.
    Quick,
    /// Until the figures are steady.
    Full,
}

impl Effort {
    /// Rounds of a comparison: `full`, or a fifth of it.
    pub(crate) fn rounds(self, full: u32) -> u32 {
        match self {
            Self::Quick => full.div_ceil(5),
            Self::Full => full,
        }
    }

    /// Work of one round: `full`, or half of it.
    pub(crate) fn work(self, full: u32) -> u32 {
        match self {
            Self::Quick => full / 2,
            Self::Full => full,
        }
    }
}

/// What can be measured, in the order in which it is, each under the name that chooses it.
const GROUPS: [&str; 14] = [
    "native",
    "peers",
    "duckdb",
    "single",
    "files",
    "intake",
    "http",
    "bulk",
    "hosts",
    "swap",
    "flat",
    "authoring",
    "startup",
    "memory",
];

fn main() -> Result<()> {
    let Arguments { effort, chosen } = parse_arguments(std::env::args().skip(1))?;
    let mut report = Report::default();
    let workshop = Workshop::open()?;
    let runtime = Runtime::new()?;
    for group in GROUPS.into_iter().filter(|group| chosen.is_empty() || chosen.iter().any(|name| name == group)) {
        match group {
            "native" => batch::against_native(&mut report, &workshop, effort)?,
            "peers" => batch::against_peers(&mut report, &workshop, effort)?,
            "duckdb" => batch::against_duckdb(&mut report, &workshop, effort)?,
            "single" => single::measure(&mut report, &workshop, effort)?,
            "files" => files::measure(&mut report, &workshop, effort)?,
            "intake" => intake::measure(&mut report, &runtime, effort)?,
            "http" => http::measure(&mut report, &workshop, &runtime, effort)?,
            "bulk" => bulk::measure(&mut report, &workshop, &runtime, effort)?,
            "hosts" => hosts::measure(&mut report, &workshop, &runtime, effort)?,
            "swap" => swap::measure(&mut report, &workshop, &runtime, effort)?,
            "flat" => flat::measure(&mut report, &workshop, &runtime, effort)?,
            "authoring" => authoring::measure(&mut report, effort)?,
            "startup" => startup::measure(&mut report, &workshop, effort)?,
            _ => memory::measure(&mut report, &workshop, effort)?,
        }
    }
    report.finish();
    Ok(())
}

/// What to measure, and for how long.
struct Arguments {
    effort: Effort,
    /// Names of groups; none means all.
    chosen: Vec<String>,
}

fn parse_arguments(arguments: impl Iterator<Item = String>) -> Result<Arguments> {
    let mut parsed = Arguments { effort: Effort::Full, chosen: Vec::new() };
    for argument in arguments {
        match argument.as_str() {
            "--quick" => parsed.effort = Effort::Quick,
            name if GROUPS.contains(&name) => parsed.chosen.push(argument),
            other => bail!("`{other}` is not known here; give `--quick`, or what to measure: {}", GROUPS.join(", ")),
        }
    }
    Ok(parsed)
}
