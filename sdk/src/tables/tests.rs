//! The faults that an author of `policy.toml` meets: every one at once, each with its place and its remedy.

use adjudica_core::Token;

use super::*;

const GOOD: &str = r#"[policy]
id = "test"
version = "1.0.0"
title = "Test"
payers = ["payer"]
currency = "USD"
in_force = [{ from = 2024-01-01 }]

[[source]]
id = "manual"
title = "Manual"
confidence = "high"

[[source]]
id = "rumour"
title = "A blog"
confidence = "low"

[[code]]
id = "visit"
code = "T1016"
source = "manual"

[unknown_code]
id = "code.unknown"
source = "manual"
"#;

/// The faults of the good document with `rows` after it.
fn faults(rows: &str) -> Vec<String> {
    match compile(&format!("{GOOD}\n{rows}")) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.into_iter().map(|fault| fault.to_string()).collect(),
    }
}

/// Rows, and a part of the fault that they must raise.
const FAULTY: [(&str, &str); 23] = [
    ("[[filing]]\nid = \"a\"\nsource = \"manual\"", "neither `days` nor `years`"),
    ("[[filing]]\nid = \"a\"\ndays = 365\nyears = 1\nsource = \"manual\"", "both `days` and `years`"),
    ("[[limit]]\nid = \"a\"\ncodes = [\"T1016\"]\nmax = 1\nwindow = \"day\"", "needs a `source`"),
    ("[[limit]]\nid = \"a\"\ncodes = [\"T1016\"]\nmax = 1\nwindow = \"day\"\nsource = \"rumour\"", "of low confidence"),
    (
        "[[limit]]\nid = \"a\"\ncodes = [\"T1016\"]\nmax = 1\nwindow = \"day\"\nsource = \"leaflet\"",
        "no source `leaflet`",
    ),
    (
        "[[limit]]\nid = \"a\"\ncodes = [\"T1017\"]\nmax = 1\nwindow = \"day\"\nsource = \"manual\"",
        "`T1017` has no `[[code]]` row",
    ),
    ("[[limit]]\nid = \"a\"\ncodes = [\"@all\"]\nmax = 1\nwindow = \"day\"\nsource = \"manual\"", "no set `@all`"),
    (
        "[[limit]]\nid = \"a\"\ncodes = [\"T1016\"]\nmax = 1\nwindow = \"rolling_days\"\nsource = \"manual\"",
        "needs `days`",
    ),
    (
        "[[limit]]\nid = \"a\"\ncodes = [\"T1016\"]\nmax = 1\nwindow = \"day\"\ndays = 3\nsource = \"manual\"",
        "goes with a window of `rolling_days` only",
    ),
    (
        "[[limit]]\nid = \"visit\"\ncodes = [\"T1016\"]\nmax = 1\nwindow = \"day\"\nsource = \"manual\"",
        "already used in line",
    ),
    ("[[limit]]\ncodes = [\"T1016\"]\nmax = 1\nwindow = \"day\"\nsource = \"manual\"", "has no `id`"),
    ("[[limit]]\nid = \"a\"\ncodes = [\"T1016\"]\nmax = -1\nwindow = \"day\"\nsource = \"manual\"", "-1"),
    ("[[limit]]\nid = \"a\"\ncodes = [\"T1016\"]\nmax = 1\nwindow = \"fortnight\"\nsource = \"manual\"", "fortnight"),
    (
        "[[limit]]\nid = \"a\"\ncolour = \"red\"\ncodes = [\"T1016\"]\nmax = 1\nwindow = \"day\"\nsource = \"manual\"",
        "colour",
    ),
    ("[[limits]]\nid = \"a\"", "no table `limits`"),
    ("[[code]]\nid = \"again\"\ncode = \"T1016\"\nsource = \"manual\"", "another `code` row for some of these days"),
    (
        "[[rate]]\nid = \"a\"\ncodes = [\"T1016\"]\ncents = 5\nsource = \"manual\"\n[[rate]]\nid = \"b\"\ncodes = [\"T1016\"]\ncents = 6\nsource = \"manual\"",
        "another `rate` row",
    ),
    ("[[rate]]\nid = \"a\"\ncodes = [\"T1016\"]", "neither `cents` nor `terms"),
    ("[[rate]]\nid = \"a\"\ncodes = [\"T1016\"]\ncents = 5", "needs a `source`"),
    ("[[minutes]]\nid = \"a\"\ncodes = [\"T1016\"]\nmin = 9\nmax = 8\nsource = \"manual\"", "`min` is above `max`"),
    (
        "[[units]]\nid = \"a\"\ncodes = [\"T1016\"]\nrounding = { rule = \"floor\", step = 0 }\nsource = \"manual\"",
        "0 minutes",
    ),
    ("[[notice]]\nid = \"a\"\nfrom = 2024-02-01\nto = 2024-02-01", "is empty"),
    ("[[notice]]\nid = \"a\"\nassumes = [\"luck\"]", "no assumption `luck`"),
];

#[test]
fn it_names_each_fault_with_its_line() {
    for (rows, part) in FAULTY {
        let faults = faults(rows);
        assert!(faults.iter().any(|fault| fault.contains(part)), "{part}: {faults:?}");
        assert!(
            faults.iter().all(|fault| fault
                .split(':')
                .next()
                .and_then(|line| line.parse::<usize>().ok())
                .is_some_and(|line| line > 24)),
            "{faults:?}"
        );
    }
}

#[test]
fn it_names_all_faults_at_once() {
    let all: Vec<&str> = FAULTY.iter().take(7).map(|(rows, _)| *rows).collect();
    let all = all.join("\n");
    assert!(faults(&all).len() >= 7, "{:?}", faults(&all));
}

#[test]
fn it_takes_unsourced_and_low_confidence_rows_that_only_warn() {
    let rows = "[[notice]]\nid = \"a\"\neffect = \"review\"\nsource = \"rumour\"\n[[notice]]\nid = \"b\"";
    assert_eq!(faults(rows), Vec::<String>::new());
}

#[test]
fn it_declares_only_the_facts_that_the_tables_read() {
    let compiled = compile(GOOD).expect("no faults");
    let names: Vec<_> = compiled.manifest.reads.iter().map(|field| field.name()).collect();
    assert_eq!(names, ["encounter.date_of_service", "encounter.procedure_code", "modifier.offset", "modifier.code"]);
}

#[test]
fn it_gives_the_same_bytes_for_the_same_text() {
    assert_eq!(compile(GOOD).expect("no faults"), compile(GOOD).expect("no faults"));
}

#[test]
fn it_dates_the_rules_of_staff_that_change() {
    let rows = r#"
[[staff]]
id = "early"
codes = ["T1016"]
roles = ["RN"]
to = 2025-01-01
source = "manual"

[[staff]]
id = "late"
codes = ["T1016"]
roles = ["RN", "LPN"]
from = 2025-01-01
source = "manual"
"#;
    let compiled = compile(&format!("{GOOD}{rows}")).expect("no faults");
    let ids: Vec<_> =
        compiled.manifest.rules.iter().map(|rule| rule.id.to_string()).filter(|id| id.starts_with("role.")).collect();
    assert_eq!(ids, ["role.T1016.2024-01-01", "role.T1016.2025-01-01"]);
}

const VARIANT: &str = r#"[policy]
id = "variant"
version = "1.0.0"
title = "Variant"
payers = ["other"]
currency = "USD"
in_force = [{ from = 2025-01-01 }]
extends = "../base"
without = ["call"]

[sets]
all = ["T1016", "T1017"]

[[code]]
id = "session"
code = "T1017"
source = "manual"

[[minutes]]
id = "minutes"
codes = ["@all"]
min = 20
source = "manual"
"#;

/// What the variant extends, besides [`GOOD`].
const BASE_ROWS: &str = r#"
[sets]
all = ["T1016"]

[[minutes]]
id = "minutes"
codes = ["@all"]
min = 10
source = "manual"

[[notice]]
id = "call"
source = "manual"

[[notice]]
id = "form"
codes = ["@all"]
source = "manual"
"#;

fn compile_extending(variant: &str, base: &str) -> Result<Compiled, Vec<Fault>> {
    compile_with(variant, &mut |path| (path == "../base/policy.toml").then(|| base.to_owned()))
}

fn faults_of(variant: &str, base: &str) -> Vec<String> {
    let compiled = compile_extending(variant, base);
    compiled.err().unwrap_or_default().into_iter().map(|fault| fault.to_string()).collect()
}

#[test]
fn it_lays_tables_over_those_they_extend() {
    let manifest = compile_extending(VARIANT, &format!("{GOOD}{BASE_ROWS}")).expect("no faults").manifest;
    assert_eq!((manifest.policy_id.as_str(), manifest.payers[0].as_str()), ("variant", "other"));
    let codes: Vec<_> = manifest.codes.iter().map(|code| code.as_str()).collect();
    assert_eq!(codes, ["T1016", "T1017"]);
    let ids: Vec<_> = manifest.rules.iter().map(|rule| rule.id.as_str()).collect();
    assert!(ids.contains(&"form") && ids.contains(&"code.unknown"), "what the other says holds: {ids:?}");
    assert!(!ids.contains(&"call"), "`without` takes away: {ids:?}");
    assert_eq!(ids.iter().filter(|id| **id == "minutes").count(), 1, "the same name replaces: {ids:?}");
}

#[test]
fn it_names_the_faults_of_what_is_extended() {
    let base = format!("{GOOD}{BASE_ROWS}");
    let at_policy = |faults: &[String], part: &str| {
        assert!(faults.iter().any(|fault| fault.starts_with("1:1: ") && fault.contains(part)), "{part}: {faults:?}");
    };
    at_policy(&faults_of(&VARIANT.replace("\"call\"", "\"cal\""), &base), "names `cal`");
    at_policy(&faults_of(VARIANT, &base.replace("id = \"form\"", "name = 1")), "in the policy it extends, at 42:1");
    at_policy(
        &faults_of(VARIANT, &base.replace("codes = [\"@all\"]\nsource", "codes = [\"G0000\"]\nsource")),
        "`G0000`",
    );
    at_policy(&faults_of(VARIANT, &VARIANT.replace("without = [\"call\"]\n", "")), "extends another itself");
    let alone = compile(VARIANT).expect_err("faults");
    assert!(alone[0].message.contains("`../base/policy.toml`, is not at hand"), "{alone:?}");
    let without = compile(&VARIANT.replace("extends = \"../base\"\n", "")).expect_err("faults");
    assert!(without.iter().any(|fault| fault.message.contains("name them in `extends`")), "{without:?}");
}

/// Tables without a `[policy]`, as several policies share them.
const SHARED: &str = r#"
[[source]]
id = "common"
title = "What all payers have in common"
confidence = "high"

[[require]]
id = "coverage.after_end"
info = "coverage.ended"
absent = true
effect = "not_billable"
source = "common"

[[notice]]
id = "reminder"
source = "common"
"#;

#[test]
fn it_includes_tables_that_policies_share() {
    let own = GOOD.replacen("[policy]", "[policy]\nincludes = [\"../shared.toml\"]\nwithout = [\"reminder\"]", 1);
    let read = |shared: &str| {
        let shared = shared.to_owned();
        compile_with(&own, &mut move |path| (path == "../shared.toml").then(|| shared.clone()))
    };
    let manifest = read(SHARED).expect("no faults").manifest;
    let ids: Vec<_> = manifest.rules.iter().map(|rule| rule.id.as_str()).collect();
    assert!(ids.contains(&"coverage.after_end") && !ids.contains(&"reminder"), "{ids:?}");
    let conditions: Vec<_> = manifest.conditions.iter().map(Token::as_str).collect();
    assert_eq!(conditions, ["coverage.ended"], "no other condition is shown to the policy");
    let faults = read(&SHARED.replace("coverage.ended", "coverage.endet")).expect_err("faults");
    assert!(faults.iter().any(|fault| fault.message.contains("coverage.active, ")), "{faults:?}");
    let faults = compile(&own).expect_err("faults");
    assert!(faults[0].message.contains("`../shared.toml`, is not at hand"), "{faults:?}");
}
