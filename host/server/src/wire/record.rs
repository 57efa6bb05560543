//! Records from JSON, every fault named, and records as JSON.

use adjudica_core::Token;
use adjudica_core::records::{Record, RecordBody};
use adjudica_store::{RecordVersion, StoredRecord};
use serde::Serialize;
use serde_json::Value;

use crate::clock::instant_text;
use crate::error::FieldFault;
use crate::wire::fields::{Fields, kind, read_token};

/// Most records in one request.
pub const RECORDS_MAX: usize = 10_000;

/// Reads `{"records": [...]}`.
/// # Errors
/// Every fault of every record, each with its path.
pub fn parse_records(value: &Value) -> Result<Vec<Record>, Vec<FieldFault>> {
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

fn parse_record(path: &str, value: &Value) -> Result<Record, Vec<FieldFault>> {
    let mut fields = Fields::of(path, value);
    let record_id = fields.require("record_id", read_token);
    let subject_id = fields.require("subject_id", read_token);
    let body = fields.require("body", |value| {
        serde_json::from_value::<RecordBody>(value.clone())
            .map_err(|fault| format!("is no record that is known: {fault}"))
    });
    if let Some(body) = &body {
        for fault in body.faults() {
            fields.refuse("body", fault);
        }
    }
    let faults = fields.finish("a record");
    match (record_id, subject_id, body) {
        (Some(record_id), Some(subject_id), Some(body)) if faults.is_empty() => {
            Ok(Record { record_id, subject_id, body })
        }
        _ => Err(faults),
    }
}

/// A record as it is answered.
#[derive(Debug, Serialize)]
pub struct RecordAnswer<'a> {
    record_id: &'a Token,
    subject: &'static str,
    subject_id: &'a Token,
    body: &'a RecordBody,
    version: i64,
    written_at: String,
    written_by: Option<&'a str>,
}

impl<'a> RecordAnswer<'a> {
    /// The answer about `stored`.
    #[must_use]
    pub fn new(stored: &'a StoredRecord) -> Self {
        Self {
            record_id: &stored.record.record_id,
            subject: stored.record.body.subject().as_str(),
            subject_id: &stored.record.subject_id,
            body: &stored.record.body,
            version: stored.version,
            written_at: instant_text(stored.written_at),
            written_by: stored.written_by.as_deref(),
        }
    }
}

/// A version of a record as it is answered.
#[derive(Debug, Serialize)]
pub struct VersionAnswer<'a> {
    version: i64,
    operation: &'a str,
    subject_id: &'a Token,
    body: &'a RecordBody,
    recorded_at: String,
    recorded_by: Option<&'a str>,
}

impl<'a> VersionAnswer<'a> {
    /// The answer about `version`.
    #[must_use]
    pub fn new(version: &'a RecordVersion) -> Self {
        Self {
            version: version.version,
            operation: &version.operation,
            subject_id: &version.subject_id,
            body: &version.body,
            recorded_at: instant_text(version.recorded_at),
            recorded_by: version.recorded_by.as_deref(),
        }
    }
}
