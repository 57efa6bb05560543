//! Which records are refused, alone and together, and in which words.

use serde_json::Value;

use super::*;
use crate::fault_tests::{assert_says, said_of};

#[test]
fn it_names_every_fault_of_records_alone_and_together() {
    let many_codes = |given: &str| {
        let mut body: Value = serde_json::from_str(given).expect("json");
        let codes = (0..65).map(|number| Value::from(format!("9{number:04}")));
        body["procedure_codes"] = codes.collect::<Vec<_>>().into();
        said_of(&body.to_string(), RecordBody::faults)
    };
    assert_says(
        include_str!("texts/faults.toml"),
        &[
            ("record", &|given| said_of(given, RecordBody::faults)),
            ("record_of_65_codes", &many_codes),
            ("together", &|given| said_of(given, |records: &Vec<Record>| faults_together(records))),
        ],
    );
}

#[test]
fn each_kind_is_read_by_the_word_that_it_is_listed_with() {
    for (kind, _, _) in RecordBody::KINDS {
        let fault = serde_json::from_value::<RecordBody>(serde_json::json!({ "kind": kind, "unheard": 1 }));
        let fault = fault.expect_err("no kind has that field").to_string();
        assert!(!fault.contains("unknown variant"), "{kind}: {fault}");
    }
    let programme = |kind: &str| {
        let body = serde_json::json!({ "kind": kind, "payer_id": "p", "program": "a", "from": "2026-01-01" });
        serde_json::from_value::<RecordBody>(body).expect("a programme")
    };
    assert_eq!(programme("program").kind(), "program");
    assert_eq!(programme("programme"), programme("program"), "records written before are read");
    assert_eq!(serde_json::to_value(programme("programme")).expect("json")["kind"], "program");
}

#[test]
fn each_subject_has_one_word() {
    let all = [RecordSubject::Client, RecordSubject::Provider, RecordSubject::Practice, RecordSubject::Encounter];
    for subject in all {
        assert_eq!(serde_json::to_value(subject).expect("json"), subject.as_str());
    }
}
