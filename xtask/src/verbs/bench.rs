//! `cargo xtask bench`: builds and runs the benchmark program, with a PostgreSQL of its own. Measures nothing itself.

use anyhow::{Result, bail};

use crate::artifacts::Artifacts;
use crate::postgres::{Durability, PostgresServer};
use crate::workspace::Workspace;
use crate::{process, toolchain};

/// The benchmark crate. It is no member of the workspace, so that its peers are compiled for it alone.
const MANIFEST: &str = "tests/peers/Cargo.toml";

/// Runs the benchmarks. `--quick` and the names of what to measure are the program's to read.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    if !workspace.root.join(MANIFEST).is_file() {
        bail!("there is no `{MANIFEST}`; the benchmarks are missing from this checkout")
    }
    toolchain::add_wasm_target(workspace)?;
    let artifacts = Artifacts::build(workspace)?;
    process::run(&mut workspace.cargo(&["build", "--release", "--manifest-path", MANIFEST]))?;
    // Figures of durable decisions must come from a server that really writes to disk.
    let postgres = PostgresServer::start(Durability::Durable)?;
    let mut bench = workspace.cargo(&["run", "--quiet", "--release", "--manifest-path", MANIFEST, "--"]);
    artifacts.offer_to(&mut bench)?;
    process::run(postgres.offer_to(&mut bench).args(arguments))
}
