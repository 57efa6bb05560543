//! Cuts a file into rows of JSON values: an array, one value per line, or CSV with a header.

use std::path::Path;

use adjudica_service::FieldFault;
use adjudica_service::intake::json::parse_json as parse_strict;
use serde_json::{Map, Value};

use crate::exit::Fault;
use crate::intake::columns;

/// One row of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// CSV: the row with the header as row 1. NDJSON: the line. JSON array: the item, from 1.
    pub number: u64,
    /// Its fields.
    pub value: Value,
}

/// The rows of a file, and the faults of those that could not be cut.
#[derive(Debug, Default)]
pub struct Rows {
    /// Rows to read.
    pub rows: Vec<Row>,
    /// Faults of rows that have no values.
    pub faults: Vec<Fault>,
    /// Rows, good and bad.
    pub count: usize,
    /// Rows without any value, as spreadsheets leave them behind.
    pub empty: usize,
}

enum Form {
    Json,
    Ndjson,
    Csv,
}

/// The form by the file's ending, else by its first character.
fn form(path: &Path, text: &str) -> Form {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    match (ending.as_str(), text.trim_start().chars().next()) {
        ("json", _) | ("", Some('[')) => Form::Json,
        ("ndjson" | "jsonl", _) | ("", Some('{')) => Form::Ndjson,
        _ => Form::Csv,
    }
}

/// Cuts a file into rows.
/// # Errors
/// A [`Fault`] when the file as a whole cannot be read as what it is.
pub fn parse_rows(path: &Path, text: &str) -> Result<Rows, Fault> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match form(path, text) {
        Form::Json => parse_json(text),
        Form::Ndjson => Ok(parse_ndjson(text)),
        Form::Csv => parse_csv(text),
    }
}

fn parse_json(text: &str) -> Result<Rows, Fault> {
    let parsed = parse_strict(text.as_bytes()).map_err(|fault| Fault::new(fault.message))?;
    let items = match parsed.value {
        Value::Array(items) => items,
        object @ Value::Object(_) => vec![object],
        _ => return Err(Fault::new("it holds neither an encounter nor a list of encounters")),
    };
    let doubled = |fault: &FieldFault| {
        let (row, field) = split_item(&fault.field);
        doubled(row, field, fault.message.clone())
    };
    let mut faults: Vec<Fault> = parsed.faults.named().iter().map(doubled).collect();
    faults.extend(parsed.faults.left_out_in_words().map(Fault::new));
    let count = items.len();
    let is_good = |row: &Row| faults.iter().all(|fault| fault.row != Some(row.number));
    let rows = (1..).zip(items).map(|(number, value)| Row { number, value }).filter(is_good).collect();
    Ok(Rows { rows, faults, count, empty: 0 })
}

/// The item that a path such as `[3].minutes` begins with, counted from 1, and the rest; a path without is of item 1.
fn split_item(path: &str) -> (u64, &str) {
    let item = path.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let numbered = item.and_then(|(index, rest)| Some((index.parse::<u64>().ok()?, rest)));
    numbered.map_or((1, path), |(index, rest)| (index.saturating_add(1), rest.trim_start_matches('.')))
}

fn doubled(row: u64, field: &str, message: String) -> Fault {
    Fault { field: Some(field.to_owned()), ..Fault::of_row(row, message) }
}

fn parse_ndjson(text: &str) -> Rows {
    let mut rows = Rows::default();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        rows.count += 1;
        match parse_strict(line.as_bytes()) {
            Err(fault) => rows.faults.push(Fault::of_row(number, fault.message)),
            Ok(parsed) if parsed.faults.is_empty() => rows.rows.push(Row { number, value: parsed.value }),
            Ok(parsed) => {
                let named = parsed.faults.named().iter();
                rows.faults.extend(named.map(|fault| doubled(number, &fault.field, fault.message.clone())));
                rows.faults.extend(parsed.faults.left_out_in_words().map(|more| Fault::of_row(number, more)));
            }
        }
    }
    rows
}

fn parse_csv(text: &str) -> Result<Rows, Fault> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(true).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| Fault::new(format!("the header cannot be read: {error}")))?.clone();
    let columns = parse_header(&header)?;
    let mut rows = Rows::default();
    let mut places = Places::of(text, &header);
    for record in reader.records() {
        let number = places.next(&record);
        if record.as_ref().is_ok_and(|record| record.iter().all(|cell| cell.trim().is_empty())) {
            rows.empty += 1;
            continue;
        }
        rows.count += 1;
        match record {
            Err(error) => rows.faults.push(Fault::of_row(number, error.to_string())),
            Ok(record) if record.len() != columns.len() => {
                let message = format!("it has {} cells where the header has {}", record.len(), columns.len());
                rows.faults.push(Fault::of_row(number, message));
            }
            Ok(record) => {
                let cells = columns.iter().zip(&record);
                let values =
                    cells.filter_map(|((name, cell), text)| Some(((*name).to_owned(), columns::value(*cell, text)?)));
                rows.rows.push(Row { number, value: Value::Object(values.collect::<Map<_, _>>()) });
            }
        }
    }
    Ok(rows)
}

/// Numbers rows as a spreadsheet does: empty lines count, and a line break inside a cell does not.
struct Places<'t> {
    text: &'t str,
    /// What ends a line: everything but the oldest of programs writes one of these.
    line_end: char,
    /// How far lines were counted, in bytes.
    counted: usize,
    lines: u64,
    /// Line breaks inside the cells of earlier rows.
    inside: u64,
}

impl<'t> Places<'t> {
    fn of(text: &'t str, header: &csv::StringRecord) -> Self {
        let line_end = if text.contains('\n') { '\n' } else { '\r' };
        let mut places = Self { text, line_end, counted: 0, lines: 0, inside: 0 };
        places.inside = places.breaks(header);
        places
    }

    fn breaks(&self, record: &csv::StringRecord) -> u64 {
        let breaks: usize = record.iter().map(|cell| cell.matches(self.line_end).count()).sum();
        u64::try_from(breaks).unwrap_or(u64::MAX)
    }

    /// The number of a record's row; records come in order.
    fn next(&mut self, record: &Result<csv::StringRecord, csv::Error>) -> u64 {
        let position = match record {
            Ok(record) => record.position().map(csv::Position::byte),
            Err(error) => error.position().map(csv::Position::byte),
        };
        let start = position.and_then(|byte| usize::try_from(byte).ok()).unwrap_or(self.counted);
        let rest = self.text.get(start..).unwrap_or_default();
        let start = start + (rest.len() - rest.trim_start_matches(['\r', '\n']).len());
        let between = self.text.get(self.counted..start).unwrap_or_default();
        self.lines += u64::try_from(between.matches(self.line_end).count()).unwrap_or(u64::MAX);
        self.counted = self.counted.max(start);
        let number = self.lines.saturating_sub(self.inside).saturating_add(1);
        if let Ok(record) = record {
            self.inside += self.breaks(record);
        }
        number
    }
}

/// The columns of a header; unknown and repeated names are refused together.
fn parse_header(header: &csv::StringRecord) -> Result<Vec<(&'static str, columns::Cell)>, Fault> {
    let mut found: Vec<(&'static str, columns::Cell)> = Vec::new();
    let mut wrong = Vec::new();
    for name in header.iter().map(str::trim) {
        match columns::find_column(name) {
            None => wrong.push(format!(
                "`{}` is not a column",
                name.chars().filter(|c| !c.is_control()).take(24).collect::<String>()
            )),
            Some(column) if found.contains(&column) => wrong.push(format!("`{name}` is there twice")),
            Some(column) => found.push(column),
        }
    }
    if wrong.is_empty() {
        return Ok(found);
    }
    let names: Vec<&str> = columns::COLUMNS.iter().map(|(name, _)| *name).collect();
    Err(Fault::of_row(1, format!("{}; the columns are {}", wrong.join(", "), names.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(name: &str, text: &str) -> Rows {
        parse_rows(Path::new(name), text).expect("rows")
    }

    #[test]
    fn it_counts_rows_as_a_spreadsheet_does() {
        let rows = rows("a.csv", "\u{feff}encounter_id,minutes,modifiers\ne1,30,2P;25\ne2,30\ne3,,\n");
        assert_eq!(rows.count, 3);
        assert_eq!(rows.faults, [Fault::of_row(3, "it has 2 cells where the header has 3")]);
        let expected = serde_json::json!({ "encounter_id": "e1", "minutes": 30, "modifiers": ["2P", "25"] });
        assert_eq!(rows.rows.first(), Some(&Row { number: 2, value: expected }));
        assert_eq!(rows.rows.last(), Some(&Row { number: 4, value: serde_json::json!({ "encounter_id": "e3" }) }));
    }

    #[test]
    fn it_refuses_a_header_with_every_wrong_name() {
        let fault = parse_rows(Path::new("a.csv"), "encounter_id,Minutes,encounter_id\n").expect_err("a fault").message;
        assert!(
            fault.starts_with("`Minutes` is not a column, `encounter_id` is there twice; the columns are"),
            "{fault}"
        );
    }

    #[test]
    fn it_reads_json_in_its_three_forms() {
        assert_eq!(rows("a.json", r#"[{"a":1},{"a":2}]"#).count, 2);
        assert_eq!(rows("a.json", r#"{"a":1}"#).count, 1);
        let lines = rows("a.ndjson", "{\"a\":1}\n\n{oops\n{\"a\":3}\n");
        assert_eq!(lines.count, 3);
        assert_eq!(lines.rows.last().map(|row| row.number), Some(4));
        assert_eq!(lines.faults.first().and_then(|fault| fault.row), Some(3));
        let fault = parse_rows(Path::new("a.json"), "[{\"a\":1},\n oops]").expect_err("a fault");
        assert!(fault.message.starts_with("line 2, column"), "{fault}");
        let items = rows("a.json", r#"[{"a":1},{"b":[{"c":1,"c":2}]}]"#);
        let place = items.faults.first().map(|fault| (fault.row, fault.field.as_deref()));
        assert_eq!((items.rows.len(), place), (1, Some((Some(2), Some("b[0].c")))));
        let doubled = rows("a.ndjson", "{\"a\":1,\"a\":2}\n");
        assert_eq!(doubled.faults.first().and_then(|fault| fault.field.clone()), Some("a".to_owned()));
    }
}
