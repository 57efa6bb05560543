//! Which terms are refused, and in which words: rates that tie, agreements that are not signed, what the policy has not.

use super::*;
use crate::fault_tests::{assert_says, said_of};
use crate::manifest::tests::{empty, token};
use crate::manifest::{ParameterSchema, TermsSchema};

#[test]
fn it_names_every_fault_of_terms() {
    let sentence = "most visits".to_owned();
    let parameters = vec![ParameterSchema { id: token("limit"), default: 2, min: 1, max: 5, sentence }];
    let manifest = Manifest { terms: TermsSchema { rates: Vec::new(), parameters }, ..empty() };
    assert_says(
        include_str!("texts/faults.toml"),
        &[
            ("terms", &|given| said_of(given, Terms::faults)),
            ("of_policy", &|given| said_of(given, |terms: &Terms| terms.faults_with(&manifest))),
        ],
    );
}

fn rate(from: &str, to: Option<&str>, cents: i64) -> Rate {
    let day = |text| ServiceDate::parse(text).expect("a date");
    let code = ProcedureCode::parse("G9001").expect("a code");
    Rate { to: to.map(day), ..Rate::per_unit(code, day(from), Cents::new(cents)) }
}

#[test]
fn it_refuses_two_rates_of_which_neither_is_more_specific() {
    let plain = || rate("2026-01-01", None, 5);
    let role = |role| Rate { role: Some(token(role)), ..plain() };
    let place = |place| Rate { place_of_service: PlaceOfService::parse(place).ok(), ..plain() };
    let tie = "rates[1]: `G9001` has another rate for some of these days in rates[0]; end one of them, or give one of them more selectors";
    for (first, second, faults) in [
        (plain(), role("RN"), vec![]),
        (role("RN"), role("CHW"), vec![]),
        (role("RN"), place("11"), vec![tie]),
        (role("RN"), role("RN"), vec![tie]),
        (role("RN"), Rate { place_of_service: PlaceOfService::parse("11").ok(), ..role("RN") }, vec![]),
        (plain(), plain(), vec![tie]),
        (plain(), rate("2025-12-01", Some("2026-01-01"), 5), vec![]),
        (plain(), rate("2025-12-01", Some("2026-01-02"), 5), vec![tie]),
    ] {
        assert_eq!(Terms { rates: vec![first, second], ..Terms::default() }.faults(), faults);
    }
}

#[test]
fn it_lets_a_policy_that_reads_selectors_price_by_them() {
    let reads = vec![crate::field::Field::RateRole];
    let terms =
        Terms { rates: vec![Rate { role: Some(token("RN")), ..rate("2026-01-01", None, 5) }], ..Terms::default() };
    assert_eq!(terms.faults_with(&Manifest { reads, ..empty() }), [""; 0]);
}
