//! Tables over what the records say, and over minutes and rates that depend on more than one encounter.

use super::{VISIT, check};

#[test]
fn it_adds_minutes_up_over_a_month_and_bills_each_unit_once() {
    let rows = r#"
    [[code]]
    id = "ccm"
    code = "99490"
    roles = "any"
    source = "manual"

    [[code]]
    id = "ccm-more"
    code = "99439"
    roles = "any"
    source = "manual"

    [[units]]
    id = "ccm-units"
    codes = ["99490"]
    rounding = { rule = "table", bands = [{ minutes_min = 20, minutes_max = 1000000, units = 1 }] }
    over = "calendar_month"
    source = "manual"

    [[add_on]]
    id = "ccm-add-on"
    code = "99439"
    primary = "99490"
    after = 20
    rounding = { rule = "floor", step = 20 }
    max = 2
    source = "manual"
    "#;
    check(
        rows,
        r#"
    [defaults]
    procedure_code = "99490"
    date_of_service = "2024-03-15"

    [[case]]
    name = "bills_the_base_when_the_month_reaches_it_and_add_ons_as_they_come"
    encounters = [
        { minutes = 12, date_of_service = "2024-03-04" },
        { minutes = 8, date_of_service = "2024-03-05" },
        { minutes = 19, date_of_service = "2024-03-06" },
        { minutes = 21, date_of_service = "2024-03-07" },
        { minutes = 12, date_of_service = "2024-04-01" },
    ]
    expect_each = [
        { outcome = "report_only", rules = ["ccm-units.counted"], lines = [] },
        { outcome = "billable", lines = [{ procedure_code = "99490", units = 1 }] },
        { outcome = "report_only", lines = [] },
        { outcome = "billable", lines = [{ procedure_code = "99439", units = 2 }] },
        { outcome = "report_only", lines = [] },
    ]

    [[case]]
    name = "bills_base_and_add_on_at_once"
    encounter = { minutes = 45 }
    expect = { outcome = "billable", lines = [{ procedure_code = "99490", units = 1 }, { procedure_code = "99439", units = 1 }] }

    [[case]]
    name = "goes_on_from_what_was_decided_before"
    history = [{ procedure_code = "99490", date_of_service = "2024-03-01", units = 0, minutes = 19 }]
    encounter = { minutes = 1 }
    expect = { outcome = "billable", lines = [{ procedure_code = "99490", units = 1 }] }

    [[case]]
    name = "refuses_more_add_ons_than_the_month_may_have"
    history = [{ procedure_code = "99490", date_of_service = "2024-03-01", minutes = 60 }]
    encounter = { minutes = 20 }
    expect = { outcome = "not_billable", rules = ["ccm-add-on"] }
    "#,
    );
}

#[test]
fn it_spends_each_authorized_unit_once() {
    let rows = format!(
        "{VISIT}\n[[units]]\nid = \"visit-units\"\ncodes = [\"T1016\"]\nrounding = {{ rule = \"floor\", step = 15 }}\nsource = \"manual\"
        \n[[authorization]]\nid = \"pa\"\ncodes = [\"T1016\"]\nsource = \"manual\""
    );
    check(
        &rows,
        r#"
    [defaults]
    procedure_code = "T1016"
    date_of_service = "2024-03-15"
    minutes = 30
    payer_id = "payer"
    standing = { authorizations = [
        { authorization_id = "a1", procedure_codes = ["T1016"], from = "2024-01-01", to = "2024-04-01", units = 10 },
        { authorization_id = "a2", procedure_codes = ["T1016"], from = "2024-04-01", to = "2024-06-01", units = 4 },
    ] }

    [[case]]
    name = "asks_for_an_authorization_where_none_covers_the_day"
    encounter = { date_of_service = "2024-06-01" }
    expect = { outcome = "incomplete", rules = ["pa"], subject = "T1016" }

    [[case]]
    name = "pays_what_is_left_and_denies_the_rest"
    history = [{ procedure_code = "T1016", date_of_service = "2024-02-01", units = 9 }]
    encounter = {}
    expect = { outcome = "billable", notes = ["pa.cut"], lines = [{ procedure_code = "T1016", units = 1, amount_cents = 1500 }] }

    [[case]]
    name = "counts_later_days_too_because_a_unit_is_spent_once"
    history = [{ procedure_code = "T1016", date_of_service = "2024-03-20", units = 10 }]
    encounter = {}
    expect = { outcome = "not_billable", rules = ["pa.spent"] }

    [[case]]
    name = "spends_within_a_call_and_starts_anew_with_the_next_authorization"
    history = [{ procedure_code = "T1016", date_of_service = "2024-02-01", units = 8 }]
    encounters = [{}, { date_of_service = "2024-03-16" }, { date_of_service = "2024-04-01" }]
    expect_each = [{ outcome = "billable" }, { outcome = "not_billable" }, { outcome = "billable" }]

    [[case]]
    name = "does_not_count_lines_of_another_payer"
    history = [{ procedure_code = "T1016", date_of_service = "2024-02-01", units = 10, payer_id = "other" }]
    encounter = {}
    expect = { outcome = "billable", notes = [] }
    "#,
    );
}

const CONDITIONS_AND_DAYS: &str = r#"
    [defaults]
    procedure_code = "T1016"
    date_of_service = "2024-03-15"
    phase = "implementation"
    diagnoses = ["E11.9", "I10"]
    supporting_info = ["care_plan"]

    [[case]]
    name = "is_content"
    encounter = {}
    expect = { outcome = "billable" }

    [[case]]
    name = "takes_either_word_for_the_plan"
    encounters = [{ supporting_info = [], standing = { conditions = ["care_plan.active"] } }, { supporting_info = [] }]
    expect_each = [{ outcome = "billable" }, { outcome = "incomplete", rules = ["plan"] }]

    [[case]]
    name = "refuses_after_coverage_ended"
    encounter = { standing = { conditions = ["coverage.ended"] } }
    expect = { outcome = "not_billable", rules = ["covered"] }

    [[case]]
    name = "counts_each_chronic_diagnosis_once"
    encounters = [{ diagnoses = ["E11.9", "Z59.0"] }, { diagnoses = [] }, { diagnoses = ["J44.9", "E11.65"] }]
    expect_each = [
        { outcome = "not_billable", rules = ["chronic"] },
        { outcome = "incomplete", rules = ["chronic.missing"] },
        { outcome = "billable" },
    ]

    [[case]]
    name = "counts_days_and_business_days_from_the_discharge"
    encounters = [
        { phase = "post_discharge", standing = { dates = { discharge = "2024-03-01", contact = "2024-03-05" } } },
        { phase = "post_discharge", standing = { dates = { discharge = "2024-02-29", contact = "2024-03-05" } } },
        { phase = "post_discharge", standing = { dates = { discharge = "2024-03-14" } } },
    ]
    expect_each = [
        { outcome = "billable" },
        { outcome = "not_billable", rules = ["after-discharge", "first-contact"] },
        { outcome = "incomplete", rules = ["first-contact.missing"] },
    ]
    "#;

#[test]
fn it_judges_conditions_and_days_that_the_records_give() {
    let rows = format!(
        "{VISIT}
    [[require]]
    id = \"covered\"
    info = \"coverage.ended\"
    absent = true
    effect = \"not_billable\"
    denial = {{ carc = \"27\", group = \"PR\" }}
    source = \"manual\"

    [[interval]]
    id = \"after-discharge\"
    codes = [\"T1016\"]
    start = \"discharge\"
    max = 14
    when = {{ phases = [\"post_discharge\"] }}
    source = \"manual\"

    [[interval]]
    id = \"first-contact\"
    codes = [\"T1016\"]
    start = \"discharge\"
    end = \"contact\"
    max = 2
    business_days = true
    when = {{ phases = [\"post_discharge\"] }}
    source = \"manual\"

    [[diagnosis]]
    id = \"chronic\"
    codes = [\"T1016\"]
    any_of = [\"E11\", \"I10\", \"J44\"]
    min = 2
    source = \"manual\"

    [[require]]
    id = \"plan\"
    any_of = [\"care_plan.active\", \"care_plan\"]
    source = \"manual\""
    );
    check(&rows, CONDITIONS_AND_DAYS);
}

#[test]
fn it_leaves_the_minutes_of_other_kinds_of_work_out() {
    let rows = format!(
        "{VISIT}\n[[units]]\nid = \"visit-units\"\ncodes = [\"T1016\"]\nrounding = {{ rule = \"floor\", step = 15 }}\nsource = \"manual\"
    [[component]]\n    id = \"counted\"\n    codes = [\"T1016\"]\n    counts = [\"assessment\", \"planning\"]\n    leaves_out = [\"documentation\"]\n    source = \"manual\""
    );
    check(
        &rows,
        r#"
    [[case]]
    name = "counts_what_is_covered_and_names_the_rest"
    encounter = { procedure_code = "T1016", minutes = 40, standing = { components = { assessment = 20, planning = 12, documentation = 8 } } }
    expect = { outcome = "billable", notes = ["counted"], subject = "documentation", lines = [{ procedure_code = "T1016", units = 2 }] }

    [[case]]
    name = "takes_the_documented_minutes_where_nothing_divides_them"
    encounter = { procedure_code = "T1016", minutes = 40 }
    expect = { outcome = "billable", notes = [], lines = [{ procedure_code = "T1016", units = 2 }] }
    "#,
    );
}

/// Two codes of one kind of work, told apart by the minutes that count for each.
#[test]
fn it_finds_the_code_by_the_minutes_that_count() {
    let code = |code: &str, from: &str, to: &str| {
        format!(
            "
    [[code]]
    id = \"{code}-code\"
    code = \"{code}\"
    service = \"coaching\"
    roles = \"any\"
    source = \"manual\"
    [[rate]]
    id = \"{code}-rate\"
    codes = [\"{code}\"]
    cents = 1500
    source = \"manual\"
    [[minutes]]
    id = \"{code}-minutes\"
    codes = [\"{code}\"]
    min = {from}
    max = {to}
    source = \"manual\"
    [[component]]
    id = \"{code}-counted\"
    codes = [\"{code}\"]
    counts = [\"assessment\"]
    leaves_out = [\"travel\"]
    source = \"manual\"
    "
        )
    };
    check(
        &format!("{}{}", code("G2130", "1", "30"), code("G2131", "31", "1440")),
        r#"
    [[case]]
    name = "travel_makes_no_longer_visit"
    encounter = { service = "coaching", minutes = 60, standing = { components = { assessment = 20, travel = 40 } } }
    expect = { outcome = "billable", notes = ["G2130-counted"], lines = [{ procedure_code = "G2130", units = 1 }] }

    [[case]]
    name = "a_longer_visit_is_the_other_code"
    encounter = { service = "coaching", minutes = 60, standing = { components = { assessment = 35, travel = 25 } } }
    expect = { outcome = "billable", notes = ["G2131-counted"], lines = [{ procedure_code = "G2131", units = 1 }] }

    [[case]]
    name = "undivided_minutes_count_whole"
    encounter = { service = "coaching", minutes = 60 }
    expect = { outcome = "billable", notes = [], lines = [{ procedure_code = "G2131", units = 1 }] }

    [[case]]
    name = "the_other_code_is_named_where_the_minutes_fit_it"
    encounter = { procedure_code = "G2131", minutes = 60, standing = { components = { assessment = 20, travel = 40 } } }
    expect = { outcome = "not_billable", rules = ["G2131-minutes"], notes = ["G2131-counted"] }
    "#,
    );
}

const SELECTOR_CASES: &str = r#"
    [[case]]
    name = "most_specific_wins"
    encounters = [
        { date_of_service = "2024-06-30" },
        { date_of_service = "2024-07-01" },
        { date_of_service = "2024-07-01", rendering_provider_role = "RN" },
        { date_of_service = "2024-07-01", rendering_provider_role = "RN", standing = { region = "west" } },
        { date_of_service = "2025-01-01" },
    ]
    expect_each = [
        { outcome = "billable", lines = [{ procedure_code = "T1016", amount_cents = 2000 }] },
        { outcome = "billable", lines = [{ procedure_code = "T1016", amount_cents = 2200 }] },
        { outcome = "billable", lines = [{ procedure_code = "T1016", amount_cents = 3000 }] },
        { outcome = "billable", lines = [{ procedure_code = "T1016", amount_cents = 3400 }] },
        { outcome = "incomplete", rules = ["rate.T1016"] },
    ]
    "#;

#[test]
fn it_prices_by_the_rate_with_the_most_selectors_that_hold() {
    let rows = r#"
    [[code]]
    id = "visit"
    code = "T1016"
    roles = "any"
    source = "manual"

    [[units]]
    id = "visit-units"
    codes = ["T1016"]
    rounding = { rule = "floor", step = 15 }
    source = "manual"

    [[rate]]
    id = "rates"
    codes = ["T1016"]
    terms = true
    source = "manual"
    "#;
    let terms = r#"
    [terms]
    rates = [
        { procedure_code = "T1016", from = "2024-01-01", to = "2024-07-01", cents = 1000 },
        { procedure_code = "T1016", from = "2024-07-01", to = "2025-01-01", cents = 1100 },
        { procedure_code = "T1016", from = "2024-01-01", cents = 1500, role = "RN" },
        { procedure_code = "T1016", from = "2024-01-01", cents = 1700, role = "RN", region = "west" },
    ]
    [defaults]
    procedure_code = "T1016"
    minutes = 30
    rendering_provider_role = "CHW"
    "#;
    check(rows, &format!("{terms}\n{SELECTOR_CASES}"));
    for (method, cents, encounters, amounts) in [
        ("hourly", 6000, "{ minutes = 50 }", "5000"),
        ("hourly", 10_001, "{ minutes = 59 }", "9834"),
        ("per_case", 40_000, "{}, { date_of_service = \"2025-03-01\" }", "40000, 0"),
        (
            "monthly",
            30_000,
            "{}, { date_of_service = \"2024-03-20\" }, { date_of_service = \"2024-04-01\" }",
            "30000, 0, 30000",
        ),
    ] {
        let expected: Vec<String> = amounts
            .split(", ")
            .map(|cents| {
                format!(
                    "{{ outcome = \"billable\", lines = [{{ procedure_code = \"T1016\", amount_cents = {cents} }}] }}"
                )
            })
            .collect();
        let case_file = format!(
            "procedure_code = \"T1016\"\nminutes = 30\n[terms]\nrates = [{{ procedure_code = \"T1016\", from = \"2024-01-01\", cents = {cents}, method = \"{method}\" }}]\n[[case]]\nname = \"{method}\"\nencounters = [{encounters}]\nexpect_each = [{}]",
            expected.join(", ")
        );
        check(rows, &case_file);
    }
    check(
        rows,
        "procedure_code = \"T1016\"\nminutes = 30\n[terms]\nrates = [{ procedure_code = \"T1016\", from = \"2024-01-01\", cents = 0, method = \"capitation\" }]\n[[case]]\nname = \"capitation\"\nencounter = {}\nexpect = { outcome = \"report_only\", rules = [\"rates.capitated\"], lines = [{ procedure_code = \"T1016\", amount_cents = 0 }] }",
    );
}

#[test]
fn it_counts_minutes_in_limits_lets_a_condition_lift_them_and_terms_set_them() {
    let rows = format!(
        "{VISIT}
    [[parameter]]
    id = \"visits_a_month\"
    default = 2
    min = 0
    max = 9
    sentence = \"visits that the contract allows in a month\"

    [[limit]]
    id = \"day-minutes\"
    codes = [\"T1016\"]
    max = 120
    window = \"day\"
    counts = \"minutes\"
    when = {{ without = [\"prior_authorization\"] }}
    source = \"manual\"

    [[limit]]
    id = \"month\"
    codes = [\"T1016\"]
    parameter = \"visits_a_month\"
    window = \"calendar_month\"
    source = \"manual\""
    );
    check(
        &rows,
        r#"
    [defaults]
    procedure_code = "T1016"
    date_of_service = "2024-03-15"

    [terms]
    parameters = [{ parameter = "visits_a_month", from = "2024-04-01", to = "2024-05-01", value = 0 }, { parameter = "visits_a_month", from = "2024-05-01", value = 3 }]

    [[case]]
    name = "two_hours_a_day"
    history = [{ procedure_code = "T1016", date_of_service = "2024-03-15", minutes = 90 }]
    encounters = [{ minutes = 31 }, { minutes = 31, supporting_info = ["prior_authorization"] }]
    expect_each = [{ outcome = "not_billable", rules = ["day-minutes"] }, { outcome = "billable" }]

    [[case]]
    name = "the_terms_say_how_often_from_their_day_on"
    encounters = [
        { date_of_service = "2024-03-01" }, { date_of_service = "2024-03-02" }, { date_of_service = "2024-03-03" },
        { date_of_service = "2024-04-01" },
        { date_of_service = "2024-05-01" }, { date_of_service = "2024-05-02" }, { date_of_service = "2024-05-03" },
    ]
    expect_each = [
        { outcome = "billable" }, { outcome = "billable" }, { outcome = "not_billable", rules = ["month"] },
        { outcome = "not_billable", rules = ["month"] },
        { outcome = "billable" }, { outcome = "billable" }, { outcome = "billable" },
    ]
    "#,
    );
}

#[test]
fn it_takes_a_set_wherever_a_list_names_what_the_record_shows() {
    let rows = format!(
        "{VISIT}
    [[require]]
    id = \"plan\"
    any_of = [\"@plans\"]
    source = \"manual\"

    [[notice]]
    id = \"both\"
    when = {{ info = [\"@plans\"] }}
    sentence = \"both plans are there\"

    [[component]]
    id = \"no_travel\"
    codes = [\"T1016\"]
    counts = [\"visit\"]
    leaves_out = [\"@travel\"]
    source = \"manual\"
    "
    );
    check(
        &rows,
        r#"
    [defaults]
    procedure_code = "T1016"
    date_of_service = "2024-03-15"
    minutes = 30

    [[case]]
    name = "asks_for_one_of_the_plans"
    encounter = {}
    expect = { outcome = "incomplete", rules = ["plan"] }

    [[case]]
    name = "takes_either_plan"
    encounter = { supporting_info = ["service_plan"] }
    expect = { outcome = "billable", rules = [], notes = [] }

    [[case]]
    name = "speaks_where_both_are_there"
    encounter = { supporting_info = ["care_plan", "service_plan"] }
    expect = { outcome = "billable", notes = ["both"] }

    [[case]]
    name = "leaves_waiting_out"
    encounter = { supporting_info = ["care_plan"], standing = { components = { visit = 20, waiting = 10 } } }
    expect = { outcome = "billable", notes = ["no_travel"], subject = "waiting" }
    "#,
    );
}
