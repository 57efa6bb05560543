//! The changes to a small policy, by the words in which each is told.

use super::*;
use crate::test_policies::{POLICY, subject_of};

fn told(tables: &str) -> Vec<String> {
    changes(&subject_of(tables, &[], &[])).into_iter().map(|change| change.id).collect()
}

#[test]
fn it_names_every_change_by_row_key_and_value() {
    let expected = [
        "code.T1016: without the row",
        "code.T1017: without the row",
        "short: without the row",
        "short: `codes` without T1016",
        "short: `codes` with T1017",
        "short: `max` 20 made 21",
        "short: `max` 20 made 19",
        "short: `min` 10 made 11",
        "short: `min` 10 made 9",
        "long: without the row",
        "long: `codes` without T1017",
        "long: `codes` with T1016",
        "long: `min` 21 made 22",
        "long: `min` 21 made 20",
        "rate: without the row",
        "rate: `cents` 1000 made 1001",
        "rate: `cents` 1000 made 999",
        "rate: `codes` without @both",
        "staff: without the row",
        "staff: `codes` without @both",
        "staff: `roles` without RN",
        "staff: `roles` without LPN",
        "code.unknown: without the row",
        "sets: `both` without T1016",
        "sets: `both` without T1017",
        "policy: `in_force` [1] `from` 2024-01-01 made 2024-01-02",
        "policy: `in_force` [1] `from` 2024-01-01 made 2023-12-31",
    ];
    assert_eq!(told(POLICY), expected);
}

#[test]
fn it_names_weaker_effects_and_turned_words() {
    let tables = format!(
        "{POLICY}\n[[require]]\nid = \"unsigned\"\ninfo = \"signature.missing\"\nabsent = true\neffect = \"incomplete\"\n\
         source = \"manual\"\n[[notice]]\ncodes = []\neffect = \"note\"\n"
    );
    let more: Vec<String> = told(&tables).into_iter().filter(|id| !told(POLICY).contains(id)).collect();
    let expected = [
        "notice[1]: without the row",
        "notice[1]: `codes` with T1016",
        "unsigned: without the row",
        "unsigned: `absent` true made false",
        "unsigned: `effect` incomplete made review",
    ];
    assert_eq!(more, expected);
}

#[test]
fn it_tells_the_line_of_the_row() {
    let changes = changes(&subject_of(POLICY, &[], &[]));
    let line = |id: &str| changes.iter().find(|change| change.id == id).expect("the change").line;
    let written = |text: &str| POLICY.lines().position(|line| line == text).map(|line| line + 1);
    assert_eq!(line("staff: `roles` without RN"), written("[[staff]]"));
    assert_eq!(line("code.unknown: without the row"), written("[unknown_code]"));
    assert_eq!(line("sets: `both` without T1016"), None);
}
