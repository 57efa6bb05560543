//! Table rules at their boundaries, written as case files, and the properties that hold for every policy.

use std::fmt::Write as _;

use adjudica_cases as cases;
use adjudica_core::columns::Explain;
use adjudica_core::{Outcome, Terms, Timeline, Verdict};
use proptest::prelude::*;

use crate::tables::{self, Compiled};
use crate::{NoHooks, native};

mod authorizations;
mod duplicates;
mod records;
mod sentences;
mod sets;
mod staff;
mod wide;

const HEAD: &str = r#"
    [policy]
    id = "test"
    version = "1.0.0"
    title = "Test tables"
    payers = ["payer"]
    currency = "USD"
    in_force = [{ from = 2024-01-01, to = 2026-01-01 }]

    [sets]
    nurses = ["RN", "LPN"]
    plans = ["care_plan", "service_plan"]
    travel = ["travel", "waiting"]

    [[source]]
    id = "manual"
    title = "Test manual"
    confidence = "high"

    [unknown_code]
    id = "code.unknown"
    source = "manual"

    [outside_dates]
    id = "dates.outside"
    source = "manual"
"#;

fn compiled(rows: &str) -> Compiled {
    let text = format!("{HEAD}\n{rows}").replace("\n    ", "\n");
    tables::compile(&text).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

fn check(rows: &str, case_file: &str) {
    let compiled = compiled(rows);
    let has_defaults = case_file.contains("[defaults]");
    let defaults = if has_defaults { "" } else { "[defaults]\ndate_of_service = \"2024-03-15\"\n" };
    let file = cases::parse("test.toml", &format!("{defaults}{}", case_file.replace("\n    ", "\n")))
        .unwrap_or_else(|faults| panic!("{faults:#?}"));
    let report = cases::run(&[file], &mut |timelines: &[Timeline], terms: &Terms, explain| {
        native::decide(&compiled, &NoHooks, timelines, terms, explain).expect("a decision")
    });
    let mut text = String::new();
    for failure in &report.failures {
        writeln!(text, "{}: {}", failure.case, failure.differences.join("; ")).expect("a line");
    }
    assert!(report.failures.is_empty(), "{text}");
    assert!(report.passed > 0, "no case ran");
}

/// Rows whose codes only those may bill whom `[[staff]]` names.
fn of_named_staff(rows: &str) -> String {
    rows.replace("    roles = \"any\"\n", "")
}

const VISIT: &str = r#"
    [[code]]
    id = "visit"
    code = "T1016"
    roles = "any"
    source = "manual"

    [[rate]]
    id = "visit-rate"
    codes = ["T1016"]
    cents = 1500
    source = "manual"
"#;

#[test]
fn it_counts_units_by_the_named_rule_and_prices_them() {
    let rows = format!(
        "{VISIT}\n[[units]]\nid = \"visit-units\"\ncodes = [\"T1016\"]\nrounding = {{ rule = \"cms_eight_minute\", step = 15 }}\nmax = 4\nsource = \"manual\""
    );
    check(
        &rows,
        r#"
    [[case]]
    name = "below_a_unit"
    encounter = { procedure_code = "T1016", minutes = 7 }
    expect = { outcome = "not_billable", rules = ["visit-units"], lines = [] }
    [[case]]
    name = "one"
    encounter = { procedure_code = "T1016", minutes = 22 }
    expect = { outcome = "billable", rules = [], lines = [{ procedure_code = "T1016", units = 1, amount_cents = 1500 }] }
    [[case]]
    name = "at_the_most"
    encounter = { procedure_code = "T1016", minutes = 67 }
    expect = { outcome = "billable", lines = [{ procedure_code = "T1016", units = 4, amount_cents = 6000 }] }
    [[case]]
    name = "over_the_most"
    encounter = { procedure_code = "T1016", minutes = 68 }
    expect = { outcome = "not_billable", rules = ["visit-units.max"] }
    [[case]]
    name = "undocumented"
    encounter = { procedure_code = "T1016" }
    expect = { outcome = "incomplete", rules = ["visit-units.missing"], subject = "minutes" }
    "#,
    );
}

#[test]
fn it_says_which_of_role_phase_and_mode_is_outside() {
    let rows = format!(
        "{}{}",
        of_named_staff(VISIT),
        r#"
    [[staff]]
    id = "staff-visit"
    codes = ["T1016"]
    roles = ["@nurses"]
    phases = ["implementation", "closure"]
    modes = ["in_person", "video"]
    source = "manual"
    [[staff]]
    id = "staff-assess"
    codes = ["T1016"]
    roles = ["MSW"]
    phases = ["assessment"]
    source = "manual"
    [[staff]]
    id = "staff-open"
    codes = ["T1016"]
    roles = ["CDE"]
    effect = "review"
    "#
    );
    check(
        &rows,
        r#"
    [[grid]]
    name = "implementation, in person"
    codes = ["T1016"]
    rules = { N = ["role."] }
    rows = { RN = "B", LPN = "B", CDE = "W", CHW = "N" }
    [[case]]
    name = "phase"
    encounter = { procedure_code = "T1016", rendering_provider_role = "RN", phase = "assessment" }
    expect = { outcome = "not_billable", rules = ["phase.T1016"] }
    [[case]]
    name = "mode"
    encounter = { procedure_code = "T1016", rendering_provider_role = "RN", mode = "telephone" }
    expect = { outcome = "not_billable", rules = ["mode.T1016"] }
    [[case]]
    name = "any mode"
    encounter = { procedure_code = "T1016", rendering_provider_role = "MSW", phase = "assessment", mode = "pigeon" }
    expect = { outcome = "billable" }
    [[case]]
    name = "every fault shows"
    encounter = { procedure_code = "T1016", rendering_provider_role = "CHW", phase = "screening" }
    expect = { outcome = "not_billable", rules = ["role.T1016", "phase.T1016"] }
    [[case]]
    name = "another code"
    encounter = { procedure_code = "H0330" }
    expect = { outcome = "not_billable", rules = ["code.unknown"] }
    [[case]]
    name = "another year"
    encounter = { procedure_code = "T1016", date_of_service = "2026-01-01" }
    expect = { outcome = "not_billable", rules = ["dates.outside"] }
    "#,
    );
}

#[test]
fn it_finds_the_code_from_the_kind_of_work_and_names_the_code_that_fits() {
    check(
        r#"
    [[code]]
    id = "short"
    code = "98966"
    roles = "any"
    service = "telephone"
    source = "manual"
    [[code]]
    id = "long"
    code = "98967"
    roles = "any"
    service = "telephone"
    source = "manual"
    [[minutes]]
    id = "short-minutes"
    codes = ["98966"]
    min = 5
    max = 10
    source = "manual"
    [[minutes]]
    id = "long-minutes"
    codes = ["98967"]
    min = 11
    max = 20
    source = "manual"
    "#,
        r#"
    [[case]]
    name = "finds_the_second"
    encounter = { service = "telephone", minutes = 11 }
    expect = { outcome = "billable", lines = [{ procedure_code = "98967", units = 1 }] }
    [[case]]
    name = "names_the_second"
    encounter = { procedure_code = "98966", minutes = 11 }
    expect = { outcome = "not_billable", rules = ["short-minutes"], subject = "98967" }
    [[case]]
    name = "nothing_fits"
    encounter = { service = "telephone", minutes = 4 }
    expect = { outcome = "not_billable", rules = ["short-minutes"] }
    [[case]]
    name = "neither"
    encounter = { minutes = 4 }
    expect = { outcome = "review", rules = ["service.unknown"] }
    "#,
    );
}

#[test]
fn it_counts_limits_over_earlier_lines_and_over_this_call() {
    let limit =
        |fields: &str| format!("{VISIT}\n[[limit]]\nid = \"cap\"\ncodes = [\"T1016\"]\nsource = \"manual\"\n{fields}");
    check(
        &limit("max = 0\neffect = \"not_billable\"\nwindow = \"day\""),
        r#"
    [[case]]
    name = "a limit of none refuses the first"
    encounter = { procedure_code = "T1016" }
    expect = { outcome = "not_billable", rules = ["cap"] }
    "#,
    );
    check(
        &limit("max = 2\nwindow = \"calendar_month\""),
        r#"
    [[case]]
    name = "third in a month"
    encounters = [
      { procedure_code = "T1016", date_of_service = "2024-03-01" },
      { procedure_code = "T1016", date_of_service = "2024-03-31" },
      { procedure_code = "T1016", date_of_service = "2024-03-31" },
      { procedure_code = "T1016", date_of_service = "2024-04-01" },
    ]
    expect_each = [{ outcome = "billable" }, { outcome = "billable" }, { outcome = "not_billable", rules = ["cap"] }, { outcome = "billable" }]
    [[case]]
    name = "history counts and later days do not"
    history = [{ procedure_code = "T1016", date_of_service = "2024-03-02" }, { procedure_code = "T1016", date_of_service = "2024-03-20" }]
    encounters = [{ procedure_code = "T1016", date_of_service = "2024-03-10" }, { procedure_code = "T1016", date_of_service = "2024-03-21" }]
    expect_each = [{ outcome = "billable" }, { outcome = "not_billable", rules = ["cap"] }]
    "#,
    );
    check(
        &limit("max = 1\nwindow = \"rolling_days\"\ndays = 7\nper = [\"practice\"]"),
        r#"
    [[case]]
    name = "seven days and another practice"
    history = [{ procedure_code = "T1016", date_of_service = "2024-03-09" }]
    encounters = [
      { procedure_code = "T1016", date_of_service = "2024-03-15" },
      { procedure_code = "T1016", date_of_service = "2024-03-15", billing_provider_id = "b2" },
      { procedure_code = "T1016", date_of_service = "2024-03-16" },
    ]
    expect_each = [{ outcome = "not_billable", rules = ["cap"] }, { outcome = "billable" }, { outcome = "billable" }]
    "#,
    );
}

const TWO_CODES: &str = r#"
    [[code]]
    id = "other"
    code = "T1017"
    roles = "any"
    source = "manual"
    [[exclude]]
    id = "same-day"
    codes = ["T1016"]
    with = ["T1017"]
    window = "day"
    source = "manual"
    [[prerequisite]]
    id = "first-a-visit"
    codes = ["T1017"]
    any_of = ["T1016"]
    window = "lifetime"
    source = "manual"
    [[require]]
    id = "plan"
    codes = ["T1016"]
    info = "care_plan"
    when = { modes = ["telephone"] }
    source = "manual"
    [[filing]]
    id = "late"
    codes = ["T1016"]
    days = 30
    source = "manual"
    [[modifier]]
    id = "audio"
    codes = ["T1016"]
    modifier = "93"
    when = { modes = ["telephone"] }
    "#;

#[test]
fn it_excludes_requires_and_waits_for_other_codes() {
    let rows = format!("{VISIT}{TWO_CODES}");
    check(
        &rows,
        r#"
    [[case]]
    name = "same day"
    history = [{ procedure_code = "T1017", date_of_service = "2024-03-15" }]
    encounter = { procedure_code = "T1016" }
    expect = { outcome = "not_billable", rules = ["same-day"], subject = "T1017" }
    [[case]]
    name = "day after"
    history = [{ procedure_code = "T1017", date_of_service = "2024-03-14" }]
    encounter = { procedure_code = "T1016" }
    expect = { outcome = "billable" }
    [[case]]
    name = "no visit yet"
    encounter = { procedure_code = "T1017" }
    expect = { outcome = "not_billable", rules = ["first-a-visit"], subject = "T1016" }
    [[case]]
    name = "plan missing on the phone"
    encounter = { procedure_code = "T1016", mode = "telephone" }
    expect = { outcome = "incomplete", rules = ["plan"], subject = "care_plan", lines = [{ procedure_code = "T1016", modifiers = ["93"] }] }
    [[case]]
    name = "plan there"
    encounter = { procedure_code = "T1016", mode = "telephone", supporting_info = ["care_plan"] }
    expect = { outcome = "billable", lines = [{ procedure_code = "T1016", modifiers = ["93"], amount_cents = 1500 }] }
    [[case]]
    name = "on the last day"
    encounter = { procedure_code = "T1016", received_on = "2024-04-14" }
    expect = { outcome = "billable" }
    [[case]]
    name = "a day late"
    encounter = { procedure_code = "T1016", received_on = "2024-04-15" }
    expect = { outcome = "not_billable", rules = ["late"] }
    [[case]]
    name = "unknown modifier"
    encounter = { procedure_code = "T1016", modifiers = ["GT"] }
    expect = { outcome = "review", rules = ["modifier.unknown"] }
    "#,
    );
}

#[test]
fn it_takes_rates_from_terms_by_day_and_holds_without_one() {
    let rows = VISIT.replace("cents = 1500\n    source = \"manual\"", "terms = true");
    check(
        &rows,
        r#"
    [terms]
    rates = [{ procedure_code = "T1016", from = "2024-01-01", to = "2024-04-01", cents = 2000 }]
    [[case]]
    name = "in the contract"
    encounter = { procedure_code = "T1016", date_of_service = "2024-03-31" }
    expect = { outcome = "billable", lines = [{ procedure_code = "T1016", amount_cents = 2000 }] }
    [[case]]
    name = "after it"
    encounter = { procedure_code = "T1016", date_of_service = "2024-04-01" }
    expect = { outcome = "incomplete", rules = ["rate.T1016"], subject = "T1016" }
    "#,
    );
}

#[test]
fn it_explains_satisfied_rules_when_asked() {
    let rows = format!(
        "{VISIT}\n[[limit]]\nid = \"cap\"\ncodes = [\"T1016\"]\nsource = \"manual\"\nmax = 1\nwindow = \"day\""
    );
    let compiled = compiled(&rows);
    let file = cases::parse("x", "[[case]]\nname = \"x\"\nencounter = { procedure_code = \"T1016\", date_of_service = \"2024-03-15\" }\nexpect = { outcome = \"billable\" }").expect("a file");
    let timelines: Vec<Timeline> = file.cases.into_iter().map(|case| case.timeline).collect();
    let decide =
        |explain| native::decide(&compiled, &NoHooks, &timelines, &Terms::default(), explain).expect("a decision");
    assert!(decide(Explain::FailedOnly).iter().all(|decision| decision.findings.is_empty()));
    let explained = decide(Explain::All);
    let finding = explained.first().and_then(|decision| decision.findings.first()).expect("a finding");
    assert_eq!((finding.rule_id.as_str(), finding.verdict), ("cap", Verdict::Satisfied));
    assert!(finding.citation.is_some(), "a rule cites its source");
    assert_eq!(finding.message, "this is number 1 of T1016 where 1 may be billed");
}

/// What every rule says of one encounter with these `facts`, when an explanation is asked for.
fn explained(rows: &str, facts: &str) -> Vec<String> {
    let case = format!(
        "[[case]]\nname = \"x\"\nencounter = {{ procedure_code = \"T1016\", date_of_service = \"2024-03-15\", {facts} }}\nexpect = {{ outcome = \"billable\" }}"
    );
    let file = cases::parse("x", &case).unwrap_or_else(|faults| panic!("{faults:#?}"));
    let timelines: Vec<Timeline> = file.cases.into_iter().map(|case| case.timeline).collect();
    let decisions = native::decide(&compiled(rows), &NoHooks, &timelines, &Terms::default(), Explain::All);
    let decision = decisions.expect("a decision").into_iter().next().expect("one decision");
    decision.findings.into_iter().map(|finding| finding.message).collect()
}

#[test]
fn it_lets_a_staff_row_say_in_its_own_words_that_it_is_satisfied() {
    let visit = of_named_staff(VISIT);
    let rows = format!(
        "{visit}\n[[staff]]\nid = \"staff\"\ncodes = [\"T1016\"]\nroles = [\"RN\"]\nsource = \"manual\"\nsatisfied = \"as the manual has it\""
    );
    let said = explained(&rows, "rendering_provider_role = \"RN\"");
    assert_eq!(said, ["as the manual has it"], "phases and modes, of which the row says nothing, have no rule");
}

#[test]
fn it_never_says_of_a_satisfied_rule_what_a_refusal_says() {
    let rows = r#"
    [[code]]
    id = "visit"
    code = "T1016"
    source = "manual"

    [[staff]]
    id = "staff"
    codes = ["T1016"]
    roles = ["RN"]
    phases = ["assessment"]
    modes = ["video"]
    source = "manual"

    [[minutes]]
    id = "minutes"
    codes = ["T1016"]
    min = 10
    source = "manual"

    [[require]]
    id = "plan"
    info = "care_plan"
    source = "manual"

    [[require]]
    id = "no_hospice"
    info = "hospice"
    absent = true
    source = "manual"

    [[require]]
    id = "own_words"
    info = "consent"
    source = "manual"
    sentence = "no consent is on file"
    satisfied = "consent is on file"

    [[exclude]]
    id = "other"
    codes = ["T1016"]
    with = ["T1016"]
    window = "day"
    source = "manual"
    "#;
    let said = explained(
        rows,
        "rendering_provider_role = \"RN\", phase = \"assessment\", mode = \"video\", minutes = 12, supporting_info = [\"care_plan\", \"consent\"]",
    );
    assert_eq!(
        said,
        [
            "this role may bill T1016",
            "T1016 belongs to this phase of the work",
            "T1016 is done in this mode of contact",
            "documented minutes: 12, within the code's bound of 10",
            "the record shows `care_plan`",
            "the record does not show `hospice`, as it must not",
            "consent is on file",
            "T1016, which would exclude this code, is not billed",
        ]
    );
}

proptest! {
    /// Splitting one call into several, with what was billed handed on as ledger, changes no answer.
    #[test]
    fn it_decides_the_same_in_one_call_and_in_many(days in proptest::collection::vec(0_i32..60, 1..12)) {
        let rows = format!("{VISIT}\n[[limit]]\nid = \"cap\"\ncodes = [\"T1016\"]\nsource = \"manual\"\nmax = 2\nwindow = \"rolling_days\"\ndays = 10");
        let compiled = compiled(&rows);
        let file = cases::parse("x", "[[case]]\nname = \"x\"\nencounter = { procedure_code = \"T1016\", date_of_service = \"2024-03-15\" }\nexpect = { outcome = \"billable\" }").expect("a file");
        let encounter = file.cases.first().and_then(|case| case.timeline.encounters.first()).expect("an encounter").clone();
        let mut all = Timeline::default();
        for (index, day) in days.iter().enumerate() {
            let mut encounter = encounter.clone();
            encounter.date_of_service = encounter.date_of_service.plus_days(*day);
            encounter.encounter_id = adjudica_core::Token::parse(&format!("e{index:03}")).expect("an id");
            all.encounters.push(encounter);
        }
        all.sort();
        let together = native::decide(&compiled, &NoHooks, std::slice::from_ref(&all), &Terms::default(), Explain::FailedOnly).expect("decisions");
        let mut ledger = Vec::new();
        for (encounter, expected) in all.encounters.iter().zip(&together) {
            let alone = Timeline { ledger: ledger.clone(), encounters: vec![encounter.clone()] };
            let decisions = native::decide(&compiled, &NoHooks, &[alone], &Terms::default(), Explain::FailedOnly).expect("a decision");
            prop_assert_eq!(decisions.first(), Some(expected));
            if expected.outcome == Outcome::Billable {
                ledger.push(adjudica_core::LedgerLine {
                    payer_id: encounter.payer_id.clone(),
                    date_of_service: encounter.date_of_service,
                    procedure_code: encounter.procedure_code.expect("a code"),
                    units: adjudica_core::Units(1),
                    amount_cents: adjudica_core::Cents::new(1500),
                    billing_provider_id: encounter.billing_provider_id.clone(),
                    rendering_provider_id: encounter.rendering_provider_id.clone(),
                    diagnosis: None,
                    mode: None,
                    minutes: None,
                    paid_cents: None,
                    deductible_cents: None,
                });
            }
        }
    }
}

#[test]
fn it_counts_years_of_filing_by_the_calendar() {
    let rows = format!("{VISIT}\n[[filing]]\nid = \"late\"\nyears = 1\nsource = \"manual\"\n");
    let table = [
        ("2024-03-01", "2025-03-01", "2025-03-02"),
        ("2024-02-29", "2025-02-28", "2025-03-01"),
        ("2024-01-15", "2025-01-15", "2025-01-16"),
    ];
    for (day, last, late) in table {
        let case = |name: &str, received: &str, expect: &str| {
            format!(
                "[[case]]\nname = \"{name}\"\nexpect = {{ {expect} }}\nencounter = {{ procedure_code = \"T1016\", date_of_service = \"{day}\", received_on = \"{received}\" }}\n"
            )
        };
        let on_time = case("on the last day", last, "outcome = \"billable\"");
        let late = case("a day late", late, "outcome = \"not_billable\", rules = [\"late\"]");
        check(&rows, &format!("{on_time}{late}"));
    }
}
