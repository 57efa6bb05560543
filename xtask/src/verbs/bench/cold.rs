//! Seconds from a fresh clone to the demo's table, and to the end of CI, with nothing built before.

#![expect(clippy::print_stdout, reason = "prints figures")]

use std::time::Instant;

use anyhow::Result;

use crate::process;
use crate::workspace::Workspace;

/// Most seconds to the demo's table, on two processors.
const DEMO_MAX: u64 = 12 * 60;
/// Most seconds to the end of CI.
const CI_MAX: u64 = 50 * 60;

/// Measures both, one after the other, in a build folder of their own that goes at the end: what CI builds first is what the demo has
/// built.
pub(super) fn measure(workspace: &Workspace) -> Result<()> {
    let folder = workspace.target_dir.with_added_extension("cold");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    let started = Instant::now();
    let run = |arguments: &[&str]| process::run(workspace.cargo(arguments).env("CARGO_TARGET_DIR", &folder));
    run(&["xtask", "demo", "--once"])?;
    let demo = started.elapsed().as_secs();
    let passed = run(&["xtask", "ci"]);
    let ci = started.elapsed().as_secs();
    for (name, seconds, most) in [("cold_demo", demo, DEMO_MAX), ("cold_ci", ci, CI_MAX)] {
        let word = if seconds <= most { "ok" } else { "missed" };
        println!("{name} {seconds} s target <= {most} {word}");
    }
    std::fs::remove_dir_all(&folder)?;
    passed
}
