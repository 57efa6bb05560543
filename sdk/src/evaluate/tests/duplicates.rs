//! The same line twice: what tells two services of a day apart, what is not known of a line, and what lifts the refusal.

use adjudica_core::{EncounterFacts, ledger};
use proptest::prelude::*;
use serde_json::json;

use super::*;

const AGAIN: &str = r#"
    [[code]]
    id = "visit"
    code = "T1016"
    roles = "any"
    source = "manual"

    [[code]]
    id = "work"
    code = "99487"
    roles = "any"
    source = "manual"

    [[code]]
    id = "more-work"
    code = "99489"
    roles = "any"
    source = "manual"

    [[units]]
    id = "quarters"
    codes = ["T1016"]
    rounding = { rule = "floor", step = 15 }
    source = "manual"

    [[add_on]]
    id = "add-on"
    code = "99489"
    primary = "99487"
    after = 60
    rounding = { rule = "floor", step = 30 }
    source = "manual"

    [[limit]]
    id = "again"
    max = 1
    window = "day"
    per = ["practice", "provider", "payer", "mode", "minutes", "units"]
    when = { without = ["repeat_service"] }
    source = "manual"
"#;

#[test]
fn it_tells_two_services_of_a_day_apart_by_mode_and_by_minutes() {
    check(
        AGAIN,
        r#"
    [defaults]
    procedure_code = "T1016"
    date_of_service = "2024-03-15"
    minutes = 30
    payer_id = "payer"

    [[case]]
    name = "a_call_and_a_visit"
    encounters = [{ mode = "telephone" }, { mode = "in_person" }, { mode = "video" }]
    expect_each = [{ outcome = "billable" }, { outcome = "billable" }, { outcome = "billable" }]

    [[case]]
    name = "two_calls_of_30_and_31_minutes"
    encounters = [{ mode = "telephone" }, { mode = "telephone", minutes = 31 }]
    expect_each = [{ outcome = "billable" }, { outcome = "billable" }]

    [[case]]
    name = "modes_that_no_table_names"
    encounters = [{ mode = "letter" }, { mode = "fax" }, { mode = "letter" }]
    expect_each = [{ outcome = "billable" }, { outcome = "billable" }, { outcome = "not_billable", rules = ["again"] }]

    [[case]]
    name = "a_true_copy"
    encounters = [{}, {}]
    expect_each = [{ outcome = "billable" }, { outcome = "not_billable", rules = ["again"], subject = "T1016" }]

    [[case]]
    name = "a_copy_among_others"
    encounters = [{ mode = "telephone" }, { minutes = 45 }, {}, { mode = "telephone" }]
    expect_each = [{ outcome = "billable" }, { outcome = "billable" }, { outcome = "billable" }, { outcome = "not_billable", rules = ["again"] }]

    [[case]]
    name = "a_copy_that_the_record_shows_to_be_a_repeat"
    encounters = [{}, { supporting_info = ["repeat_service"] }]
    expect_each = [{ outcome = "billable" }, { outcome = "billable" }]

    [[case]]
    name = "another_provider_practice_payer_or_day"
    history = [
        { procedure_code = "T1016", date_of_service = "2024-03-15", mode = "in_person", minutes = 30, units = 2, rendering_provider_id = "p2" },
        { procedure_code = "T1016", date_of_service = "2024-03-15", mode = "in_person", minutes = 30, units = 2, billing_provider_id = "b2" },
        { procedure_code = "T1016", date_of_service = "2024-03-15", mode = "in_person", minutes = 30, units = 2, payer_id = "other" },
        { procedure_code = "T1016", date_of_service = "2024-03-14", mode = "in_person", minutes = 30, units = 2 },
        { procedure_code = "99487", date_of_service = "2024-03-15", mode = "in_person", minutes = 30, units = 2 },
    ]
    encounter = {}
    expect = { outcome = "billable" }
    "#,
    );
}

#[test]
fn it_takes_what_is_not_known_of_a_line_to_be_the_same() {
    let table = [
        ("all_is_known", "units = 2, mode = \"in_person\", minutes = 30", "", "refused"),
        ("the_mode_is_not_known", "units = 2, minutes = 30", "", "refused"),
        ("the_mode_is_not_known_and_the_minutes_differ", "units = 2, minutes = 31", "", "billed"),
        ("the_minutes_are_not_known", "units = 2, mode = \"in_person\"", "", "refused"),
        ("the_minutes_are_not_known_and_the_mode_differs", "units = 2, mode = \"video\"", "", "billed"),
        ("nothing_is_known", "units = 2", "", "refused"),
        ("nothing_is_known_but_the_units_which_differ", "units = 1", "", "billed"),
        ("the_encounters_minutes_are_not_known", "units = 1, mode = \"in_person\", minutes = 20", "99487", "refused"),
        ("no_minutes_are_known_on_either_side", "units = 1, mode = \"in_person\"", "99487", "refused"),
    ];
    for (name, billed, code, expected) in table {
        let (code, given) = if code.is_empty() { ("T1016", "minutes = 30, ") } else { (code, "") };
        let expect = match expected {
            "billed" => "outcome = \"billable\"",
            _ => "outcome = \"not_billable\", rules = [\"again\"]",
        };
        let history =
            format!("history = [{{ procedure_code = \"{code}\", date_of_service = \"2024-03-15\", {billed} }}]");
        let encounter = format!("encounter = {{ {given}procedure_code = \"{code}\" }}");
        check(AGAIN, &format!("[[case]]\nname = \"{name}\"\n{history}\n{encounter}\nexpect = {{ {expect} }}\n"));
    }
}

#[test]
fn it_finds_the_copy_of_a_line_whose_units_were_cut() {
    let rows = format!("{AGAIN}\n[[authorization]]\nid = \"pa\"\ncodes = [\"T1016\"]\nsource = \"manual\"");
    let authorized = |units: u32| {
        format!(
            "minutes = 60, procedure_code = \"T1016\", standing = {{ authorizations = [{{ authorization_id = \"a\", procedure_codes = [\"T1016\"], from = \"2024-01-01\", units = {units} }}] }}"
        )
    };
    let case = |name: &str, first: u32, copy: u32, billed: u32| {
        format!(
            "[[case]]\nname = \"{name}\"\nencounters = [{{ {} }}, {{ {} }}]\nexpect_each = [{{ outcome = \"billable\", lines = [{{ procedure_code = \"T1016\", units = {billed} }}] }}, {{ outcome = \"not_billable\", rules = [\"again\"] }}]\n",
            authorized(first),
            authorized(copy),
        )
    };
    check(&rows, &(case("the_copy_is_cut", 5, 5, 4) + &case("the_first_was_cut", 2, 9, 2)));
}

#[test]
fn it_finds_the_copy_of_each_line_of_an_encounter() {
    check(
        AGAIN,
        r#"
    [defaults]
    procedure_code = "99487"
    date_of_service = "2024-03-15"

    [[case]]
    name = "the_add_on_is_a_copy_as_its_primary_is"
    encounters = [{ minutes = 90 }, { minutes = 90 }]
    expect_each = [
        { outcome = "billable", lines = [{ procedure_code = "99487", units = 1 }, { procedure_code = "99489", units = 1 }] },
        { outcome = "not_billable", rules = ["again", "again"] },
    ]

    [[case]]
    name = "an_add_on_asked_for_by_itself_is_no_copy_of_fewer_units"
    encounters = [{ minutes = 120 }, { procedure_code = "99489", minutes = 45 }]
    expect_each = [{ outcome = "billable" }, { outcome = "billable" }]

    [[case]]
    name = "another_mode_tells_add_ons_apart_too"
    encounters = [{ minutes = 90, mode = "telephone" }, { minutes = 90, mode = "video" }]
    expect_each = [{ outcome = "billable" }, { outcome = "billable" }]

    [[case]]
    name = "an_add_on_has_the_minutes_of_its_encounter"
    encounters = [{ minutes = 90 }, { minutes = 120 }, { minutes = 100 }, { procedure_code = "99489", minutes = 31 }, { minutes = 90 }]
    expect_each = [{ outcome = "billable" }, { outcome = "billable" }, { outcome = "billable" }, { outcome = "billable" }, { outcome = "not_billable", rules = ["again", "again"] }]

    [[case]]
    name = "an_add_on_billed_before_has_the_minutes_of_the_line_before_it"
    history = [
        { procedure_code = "99487", date_of_service = "2024-03-15", mode = "in_person", minutes = 90 },
        { procedure_code = "99489", date_of_service = "2024-03-15", mode = "in_person" },
        { procedure_code = "99489", date_of_service = "2024-03-15", mode = "in_person" },
        { procedure_code = "99487", date_of_service = "2024-03-15", mode = "video", minutes = 100 },
    ]
    encounters = [{ minutes = 100 }, { minutes = 90 }]
    expect_each = [{ outcome = "billable" }, { outcome = "not_billable", rules = ["again", "again"] }]

    [[case]]
    name = "an_add_on_that_stands_behind_another_encounter_may_be_the_same"
    history = [
        { procedure_code = "99487", date_of_service = "2024-03-15", mode = "video", minutes = 90 },
        { procedure_code = "99489", date_of_service = "2024-03-15", mode = "in_person" },
    ]
    encounter = { minutes = 100 }
    expect = { outcome = "not_billable", rules = ["again"], subject = "99489" }
    "#,
    );
}

#[test]
fn it_counts_by_mode_wherever_lines_are_narrowed() {
    let rows = format!(
        "{VISIT}
    [[code]]
    id = \"other\"
    code = \"T1017\"
    roles = \"any\"
    source = \"manual\"

    [[exclude]]
    id = \"beside\"
    codes = [\"T1016\"]
    with = [\"T1017\"]
    window = \"day\"
    per = [\"mode\"]
    source = \"manual\"

    [[prerequisite]]
    id = \"after\"
    codes = [\"T1016\"]
    any_of = [\"T1017\"]
    window = \"calendar_month\"
    per = [\"mode\"]
    source = \"manual\""
    );
    check(
        &rows,
        r#"
    [[case]]
    name = "of_the_other_mode"
    history = [{ procedure_code = "T1017", date_of_service = "2024-03-15", mode = "video" }]
    encounter = { procedure_code = "T1016" }
    expect = { outcome = "not_billable", rules = ["after"] }

    [[case]]
    name = "of_the_same_mode"
    history = [{ procedure_code = "T1017", date_of_service = "2024-03-15", mode = "in_person" }]
    encounter = { procedure_code = "T1016" }
    expect = { outcome = "not_billable", rules = ["beside"] }
    "#,
    );
}

fn facts(id: usize, (mode, minutes, day): (&str, u32, i32)) -> EncounterFacts {
    let day = adjudica_core::ServiceDate::parse("2024-03-15").expect("a day").plus_days(day);
    let code = if minutes >= 60 { "99487" } else { "T1016" };
    let facts = json!({
        "encounter_id": format!("e{id:03}"), "client_id": "c1", "payer_id": "payer", "date_of_service": day,
        "procedure_code": code, "minutes": minutes, "rendering_provider_id": "p1", "rendering_provider_role": "RN",
        "billing_provider_id": "b1", "phase": "implementation", "mode": mode,
    });
    serde_json::from_value(facts).expect("facts")
}

proptest! {
    #[test]
    fn it_knows_a_copy_in_one_call_as_in_many(services in proptest::collection::vec(
        (prop_oneof![Just("telephone"), Just("video")], prop_oneof![Just(30_u32), Just(31), Just(90), Just(100), Just(120)], 0_i32..2),
        1..9,
    )) {
        let compiled = compiled(AGAIN);
        let encounters = services.iter().enumerate().map(|(id, service)| facts(id, *service)).collect();
        let mut all = Timeline { ledger: Vec::new(), encounters };
        all.sort();
        let decide = |timeline: &Timeline| {
            let timelines = std::slice::from_ref(timeline);
            native::decide(&compiled, &NoHooks, timelines, &Terms::default(), Explain::All).expect("decisions")
        };
        let together = decide(&all);
        let mut lines = Vec::new();
        for (encounter, expected) in all.encounters.iter().zip(&together) {
            let alone = decide(&Timeline { ledger: lines.clone(), encounters: vec![encounter.clone()] });
            prop_assert_eq!(alone.first(), Some(expected));
            lines.extend(ledger::ledger_lines(encounter, expected));
        }
    }
}
