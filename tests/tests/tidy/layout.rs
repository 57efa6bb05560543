//! Where things lie: policies with their cases, examples with their script, no built files.

use std::collections::BTreeSet;

use crate::refuse;
use crate::tree::{files, files_ending, root, text_of};

/// Built or left-over files.
const BUILT: [&str; 7] = [".wasm", ".cwasm", ".db", ".db-wal", ".db-shm", ".snap.new", ".pending-snap"];

#[test]
fn nothing_built_is_kept() {
    let offenders: Vec<String> =
        files().into_iter().filter(|file| file.ends_with(&BUILT)).map(|file| file.name).collect();
    refuse(&offenders, "build these from source; accept or delete snapshots under review");
}

#[test]
fn every_policy_has_its_cases() {
    let mut offenders = Vec::new();
    let names: BTreeSet<String> = files().into_iter().map(|file| file.name).collect();
    for policy in names.iter().filter_map(|name| name.strip_suffix("/policy.toml")) {
        let prefix = format!("{policy}/cases/");
        if !names.iter().any(|name| name.starts_with(&prefix) && name.ends_with(".toml")) {
            offenders.push(format!("{policy}: no file in cases/"));
        }
    }
    refuse(&offenders, "a policy without cases proves nothing; write its cases");
}

#[test]
fn every_example_can_be_run() {
    let names: BTreeSet<String> = files().into_iter().map(|file| file.name).collect();
    let below = names.iter().filter_map(|name| name.strip_prefix("examples/")?.split_once('/'));
    let examples: BTreeSet<&str> = below.map(|(example, _)| example).collect();
    let listed = text_of("examples/README.md");
    let mut offenders = Vec::new();
    for example in examples {
        if !names.contains(&format!("examples/{example}/run.sh")) {
            offenders.push(format!("examples/{example}: has no run.sh"));
        }
        if !listed.contains(example) {
            offenders.push(format!("examples/{example}: is not in examples/README.md"));
        }
    }
    refuse(&offenders, "an example has a `run.sh` that ends with success and a line in examples/README.md");
}

#[test]
fn every_snapshot_belongs_to_a_source_file() {
    let mut offenders = Vec::new();
    for file in files_ending(".snap") {
        let text = file.text();
        let source = text.lines().find_map(|line| line.strip_prefix("source: "));
        match source.map(|source| source.trim_matches('"')) {
            Some(source) if root().join(source).is_file() => {}
            Some(source) => offenders.push(format!("{}: its test `{source}` is gone", file.name)),
            None => offenders.push(format!("{}: does not name its test", file.name)),
        }
    }
    refuse(&offenders, "delete these snapshots (`cargo xtask test` also finds those that no test compares)");
}
