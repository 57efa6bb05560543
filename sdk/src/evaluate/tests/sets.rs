//! Sets within sets, and members with days: they answer as rows do in which all of it is written out.

use adjudica_core::{EncounterFacts, ServiceDate};

use super::*;

const CODES: &str = r#"
    [[code]]
    id = "visit"
    code = "T1016"
    source = "manual"

    [[code]]
    id = "call"
    code = "T1017"
    source = "manual"

    [[exclude]]
    id = "beside"
    codes = ["T1017"]
    with = ["T1016"]
    window = "calendar_month"
    when = { roles = ["RD"] }
    source = "manual"
"#;

const IN_SETS: &str = r#"
    [[staff]]
    id = "staff"
    codes = ["T1016", "T1017"]
    roles = ["@team"]
    source = "manual"

    [[rate]]
    id = "rate"
    codes = ["@paid"]
    cents = 1000
    source = "manual"

    [[limit]]
    id = "month"
    codes = ["@paid"]
    max = 2
    together = true
    window = "calendar_month"
    source = "manual"
"#;

const WRITTEN_OUT: &str = r#"
    [[staff]]
    id = "staff"
    codes = ["T1016", "T1017"]
    roles = ["RN", "LPN"]
    to = 2024-07-01
    source = "manual"

    [[staff]]
    id = "staff.july"
    codes = ["T1016", "T1017"]
    roles = ["RN", "RD", "LPN"]
    from = 2024-07-01
    to = 2024-10-01
    source = "manual"

    [[staff]]
    id = "staff.october"
    codes = ["T1016", "T1017"]
    roles = ["RN", "RD"]
    from = 2024-10-01
    source = "manual"

    [[rate]]
    id = "rate"
    codes = ["T1016"]
    cents = 1000
    source = "manual"

    [[rate]]
    id = "rate.call"
    codes = ["T1017"]
    cents = 1000
    from = 2025-01-01
    source = "manual"

    [[limit]]
    id = "month.before"
    codes = ["T1016"]
    max = 2
    to = 2025-01-01
    window = "calendar_month"
    source = "manual"

    [[limit]]
    id = "month"
    codes = ["T1016", "T1017"]
    max = 2
    together = true
    from = 2025-01-01
    window = "calendar_month"
    source = "manual"
"#;

fn timeline(code: &str, role: &str, day: &str) -> Timeline {
    let case = format!(
        "[[case]]\nname = \"x\"\nencounters = [{}]\nexpect_each = [{}]\n",
        "{ procedure_code = \"CODE\", date_of_service = \"DAY\", rendering_provider_role = \"ROLE\" }, ".repeat(3),
        "{ outcome = \"billable\" }, ".repeat(3),
    );
    let case = case.replace("CODE", code).replace("ROLE", role).replace("DAY", day);
    let file = cases::parse("x", &case).unwrap_or_else(|faults| panic!("{faults:#?}"));
    let mut timeline = file.cases[0].timeline.clone();
    let number = |(index, facts): (usize, &mut EncounterFacts)| {
        facts.encounter_id = adjudica_core::Token::parse(&format!("e{index}")).expect("a token");
    };
    timeline.encounters.iter_mut().enumerate().for_each(number);
    timeline
}

#[test]
fn it_answers_as_if_sets_and_days_were_written_out() {
    let sets = "plans = [\"care_plan\", \"service_plan\"]\n    staff_of_old = [{ name = \"LPN\", to = 2024-10-01 }]\n    \
                team = [\"RN\", { name = \"RD\", from = 2024-07-01 }, \"@staff_of_old\"]\n    \
                paid = [\"T1016\", { name = \"T1017\", from = 2025-01-01 }]";
    let text = format!("{HEAD}{CODES}{IN_SETS}").replace("plans = [\"care_plan\", \"service_plan\"]", sets);
    let in_sets = tables::compile(&text.replace("\n    ", "\n")).unwrap_or_else(|faults| panic!("{faults:#?}"));
    let written_out = compiled(&format!("{CODES}{WRITTEN_OUT}"));
    let mut outcomes = std::collections::BTreeSet::new();
    for day in
        ["2024-01-01", "2024-06-30", "2024-07-01", "2024-09-30", "2024-10-01", "2024-12-31", "2025-01-01", "2025-12-31"]
    {
        ServiceDate::parse(day).expect("a day");
        for (code, role) in ["T1016", "T1017"].into_iter().flat_map(|code| ["RN", "RD", "LPN"].map(|role| (code, role)))
        {
            let ask = |compiled: &Compiled| {
                let timelines = [timeline(code, role, day)];
                let decisions = native::decide(compiled, &NoHooks, &timelines, &Terms::default(), Explain::FailedOnly);
                let decisions = decisions.expect("decisions").into_iter();
                let said = |decision: adjudica_core::Decision| {
                    let rules: Vec<String> =
                        decision.findings.iter().map(|finding| finding.rule_id.to_string()).collect();
                    let remedy = decision.findings.iter().find_map(|finding| finding.remedy.clone());
                    (decision.outcome, rules.join(" ").replace("month.before", "month"), remedy, decision.lines)
                };
                decisions.map(said).collect::<Vec<_>>()
            };
            let (one, other) = (ask(&in_sets), ask(&written_out));
            assert_eq!(one, other, "{code} by {role} on {day}");
            outcomes.extend(one.into_iter().map(|(outcome, rules, ..)| (outcome.as_str(), rules)));
        }
    }
    let rules: Vec<&str> = outcomes.iter().map(|(_, rules)| rules.as_str()).collect();
    for rule in ["month", "role.T1016.2024-10-01", "role.T1017.2024-01-01"] {
        assert!(rules.contains(&rule), "{rule} never spoke: {outcomes:?}");
    }
}
