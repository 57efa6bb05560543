//! Grids of a tiny policy in every form, and the published grid of a real one.

use std::fs;
use std::path::Path;

use super::*;
use crate::test_policies::{compiled_of, subject_of};

const TINY: &str = r#"
[policy]
id = "riverside"
version = "1.0.0"
title = "Riverside case management"
payers = ["riverside"]
currency = "USD"
in_force = [{ from = 2026-01-01 }]

[[source]]
id = "manual"
title = "Manual <2026> & \"notes\""
confidence = "high"

[unknown_code]
id = "unknown_code"
source = "manual"

[[code]]
id = "code.T1016"
code = "T1016"
source = "manual"

[[code]]
id = "code.T1017"
code = "T1017"
roles = "any"
source = "manual"

[[staff]]
id = "staff.T1016"
codes = ["T1016"]
roles = ["RN", "LMSW"]
phases = ["assessment"]
modes = ["telephone"]
source = "manual"
section = "who may bill"

[[require]]
id = "consent"
codes = ["T1017"]
info = "consent"
source = "manual"

[[report_only]]
id = "reported"
codes = ["T1016"]
when = { roles = ["LMSW"] }
source = "manual"
"#;

const CASES: &str = r#"
[defaults]
date_of_service = "2026-03-02"

[[case]]
name = "refuses_a_health_worker"
encounter = { procedure_code = "T1016", phase = "closure", rendering_provider_role = "CHW" }
expect = { outcome = "not_billable" }
"#;

fn tiny() -> Matrix {
    let subject = subject_of(TINY, &[], &[("cases.toml", CASES)]);
    matrix(&subject, &compiled_of(&subject))
}

#[test]
fn it_writes_a_grid_for_each_phase() {
    let expected = "\
B billable, R report only, I incomplete, W review, N not billable, U undetermined

phase assessment
role T1016 T1017
LMSW R     I
RN   B     I
CHW  N     I

phase closure
role T1016 T1017
LMSW N     I
RN   N     I
CHW  N     I

no case has T1017: a plain encounter was asked about
";
    assert_eq!(tiny().text(), expected);
}

#[test]
fn it_writes_a_line_for_each_cell() {
    let expected = "\
phase,role,code,outcome,rule
assessment,LMSW,T1016,R,reported
assessment,LMSW,T1017,I,consent
assessment,RN,T1016,B,
assessment,RN,T1017,I,consent
assessment,CHW,T1016,N,role.T1016
assessment,CHW,T1017,I,consent
closure,LMSW,T1016,N,phase.T1016
closure,LMSW,T1017,I,consent
closure,RN,T1016,N,phase.T1016
closure,RN,T1017,I,consent
closure,CHW,T1016,N,role.T1016
closure,CHW,T1017,I,consent
";
    assert_eq!(tiny().csv(), expected);
}

#[test]
fn it_writes_a_page_that_stands_alone_and_escapes_what_is_quoted() {
    let page = tiny().html("Riverside <grid>");
    assert!(page.starts_with("<!doctype html>") && page.contains("<title>Riverside &lt;grid&gt;</title>"), "{page}");
    assert!(!page.contains("<script") && !page.contains("http") && !page.contains("<grid>"), "{page}");
    assert_eq!(page.matches("<table>").count(), 2);
    let refused = "<td class=\"N\" title=\"CHW T1016 assessment: not_billable by role.T1016 (Manual &lt;2026&gt; &amp; &quot;notes&quot;, who may bill)\">N</td>";
    assert!(page.contains(refused), "{page}");
    assert!(page.contains("<td class=\"B\" title=\"RN T1016 assessment: billable\">B</td>"), "{page}");
    assert!(page.contains("<td class=\"I plain\""), "a plain encounter is marked: {page}");
    assert!(page.contains("<p>No case has T1017: a plain encounter was asked about.</p>"), "{page}");
    let legend = "<p>B billable, R report only, I incomplete, W review, N not billable, U undetermined. The title of a cell tells the rule behind it.</p>";
    assert!(page.contains(legend), "{page}");
}

#[test]
fn it_tells_the_mode_and_whether_a_case_has_the_code() {
    let grid = tiny();
    let find = |role: &str, code: &str| {
        let found = grid.cells.iter().find(|cell| cell.phase == "assessment" && cell.role == role && cell.code == code);
        found.expect("a cell").clone()
    };
    assert_eq!((find("RN", "T1016").mode.as_str(), find("RN", "T1016").base), ("telephone", true));
    assert_eq!((find("RN", "T1017").mode.as_str(), find("RN", "T1017").base), ("in_person", false));
    let json = serde_json::to_value(find("RN", "T1016")).expect("json");
    assert_eq!(json.get("outcome"), Some(&serde_json::json!("B")));
}

#[test]
fn it_compares_with_what_is_published() {
    let published = "phase,role,code,outcome\nassessment,RN,T1016,B\nassessment,CHW,T1016,B\nscreening,RN,T1016,N\n";
    let found = tiny().compare(&parse_published(published).expect("no faults"));
    let told: Vec<_> = found.iter().map(|row| (row.phase.as_str(), row.role.as_str(), row.given)).collect();
    assert_eq!(told, [("assessment", "CHW", Some(Outcome::NotBillable)), ("screening", "RN", None)]);
    assert_eq!(found.first().and_then(|row| row.rule.as_deref()), Some("role.T1016"));
    let json = serde_json::to_string(&found).expect("json");
    assert!(json.contains(r#""published":"N","given":null"#), "{json}");
}

#[test]
fn it_tells_every_fault_of_a_published_grid_with_its_line() {
    let faults = |text: &str| parse_published(text).expect_err("faults");
    let text = "# where it stands\nphase,role,code\nassessment,RN,T1016,B\n\nassessment,RN,T1016,N\nassess ment,R N,1016,X\nassessment,RN,T1017\n";
    assert_eq!(
        faults(text),
        [
            "line 2: the grid does not begin with its header; write `phase,role,code,outcome` first",
            "line 2: 3 fields; write four, `phase,role,code,outcome`",
            "line 5: line 3 says the same phase, role and code; keep one of them",
            "line 6: phase: `assess ment` is not a name; write 1 to 64 letters, digits, `_`, `-` or `.`, the first a letter or digit",
            "line 6: role: `R N` is not a name; write 1 to 64 letters, digits, `_`, `-` or `.`, the first a letter or digit",
            "line 6: code: `1016` is not a procedure code; write five characters such as `G9001` or `98966`",
            "line 6: outcome: `X` is none of B R I W N; write one of these letters",
            "line 7: 3 fields; write four, `phase,role,code,outcome`",
        ]
    );
    assert_eq!(faults(""), ["line 1: the grid does not begin with its header; write `phase,role,code,outcome` first"]);
    assert_eq!(
        faults("phase,role,code,outcome\nassessment,RN,T1016,U\nclosure\n"),
        [
            "line 2: outcome: `U` is none of B R I W N; write one of these letters",
            "line 3: 1 field; write four, `phase,role,code,outcome`",
        ],
        "no payer publishes that"
    );
    assert_eq!(parse_published("\u{feff}phase,role,code,outcome\r\nassessment,RN,T1016,B\r\n").expect("rows").len(), 1);
}

/// The policy with its cases as they lie in the tree.
fn bcbsm() -> (Subject, String) {
    let folder = Path::new(env!("ADJUDICA_CHECKOUT")).join("plugins/bcbsm/v1");
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let tables = read(&folder.join("policy.toml"));
    let root: toml::Table = toml::from_str(&tables).expect("tables");
    let policy = root.get("policy").and_then(toml::Value::as_table).expect("a policy");
    let includes = policy.get("includes").and_then(toml::Value::as_array).into_iter().flatten();
    let paths = includes.filter_map(toml::Value::as_str);
    let below: Vec<(&str, String)> = paths.map(|path| (path, read(&folder.join(path)))).collect();
    let below: Vec<(&str, &str)> = below.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let folders = adjudica_cases::FOLDERS.iter().filter_map(|name| fs::read_dir(folder.join(name)).ok());
    let mut files: Vec<_> = folders.flatten().map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let texts: Vec<(String, String)> = files.iter().map(|path| (path.display().to_string(), read(path))).collect();
    let texts: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    (subject_of(&tables, &below, &texts), read(&folder.join("published_grid.csv")))
}

#[test]
fn it_gives_the_grid_that_the_payer_published() {
    let (subject, published) = bcbsm();
    let compiled = compiled_of(&subject);
    let published = parse_published(&published).unwrap_or_else(|faults| panic!("{faults:?}"));
    assert_eq!(published.len(), 21 * 11 * 5);
    let grid = matrix(&subject, &compiled);
    let found = grid.compare(&published);
    assert!(
        found.is_empty(),
        "{} of {}: {:?}",
        found.len(),
        published.len(),
        found.iter().take(10).collect::<Vec<_>>()
    );
    assert!(grid.cells.iter().all(|cell| cell.base), "a case has every code");
}
