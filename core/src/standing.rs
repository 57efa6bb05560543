//! What an agency's records say about an encounter on its date of service. Made by `records`; the names that tables may ask for.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::date::ServiceDate;
use crate::quantity::{Minutes, Units};
use crate::token::Token;

/// What the records say, resolved for one encounter. Absent where nothing is known: then no rule that asks for it refuses.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// What holds: conditions such as `coverage.ended`, and categories of documents on file.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub conditions: BTreeSet<Token>,
    /// The latest day of each kind that the records name, such as `discharge`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dates: BTreeMap<Token, ServiceDate>,
    /// Approved lines of prior authorizations with the payer, by end, then id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorizations: Vec<Authorized>,
    /// Documented minutes by kind of work, where the record divides them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub components: BTreeMap<Token, Minutes>,
    /// The region of the client's residence, for rates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Token>,
    /// Whose name goes on the claim, and from where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rendering: Option<Rendering>,
    /// The exception that covers what the plan excludes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exception_id: Option<Token>,
    /// The level of care that is authorized, where the encounter's differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorized_level: Option<Token>,
    /// What is needed to say who pays what; never shown to a policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<crate::payment::PaymentFacts>,
}

impl Standing {
    /// Nothing is known.
    #[must_use]
    pub fn nothing() -> &'static Self {
        const NOTHING: &Standing = &Standing {
            conditions: BTreeSet::new(),
            dates: BTreeMap::new(),
            authorizations: Vec::new(),
            components: BTreeMap::new(),
            region: None,
            rendering: None,
            exception_id: None,
            authorized_level: None,
            payment: None,
        };
        NOTHING
    }
}

/// One approved line of a prior authorization (FHIR ClaimResponse.item; X12 278).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Authorized {
    /// The record's id: opaque, never shown to a policy.
    pub authorization_id: Token,
    /// The codes it covers.
    pub procedure_codes: BTreeSet<crate::code::ProcedureCode>,
    /// First day.
    pub from: ServiceDate,
    /// First day after; absent means no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ServiceDate>,
    /// Units approved.
    pub units: Units,
}

/// Whose name goes on the claim (X12 2310B NM1*82).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Rendering {
    /// The provider.
    pub provider_id: Token,
    /// Where it is known from.
    pub source: RenderingSource,
}

/// Where the rendering provider is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RenderingSource {
    /// The client's case manager for the service line.
    Assignment,
    /// The care team of a prior authorization.
    AuthorizationTeam,
    /// Who did the work.
    SessionStaff,
}

macro_rules! names {
    ($(#[$doc:meta])* $list:ident: $($name:literal $meaning:literal,)+) => {
        $(#[$doc])*
        pub const $list: &[(&str, &str)] = &[$(($name, $meaning)),+];
    };
}

names!(
    /// Conditions that tables may ask for by name, and what each means.
    CONDITIONS:
    "assignment.late" "the case manager's assignment began less than 24 elapsed hours before the first appointment",
    "assignment.missing" "the client has case managers, but none for this service line on the date of service",
    "assignment.unknown" "no case manager is on file for the client",
    "assignment.stand_in" "a stand-in takes clinical responsibility",
    "assignment.stand_in_no_monthly_care" "the stand-in gave no care in the month before",
    "authorization.level_mismatch" "the level of care differs from the authorized one",
    "authorization.pended" "an authorization is asked for and not yet decided",
    "authorization.requester_not_authorized" "the authorization was asked for by somebody other than a primary care or other authorized provider",
    "care_plan.active" "a care plan for the service line is in force",
    "care_plan.approved" "the care plan is approved",
    "care_plan.goal" "the care plan has a goal with an objective that is open on the date of service",
    "care_plan.unknown" "no care plan is on file",
    "claim.number_missing" "a replacement or void gives no claim number of the payer",
    "claim.replacement" "the claim replaces an earlier one (frequency code 7)",
    "claim.replaces_unclear" "the claim replaces an earlier one, and it is not clear which encounter of the day is the one",
    "claim.taken_back" "the claim of another encounter replaces or voids the claim of this one",
    "claim.void" "the claim voids an earlier one (frequency code 8)",
    "client.cannot_self_manage" "a dated assessment says that the client cannot manage their own care",
    "client.self_management_unknown" "no dated assessment of self-management is on file",
    "collaboration.this_month" "a collaboration with other professionals is recorded in the month",
    "coverage.active" "the client has active coverage with the payer",
    "coverage.capitated" "the payer pays for the client by the month",
    "coverage.carve_out" "the practice is on the plan's carve-out list",
    "coverage.ended" "coverage ended before the date of service",
    "coverage.exception" "a negotiated exception covers what the plan excludes",
    "coverage.excluded" "the plan excludes the code",
    "coverage.in_network" "the practice is in the plan's network",
    "coverage.not_started" "coverage began after the date of service",
    "coverage.other_payer_first" "another payer comes first and has not answered",
    "coverage.out_of_network" "the practice is not in the plan's network",
    "coverage.unknown" "the agency keeps records of the client, and none of coverage with the payer",
    "covered_by.commercial" "the client has active commercial coverage",
    "covered_by.disability" "the client has active disability coverage",
    "covered_by.employer" "the client has active coverage by an employer",
    "covered_by.medicaid" "the client has active Medicaid coverage, fee for service",
    "covered_by.medicaid_managed_care" "the client has an active Medicaid health plan",
    "covered_by.medicare_a" "the client has active Medicare Part A",
    "covered_by.medicare_b" "the client has active Medicare Part B",
    "covered_by.medicare_c" "the client has an active Medicare Advantage plan",
    "covered_by.self_pay" "the client pays for themselves",
    "covered_by.workers_compensation" "the client has an active workers' compensation claim",
    "employer.home_health" "the staff member works for a home health agency",
    "employer.hospital" "the staff member works for a hospital",
    "employer.insurer" "the staff member works for the insurer",
    "enrolment.approved" "the rendering provider is enrolled with the payer",
    "enrolment.ended" "the enrolment with the payer ended before the date of service",
    "enrolment.missing" "the rendering provider is enrolled, but not with this payer",
    "enrolment.pending" "the enrolment with the payer is applied for and not decided",
    "enrolment.unknown" "no enrolment of the rendering provider is on file",
    "episode.open" "a bundled episode is open",
    "injury.claim_number" "the injury has a claim number",
    "injury.date" "the date of injury is on file",
    "licence.active" "the staff member holds a licence of the client's state",
    "licence.ended" "the licence ended before the date of service",
    "licence.other_state" "the licence is of another state",
    "licence.unknown" "no licence of the staff member is on file",
    "necessity.documented" "the four criteria of medical necessity are documented",
    "necessity.experimental" "the service is marked experimental or investigational",
    "order.active" "an order or referral for the service line is in force",
    "order.unknown" "no order or referral is on file",
    "plan.goal_linked" "the encounter names a goal of the care plan",
    "plan.service_outside" "the service is not among the interventions of the care plan",
    "program.ended" "the enrolment in the payer's programme ended before the date of service",
    "program.enrolled" "the client is enrolled in, or attributed to, the payer's programme",
    "provider.experience_short" "the certification rests on fewer months of experience than its issuer asks for",
    "provider.npi_invalid" "the National Provider Identifier fails its check digit",
    "provider.npi_missing" "the National Provider Identifier is not on file",
    "provider.scope_outside" "a component of the work is outside the staff member's scope of practice",
    "provider.taxonomy_invalid" "the taxonomy code is not of ten characters that end in X",
    "practice.npi_invalid" "the practice's National Provider Identifier fails its check digit",
    "practice.tin_invalid" "the practice's tax identification number has not nine digits",
    "rendering.is_supervising" "the care plan was approved by the rendering provider",
    "signature.missing" "the record of the encounter is kept and not signed",
    "signature.other" "somebody other than the rendering or session staff signed",
    "signature.present" "the record of the encounter is signed",
    "stay.home_health" "a home health episode covers the date of service",
    "stay.inpatient" "an inpatient stay covers the date of service",
    "stay.skilled_nursing" "a stay in a skilled nursing facility covers the date of service",
);

names!(
    /// Kinds of days that tables may measure from.
    DATES:
    "assessment" "the latest comprehensive assessment",
    "care_plan_approved" "the approval of the care plan",
    "contact" "the first interactive contact after the latest discharge",
    "discharge" "the latest discharge",
    "initiating_visit" "the latest initiating visit",
    "injury" "the injury",
    "order" "the order",
    "primary_payment" "the answer of the payer that came first",
    "signed" "the signature of the encounter's record",
);

/// Conditions that carry a name of the agency's own behind these: `certification.CCM`, `program.pdcm`.
pub const OPEN_CONDITIONS: &[(&str, &str)] = &[
    ("certification.", "the staff member holds that certification of the client's state, or of no state"),
    ("payer_program.", "the staff member holds that certificate of a payer's programme"),
    ("state.", "the client lives in that state, as two letters"),
    ("program.", "the client is enrolled in that programme"),
    ("training.", "the staff member completed that training"),
];

/// Whether tables may ask for the condition `name`.
#[must_use]
pub fn is_condition(name: &str) -> bool {
    CONDITIONS.iter().any(|(known, _)| *known == name)
        || OPEN_CONDITIONS.iter().any(|(prefix, _)| name.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty()))
}

/// Whether tables may measure from the day `name`.
#[must_use]
pub fn is_date(name: &str) -> bool {
    DATES.iter().any(|(known, _)| *known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_knows_its_own_names_only() {
        assert!(CONDITIONS.iter().all(|(name, _)| Token::parse(name).is_ok() && name.contains('.')));
        assert!(is_condition("coverage.ended") && is_condition("certification.CCM"));
        assert!(!is_condition("coverage.endet") && !is_condition("certification.") && is_date("discharge"));
    }
}
