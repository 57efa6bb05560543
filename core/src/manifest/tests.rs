//! A manifest that declares nothing, from which tests make theirs.

use super::*;

pub(crate) fn token(text: &str) -> Token {
    Token::parse(text).expect("a token")
}

pub(crate) fn empty() -> Manifest {
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
        rules: Vec::new(),
        codes: Vec::new(),
        modifiers: Vec::new(),
        subjects: Vec::new(),
        terms: TermsSchema::default(),
        units_max: 10,
        conditions: Vec::new(),
        budget: None,
    }
}
