//! Each rounding rule at the minutes where payers say it turns.

use super::*;

/// Minutes and the units they are worth.
type Boundary = (u32, u32);

fn check(rule: &Rounding, table: &[Boundary]) {
    for &(minutes, units) in table {
        assert_eq!(rule.units(Minutes(minutes)), Units(units), "{rule:?} at {minutes} minutes");
    }
}

#[test]
fn it_floors_as_michigan_encounter_reporting_says() {
    // PIHP/CMHSP Encounter Reporting 2016: "15 minutes" codes.
    check(
        &Rounding::Floor { step: 15 },
        &[(0, 0), (14, 0), (15, 1), (29, 1), (30, 2), (44, 2), (45, 3), (59, 3), (60, 4), (74, 4)],
    );
}

#[test]
fn it_rounds_up_as_michigan_encounter_reporting_says() {
    // The same source: "up to 15 minutes" codes.
    check(&Rounding::Ceil { step: 15 }, &[(0, 0), (1, 1), (15, 1), (16, 2), (30, 2), (31, 3)]);
}

#[test]
fn it_follows_the_cms_eight_minute_rule() {
    check(
        &Rounding::CmsEightMinute { step: 15 },
        &[(7, 0), (8, 1), (22, 1), (23, 2), (37, 2), (38, 3), (52, 3), (53, 4), (67, 4), (68, 5)],
    );
}

#[test]
fn it_follows_the_cpt_midpoint() {
    check(&Rounding::CptMidpoint { step: 30 }, &[(15, 0), (16, 1), (30, 1), (45, 1), (46, 2)]);
    check(&Rounding::CptMidpoint { step: 60 }, &[(30, 0), (31, 1), (60, 1), (90, 1), (91, 2)]);
}

#[test]
fn it_needs_the_full_threshold() {
    // CPT 99487: base at 60, add-on at each full 30.
    check(&Rounding::Threshold { first: 60, step: 30 }, &[(59, 0), (60, 1), (89, 1), (90, 2), (119, 2), (120, 3)]);
}

#[test]
fn it_reads_a_payers_own_bands() {
    // ARM 37.87.809 (Montana youth), a minute off the CMS rule from the second unit on.
    let montana =
        [(8, 23, 1), (24, 38, 2), (39, 53, 3), (54, 68, 4), (69, 83, 5), (84, 98, 6), (99, 113, 7), (114, 128, 8)];
    let bands = montana.map(|(minutes_min, minutes_max, units)| Band { minutes_min, minutes_max, units }).to_vec();
    check(&Rounding::Table { bands }, &[(7, 0), (8, 1), (23, 1), (24, 2), (38, 2), (39, 3), (128, 8), (129, 0)]);
}

#[test]
fn it_counts_started_tenths_of_an_hour() {
    check(&Rounding::TenthHourCeil, &[(0, 0), (1, 1), (6, 1), (7, 2), (60, 10), (61, 11)]);
}

#[test]
fn it_never_divides_by_a_step_of_nothing() {
    for rule in [
        Rounding::Floor { step: 0 },
        Rounding::Ceil { step: 0 },
        Rounding::CmsEightMinute { step: 0 },
        Rounding::CptMidpoint { step: 0 },
    ] {
        assert_eq!(rule.units(Minutes(30)), Units(0), "{rule:?}");
    }
    assert_eq!(Rounding::Threshold { first: 10, step: 0 }.units(Minutes(30)), Units(1));
}

#[test]
fn it_never_loses_units_when_minutes_grow() {
    let rules = [
        Rounding::Floor { step: 15 },
        Rounding::Ceil { step: 15 },
        Rounding::CmsEightMinute { step: 15 },
        Rounding::CptMidpoint { step: 30 },
        Rounding::Threshold { first: 60, step: 30 },
        Rounding::TenthHourCeil,
    ];
    for rule in rules {
        for minutes in 0..crate::quantity::MINUTES_MAX {
            assert!(rule.units(Minutes(minutes)) <= rule.units(Minutes(minutes + 1)), "{rule:?} at {minutes}");
        }
    }
}
