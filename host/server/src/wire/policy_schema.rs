//! The shapes of bodies about policies, terms and activations for the OpenAPI document, and of the answers about them.

use adjudica_core::{DateRange, Terms, Token};
use adjudica_service::clock::instant_text;
use adjudica_service::registry::activate::Activated;
use adjudica_service::registry::names::PolicyNames;
use adjudica_service::registry::reroute::Unanswered;
use adjudica_service::registry::yank::Yanked;
use adjudica_store::{ActivationPeriod, PolicyFileSummary, StaleMonth};
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

/// Decisions in force that a change makes stale: they are decided again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StaleBody {
    /// How many.
    pub decisions: u64,
    /// How many of each payer and month of service.
    pub months: Vec<StaleMonthBody>,
}

/// Stale decisions of one payer and month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StaleMonthBody {
    /// The payer.
    pub payer_id: String,
    /// The month of service, `YYYY-MM`.
    pub month: String,
    /// Decisions.
    pub decisions: u64,
}

impl From<&[StaleMonth]> for StaleBody {
    fn from(months: &[StaleMonth]) -> Self {
        let month = |one: &StaleMonth| StaleMonthBody {
            payer_id: one.payer_id.to_string(),
            month: one.month.clone(),
            decisions: one.decisions,
        };
        Self { decisions: months.iter().map(|one| one.decisions).sum(), months: months.iter().map(month).collect() }
    }
}

/// Days that a policy answered for until a change, and nothing answers for any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnansweredBody {
    /// The payer.
    pub payer_id: String,
    /// The plan; null means every plan that has no activation of its own.
    #[schema(required)]
    pub plan_id: Option<String>,
    /// The line of service; null means every line that has no activation of its own.
    #[schema(required)]
    pub service_line: Option<String>,
    /// First day.
    #[schema(format = Date)]
    pub from: String,
    /// First day after; null means no end.
    #[schema(format = Date, required)]
    pub to: Option<String>,
}

impl From<&Unanswered> for UnansweredBody {
    fn from(one: &Unanswered) -> Self {
        let text = |token: &Option<Token>| token.as_ref().map(ToString::to_string);
        Self {
            payer_id: one.payer_id.to_string(),
            plan_id: text(&one.plan_id),
            service_line: text(&one.service_line),
            from: one.days.from.to_string(),
            to: one.days.to.map(|to| to.to_string()),
        }
    }
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

/// Days that one policy with one set of terms answers for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PeriodBody {
    /// First date of service.
    #[schema(format = Date)]
    pub dos_from: String,
    /// First date of service after; null means no end.
    #[schema(format = Date, required)]
    pub dos_to: Option<String>,
    /// The policy's id and version, as `bcbsm 2.0.0`.
    pub policy: String,
    /// The digest of its file.
    pub policy_digest: String,
    /// The terms.
    pub terms_digest: String,
}

impl PeriodBody {
    /// The period, with the name of its policy.
    #[must_use]
    pub fn new(period: &ActivationPeriod, names: &PolicyNames) -> Self {
        Self {
            dos_from: period.dos_from.to_string(),
            dos_to: period.dos_to.map(|to| to.to_string()),
            policy: names.of(period.policy_digest),
            policy_digest: period.policy_digest.to_string(),
            terms_digest: period.terms_digest.to_string(),
        }
    }
}

/// Days that nothing answers for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GapBody {
    /// First day.
    #[schema(format = Date)]
    pub from: String,
    /// First day after.
    #[schema(format = Date, required)]
    pub to: Option<String>,
}

impl From<&DateRange> for GapBody {
    fn from(range: &DateRange) -> Self {
        Self { from: range.from.to_string(), to: range.to.map(|to| to.to_string()) }
    }
}

/// What an activation or a rollback did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ActivatedBody {
    /// The number of the change; null where nothing was recorded (`dry_run`).
    #[schema(required)]
    pub change_id: Option<i64>,
    /// When it was recorded.
    #[schema(format = DateTime)]
    pub recorded_at: String,
    /// Decisions in force that the change makes stale: they wait for a new decision.
    pub stale: StaleBody,
    /// Days that a policy answered for until now, and nothing answers for any more.
    pub unanswered: Vec<UnansweredBody>,
    /// The payer.
    pub payer_id: String,
    /// The plan; null means every plan.
    #[schema(required)]
    pub plan_id: Option<String>,
    /// The line of service; null means every line.
    #[schema(required)]
    pub service_line: Option<String>,
    /// The complete schedule now.
    pub periods: Vec<PeriodBody>,
    /// Periods that the change cut, removed or took back, as they were before.
    pub replaced: Vec<PeriodBody>,
    /// Days between the first and the last period that nothing answers for.
    pub gaps: Vec<GapBody>,
    /// What is allowed and may surprise.
    pub warnings: Vec<String>,
    /// Cases of the policy that pass.
    pub cases_passed: usize,
}

impl From<Activated> for ActivatedBody {
    fn from(activated: Activated) -> Self {
        let key = activated.schedule.key;
        let period = |period: &ActivationPeriod| PeriodBody::new(period, &activated.names);
        Self {
            change_id: activated.change_id,
            recorded_at: instant_text(activated.recorded_at),
            stale: StaleBody::from(activated.stale.as_slice()),
            unanswered: activated.unanswered.iter().map(UnansweredBody::from).collect(),
            payer_id: key.payer_id.to_string(),
            plan_id: key.plan_id.map(|plan| plan.to_string()),
            service_line: key.service_line.map(|line| line.to_string()),
            periods: activated.schedule.periods.iter().map(period).collect(),
            replaced: activated.cut.iter().map(period).collect(),
            gaps: activated.gaps.iter().map(GapBody::from).collect(),
            warnings: activated.warnings,
            cases_passed: activated.cases_passed,
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
