//! The faults that an author of case files meets: all of a file at once, in exact words. What cases answer is tested by policies.

use super::{Failure, parse, run};
use crate::hooks::NoHooks;
use crate::native;
use crate::tests::faults;

#[test]
fn it_says_exactly_what_is_wrong_with_a_case_file() {
    let lists = [
        ("cases.toml", include_str!("texts/cases.toml")),
        ("facts.toml", include_str!("texts/facts.toml")),
        ("grids.toml", include_str!("texts/grids.toml")),
    ];
    faults::hold(&lists, |entry| {
        let file = entry.file.as_deref().expect("an entry has a `file`");
        let found = parse("cases.toml", file).err().unwrap_or_default();
        found.iter().map(ToString::to_string).collect()
    });
}

#[test]
fn it_says_exactly_how_an_answer_differs() {
    let policy = include_str!("texts/decided_by.toml");
    let compiled = crate::tables::compile(policy).expect("no faults");
    faults::hold(&[("differences.toml", include_str!("texts/differences.toml"))], |entry| {
        let file = parse("cases.toml", entry.file.as_deref().expect("an entry has a `file`")).expect("no faults");
        let report = run(&[file], &mut |timelines, terms, explain| {
            native::decide(&compiled, &NoHooks, timelines, terms, explain).expect("decisions")
        });
        let of_case =
            |failure: Failure| failure.differences.into_iter().map(move |what| format!("{}: {what}", failure.line));
        report.failures.into_iter().flat_map(of_case).collect()
    });
}

#[test]
fn it_says_which_names_of_cases_the_policy_does_not_have() {
    let compiled = crate::tables::compile(include_str!("texts/decided_by.toml")).expect("no faults");
    faults::hold(&[("names.toml", include_str!("texts/names.toml"))], |entry| {
        let file = parse("cases.toml", entry.file.as_deref().expect("an entry has a `file`")).expect("no faults");
        super::faults(&compiled.manifest, &[file]).into_iter().map(|(_, fault)| fault.to_string()).collect()
    });
    let unlisted = "[[case]]\nname = \"a\"\nencounter = { procedure_code = \"T1061\", date_of_service = 2024-03-01 }\n\
        expect = { outcome = \"not_billable\", rules = [\"code.unknown\"] }\n";
    let file = parse("cases.toml", unlisted).expect("no faults");
    assert_eq!(super::faults(&compiled.manifest, &[file]), [], "whoever tests what is not listed names the rule");
    let case = "[[case]]\nname = \"a\"\nencounter = { procedure_code = \"T1016\", date_of_service = 2024-03-01 }\n\
        expect = { outcome = \"billable\" }\n";
    let files = ["one.toml", "two.toml"].map(|name| parse(name, case).expect("no faults"));
    let told: Vec<String> =
        super::faults(&compiled.manifest, &files).into_iter().map(|(file, fault)| format!("{file}:{fault}")).collect();
    assert_eq!(told, ["two.toml:2:1: `a`: line 2 of `one.toml` has a case of this name; give each its own"]);
}

#[test]
fn it_tells_when_answers_are_missing() {
    let case =
        "[[case]]\nname = \"a\"\nencounter = { date_of_service = 2024-03-01 }\nexpect = { outcome = \"billable\" }\n";
    let file = parse("cases.toml", case).expect("no faults");
    let report = run(&[file], &mut |_, _, _| Vec::new());
    assert_eq!(report.failures[0].differences, ["0 answers for 1 encounters"]);
}
