//! What the build needs beside cargo: the wasm target, and cargo-nextest where it is installed.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;
use crate::workspace::Workspace;

const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// Adds the wasm target to the pinned toolchain unless it is there.
pub(crate) fn add_wasm_target(workspace: &Workspace) -> Result<()> {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", WASM_TARGET]).current_dir(&workspace.root);
    let output = process::capture(&mut rustc)?;
    let folder = String::from_utf8(output.stdout).context("rustc names its library folder in no readable text")?;
    if output.status.success() && Path::new(folder.trim()).is_dir() {
        return Ok(());
    }
    if process::find_program("rustup").is_none() {
        bail!("the target {WASM_TARGET} is missing and so is rustup; install the target with your Rust")
    }
    let mut rustup = Command::new("rustup");
    process::run(rustup.args(["target", "add", WASM_TARGET]).current_dir(&workspace.root))
}

/// Whether `cargo nextest` can be used.
pub(crate) fn has_nextest(workspace: &Workspace) -> bool {
    process::succeeds(&mut workspace.cargo(&["nextest", "--version"]))
}
