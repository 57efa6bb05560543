//! Requests for a decision, from JSON. Deciding is in `decide`.

use adjudica_core::columns::Explain;
use adjudica_core::{Digest, EncounterFacts, Token};
use jiff::Timestamp;
use serde_json::Value;

use crate::error::Faults;
use crate::wire::encounter::parse_encounter_at;
use crate::wire::fields::{Fields, Refusal, kind, read_digest, read_flag, read_instant, read_text, read_token};

/// A request for one decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRequest {
    /// What to decide.
    pub subject: Subject,
    /// Whether the decision is kept.
    pub keep: Keep,
    /// Which rules the answer lists.
    pub explain: Explain,
    /// The policy to ask instead of the one in force.
    pub policy: Option<PolicyName>,
    /// The instant whose knowledge of activations is used instead of the present.
    pub as_of: Option<Timestamp>,
    /// Whether a refusal comes with its ways out.
    pub ways_out: WaysOut,
    /// Whether an encounter whose decision in force holds is decided once more.
    pub repeat: Repeat,
}

/// What happens to an encounter whose decision in force holds: nothing that it rests on has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// It keeps its decision, which is the answer.
    IfStale,
    /// It is decided and recorded once more.
    Always,
}

/// Whether a refusal comes with the smallest changes that would make it billable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaysOut {
    /// The answer is the record alone.
    LeftOut,
    /// The answer of a refusal has the field `why_not` besides.
    Told,
}

/// What to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// An encounter of the store.
    Stored(Token),
    /// An encounter that came with the request.
    Inline(Box<EncounterFacts>),
}

/// Whether a decision is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// It is stored and its lines count against limits.
    Record,
    /// It is answered only.
    DryRun,
}

/// How a request names a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyName {
    /// By the digest of its file.
    Digest(Digest),
    /// By id and version.
    Version {
        /// The id.
        policy_id: Token,
        /// The version.
        version: semver::Version,
    },
}

/// Reads a request for one decision.
/// # Errors
/// Every fault, each with its field.
pub fn parse_decision_request(value: &Value) -> Result<DecisionRequest, Faults> {
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
            Ok(DecisionRequest { subject, keep, explain, policy, as_of, ways_out, repeat })
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
        Value::String(text) => parse_policy_name(text),
        Value::Object(map) => match map.get("digest") {
            Some(digest) if map.len() == 1 => read_digest(digest).map(PolicyName::Digest),
            _ => Err("is not a policy; give an object with the one field `digest`, or a text `id@version`".to_owned()),
        },
        other => Err(format!("is {}; give `id@version` or a digest", kind(other))),
    }
}

/// A policy as `id@version` or as a digest.
/// # Errors
/// Another form.
pub fn parse_policy_name(text: &str) -> Result<PolicyName, Refusal> {
    let Some((id, version)) = text.split_once('@') else {
        return Digest::parse(text).map(PolicyName::Digest).map_err(|fault| format!("{fault}, or `id@version`"));
    };
    let policy_id = Token::parse(id).map_err(|fault| fault.to_string())?;
    let version = semver::Version::parse(version).map_err(|_| "has no version such as `1.2.0` after `@`".to_owned())?;
    Ok(PolicyName::Version { policy_id, version })
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
        parse_decision_request(value).expect_err("faults").named().iter().map(|fault| fault.field.clone()).collect()
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
    fn it_reads_policies_by_digest_and_by_version() {
        let digest = "0".repeat(64);
        assert!(matches!(read_policy_name(&json!({ "digest": digest })), Ok(PolicyName::Digest(_))));
        assert!(matches!(parse_policy_name("bcbsm@2.1.0"), Ok(PolicyName::Version { .. })));
        for bad in ["bcbsm", "bcbsm@", "bcbsm@2", "@1.0.0", ""] {
            assert!(parse_policy_name(bad).is_err(), "{bad}");
        }
    }
}
