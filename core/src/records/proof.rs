//! Records that prove work: assessments, plans, orders, documents, stays, contacts, and what belongs to one encounter.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Body, Days, below_zero, ends_first};
use crate::cents::Cents;
use crate::date::ServiceDate;
use crate::quantity::Minutes;
use crate::standing::is_condition;
use crate::token::Token;

macro_rules! body {
    ($(#[$doc:meta])+ $name:ident $({ $($(#[$attribute:meta])+ $field:ident: $type:ty,)* })?) => {
        $(#[$doc])+
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($($(#[$attribute])+ pub $field: $type,)*)? }
    };
}

body!(
    /// A dated assessment.
    Assessment {
        /// The day.
        on: ServiceDate,
        /// Whether it found that the client can manage their own care; absent where it did not ask.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        can_self_manage: Option<bool>,
    }
);

impl Body for Assessment {
    fn days(&self) -> Days {
        Days { from: Some(self.on), to: None }
    }
}

body!(
    /// A care plan.
    CarePlan {
        /// The line of service; absent means every line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        service_line: Option<Token>,
        /// First day.
        from: ServiceDate,
        /// First day after.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<ServiceDate>,
        /// Who approved it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approved_by: Option<Token>,
        /// When.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approved_on: Option<ServiceDate>,
        /// Its goals.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        goals: Vec<PlanGoal>,
        /// Kinds of work that it plans; none listed means that it does not say.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        interventions: BTreeSet<Token>,
    }
);

impl Body for CarePlan {
    fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> = ends_first(self.from, self.to).into_iter().collect();
        if self.approved_by.is_some() != self.approved_on.is_some() {
            faults.push(
                "`approved_on`: an approval needs who and when; give both `approved_by` and `approved_on`".to_owned(),
            );
        }
        faults
    }
}

body!(
    /// A goal of a care plan.
    PlanGoal {
        /// Its id.
        goal_id: Token,
        /// Whether it has an objective.
        has_objective: bool,
        /// First day.
        from: ServiceDate,
        /// First day after.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<ServiceDate>,
    }
);

body!(
    /// An order or referral.
    Order {
        /// The line of service; absent means every line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        service_line: Option<Token>,
        /// Who ordered.
        ordered_by: Token,
        /// First day.
        from: ServiceDate,
        /// First day after.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<ServiceDate>,
    }
);

impl Body for Order {
    fn faults(&self) -> Vec<String> {
        ends_first(self.from, self.to).into_iter().collect()
    }
}

body!(
    /// A document on file: its category counts like supporting information of the encounters that it holds for.
    Document {
        /// What it is: `consent`, `care_plan`, `screening_tool`.
        category: Token,
        /// The encounter it belongs to; absent means every encounter of its days.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        encounter_id: Option<Token>,
        /// First day.
        from: ServiceDate,
        /// First day after.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<ServiceDate>,
    }
);

impl Body for Document {
    fn days(&self) -> Days {
        Days { from: Some(self.from), to: self.to }
    }

    fn faults(&self) -> Vec<String> {
        // A condition follows from records of its own kind; a document that bore its name would be one by word alone.
        let fault = "`category`: is a condition that other records decide; write what the document is, as `consent`";
        is_condition(self.category.as_str()).then(|| fault.to_owned()).into_iter().collect()
    }
}

/// Sorts of stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StayKind {
    /// In a hospital.
    Inpatient,
    /// In a skilled nursing facility.
    SkilledNursing,
    /// Home health.
    HomeHealth,
}

impl StayKind {
    pub(super) fn condition(self) -> &'static str {
        match self {
            Self::Inpatient => "stay.inpatient",
            Self::SkilledNursing => "stay.skilled_nursing",
            Self::HomeHealth => "stay.home_health",
        }
    }
}

body!(
    /// A stay. The day of discharge is no longer part of it.
    Stay {
        /// What sort.
        stay_kind: StayKind,
        /// Admission.
        from: ServiceDate,
        /// Discharge.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<ServiceDate>,
    }
);

impl Body for Stay {
    fn days(&self) -> Days {
        Days { from: Some(self.from), to: None }
    }

    fn faults(&self) -> Vec<String> {
        ends_first(self.from, self.to).into_iter().collect()
    }
}

body!(
    /// An interactive contact, or a visit that other work depends on.
    Contact {
        /// The day.
        on: ServiceDate,
        /// Whether it is an initiating visit.
        #[serde(default)]
        initiating_visit: bool,
    }
);

impl Body for Contact {
    fn days(&self) -> Days {
        Days { from: Some(self.on), to: None }
    }
}

body!(
    /// Work together with other professionals.
    Collaboration {
        /// The day.
        on: ServiceDate,
        /// With whom, as a role.
        with_role: Token,
    }
);

impl Body for Collaboration {
    fn days(&self) -> Days {
        Days { from: Some(self.on.month_start()), to: Some(self.on.month_start().plus_days(31)) }
    }
}

body!(
    /// A bundled episode: what is done in it is paid with it.
    Episode {
        /// The payer that pays it.
        payer_id: Token,
        /// First day.
        from: ServiceDate,
        /// First day after.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<ServiceDate>,
    }
);

impl Body for Episode {
    fn days(&self) -> Days {
        Days { from: Some(self.from), to: self.to }
    }
}

body!(
    /// The signature of an encounter's record; without `signed_by` the record is kept and not signed.
    Signature {
        /// Who signed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signed_by: Option<Token>,
        /// When.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on: Option<ServiceDate>,
    }
);

impl Body for Signature {
    fn faults(&self) -> Vec<String> {
        let halves = self.signed_by.is_some() != self.on.is_some();
        halves
            .then(|| "`on`: a signature needs who and when; give both `signed_by` and `on`".to_owned())
            .into_iter()
            .collect()
    }
}

body!(
    /// Minutes of one kind of work of an encounter.
    Component {
        /// The kind: `assessment`, `planning`, `coordination`, `monitoring`, `documentation`, ...
        component: Token,
        /// Its minutes.
        minutes: Minutes,
    }
);

impl Component {
    /// Of two for the same kind of work nobody can tell whether one corrects the other or both are to be added up.
    pub(super) fn clashes_with(&self, other: &Self) -> Option<&'static str> {
        let clash = "which holds minutes of the same kind of work; put them all into one, or remove one of them";
        (self.component == other.component).then_some(clash)
    }
}

impl Body for Component {}

body!(
    /// How an encounter is claimed.
    Claim {
        /// Claim frequency code: `1` original, `7` replacement, `8` void.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        frequency: Option<Token>,
        /// The payer's number of the claim that is replaced or voided (X12 REF*F8); no policy sees it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payer_claim_number: Option<Token>,
        /// What is charged for the encounter.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        charge_cents: Option<Cents>,
    }
);

impl Body for Claim {
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.frequency.as_ref().is_some_and(|code| !matches!(code.as_str(), "1" | "7" | "8")) {
            faults.push(
                "`frequency`: is no claim frequency code; write 1 for an original, 7 for a replacement, 8 for a void"
                    .to_owned(),
            );
        }
        faults.extend(self.charge_cents.and_then(|cents| below_zero("charge_cents", cents)));
        faults
    }
}

body!(
    /// The level of care of an encounter.
    LevelOfCare {
        /// The level.
        level: Token,
    }
);

impl Body for LevelOfCare {}

body!(
    /// A goal of the care plan that an encounter worked on.
    Goal {
        /// The goal.
        goal_id: Token,
    }
);

impl Body for Goal {}

body!(
    /// What is documented about an encounter's medical necessity.
    Necessity {
        /// Reasonable and necessary for diagnosis or treatment.
        reasonable: bool,
        /// Within accepted standards.
        accepted_standard: bool,
        /// Not mainly for convenience.
        not_for_convenience: bool,
        /// The least costly level that is safe.
        least_costly: bool,
        /// Experimental or investigational.
        #[serde(default)]
        experimental: bool,
    }
);

impl Body for Necessity {}
