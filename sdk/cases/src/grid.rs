//! A grid of a case file: a row for each role, a letter for each code, a case for each cell. Reads no facts.

use serde_json::{Value, json};

use super::file::{Draft, merge};
use super::written::Written;
use crate::Fault;

/// Fields of `[[grid]]`.
const FIELDS: [&str; 9] = ["name", "source", "note", "encounter", "codes", "per_code", "rules", "history", "rows"];

/// The cells of a grid, and its faults.
pub(super) struct Cells<'w> {
    grid: &'w Written,
    name: String,
    codes: Vec<&'w str>,
    pub(super) drafts: Vec<Draft<'w>>,
    pub(super) faults: Vec<Fault>,
}

impl<'w> Cells<'w> {
    pub(super) fn of(grid: &'w Written) -> Self {
        let name = grid.fields.get("name").and_then(Written::text).unwrap_or("grid").to_owned();
        let codes = grid.fields.get("codes").into_iter().flat_map(|codes| &codes.items);
        let codes: Vec<&str> = codes.filter_map(Written::text).collect();
        let mut cells = Self { grid, name, codes, drafts: Vec::new(), faults: Vec::new() };
        cells.check_fields();
        match grid.fields.get("rows") {
            Some(rows) if rows.value.is_object() && !cells.codes.is_empty() => {
                rows.fields.iter().for_each(|(role, letters)| cells.add_row(role, letters));
            }
            _ => cells.fault(grid, "a grid needs `codes`, a list, and `rows`, a table; give both"),
        }
        cells
    }

    fn fault(&mut self, at: &Written, message: &str) {
        self.faults.push(at.fault(format!("`{}`: {message}", self.name)));
    }

    fn check_fields(&mut self) {
        let grid = self.grid;
        for (field, written) in &grid.fields {
            if !FIELDS.contains(&field.as_str()) {
                let fields = FIELDS.join("`, `");
                self.fault(written, &format!("there is no field `{field}` in a grid; use `{fields}`"));
            }
        }
        for (field, written) in grid.fields.get("per_code").into_iter().flat_map(|table| &table.fields) {
            if !self.codes.contains(&field.as_str()) {
                self.fault(written, &format!("`per_code` has `{field}`, which is not among `codes`; add it there"));
            }
        }
        for (field, written) in grid.fields.get("rules").into_iter().flat_map(|table| &table.fields) {
            if field.chars().all(|letter| outcome_of(letter).is_none()) || field.chars().count() != 1 {
                self.fault(written, &format!("`rules` has `{field}`; use the letters B R I W N"));
            }
        }
    }

    fn add_row(&mut self, role: &str, row: &'w Written) {
        let Some(letters) = row.text() else {
            return self.fault(row, &format!("row `{role}` is not a text; write a letter for each code in quotes"));
        };
        let letters: Vec<char> = letters.chars().filter(|letter| !letter.is_whitespace()).collect();
        if letters.len() != self.codes.len() {
            let (letters, codes) = (letters.len(), self.codes.len());
            let message = format!("row `{role}` has {letters} letters for {codes} codes; give each code a letter");
            return self.fault(row, &message);
        }
        for (code, letter) in self.codes.clone().into_iter().zip(letters) {
            match outcome_of(letter) {
                Some(outcome) => self.add_cell(&Cell { role, code, letter, outcome }, row),
                None => self.fault(row, &format!("row `{role}`: `{letter}` is none of B R I W N; write one of these")),
            }
        }
    }

    fn add_cell(&mut self, &Cell { role, code, letter, outcome }: &Cell<'_>, row: &'w Written) {
        let given = self.grid.fields.get("encounter");
        let mut encounter = given.map_or_else(|| json!({}), |encounter| encounter.value.clone());
        if let Some(of_code) = self.grid.fields.get("per_code").and_then(|table| table.value.get(code)) {
            merge(&mut encounter, of_code);
        }
        merge(&mut encounter, &json!({ "procedure_code": code, "rendering_provider_role": role }));
        let mut expectation = json!({ "outcome": outcome });
        let rules = self.grid.fields.get("rules");
        let begin = rules.and_then(|rules| rules.value.get(letter.to_string()));
        merge(&mut expectation, &begin.map_or(Value::Null, |begin| json!({ "rules_begin": begin })));
        self.drafts.push(Draft {
            name: format!("{}: {role} {code}", self.name),
            line: self.grid.fields.get("name").map_or(self.grid.line, |name| name.line),
            encounters: vec![(given.unwrap_or(row), encounter)],
            expected: vec![(rules.unwrap_or(row), expectation)],
            history: self.grid.fields.get("history"),
        });
    }
}

/// What a role gets for a code.
struct Cell<'c> {
    role: &'c str,
    code: &'c str,
    letter: char,
    outcome: &'c str,
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
