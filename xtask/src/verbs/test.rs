//! `cargo xtask test`: every test there is, SQLite and PostgreSQL, host and guests. Leaves nothing out without saying so.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::artifacts::Artifacts;
use crate::postgres::{Durability, PostgresServer};
use crate::workspace::Workspace;
use crate::{process, toolchain};

/// Runs every test; `filter` goes to the test runner and narrows the run to the workspace's tests that it names.
pub(crate) fn run(workspace: &Workspace, filter: &[String]) -> Result<()> {
    toolchain::add_wasm_target(workspace)?;
    let postgres = PostgresServer::start(Durability::ThrowAway)?;
    let artifacts = Artifacts::build(workspace)?;
    let references = workspace.target_dir.join("snapshot-references.txt");
    remove_file_if_there(&references)?;

    let mut runs = vec![workspace_tests(workspace, filter)];
    if filter.is_empty() {
        runs.push(workspace.cargo(&["test", "--release", "--workspace", "--doc", "--no-fail-fast"]));
        for manifest in workspace.outside_manifests()? {
            runs.push(outside_tests(workspace, &manifest));
        }
        for policy in workspace.policies()? {
            runs.push(policy_cases(workspace, &artifacts, &policy));
        }
    } else {
        eprintln!("a filter is given: doc tests, guest crates and policy cases do not run");
    }
    let mut failures = Vec::new();
    for mut run in runs {
        run.env("INSTA_SNAPSHOT_REFERENCES_FILE", &references);
        artifacts.offer_to(postgres.offer_to(&mut run))?;
        process::keep_failure(process::run(&mut run), &mut failures);
    }
    if filter.is_empty() && failures.is_empty() {
        process::keep_failure(refuse_unused_snapshots(workspace, &references), &mut failures);
    }
    process::refuse_failures(&failures)
}

fn workspace_tests(workspace: &Workspace, filter: &[String]) -> Command {
    let mut command = if toolchain::has_nextest(workspace) {
        workspace.cargo(&["nextest", "run", "--release", "--workspace"])
    } else {
        workspace.cargo(&["test", "--release", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"])
    };
    command.args(filter);
    command
}

fn outside_tests(workspace: &Workspace, manifest: &Path) -> Command {
    let mut command = workspace.cargo(&["test", "--release", "--no-fail-fast", "--manifest-path"]);
    command.arg(workspace.relative(manifest));
    command
}

fn policy_cases(workspace: &Workspace, artifacts: &Artifacts, policy: &Path) -> Command {
    let mut command = artifacts.adjudica(workspace);
    command.args(["policy", "test", "--coverage", "--threshold", "100"]).arg(workspace.relative(policy));
    command
}

/// Every snapshot file must have been compared by a test of this run, which wrote the paths into `references`.
fn refuse_unused_snapshots(workspace: &Workspace, references: &Path) -> Result<()> {
    let used = if references.is_file() { std::fs::read_to_string(references)? } else { String::new() };
    let used: BTreeSet<PathBuf> = used.lines().filter_map(|line| Path::new(line).canonicalize().ok()).collect();
    let listed = process::capture(
        Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.snap"])
            .current_dir(&workspace.root),
    )?;
    if !listed.status.success() {
        eprintln!("this is no git checkout: whether every snapshot is used was not looked at");
        return Ok(());
    }
    let listed = String::from_utf8(listed.stdout).context("git lists a file whose name is no readable text")?;
    let unused: Vec<&str> = listed
        .split_terminator('\0')
        .filter(|name| workspace.root.join(name).canonicalize().is_ok_and(|path| !used.contains(&path)))
        .collect();
    if unused.is_empty() {
        return Ok(());
    }
    bail!("no test compares these snapshots; delete them: {}", unused.join(", "))
}

fn remove_file_if_there(file: &Path) -> Result<()> {
    if file.exists() {
        std::fs::remove_file(file).with_context(|| format!("cannot remove `{}`", file.display()))?;
    }
    Ok(())
}
