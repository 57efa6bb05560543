//! The faults that an author of case files meets: all of a file at once, in exact words. What cases answer is tested by policies.

#![cfg(test)]

#[path = "../../../src/tests/faults.rs"]
mod faults;

use adjudica_cases::{Carried, Failure, parse, run, run_carried};
use adjudica_sdk::hooks::NoHooks;
use adjudica_sdk::{native, tables};

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
    let compiled = tables::compile(policy).expect("no faults");
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
    let compiled = tables::compile(include_str!("texts/decided_by.toml")).expect("no faults");
    faults::hold(&[("names.toml", include_str!("texts/names.toml"))], |entry| {
        let file = parse("cases.toml", entry.file.as_deref().expect("an entry has a `file`")).expect("no faults");
        adjudica_cases::faults(&compiled.manifest, &[file]).into_iter().map(|(_, fault)| fault.to_string()).collect()
    });
    let unlisted = "[[case]]\nname = \"a\"\nencounter = { procedure_code = \"T1061\", date_of_service = 2024-03-01 }\n\
        expect = { outcome = \"not_billable\", rules = [\"code.unknown\"] }\n";
    let file = parse("cases.toml", unlisted).expect("no faults");
    assert_eq!(
        adjudica_cases::faults(&compiled.manifest, &[file]),
        [],
        "whoever tests what is not listed names the rule"
    );
    let case = "[[case]]\nname = \"a\"\nencounter = { procedure_code = \"T1016\", date_of_service = 2024-03-01 }\n\
        expect = { outcome = \"billable\" }\n";
    let files = ["one.toml", "two.toml"].map(|name| parse(name, case).expect("no faults"));
    let told: Vec<String> = adjudica_cases::faults(&compiled.manifest, &files)
        .into_iter()
        .map(|(file, fault)| format!("{file}:{fault}"))
        .collect();
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

#[test]
fn it_runs_what_a_file_carries_until_it_is_over() {
    let case = |name: &str| {
        format!(
            "[[case]]\nname = \"{name}\"\nencounter = {{ procedure_code = \"T1016\", date_of_service = 2024-03-01, minutes = 20 }}\n\
             expect = {{ outcome = \"billable\" }}\n"
        )
    };
    let compiled = tables::compile(include_str!("texts/decided_by.toml")).expect("no faults");
    let carried = |files: &[(&str, String)], cases_max: usize| {
        let sources = files.iter().map(|(name, text)| ((*name).to_owned(), text.clone())).collect();
        let begun = std::cell::Cell::new(0);
        let is_over = || {
            begun.set(begun.get() + 1);
            begun.get() > cases_max
        };
        run_carried(&sources, &is_over, &mut |timelines, terms, explain| {
            native::decide(&compiled, &NoHooks, timelines, terms, explain).expect("decisions")
        })
    };
    let both = [("cases/one.toml", format!("{}{}", case("a"), case("b"))), ("policy.toml", String::new())];
    assert_eq!(carried(&both, 9), Carried { passed: 2, failures: Vec::new() });
    let late = "`cases/one.toml`: the cases take longer than the host gives them; make them fewer";
    assert_eq!(carried(&both, 1), Carried { passed: 1, failures: vec![late.to_owned()] });
    let wrong =
        [("pins/1.toml", case("a").replace("\"billable", "\"review")), ("cases/bad.toml", "[[case]]".to_owned())];
    let told = carried(&wrong, 9).failures;
    assert_eq!(
        told.first().map(String::as_str),
        Some("cases/bad.toml:1:1: the case has no `name`; give it one in quotes")
    );
    assert_eq!(told.get(1).map(|text| text.starts_with("a: expected review, got billable")), Some(true), "{told:?}");
    let none = "the policy carries no case, so nothing shows that it answers as its payer's text says; write cases and build it again";
    assert_eq!(carried(&[("policy.toml", String::new())], 9).failures, [none]);
}
