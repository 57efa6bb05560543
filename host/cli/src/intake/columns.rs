//! The columns of a CSV of encounters, and how a row becomes a JSON object. What the values may be is the reader's business.

use csv::StringRecord;
use serde::Serialize;

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

/// The JSON object that a row is. A cell that is empty is left out; what is no number stays text, for the reader to refuse.
pub fn json(columns: &[Column], cells: &StringRecord) -> Vec<u8> {
    let mut out = Vec::with_capacity(BYTES);
    let mut between = b'{';
    for ((name, cell), text) in columns.iter().zip(cells) {
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        out.push(between);
        between = b',';
        add(&mut out, *name);
        out.push(b':');
        match cell {
            Cell::Text => add(&mut out, text),
            Cell::Number => match text.parse::<i64>() {
                Ok(number) => add(&mut out, &number),
                Err(_) => add(&mut out, text),
            },
            Cell::List => {
                let items: Vec<&str> = text.split(';').map(str::trim).filter(|item| !item.is_empty()).collect();
                add(&mut out, &items);
            }
        }
    }
    out.extend_from_slice(if between == b'{' { b"{}" } else { b"}" });
    out
}

/// About as many as a row has.
const BYTES: usize = 512;

fn add<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    // To write texts and numbers into memory does not fail.
    let _ = serde_json::to_writer(out, value);
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
        for (column, text, expected) in [
            (("minutes", Cell::Number), " 30 ", r#"{"minutes":30}"#),
            (("minutes", Cell::Number), "=1+1", r#"{"minutes":"=1+1"}"#),
            (("minutes", Cell::Number), "30.5", r#"{"minutes":"30.5"}"#),
            (("info", Cell::List), "care_plan; order;", r#"{"info":["care_plan","order"]}"#),
            (("mode", Cell::Text), "a \"b\"", r#"{"mode":"a \"b\""}"#),
            (("mode", Cell::Text), "  ", "{}"),
        ] {
            let cells = StringRecord::from(vec![text, "x"]);
            let both = [column, ("phase", Cell::Text)];
            let read = |columns: &[Column]| String::from_utf8(json(columns, &cells)).expect("text");
            assert_eq!(read(&both[..1]), expected);
            let with_more = if expected == "{}" {
                r#"{"phase":"x"}"#.to_owned()
            } else {
                expected.replace('}', r#","phase":"x"}"#)
            };
            assert_eq!(read(&both), with_more);
        }
    }
}
