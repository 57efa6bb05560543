//! What the documents promise: the files they name exist, the invariants have tests, the commands are the real ones.

use std::collections::BTreeSet;
use std::path::Path;

use adjudica_core::INTERFACE_VERSION;

use crate::refuse;
use crate::tree::{TreeFile, files, files_ending, root, text_of};

/// Endings by which a word in backticks is known as a file of ours, wherever it lies.
const ENDINGS: [&str; 5] = [".rs", ".md", ".wit", ".sh", ".sql"];

#[test]
fn every_file_that_a_document_names_exists() {
    let names: BTreeSet<String> = files().into_iter().map(|file| file.name).collect();
    let mut offenders = Vec::new();
    for document in files_ending(".md") {
        let folder = document.name.rsplit_once('/').map_or("", |(folder, _)| folder);
        for word in words_in_backticks(&document) {
            if !exists(&names, folder, &word) {
                offenders.push(format!("{}: `{word}`", document.name));
            }
        }
    }
    refuse(&offenders, "these are named but not there; correct the name (paths go from the root or from the document)");
}

#[test]
fn every_link_of_a_document_leads_somewhere() {
    let mut offenders = Vec::new();
    for document in files_ending(".md") {
        let folder = document.name.rsplit_once('/').map_or("", |(folder, _)| folder);
        // What has an `@` is a name in the documentation of a crate, which rustdoc checks.
        let is_ours = |target: &String| !target.contains("://") && !target.contains('@');
        for target in links(&document).into_iter().filter(is_ours) {
            let (path, anchor) = target.split_once('#').unwrap_or((target.as_str(), ""));
            let file = if path.is_empty() { document.path.clone() } else { root().join(folder).join(path) };
            let leads = file.exists() && (anchor.is_empty() || headings(&file).any(|heading| heading == anchor));
            if !leads {
                offenders.push(format!("{}: `{target}`", document.name));
            }
        }
    }
    refuse(&offenders, "these links lead nowhere; correct the path or the heading");
}

#[test]
fn every_invariant_has_its_tests() {
    let sources: String = files_ending(".rs").iter().map(TreeFile::text).collect();
    let rows = invariant_rows();
    assert!(
        !rows.is_empty(),
        "ARCHITECTURE.md needs a heading `Invariants` with a table whose last column names tests in backticks"
    );
    let mut offenders = Vec::new();
    for row in rows {
        let last = row.trim().trim_end_matches('|').rsplit('|').next().unwrap_or_default();
        let tests: Vec<&str> = last.split('`').skip(1).step_by(2).collect();
        if tests.is_empty() {
            offenders.push(format!("no test in: {}", row.trim()));
        }
        let missing = tests.into_iter().filter(|test| {
            let name = test.rsplit("::").next().unwrap_or_default();
            !sources.contains(&format!("fn {name}("))
        });
        offenders.extend(missing.map(|test| format!("there is no `{test}`")));
    }
    refuse(&offenders, "every invariant of ARCHITECTURE.md is held by a test that exists; name the test functions");
}

#[test]
fn the_readme_names_both_commands() {
    let readme = text_of("README.md");
    let missing = ["cargo xtask demo", "cargo xtask test"].into_iter().filter(|command| !readme.contains(command));
    let offenders: Vec<String> = missing.map(str::to_owned).collect();
    refuse(&offenders, "README.md tells a newcomer to run these; put them in");
}

#[test]
fn the_changelog_states_the_versions() {
    let changelog = text_of("CHANGELOG.md");
    let version = env!("CARGO_PKG_VERSION");
    let wanted = [format!("adjudica:policy@{INTERFACE_VERSION}"), format!("SDK {version}")];
    let offenders: Vec<String> = wanted.into_iter().filter(|text| !changelog.contains(text.as_str())).collect();
    refuse(&offenders, "CHANGELOG.md states the versions of the contract and of the SDK; add these");
}

/// The rows of every table under a heading that speaks of invariants.
fn invariant_rows() -> Vec<String> {
    let mut rows = Vec::new();
    let mut is_inside = false;
    for line in text_of("ARCHITECTURE.md").lines() {
        if line.starts_with('#') {
            is_inside = line.to_lowercase().contains("invariant");
        }
        let is_rule = line.chars().all(|letter| "|-: ".contains(letter));
        if is_inside && line.starts_with('|') {
            if is_rule {
                // What stands above the rule is the head of the table.
                rows.pop();
            } else {
                rows.push(line.to_owned());
            }
        }
    }
    rows
}

/// The words in backticks outside fenced blocks.
fn words_in_backticks(document: &TreeFile) -> Vec<String> {
    let lines = lines_of_prose(&document.text());
    lines.iter().flat_map(|line| line.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
}

/// Where the links outside fenced blocks lead.
fn links(document: &TreeFile) -> Vec<String> {
    let target = |rest: &str| rest.split_once(')').map(|(target, _)| target.to_owned());
    let lines = lines_of_prose(&document.text());
    lines.iter().flat_map(|line| line.split("](").skip(1).filter_map(target).collect::<Vec<_>>()).collect()
}

/// The headings of a document as a link names them: lower case, `-` for a space, nothing but letters, digits and `_` besides.
fn headings(file: &Path) -> impl Iterator<Item = String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let lines = lines_of_prose(&text).into_iter().filter(|line| line.starts_with('#'));
    lines.map(|line| {
        let letters = line.trim_start_matches('#').trim().to_lowercase();
        let kept = letters.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
        kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
    })
}

/// The lines outside fenced blocks.
fn lines_of_prose(text: &str) -> Vec<String> {
    let mut is_fenced = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_fenced = !is_fenced;
        } else if !is_fenced {
            lines.push(line.to_owned());
        }
    }
    lines
}

/// Whether the word is no path of ours, or one that is there.
fn exists(names: &BTreeSet<String>, folder: &str, word: &str) -> bool {
    let is_plain = word.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-/".contains(letter));
    if !is_plain || word.starts_with('/') {
        return true;
    }
    let Some((first, _)) = word.split_once('/') else {
        let is_file = ENDINGS.iter().any(|ending| word.ends_with(ending) && word != *ending);
        return !is_file || names.iter().any(|name| name == word || name.ends_with(&format!("/{word}")));
    };
    let is_ours = root().join(first).exists() || ENDINGS.iter().any(|ending| word.ends_with(ending));
    !is_ours || root().join(word).exists() || root().join(folder).join(word).exists()
}
