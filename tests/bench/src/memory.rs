//! The memory of a host with ten policies over many decisions.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::Effort;
use crate::encounters::{Shape, timelines};
use crate::hosting::activate;
use crate::load::{Connection, Request};
use crate::policies::Workshop;
use crate::process::Home;
use crate::report::{Report, Target};

/// Policies that are activated, each for an agency of its own.
const POLICIES: u32 = 10;
/// Decisions of one request.
const LINES: u32 = 500;
/// One decision in so many is recorded, after the others: a database caches pages of what it writes, up to a bound of its
/// own, and that is no slope. It counts for the peak.
const RECORDED_PART: u32 = 20;
/// Decisions before the first look: caches fill, threads start.
const WARM_UP: u32 = 50_000;
/// Looks at the memory.
const LOOKS: u32 = 40;
const MEBIBYTE: f64 = 1_048_576.0;

/// Decides and looks at the resident memory now and then.
pub(crate) fn measure(report: &mut Report, workshop: &Workshop, effort: Effort) -> Result<()> {
    let decisions = match effort {
        Effort::Quick => 100_000,
        Effort::Full => 1_000_000,
    };
    let recorded = decisions / RECORDED_PART;
    report.remark(&format!(
        "memory: {WARM_UP} decisions first, then {decisions} for the slope, then {recorded} recorded ones"
    ));
    let home = Home::create()?;
    let process = home.start()?;
    let empty = process.resident_bytes()?;
    for number in 0..POLICIES {
        activate(process.address, &format!("agency{number}"), &workshop.renamed(&format!("policy{number}"))?)?;
    }
    let mut feed = Feed::open(Connection::open(process.address)?)?;
    feed.decide(WARM_UP, Keep::No)?;
    let mut looks = vec![(0.0, bytes(process.resident_bytes()?))];
    let mut peak = process.resident_bytes()?;
    for look in 1..=LOOKS {
        feed.decide(decisions / LOOKS, Keep::No)?;
        let resident = process.resident_bytes()?;
        peak = peak.max(resident);
        looks.push((f64::from(decisions / LOOKS * look), bytes(resident)));
    }
    feed.decide(recorded, Keep::Yes)?;
    peak = peak.max(process.resident_bytes()?);
    report.figure("memory_empty", bytes(empty) / MEBIBYTE, "MiB");
    report.judge("memory_10_policies_peak", bytes(peak) / MEBIBYTE, "MiB", Target::AtMost(150.0));
    // Zero within what the noise of an allocator allows: less than a byte kept for each decision.
    report.judge("memory_slope", slope(&looks), "bytes/decision", Target::AtMost(1.0));
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "memory sizes are far below 2^53")]
fn bytes(count: u64) -> f64 {
    count as f64
}

/// The slope of the line that fits the points best.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.iter().fold(0.0, |count, _| count + 1.0);
    let mean = |sum: f64| sum / count;
    let mean_x = mean(points.iter().map(|(x, _)| x).sum());
    let mean_y = mean(points.iter().map(|(_, y)| y).sum());
    let covariance: f64 = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let variance: f64 = points.iter().map(|(x, _)| (x - mean_x) * (x - mean_x)).sum();
    covariance / variance
}

/// Sends batches, agency after agency.
struct Feed {
    connection: Connection,
    dry: Vec<u8>,
    batches: u32,
}

impl Feed {
    fn open(connection: Connection) -> Result<Self> {
        Ok(Self { connection, dry: lines(0, Keep::No)?, batches: 0 })
    }

    fn decide(&mut self, decisions: u32, keep: Keep) -> Result<()> {
        for _ in 0..decisions / LINES {
            let agency = format!("agency{}", self.batches % POLICIES);
            self.batches += 1;
            // Each recorded batch is about encounters of its own; dry runs may repeat.
            let recorded = match keep {
                Keep::Yes => Some(lines(self.batches, Keep::Yes)?),
                Keep::No => None,
            };
            let body = recorded.as_ref().unwrap_or(&self.dry);
            let request =
                Request { content_type: "application/x-ndjson", ..Request::json("/v1/decisions/batch", body) };
            let answer = self.connection.send(Request { agency: &agency, ..request })?;
            let text = String::from_utf8_lossy(&answer.body);
            let decided = text.lines().filter(|line| line.contains("\"outcome\":")).count();
            ensure!(
                answer.status == 200 && decided == usize::try_from(LINES)?,
                "a batch failed: {}",
                text.chars().take(500).collect::<String>()
            );
        }
        Ok(())
    }
}

/// Whether decisions are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keep {
    Yes,
    No,
}

fn lines(series: u32, keep: Keep) -> Result<Vec<u8>> {
    let shape = Shape { payer: "benchmark", encounters_per_client: 4, ledger_lines_max: 0, series };
    let timelines = timelines(LINES, shape)?;
    let encounters = timelines.iter().flat_map(|timeline| &timeline.encounters);
    let dry_run = keep == Keep::No;
    let lines = encounters.map(|encounter| format!("{}\n", json!({ "encounter": encounter, "dry_run": dry_run })));
    Ok(lines.collect::<String>().into_bytes())
}
