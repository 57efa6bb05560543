//! The files of this repository against the schemas, and wrong ones that the schemas must refuse.

use std::path::{Path, PathBuf};

use adjudica_cases::json_of;
use serde_json::Value;

use super::checker::check;
use crate::reference::{cases_schema, policy_schema};

/// A TOML document as editors show it to a schema: dates are strings.
fn read(text: &str) -> Value {
    json_of(toml::Value::Table(toml::from_str(text).expect("TOML")))
}

/// Every TOML file below `folder`.
fn toml_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in folder.read_dir().expect("a folder of the checkout can be listed") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() && !path.ends_with("target") {
            toml_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "toml") {
            found.push(path);
        }
    }
}

fn files() -> Vec<PathBuf> {
    let root = Path::new(env!("ADJUDICA_CHECKOUT"));
    let mut found = Vec::new();
    toml_files(&root.join("plugins"), &mut found);
    toml_files(&root.join("examples"), &mut found);
    found.sort();
    found
}

fn faults_of(schema: &Value, path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).expect("a file of the checkout can be read");
    let faults = check(schema, &read(&text));
    faults.into_iter().map(|fault| format!("{}{fault}", path.display())).collect()
}

#[test]
fn every_policy_of_the_repository_is_as_the_reference_says() {
    let schema = policy_schema();
    let policies: Vec<_> = files().into_iter().filter(|path| path.ends_with("policy.toml")).collect();
    assert!(policies.len() > 10, "{policies:?}");
    let faults: Vec<String> = policies.iter().flat_map(|path| faults_of(&schema, path)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_case_file_of_the_repository_is_as_the_reference_says() {
    let schema = cases_schema();
    let is_of = |path: &PathBuf, name: &str| path.parent().is_some_and(|folder| folder.ends_with(name));
    let in_cases = |path: &PathBuf| adjudica_cases::FOLDERS.iter().any(|name| is_of(path, name));
    let cases: Vec<_> = files().into_iter().filter(in_cases).collect();
    assert!(cases.len() > 20, "{cases:?}");
    let faults: Vec<String> = cases.iter().flat_map(|path| faults_of(&schema, path)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn shared_tables_are_as_the_reference_says_but_for_the_policy() {
    let schema = policy_schema();
    let shared = ["shared/standing.toml", "federal/targeted_case_management.toml"];
    let found: Vec<_> = files().into_iter().filter(|path| shared.iter().any(|name| path.ends_with(name))).collect();
    assert_eq!(found.len(), shared.len());
    for path in found {
        let faults = faults_of(&schema, &path);
        assert_eq!(faults, [format!("{}: `policy` is missing", path.display())]);
    }
}

const POLICY: &str = r#"
policy = { id = "p", version = "1.0.0", title = "t", payers = ["p"], currency = "USD", in_force = [{ from = 2024-01-01 }] }
"#;

#[test]
fn the_reference_refuses_wrong_policies() {
    let schema = policy_schema();
    assert_eq!(check(&schema, &read(POLICY)), Vec::<String>::new());
    let wrong = [
        ("[nonsense]\na = 1", ".nonsense: there is no such column"),
        ("[[limit]]\nid = \"a\"\nmax = 1", "[0]: `window` is missing"),
        ("[[limit]]\nid = \"a\"\nmax = 1\nparameter = \"b\"\nwindow = \"day\"", "2 of oneOf fit"),
        ("[[limit]]\nid = \"a\"\nwindow = \"day\"", "0 of oneOf fit"),
        ("[[limit]]\nid = \"a\"\nmax = \"1\"\nwindow = \"day\"", ".max: not of type"),
        ("[[limit]]\nid = \"a\"\nmax = 1\nwindow = \"week\"", "none of the words"),
        ("[[staff]]\nid = \"a\"\ncodes = [\"g9001\"]", ".codes[0]: `g9001` is not as"),
        ("[[staff]]\nid = \"a b\"\ncodes = [\"@all\"]", ".id: `a b` is not as"),
        ("[[notice]]\nid = \"a\"\nwhen = { role = [\"RN\"] }", ".when.role: there is no such column"),
        ("[[notice]]\nid = \"a\"\ndenial = { carc = \"1\", group = \"XX\" }", ".denial.group"),
        ("[[minutes]]\nid = \"a\"\ncodes = []", "0 of anyOf fit"),
        ("[[minutes]]\nid = \"a\"\ncodes = []\nmin = -1", "-1 is below 0"),
        ("[[units]]\nid = \"a\"\ncodes = []\nrounding = { rule = \"floor\" }", "0 of oneOf fit"),
        ("[[units]]\nid = \"a\"\ncodes = []\nrounding = { rule = \"ceil\", step = 0 }", "0 of oneOf fit"),
        ("[[code]]\nid = \"a\"\ncode = \"T1016\"\nfrom = 1899-01-01", ".from: `1899-01-01` is not as"),
        ("[unknown_code]\nsource = \"m\"", ".unknown_code: `id` is missing"),
    ];
    for (rows, fault) in wrong {
        let faults = check(&schema, &read(&format!("{POLICY}\n{rows}"))).join("\n");
        assert!(faults.contains(fault), "{rows}\ngives: {faults}");
        assert!(crate::tables::compile(&format!("{POLICY}\n{rows}")).is_err());
    }
}

#[test]
fn the_reference_refuses_wrong_cases() {
    let schema = cases_schema();
    let good = "[[case]]\nname = \"a\"\nencounter = { date_of_service = \"2026-01-01\" }\nexpect = { outcome = \"billable\" }\n";
    assert_eq!(check(&schema, &read(good)), Vec::<String>::new());
    let wrong = [
        (good.replace("billable", "paid"), "none of the words"),
        (good.replace("expect =", "expected ="), "there is no such column"),
        (good.replace("2026-01-01", "1 May"), "is not as"),
        (good.replace("date_of_service", "date"), "there is no such column"),
        (good.replace("name = \"a\"", ""), "`name` is missing"),
        (good.replace("encounter =", "encounters ="), "not of type"),
        (format!("{good}encounters = []\n"), "2 of oneOf fit"),
        (format!("{good}history = [{{ procedure_code = \"T1016\" }}]\n"), "`date_of_service` is missing"),
        (format!("{good}[terms]\nrates = [{{ procedure_code = \"T1016\", cents = 1 }}]\n"), "`from` is missing"),
        (format!("{good}[[grid]]\ncodes = [\"T1016\"]\nrows = {{ RN = \"X\" }}\n"), "`X` is not as"),
    ];
    for (file, fault) in wrong {
        let faults = check(&schema, &read(&file)).join("\n");
        assert!(faults.contains(fault), "{file}\ngives: {faults}");
        assert!(adjudica_cases::parse("a.toml", &file).is_err(), "{file}");
    }
}
