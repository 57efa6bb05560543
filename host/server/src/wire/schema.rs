//! The shapes of bodies for the OpenAPI document. Reading and writing them is elsewhere; tests hold the two together.

use adjudica_service::clock::instant_text;
use adjudica_store::{DecisionSummary, Withdrawn};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::Problem;
use crate::wire::record_schema::{FactsBody, PaymentBody};

/// An encounter: one documented contact or piece of work on a date of service.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"encounter_id": "e-1", "client_id": "c-1", "payer_id": "bcbsm", "date_of_service": "2026-03-02",
    "procedure_code": "98966", "minutes": 12, "rendering_provider_id": "s-1", "rendering_provider_role": "RN",
    "billing_provider_id": "b-1", "phase": "implementation", "mode": "telephone", "supporting_info": ["care_plan"]}))]
#[schema(as = Encounter)]
pub struct EncounterBody {
    /// The agency's own id, unique within the agency: 1 to 64 letters, digits, `_`, `-` or `.`.
    pub encounter_id: String,
    /// Who was served; opaque, never shown to a policy.
    pub client_id: String,
    /// Who is asked to pay.
    pub payer_id: String,
    /// The plan within the payer.
    pub plan_id: Option<String>,
    /// The line of service.
    pub service_line: Option<String>,
    /// The day the work was done.
    #[schema(format = Date)]
    pub date_of_service: String,
    /// The code asked for; without it the policy finds the code from `service` and `minutes`.
    pub procedure_code: Option<String>,
    /// The kind of work, for policies that find the code.
    pub service: Option<String>,
    /// Documented minutes.
    #[schema(minimum = 0, maximum = 1440)]
    pub minutes: Option<u32>,
    /// Who did the work.
    pub rendering_provider_id: String,
    /// Their role.
    pub rendering_provider_role: String,
    /// The practice that bills.
    pub billing_provider_id: String,
    /// Where in the process the work stands.
    pub phase: String,
    /// How contact was made.
    pub mode: String,
    /// CMS place of service.
    pub place_of_service: Option<String>,
    /// Patients in a group session.
    #[schema(minimum = 1, maximum = 1000)]
    pub group_size: Option<u32>,
    /// Modifiers asked for, at most 4.
    pub modifiers: Option<Vec<String>>,
    /// Diagnoses, the principal one first, at most 12.
    pub diagnoses: Option<Vec<String>>,
    /// What the record shows besides.
    pub supporting_info: Option<Vec<String>>,
    /// The day the claim reaches the payer.
    #[schema(format = Date)]
    pub received_on: Option<String>,
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

/// A decision with everything that made it. Its text is hashed and never changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecisionRecord {
    /// The form of this record.
    pub record_version: u32,
    /// The decision's own id.
    pub decision_id: String,
    /// The agency.
    pub agency_id: String,
    /// The encounter.
    pub encounter_id: String,
    /// The revision of the stored encounter; null when it came with the request.
    #[schema(required)]
    pub encounter_revision: Option<i64>,
    /// The decision that this one replaces.
    #[schema(required)]
    pub supersedes: Option<String>,
    /// When it was decided.
    #[schema(format = DateTime)]
    pub decided_at: String,
    /// The instant whose knowledge of activations was used.
    #[schema(format = DateTime)]
    pub as_of: String,
    /// `live` or `dry_run`.
    pub mode: String,
    /// `failed_only` or `all`.
    pub explain: String,
    /// The policy; null when none was in force.
    #[schema(required)]
    pub policy: Option<PolicyUsedBody>,
    /// The terms; null when no policy was in force.
    #[schema(required)]
    pub terms_digest: Option<String>,
    /// The engine that ran the policy.
    pub engine_version: String,
    /// The contract between them.
    pub interface_version: String,
    /// The last entry of the client's ledger that was counted.
    pub ledger_through: i64,
    /// Encounters whose lines up to there stand before this one and were not counted, because they were decided again after it.
    pub ledger_without: Vec<String>,
    /// What was known about the encounter.
    pub facts: FactsBody,
    /// ISO 4217 code of every amount.
    #[schema(required)]
    pub currency: Option<String>,
    /// `billable`, `report_only`, `incomplete`, `review`, `not_billable` or `undetermined`.
    pub outcome: String,
    /// What can be billed.
    pub lines: Vec<LineBody>,
    /// Every rule that spoke.
    pub findings: Vec<FindingBody>,
    /// Why no decision could be made.
    #[schema(required)]
    pub undetermined: Option<UndeterminedBody>,
}

/// A decision as it is answered when it is made.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecisionAnswer {
    /// The record.
    #[serde(flatten)]
    pub record: DecisionRecord,
    /// Only where the request asked for it and was refused: the smallest changes that make the encounter billable, each with
    /// the decision that follows; null where they could not be looked for now. No part of the record, whose text is hashed.
    #[schema(value_type = Option<Vec<serde_json::Value>>)]
    pub why_not: Option<Vec<serde_json::Value>>,
}

/// Which policy decided.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PolicyUsed)]
pub struct PolicyUsedBody {
    /// Its id.
    pub policy_id: String,
    /// Its version.
    pub version: String,
    /// The digest of its file.
    pub digest: String,
    /// `in_force` or `pinned`.
    pub chosen: String,
}

/// One line that can be billed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DecisionLine)]
pub struct LineBody {
    /// The code.
    pub procedure_code: String,
    /// Modifiers that belong on the line.
    pub modifiers: Option<Vec<String>>,
    /// Units.
    pub units: u32,
    /// Cents allowed for all units; null when no rate is known.
    #[schema(required)]
    pub amount_cents: Option<i64>,
    /// Who pays what of it, where the records say anything of payment.
    pub payment: Option<PaymentBody>,
}

/// One rule's verdict.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Finding)]
pub struct FindingBody {
    /// The rule.
    pub rule_id: String,
    /// What the rule looks at.
    pub kind: String,
    /// `not_billable`, `incomplete`, `review`, `report_only` or `note`.
    pub effect: String,
    /// `failed` or `satisfied`.
    pub verdict: String,
    /// One plain sentence.
    pub message: String,
    /// What to do about it.
    pub remedy: Option<String>,
    /// What was seen.
    pub observed: Option<i64>,
    /// What the rule asks for.
    pub expected: Option<i64>,
    /// What it points at.
    pub subject: Option<SubjectBody>,
    /// Where the rule comes from.
    pub citation: Option<CitationBody>,
    /// How the payer would write the refusal.
    pub denial: Option<DenialBody>,
    /// What the rule takes to be so without a source.
    pub assumptions: Option<Vec<String>>,
}

/// What a finding points at.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FindingSubject)]
pub struct SubjectBody {
    /// `document`, `information`, `procedure_code` or `modifier`.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// Where a rule comes from.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Citation)]
pub struct CitationBody {
    /// Short name of the source in the policy.
    pub source_id: String,
    /// Title of the document.
    pub title: String,
    /// Where in the document.
    pub section: Option<String>,
    /// Where to find the document.
    pub locator: Option<String>,
    /// `high`, `medium` or `low`.
    pub confidence: String,
}

/// A refusal in X12 codes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Denial)]
pub struct DenialBody {
    /// Claim adjustment reason code.
    pub carc: String,
    /// `CO`, `PR`, `OA` or `PI`.
    pub group: String,
    /// Remittance advice remark codes.
    pub rarc: Option<Vec<String>>,
}

/// Why no decision could be made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Undetermined)]
pub struct UndeterminedBody {
    /// Which sort of failure, such as `no_policy_in_force` or `policy_trapped`.
    pub code: String,
    /// One plain sentence.
    pub message: String,
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
