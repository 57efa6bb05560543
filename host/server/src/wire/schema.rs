//! Bodies about encounters and decisions for the OpenAPI document. What is read and stored describes itself; here is what HTTP adds.

use std::borrow::Cow;

use adjudica_core::EncounterFacts;
use adjudica_service::clock::instant_text;
use adjudica_service::decide::decision_record::DecisionRecord;
use adjudica_store::{DecisionSummary, Withdrawn};
use serde::Serialize;
use serde_json::json;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::error::Problem;

/// An encounter as it is sent and listed: the facts of a decision without what the host finds out itself.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct EncounterBody(EncounterFacts);

/// The field of the facts that nobody sends.
const FOUND_OUT: &str = "standing";

impl PartialSchema for EncounterBody {
    fn schema() -> RefOr<Schema> {
        let mut schema = EncounterFacts::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            object.properties.remove(FOUND_OUT);
            object.examples = vec![json!({"encounter_id": "e-1", "client_id": "c-1", "payer_id": "bcbsm",
                "date_of_service": "2026-03-02", "procedure_code": "98966", "minutes": 12, "rendering_provider_id": "s-1",
                "rendering_provider_role": "RN", "billing_provider_id": "b-1", "phase": "implementation",
                "mode": "telephone", "supporting_info": ["care_plan"]})];
        }
        schema
    }
}

impl ToSchema for EncounterBody {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Encounter")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        EncounterFacts::schemas(schemas);
    }
}

/// A request for a decision. Give `encounter_id` or `encounter`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DecisionRequest, example = json!({"encounter_id": "e-1"}))]
pub struct DecisionRequestBody {
    /// An encounter of the store.
    pub encounter_id: Option<String>,
    /// An encounter that comes with the request.
    pub encounter: Option<EncounterBody>,
    /// Whether the decision is only answered: not recorded, not counted.
    pub dry_run: Option<bool>,
    /// Whether satisfied rules are listed too.
    pub explain: Option<bool>,
    /// The policy to ask instead of the one in force: `id@version` or a digest.
    pub policy: Option<String>,
    /// Use the activations known at this instant.
    #[schema(format = DateTime)]
    pub as_of: Option<String>,
    /// Whether a refusal says in `why_not` what would make it billable.
    pub why_not: Option<bool>,
    /// Whether the encounter is decided and recorded once more where its decision in force holds; `false` without it.
    pub again: Option<bool>,
}

/// A decision as it is answered when it is made.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecisionAnswer {
    /// The record.
    #[serde(flatten)]
    pub record: DecisionRecord<'static>,
    /// Only where the request asked for it and was refused: the smallest changes that make the encounter billable, each with
    /// the decision that follows; null where they could not be looked for now. No part of the record, whose text is hashed.
    #[schema(value_type = Option<Vec<serde_json::Value>>)]
    pub why_not: Option<Vec<serde_json::Value>>,
}

/// A recorded decision without its record, and its place in the agency's chain.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DecisionSummary)]
pub struct DecisionSummaryBody {
    /// Its number in the chain, from 1 without gaps.
    pub sequence: i64,
    /// Its id.
    pub decision_id: String,
    /// The encounter.
    pub encounter_id: String,
    /// The client.
    pub client_id: String,
    /// The payer.
    pub payer_id: String,
    /// The day of the work.
    #[schema(format = Date)]
    pub date_of_service: String,
    /// What becomes of the encounter.
    pub outcome: String,
    /// The policy as `id@version`; null when none was in force.
    #[schema(required)]
    pub policy: Option<String>,
    /// The digest of its file.
    #[schema(required)]
    pub policy_digest: Option<String>,
    /// The terms.
    #[schema(required)]
    pub terms_digest: Option<String>,
    /// When it was decided.
    #[schema(format = DateTime)]
    pub decided_at: String,
    /// The decision that it replaced.
    #[schema(required)]
    pub supersedes: Option<String>,
    /// The hash of the decision before.
    pub previous_hash: String,
    /// Its own hash.
    pub hash: String,
    /// Whether it is in force: no other has replaced it, and its encounter was not taken out.
    pub in_force: bool,
    /// Whether it is not in force, or something that it rests on has changed since and a new decision is due.
    pub stale: bool,
}

impl From<DecisionSummary> for DecisionSummaryBody {
    fn from(summary: DecisionSummary) -> Self {
        Self {
            sequence: summary.sequence,
            decision_id: summary.decision_id,
            encounter_id: summary.encounter_id.to_string(),
            client_id: summary.client_id.to_string(),
            payer_id: summary.payer_id.to_string(),
            date_of_service: summary.date_of_service.to_string(),
            outcome: summary.outcome.as_str().to_owned(),
            policy: summary.policy.as_ref().map(|policy| format!("{}@{}", policy.policy_id, policy.version)),
            policy_digest: summary.policy.as_ref().map(|policy| policy.digest.to_string()),
            terms_digest: summary.terms_digest.map(|digest| digest.to_string()),
            decided_at: instant_text(summary.decided_at),
            supersedes: summary.supersedes,
            previous_hash: summary.previous_hash.to_string(),
            hash: summary.hash.to_string(),
            in_force: summary.in_force,
            stale: summary.is_stale,
        }
    }
}

/// A decision whose row cannot be read.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnreadableDecision {
    /// Its place in the chain.
    pub sequence: i64,
    /// What is wrong with it.
    pub fault: String,
}

/// A page of decisions.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecisionPage {
    /// Decisions in the order of the chain.
    pub items: Vec<DecisionSummaryBody>,
    /// Decisions of the page whose rows cannot be read: somebody has changed them.
    pub unreadable: Vec<UnreadableDecision>,
    /// Give it as `after` for the next page; null on the last page. A page looks at 10,000 decisions at most: one that found
    /// few or none of them still has a next.
    #[schema(required)]
    pub next: Option<i64>,
}

/// A page of encounters.
#[derive(Debug, Serialize, ToSchema)]
pub struct EncounterPage {
    /// Encounters in the order of their ids.
    pub items: Vec<EncounterBody>,
    /// Encounters whose rows in the database are not valid, each with every fault.
    pub unreadable: Vec<UnreadableEncounter>,
    /// Give it as `after` for the next page; null on the last page. A page looks at 10,000 encounters at most: one that found
    /// few or none of them still has a next.
    #[schema(required)]
    pub next: Option<String>,
}

/// Why an encounter is taken out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Withdrawal, example = json!({"reason": "entered for the wrong client"}))]
pub struct WithdrawalBody {
    /// 1 to 500 characters, without names or other client data.
    pub reason: String,
}

/// An encounter that was taken out, and what that did.
#[derive(Debug, Serialize, ToSchema)]
pub struct WithdrawnBody {
    /// The encounter.
    pub encounter_id: String,
    /// Its day.
    #[schema(format = Date)]
    pub date_of_service: String,
    /// The decision that was in force until now; null when it was not decided yet.
    #[schema(required)]
    pub decision_id: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    pub withdrawn_at: String,
    /// Who; null when another system deleted the row.
    #[schema(required)]
    pub withdrawn_by: Option<String>,
    /// Why; null when another system deleted the row.
    #[schema(required)]
    pub reason: Option<String>,
    /// Billed lines that were given back.
    pub lines_given_back: u64,
    /// Decisions about later encounters of the client that are stale now: they are decided again.
    pub made_stale: u64,
}

impl From<Withdrawn> for WithdrawnBody {
    fn from(withdrawn: Withdrawn) -> Self {
        let Withdrawn { withdrawal, lines_given_back, made_stale } = withdrawn;
        Self {
            encounter_id: withdrawal.encounter_id.to_string(),
            date_of_service: withdrawal.date_of_service.to_string(),
            decision_id: withdrawal.decision_id,
            withdrawn_at: instant_text(withdrawal.withdrawn_at),
            withdrawn_by: withdrawal.withdrawn_by.map(|by| by.to_string()),
            reason: withdrawal.reason,
            lines_given_back,
            made_stale,
        }
    }
}

/// How many encounters were stored.
#[derive(Debug, Serialize, ToSchema)]
pub struct Inserted {
    /// All of them.
    pub inserted: u64,
}

/// An encounter whose rows in the database are not valid.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnreadableEncounter {
    /// Its id as written in the row.
    pub encounter_id: String,
    /// Every fault, each naming its column.
    pub faults: Vec<String>,
}

/// One line of a batch's answer: a decision or a problem.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchItem {
    /// The line of the request, from 1.
    pub line: usize,
    /// The decision, when one was made.
    pub decision: Option<DecisionAnswer>,
    /// The problem, when none was made.
    pub problem: Option<Problem>,
}

#[cfg(test)]
mod tests;
