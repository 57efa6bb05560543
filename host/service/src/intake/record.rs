//! Records from JSON, every fault named.

mod body;
mod shape;

use adjudica_core::records::{Record, RecordBody};
use serde_json::Value;

use crate::error::Faults;
use crate::intake::Given;
use crate::intake::fields::{Fields, kind, read_token};
use crate::intake::json::parse_json;
use crate::intake::record::body::read_body;

/// Most records in one request.
pub const RECORDS_MAX: usize = 10_000;

/// Reads one record from its JSON text.
#[must_use]
pub fn read_record(bytes: &[u8]) -> Given<Record> {
    match parse_json(bytes) {
        Err(fault) => Given { id: None, item: Err(fault.into()) },
        Ok(parsed) if parsed.faults.is_empty() => read_record_value(&parsed.value),
        Ok(parsed) => Given { id: None, item: Err(parsed.faults) },
    }
}

/// Reads one record from a JSON value.
#[must_use]
fn read_record_value(value: &Value) -> Given<Record> {
    let id = value.get("record_id").and_then(Value::as_str).map(str::to_owned);
    Given { id, item: parse_record("", value) }
}

/// Reads `{"records": [...]}`.
/// # Errors
/// Every fault of every record, each with its path.
pub fn parse_records(value: &Value) -> Result<Vec<Record>, Faults> {
    let mut fields = Fields::of("", value);
    let items = fields.require("records", |value| match value.as_array() {
        Some(items) if items.len() <= RECORDS_MAX => Ok(items),
        Some(_) => Err(format!("has more than {RECORDS_MAX} entries; send them in parts")),
        None => Err(format!("is {}; give a list of records", kind(value))),
    });
    let mut records = Vec::new();
    for (index, item) in items.into_iter().flatten().enumerate() {
        match parse_record(&format!("records[{index}]"), item) {
            Ok(record) => records.push(record),
            Err(faults) => fields.add(faults),
        }
    }
    let faults = fields.finish("a request to keep records");
    if faults.is_empty() { Ok(records) } else { Err(faults) }
}

fn parse_record(path: &str, value: &Value) -> Result<Record, Faults> {
    let mut fields = Fields::of(path, value);
    let record_id = fields.require("record_id", read_token);
    let subject_id = fields.require("subject_id", read_token);
    let path = fields.path_of("body");
    let body = fields.require("body", Ok).map(|given| read_body(&path, given));
    let body = match body {
        Some(Err(faults)) => {
            fields.add(faults);
            None
        }
        Some(Ok(body)) => Some(body),
        None => None,
    };
    for fault in body.iter().flat_map(RecordBody::faults) {
        fields.refuse("body", fault);
    }
    let faults = fields.finish("a record");
    match (record_id, subject_id, body) {
        (Some(record_id), Some(subject_id), Some(body)) if faults.is_empty() => {
            Ok(Record { record_id, subject_id, body })
        }
        _ => Err(faults),
    }
}
