//! The words of every error of this crate, so that a change of them is seen, and no two read the same.

use std::collections::BTreeSet;

use crate::render::AnswerFault;
use crate::{Cents, DateRange, Digest, Field, Modifier, PlaceOfService, ProcedureCode, ServiceDate, Token, Units};

use super::*;

fn value_errors() -> Vec<ValueError> {
    let text = |text: &str| text.to_owned();
    vec![
        ValueError::NotAProcedureCode { code: text("G900") },
        ValueError::NotAModifier { modifier: text("2p") },
        ValueError::NotAPlaceOfService { place: text("1A") },
        ValueError::NotAToken { token: text("_care plan") },
        ValueError::NotAnInstant { instant: text("2026-03-07") },
        ValueError::NotADate { date: text("2026-02-29") },
        ValueError::EmptyRange { from: text("2026-02-01"), to: text("2026-02-01") },
        ValueError::NotADigest { digest: text("00") },
        ValueError::BelowZero { cents: -1 },
        ValueError::NotAField { field: text("encounter.client_name") },
        ValueError::BatchTooLarge,
        ValueError::Overflow { what: "amount" },
        ValueError::Overflow { what: "sum of amounts" },
    ]
}

/// A new error needs a place here and an example above.
fn place(error: &ValueError) -> usize {
    match error {
        ValueError::NotAProcedureCode { .. } => 0,
        ValueError::NotAModifier { .. } => 1,
        ValueError::NotAPlaceOfService { .. } => 2,
        ValueError::NotAToken { .. } => 3,
        ValueError::NotAnInstant { .. } => 4,
        ValueError::NotADate { .. } => 5,
        ValueError::EmptyRange { .. } => 6,
        ValueError::NotADigest { .. } => 7,
        ValueError::BelowZero { .. } => 8,
        ValueError::NotAField { .. } => 9,
        ValueError::BatchTooLarge => 10,
        ValueError::Overflow { .. } => 11,
    }
}

fn answer_faults() -> Vec<AnswerFault> {
    vec![
        AnswerFault::WrongLength { column: "outcomes", expected: 2, actual: 1 },
        AnswerFault::BadOffsets { column: "line-offsets", row: 1 },
        AnswerFault::Undeclared { column: "line-codes", row: 0, value: 7 },
        AnswerFault::OutOfRange { column: "line-units", row: 0, value: 11, min: 1, max: 10 },
        AnswerFault::TooMany { column: "line-offsets", row: 0, actual: 17, max: 16 },
        AnswerFault::Contradiction { row: 1, outcome: "billable", expected: "not_billable" },
    ]
}

/// A new fault needs a place here and an example above.
fn fault_place(fault: &AnswerFault) -> usize {
    match fault {
        AnswerFault::WrongLength { .. } => 0,
        AnswerFault::BadOffsets { .. } => 1,
        AnswerFault::Undeclared { .. } => 2,
        AnswerFault::OutOfRange { .. } => 3,
        AnswerFault::TooMany { .. } => 4,
        AnswerFault::Contradiction { .. } => 5,
    }
}

#[test]
fn it_says_what_is_wrong_and_what_to_do() {
    let (errors, faults) = (value_errors(), answer_faults());
    assert_eq!(errors.iter().map(place).collect::<BTreeSet<_>>(), (0..12).collect());
    assert_eq!(faults.iter().map(fault_place).collect::<BTreeSet<_>>(), (0..6).collect());
    let texts: Vec<String> =
        errors.iter().map(ToString::to_string).chain(faults.iter().map(ToString::to_string)).collect();
    assert_eq!(texts.join("\n"), include_str!("texts/errors.txt").trim_end());
    assert_eq!(texts.iter().collect::<BTreeSet<_>>().len(), texts.len(), "two texts are the same");
    for text in &texts {
        assert!(!text.contains('\n') && !text.ends_with('.') && !text.starts_with(char::is_uppercase), "{text}");
    }
}

#[test]
fn each_type_gives_its_own_error() {
    let day = |text: &str| ServiceDate::parse(text).expect("a date");
    let whole = |text: &str| text.to_owned();
    let field = serde_json::from_str::<Field>("\"encounter.client_name\"").expect_err("no such field").to_string();
    let table = [
        (ProcedureCode::parse("G900").err(), ValueError::NotAProcedureCode { code: whole("G900") }),
        (Modifier::parse("2p").err(), ValueError::NotAModifier { modifier: whole("2p") }),
        (PlaceOfService::parse("1A").err(), ValueError::NotAPlaceOfService { place: whole("1A") }),
        (Token::parse("_x").err(), ValueError::NotAToken { token: whole("_x") }),
        (crate::moment::Moment::parse("now").err(), ValueError::NotAnInstant { instant: whole("now") }),
        (ServiceDate::parse("soon").err(), ValueError::NotADate { date: whole("soon") }),
        (ServiceDate::new(2023, 2, 29).err(), ValueError::NotADate { date: whole("2023-02-29") }),
        (
            DateRange::new(day("2026-02-02"), Some(day("2026-02-01"))).err(),
            ValueError::EmptyRange { from: whole("2026-02-02"), to: whole("2026-02-01") },
        ),
        (Digest::parse("00").err(), ValueError::NotADigest { digest: whole("00") }),
        (Cents::new(-1).require_not_below_zero().err(), ValueError::BelowZero { cents: -1 }),
        (Cents::MAX.plus(Cents::new(1)).err(), ValueError::Overflow { what: "sum of amounts" }),
        (Cents::MAX.times(Units(2)).err(), ValueError::Overflow { what: "amount" }),
    ];
    for (given, expected) in table {
        assert_eq!(given, Some(expected));
    }
    assert_eq!(field, ValueError::NotAField { field: whole("encounter.client_name") }.to_string());
    assert_eq!(Cents::new(0).require_not_below_zero(), Ok(Cents::new(0)));
}

#[test]
fn it_repeats_only_the_beginning_of_what_was_written() {
    let error = Token::parse(&format!("a\u{7} {}", "b".repeat(100))).expect_err("no name");
    assert_eq!(error, ValueError::NotAToken { token: format!("a {}", "b".repeat(21)) });
}
