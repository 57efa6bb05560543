//! `cargo xtask ci`: every check, one after the other, each timed. All are run, so that one run shows all faults; with names,
//! those alone.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::artifacts::Artifacts;
use crate::verbs::simulate;
use crate::workspace::Workspace;
use crate::{process, toolchain};

/// An example that runs longer than this hangs.
const EXAMPLE_LIMIT: Duration = Duration::from_secs(300);

/// The guide's commands compile a policy's crate, which may be the first on the machine.
const GUIDE_LIMIT: Duration = Duration::from_secs(900);

/// Pages of the guide whose commands are run; the other has none.
const GUIDE: [&str; 6] = [
    "01-first-policy.md",
    "03-cases.md",
    "04-dates-and-versions.md",
    "05-sources-and-confidence.md",
    "06-rust-hooks.md",
    "07-publishing.md",
];

/// One check of the list.
struct Step {
    name: &'static str,
    duration: Duration,
    outcome: Result<()>,
}

/// How much of what may go on for long is run.
#[derive(Clone, Copy)]
struct Extent {
    /// Histories that are simulated on each database.
    seeds: u64,
}

type Check = fn(&Workspace, Extent) -> Result<()>;

/// Histories that are simulated on each database, and in a full run.
const SEEDS: u64 = 100;
const SEEDS_FULL: u64 = 1_000;

/// The list in its order: what runs, under which name.
const CHECKS: [(&str, Check); 10] = [
    ("format", check_format),
    ("clippy", check_clippy),
    ("tidy", check_tidy),
    ("docs", check_docs),
    ("tests", run_readme_tests),
    ("mutants", run_mutants),
    ("budgets", run_budgets),
    ("guide", run_guide),
    ("examples", run_examples),
    ("simulation", run_simulation),
];

/// Runs the whole list, or the checks that are named; fails when any check fails. `--full` simulates more histories.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let (flags, named): (Vec<&str>, Vec<&str>) =
        arguments.iter().map(String::as_str).partition(|argument| argument.starts_with('-'));
    let extent = match flags.as_slice() {
        [] => Extent { seeds: SEEDS },
        ["--full"] => Extent { seeds: SEEDS_FULL },
        _ => bail!("`ci` takes `--full` and names of checks; leave out `{}`", flags.join(" ")),
    };
    if let Some(unknown) = named.iter().find(|name| CHECKS.iter().all(|(known, _)| known != *name)) {
        bail!("`ci` knows no check `{unknown}`; the checks are {}", CHECKS.map(|(name, _)| name).join(", "))
    }
    let chosen = CHECKS.into_iter().filter(|(name, _)| named.is_empty() || named.contains(name));
    let steps: Vec<Step> = chosen.map(|(name, check)| run_step(name, || check(workspace, extent))).collect();
    summarise(&steps)
}

fn run_step(name: &'static str, check: impl FnOnce() -> Result<()>) -> Step {
    eprintln!("\n== {name}");
    let started = Instant::now();
    let outcome = check();
    if let Err(error) = &outcome {
        eprintln!("{error:#}");
    }
    Step { name, duration: started.elapsed(), outcome }
}

fn check_format(workspace: &Workspace, _: Extent) -> Result<()> {
    let mut commands = vec![workspace.cargo(&["fmt", "--check", "--all"])];
    // Guests of tests and the process with other engines are formatted like the rest, though nothing else here builds them.
    for manifest in workspace.outside_manifests()?.iter().chain(&workspace.unbuilt_manifests()?) {
        let mut command = workspace.cargo(&["fmt", "--check", "--manifest-path"]);
        command.arg(manifest);
        commands.push(command);
    }
    process::run_all(commands).context("run `cargo fmt` there")
}

fn check_clippy(workspace: &Workspace, _: Extent) -> Result<()> {
    toolchain::add_wasm_target(workspace)?;
    let deny_warnings = ["--all-targets", "--", "--deny", "warnings"];
    let mut commands = vec![workspace.cargo(&["clippy", "--workspace"])];
    for manifest in workspace.outside_manifests()? {
        let mut command = workspace.cargo(&["clippy", "--manifest-path"]);
        command.arg(&manifest);
        commands.push(command);
    }
    for command in &mut commands {
        command.args(deny_warnings);
    }
    process::run_all(commands)
}

fn check_tidy(workspace: &Workspace, _: Extent) -> Result<()> {
    process::run(&mut workspace.cargo(&["test", "--release", "--workspace", "--test", "tidy"]))
}

fn check_docs(workspace: &Workspace, _: Extent) -> Result<()> {
    let mut doc = workspace.cargo(&["doc", "--workspace", "--no-deps"]);
    process::run(doc.env("RUSTDOCFLAGS", "--deny warnings"))
}

/// What the README tells a newcomer to run, run as they would.
fn run_readme_tests(workspace: &Workspace, _: Extent) -> Result<()> {
    let mut test = workspace.cargo(&["xtask", "test"]);
    // Snapshots that differ fail; CI never writes new ones beside them.
    process::run(test.env("INSTA_UPDATE", "no"))
}

/// No policy has a change that its cases do not notice, but for those that it lists with a reason.
fn run_mutants(workspace: &Workspace, _: Extent) -> Result<()> {
    run_on_policies(workspace, "mutate")
}

/// No decision of a policy takes more fuel, and no call more memory, than its tables say.
fn run_budgets(workspace: &Workspace, _: Extent) -> Result<()> {
    run_on_policies(workspace, "bench")
}

/// `adjudica policy VERB` on every policy.
fn run_on_policies(workspace: &Workspace, verb: &str) -> Result<()> {
    let artifacts = Artifacts::build(workspace)?;
    let mut command = artifacts.adjudica(workspace);
    command.args(["policy", verb]);
    for policy in workspace.policies()? {
        command.arg(workspace.relative(&policy));
    }
    process::run(&mut command)
}

/// The rule author's guide, its commands run word for word and what they print compared with what it says.
fn run_guide(workspace: &Workspace, _: Extent) -> Result<()> {
    let artifacts = Artifacts::build(workspace)?;
    let mut script = Command::new("sh");
    script.arg("run.sh").args(GUIDE).current_dir(workspace.root.join("sdk/guide"));
    // A page with Rust takes the crates that are here already.
    script.env("CARGO_TARGET_DIR", &workspace.target_dir).env("CARGO_NET_OFFLINE", "true");
    artifacts.offer_to(&mut script)?;
    process::run_within(&mut script, GUIDE_LIMIT)
}

/// Every folder of `examples/` has a `run.sh` that ends with success.
fn run_examples(workspace: &Workspace, _: Extent) -> Result<()> {
    let artifacts = Artifacts::build(workspace)?;
    let mut failures = Vec::new();
    for example in workspace.examples()? {
        process::keep_failure(run_example(workspace, &artifacts, &example), &mut failures);
    }
    process::refuse_failures(&failures)
}

fn run_example(workspace: &Workspace, artifacts: &Artifacts, example: &Path) -> Result<()> {
    let name = workspace.relative(example).display().to_string();
    if !example.join("run.sh").is_file() {
        bail!("`{name}` has no `run.sh`; every example has one that ends with success")
    }
    let mut script = Command::new("sh");
    script.arg("run.sh").current_dir(example).env("CARGO_TARGET_DIR", &workspace.target_dir);
    artifacts.offer_to(&mut script)?;
    eprintln!("-- {name}");
    process::run_within(&mut script, EXAMPLE_LIMIT).with_context(|| format!("example `{name}`"))
}

/// At rest, history does not matter.
fn run_simulation(workspace: &Workspace, extent: Extent) -> Result<()> {
    simulate::play(workspace, &simulate::Asked::first(extent.seeds))
}

fn summarise(steps: &[Step]) -> Result<()> {
    eprintln!("\n== summary");
    for step in steps {
        let verdict = if step.outcome.is_ok() { "ok" } else { "FAILED" };
        eprintln!("{:>8.1} s  {:<6}  {}", step.duration.as_secs_f64(), verdict, step.name);
    }
    let total: Duration = steps.iter().map(|step| step.duration).sum();
    eprintln!("{:>8.1} s  in all", total.as_secs_f64());
    let failed: Vec<&str> = steps.iter().filter(|step| step.outcome.is_err()).map(|step| step.name).collect();
    if failed.is_empty() {
        return Ok(());
    }
    bail!("failed: {}", failed.join(", "))
}
