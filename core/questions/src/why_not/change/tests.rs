//! The sentence of each change, whole; that every sort of change has one.

use std::collections::BTreeSet;

use super::*;
use crate::fault_tests::{assert_says, said_of};

/// Every sort of change by its word. A new one needs its word here and its sentences in the fixture.
const WORDS: [&str; 16] = [
    "add_supporting_info",
    "authorization",
    "day",
    "group_size",
    "minutes",
    "mode",
    "modifier",
    "phase",
    "place_of_service",
    "procedure_code",
    "received_on",
    "role",
    "support_condition",
    "without_condition",
    "without_modifier",
    "without_supporting_info",
];

fn word(change: &Change) -> &'static str {
    match change {
        Change::AddSupportingInfo { .. } => "add_supporting_info",
        Change::WithoutSupportingInfo { .. } => "without_supporting_info",
        Change::SupportCondition { .. } => "support_condition",
        Change::WithoutCondition { .. } => "without_condition",
        Change::Modifier { .. } => "modifier",
        Change::WithoutModifier { .. } => "without_modifier",
        Change::Authorization { .. } => "authorization",
        Change::Day { .. } => "day",
        Change::ProcedureCode { .. } => "procedure_code",
        Change::GroupSize { .. } => "group_size",
        Change::Minutes { .. } => "minutes",
        Change::PlaceOfService { .. } => "place_of_service",
        Change::Mode { .. } => "mode",
        Change::Phase { .. } => "phase",
        Change::Role { .. } => "role",
        Change::ReceivedOn { .. } => "received_on",
    }
}

#[test]
fn it_says_every_change_in_plain_words() {
    let told = std::cell::RefCell::new(BTreeSet::new());
    let say = |given: &str| {
        said_of(given, |change: &FactChange| {
            told.borrow_mut().insert(word(&change.change));
            vec![change.sentence()]
        })
    };
    assert_says(include_str!("../texts/changes.toml"), &[("change", &say)]);
    assert_eq!(told.into_inner(), WORDS.into_iter().collect());
}
