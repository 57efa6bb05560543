//! Holds the documented shapes to what is really read and written.

use std::collections::BTreeSet;

use adjudica_service::intake::encounter::parse_encounter;
use serde_json::{Value, json};
use utoipa::PartialSchema;

use super::*;

fn names<T: PartialSchema>() -> BTreeSet<String> {
    let schema = serde_json::to_value(T::schema()).expect("json");
    schema["properties"].as_object().expect("properties").keys().cloned().collect()
}

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().expect("an object").keys().cloned().collect()
}

#[test]
fn it_documents_the_fields_of_an_encounter() {
    let facts = parse_encounter(&json!({
        "encounter_id": "e1", "client_id": "c1", "payer_id": "bcbsm", "plan_id": "ppo", "service_line": "care_management",
        "date_of_service": "2026-03-02", "procedure_code": "98966", "service": "telephone", "minutes": 12,
        "rendering_provider_id": "s1", "rendering_provider_role": "RN", "billing_provider_id": "b1",
        "phase": "implementation", "mode": "telephone", "place_of_service": "11", "group_size": 3,
        "modifiers": ["2P"], "diagnoses": ["E11.9"], "supporting_info": ["care_plan"], "received_on": "2026-03-20"
    }));
    let written = serde_json::to_value(facts.expect("facts")).expect("json");
    assert_eq!(names::<EncounterBody>(), keys(&written));
}

/// A record that lacks a policy, with a reason.
const RECORD: &str = r#"{"record_version":2,"decision_id":"d1","agency_id":"default","encounter_id":"e1","encounter_revision":1,
    "supersedes":null,"decided_at":"2026-03-03T00:00:00.000000Z","as_of":"2026-03-03T00:00:00.000000Z","mode":"live",
    "explain":"failed_only","policy":null,"terms_digest":null,"engine_version":"engine","interface_version":"1.0.0",
    "ledger_through":0,"ledger_without":[],"facts":FACTS,"currency":null,"outcome":"undetermined","lines":[],"findings":[],
    "undetermined":{"code":"no_policy_in_force","message":"no policy is in force"}}"#;

#[test]
fn it_documents_the_fields_of_a_record() {
    let facts = parse_encounter(&json!({
        "encounter_id": "e1", "client_id": "c1", "payer_id": "bcbsm", "date_of_service": "2026-03-02",
        "rendering_provider_id": "s1", "rendering_provider_role": "RN", "billing_provider_id": "b1",
        "phase": "implementation", "mode": "telephone"
    }));
    let text = RECORD.replace("FACTS", &serde_json::to_string(&facts.expect("facts")).expect("json"));
    let record = DecisionRecord::parse(&text).expect("a record");
    let written: Value = serde_json::from_str(&record.text().expect("json")).expect("json");
    assert_eq!(names::<DecisionRecord<'static>>(), keys(&written));
}
