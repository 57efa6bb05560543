//! From starting the binary to readiness, with 50 activated policies whose compiled code is cached.

use anyhow::Result;

use crate::Effort;
use crate::hosting::activate;
use crate::policies::Workshop;
use crate::process::Home;
use crate::report::{Report, Target};
use crate::stopwatch::quantile;

/// Policies that are activated.
const POLICIES: u32 = 50;

/// Starts again and again on the same database and cache.
pub(crate) fn measure(report: &mut Report, workshop: &Workshop, effort: Effort) -> Result<()> {
    let home = Home::create()?;
    {
        let process = home.start()?;
        report.figure("start_empty", process.ready_after.as_secs_f64(), "s");
        for number in 0..POLICIES {
            let file = workshop.renamed(&format!("policy{number}"))?;
            activate(process.address, &format!("agency{number}"), &file)?;
        }
    }
    let mut seconds = Vec::new();
    for _ in 0..effort.rounds(9) {
        seconds.push(home.start()?.ready_after.as_secs_f64());
    }
    report.figure("start_50_policies_slowest", quantile(seconds.clone(), 1.0), "s");
    report.judge("start_50_policies", quantile(seconds, 0.5), "s", Target::AtMost(1.0));
    Ok(())
}
