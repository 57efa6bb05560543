//! Builds what other steps run: the binary `adjudica` and the policies.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;
use crate::workspace::Workspace;

/// Builds the binary as the tests will need it: cargo unites the features of what is built together, so with this package alone
/// wasmtime and sqlx would be compiled a second time for the tests.
const BUILD: [&str; 5] = ["build", "--release", "--workspace", "--bin", "adjudica"];

/// The binary and the folder of built policies.
pub(crate) struct Artifacts {
    /// The binary `adjudica`.
    pub(crate) binary: PathBuf,
    /// One `.wasm` per policy of `plugins/`.
    pub(crate) policies_dir: PathBuf,
}

impl Artifacts {
    /// Builds the binary in release, then every policy with it.
    pub(crate) fn build(workspace: &Workspace) -> Result<Self> {
        Self::build_with(workspace, &[])
    }

    /// The same, with more of the workspace built in one go.
    pub(crate) fn build_with(workspace: &Workspace, more: &[&str]) -> Result<Self> {
        process::run(workspace.cargo(&BUILD).args(more))?;
        let binary = workspace.target_dir.join("release/adjudica");
        let policies_dir = workspace.target_dir.join("policies");
        empty_folder(&policies_dir)?;
        let artifacts = Self { binary, policies_dir };
        for policy in workspace.policies()? {
            let mut build = artifacts.adjudica(workspace);
            build.args(["policy", "build"]).arg(workspace.relative(&policy)).arg("--out").arg(&artifacts.policies_dir);
            process::run(&mut build)?;
        }
        Ok(artifacts)
    }

    /// The binary, ready for a verb, working in the checkout.
    pub(crate) fn adjudica(&self, workspace: &Workspace) -> Command {
        let mut command = Command::new(&self.binary);
        command.current_dir(&workspace.root).env("CARGO_TARGET_DIR", &workspace.target_dir);
        command
    }

    /// Lets a script or a test program find the binary as `adjudica` on PATH and the policies in `POLICIES`.
    pub(crate) fn offer_to(&self, command: &mut Command) -> Result<()> {
        let folder = self.binary.parent().context("the binary lies in no folder")?;
        command.env("PATH", process::path_starting_with(folder)?).env("POLICIES", &self.policies_dir);
        Ok(())
    }
}

/// Makes the folder, without what an earlier run left: a policy that was removed must not answer.
fn empty_folder(folder: &PathBuf) -> Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).with_context(|| format!("cannot empty `{}`", folder.display()))?;
    }
    std::fs::create_dir_all(folder).with_context(|| format!("cannot create `{}`", folder.display()))
}
