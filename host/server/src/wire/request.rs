//! Requests for a decision, from JSON. Deciding is the service's.

use adjudica_core::columns::Explain;
use adjudica_service::Faults;
use adjudica_service::asking::{Keep, PolicyName};
use adjudica_service::decide::asked::{Asked, Options, Repeat, Subject, WaysOut};
use adjudica_service::intake::encounter::parse_encounter_at;
use adjudica_service::intake::fields::{
    Fields, Refusal, kind, read_digest, read_flag, read_instant, read_text, read_token,
};
use serde_json::Value;

/// Reads a request for one decision: what it asks about, under the caller's own number `tag`, and how.
/// # Errors
/// Every fault, each with its field.
pub fn parse_decision_request(value: &Value, tag: usize) -> Result<(Asked, Options), Faults> {
    let mut fields = Fields::of("", value);
    let subject = read_subject(&mut fields);
    let keep =
        fields.find("dry_run", read_flag).map_or(Keep::Record, |dry| if dry { Keep::DryRun } else { Keep::Record });
    let explain = fields
        .find("explain", read_flag)
        .map_or(Explain::FailedOnly, |all| if all { Explain::All } else { Explain::FailedOnly });
    let policy = fields.find("policy", read_policy_name);
    let as_of = fields.find("as_of", read_instant);
    let ways_out = fields
        .find("why_not", read_flag)
        .map_or(WaysOut::LeftOut, |told| if told { WaysOut::Told } else { WaysOut::LeftOut });
    let repeat = fields
        .find("again", read_flag)
        .map_or(Repeat::IfStale, |again| if again { Repeat::Always } else { Repeat::IfStale });
    for (field, given) in [("policy", policy.is_some()), ("as_of", as_of.is_some())] {
        if given && keep == Keep::Record {
            fields.refuse(
                field,
                "goes with `\"dry_run\": true` only; what is recorded follows the activations as they stand",
            );
        }
    }
    let faults = fields.finish("a request for a decision");
    match subject {
        Some(subject) if faults.is_empty() => {
            Ok((Asked { subject, tag }, Options { keep, explain, policy, as_of, ways_out, repeat }))
        }
        _ => Err(faults),
    }
}

fn read_subject(fields: &mut Fields<'_>) -> Option<Subject> {
    let inline = fields.find_value("encounter");
    let stored = fields.find_value("encounter_id");
    match (stored, inline) {
        (Some(_), Some(_)) => {
            fields.refuse("encounter", "is given beside `encounter_id`; give one of them");
            None
        }
        (None, None) => {
            fields.refuse("encounter_id", "is missing; give it, or the encounter itself as `encounter`");
            None
        }
        (Some(_), None) => fields.require("encounter_id", read_token).map(Subject::Stored),
        (None, Some(value)) => match parse_encounter_at("encounter", value) {
            Ok(facts) => Some(Subject::Inline(Box::new(facts))),
            Err(faults) => {
                fields.add(faults);
                None
            }
        },
    }
}

/// A policy as `id@version`, as a digest, or as an object with `digest`.
/// # Errors
/// Another form.
pub fn read_policy_name(value: &Value) -> Result<PolicyName, Refusal> {
    match value {
        Value::String(text) => PolicyName::parse(text),
        Value::Object(map) => match map.get("digest") {
            Some(digest) if map.len() == 1 => read_digest(digest).map(PolicyName::Digest),
            _ => Err("is not a policy; give an object with the one field `digest`, or a text `id@version`".to_owned()),
        },
        other => Err(format!("is {}; give `id@version` or a digest", kind(other))),
    }
}

/// A message that says why: 1 to 500 characters.
/// # Errors
/// Another kind of value, an empty or a long text.
pub fn read_message(value: &Value) -> Result<String, Refusal> {
    let text = read_text(value)?.trim();
    let length = text.chars().count();
    if length == 0 || length > 500 || text.chars().any(char::is_control) {
        return Err("must say why in 1 to 500 characters, without line breaks".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: &Value) -> Vec<String> {
        parse_decision_request(value, 0).expect_err("faults").named().iter().map(|fault| fault.field.clone()).collect()
    }

    #[test]
    fn it_names_every_fault_of_a_request_and_its_encounter() {
        let value = json!({"encounter": {"minutes": -1}, "dry_run": "yes", "explain": 1, "policy": {"digest": "x"}, "as_of": "now", "dry_rum": true});
        let named = fields(&value);
        for field in ["encounter.encounter_id", "encounter.minutes", "dry_run", "explain", "policy", "as_of", "dry_rum"]
        {
            assert!(named.iter().any(|name| name == field), "{field} in {named:?}");
        }
        assert_eq!(fields(&json!({})), ["encounter_id"]);
        assert_eq!(fields(&json!({"encounter_id": "e1", "encounter": {}})), ["encounter"]);
        assert_eq!(fields(&json!([])), ["", "encounter_id"]);
    }

    #[test]
    fn it_reads_policies_by_digest_and_by_name() {
        let digest = "0".repeat(64);
        assert!(matches!(read_policy_name(&json!({ "digest": digest })), Ok(PolicyName::Digest(_))));
        assert!(matches!(read_policy_name(&json!("bcbsm@2.1.0")), Ok(PolicyName::Version { .. })));
    }
}
