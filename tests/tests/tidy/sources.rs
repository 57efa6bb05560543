//! Checks of the Rust sources that no lint carries. Reads lines, not syntax.

use crate::refuse;
use crate::tree::{TreeFile, files_ending};

/// Lines of a file before its tests.
const LINES_MAX: usize = 600;

/// Where the order of iteration and the absence of floats are part of the answer.
const DECIDING_FOLDERS: [&str; 7] = [
    "core/src/",
    "core/money/src/",
    "core/questions/src/",
    "sdk/cases/src/",
    "sdk/src/",
    "sdk/interpreter/src/",
    "plugins/",
];

/// A file with this remark beside its `HashMap` has thought of the order.
const ORDER_REMARK: &str = "never iterated";

/// Written in pieces, so that this file does not hold them.
const FORBIDDEN: [(&str, &str); 5] = [
    (concat!("#[ig", "nore"), "a test that does not run proves nothing: fix it or delete it"),
    (concat!("should_", "panic"), "assert the error instead"),
    (concat!("tod", "o!("), "finish it"),
    (concat!("unimpl", "emented!("), "finish it"),
    (concat!("define_unknown_imports", "_as_traps"), "an unknown import is refused by name, never linked"),
];

#[test]
fn every_rust_file_begins_with_what_is_in_it() {
    let offenders: Vec<String> = files_ending(".rs")
        .iter()
        .filter(|file| !file.text().starts_with("//! "))
        .map(|file| file.name.clone())
        .collect();
    refuse(&offenders, "line 1 of a file is `//!` and says what is here and what is not");
}

#[test]
fn every_rust_file_is_short_before_its_tests() {
    let offenders: Vec<String> = files_ending(".rs")
        .iter()
        .filter(|file| !holds_only_tests(file))
        .map(|file| (file, lines_before_tests(&file.text()).len()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .map(|(file, lines)| format!("{}: {lines} lines", file.name))
        .collect();
    refuse(&offenders, "a file has at most 600 lines before its tests; split it by noun or by verb");
}

#[test]
fn modules_are_named_files() {
    let offenders: Vec<String> = files_ending(".rs")
        .into_iter()
        .map(|file| file.name)
        .filter(|name| name == "mod.rs" || name.ends_with("/mod.rs"))
        .collect();
    refuse(&offenders, "a module is `name.rs` with its folder `name/` beside it, never `mod.rs`");
}

#[test]
fn nothing_is_left_out_or_left_open() {
    let mut offenders = Vec::new();
    for file in files_ending(".rs") {
        for (number, line) in file.text().lines().enumerate() {
            let found = FORBIDDEN.iter().filter(|(word, _)| line.contains(word));
            offenders.extend(found.map(|(word, why)| format!("{}:{}: `{word}`: {why}", file.name, number + 1)));
        }
    }
    refuse(&offenders, "take these out");
}

#[test]
fn deciding_code_has_no_floats_and_no_hash_order() {
    let mut offenders = Vec::new();
    for file in files_ending(".rs").iter().filter(|file| file.is_in(&DECIDING_FOLDERS) && !holds_only_tests(file)) {
        let text = file.text();
        let words: &[&str] =
            if text.contains(ORDER_REMARK) { &["f32", "f64"] } else { &["f32", "f64", "HashMap", "HashSet"] };
        for (number, line) in lines_before_tests(&text).iter().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let found = words.iter().filter(|word| has_word(code, word));
            offenders.extend(found.map(|word| format!("{}:{}: `{word}`", file.name, number + 1)));
        }
    }
    refuse(
        &offenders,
        "money, units and time are whole numbers and maps are ordered (BTreeMap): change these; \
         a HashMap that is only looked up says `never iterated` in a comment",
    );
}

/// Files of test folders and files named `tests.rs` may be as long as their tables.
fn holds_only_tests(file: &TreeFile) -> bool {
    file.name.split('/').any(|part| part == "tests" || part == "tests.rs")
}

fn lines_before_tests(text: &str) -> Vec<&str> {
    text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).collect()
}

fn has_word(line: &str, word: &str) -> bool {
    line.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|part| part == word)
}
