//! Records from JSON, every fault named.

use adjudica_core::records::{Record, RecordBody};
use serde_json::Value;

use crate::error::Faults;
use crate::intake::fields::{Fields, kind, read_token};

/// Most records in one request.
pub const RECORDS_MAX: usize = 10_000;

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

/// Values that stand in for a missing field while the next one is looked for.
const STAND_INS: [&str; 6] = ["\"x\"", "\"2026-01-01\"", "\"2026-01-01T00:00:00Z\"", "0", "true", "[]"];

/// The fields that a body lacks. The reader stops at the first, so each is filled in and the rest read again.
fn missing_fields(value: &Value) -> Vec<String> {
    let missing = |probe: &Value| {
        let fault = serde_json::from_value::<RecordBody>(probe.clone()).err()?.to_string();
        Some(fault.strip_prefix("missing field `")?.split('`').next()?.to_owned())
    };
    let mut probe = value.clone();
    let mut found = Vec::new();
    while let Some(name) = missing(&probe).filter(|name| !found.contains(name)) {
        let words = words_of(&probe, &name);
        let stand_ins = STAND_INS.iter().filter_map(|text| serde_json::from_str::<Value>(text).ok()).chain(words);
        let filled = stand_ins.map(|stand_in| {
            let mut filled = probe.clone();
            if let Some(fields) = filled.as_object_mut() {
                fields.insert(name.clone(), stand_in);
            }
            filled
        });
        let fits = |filled: &Value| match serde_json::from_value::<RecordBody>(filled.clone()) {
            Ok(_) => true,
            Err(fault) => fault.to_string().starts_with("missing field"),
        };
        let next = filled.into_iter().find(fits);
        found.push(name);
        let Some(next) = next else { break };
        probe = next;
    }
    found
}

/// The words of a closed set that the field may have, as the reader tells them.
fn words_of(probe: &Value, name: &str) -> Vec<Value> {
    let mut wrong = probe.clone();
    if let Some(fields) = wrong.as_object_mut() {
        fields.insert(name.to_owned(), Value::from("x"));
    }
    let fault = serde_json::from_value::<RecordBody>(wrong).err().map(|fault| fault.to_string()).unwrap_or_default();
    let expected = fault.split_once("expected").map_or("", |(_, words)| words);
    expected.split('`').skip(1).step_by(2).map(Value::from).collect()
}

fn parse_record(path: &str, value: &Value) -> Result<Record, Faults> {
    let mut fields = Fields::of(path, value);
    let record_id = fields.require("record_id", read_token);
    let subject_id = fields.require("subject_id", read_token);
    let body = fields.require("body", |value| {
        serde_json::from_value::<RecordBody>(value.clone())
            .map_err(|fault| format!("is no record that is known: {fault}"))
    });
    if let (None, Some(given)) = (&body, value.get("body")) {
        // The first is in the fault that is noted already.
        for name in missing_fields(given).into_iter().skip(1) {
            fields.refuse("body", format!("the field `{name}` is missing"));
        }
    }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_names_every_missing_field_of_a_body() {
        for (kind, missing) in [
            ("assignment", ["service_line", "provider_id", "role", "start_at"].as_slice()),
            ("coverage", &["payer_id", "coverage_kind", "order", "from"]),
            ("authorization", &["payer_id", "status", "procedure_codes", "units", "from"]),
            ("necessity", &["reasonable", "accepted_standard", "not_for_convenience", "least_costly"]),
            ("absence", &["from", "to", "reason"]),
        ] {
            assert_eq!(missing_fields(&json!({ "kind": kind })), missing, "{kind}");
        }
        let value = json!({ "records": [{ "record_id": "r", "subject_id": "c", "body": { "kind": "absence", "from": "2026-01-01" } }] });
        let faults = parse_records(&value).expect_err("faults");
        let told: Vec<_> =
            faults.named().iter().map(|fault| (fault.field.as_str(), fault.message.contains("`reason`"))).collect();
        assert_eq!(told, [("records[0].body", false), ("records[0].body", true)]);
    }
}
