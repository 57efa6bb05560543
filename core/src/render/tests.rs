//! What the host refuses to believe: each way an answer can break the contract, and the fault that names it.

use super::*;
use crate::manifest::tests::{empty, token};
use crate::manifest::{Effect, RuleKind, SubjectKind};
use crate::{DateRange, Modifier, ProcedureCode, ServiceDate};

fn rule(id: &str, effect: Effect) -> Rule {
    Rule {
        id: token(id),
        kind: RuleKind::Limit,
        effect,
        sentence: "{observed} of {expected} for {subject}".to_owned(),
        satisfied_sentence: None,
        remedy: None,
        source: None,
        section: None,
        in_force: DateRange { from: ServiceDate::from_days(0), to: None },
        denial: None,
        assumptions: Vec::new(),
    }
}

fn manifest() -> Manifest {
    Manifest {
        rules: vec![rule("refuses", Effect::NotBillable), rule("notes", Effect::Note)],
        codes: vec![ProcedureCode::parse("G9001").expect("a code")],
        modifiers: vec![Modifier::parse("2P").expect("a modifier")],
        subjects: vec![Subject { kind: SubjectKind::Document, name: token("care_plan") }],
        ..empty()
    }
}

/// Two encounters: the first billable with a note, the second refused.
fn honest() -> Answers {
    Answers {
        outcomes: vec![0, 4],
        line_offsets: vec![0, 1, 1],
        line_codes: vec![0],
        line_units: vec![2],
        line_cents: vec![500],
        line_modifiers: vec![1],
        finding_offsets: vec![0, 1, 2],
        finding_rules: vec![1, 0],
        finding_verdicts: vec![0, 0],
        finding_observed: vec![NONE_S64, 3],
        finding_expected: vec![NONE_S64, 1],
        finding_subjects: vec![u32::MAX, 0],
    }
}

#[test]
fn it_renders_an_honest_answer_with_its_numbers() {
    let decisions = render_decisions(&manifest(), 2, &honest()).expect("an honest answer");
    let [first, second] = decisions.as_slice() else { panic!("two decisions") };
    assert_eq!((first.outcome, second.outcome), (Outcome::Billable, Outcome::NotBillable));
    assert_eq!(
        first.lines.first().map(|line| (line.units, line.amount_cents, line.modifiers.len())),
        Some((Units(2), Some(Cents::new(500)), 1))
    );
    assert_eq!(second.findings.first().map(|finding| finding.message.as_str()), Some("3 of 1 for care_plan"));
}

#[test]
fn it_writes_each_sentence_with_what_is_known() {
    let mut manifest = manifest();
    let second = |manifest: &Manifest, answers: &Answers| {
        let decisions = render_decisions(manifest, 2, answers).expect("an honest answer");
        let finding = decisions[1].findings.first().expect("a finding").clone();
        (finding.message, finding.remedy)
    };
    manifest.rules[0].remedy = Some("supply {subject}, {expected} of {observed} {and all}".to_owned());
    let given = honest();
    let remedy = Some("supply care_plan, 1 of 3 {and all}".to_owned());
    assert_eq!(second(&manifest, &given), ("3 of 1 for care_plan".to_owned(), remedy));
    let mut bare = honest();
    bare.finding_observed = vec![NONE_S64; 2];
    bare.finding_expected = vec![NONE_S64; 2];
    bare.finding_subjects = vec![u32::MAX; 2];
    assert_eq!(second(&manifest, &bare), ("- of - for -".to_owned(), None), "a remedy without its subject is none");
    let mut kept = honest();
    kept.outcomes = vec![0, 0];
    kept.line_offsets = vec![0, 1, 2];
    kept.line_codes = vec![0; 2];
    kept.line_units = vec![1; 2];
    kept.line_cents = vec![NONE_S64; 2];
    kept.line_modifiers = vec![0; 2];
    kept.finding_verdicts = vec![0, 1];
    assert_eq!(second(&manifest, &kept), ("`refuses` is satisfied".to_owned(), None));
    manifest.rules[0].satisfied_sentence = Some("{observed} of {expected} are allowed".to_owned());
    assert_eq!(second(&manifest, &kept), ("3 of 1 are allowed".to_owned(), None));
}

/// A change of [`honest`], and what is said of it.
type Lie = (fn(&mut Answers), &'static str);

#[track_caller]
fn assert_refused(lies: &[Lie]) {
    let mut wrong = Vec::new();
    for (number, (lie, expected)) in lies.iter().enumerate() {
        let mut answers = honest();
        lie(&mut answers);
        let said = check_answers(&manifest(), 2, &answers).map_err(|fault| fault.to_string());
        if said != Err((*expected).to_owned()) {
            wrong.push(format!("{number}: {said:?} is not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn it_refuses_columns_of_the_wrong_length() {
    assert_refused(&[
        (|a| a.outcomes.push(0), "the answer's `outcomes` has length 3 where 2 is due"),
        (|a| a.line_units.clear(), "the answer's `line-units` has length 0 where 1 is due"),
        (|a| a.line_cents.push(0), "the answer's `line-cents` has length 2 where 1 is due"),
        (|a| a.line_modifiers.clear(), "the answer's `line-modifiers` has length 0 where 1 is due"),
        (|a| a.line_offsets.push(1), "the answer's `line-offsets` has length 4 where 3 is due"),
        (|a| a.finding_verdicts.clear(), "the answer's `finding-verdicts` has length 0 where 2 is due"),
        (|a| a.finding_observed.clear(), "the answer's `finding-observed` has length 0 where 2 is due"),
        (|a| a.finding_expected.clear(), "the answer's `finding-expected` has length 0 where 2 is due"),
        (|a| a.finding_subjects.clear(), "the answer's `finding-subjects` has length 0 where 2 is due"),
        (|a| a.finding_offsets.clear(), "the answer's `finding-offsets` has length 0 where 3 is due"),
    ]);
}

#[test]
fn it_refuses_offsets_that_do_not_rise_to_their_end() {
    assert_refused(&[
        (
            |a| a.line_offsets = vec![1, 1, 1],
            "the answer's `line-offsets` does not rise from 0 to the number of rows (entry 0)",
        ),
        (
            |a| a.line_offsets = vec![0, 2, 1],
            "the answer's `line-offsets` does not rise from 0 to the number of rows (entry 1)",
        ),
        (
            |a| a.finding_offsets = vec![0, 2, 1],
            "the answer's `finding-offsets` does not rise from 0 to the number of rows (entry 2)",
        ),
        (
            |a| a.finding_offsets = vec![0, 1, 1],
            "the answer's `finding-offsets` does not rise from 0 to the number of rows (entry 2)",
        ),
    ]);
}

#[test]
fn it_refuses_more_lines_and_findings_than_an_encounter_may_have() {
    fn lines(answers: &mut Answers, count: u32) {
        let rows = usize::try_from(count).expect("a number");
        answers.line_codes = vec![0; rows];
        answers.line_units = vec![1; rows];
        answers.line_cents = vec![0; rows];
        answers.line_modifiers = vec![0; rows];
        answers.line_offsets = vec![0, count, count];
    }
    fn findings(answers: &mut Answers, count: u32) {
        let rows = usize::try_from(count).expect("a number");
        answers.finding_rules = vec![0; rows];
        answers.finding_verdicts = vec![0; rows];
        answers.finding_observed = vec![0; rows];
        answers.finding_expected = vec![0; rows];
        answers.finding_subjects = vec![u32::MAX; rows];
        answers.finding_offsets = vec![0, 0, count];
    }
    assert_refused(&[
        (|a| lines(a, 17), "the answer's `line-offsets` gives 17 rows to encounter 0; at most 16 are allowed"),
        (|a| findings(a, 257), "the answer's `finding-offsets` gives 257 rows to encounter 1; at most 256 are allowed"),
    ]);
    let mut most = honest();
    lines(&mut most, 16);
    assert_eq!(check_answers(&manifest(), 2, &most), Ok(()));
    let mut most = honest();
    most.outcomes = vec![0, 4];
    findings(&mut most, 256);
    assert_eq!(check_answers(&manifest(), 2, &most), Ok(()));
}

#[test]
fn it_refuses_numbers_that_stand_for_nothing() {
    let undeclared = [
        (
            (|a: &mut Answers| a.outcomes = vec![0, 9]) as fn(&mut Answers),
            "the answer's `outcomes` says 9 in row 1, which stands for nothing in the manifest or the contract",
        ),
        (
            |a| a.outcomes = vec![5, 4],
            "the answer's `outcomes` says 5 in row 0, which stands for nothing in the manifest or the contract",
        ),
        (
            |a| a.line_codes = vec![1],
            "the answer's `line-codes` says 1 in row 0, which stands for nothing in the manifest or the contract",
        ),
        (
            |a| a.line_modifiers = vec![2],
            "the answer's `line-modifiers` says 2 in row 0, which stands for nothing in the manifest or the contract",
        ),
        (
            |a| a.finding_rules = vec![1, 2],
            "the answer's `finding-rules` says 2 in row 1, which stands for nothing in the manifest or the contract",
        ),
        (
            |a| a.finding_subjects = vec![1, 0],
            "the answer's `finding-subjects` says 1 in row 0, which stands for nothing in the manifest or the contract",
        ),
    ];
    assert_refused(&undeclared);
}

#[test]
fn it_refuses_numbers_that_are_out_of_range() {
    assert_refused(&[
        (|a| a.line_units = vec![0], "the answer's `line-units` says 0 in row 0, outside 1 to 10"),
        (|a| a.line_units = vec![11], "the answer's `line-units` says 11 in row 0, outside 1 to 10"),
        (|a| a.line_cents = vec![-1], "the answer's `line-cents` says -1 in row 0, outside 0 to 10000000000"),
        (
            |a| a.line_cents = vec![10_000_000_001],
            "the answer's `line-cents` says 10000000001 in row 0, outside 0 to 10000000000",
        ),
        (|a| a.finding_verdicts = vec![0, 2], "the answer's `finding-verdicts` says 2 in row 1, outside 0 to 1"),
    ]);
}

#[test]
fn it_refuses_an_outcome_that_its_findings_and_lines_do_not_bear_out() {
    assert_refused(&[
        (
            |a| a.outcomes = vec![4, 4],
            "the answer calls encounter 0 `not_billable`, but its findings and lines say `billable`",
        ),
        (
            |a| a.outcomes = vec![0, 0],
            "the answer calls encounter 1 `billable`, but its findings and lines say `not_billable`",
        ),
        (
            |a| a.finding_verdicts = vec![0, 1],
            "the answer calls encounter 1 `not_billable`, but its findings and lines say `billable`",
        ),
        (
            |a| a.line_offsets = vec![0, 0, 1],
            "the answer calls encounter 0 `billable`, but its findings and lines say `billable`",
        ),
    ]);
}
