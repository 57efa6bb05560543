//! Checks of the tree itself: arrows, the frozen contract, documents, text. Runs nothing of ours, opens no database.
#![cfg(test)]

mod contract;
mod documents;
mod layout;
mod licences;
mod manifests;
mod requirements;
mod sentences;
mod sources;
mod text;
mod tree;

/// Fails with every offender and what to do about them, unless there is none.
fn refuse(offenders: &[String], remedy: &str) {
    assert!(offenders.is_empty(), "{remedy}:\n  {}\n", offenders.join("\n  "));
}
