//! From an edit of a table to the results of the cases: `adjudica policy test` on a policy that was just changed.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::Effort;
use crate::policies::root;
use crate::process::{BINARY, disk_folder, program};
use crate::report::{Report, Target};
use crate::stopwatch::quantile;

/// The smallest and the largest policy of `plugins/` that stand alone, each with the tables that it includes.
const POLICIES: [&str; 2] = ["self-pay", "medicare"];

/// Edits each policy's tables, so that nothing is cached, and runs its cases.
pub(crate) fn measure(report: &mut Report, effort: Effort) -> Result<()> {
    let folder = disk_folder()?;
    copy(&root().join("plugins/shared"), &folder.path().join("shared"))?;
    for policy in POLICIES {
        let place = folder.path().join(policy);
        copy(&root().join("plugins").join(policy), &place)?;
        let tables = std::fs::read_to_string(place.join("policy.toml"))?;
        let mut seconds = Vec::new();
        for round in 0..effort.rounds(20) {
            let edited = tables.replacen("title = \"", &format!("title = \"{round}: "), 1);
            std::fs::write(place.join("policy.toml"), edited)?;
            let start = Instant::now();
            let run = program(BINARY)?.args(["policy", "test"]).arg(&place).env("HOME", folder.path()).output()?;
            seconds.push(start.elapsed().as_secs_f64());
            ensure!(run.status.success(), "`{policy}` fails its cases: {}", String::from_utf8_lossy(&run.stdout));
        }
        let name = policy.replace('-', "_");
        report.judge(&format!("edit_to_results_{name}"), quantile(seconds, 0.5), "s", Target::AtMost(0.5));
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in from.read_dir()? {
        let path: PathBuf = entry?.path();
        let beside = to.join(path.file_name().context("an entry has a name")?);
        if path.is_dir() {
            copy(&path, &beside)?;
        } else {
            std::fs::copy(&path, &beside)?;
        }
    }
    Ok(())
}
