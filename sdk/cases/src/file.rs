//! Reads a case file: defaults merged under every encounter, grids spread into a case for each cell, every fault at once.

use adjudica_core::{EncounterFacts, LedgerLine, Terms, Timeline};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use serde_path_to_error::{Path, Segment};

use super::grid::Cells;
use super::written::Written;
use super::{Case, CaseFile, Expectation};
use crate::Fault;
use crate::text::{Text, in_plain_words};

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

/// Fields of `[[case]]`.
const FIELDS: [&str; 8] = ["name", "source", "note", "encounter", "encounters", "history", "expect", "expect_each"];

/// Reads the cases of one file.
///
/// ```
/// let file = adjudica_cases::parse("visits.toml", r#"
///     [[case]]
///     name = "pays_a_visit"
///     encounter = { procedure_code = "T1016", date_of_service = "2024-03-01" }
///     expect = { outcome = "billable" }
/// "#).expect("no faults");
/// assert_eq!(file.cases.len(), 1);
/// assert!(adjudica_cases::parse("visits.toml", "[[case]]\nname = 1").is_err());
/// ```
/// # Errors
/// Every [`Fault`] of the file, by place.
pub fn parse(file_name: &str, text: &str) -> Result<CaseFile, Vec<Fault>> {
    let text = Text::new(text);
    let (root, mut faults) = text.read();
    if !faults.is_empty() {
        return Err(faults);
    }
    let root = Written::of_table(root, &text, &mut faults);
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut reader = Reader { faults, cases: Vec::new(), defaults: Map::new(), have_defaults_fault: false };
    reader.defaults.extend(DEFAULTS.map(|(field, value)| (field.to_owned(), json!(value))));
    let terms = reader.terms(&root);
    reader.add_defaults(&root);
    for case in reader.list(&root, "case") {
        reader.case(case);
    }
    for grid in reader.list(&root, "grid") {
        reader.grid(grid);
    }
    for (name, written) in &root.fields {
        if !["defaults", "terms", "case", "grid"].contains(&name.as_str()) {
            reader.fault(
                written,
                format!("there is no table `{name}` in a case file; use `defaults`, `terms`, `case` or `grid`"),
            );
        }
    }
    let Reader { mut faults, cases, .. } = reader;
    faults.sort();
    if faults.is_empty() { Ok(CaseFile { name: file_name.to_owned(), terms, cases }) } else { Err(faults) }
}

/// A case before its facts are read.
pub(super) struct Draft<'w> {
    pub(super) name: String,
    pub(super) line: usize,
    /// Where each stands, and what it says.
    pub(super) encounters: Vec<(&'w Written, Value)>,
    pub(super) expected: Vec<(&'w Written, Value)>,
    pub(super) history: Option<&'w Written>,
}

struct Reader {
    faults: Vec<Fault>,
    cases: Vec<Case>,
    defaults: Map<String, Value>,
    /// What is wrong with an encounter may then only be that.
    have_defaults_fault: bool,
}

impl Reader {
    fn fault(&mut self, at: &Written, message: String) {
        self.faults.push(at.fault(message));
    }

    /// The table `name` of the file, where it is one.
    fn table<'w>(&mut self, root: &'w Written, name: &str) -> Option<&'w Written> {
        let table = root.fields.get(name)?;
        if table.value.is_object() {
            return Some(table);
        }
        self.fault(table, format!("`{name}` is one table; write `[{name}]`"));
        None
    }

    /// The tables of the list `name`; a single one may stand for a list of one.
    fn list<'w>(&mut self, root: &'w Written, name: &str) -> Vec<&'w Written> {
        let Some(list) = root.fields.get(name) else { return Vec::new() };
        let items = if list.value.is_array() { list.items.iter().collect() } else { vec![list] };
        let (tables, others): (Vec<_>, Vec<_>) = items.into_iter().partition(|item| item.value.is_object());
        for other in others {
            self.fault(other, format!("`{name}` is a list of tables; write `[[{name}]]`"));
        }
        tables
    }

    fn terms(&mut self, root: &Written) -> Terms {
        let Some(written) = self.table(root, "terms") else { return Terms::default() };
        let terms: Terms = self.value(written, &written.value, "[terms]").unwrap_or_default();
        for fault in terms.faults() {
            self.fault(written, format!("[terms]: {fault}"));
        }
        terms
    }

    /// The file's defaults, over those of every file.
    fn add_defaults(&mut self, root: &Written) {
        let Some(written) = self.table(root, "defaults") else { return };
        let mut facts = json!({ "date_of_service": "2000-01-01" });
        merge(&mut facts, &Value::Object(self.defaults.clone()));
        merge(&mut facts, &written.value);
        self.have_defaults_fault = self.value::<EncounterFacts>(written, &facts, "[defaults]").is_none();
        if let Value::Object(defaults) = &written.value {
            self.defaults.extend(defaults.clone());
        }
    }

    /// Reads what stands `at` a place; `what` names it in a fault.
    fn value<T: DeserializeOwned>(&mut self, at: &Written, value: &Value, what: &str) -> Option<T> {
        let error = match serde_path_to_error::deserialize::<_, T>(value.clone()) {
            Ok(read) => return Some(read),
            Err(error) => error,
        };
        let message = format!("{what}: {}", in_plain_words(&error.inner().to_string(), "", ""));
        self.fault(field_of_fault(at, error.path()), message);
        None
    }

    fn case(&mut self, case: &Written) {
        for (field, written) in case.fields.iter().filter(|(field, _)| !FIELDS.contains(&field.as_str())) {
            let fields = FIELDS.join("`, `");
            self.fault(written, format!("there is no field `{field}` in a case; use `{fields}`"));
        }
        let Some(named) = case.fields.get("name").filter(|name| name.text().is_some_and(|name| !name.is_empty()))
        else {
            return self.fault(case, "the case has no `name`; give it one in quotes".to_owned());
        };
        let name = named.text().unwrap_or_default().to_owned();
        let found = (case.one_or_several("encounter", "encounters"), case.one_or_several("expect", "expect_each"));
        let (encounters, expected) = match found {
            (Ok(encounters), Ok(expected)) => (encounters, expected),
            (encounters, expected) => {
                let found = encounters.err().into_iter().chain(expected.err());
                return found.for_each(|(at, message)| self.fault(at, format!("`{name}`: {message}")));
            }
        };
        if encounters.len() != expected.len() {
            let (encounters, expected) = (encounters.len(), expected.len());
            let message =
                format!("`{name}`: {encounters} encounters and {expected} expectations; give as many of each");
            return self.fault(named, message);
        }
        self.add(&Draft {
            name,
            line: named.line,
            encounters: encounters.into_iter().map(Written::with_value).collect(),
            expected: expected.into_iter().map(Written::with_value).collect(),
            history: case.fields.get("history"),
        });
    }

    fn grid(&mut self, grid: &Written) {
        let cells = Cells::of(grid);
        self.faults.extend(cells.faults);
        cells.drafts.iter().for_each(|draft| self.add(draft));
    }

    fn add(&mut self, draft: &Draft<'_>) {
        let name = &draft.name;
        let mut timeline = Timeline::default();
        for (index, (at, given)) in draft.encounters.iter().enumerate() {
            let mut facts = Value::Object(self.defaults.clone());
            if index > 0 {
                merge(&mut facts, &json!({ "encounter_id": format!("e{}", index + 1) }));
            }
            merge(&mut facts, given);
            let what = format!("`{name}`: encounter {}", index + 1);
            if self.have_defaults_fault {
                continue;
            }
            if given.is_object() {
                timeline.encounters.extend(self.value::<EncounterFacts>(at, &facts, &what));
            } else {
                self.fault(at, format!("{what} is not a table; write `{{ ... }}`"));
            }
        }
        timeline.ledger = self.history(draft);
        let expected = draft.expected.iter();
        let expected: Vec<Expectation> =
            expected.filter_map(|(at, value)| self.value(at, value, &format!("`{name}`: expect"))).collect();
        let days: Vec<_> = timeline.encounters.iter().map(|encounter| encounter.date_of_service).collect();
        if let Some(early) = days.array_windows().position(|[earlier, later]| later < earlier)
            && let Some((at, _)) = draft.encounters.get(early + 1)
        {
            let message = "the encounters are not in order of date of service; put the earlier one first";
            self.fault(at, format!("`{name}`: {message}"));
        }
        timeline.ledger.sort_by_key(|line| line.date_of_service);
        self.cases.push(Case { name: name.clone(), line: draft.line, timeline, expected });
    }

    fn history(&mut self, draft: &Draft<'_>) -> Vec<LedgerLine> {
        let Some(history) = draft.history else { return Vec::new() };
        let name = &draft.name;
        if !history.value.is_array() {
            self.fault(history, format!("`{name}`: `history` is a list of lines; write `[{{ ... }}]`"));
        }
        let mut lines = Vec::new();
        for (index, given) in history.items.iter().enumerate() {
            let payer = self.defaults.get("payer_id").cloned();
            let mut full = json!({ "units": 1, "amount_cents": 0, "billing_provider_id": "b1", "rendering_provider_id": "p1", "payer_id": payer });
            merge(&mut full, &given.value);
            let what = format!("`{name}`: line {} of the history", index + 1);
            if given.value.is_object() {
                lines.extend(self.value::<LedgerLine>(given, &full, &what));
            } else {
                self.fault(given, format!("{what} is not a table; write `{{ ... }}`"));
            }
        }
        lines
    }
}

/// The field in which the reader met the fault. The whole where a field is missing from it, or the fault is in no field of it.
fn field_of_fault<'w>(at: &'w Written, path: &Path) -> &'w Written {
    let field = match path.iter().next() {
        Some(Segment::Map { key }) => at.fields.get(key),
        Some(Segment::Seq { .. } | Segment::Enum { .. } | Segment::Unknown) | None => None,
    };
    field.unwrap_or(at)
}

/// Puts the fields of `over` over those of `base`.
pub(super) fn merge(base: &mut Value, over: &Value) {
    if let (Value::Object(base), Value::Object(over)) = (base, over) {
        base.extend(over.iter().map(|(field, value)| (field.clone(), value.clone())));
    }
}
