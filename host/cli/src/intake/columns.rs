//! The columns of a CSV of encounters, and how a cell becomes a JSON value. What the values may be is the reader's business.

use serde_json::Value;

/// How a cell is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// Text as it stands.
    Text,
    /// A whole number.
    Number,
    /// Texts with `;` between them.
    List,
}

/// A column: its name, and how its cells are written.
pub type Column = (&'static str, Cell);

/// The columns: the field names of an encounter. `IMPORT.md` explains each.
pub const COLUMNS: [Column; 20] = [
    ("encounter_id", Cell::Text),
    ("client_id", Cell::Text),
    ("payer_id", Cell::Text),
    ("plan_id", Cell::Text),
    ("service_line", Cell::Text),
    ("date_of_service", Cell::Text),
    ("procedure_code", Cell::Text),
    ("service", Cell::Text),
    ("minutes", Cell::Number),
    ("rendering_provider_id", Cell::Text),
    ("rendering_provider_role", Cell::Text),
    ("billing_provider_id", Cell::Text),
    ("phase", Cell::Text),
    ("mode", Cell::Text),
    ("place_of_service", Cell::Text),
    ("group_size", Cell::Number),
    ("modifiers", Cell::List),
    ("diagnoses", Cell::List),
    ("supporting_info", Cell::List),
    ("received_on", Cell::Text),
];

/// The value of a cell; an empty cell has none. What is no number stays text, for the reader to refuse.
pub fn value(cell: Cell, text: &str) -> Option<Value> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    Some(match cell {
        Cell::Text => Value::from(text),
        Cell::Number => text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from),
        Cell::List => text.split(';').map(str::trim).filter(|item| !item.is_empty()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_a_column_for_every_field_and_no_other() {
        let full = serde_json::json!({
            "encounter_id": "e1", "client_id": "c1", "payer_id": "sim", "plan_id": "p", "service_line": "s",
            "date_of_service": "2019-07-01", "procedure_code": "G9001", "service": "telephone", "minutes": 5,
            "rendering_provider_id": "s1", "rendering_provider_role": "RN", "billing_provider_id": "b1",
            "phase": "closure", "mode": "video", "place_of_service": "11", "group_size": 2, "modifiers": ["2P"],
            "diagnoses": ["E11.9"], "supporting_info": ["care_plan"], "received_on": "2019-07-02"
        });
        let facts: adjudica_core::EncounterFacts = serde_json::from_value(full.clone()).expect("every field");
        assert_eq!(serde_json::to_value(facts).expect("json"), full, "a field of the facts is not listed here");
        let fields: std::collections::BTreeSet<_> = full.as_object().expect("an object").keys().cloned().collect();
        assert_eq!(
            COLUMNS.iter().map(|(name, _)| (*name).to_owned()).collect::<std::collections::BTreeSet<_>>(),
            fields
        );
    }

    #[test]
    fn it_reads_cells_by_their_column() {
        assert_eq!(value(Cell::Number, " 30 "), Some(30.into()));
        assert_eq!(value(Cell::Number, "=1+1"), Some("=1+1".into()));
        assert_eq!(value(Cell::Number, "30.5"), Some("30.5".into()));
        assert_eq!(value(Cell::List, "care_plan; order;"), Some(serde_json::json!(["care_plan", "order"])));
        assert_eq!(value(Cell::Text, "  "), None);
    }
}
