//! Records about who may do what for a client: case managers, appointments, prior authorizations, programmes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Body, Days, ends_first};
use crate::code::ProcedureCode;
use crate::date::ServiceDate;
use crate::moment::Moment;
use crate::quantity::Units;
use crate::token::Token;

/// What a case manager is to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AssignmentRole {
    /// The one case manager for the line.
    Primary,
    /// Takes clinical responsibility while another is not enrolled yet.
    StandIn,
}

/// A case manager of a client for a line of service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// The line of service.
    pub service_line: Token,
    /// The case manager.
    pub provider_id: Token,
    /// What they are.
    pub role: AssignmentRole,
    /// When it starts, with the offset of local time.
    pub start_at: Moment,
    /// When it ends; the day of a change belongs to the one who follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_at: Option<Moment>,
    /// Why it was made or ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Token>,
}

impl Assignment {
    pub(super) fn clashes_with(&self, other: &Self) -> Option<&'static str> {
        let ends_before = |a: &Self, b: &Self| a.end_at.as_ref().is_some_and(|end| end.seconds_until(&b.start_at) >= 0);
        let primaries = self.role == AssignmentRole::Primary && other.role == AssignmentRole::Primary;
        let overlap = !ends_before(self, other) && !ends_before(other, self);
        (primaries && overlap && self.service_line == other.service_line)
            .then_some("and a client has one case manager for a line of service; end one of them")
    }

    pub(super) fn covers(&self, day: ServiceDate) -> bool {
        self.start_at.day() <= day && self.end_at.as_ref().is_none_or(|end| day < end.day())
    }
}

impl Body for Assignment {
    fn faults(&self) -> Vec<String> {
        let ends_first = self.end_at.as_ref().is_some_and(|end| self.start_at.seconds_until(end) <= 0);
        ends_first
            .then(|| "`end_at`: is not after `start_at`; write a later one, or none while it lasts".to_owned())
            .into_iter()
            .collect()
    }
}

/// The first appointment of a line of service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FirstAppointment {
    /// The line of service.
    pub service_line: Token,
    /// When, with the offset of local time.
    pub at: Moment,
}

impl Body for FirstAppointment {}

/// How far an authorization is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AuthorizationStatus {
    /// Being written.
    Draft,
    /// Asked for.
    Requested,
    /// Not decided yet (X12 306 A4).
    Pended,
    /// Certified (X12 306 A1).
    Approved,
    /// Certified for less than was asked (X12 306 A6): the units are those approved.
    Partial,
    /// Not certified (X12 306 A3).
    Denied,
    /// Taken back.
    Cancelled,
}

/// A line of a prior authorization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Authorization {
    /// The payer.
    pub payer_id: Token,
    /// The payer's number (X12 REF*G1); no policy sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<Token>,
    /// How far it is.
    pub status: AuthorizationStatus,
    /// The codes.
    pub procedure_codes: BTreeSet<ProcedureCode>,
    /// Units approved.
    pub units: Units,
    /// First day.
    pub from: ServiceDate,
    /// First day after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ServiceDate>,
    /// Who asked: `primary_care`, `authorized_provider`, or another word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<Token>,
    /// The level of care that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level_of_care: Option<Token>,
    /// The member of the care team whose name goes on claims, from a day on (FHIR CareTeam.participant).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rendering_from: BTreeMap<ServiceDate, Token>,
}

impl Body for Authorization {
    fn days(&self) -> Days {
        Days { from: Some(self.from), to: None }
    }

    fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> = ends_first(self.from, self.to).into_iter().collect();
        if self.procedure_codes.is_empty() {
            faults.push("`procedure_codes`: is empty; name the codes that are authorized".to_owned());
        }
        if self.procedure_codes.len() > 64 {
            faults.push("`procedure_codes`: at most 64 codes fit in one line; divide it".to_owned());
        }
        faults
    }
}

/// Enrolment in, or attribution to, a payer's programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Programme {
    /// The payer.
    pub payer_id: Token,
    /// The programme's name.
    pub program: Token,
    /// First day.
    pub from: ServiceDate,
    /// First day after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ServiceDate>,
}

impl Body for Programme {
    fn faults(&self) -> Vec<String> {
        ends_first(self.from, self.to).into_iter().collect()
    }
}
