//! Deciding stored encounters in bulk, against reading and writing the same rows with no policy.

mod copying;

use std::time::Instant;

use adjudica_core::{EncounterFacts, Token};
use adjudica_store::PutMode;
use anyhow::{Result, ensure};
use copying::{copy_rows, take_rows};
use jiff::Timestamp;
use tokio::runtime::Runtime;

use crate::Effort;
use crate::database::{Database, Kind, kinds};
use crate::encounters::{Shape, timelines};
use crate::hosting::{Hosting, TURN, activate};
use crate::load::AGENCY;
use crate::policies::Workshop;
use crate::records::put_records;
use crate::report::{Report, Target};
use crate::stopwatch::quantile;

/// Encounters of one round.
const ENCOUNTERS: u32 = 8_000;

/// Both, in turns, on each database.
pub(crate) fn measure(report: &mut Report, workshop: &Workshop, runtime: &Runtime, effort: Effort) -> Result<()> {
    report.remark("bulk: the other side reads the encounters with their records and writes the finished rows, in the same transactions");
    for kind in kinds() {
        measure_on(report, workshop, runtime, kind, effort)?;
    }
    Ok(())
}

fn measure_on(report: &mut Report, workshop: &Workshop, runtime: &Runtime, kind: Kind, effort: Effort) -> Result<()> {
    let policy = workshop.with_records()?;
    let count = effort.work(ENCOUNTERS);
    let decided = runtime.block_on(Database::create(kind, "bulk_decided"))?;
    let copied = runtime.block_on(Database::create(kind, "bulk_copied"))?;
    let hosting = runtime.block_on(Hosting::start(workshop.engine(), &decided.url))?;
    activate(hosting.address, AGENCY, &policy.file)?;
    let (mut ours_per_second, mut raw_per_second, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    runtime.block_on(async {
        let store = adjudica_store::connect(&copied.url).await?;
        let (from, to) = (decided.plain().await?, copied.plain().await?);
        let agency = Token::parse(AGENCY)?;
        let mut through = 0;
        for round in 0..=effort.rounds(9) {
            let encounters = encounters(round, count)?;
            for store in [&hosting.host.service.store, &store] {
                put_records(store.as_ref(), &agency, &encounters).await?;
                for encounters in encounters.chunks(1_000) {
                    store.put_encounters(&agency, encounters, PutMode::InsertOnly, Timestamp::UNIX_EPOCH).await?;
                }
            }
            let start = Instant::now();
            let tally = hosting.decide_waiting().await?;
            let ours = start.elapsed().as_secs_f64();
            ensure!(tally.decided == u64::from(count), "{} of {count} encounters were decided", tally.decided);
            let (rows, last) = take_rows(&from, through, TURN).await?;
            through = last;
            let start = Instant::now();
            copy_rows(&to, &rows).await?;
            let raw = start.elapsed().as_secs_f64();
            // The first round warms both up.
            if round > 0 {
                ours_per_second.push(f64::from(count) / ours);
                raw_per_second.push(f64::from(count) / raw);
                ratios.push(raw / ours);
            }
        }
        store.close().await;
        hosting.stop().await;
        decided.remove().await?;
        copied.remove().await
    })?;
    let word = kind.word();
    report.figure(&format!("bulk_{word}_decided"), quantile(ours_per_second, 0.5), "encounters/s");
    report.figure(&format!("bulk_{word}_copied"), quantile(raw_per_second, 0.5), "encounters/s");
    report.judge(&format!("bulk_{word}_decided_over_copied"), quantile(ratios, 0.5), "x", Target::AtLeast(0.5));
    Ok(())
}

fn encounters(round: u32, count: u32) -> Result<Vec<EncounterFacts>> {
    let shape = Shape { payer: "benchmark", encounters_per_client: 4, ledger_lines_max: 0, series: 100 + round };
    Ok(timelines(count, shape)?.into_iter().flat_map(|timeline| timeline.encounters).collect())
}
