//! That the sample has the size and the mix that the demonstration needs.

use std::collections::BTreeSet;

use adjudica_core::Token;

use super::*;

fn day(text: &str) -> ServiceDate {
    ServiceDate::parse(text).expect("a date")
}

fn count(sample: &Sample, from: &str, to: &str, payer: &str) -> usize {
    let within = |e: &&EncounterFacts| {
        e.date_of_service >= day(from) && e.date_of_service < day(to) && e.payer_id.as_str() == payer
    };
    sample.encounters.iter().filter(within).count()
}

#[test]
fn it_has_two_thousand_encounters_in_each_full_year() {
    let sample = generate().expect("a sample");
    assert!(
        count(&sample, "2019-07-01", "2020-07-01", "sim") + count(&sample, "2019-07-01", "2020-07-01", "bcbsm")
            >= 2_000
    );
    assert!(count(&sample, "2025-10-01", "2026-10-01", "bcbsm") >= 2_000);
}

#[test]
fn it_has_encounters_on_both_sides_of_every_change() {
    let sample = generate().expect("a sample");
    let changes = [
        ("sim", "2019-07-01", "2020-01-01", "2020-07-01"),
        ("bcbsm", "2021-11-15", "2022-01-01", "2022-03-01"),
        ("bcbsm", "2023-08-15", "2023-09-20", "2023-11-01"),
        ("bcbsm", "2025-10-01", "2026-04-01", "2026-10-01"),
    ];
    for (payer, from, change, to) in changes {
        assert!(count(&sample, from, change, payer) >= 50, "{payer} before {change}");
        assert!(count(&sample, change, to, payer) >= 50, "{payer} from {change}");
    }
}

#[test]
fn it_has_six_payers() {
    let sample = generate().expect("a sample");
    for payer in ["sim", "bcbsm", "bcn", "bcbsm-ma", "medicaid-hmo-mi", "priority-health"] {
        assert!(count(&sample, "2019-07-01", "2026-10-01", payer) >= 100, "{payer}");
    }
}

#[test]
fn it_has_150_clients_12_staff_and_unique_ids() {
    let sample = generate().expect("a sample");
    let distinct = |of: fn(&EncounterFacts) -> &Token| sample.encounters.iter().map(of).collect::<BTreeSet<_>>().len();
    assert_eq!(distinct(|e| &e.client_id), 150);
    assert_eq!(distinct(|e| &e.rendering_provider_id), 12);
    assert!(distinct(|e| &e.rendering_provider_role) >= 8);
    assert_eq!(distinct(|e| &e.encounter_id), sample.encounters.len());
    assert!(sample.terms.faults().is_empty(), "{:?}", sample.terms.faults());
}

#[test]
fn it_is_the_same_every_time() {
    assert!(generate().expect("a sample").encounters == generate().expect("a sample").encounters);
}
