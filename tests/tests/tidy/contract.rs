//! The frozen contract: what was released never changes, and the version is the same wherever it is written.

use std::collections::BTreeMap;

use adjudica_core::{Digest, INTERFACE_VERSION};

use crate::refuse;
use crate::tree::{files, text_of};

const WIT: &str = "sdk/wit/policy.wit";
const RELEASED: &str = "sdk/wit/released/";
const SUMS: &str = "sdk/wit/released/SHA256SUMS";

#[test]
fn released_contracts_are_as_they_were_released() {
    let mut offenders = Vec::new();
    let mut sums: BTreeMap<String, String> = BTreeMap::new();
    for line in text_of(SUMS).lines() {
        match line.split_once("  ") {
            Some((hash, name)) => {
                sums.insert(format!("{RELEASED}{name}"), hash.to_owned());
            }
            None => offenders.push(format!("{SUMS}: `{line}` is not `<hash>  <version>/policy.wit`")),
        }
    }
    for file in files().iter().filter(|file| file.name.starts_with(RELEASED) && file.name != SUMS) {
        let hash = Digest::of(file.text().as_bytes()).to_string();
        match sums.remove(&file.name) {
            Some(expected) if expected == hash => {}
            Some(_) => offenders.push(format!("{}: changed since its release; restore it", file.name)),
            None => offenders.push(format!("{}: has no line in {SUMS}", file.name)),
        }
    }
    offenders.extend(sums.into_keys().map(|name| format!("{name}: is in {SUMS} but not in the tree; restore it")));
    refuse(&offenders, "a released contract never changes; a new one is frozen by `cargo xtask wit-freeze`");
}

#[test]
fn the_contract_is_the_frozen_one_of_its_version() {
    let text = text_of(WIT);
    let Some(version) = version(&text) else {
        panic!("`{WIT}` has no line `package adjudica:policy@<version>;`");
    };
    let mut offenders = Vec::new();
    if version != INTERFACE_VERSION {
        offenders.push(format!("{WIT} is {version}, the core speaks {INTERFACE_VERSION}: make them the same"));
    }
    let frozen = format!("{RELEASED}{version}/policy.wit");
    match text_of(&frozen) {
        frozen_text if frozen_text == text => {}
        frozen_text if frozen_text.is_empty() => {
            offenders.push(format!("{frozen} is missing: run `cargo xtask wit-freeze`"));
        }
        _ => offenders.push(format!("{WIT} differs from {frozen}: undo the change or give it a new version")),
    }
    refuse(&offenders, "the contract and its frozen copy must agree");
}

fn version(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.strip_prefix("package adjudica:policy@")?.strip_suffix(';'))
}
