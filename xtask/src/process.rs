//! Runs other programs: shows the command, streams its output, turns a failure into a sentence.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use crate::workspace::environment;

const POLL: Duration = Duration::from_millis(100);

/// Runs a command to its end, its output going where ours goes.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = describe(command);
    eprintln!("$ {line}");
    let status = command.status().with_context(|| format!("cannot start `{line}`"))?;
    if status.success() {
        return Ok(());
    }
    bail!("`{line}` failed ({status})")
}

/// Runs every command, also after one failed, and reports all that did.
pub(crate) fn run_all(commands: Vec<Command>) -> Result<()> {
    let mut failures = Vec::new();
    for mut command in commands {
        keep_failure(run(&mut command), &mut failures);
    }
    refuse_failures(&failures)
}

/// Adds what went wrong, if anything did.
pub(crate) fn keep_failure(outcome: Result<()>, failures: &mut Vec<String>) {
    if let Err(error) = outcome {
        failures.push(format!("{error:#}"));
    }
}

/// Fails with all that went wrong.
pub(crate) fn refuse_failures(failures: &[String]) -> Result<()> {
    if failures.is_empty() {
        return Ok(());
    }
    bail!("{}", failures.join("\n  "))
}

/// Runs a command that must end within `limit`, else that is the failure. Whatever it started and left running is ended.
pub(crate) fn run_within(command: &mut Command, limit: Duration) -> Result<()> {
    let line = describe(command);
    eprintln!("$ {line}");
    // A group of its own, so that what it started can be ended with it.
    let spawned = command.stdin(Stdio::null()).process_group(0).spawn();
    let mut child = spawned.with_context(|| format!("cannot start `{line}`"))?;
    let started = Instant::now();
    let outcome = loop {
        match child.try_wait().with_context(|| format!("cannot wait for `{line}`"))? {
            Some(status) if status.success() => break Ok(()),
            Some(status) => break Err(anyhow!("`{line}` failed ({status})")),
            None if started.elapsed() >= limit => {
                break Err(anyhow!("`{line}` was stopped after {} s; it must end by itself", limit.as_secs()));
            }
            None => std::thread::sleep(POLL),
        }
    };
    succeeds(Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]));
    child.wait().with_context(|| format!("cannot wait for `{line}`"))?;
    outcome
}

/// Runs a command and gives back what it said, without showing it.
pub(crate) fn capture(command: &mut Command) -> Result<Output> {
    let line = describe(command);
    command.stdin(Stdio::null()).output().with_context(|| format!("cannot start `{line}`"))
}

/// Whether a command can be started and ends well. Shows nothing.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    capture(command).is_ok_and(|output| output.status.success())
}

/// The first file of that name on PATH.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = environment("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// PATH with `folder` put before it.
pub(crate) fn path_starting_with(folder: &Path) -> Result<std::ffi::OsString> {
    let path = environment("PATH").unwrap_or_default();
    let folders = std::iter::once(folder.to_path_buf()).chain(std::env::split_paths(&path));
    std::env::join_paths(folders).context("PATH holds a folder that cannot be written there")
}

fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_hangs_is_stopped_with_all_that_it_started() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & wait"]);
        let error = run_within(&mut command, Duration::ZERO).unwrap_err();
        assert_eq!(error.to_string(), "`sh -c sleep 600 & wait` was stopped after 0 s; it must end by itself");
    }

    #[test]
    fn a_command_that_fails_is_named() {
        let error = run_within(&mut Command::new("false"), Duration::from_secs(60)).unwrap_err();
        assert_eq!(error.to_string(), "`false` failed (exit status: 1)");
    }
}
