//! The described columns against the fields that serde knows, and the required ones against rows without them.

use std::collections::BTreeSet;

use adjudica_cases::{self as cases, Expectation};
use adjudica_core::payment::{Maximum, PaymentFacts, PriorPayment};
use adjudica_core::standing::{Authorized, Rendering, Standing};
use adjudica_core::terms::{Agreement, Parameter, Rate};
use adjudica_core::{EncounterFacts, LedgerLine, Terms};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::find_shape;
use crate::reference::{Column, Form, Needs, case_tables, common, policy_tables};
use crate::tables::compile;

/// A policy that rows can be added to.
pub(super) const HEAD: &str = r#"
[policy]
id = "test"
version = "1.0.0"
title = "Test"
payers = ["payer"]
currency = "USD"
in_force = [{ from = 2024-01-01 }]

[[code]]
id = "visit"
code = "T1016"

[[staff]]
id = "anybody"
effect = "note"
codes = ["T1016"]

[unknown_code]
id = "a-unknown_code"
effect = "note"
"#;

/// For each table one row with what it requires and no more, but an effect that needs no source and a choice where there is one.
pub(super) const SAMPLES: [(&str, &str); 28] = [
    ("source", "[[source]]\nid = \"a-source\"\ntitle = \"t\"\nconfidence = \"low\"\n"),
    ("assumption", "[[assumption]]\nid = \"a-assumption\"\nsentence = \"s\"\n"),
    ("parameter", "[[parameter]]\nid = \"a-parameter\"\ndefault = 1\nmin = 1\nmax = 1\nsentence = \"s\"\n"),
    ("code", "[[code]]\nid = \"a-code\"\ncode = \"T1017\"\nroles = \"any\"\n"),
    ("outside_dates", "[outside_dates]\nid = \"a-outside_dates\"\neffect = \"note\"\n"),
    ("unknown_service", "[unknown_service]\nid = \"a-unknown_service\"\neffect = \"note\"\n"),
    ("unknown_modifier", "[unknown_modifier]\nid = \"a-unknown_modifier\"\n"),
    ("custom", "[[custom]]\nid = \"a-custom\"\n"),
    ("staff", "[[staff]]\nid = \"a-staff\"\neffect = \"note\"\ncodes = [\"T1016\"]\n"),
    ("minutes", "[[minutes]]\nid = \"a-minutes\"\neffect = \"note\"\ncodes = [\"T1016\"]\nmin = 1\n"),
    ("group_size", "[[group_size]]\nid = \"a-group_size\"\neffect = \"note\"\ncodes = [\"T1016\"]\nmin = 1\n"),
    (
        "units",
        "[[units]]\nid = \"a-units\"\neffect = \"note\"\ncodes = [\"T1016\"]\nrounding = { rule = \"per_encounter\" }\n",
    ),
    (
        "add_on",
        "[[add_on]]\nid = \"a-add_on\"\neffect = \"note\"\ncode = \"T1016\"\nprimary = \"T1016\"\nafter = 1\nrounding = { rule = \"per_encounter\" }\n",
    ),
    ("place", "[[place]]\nid = \"a-place\"\neffect = \"note\"\ncodes = [\"T1016\"]\nplaces = [\"11\"]\n"),
    ("limit", "[[limit]]\nid = \"a-limit\"\neffect = \"note\"\nmax = 1\nwindow = \"day\"\n"),
    (
        "exclude",
        "[[exclude]]\nid = \"a-exclude\"\neffect = \"note\"\ncodes = [\"T1016\"]\nwith = [\"T1016\"]\nwindow = \"day\"\n",
    ),
    (
        "prerequisite",
        "[[prerequisite]]\nid = \"a-prerequisite\"\neffect = \"note\"\ncodes = [\"T1016\"]\nany_of = [\"T1016\"]\nwindow = \"day\"\n",
    ),
    ("require", "[[require]]\nid = \"a-require\"\neffect = \"note\"\ninfo = \"care_plan\"\n"),
    ("forbid", "[[forbid]]\nid = \"a-forbid\"\neffect = \"note\"\ninfo = \"stay.inpatient\"\n"),
    ("diagnosis", "[[diagnosis]]\nid = \"a-diagnosis\"\neffect = \"note\"\ncodes = [\"T1016\"]\n"),
    ("component", "[[component]]\nid = \"a-component\"\ncodes = [\"T1016\"]\ncounts = [\"assessment\"]\n"),
    (
        "interval",
        "[[interval]]\nid = \"a-interval\"\neffect = \"note\"\ncodes = [\"T1016\"]\nstart = \"discharge\"\nmin = 1\n",
    ),
    ("authorization", "[[authorization]]\nid = \"a-authorization\"\neffect = \"note\"\ncodes = [\"T1016\"]\n"),
    ("modifier", "[[modifier]]\nid = \"a-modifier\"\ncodes = [\"T1016\"]\nmodifier = \"2P\"\n"),
    ("notice", "[[notice]]\nid = \"a-notice\"\n"),
    ("rate", "[[rate]]\nid = \"a-rate\"\ncodes = [\"T1016\"]\nterms = true\n"),
    ("report_only", "[[report_only]]\nid = \"a-report_only\"\neffect = \"note\"\n"),
    ("filing", "[[filing]]\nid = \"a-filing\"\neffect = \"note\"\ndays = 1\n"),
];

/// Columns that a row has in the samples besides those that it must have.
const BESIDES: [&str; 7] = ["roles", "effect", "min", "max", "info", "terms", "days"];

/// What serde expected, from its message: the words in backticks after `expected`.
pub(super) fn expected(message: &str) -> BTreeSet<String> {
    let (_, expected) = message.split_once(", expected ").unwrap_or_else(|| panic!("expects nothing: {message}"));
    let line = expected.lines().next().unwrap_or_default();
    line.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The faults of a policy with this row, a line each.
pub(super) fn faults_of_row(row: &str) -> String {
    faults(&format!("{HEAD}\n{row}"))
}

fn faults(policy: &str) -> String {
    let found = compile(policy).err().unwrap_or_default();
    found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn names<'c>(columns: impl IntoIterator<Item = &'c Column>) -> BTreeSet<String> {
    columns.into_iter().map(|column| column.name.to_owned()).collect()
}

fn required<'c>(columns: impl IntoIterator<Item = &'c Column>) -> BTreeSet<String> {
    names(columns.into_iter().filter(|column| column.required))
}

/// A policy in which `table` is a table of one column, which there is not.
fn with_nonsense(table: &str) -> String {
    match table {
        "policy" => "[policy]\nnonsense = 1\n".to_owned(),
        "unknown_code" => HEAD.replace("a-unknown_code\"", "a-unknown_code\"\nnonsense = 1"),
        "outside_dates" | "unknown_service" | "unknown_modifier" => format!("{HEAD}\n[{table}]\nnonsense = 1\n"),
        _ => format!("{HEAD}\n[[{table}]]\nnonsense = 1\n"),
    }
}

#[test]
fn the_reference_has_the_columns_of_each_table_and_no_others() {
    for table in policy_tables().filter(|table| matches!(table.form, Form::One | Form::List)) {
        let message = faults(&with_nonsense(table.name));
        assert!(message.contains("unknown field `nonsense`"), "{}: {message}", table.name);
        assert_eq!(expected(&message), names(table.all_columns()), "{}", table.name);
    }
}

#[test]
fn the_reference_has_the_tables_inside_rows() {
    let table = [
        ("when", "[[notice]]\nid = \"a\"\nwhen = { nonsense = 1 }"),
        ("denial", "[[notice]]\nid = \"a\"\ndenial = { nonsense = 1 }"),
        (
            "band",
            "[[units]]\nid = \"a\"\ncodes = [\"T1016\"]\nrounding = { rule = \"table\", bands = [{ nonsense = 1 }] }",
        ),
    ];
    for (name, row) in table {
        assert_eq!(expected(&faults_of_row(row)), names(find_shape(name).columns), "{name}");
    }
    let periods = HEAD.replace("{ from = 2024-01-01 }", "{ nonsense = 1 }");
    assert_eq!(expected(&faults(&periods)), names(find_shape("period").columns));
    for shape in common::ROUNDING.shapes.iter().filter(|shape| !shape.columns.is_empty()) {
        let row = format!(
            "[[units]]\nid = \"a\"\ncodes = [\"T1016\"]\nrounding = {{ rule = \"{}\", nonsense = 1 }}",
            shape.name
        );
        assert_eq!(expected(&faults_of_row(&row)), names(shape.columns), "{}", shape.name);
    }
}

#[test]
fn the_reference_requires_what_the_tables_inside_rows_must_have() {
    let filled = |columns: &[&Column]| {
        let parts = columns.iter().map(|column| match column.name {
            "from" => "from = 2024-01-01".to_owned(),
            "group" => "group = \"CO\"".to_owned(),
            "carc" => "carc = \"185\"".to_owned(),
            "bands" => "bands = [{ minutes_min = 1, minutes_max = 2, units = 1 }]".to_owned(),
            other => format!("{other} = 1"),
        });
        parts.collect::<Vec<_>>().join(", ")
    };
    let hold = |name: &str, columns: &[Column], before: &str, after: &str, policy: &str| {
        let required: Vec<&Column> = columns.iter().filter(|column| column.required).collect();
        let with = |columns: &[&Column]| policy.replace("HERE", &format!("{before}{}{after}", filled(columns)));
        assert_eq!(faults(&with(&required)), "", "{name}");
        for (index, column) in required.iter().enumerate() {
            let rest: Vec<&Column> = [&required[..index], &required[index + 1..]].concat();
            let message = faults(&with(&rest));
            assert!(message.contains(&format!("missing field `{}`", column.name)), "{name}: {message}");
        }
    };
    let units =
        format!("{HEAD}\n[[units]]\nid = \"a\"\neffect = \"note\"\ncodes = [\"T1016\"]\nrounding = {{ HERE }}\n");
    for shape in common::ROUNDING.shapes.iter().filter(|shape| !shape.columns.is_empty()) {
        hold(shape.name, shape.columns, &format!("rule = \"{}\", ", shape.name), "", &units);
    }
    hold("band", find_shape("band").columns, "rule = \"table\", bands = [{ ", " }]", &units);
    let notice = format!("{HEAD}\n[[notice]]\nid = \"a\"\ndenial = {{ HERE }}\n");
    hold("denial", find_shape("denial").columns, "", "", &notice);
    let notice = format!("{HEAD}\n[[notice]]\nid = \"a\"\nwhen = {{ HERE }}\n");
    hold("when", find_shape("when").columns, "minutes_min = 1", "", &notice);
    let policy = HEAD.replace("{ from = 2024-01-01 }", "{ HERE }");
    hold("period", find_shape("period").columns, "", "", &policy);
}

#[test]
fn the_reference_requires_what_rows_must_have_and_no_more() {
    let tables: Vec<_> =
        policy_tables().filter(|table| !["policy", "sets", "unknown_code"].contains(&table.name)).collect();
    assert_eq!(tables.len(), SAMPLES.len(), "every table has a sample");
    for table in tables {
        let (_, sample) = SAMPLES.iter().find(|(name, _)| *name == table.name).expect("a sample");
        assert_eq!(faults_of_row(sample), "", "{}", table.name);
        let given: BTreeSet<String> =
            sample.lines().filter_map(|line| Some(line.split_once(" = ")?.0.to_owned())).collect();
        let required = required(table.all_columns());
        assert!(required.is_subset(&given), "{}: the sample lacks a required column", table.name);
        let surplus: Vec<_> = given.difference(&required).filter(|name| !BESIDES.contains(&name.as_str())).collect();
        assert!(surplus.is_empty(), "{}: not required and not of a choice: {surplus:?}", table.name);
        for column in &given {
            let without: Vec<&str> = sample.lines().filter(|line| !line.starts_with(&format!("{column} = "))).collect();
            let message = faults_of_row(&without.join("\n"));
            let missing = message.contains(&format!("missing field `{column}`"));
            let unnamed = column == "id" && message.contains("row has no `id`");
            assert_eq!(required.contains(column), missing || unnamed, "{}.{column}: {message}", table.name);
        }
    }
}

#[test]
fn the_reference_requires_what_the_policy_must_have() {
    let policy = policy_tables().find(|table| table.name == "policy").expect("the table");
    let required = required(policy.columns);
    for column in ["id", "version", "title", "payers", "currency", "in_force"] {
        let without: Vec<&str> = HEAD.split('\n').filter(|line| !line.starts_with(&format!("{column} = "))).collect();
        assert!(faults(&without.join("\n")).contains(&format!("missing field `{column}`")), "{column}");
        assert!(required.contains(column), "{column}");
    }
    assert_eq!(required.len(), 6);
}

#[test]
fn the_reference_tells_where_a_row_needs_one_of_several_columns() {
    for table in policy_tables().filter(|table| !table.needs.is_empty()) {
        let (_, sample) = SAMPLES.iter().find(|(name, _)| *name == table.name).expect("a sample");
        for needs in table.needs {
            let (Needs::ExactlyOne(columns) | Needs::AtLeastOne(columns)) = needs;
            let bare = |line: &&str| !columns.iter().any(|column| line.starts_with(&format!("{column} = ")));
            let none: Vec<&str> = sample.lines().filter(bare).collect();
            let message = faults_of_row(&none.join("\n"));
            assert!(!message.is_empty(), "{}: a row with none of {columns:?} passes", table.name);
        }
    }
}

fn expected_by<T: DeserializeOwned>() -> BTreeSet<String> {
    match serde_json::from_value::<T>(json!({ "nonsense": 1 })) {
        Ok(_) => panic!("it takes any field"),
        Err(error) => expected(&error.to_string()),
    }
}

/// The fields of `T` that it cannot be read without: each that serde misses, until it misses none.
fn required_by<T: DeserializeOwned>(samples: &Value) -> BTreeSet<String> {
    let fields = samples.as_object().expect("fields with values").clone();
    serde_json::from_value::<T>(samples.clone()).unwrap_or_else(|error| panic!("{error}: {samples}"));
    let is_missed = |field: &String| {
        let mut rest = fields.clone();
        rest.remove(field);
        serde_json::from_value::<T>(Value::Object(rest)).is_err()
    };
    fields.keys().filter(|field| is_missed(field)).cloned().collect()
}

/// Holds a shape to the type that reads it; `sample` has every field that the type needs.
fn hold<T: DeserializeOwned>(name: &str, sample: &Value) {
    let shape = find_shape(name);
    assert_eq!(expected_by::<T>(), names(shape.columns), "{name}");
    assert_eq!(required_by::<T>(sample), required(shape.columns), "{name}");
}

#[test]
fn the_reference_has_the_fields_of_case_files() {
    hold::<Standing>("standing", &json!({}));
    let day = "2026-01-01";
    hold::<Authorized>(
        "authorized",
        &json!({ "authorization_id": "a", "procedure_codes": [], "from": day, "units": 1 }),
    );
    hold::<Rendering>("rendering", &json!({ "provider_id": "p", "source": "assignment" }));
    hold::<PaymentFacts>("payment", &json!({}));
    hold::<Maximum>("maximum", &json!({ "over": "lifetime", "limit_cents": 1, "used_cents": 1 }));
    hold::<PriorPayment>("prior", &json!({ "allowed_cents": 1, "paid_cents": 1 }));
    hold::<Expectation>("expectation", &json!({ "outcome": "billable" }));
    hold::<Rate>("rate", &json!({ "procedure_code": "T1016", "from": day, "cents": 1 }));
    hold::<Parameter>("parameter", &json!({ "parameter": "p", "from": day, "value": 1 }));
    hold::<Agreement>("agreement", &json!({ "state": "signed" }));
    let terms = case_tables().find(|table| table.name == "terms").expect("the table");
    assert_eq!(expected_by::<Terms>(), names(terms.columns));
    assert!(serde_json::from_value::<Terms>(json!({})).is_ok() && required(terms.columns).is_empty());
    let line = serde_json::from_value::<Expectation>(json!({ "outcome": "billable", "lines": [{ "nonsense": 1 }] }));
    let message = line.expect_err("a line without a code").to_string();
    assert_eq!(expected(&message), names(find_shape("expected_line").columns));
    let line = json!({ "outcome": "billable", "lines": [{ "procedure_code": "T1016" }] });
    assert!(serde_json::from_value::<Expectation>(line).is_ok());
    assert_eq!(required(find_shape("expected_line").columns).len(), 1);
}

#[test]
fn the_reference_has_the_facts_of_encounters_and_lines_whose_gaps_the_file_fills() {
    assert_eq!(expected_by::<EncounterFacts>(), names(find_shape("encounter").columns));
    assert_eq!(expected_by::<LedgerLine>(), names(find_shape("line").columns));
    let file = |encounter: &str, line: &str| {
        let text = format!(
            "[[case]]\nname = \"a\"\nencounter = {{{encounter}}}\nhistory = [{{{line}}}]\nexpect = {{ outcome = \"billable\" }}\n"
        );
        cases::parse("a.toml", &format!("[defaults]\npayer_id = \"p\"\n{text}")).map_err(|faults| faults[0].to_string())
    };
    let (day, code) = ("date_of_service = \"2026-01-01\"", "procedure_code = \"T1016\"");
    assert!(file(day, &format!("{day}, {code}")).is_ok(), "{:?}", file(day, &format!("{day}, {code}")));
    assert!(file(day, day).expect_err("a line without a code").contains("missing field `procedure_code`"));
    assert!(file(day, code).expect_err("a line without a day").contains("missing field `date_of_service`"));
    assert!(file("", &format!("{day}, {code}")).expect_err("no day").contains("missing field `date_of_service`"));
    let required = required(find_shape("line").columns);
    assert_eq!(required.into_iter().collect::<Vec<_>>(), ["date_of_service", "procedure_code"]);
}

#[test]
fn the_reference_has_the_tables_of_case_files_and_the_fields_of_a_case() {
    let faults = cases::parse("a.toml", "[nonsense]\n").expect_err("there is no such table");
    let message = faults[0].to_string();
    for table in case_tables() {
        assert!(message.contains(table.name), "{}: {message}", table.name);
    }
    let case = case_tables().find(|table| table.name == "case").expect("the table");
    for column in case.columns {
        let text = format!(
            "[[case]]\nname = \"a\"\n{}",
            if column.name == "name" { String::new() } else { format!("{} = 1\n", column.name) }
        );
        let faults = cases::parse("a.toml", &text).expect_err("no encounter");
        assert!(faults.iter().all(|fault| !fault.message.contains("there is no field")), "{}", column.name);
    }
}
