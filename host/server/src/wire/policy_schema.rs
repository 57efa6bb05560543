//! The shapes of bodies about policies, terms and activations for the OpenAPI document, and of the answers about policies.

use adjudica_core::Terms;
use adjudica_service::clock::instant_text;
use adjudica_service::registry::told::{GapBody, PeriodBody, StaleBody, UnansweredBody};
use adjudica_service::registry::yank::Yanked;
use adjudica_store::PolicyFileSummary;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A request to activate a policy.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ActivationRequest, example = json!({"message": "rules of 2026", "payer_id": "bcbsm", "policy": "bcbsm@2.0.0", "dos_from": "2026-04-01"}))]
pub struct ActivationBody {
    /// Why: 1 to 500 characters.
    pub message: String,
    /// The payer.
    pub payer_id: String,
    /// One plan; absent means every plan.
    pub plan_id: Option<String>,
    /// One line of service; absent means every line.
    pub service_line: Option<String>,
    /// `id@version` or the digest of a policy file.
    pub policy: String,
    /// The terms, or as a text the digest of stored terms; absent means no rates.
    pub terms: Option<Terms>,
    /// First date of service.
    #[schema(format = Date)]
    pub dos_from: String,
    /// First date of service after; absent means no end.
    #[schema(format = Date)]
    pub dos_to: Option<String>,
    /// `refuse` (as without it) or `cut`: what happens to activations for some of these days.
    pub replace: Option<String>,
    /// `true`: nothing is changed, the answer says what would be.
    pub dry_run: Option<bool>,
}

/// A request to go back to the state before the last change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RollbackRequest)]
pub struct RollbackBody {
    /// Why: 1 to 500 characters.
    pub message: String,
    /// The payer.
    pub payer_id: String,
    /// One plan.
    pub plan_id: Option<String>,
    /// One line of service.
    pub service_line: Option<String>,
    /// `true` where it is meant that nothing answers any more: without it such a rollback is refused.
    pub to_nothing: Option<bool>,
    /// `true`: nothing is changed, the answer says what would be.
    pub dry_run: Option<bool>,
}

/// A stored policy file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PolicyBody {
    /// The digest of the file.
    pub digest: String,
    /// Its id.
    pub policy_id: String,
    /// Its version.
    pub version: String,
    /// Its size.
    pub size_bytes: u64,
    /// When it was uploaded.
    #[schema(format = DateTime)]
    pub uploaded_at: String,
    /// By whom.
    pub uploaded_by: String,
    /// Why its publisher takes it back; it can be activated nowhere any more. Null where it stands.
    #[schema(required)]
    pub yanked: Option<String>,
}

impl From<&PolicyFileSummary> for PolicyBody {
    fn from(file: &PolicyFileSummary) -> Self {
        Self {
            digest: file.digest.to_string(),
            policy_id: file.policy_id.to_string(),
            version: file.version.clone(),
            size_bytes: file.size_bytes,
            uploaded_at: instant_text(file.uploaded_at),
            uploaded_by: file.uploaded_by.to_string(),
            yanked: file.yanked.as_ref().map(|yank| yank.reason.clone()),
        }
    }
}

/// Why a policy is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct YankBody {
    /// The reason, told to whoever wants to activate it.
    pub reason: String,
    /// `true`: nothing is changed, the answer says what would be.
    #[serde(default)]
    pub dry_run: bool,
}

/// A policy file that was taken back, and what that did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct YankedBody {
    /// The file.
    #[serde(flatten)]
    pub policy: PolicyBody,
    /// Decisions that it makes stale, over all agencies.
    pub stale: StaleBody,
    /// Days that nothing answers for any more.
    pub unanswered: Vec<UnansweredBody>,
}

impl From<&Yanked> for YankedBody {
    fn from(yanked: &Yanked) -> Self {
        Self {
            policy: PolicyBody::from(&yanked.file),
            stale: StaleBody::from(yanked.stale.as_slice()),
            unanswered: yanked.unanswered.iter().map(UnansweredBody::from).collect(),
        }
    }
}

/// What is known about one payer, plan and line of service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ActivationScheduleBody {
    /// The payer.
    pub payer_id: String,
    /// The plan; null means every plan.
    #[schema(required)]
    pub plan_id: Option<String>,
    /// The line of service; null means every line.
    #[schema(required)]
    pub service_line: Option<String>,
    /// The change that made it so.
    pub change_id: i64,
    /// When.
    #[schema(format = DateTime)]
    pub recorded_at: String,
    /// By whom.
    pub recorded_by: String,
    /// Why.
    pub message: String,
    /// The change that this one took back.
    #[schema(required)]
    pub undoes: Option<i64>,
    /// The complete schedule.
    pub periods: Vec<PeriodBody>,
    /// Days between the first and the last period that nothing answers for.
    pub gaps: Vec<GapBody>,
}

/// Every stored policy file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PolicyList {
    /// By id, then upload.
    pub items: Vec<PolicyBody>,
}

/// Every schedule of an agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ActivationList {
    /// By payer, plan and line of service.
    pub items: Vec<ActivationScheduleBody>,
}

/// The digest of what was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Stored {
    /// SHA-256, 64 lower-case hexadecimal digits.
    pub digest: String,
}
