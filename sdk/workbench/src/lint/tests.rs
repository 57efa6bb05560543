//! One policy for each hint that gets it and no other, and one that gets none. Real policies are not here.

use super::*;
use crate::test_policies::{CASES, POLICY, compiled_of, subject_of};

fn hints_of(tables: &str, below: &[(&str, &str)], cases: &str) -> Vec<Hint> {
    let files = [("cases.toml", cases)];
    let subject = subject_of(tables, below, if cases.is_empty() { &[] } else { &files });
    lint(&subject, &compiled_of(&subject))
}

/// The hints about [`POLICY`] with rows behind it, by row: the line is that of the text given.
#[track_caller]
fn gets(changed: &str, cases: &str, row: &str, line_text: &str, message: &str) {
    let hints = hints_of(changed, &[], cases);
    let line = changed.lines().position(|line| line == line_text).expect("the line") + 1;
    let hint = Hint { line: Some(line), column: 1, row: row.to_owned(), message: message.to_owned() };
    // Rows stand a line above their id.
    let above = Hint { line: Some(line - 1), ..hint.clone() };
    assert!(hints == [hint.clone()] || hints == [above], "{hints:#?}\nis not {hint:#?}");
}

fn with(rows: &str) -> String {
    format!("{POLICY}\n{rows}")
}

#[test]
fn a_clean_policy_gets_none() {
    assert_eq!(hints_of(POLICY, &[], CASES), []);
}

#[test]
fn without_cases_nothing_is_said_of_answers() {
    assert_eq!(hints_of(POLICY, &[], ""), []);
}

#[test]
fn it_tells_a_row_that_never_matters() {
    let rows = "[[staff]]\nid = \"nurses\"\ncodes = [\"@both\"]\nroles = [\"RN\"]\nsource = \"manual\"\n";
    let message =
        "no case and no probe is answered differently without this row; add a case that needs it or take it out";
    gets(&with(rows), CASES, "nurses", "id = \"nurses\"", message);
}

#[test]
fn a_row_that_is_only_kept_matters_and_its_silent_rule_is_told() {
    let rows =
        "[[interval]]\nid = \"soon\"\ncodes = [\"@both\"]\nstart = \"discharge\"\nmax = 200000\nsource = \"manual\"\n";
    let cases = CASES.replace("minutes = 15", "minutes = 15\nstanding = { dates = { discharge = \"2024-02-28\" } }");
    let hints = hints_of(&with(rows), &[], &cases);
    let message = "the rule `soon.missing` speaks about no case and no probe; \
        add a case about which it should or correct the row";
    assert_eq!(hints.iter().map(|hint| hint.message.as_str()).collect::<Vec<_>>(), [message]);
}

#[test]
fn it_tells_a_code_that_is_never_paid_for() {
    let rows = "[[notice]]\nid = \"waits\"\ncodes = [\"T1017\"]\neffect = \"review\"\nwhen = { info = [\"seen\"] }\n\
        [[notice]]\nid = \"unseen\"\ncodes = [\"T1017\"]\neffect = \"review\"\nwhen = { without = [\"seen\"] }\n";
    let message = "`T1017` is paid for in no case and no probe; add a case in which it is or take it out";
    gets(&with(rows), CASES, "code.T1017", "id = \"code.T1017\"", message);
    let stopped = with("[[notice]]\nid = \"stopped\"\ncodes = [\"T1017\"]\neffect = \"review\"\n");
    assert_eq!(hints_of(&stopped, &[], CASES), [], "it is listed in order not to be paid for");
}

const LIMITS: &str = r#"
[[limit]]
id = "month.2024"
codes = ["@both"]
max = 1
window = "calendar_month"
to = 2025-01-01
source = "manual"

[[limit]]
id = "month.2026"
codes = ["@both"]
max = 2
window = "calendar_month"
from = 2025-01-03
source = "manual"
"#;

#[test]
fn it_tells_days_between_rows_of_the_same_codes() {
    let message = "`month.2024` and `month.2026` leave `T1016`, `T1017` without a `limit` row from 2025-01-01 to 2025-01-02; \
        let the first last until the second begins";
    gets(&with(LIMITS), "", "month.2026", "id = \"month.2026\"", message);
    let day = LIMITS.replace("2025-01-03", "2025-01-02").replace("codes = [\"@both\"]\n", "");
    let message = "`month.2024` and `month.2026` leave every code without a `limit` row on 2025-01-01; \
        let the first last until the second begins";
    gets(&with(&day), "", "month.2026", "id = \"month.2026\"", message);
}

#[test]
fn it_tells_days_between_rows_that_begin_alike() {
    let rows = LIMITS.replacen("calendar_month", "calendar_year", 1);
    let message = "`month.2024` and `month.2026` begin alike and leave a gap from 2025-01-01 to 2025-01-02; \
        let the first last until the second begins";
    gets(&with(&rows), "", "month.2026", "id = \"month.2026\"", message);
    let apart = rows.replace("month.2024", "year").replace("month.2026", "month");
    assert_eq!(hints_of(&with(&apart), &[], ""), []);
}

#[test]
fn days_that_the_policy_does_not_answer_for_are_no_gap() {
    let periods = "in_force = [{ from = 2024-01-01, to = 2025-01-01 }, { from = 2025-01-03 }]";
    let tables = with(LIMITS).replace("in_force = [{ from = 2024-01-01 }]", periods);
    assert_eq!(hints_of(&tables, &[], ""), []);
}

#[test]
fn it_tells_minutes_that_no_code_takes() {
    let tables = POLICY.replace("min = 21", "min = 25");
    let message = "no code of the work `visit` takes 21 to 24 minutes; widen a bound of `T1016`, `T1017`";
    gets(&tables, "", "long", "id = \"long\"", message);
    let tables = POLICY.replace("min = 21", "min = 22");
    let message = "no code of the work `visit` takes 21 minutes; widen a bound of `T1016`, `T1017`";
    gets(&tables, "", "long", "id = \"long\"", message);
}

#[test]
fn it_tells_bounds_that_overlap() {
    let rows = "[[minutes]]\nid = \"longer\"\ncodes = [\"T1017\"]\nmin = 21\nfrom = 2025-01-01\nsource = \"manual\"\n";
    let tables = with(rows).replacen("min = 21\n", "min = 21\nto = 2025-01-03\n", 1);
    let message =
        "`T1017` has another `minutes` row, `long`, from 2025-01-01 to 2025-01-02; end one where the other begins";
    gets(&tables, "", "longer", "id = \"longer\"", message);
    let softer = with(rows).replace("min = 21\nfrom", "min = 21\neffect = \"review\"\nfrom");
    assert_eq!(hints_of(&softer, &[], ""), []);
}

#[test]
fn it_tells_names_that_nothing_uses() {
    let set = POLICY.replace("[sets]\n", "[sets]\nnurses = [\"RN\"]\n");
    let message = "nothing uses the set `nurses`; write `@nurses` where it is meant or take it out";
    gets(&set, "", "sets.nurses", "nurses = [\"RN\"]", message);
    let source = with("[[source]]\nid = \"leaflet\"\ntitle = \"A leaflet\"\nconfidence = \"low\"\n");
    let message = "no row cites the source `leaflet`; cite it where it says something or take it out";
    gets(&source, "", "leaflet", "id = \"leaflet\"", message);
    let assumption = with("[[assumption]]\nid = \"guess\"\nsentence = \"a guess\"\n");
    let message = "no row rests on the assumption `guess`; name it in `assumes` where one does or take it out";
    gets(&assumption, "", "guess", "id = \"guess\"", message);
    let reads = "reads = [\"encounter.minutes\", \"encounter.minutes\"]";
    let tables = POLICY.replace("currency = \"USD\"", &format!("currency = \"USD\"\n{reads}"));
    gets(&tables, "", "policy", reads, "`reads` lists `encounter.minutes` more than once; keep one");
}

#[test]
fn it_tells_names_that_no_staff_row_has() {
    let rows =
        "[[notice]]\nid = \"look\"\ncodes = [\"T1016\"]\nwhen = { roles = [\"RN\", \"MA\"], phases = [\"late\"] }\n";
    let message = "`when` names the role `MA`, with which no `[[staff]]` row lets anybody bill the row's codes; \
        add a `[[staff]]` row or take the name out";
    gets(&with(&format!("{rows}effect = \"review\"\n")), "", "look", "id = \"look\"", message);
    assert_eq!(hints_of(&with(rows), &[], ""), [], "a note may tell those who are refused what to do");
}

#[test]
fn rows_of_files_below_are_heeded_and_not_told() {
    let shared = r#"
[sets]
late = ["MA"]
[[source]]
id = "leaflet"
title = "A leaflet"
confidence = "low"
[[notice]]
id = "look"
codes = ["@both"]
when = { roles = ["@late"] }
"#;
    let tables = POLICY.replace("currency", "includes = [\"shared.toml\"]\ncurrency");
    assert_eq!(hints_of(&tables, &[("shared.toml", shared)], CASES), []);
    let unused = tables.replace("codes = [\"@both\"]", "codes = [\"T1016\", \"T1017\"]");
    assert_eq!(hints_of(&unused, &[("shared.toml", shared)], ""), [], "the file below uses the set");
}

#[test]
fn it_tells_several_silent_rules_of_a_row_together() {
    let message = "the rules `soon`, `soon.missing` speak about no case and no probe; \
        add a case about which each should or correct the row";
    assert_eq!(answers::silence_of(&["soon", "soon.missing"]), message);
}

#[test]
fn it_tells_several_holes_codes_and_names_in_one_hint() {
    let third = "[[code]]\nid = \"code.T1018\"\ncode = \"T1018\"\nroles = \"any\"\nservice = \"visit\"\nsource = \"manual\"\n\
        [[minutes]]\nid = \"longest\"\ncodes = [\"T1018\"]\nmin = 41\nsource = \"manual\"\n\
        [[rate]]\nid = \"of_third\"\ncodes = [\"T1018\"]\ncents = 1\nsource = \"manual\"\n";
    let tables = with(third).replace("min = 21\nsource", "min = 25\nmax = 39\nsource");
    let message =
        "no code of the work `visit` takes 21 to 24 or 40 minutes; widen a bound of `T1016`, `T1017`, `T1018`";
    gets(&tables, "", "long", "id = \"long\"", message);

    let rows = "[[notice]]\nid = \"look\"\ncodes = [\"T1016\"]\nwhen = { roles = [\"A1\", \"A2\", \"A3\", \"A4\", \"A5\", \"A6\", \"A7\", \"A8\", \"A9\", \"B1\"] }\neffect = \"review\"\n";
    let message = "`when` names the roles `A1`, `A2`, `A3`, `A4`, `A5`, `A6`, `A7`, `A8` and 2 more, with which no `[[staff]]` row \
        lets anybody bill the row's codes; add a `[[staff]]` row or take the names out";
    gets(&with(rows), "", "look", "id = \"look\"", message);
}

#[test]
fn it_tells_bounds_of_several_codes_that_overlap_without_an_end() {
    let rows = "[[minutes]]\nid = \"all\"\ncodes = [\"@both\"]\nmin = 5\nsource = \"manual\"\n";
    let tables = with(rows).replacen("codes = [\"T1016\"]\nmin = 10", "codes = [\"@both\"]\nmin = 10", 1);
    let hints = hints_of(&tables.replacen("min = 21\n", "max = 900\n", 1), &[], "");
    let told: Vec<&str> = hints.iter().map(|hint| hint.message.as_str()).collect();
    let expected = [
        "`T1017` has another `minutes` row, `short`, from 2024-01-01 on; end one where the other begins",
        "`T1016`, `T1017` have another `minutes` row, `short`, from 2024-01-01 on; end one where the other begins",
    ];
    assert_eq!(told, expected);
}

#[test]
fn it_tells_days_on_which_nobody_may_bill() {
    let staff = "[[staff]]\nid = \"staff\"\ncodes = [\"@both\"]\nroles = [\"RN\", \"LPN\"]\nsource = \"manual\"\n";
    let early = staff.replace("id = \"staff\"", "id = \"staff\"\nfrom = 2024-02-01\nto = 2026-06-30");
    let late = staff.replace("id = \"staff\"", "id = \"staff.later\"\nfrom = 2026-07-01\nto = 2027-01-01");
    assert!(POLICY.contains(staff), "the policy has the row as it stands here");
    let told: Vec<String> = hints_of(&POLICY.replace(staff, &format!("{early}{late}")), &[], "")
        .into_iter()
        .map(|hint| format!("{}: {}", hint.row, hint.message))
        .collect();
    let expected = [
        "code.T1016: nobody may bill `T1016` from 2024-01-01 to 2024-01-31: no `[[staff]]` row of it holds then; date the rows alike",
        "code.T1016: nobody may bill `T1016` from 2027-01-01 on: no `[[staff]]` row of it holds then; date the rows alike",
        "code.T1017: nobody may bill `T1017` from 2024-01-01 to 2024-01-31: no `[[staff]]` row of it holds then; date the rows alike",
        "code.T1017: nobody may bill `T1017` from 2027-01-01 on: no `[[staff]]` row of it holds then; date the rows alike",
        "staff.later: `staff` and `staff.later` leave `T1016`, `T1017` without a `staff` row on 2026-06-30; let the first last until the second begins",
    ];
    assert_eq!(told, expected);
}

#[test]
fn it_tells_a_last_day_that_is_written_where_the_first_day_after_belongs() {
    let require =
        |id: &str, days: &str| format!("[[require]]\nid = \"{id}\"\ninfo = \"consent\"\n{days}source = \"manual\"\n");
    let rows = require("consent", "to = 2026-06-30\n") + &require("consent.again", "from = 2026-07-01\n");
    let message = "`consent` and `consent.again` leave every code without a `require` row on 2026-06-30; \
        let the first last until the second begins";
    gets(&with(&rows), "", "consent.again", "id = \"consent.again\"", message);
    let apart = rows.replace("2026-07-01", "2026-07-02");
    assert_eq!(hints_of(&with(&apart), &[], ""), [], "two days may be meant");
}

#[test]
fn it_tells_rows_that_hold_on_no_day_of_the_policy() {
    let row = |days: &str| format!("[[notice]]\nid = \"look\"\n{days}\n");
    let message = "the row holds on no day that the policy answers for; correct its days or take it out";
    for days in ["to = 2024-01-01", "from = 2022-01-01\nto = 2022-02-01"] {
        gets(&with(&row(days)), "", "look", "id = \"look\"", message);
    }
    assert_eq!(hints_of(&with(&row("to = 2024-01-02")), &[], ""), []);
}

#[test]
fn it_tells_a_code_that_nothing_says_the_worth_of() {
    let unpaid = POLICY.replace("codes = [\"@both\"]\ncents = 1000", "codes = [\"T1016\"]\ncents = 1000");
    let message = "no `[[rate]]` says what `T1017` is worth, so its lines have no amount; add one, with `terms = true` where the \
        agency's contract says it, or write `rates_from_terms = true` in `[policy]`";
    gets(&unpaid, "", "code.T1017", "id = \"code.T1017\"", message);
    assert_eq!(hints_of(&unpaid.replace("[policy]", "[policy]\nrates_from_terms = true"), &[], ""), []);
    let ends = POLICY.replace("cents = 1000", "cents = 1000\nfrom = 2024-02-01\nto = 2024-06-01");
    let told: Vec<String> = hints_of(&ends, &[], "").into_iter().map(|hint| hint.message).collect();
    let start = |code: &str, days: &str| {
        format!("no `[[rate]]` says what `{code}` is worth {days}, so its lines have no amount; ")
    };
    for code in ["T1016", "T1017"] {
        for days in ["from 2024-01-01 to 2024-01-31", "from 2024-06-01 on"] {
            assert!(told.iter().any(|hint| hint.starts_with(&start(code, days))), "{code} {days}: {told:?}");
        }
    }
    let for_reports = format!("{unpaid}\n[[report_only]]\nid = \"free\"\ncodes = [\"T1017\"]\nsource = \"manual\"\n");
    assert_eq!(hints_of(&for_reports, &[], ""), []);
}
