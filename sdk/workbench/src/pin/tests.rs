//! The text of pinned cases, and that it is read back as what was pinned.

use adjudica_cases::parse;
use adjudica_core::columns::Explain;

use super::*;
use crate::subject::decide;
use crate::test_policies::{CASES, POLICY, compiled_of, subject_of};

/// The pinned timeline, which must be read back as it was.
#[track_caller]
fn pinned(timeline: &Timeline) -> String {
    let compiled = compiled_of(&subject_of(POLICY, &[], &[]));
    let answers = decide(&compiled, std::slice::from_ref(timeline), &Terms::default(), Explain::FailedOnly);
    let answers = answers.first().expect("answers");
    let text = case("pinned", "as it is", timeline, answers).expect("a case");
    let read = parse("pinned.toml", &text).unwrap_or_else(|faults| panic!("{faults:?}\n{text}"));
    let read = read.cases.first().expect("a case");
    assert_eq!(read.timeline, *timeline, "{text}");
    assert!(read.expected.iter().zip(answers).all(|(one, answer)| one.differences(answer).is_empty()), "{text}");
    text
}

#[test]
fn it_writes_one_encounter_on_a_line_and_several_as_a_list() {
    let subject = subject_of(POLICY, &[], &[("cases.toml", CASES)]);
    let (_, first) = subject.cases().next().expect("a case");
    let one = r#"[[case]]
name = "pinned"
note = "as it is"
encounter = { date_of_service = "2024-03-01", minutes = 15, procedure_code = "T1016" }
expect = { lines = [{ amount_cents = 1000, modifiers = [], procedure_code = "T1016", units = 1 }], notes = [], outcome = "billable", rules = [] }
"#;
    assert_eq!(pinned(&first.timeline), one);
    let several = r#"
[[case]]
name = "two_after_one"
history = [{ procedure_code = "T1016", date_of_service = "2024-02-01" }]
encounters = [
    { procedure_code = "T1016", date_of_service = "2024-03-01", minutes = 15 },
    { procedure_code = "T1017", date_of_service = "2024-03-02", minutes = 30 },
]
expect_each = [{ outcome = "billable" }, { outcome = "billable" }]
"#;
    let several = parse("several.toml", several).unwrap_or_else(|faults| panic!("{faults:?}"));
    let text = pinned(&several.cases.first().expect("a case").timeline);
    let expected = r#"[[case]]
name = "pinned"
note = "as it is"
history = [
    { amount_cents = 0, billing_provider_id = "b1", date_of_service = "2024-02-01", payer_id = "payer", procedure_code = "T1016", rendering_provider_id = "p1", units = 1 },
]
encounters = [
    { date_of_service = "2024-03-01", minutes = 15, procedure_code = "T1016" },
    { date_of_service = "2024-03-02", minutes = 30, procedure_code = "T1017" },
]
expect_each = [
    { lines = [{ amount_cents = 1000, modifiers = [], procedure_code = "T1016", units = 1 }], notes = [], outcome = "billable", rules = [] },
    { lines = [{ amount_cents = 1000, modifiers = [], procedure_code = "T1017", units = 1 }], notes = [], outcome = "billable", rules = [] },
]
"#;
    assert_eq!(text, expected);
}
