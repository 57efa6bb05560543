//! Encounters from JSON, every fault named by its field. The command line's imports read with this too.

mod quick;

use std::collections::{BTreeMap, BTreeSet};

use adjudica_core::facts::{DIAGNOSES_MAX, GROUP_SIZES, MODIFIERS_MAX, SUPPORTING_INFO_MAX};
use adjudica_core::quantity::MINUTES_MAX;
use adjudica_core::{EncounterFacts, Minutes, Token};
use serde_json::Value;

use crate::error::{Faults, FieldFault};
use crate::intake::Given;
use crate::intake::fields::{Fields, read_code, read_count, read_date, read_modifier, read_place, read_token};
use crate::intake::json::parse_json;

/// Reads one encounter from its JSON text.
#[must_use]
pub fn read_encounter(bytes: &[u8]) -> Given<EncounterFacts> {
    if let Some(facts) = quick::read(bytes) {
        return Given { id: Some(facts.encounter_id.to_string()), item: Ok(facts) };
    }
    match parse_json(bytes) {
        Err(fault) => Given { id: None, item: Err(fault.into()) },
        Ok(parsed) if parsed.faults.is_empty() => read_value(&parsed.value),
        Ok(parsed) => Given { id: None, item: Err(parsed.faults) },
    }
}

/// Reads one encounter from a JSON value.
#[must_use]
fn read_value(value: &Value) -> Given<EncounterFacts> {
    let id = value.get("encounter_id").and_then(Value::as_str).map(str::to_owned);
    Given { id, item: parse_encounter(value) }
}

/// Reads one encounter.
/// # Errors
/// Every fault, each with the name of its field.
pub fn parse_encounter(value: &Value) -> Result<EncounterFacts, Faults> {
    parse_encounter_at("", value)
}

/// Reads one encounter that stands at `path` of a larger value.
/// # Errors
/// Every fault, each with its path.
pub fn parse_encounter_at(path: &str, value: &Value) -> Result<EncounterFacts, Faults> {
    let mut fields = Fields::of(path, value);
    let facts = read_facts(&mut fields);
    let faults = fields.finish("an encounter");
    facts.filter(|_| faults.is_empty()).ok_or(faults)
}

/// Reads a list of encounters with different ids.
/// # Errors
/// Every fault of every encounter, each with its path such as `[3].minutes`.
pub fn parse_encounters(value: &Value) -> Result<Vec<EncounterFacts>, Faults> {
    let Some(items) = value.as_array() else {
        return Err(FieldFault::new("", "give a list of encounters").into());
    };
    let mut faults = Faults::default();
    let mut encounters = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        match parse_encounter_at(&format!("[{index}]"), item) {
            Ok(facts) => encounters.push(facts),
            Err(more) => faults.add(more),
        }
    }
    faults.add(find_repeated_ids(items));
    if faults.is_empty() { Ok(encounters) } else { Err(faults) }
}

/// Ids that stand in the list before, also those of encounters with other faults.
fn find_repeated_ids(items: &[Value]) -> Faults {
    let mut id_to_index = BTreeMap::new();
    let mut faults = Faults::default();
    for (index, item) in items.iter().enumerate() {
        let Some(id) = item.get("encounter_id").and_then(Value::as_str) else { continue };
        if let Some(first) = id_to_index.get(id) {
            faults.push(FieldFault::new(
                format!("[{index}].encounter_id"),
                format!("is the id of [{first}] too; give each encounter once"),
            ));
        } else {
            id_to_index.insert(id, index);
        }
    }
    faults
}

/// `None` when a required field is missing or wrong; the faults are in `fields`.
fn read_facts(fields: &mut Fields<'_>) -> Option<EncounterFacts> {
    let encounter_id = fields.require("encounter_id", read_token);
    let client_id = fields.require("client_id", read_token);
    let payer_id = fields.require("payer_id", read_token);
    let plan_id = fields.find("plan_id", read_token);
    let service_line = fields.find("service_line", read_token);
    let date_of_service = fields.require("date_of_service", read_date);
    let procedure_code = fields.find("procedure_code", read_code);
    let service = fields.find("service", read_token);
    let minutes = fields.find("minutes", |value| read_count(value, 0, MINUTES_MAX)).map(Minutes);
    let rendering_provider_id = fields.require("rendering_provider_id", read_token);
    let rendering_provider_role = fields.require("rendering_provider_role", read_token);
    let billing_provider_id = fields.require("billing_provider_id", read_token);
    let phase = fields.require("phase", read_token);
    let mode = fields.require("mode", read_token);
    let place_of_service = fields.find("place_of_service", read_place);
    let group_size = fields.find("group_size", |value| read_count(value, *GROUP_SIZES.start(), *GROUP_SIZES.end()));
    let modifiers = fields.list("modifiers", MODIFIERS_MAX, read_modifier);
    let diagnoses = fields.list("diagnoses", DIAGNOSES_MAX, read_token);
    let supporting_info: BTreeSet<Token> =
        fields.list("supporting_info", SUPPORTING_INFO_MAX, read_token).into_iter().collect();
    let received_on = fields.find("received_on", read_date);
    Some(EncounterFacts {
        encounter_id: encounter_id?,
        client_id: client_id?,
        payer_id: payer_id?,
        plan_id,
        service_line,
        date_of_service: date_of_service?,
        procedure_code,
        service,
        minutes,
        rendering_provider_id: rendering_provider_id?,
        rendering_provider_role: rendering_provider_role?,
        billing_provider_id: billing_provider_id?,
        phase: phase?,
        mode: mode?,
        place_of_service,
        group_size,
        modifiers: modifiers.into_iter().collect(),
        diagnoses,
        supporting_info,
        received_on,
        standing: None,
    })
}

#[cfg(test)]
mod tests;
