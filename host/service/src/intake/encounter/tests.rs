//! What the reader of encounters takes and how it names what it refuses.

use serde_json::json;

use super::*;

fn good() -> Value {
    json!({
        "encounter_id": "e1", "client_id": "c1", "payer_id": "bcbsm", "plan_id": "ppo", "service_line": "care_management",
        "date_of_service": "2026-03-02", "procedure_code": "98966", "service": "telephone", "minutes": 12,
        "rendering_provider_id": "s1", "rendering_provider_role": "RN", "billing_provider_id": "b1",
        "phase": "implementation", "mode": "telephone", "place_of_service": "11", "group_size": 3,
        "modifiers": ["2P"], "diagnoses": ["E11.9"], "supporting_info": ["care_plan"], "received_on": "2026-03-20"
    })
}

fn with(changes: &Value) -> Value {
    let mut value = good();
    for (name, change) in changes.as_object().expect("an object") {
        value[name] = change.clone();
    }
    value
}

fn faults(value: &Value) -> Vec<(String, String)> {
    parse_encounter(value)
        .expect_err("faults")
        .named()
        .iter()
        .map(|fault| (fault.field.clone(), fault.message.clone()))
        .collect()
}

#[test]
fn it_reads_every_field_and_writes_the_same_json_again() {
    let facts = parse_encounter(&good()).expect("facts");
    assert_eq!(serde_json::to_value(&facts).expect("json"), good());
}

#[test]
fn it_reads_null_as_absent() {
    let facts = parse_encounter(&with(&json!({"minutes": null, "plan_id": null, "modifiers": null}))).expect("facts");
    assert_eq!((facts.minutes, facts.plan_id, facts.modifiers.len()), (None, None, 0));
}

#[test]
fn it_names_every_missing_field() {
    let named: Vec<_> = faults(&json!({})).into_iter().map(|(field, _)| field).collect();
    assert_eq!(
        named,
        [
            "encounter_id",
            "client_id",
            "payer_id",
            "date_of_service",
            "rendering_provider_id",
            "rendering_provider_role",
            "billing_provider_id",
            "phase",
            "mode"
        ]
    );
}

#[test]
fn it_names_every_wrong_field_at_once() {
    let value = with(&json!({
        "encounter_id": 7, "date_of_service": "2026-02-30", "procedure_code": "G900", "minutes": -5,
        "place_of_service": "1", "group_size": 0, "modifiers": ["2p", "2P", "2P"], "received_on": "soon", "minuts": 3
    }));
    let expected = [
        ("encounter_id", "is a number; give a text"),
        (
            "date_of_service",
            "`2026-02-30` is not a calendar date; write year-month-day such as `2026-03-31`, years 1900 to 2199",
        ),
        ("procedure_code", "`G900` is not a procedure code; write five characters such as `G9001` or `98966`"),
        ("minutes", "is -5, which is negative; give a whole number from 0 to 1440"),
        ("place_of_service", "`1` is not a place of service; write two digits such as `11`"),
        ("group_size", "is 0; give a whole number from 1 to 1000"),
        ("modifiers[0]", "`2p` is not a modifier; write two capital letters or digits such as `2P`"),
        ("modifiers[2]", "is in the list already; give it once"),
        ("received_on", "`soon` is not a calendar date; write year-month-day such as `2026-03-31`, years 1900 to 2199"),
        ("minuts", "is not a field of an encounter; did you mean `minutes`?"),
    ];
    let expected: Vec<_> =
        expected.iter().map(|(field, message)| ((*field).to_owned(), (*message).to_owned())).collect();
    assert_eq!(faults(&value), expected);
}

#[test]
fn it_never_rounds_a_number() {
    let table = [
        (json!(1441), "is 1441; give a whole number from 0 to 1440"),
        (json!(12.5), "is not a whole number; give one from 0 to 1440"),
        (json!(12.0), "is not a whole number; give one from 0 to 1440"),
        (json!(u64::MAX), "is far too large; give a whole number from 0 to 1440"),
        (json!("12"), "is a text; give a whole number from 0 to 1440"),
        (json!([12]), "is a list; give a whole number from 0 to 1440"),
    ];
    for (minutes, message) in table {
        assert_eq!(faults(&with(&json!({"minutes": minutes}))), [("minutes".to_owned(), message.to_owned())]);
    }
}

#[test]
fn it_names_repeated_ids_in_a_list() {
    let faults = parse_encounters(&json!([good(), with(&json!({"minutes": -1})), 5])).expect_err("faults");
    let fields: Vec<_> = faults.named().iter().map(|fault| fault.field.as_str()).collect();
    assert_eq!(fields, ["[1].minutes", "[2]", "[1].encounter_id"]);
}

/// What is read at once is read as the reader of every fault reads it, and nothing that it refuses is.
#[test]
fn the_quick_reader_takes_nothing_that_the_other_refuses() {
    let many = |count: usize| (0..count).map(|number| format!("d{number}")).collect::<Vec<_>>();
    let changes = [
        json!({}),
        json!({"minutes": null, "plan_id": null, "modifiers": null, "diagnoses": null}),
        json!({"minutes": 1441}),
        json!({"minutes": 1440}),
        json!({"minutes": 30.0}),
        json!({"minutes": "30"}),
        json!({"minutes": -1}),
        json!({"group_size": 0}),
        json!({"group_size": 1000}),
        json!({"group_size": 1001}),
        json!({"modifiers": ["2P", "2P", "25", "59", "GT"]}),
        json!({"modifiers": ["2P", "2P"]}),
        json!({"modifiers": "2P"}),
        json!({"diagnoses": many(12)}),
        json!({"diagnoses": many(13)}),
        json!({"supporting_info": many(64)}),
        json!({"supporting_info": many(65)}),
        json!({"date_of_service": "2026-02-30"}),
        json!({"date_of_service": "1899-12-31"}),
        json!({"received_on": "yesterday"}),
        json!({"place_of_service": "1"}),
        json!({"procedure_code": "9896"}),
        json!({"encounter_id": ""}),
        json!({"encounter_id": 5}),
        json!({"client_id": null}),
        json!({"standing": null}),
        json!({"standing": {}}),
        json!({"colour": "red"}),
    ];
    for change in changes {
        let value = with(&change);
        let quick = quick::read(value.to_string().as_bytes());
        if let Some(facts) = &quick {
            assert_eq!(parse_encounter(&value).as_ref().ok(), Some(facts), "{change}");
        }
        let is_plain = parse_encounter(&value).is_ok() && !change.to_string().contains("30.0");
        assert_eq!(quick.is_some(), is_plain, "{change}");
    }
    let doubled = good().to_string().replacen('{', r#"{"minutes":5,"#, 1);
    assert!(quick::read(doubled.as_bytes()).is_none());
    let given = read_encounter(doubled.as_bytes());
    assert_eq!((given.id, given.item.is_err()), (None, true));
}
