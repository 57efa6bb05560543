//! Every error says something of its own, in one line, with the remedy last.

use std::collections::BTreeSet;

use adjudica_core::{Digest, Token};

use super::*;

fn every_variant() -> Vec<StoreError> {
    let texts = || vec!["one".to_owned(), "two".to_owned()];
    let token = |text| Token::parse(text).expect("a token");
    let digest = Digest::of(b"");
    vec![
        StoreError::BadAddress { scheme: "mysql".to_owned() },
        StoreError::UnsafeDatabase { faults: texts() },
        StoreError::Migration { source: sqlx::migrate::MigrateError::Dirty(1) },
        StoreError::NewerSchema { found: 12, known: 11 },
        StoreError::Unavailable { doing: "reading a decision", source: sqlx::Error::PoolTimedOut },
        StoreError::EncountersExist { encounter_ids: texts() },
        StoreError::BadEncounters { faults: texts() },
        StoreError::BadRecords { faults: texts() },
        StoreError::LedgerMoved { clients: vec![ClientKey { agency_id: token("a"), client_id: token("secret") }] },
        StoreError::BadCommit { faults: texts() },
        StoreError::ActivationMoved { expected: None, found: Some(2) },
        StoreError::BadSchedule { faults: texts() },
        StoreError::VersionTaken { policy_id: "sim".to_owned(), version: "1.0.0".to_owned(), digest },
        StoreError::WrongDigest { what: "terms", given: digest, actual: Digest::of(b"x") },
        StoreError::IdempotencyKeyUsed { key: "k1".to_owned() },
        StoreError::Corrupt { table: "ledger", row: "a/c/1".to_owned(), fault: "no units".to_owned() },
        StoreError::RowCount { doing: "writing decisions", expected: 2, found: 1 },
    ]
}

#[test]
fn it_gives_each_variant_its_own_plain_line() {
    let lines: Vec<String> = every_variant().iter().map(ToString::to_string).collect();
    assert_eq!(lines.iter().collect::<BTreeSet<_>>().len(), lines.len());
    for line in lines {
        assert!(!line.contains('\n') && !line.ends_with('.'), "{line}");
        assert!(line.starts_with(|first: char| !first.is_uppercase()), "{line}");
        assert!(!line.contains("secret"), "{line}");
    }
}

#[test]
fn it_names_at_most_ten_encounters() {
    let encounter_ids = (0..50).map(|number| format!("e{number}")).collect();
    let line = StoreError::EncountersExist { encounter_ids }.to_string();
    assert!(line.contains("50 of the encounters") && line.contains("e9, ..") && !line.contains("e10"), "{line}");
}
