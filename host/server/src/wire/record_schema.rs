//! The shapes of records, and of what they make of a decision, for the OpenAPI document.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::schema::EncounterBody;

/// Records to keep.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"records": [{"record_id": "cov-1", "subject_id": "c-1", "body": {"kind": "coverage",
    "payer_id": "bcbsm", "coverage_kind": "commercial", "order": 1, "from": "2026-01-01"}}]}))]
pub struct RecordsPut {
    /// At most 10,000.
    pub records: Vec<RecordInput>,
}

/// A record to keep.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordInput {
    /// The agency's own id, unique within the agency.
    pub record_id: String,
    /// What it is about; the kind says whether that is a client, a provider, a practice or an encounter.
    pub subject_id: String,
    /// What it says: an object whose `kind` says which fields it has. The kinds are listed in SCHEMA.md.
    pub body: serde_json::Value,
}

/// What a put of records did.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordsPutReport {
    /// Records that were not there.
    pub inserted: u64,
    /// Records that changed.
    pub updated: u64,
    /// Records that were there as given.
    pub unchanged: u64,
}

/// A record on file.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordStored {
    /// Its id.
    pub record_id: String,
    /// `client`, `provider`, `practice` or `encounter`.
    pub subject: String,
    /// Which.
    pub subject_id: String,
    /// What it says.
    pub body: serde_json::Value,
    /// 1 at first, one more at each change.
    pub version: i64,
    /// When it was last written.
    #[schema(format = DateTime)]
    pub written_at: String,
    /// Who wrote it.
    #[schema(required)]
    pub written_by: Option<String>,
}

/// Records on file.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordPage {
    /// In order of id.
    pub items: Vec<RecordStored>,
}

/// Every version of a record.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordVersions {
    /// The oldest first.
    pub items: Vec<RecordVersionBody>,
}

/// One version of a record.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecordVersion)]
pub struct RecordVersionBody {
    /// Its number.
    pub version: i64,
    /// `insert`, `update` or `delete`.
    pub operation: String,
    /// What it was about.
    pub subject_id: String,
    /// What it said.
    pub body: serde_json::Value,
    /// When.
    #[schema(format = DateTime)]
    pub recorded_at: String,
    /// Who.
    #[schema(required)]
    pub recorded_by: Option<String>,
}

/// What was known about an encounter when it was decided.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Facts)]
pub struct FactsBody {
    /// The encounter.
    #[serde(flatten)]
    pub encounter: EncounterBody,
    /// What the agency's records say on the date of service; absent where there are none.
    pub standing: Option<StandingBody>,
}

/// What records say of an encounter on its date of service.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Standing)]
pub struct StandingBody {
    /// What holds, such as `coverage.ended`, and categories of documents on file.
    pub conditions: Option<Vec<String>>,
    /// The latest day of each kind, such as `discharge`.
    pub dates: Option<BTreeMap<String, String>>,
    /// Approved lines of prior authorizations.
    pub authorizations: Option<Vec<AuthorizedBody>>,
    /// Documented minutes by kind of work.
    pub components: Option<BTreeMap<String, u32>>,
    /// The region of the client's residence.
    pub region: Option<String>,
    /// Whose name goes on the claim, and from where that is known.
    pub rendering: Option<RenderingBody>,
    /// The exception that covers what the plan excludes.
    pub exception_id: Option<String>,
    /// The level of care that is authorized, where the encounter's differs.
    pub authorized_level: Option<String>,
    /// What is needed to say who pays what.
    pub payment: Option<serde_json::Value>,
}

/// An approved line of a prior authorization.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Authorized)]
pub struct AuthorizedBody {
    /// The record's id.
    pub authorization_id: String,
    /// The codes that it covers.
    pub procedure_codes: Vec<String>,
    /// First day.
    #[schema(format = Date)]
    pub from: String,
    /// First day after.
    #[schema(format = Date)]
    pub to: Option<String>,
    /// Units approved.
    pub units: u32,
}

/// Whose name goes on the claim.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rendering)]
pub struct RenderingBody {
    /// The provider.
    pub provider_id: String,
    /// `assignment`, `authorization_team` or `session_staff`.
    pub source: String,
}

/// Who pays what of a line: `charge_cents` is `paid_cents` and the sum of the adjustments.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LinePayment)]
pub struct PaymentBody {
    /// What is charged.
    pub charge_cents: i64,
    /// What the payer is expected to pay.
    pub paid_cents: i64,
    /// What it does not pay, in the order that it was taken off.
    pub adjustments: Vec<AdjustmentBody>,
}

/// Part of a charge that the payer does not pay.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Adjustment)]
pub struct AdjustmentBody {
    /// `CO`, `PR`, `OA` or `PI`.
    pub group: String,
    /// Claim adjustment reason code.
    pub carc: String,
    /// How much, above 0.
    pub cents: i64,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use adjudica_core::Standing;
    use serde_json::{Value, json};
    use utoipa::PartialSchema;

    use super::*;

    #[test]
    fn it_documents_the_fields_of_a_standing() {
        let full = json!({
            "conditions": ["consent"], "dates": {"discharge": "2026-01-01"}, "components": {"planning": 5}, "region": "west",
            "authorizations": [{"authorization_id": "a", "procedure_codes": ["G9002"], "from": "2026-01-01", "units": 1}],
            "rendering": {"provider_id": "p", "source": "assignment"}, "exception_id": "x", "authorized_level": "high",
            "payment": {"copay_cents": 1}
        });
        let standing: Standing = serde_json::from_value(full).expect("a standing");
        let written = serde_json::to_value(standing).expect("json");
        let schema = serde_json::to_value(StandingBody::schema()).expect("json");
        let keys = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(keys(&schema["properties"]), keys(&written));
    }
}
