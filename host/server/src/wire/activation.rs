//! Requests to activate a policy and to go back, from JSON. What they change is the registry's business.

use adjudica_core::{DateRange, Terms};
use adjudica_service::Faults;
use adjudica_service::asking::Keep;
use adjudica_service::intake::fields::{Fields, Refusal, read_date, read_digest, read_flag, read_text, read_token};
use adjudica_service::intake::terms::parse_terms_at;
use adjudica_service::registry::request::{ActivationRequest, Replace, RollbackRequest, Scope, TermsChoice, ToNothing};
use serde_json::Value;

use crate::wire::request::{read_message, read_policy_name};

/// Reads a request to activate.
/// # Errors
/// Every fault, each with its field.
pub fn parse_activation_request(value: &Value) -> Result<ActivationRequest, Faults> {
    let mut fields = Fields::of("", value);
    let message = fields.require("message", read_message);
    let scope = read_scope(&mut fields);
    let policy = fields.require("policy", read_policy_name);
    let terms = read_terms(&mut fields);
    let dos_from = fields.require("dos_from", read_date);
    let dos_to = fields.find("dos_to", read_date);
    let replace = fields.find("replace", read_replace).unwrap_or(Replace::Refuse);
    let keep = read_keep(&mut fields);
    if let (Some(from), Some(to)) = (dos_from, dos_to)
        && let Err(fault) = DateRange::new(from, Some(to))
    {
        fields.refuse("dos_to", fault.to_string());
    }
    let faults = fields.finish("an activation");
    match (message, scope, policy, terms, dos_from) {
        (Some(message), Some(scope), Some(policy), Some(terms), Some(dos_from)) if faults.is_empty() => {
            Ok(ActivationRequest { message, scope, policy, terms, dos_from, dos_to, replace, keep })
        }
        _ => Err(faults),
    }
}

/// Reads a request to go back.
/// # Errors
/// Every fault, each with its field.
pub fn parse_rollback_request(value: &Value) -> Result<RollbackRequest, Faults> {
    let mut fields = Fields::of("", value);
    let message = fields.require("message", read_message);
    let scope = read_scope(&mut fields);
    let to_nothing = fields
        .find("to_nothing", read_flag)
        .map_or(ToNothing::Refuse, |meant| if meant { ToNothing::Accept } else { ToNothing::Refuse });
    let keep = read_keep(&mut fields);
    let faults = fields.finish("a rollback");
    match (message, scope) {
        (Some(message), Some(scope)) if faults.is_empty() => Ok(RollbackRequest { message, scope, to_nothing, keep }),
        _ => Err(faults),
    }
}

/// Reads a request to take a policy back: why, and whether it is done.
/// # Errors
/// Every fault, each with its field.
pub fn parse_yank(value: &Value) -> Result<(String, Keep), Faults> {
    let mut fields = Fields::of("", value);
    let reason = fields.require("reason", |value| match read_text(value)?.trim() {
        "" => Err("is empty; say why the policy is taken back".to_owned()),
        reason => Ok(reason.to_owned()),
    });
    let keep = read_keep(&mut fields);
    let faults = fields.finish("a request to take a policy back");
    reason.filter(|_| faults.is_empty()).map(|reason| (reason, keep)).ok_or(faults)
}

fn read_keep(fields: &mut Fields<'_>) -> Keep {
    fields.find("dry_run", read_flag).map_or(Keep::Record, |dry| if dry { Keep::DryRun } else { Keep::Record })
}

fn read_scope(fields: &mut Fields<'_>) -> Option<Scope> {
    let payer_id = fields.require("payer_id", read_token);
    let plan_id = fields.find("plan_id", read_token);
    let service_line = fields.find("service_line", read_token);
    Some(Scope { payer_id: payer_id?, plan_id, service_line })
}

/// Terms by digest, or in the request; without any, empty terms.
fn read_terms(fields: &mut Fields<'_>) -> Option<TermsChoice> {
    match fields.find_value("terms") {
        None => Some(TermsChoice::Inline(Terms::default())),
        Some(Value::String(_)) => fields.find("terms", read_digest).map(TermsChoice::Stored),
        Some(value) => match parse_terms_at("terms", value) {
            Ok(terms) => Some(TermsChoice::Inline(terms)),
            Err(faults) => {
                fields.add(faults);
                None
            }
        },
    }
}

fn read_replace(value: &Value) -> Result<Replace, Refusal> {
    match read_text(value)? {
        "refuse" => Ok(Replace::Refuse),
        "cut" => Ok(Replace::Cut),
        _ => Err("is not known; give `refuse` or `cut`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_names_every_fault() {
        let value = json!({"message": " ", "payer_id": "a b", "policy": "x", "terms": {"rates": [{}]}, "dos_from": "2026-02-01", "dos_to": "2026-02-01", "replace": "all"});
        let fields: Vec<_> = parse_activation_request(&value)
            .expect_err("faults")
            .named()
            .iter()
            .map(|fault| fault.field.clone())
            .collect();
        assert_eq!(
            fields,
            [
                "message",
                "payer_id",
                "policy",
                "terms.rates[0].procedure_code",
                "terms.rates[0].from",
                "terms.rates[0].cents",
                "replace",
                "dos_to"
            ]
        );
        assert_eq!(parse_rollback_request(&json!({})).expect_err("faults").named().len(), 2);
    }
}
