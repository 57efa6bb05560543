//! What becomes of changes that only an encounter after a like line can show.

use super::*;
use crate::test_policies::{CASES, POLICY, compiled_of, subject_of};

#[test]
fn it_knows_encounters_that_only_mode_or_minutes_tell_from_a_line_before() {
    let again = "[[limit]]\nid = \"again\"\nmax = 1\nwindow = \"day\"\nper = [\"provider\", \"mode\", \"minutes\"]\nsource = \"manual\"";
    let subject = subject_of(&format!("{POLICY}\n{again}\n"), &[], &[("cases.toml", CASES)]);
    let mutants = mutate(&subject, &compiled_of(&subject), &|_, _| {});
    let fate = |id: &str| mutants.iter().find(|mutant| mutant.change.id == id).map(|mutant| &mutant.fate);
    for id in [
        "again: without the row",
        "again: `per` without provider",
        "again: `per` without mode",
        "again: `per` without minutes",
    ] {
        assert!(matches!(fate(id), Some(Fate::Survived { .. })), "{id}: {:?}", fate(id));
    }
}
