//! What the host refuses to believe: each way an answer can break the contract, and the fault that names it.

use super::*;
use crate::manifest::{Effect, RuleKind, SubjectKind, TermsSchema};
use crate::{DateRange, Modifier, ProcedureCode, ServiceDate, Token};

fn token(text: &str) -> Token {
    Token::parse(text).expect("a token")
}

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
        policy_id: token("test"),
        version: semver::Version::new(1, 0, 0),
        interface_version: semver::Version::new(1, 0, 0),
        title: "test".to_owned(),
        payers: vec![token("test")],
        in_force: Vec::new(),
        currency: token("USD"),
        reads: Vec::new(),
        sources: Vec::new(),
        assumptions: Vec::new(),
        rules: vec![rule("refuses", Effect::NotBillable), rule("notes", Effect::Note)],
        codes: vec![ProcedureCode::parse("G9001").expect("a code")],
        modifiers: vec![Modifier::parse("2P").expect("a modifier")],
        subjects: vec![Subject { kind: SubjectKind::Document, name: token("care_plan") }],
        terms: TermsSchema::default(),
        units_max: 10,
        conditions: Vec::new(),
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
        Some((Units(2), Some(Cents(500)), 1))
    );
    assert_eq!(second.findings.first().map(|finding| finding.message.as_str()), Some("3 of 1 for care_plan"));
}

#[test]
fn it_refuses_every_lie_by_its_column() {
    type Lie = (&'static str, fn(&mut Answers));
    let lies: [Lie; 17] = [
        ("`outcomes`", |a| a.outcomes.push(0)),
        ("`outcomes`", |a| a.outcomes = vec![0, 9]),
        ("`outcomes`", |a| a.outcomes = vec![0, 5]),
        ("`line-units`", |a| a.line_units = vec![]),
        ("`line-units`", |a| a.line_units = vec![0]),
        ("`line-units`", |a| a.line_units = vec![11]),
        ("`line-cents`", |a| a.line_cents = vec![-1]),
        ("`line-cents`", |a| a.line_cents = vec![i64::MAX]),
        ("`line-codes`", |a| a.line_codes = vec![1]),
        ("`line-modifiers`", |a| a.line_modifiers = vec![2]),
        ("`line-offsets`", |a| a.line_offsets = vec![0, 2, 1]),
        ("`line-offsets`", |a| a.line_offsets = vec![1, 1, 1]),
        ("`finding-offsets`", |a| a.finding_offsets = vec![0, 1, 1]),
        ("`finding-rules`", |a| a.finding_rules = vec![1, 2]),
        ("`finding-verdicts`", |a| a.finding_verdicts = vec![0, 2]),
        ("`finding-subjects`", |a| a.finding_subjects = vec![1, 0]),
        ("`finding-expected`", |a| a.finding_expected = vec![]),
    ];
    for (column, lie) in lies {
        let mut answers = honest();
        lie(&mut answers);
        let fault = check_answers(&manifest(), 2, &answers).expect_err(column).to_string();
        assert!(fault.contains(column), "{column}: {fault}");
    }
}

#[test]
fn it_refuses_an_outcome_that_its_findings_do_not_bear_out() {
    let contradictions: [fn(&mut Answers); 4] = [
        |a| a.outcomes = vec![4, 4],
        |a| a.outcomes = vec![0, 0],
        |a| a.finding_verdicts = vec![0, 1],
        |a| a.line_offsets = vec![0, 0, 1],
    ];
    for (number, contradict) in contradictions.into_iter().enumerate() {
        let mut answers = honest();
        contradict(&mut answers);
        let fault = check_answers(&manifest(), 2, &answers);
        assert!(matches!(fault, Err(AnswerFault::Contradiction { .. })), "{number}: {fault:?}");
    }
}
