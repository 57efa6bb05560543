//! `cargo xtask demo`: from a fresh checkout to a decided sample agency and a server to try.

use anyhow::Result;

use crate::artifacts::Artifacts;
use crate::workspace::Workspace;
use crate::{process, toolchain};

/// Builds all that the demo needs and runs it. The arguments go on to `adjudica demo`.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    toolchain::add_wasm_target(workspace)?;
    let artifacts = Artifacts::build(workspace)?;
    let mut demo = artifacts.adjudica(workspace);
    demo.arg("demo").arg("--policies").arg(&artifacts.policies_dir).args(arguments);
    process::run(&mut demo)
}
