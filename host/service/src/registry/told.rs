//! What a change of activations did, as programs are told it: over HTTP, and by the command line. People read it elsewhere.

use adjudica_core::{DateRange, Token};
use adjudica_store::{ActivationPeriod, StaleMonth};
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::instant_text;
use crate::registry::activate::Activated;
use crate::registry::names::PolicyNames;
use crate::registry::reroute::Unanswered;

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
