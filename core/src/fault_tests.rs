//! Runs fixtures of faults: what is given, and the exact words that are said of it. What is checked is for the callers.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

/// One entry of a fixture.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// What is wrong, in plain words; unique in the fixture.
    of: String,
    /// What is given, as JSON.
    given: String,
    /// Everything that is said of it, in order; nothing where it is just right.
    says: Vec<String>,
}

/// What says something of the entries of a table.
pub(crate) type Check<'c> = (&'static str, &'c dyn Fn(&str) -> Vec<String>);

/// Compares what the checks say with all entries of their tables, and tells every entry that differs.
#[track_caller]
pub(crate) fn assert_says(fixture: &str, checks: &[Check<'_>]) {
    let tables: BTreeMap<String, Vec<Entry>> = toml::from_str(fixture).unwrap_or_else(|fault| panic!("{fault}"));
    let known: BTreeSet<&str> = checks.iter().map(|(table, _)| *table).collect();
    assert_eq!(tables.keys().map(String::as_str).collect::<BTreeSet<_>>(), known, "tables of the fixture");
    let mut of = BTreeSet::new();
    let mut wrong = String::new();
    for (table, check) in checks {
        for entry in tables.get(*table).into_iter().flatten() {
            assert!(of.insert(&entry.of), "`{}` is there twice", entry.of);
            for text in &entry.says {
                let is_plain = !text.contains('\n') && !text.ends_with('.') && !text.starts_with(char::is_uppercase);
                assert!(is_plain, "{text}");
            }
            let said = check(&entry.given);
            if said != entry.says {
                wrong.push_str(&format!("\n[[{table}]] {}: {said:#?}\n    is not {:#?}\n", entry.of, entry.says));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What is said of a value that is read from JSON, by the reader or by `faults`.
pub(crate) fn said_of<T: serde::de::DeserializeOwned>(
    given: &str,
    faults: impl FnOnce(&T) -> Vec<String>,
) -> Vec<String> {
    match serde_json::from_str(given) {
        Ok(value) => faults(&value),
        Err(fault) => vec![fault.to_string()],
    }
}
