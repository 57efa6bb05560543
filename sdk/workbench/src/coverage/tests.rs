//! What a small policy's cases reach, and what they are said to miss, word for word.

use super::*;
use crate::test_policies::{CASES, POLICY, compiled_of, subject_of};

fn coverage_of(tables: &str, cases: &str) -> Coverage {
    let subject = subject_of(tables, &[], &[("cases.toml", cases)]);
    let compiled = compiled_of(&subject);
    let decided = subject.answer_cases(&compiled, Explain::All);
    measure(&subject, &compiled, &decided)
}

fn told(reached: &Reached) -> Vec<String> {
    let line = |missed: &Missed| {
        let line = missed.line.map_or_else(|| "-".to_owned(), |line| line.to_string());
        let citation = missed.citation.as_ref().map(|citation| format!(" [{citation}]")).unwrap_or_default();
        format!("{line}: {}: {}{citation}", missed.name, missed.wanted)
    };
    reached.missed.iter().map(line).collect()
}

#[test]
fn it_tells_of_each_rule_the_case_in_which_it_would_speak() {
    let rules = coverage_of(POLICY, CASES).rules;
    assert_eq!((rules.reached(), rules.all, rules.percent()), (3, 10, 30));
    let expected = [
        "-: dates.outside: a case in which it speaks: the date of service is outside the days that this policy answers for",
        "-: service.unknown: a case in which it speaks: no code can be found: the encounter names neither a code nor a kind of work that the policy knows",
        "-: modifier.unknown: a case in which it speaks: a modifier asked for is not one that this policy's sources give for this work",
        "46: short: a case in which it speaks: documented minutes: {observed}, outside the code's bound of {expected}; so far it is only kept [Example payer manual]",
        "46: short.missing: a case in which it speaks: the record does not give `{subject}`, which the code is judged by [Example payer manual]",
        "53: long: a case in which it speaks: documented minutes: {observed}, outside the code's bound of {expected}; so far it is only kept [Example payer manual]",
        "53: long.missing: a case in which it speaks: the record does not give `{subject}`, which the code is judged by [Example payer manual]",
    ];
    assert_eq!(told(&rules), expected);
}

/// What nobody may have read counts, and is told apart.
#[test]
fn it_tells_how_many_rules_only_pins_reach() {
    let by_pins = |files: &[(&str, &str)]| {
        let subject = subject_of(POLICY, &[], files);
        let compiled = compiled_of(&subject);
        let coverage = measure(&subject, &compiled, &subject.answer_cases(&compiled, Explain::All));
        (coverage.rules.reached(), coverage.rules_by_pins)
    };
    assert_eq!(by_pins(&[("cases/a.toml", CASES)]), (3, 0));
    assert_eq!(by_pins(&[("river/pins/a.toml", CASES)]), (3, 3));
    assert_eq!(by_pins(&[("cases/a.toml", CASES), ("pins/a.toml", CASES)]), (3, 0));
}

#[test]
fn it_tells_rows_without_which_every_case_is_answered_the_same() {
    let rows = coverage_of(POLICY, CASES).rows;
    assert_eq!((told(&rows), rows.percent()), (vec![], 100));
    let nurses =
        "[[staff]]\nid = \"nurses\"\ncodes = [\"@both\"]\nroles = [\"RN\"]\nsource = \"manual\"\nsection = \"2.1\"\n";
    let rows = coverage_of(&format!("{POLICY}\n{nurses}"), CASES).rows;
    let expected = [
        "39: staff: a case whose answer would be another without this row",
        "64: nurses: a case whose answer would be another without this row",
    ];
    assert_eq!(told(&rows), expected, "each stands in for the other");
}

#[test]
fn it_tells_the_side_of_a_boundary_on_which_no_case_stands() {
    let far = CASES.replace(
        "minutes = 30 }\nexpect = { outcome = \"billable\" }",
        "minutes = 19 }\nexpect = { outcome = \"not_billable\" }",
    );
    assert_ne!(far, CASES);
    let expected = [
        "53: long: a case one beyond 21, which it refuses [Example payer manual]",
        "53: long: a case with exactly 21, which it allows [Example payer manual]",
        "46: short: a case with exactly 20, which it allows [Example payer manual]",
        "-: dates.outside: a case on 2024-01-01, the first day of the change",
        "-: dates.outside: a case on 2023-12-31, the last day before the change",
    ];
    assert_eq!(told(&coverage_of(POLICY, &far).sides), expected);
    let beside = far.replace("minutes = 19", "minutes = 20").replace("minutes = 15", "minutes = 20");
    let sides = coverage_of(POLICY, &beside.replace("2024-03-01", "2024-01-01")).sides;
    assert_eq!(told(&sides), [expected[1], expected[4]]);
}
