//! Units of prior authorizations that cover the same services: which line is billed whole, cut or refused, and in what words.

use adjudica_core::{EncounterFacts, ServiceDate, Token};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const WORK: &str = r#"
    [[code]]
    id = "visit"
    code = "T1016"
    roles = "any"
    source = "manual"

    [[code]]
    id = "follow-up"
    code = "G9002"
    roles = "any"
    source = "manual"

    [[code]]
    id = "more"
    code = "99489"
    roles = "any"
    source = "manual"

    [[units]]
    id = "quarters"
    codes = ["T1016", "G9002"]
    rounding = { rule = "floor", step = 15 }
    source = "manual"

    [[authorization]]
    id = "pa"
    codes = ["T1016", "G9002", "99489"]
    source = "manual"
"#;

#[test]
fn it_takes_units_from_the_authorization_that_nobody_else_can_use() {
    check(
        WORK,
        r#"
    [[case]]
    name = "six_units_of_two_lines_with_three_and_five"
    encounter = { procedure_code = "T1016", date_of_service = "2024-03-16", minutes = 90, standing = { authorizations = [
        { authorization_id = "a-first", procedure_codes = ["T1016"], from = "2024-01-01", to = "2024-04-01", units = 3 },
        { authorization_id = "a-second", procedure_codes = ["T1016"], from = "2024-03-01", to = "2024-07-01", units = 5 },
    ] } }
    expect = { outcome = "billable", notes = [], lines = [{ procedure_code = "T1016", units = 6 }] }

    [[case]]
    name = "a_line_of_two_codes_beside_one_of_one_code"
    encounters = [
        { procedure_code = "T1016", date_of_service = "2024-03-02", minutes = 30, standing = { authorizations = [
            { authorization_id = "b-both", procedure_codes = ["T1016", "G9002"], from = "2024-01-01", to = "2024-04-01", units = 2 },
            { authorization_id = "b-one", procedure_codes = ["T1016"], from = "2024-01-01", to = "2024-07-01", units = 6 },
        ] } },
        { procedure_code = "G9002", date_of_service = "2024-03-09", minutes = 30, standing = { authorizations = [
            { authorization_id = "b-both", procedure_codes = ["T1016", "G9002"], from = "2024-01-01", to = "2024-04-01", units = 2 },
            { authorization_id = "b-one", procedure_codes = ["T1016"], from = "2024-01-01", to = "2024-07-01", units = 6 },
        ] } },
    ]
    expect_each = [
        { outcome = "billable", notes = [], lines = [{ procedure_code = "T1016", units = 2 }] },
        { outcome = "billable", notes = [], lines = [{ procedure_code = "G9002", units = 2 }] },
    ]
    "#,
    );
}

const BOTH: &str = r#"standing = { authorizations = [
        { authorization_id = "b-both", procedure_codes = ["T1016", "G9002"], from = "2024-01-01", units = 2 },
        { authorization_id = "b-one", procedure_codes = ["T1016"], from = "2024-01-01", units = 6 },
    ] }"#;

#[test]
fn it_says_which_units_other_codes_took() {
    let case = |name: &str, billed: &str, encounter: &str, expect: &str| {
        let history = format!("history = [{{ date_of_service = \"2024-03-01\", {billed} }}]");
        format!(
            "[[case]]\nname = \"{name}\"\n{history}\nencounter = {{ {encounter}, {BOTH} }}\nexpect = {{ {expect} }}\n"
        )
    };
    let cut = "notes = [\"pa.cut\", \"pa.shared\"], outcome = \"billable\", lines = [{ procedure_code = \"G9002\", units = 1 }]";
    let cases = [
        case(
            "one_of_two_is_left",
            "procedure_code = \"T1016\", units = 7",
            "procedure_code = \"G9002\", minutes = 30",
            cut,
        ),
        case(
            "all_are_taken_by_the_other_code",
            "procedure_code = \"T1016\", units = 8",
            "procedure_code = \"G9002\", minutes = 30",
            "outcome = \"not_billable\", rules = [\"pa.spent\"], notes = [\"pa.shared\"]",
        ),
        case(
            "the_code_took_them_itself",
            "procedure_code = \"G9002\", units = 2",
            "procedure_code = \"G9002\", minutes = 30",
            "outcome = \"not_billable\", rules = [\"pa.spent\"], notes = []",
        ),
        case(
            "two_more_would_be_left_but_for_the_other_code",
            "procedure_code = \"G9002\", units = 2",
            "procedure_code = \"T1016\", minutes = 105",
            "notes = [\"pa.cut\", \"pa.shared\"], outcome = \"billable\", lines = [{ procedure_code = \"T1016\", units = 6 }]",
        ),
        case(
            "nothing_is_said_where_the_line_is_billed_whole",
            "procedure_code = \"T1016\", units = 7",
            "procedure_code = \"G9002\", minutes = 15",
            "outcome = \"billable\", notes = []",
        ),
    ];
    check(WORK, &cases.concat());
}

const ADD_ON: &str = r#"
    [[add_on]]
    id = "add-on"
    code = "99489"
    primary = "G9002"
    after = 60
    rounding = { rule = "floor", step = 30 }
    source = "manual"
"#;

#[test]
fn it_spends_a_unit_once_among_the_lines_of_one_encounter() {
    let rows = format!("{WORK}\n{ADD_ON}");
    check(
        &rows,
        r#"
    [[case]]
    name = "the_add_on_has_what_its_primary_leaves"
    encounter = { procedure_code = "G9002", minutes = 120, standing = { authorizations = [
        { authorization_id = "a", procedure_codes = ["G9002", "99489"], from = "2024-01-01", units = 9 },
    ] } }
    expect = { outcome = "billable", notes = ["pa.cut", "pa.shared"], lines = [{ procedure_code = "G9002", units = 8 }, { procedure_code = "99489", units = 1 }] }

    [[case]]
    name = "the_primary_has_what_no_add_on_took"
    encounter = { procedure_code = "G9002", minutes = 120, standing = { authorizations = [
        { authorization_id = "a", procedure_codes = ["G9002", "99489"], from = "2024-01-01", units = 10 },
    ] } }
    expect = { outcome = "billable", notes = [], lines = [{ procedure_code = "G9002", units = 8 }, { procedure_code = "99489", units = 2 }] }
    "#,
    );
}

#[test]
fn it_limits_an_add_on_by_the_units_that_are_left_of_it() {
    let rows = format!(
        "{WORK}\n{ADD_ON}\n[[limit]]\nid = \"one\"\ncodes = [\"99489\"]\nmax = 1\nwindow = \"day\"\ncounts = \"units\"\nsource = \"manual\""
    );
    check(
        &rows,
        r#"
    [[case]]
    name = "one_of_two_is_authorized_and_one_is_allowed"
    encounter = { procedure_code = "G9002", minutes = 120, standing = { authorizations = [
        { authorization_id = "a", procedure_codes = ["G9002", "99489"], from = "2024-01-01", units = 9 },
    ] } }
    expect = { outcome = "billable", lines = [{ procedure_code = "G9002", units = 8 }, { procedure_code = "99489", units = 1 }] }

    [[case]]
    name = "two_are_authorized_and_one_is_allowed"
    encounter = { procedure_code = "G9002", minutes = 120, standing = { authorizations = [
        { authorization_id = "a", procedure_codes = ["G9002", "99489"], from = "2024-01-01", units = 10 },
    ] } }
    expect = { outcome = "not_billable", rules = ["one"] }
    "#,
    );
}

fn facts(id: usize, (code, day, units): (&str, i32, u32), authorizations: &[Value]) -> EncounterFacts {
    let day = ServiceDate::parse("2024-03-01").expect("a day").plus_days(day);
    let facts = json!({
        "encounter_id": format!("e{id:03}"), "client_id": "c1", "payer_id": "payer", "date_of_service": day,
        "procedure_code": code, "minutes": units * 15, "rendering_provider_id": "p1", "rendering_provider_role": "RN",
        "billing_provider_id": "b1", "phase": "implementation", "mode": "in_person",
        "standing": { "authorizations": authorizations },
    });
    serde_json::from_value(facts).expect("facts")
}

fn decide(compiled: &Compiled, timeline: &Timeline) -> Vec<adjudica_core::Decision> {
    let timelines = std::slice::from_ref(timeline);
    native::decide(compiled, &NoHooks, timelines, &Terms::default(), Explain::All).expect("decisions")
}

fn some_authorizations() -> impl Strategy<Value = Vec<Value>> {
    let codes = prop_oneof![Just(vec!["T1016"]), Just(vec!["G9002"]), Just(vec!["G9002", "T1016"])];
    let authorization = (codes, 0_i32..4, 1_i32..6, 0_u32..4);
    let authorizations = proptest::collection::vec(authorization, 2..=4);
    authorizations.prop_map(|all| {
        let first = ServiceDate::parse("2024-03-01").expect("a day");
        let line = |(index, (codes, from, days, units)): (usize, (Vec<&str>, i32, i32, u32))| {
            let id = Token::parse(&format!("a{index}")).expect("an id");
            let (from, to) = (first.plus_days(from), first.plus_days(from + days));
            json!({ "authorization_id": id, "procedure_codes": codes, "from": from, "to": to, "units": units })
        };
        all.into_iter().enumerate().map(line).collect()
    })
}

proptest! {
    #[test]
    fn it_answers_the_same_in_one_call_and_in_many_whatever_the_order_of_authorizations(
        authorizations in some_authorizations(),
        services in proptest::collection::vec((prop_oneof![Just("T1016"), Just("G9002")], 0_i32..6, 1_u32..4), 1..7),
    ) {
        let compiled = compiled(WORK);
        let timeline = |authorizations: &[Value]| {
            let encounters = services.iter().enumerate().map(|(id, service)| facts(id, *service, authorizations));
            let mut timeline = Timeline { ledger: Vec::new(), encounters: encounters.collect() };
            timeline.sort();
            timeline
        };
        let all = timeline(&authorizations);
        let together = decide(&compiled, &all);
        let turned: Vec<Value> = authorizations.iter().rev().cloned().collect();
        prop_assert_eq!(&decide(&compiled, &timeline(&turned)), &together);
        let mut ledger = Vec::new();
        for (encounter, expected) in all.encounters.iter().zip(&together) {
            let alone = Timeline { ledger: ledger.clone(), encounters: vec![encounter.clone()] };
            let decisions = decide(&compiled, &alone);
            prop_assert_eq!(decisions.first(), Some(expected));
            ledger.extend(adjudica_core::ledger::ledger_lines(encounter, expected));
        }
    }
}
