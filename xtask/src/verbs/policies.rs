//! `cargo xtask policies`: every policy of `plugins/`, built with the binary that the checkout holds.

use anyhow::Result;

use crate::artifacts::Artifacts;
use crate::toolchain;
use crate::workspace::Workspace;

/// Builds the policies and says where they are.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    toolchain::add_wasm_target(workspace)?;
    let artifacts = Artifacts::build(workspace)?;
    eprintln!("policies are in {}", artifacts.policies_dir.display());
    Ok(())
}
