//! `cargo xtask bench`: builds and runs the benchmark program, with a PostgreSQL of its own. Measures nothing itself.

mod cold;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::artifacts::Artifacts;
use crate::postgres::{Durability, PostgresServer};
use crate::workspace::Workspace;
use crate::{process, toolchain};

/// Other engines. They are no members of the workspace, so that they are compiled for the group that measures against them alone.
const PEERS: &str = "tests/peers/Cargo.toml";
/// A database that works by column: taken as its makers build it.
const DUCKDB: &str = "duckdb==2.0.1";

/// What is measured when it is named alone: it takes as long as CI.
const COLD: &str = "cold";

/// Runs the benchmarks. `--quick` and the names of what to measure are the program's to read.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    toolchain::add_wasm_target(workspace)?;
    if arguments.iter().any(|argument| argument == COLD) {
        return cold::measure(workspace);
    }
    let artifacts = Artifacts::build_with(workspace, &["--bin", "adjudica-bench"])?;
    let is_asked = |group: &str| {
        let mut groups = arguments.iter().filter(|argument| !argument.starts_with("--")).peekable();
        groups.peek().is_none() || groups.any(|asked| asked == group)
    };
    if is_asked("peers") {
        process::run(&mut workspace.cargo(&["build", "--release", "--manifest-path", PEERS]))?;
    }
    let duckdb = is_asked("duckdb").then(|| install_duckdb(&workspace.target_dir)).transpose()?;
    // Figures of durable decisions must come from a server that really writes to disk.
    let postgres = PostgresServer::start(Durability::Durable)?;
    let mut bench = Command::new(workspace.target_dir.join("release/adjudica-bench"));
    bench.current_dir(&workspace.root).envs(duckdb.map(|package| ("DUCKDB", package)));
    artifacts.offer_to(&mut bench)?;
    process::run(postgres.offer_to(&mut bench).args(arguments))
}

/// Installs the package into a folder of its own, named for its version; one that was not installed to the end does not count.
fn install_duckdb(target_dir: &Path) -> Result<PathBuf> {
    let folder = target_dir.join(DUCKDB);
    if folder.is_dir() {
        return Ok(folder);
    }
    let part = folder.with_added_extension("part");
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade", "--target"]);
    process::run(pip.arg(&part).arg(DUCKDB))
        .context("DuckDB is installed with Python's pip; without it, name the other groups")?;
    std::fs::rename(&part, &folder).with_context(|| format!("cannot move `{}`", part.display()))?;
    Ok(folder)
}
