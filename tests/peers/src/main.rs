//! Prints the figures of the design, `name value unit`, all in one run. Measures only; tests are elsewhere.

mod batch;
mod bulk;
mod chance;
mod database;
mod encounters;
mod hosting;
mod http;
mod load;
mod memory;
mod peers;
mod policies;
mod process;
mod report;
mod single;
mod startup;
mod stopwatch;

use anyhow::{Result, bail};
use tokio::runtime::Runtime;

use crate::policies::Workshop;
use crate::report::Report;

/// How long to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Within two minutes in all.
    Quick,
    /// Until the figures are steady.
    Full,
}

impl Effort {
    /// Rounds of a comparison: `full`, or a third of it.
    pub(crate) fn rounds(self, full: u32) -> u32 {
        match self {
            Self::Quick => full.div_ceil(3),
            Self::Full => full,
        }
    }
}

fn main() -> Result<()> {
    let effort = parse_effort(std::env::args().skip(1))?;
    let mut report = Report::default();
    let workshop = Workshop::open()?;
    batch::against_native(&mut report, &workshop, effort)?;
    batch::against_peers(&mut report, &workshop, effort)?;
    single::measure(&mut report, &workshop, effort)?;
    let runtime = Runtime::new()?;
    http::measure(&mut report, &workshop, &runtime, effort)?;
    bulk::measure(&mut report, &workshop, &runtime, effort)?;
    startup::measure(&mut report, &workshop, effort)?;
    memory::measure(&mut report, &workshop, effort)?;
    report.finish();
    Ok(())
}

fn parse_effort(mut arguments: impl Iterator<Item = String>) -> Result<Effort> {
    match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => Ok(Effort::Full),
        (Some("--quick"), None) => Ok(Effort::Quick),
        (Some(other), _) => bail!("`{other}` is not known here; give `--quick` or nothing"),
    }
}
