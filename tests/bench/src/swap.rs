//! A change of activations in a large database: how soon it is acknowledged, and how fast what it made stale is decided again.

use std::time::Instant;

use adjudica_core::{EncounterFacts, Token};
use adjudica_store::PutMode;
use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::Effort;
use crate::database::{Database, Kind, kinds};
use crate::encounters::{Shape, timelines};
use crate::hosting::{Hosting, activate, upload};
use crate::load::{AGENCY, Connection, Request};
use crate::policies::Workshop;
use crate::report::{Report, Target};

/// Encounters of one put while the database is filled.
const PUT: usize = 2_000;
/// Of the four years of service, the days that change hands: a tenth.
const DAYS: (&str, &str) = ("2023-02-01", "2023-06-27");

/// The same on each database.
pub(crate) fn measure(report: &mut Report, workshop: &Workshop, runtime: &Runtime, effort: Effort) -> Result<()> {
    let decisions = match effort {
        Effort::Quick => 100_000,
        Effort::Full => 1_000_000,
    };
    report.remark(&format!("swap: {decisions} decisions in the database, a tenth of their days change hands"));
    for kind in kinds() {
        measure_on(report, workshop, runtime, kind, decisions)?;
    }
    Ok(())
}

fn measure_on(report: &mut Report, workshop: &Workshop, runtime: &Runtime, kind: Kind, decisions: u32) -> Result<()> {
    let database = runtime.block_on(Database::create(kind, "swap"))?;
    let hosting = runtime.block_on(Hosting::start(workshop.engine(), &database.url))?;
    activate(hosting.address, AGENCY, &workshop.renamed("before")?)?;
    runtime.block_on(fill(&hosting, decisions))?;
    let (_, first) = runtime.block_on(decide(&hosting))?;
    let digest = upload(hosting.address, AGENCY, &workshop.renamed("after")?)?;
    let (looking_ms, expected) = change(&hosting, &digest, Way::DryRun)?;
    let (acknowledged_ms, stale) = change(&hosting, &digest, Way::Made)?;
    ensure!(stale == expected, "{expected} stale decisions were foretold and {stale} were made");
    let (decided, again) = runtime.block_on(decide(&hosting))?;
    ensure!(decided >= stale, "{stale} decisions were stale and {decided} encounters were decided");
    let word = kind.word();
    report.figure(&format!("swap_{word}_stale"), count(stale), "decisions");
    report.figure(&format!("swap_{word}_looked_at"), looking_ms, "ms");
    // The target is for a tenth of a million.
    let bound = 1_000.0 * (count(stale) / 100_000.0).max(0.1);
    report.judge(&format!("swap_{word}_acknowledged"), acknowledged_ms, "ms", Target::AtMost(bound));
    report.figure(&format!("swap_{word}_first"), first, "encounters/s");
    report.figure(&format!("swap_{word}_again"), again, "encounters/s");
    report.judge(&format!("swap_{word}_again_over_first"), again / first, "x", Target::AtLeast(0.5));
    runtime.block_on(async {
        hosting.stop().await;
        database.remove().await
    })
}

/// Puts so many encounters.
pub(crate) async fn fill(hosting: &Hosting, decisions: u32) -> Result<()> {
    let agency = Token::parse(AGENCY)?;
    for series in 0..decisions.div_ceil(20_000) {
        let shape = Shape { payer: "benchmark", encounters_per_client: 4, ledger_lines_max: 0, series: 300 + series };
        let timelines = timelines(20_000.min(decisions - series * 20_000), shape)?;
        let encounters: Vec<EncounterFacts> = timelines.into_iter().flat_map(|one| one.encounters).collect();
        for encounters in encounters.chunks(PUT) {
            let put = hosting.host.service.store.put_encounters(
                &agency,
                encounters,
                PutMode::InsertOnly,
                Timestamp::UNIX_EPOCH,
            );
            put.await?;
        }
    }
    Ok(())
}

/// Decides whatever waits; gives how many that were, and how many in a second.
pub(crate) async fn decide(hosting: &Hosting) -> Result<(u64, f64)> {
    let start = Instant::now();
    let tally = hosting.decide_waiting().await?;
    let decided = tally.decided + tally.confirmed;
    Ok((decided, count(decided) / start.elapsed().as_secs_f64()))
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn count(number: u64) -> f64 {
    number as f64
}

/// Whether a change is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Made,
    DryRun,
}

/// Lets the policy answer for the days, or looks at what that would do; gives the milliseconds and the stale decisions.
fn change(hosting: &Hosting, digest: &str, way: Way) -> Result<(f64, u64)> {
    let request = json!({
        "message": "for measuring", "payer_id": "benchmark", "policy": { "digest": digest }, "dos_from": DAYS.0,
        "dos_to": DAYS.1, "replace": "cut", "dry_run": way == Way::DryRun,
    });
    let body = request.to_string();
    let mut connection = Connection::open(hosting.address)?;
    let start = Instant::now();
    let answer = connection.send(Request { agency: AGENCY, ..Request::json("/v1/activations", body.as_bytes()) })?;
    let took_ms = start.elapsed().as_secs_f64() * 1_000.0;
    let text = String::from_utf8_lossy(&answer.body);
    ensure!(matches!(answer.status, 200 | 201), "the activation was refused: {text}");
    let body: Value = serde_json::from_str(&text)?;
    let stale = body.pointer("/stale/decisions").and_then(Value::as_u64).context("an activation says what is stale")?;
    Ok((took_ms, stale))
}
