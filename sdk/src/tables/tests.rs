//! The faults that an author of `policy.toml` meets: every one at once, each with its place and its remedy.

use adjudica_core::Token;

use super::*;

mod texts;

const GOOD: &str = include_str!("texts/good.toml");

/// The faults of the good document with `rows` after it.
fn faults(rows: &str) -> Vec<String> {
    match compile(&format!("{GOOD}\n{rows}")) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.into_iter().map(|fault| fault.to_string()).collect(),
    }
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
fn it_reads_mode_and_minutes_of_billed_lines_where_lines_are_told_apart_by_them() {
    let limit = |per: &str| format!("[[limit]]\nid = \"again\"\nmax = 1\nwindow = \"day\"\n{per}\nsource = \"manual\"");
    let table = [
        ("", vec![]),
        ("per = [\"mode\"]", vec!["encounter.mode", "ledger.mode"]),
        ("per = [\"minutes\"]", vec!["encounter.minutes", "ledger.minutes"]),
        ("per = [\"minutes\", \"mode\"]", vec!["encounter.minutes", "encounter.mode", "ledger.mode", "ledger.minutes"]),
    ];
    for (per, expected) in table {
        let compiled = compile(&format!("{GOOD}{}", limit(per))).expect("no faults");
        let names = compiled.manifest.reads.iter().map(|field| field.name());
        let read: Vec<_> = names.filter(|name| name.ends_with(".mode") || name.ends_with(".minutes")).collect();
        assert_eq!(read, expected, "{per}");
    }
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
    let compiled = compile(&format!("{}{rows}", GOOD.replace("roles = \"any\"\n", ""))).expect("no faults");
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
roles = "any"
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
}

#[test]
fn it_tells_what_an_editor_saved_instead_of_text() {
    let utf16: Vec<u8> = "[policy]".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let told = |bytes: &[u8]| decode(bytes).map_err(|fault| fault.to_string());
    let message = "1:1: the file is UTF-16, as some editors save a text; save it as UTF-8";
    assert_eq!(told(&utf16), Err(message.to_owned()));
    assert_eq!(told(&[&[0xFF, 0xFE][..], &utf16].concat()), Err(message.to_owned()));
    let latin = "2:4: the byte E9 is no UTF-8; save the file as UTF-8";
    assert_eq!(told(b"[policy]\nid \xE9"), Err(latin.to_owned()));
    assert_eq!(told("\u{FEFF}[policy]".as_bytes()), Ok("[policy]".to_owned()), "a mark of the byte order is no text");
}

#[test]
fn it_takes_rates_from_the_contract_where_the_policy_says_so() {
    let rates = |text: &str| -> Vec<String> {
        let rules = compile(text).expect("no faults").manifest.rules;
        let of_rates = rules.iter().map(|rule| rule.id.to_string()).filter(|id| id.starts_with("rate"));
        of_rates.collect()
    };
    let with = GOOD.replace("currency", "rates_from_terms = true\ncurrency");
    assert_eq!(rates(GOOD), Vec::<String>::new());
    let by_contract =
        ["rate.T1016", "rates_from_terms.capitated", "rates_from_terms.included", "rates_from_terms.minutes"];
    let mut found = rates(&with);
    found.sort();
    assert_eq!(found, by_contract);
    // A code with a rate of its own keeps it.
    let own = "[[rate]]\nid = \"rate\"\ncodes = [\"T1016\"]\ncents = 100\nsource = \"manual\"\n";
    assert_eq!(rates(&format!("{with}\n{own}")), Vec::<String>::new());
}
