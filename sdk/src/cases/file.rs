//! Reads a case file: defaults merged under every encounter, grids spread into a case for each cell, every fault at once.

use adjudica_core::{EncounterFacts, LedgerLine, Terms, Timeline};
use serde_json::{Map, Value, json};

use super::{Case, CaseFile, Expectation};
use crate::tables::Fault;

/// Facts that a case need not give.
pub const DEFAULTS: [(&str, &str); 8] = [
    ("encounter_id", "e1"),
    ("client_id", "c1"),
    ("payer_id", "payer"),
    ("rendering_provider_id", "p1"),
    ("billing_provider_id", "b1"),
    ("rendering_provider_role", "RN"),
    ("phase", "implementation"),
    ("mode", "in_person"),
];

/// Reads the cases of one file.
///
/// ```
/// let file = adjudica_sdk::cases::parse("visits.toml", r#"
///     [[case]]
///     name = "pays_a_visit"
///     encounter = { procedure_code = "T1016", date_of_service = "2024-03-01" }
///     expect = { outcome = "billable" }
/// "#).expect("no faults");
/// assert_eq!(file.cases.len(), 1);
/// assert!(adjudica_sdk::cases::parse("visits.toml", "[[case]]\nname = 1").is_err());
/// ```
/// # Errors
/// Every [`Fault`] of the file.
pub fn parse(file_name: &str, text: &str) -> Result<CaseFile, Vec<Fault>> {
    let at_start = |message: String| vec![Fault { line: 1, column: 1, message }];
    let root: toml::Table = toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        let line = text.get(..offset).unwrap_or_default().matches('\n').count() + 1;
        vec![Fault { line, column: 1, message: error.message().to_owned() }]
    })?;
    let Value::Object(mut root) = json_of(toml::Value::Table(root)) else {
        return Err(at_start("the file is not a table".to_owned()));
    };
    let mut reader = Reader { text, faults: Vec::new(), cases: Vec::new(), defaults: Map::new() };
    for (field, value) in DEFAULTS {
        reader.defaults.insert(field.to_owned(), json!(value));
    }
    if let Some(Value::Object(defaults)) = root.remove("defaults") {
        reader.defaults.extend(defaults);
    }
    let terms = root.remove("terms").map_or(Ok(Terms::default()), serde_json::from_value::<Terms>);
    let terms = terms.map_err(|error| at_start(format!("[terms]: {error}")))?;
    for fault in terms.faults() {
        reader.faults.push(Fault { line: 1, column: 1, message: format!("[terms]: {fault}") });
    }
    for case in take_list(&mut root, "case") {
        reader.case(&case);
    }
    for grid in take_list(&mut root, "grid") {
        reader.grid(&grid);
    }
    for name in root.keys() {
        reader.faults.push(Fault {
            line: 1,
            column: 1,
            message: format!("there is no table `{name}` in a case file; use defaults, terms, case, grid"),
        });
    }
    if reader.faults.is_empty() {
        Ok(CaseFile { name: file_name.to_owned(), terms, cases: reader.cases })
    } else {
        Err(reader.faults)
    }
}

/// TOML as JSON; dates become their text.
fn json_of(value: toml::Value) -> Value {
    match value {
        toml::Value::Datetime(day) => Value::String(day.to_string()),
        toml::Value::Array(items) => Value::Array(items.into_iter().map(json_of).collect()),
        toml::Value::Table(table) => {
            Value::Object(table.into_iter().map(|(key, value)| (key, json_of(value))).collect())
        }
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => json!(number),
        toml::Value::Boolean(flag) => json!(flag),
        toml::Value::Float(number) => Value::String(number.to_string()),
    }
}

fn take_list(table: &mut Map<String, Value>, name: &str) -> Vec<Map<String, Value>> {
    let list = match table.remove(name) {
        Some(Value::Array(list)) => list,
        Some(single) => vec![single],
        None => Vec::new(),
    };
    list.into_iter().filter_map(|item| if let Value::Object(item) = item { Some(item) } else { None }).collect()
}

struct Reader<'t> {
    text: &'t str,
    faults: Vec<Fault>,
    cases: Vec<Case>,
    defaults: Map<String, Value>,
}

impl Reader<'_> {
    fn line_of(&self, name: &str) -> usize {
        let offset = self.text.find(&format!("\"{name}\"")).unwrap_or(0);
        self.text.get(..offset).unwrap_or_default().matches('\n').count() + 1
    }

    fn fault(&mut self, name: &str, message: &str) {
        let line = self.line_of(name);
        self.faults.push(Fault { line, column: 1, message: format!("`{name}`: {message}") });
    }

    fn case(&mut self, case: &Map<String, Value>) {
        let name = case.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        if name.is_empty() {
            return self.fault("case", "a case has no `name`, or one that is not a text");
        }
        let known = ["name", "source", "note", "encounter", "encounters", "history", "expect", "expect_each"];
        for field in case.keys().filter(|field| !known.contains(&field.as_str())) {
            self.fault(&name, &format!("there is no field `{field}` in a case"));
        }
        let encounters = list_or_single(case, "encounters", "encounter");
        let expected = list_or_single(case, "expect_each", "expect");
        if encounters.is_empty() || encounters.len() != expected.len() {
            let message =
                format!("{} encounters and {} expectations; give as many of each", encounters.len(), expected.len());
            return self.fault(&name, &message);
        }
        let history = case.get("history").cloned();
        self.add(&name, &encounters, history.as_ref(), &expected);
    }

    fn grid(&mut self, grid: &Map<String, Value>) {
        let name = grid.get("name").and_then(Value::as_str).unwrap_or("grid").to_owned();
        let base = grid.get("encounter").cloned().unwrap_or_else(|| json!({}));
        let codes: Vec<&str> =
            grid.get("codes").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let Some(rows) = grid.get("rows").and_then(Value::as_object) else {
            return self.fault(&name, "a grid needs `codes` and `rows`");
        };
        let rules = grid.get("rules").and_then(Value::as_object).cloned().unwrap_or_default();
        for (role, letters) in rows {
            let letters: Vec<char> =
                letters.as_str().unwrap_or_default().chars().filter(|c| !c.is_whitespace()).collect();
            if letters.len() != codes.len() {
                self.fault(&name, &format!("row `{role}` has {} letters for {} codes", letters.len(), codes.len()));
                continue;
            }
            for (code, letter) in codes.iter().zip(letters) {
                let Some(outcome) = outcome_of(letter) else {
                    self.fault(&name, &format!("row `{role}`: `{letter}` is none of B R I W N"));
                    continue;
                };
                let mut encounter = base.clone();
                let of_code = grid.get("per_code").and_then(|per_code| per_code.get(*code));
                merge(&mut encounter, of_code);
                merge(&mut encounter, Some(&json!({ "procedure_code": code, "rendering_provider_role": role })));
                let mut expectation = json!({ "outcome": outcome });
                if let Some(begin) = rules.get(&letter.to_string()) {
                    merge(&mut expectation, Some(&json!({ "rules_begin": begin })));
                }
                let line = self.line_of(&name);
                self.add(&format!("{name}: {role} {code}"), &[encounter], grid.get("history"), &[expectation]);
                if let Some(case) = self.cases.last_mut() {
                    case.line = line;
                }
            }
        }
    }

    fn add(&mut self, name: &str, encounters: &[Value], history: Option<&Value>, expected: &[Value]) {
        let mut timeline = Timeline::default();
        for (index, given) in encounters.iter().enumerate() {
            let mut facts = Value::Object(self.defaults.clone());
            if index > 0 {
                merge(&mut facts, Some(&json!({ "encounter_id": format!("e{}", index + 1) })));
            }
            merge(&mut facts, Some(given));
            match serde_json::from_value::<EncounterFacts>(facts) {
                Ok(facts) => timeline.encounters.push(facts),
                Err(error) => self.fault(name, &format!("encounter {}: {error}", index + 1)),
            }
        }
        for line in history.and_then(Value::as_array).into_iter().flatten() {
            let payer = self.defaults.get("payer_id").cloned();
            let mut full = json!({ "units": 1, "amount_cents": 0, "billing_provider_id": "b1", "rendering_provider_id": "p1", "payer_id": payer });
            merge(&mut full, Some(line));
            match serde_json::from_value::<LedgerLine>(full) {
                Ok(line) => timeline.ledger.push(line),
                Err(error) => self.fault(name, &format!("history: {error}")),
            }
        }
        let mut expectations = Vec::new();
        for expectation in expected {
            match serde_json::from_value::<Expectation>(expectation.clone()) {
                Ok(expectation) => expectations.push(expectation),
                Err(error) => self.fault(name, &format!("expect: {error}")),
            }
        }
        let in_order = timeline.encounters.is_sorted_by_key(|encounter| encounter.date_of_service);
        if !in_order {
            self.fault(name, "the encounters are not in order of date of service");
        }
        timeline.ledger.sort_by_key(|line| line.date_of_service);
        self.cases.push(Case { name: name.to_owned(), line: self.line_of(name), timeline, expected: expectations });
    }
}

fn list_or_single(case: &Map<String, Value>, list: &str, single: &str) -> Vec<Value> {
    match (case.get(list), case.get(single)) {
        (Some(Value::Array(items)), None) => items.clone(),
        (None, Some(item)) => vec![item.clone()],
        _ => Vec::new(),
    }
}

fn outcome_of(letter: char) -> Option<&'static str> {
    Some(match letter {
        'B' => "billable",
        'R' => "report_only",
        'I' => "incomplete",
        'W' => "review",
        'N' => "not_billable",
        _ => return None,
    })
}

/// Puts the fields of `over` over those of `base`.
fn merge(base: &mut Value, over: Option<&Value>) {
    if let (Value::Object(base), Some(Value::Object(over))) = (base, over) {
        base.extend(over.iter().map(|(field, value)| (field.clone(), value.clone())));
    }
}
