//! Records about people and practices: identifiers, licences, certificates, enrolment, absence, networks.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Body, Days, ends_first};
use crate::date::{DateRange, ServiceDate};
use crate::token::Token;

/// Identifiers and employer of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Practitioner {
    /// National Provider Identifier, as given: one that fails its check digit is kept and named in decisions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub npi: Option<Token>,
    /// Taxonomy code, as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taxonomy: Option<Token>,
    /// Who employs them: `agency`, `hospital`, `home_health`, `insurer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub employer: Option<Token>,
    /// Kinds of work within their scope of practice; none listed means that it is not kept.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub scope: BTreeSet<Token>,
}

impl Body for Practitioner {}

/// Sorts of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    /// A licence of a state.
    License,
    /// A certification, such as `CCM`.
    Certification,
    /// A certificate of a payer's programme.
    PayerProgram,
    /// A completed training.
    Training,
}

/// A licence, certification, payer's certificate or training.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// What sort it is.
    pub credential_kind: CredentialKind,
    /// Its name: `RN`, `CCM`, `medicare`.
    pub code: Token,
    /// The state that issued it, as two letters; absent where it holds everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Token>,
    /// First day.
    pub from: ServiceDate,
    /// First day after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ServiceDate>,
    /// Months of experience that it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experience_months: Option<u32>,
    /// Months of experience that its issuer asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experience_months_min: Option<u32>,
}

impl Body for Credential {
    fn days(&self) -> Days {
        // A credential that ended, or is of another state, matters too: it says more than none on file.
        Days::default()
    }

    fn faults(&self) -> Vec<String> {
        ends_first(self.from, self.to).into_iter().collect()
    }
}

/// How far an enrolment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EnrolmentStatus {
    /// Applied for.
    Applied,
    /// Being decided.
    Pending,
    /// Approved.
    Approved,
    /// Denied.
    Denied,
    /// Terminated.
    Terminated,
}

/// Enrolment of a person with a payer. One that is approved with a back date gets an earlier `from`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    /// The payer.
    pub payer_id: Token,
    /// The plan; absent means every plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<Token>,
    /// The line of service; absent means every line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_line: Option<Token>,
    /// How far it is.
    pub status: EnrolmentStatus,
    /// First day.
    pub from: ServiceDate,
    /// First day after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ServiceDate>,
}

impl Enrolment {
    pub(super) fn clashes_with(&self, other: &Self) -> Option<&'static str> {
        let same =
            self.payer_id == other.payer_id && self.plan_id == other.plan_id && self.service_line == other.service_line;
        let overlap =
            DateRange { from: self.from, to: self.to }.overlaps(&DateRange { from: other.from, to: other.to });
        (same && overlap)
            .then_some("which is with the same payer for the same plan and line of service; end one of them")
    }

    pub(super) fn is_for(&self, payer_id: &Token, plan_id: Option<&Token>, service_line: Option<&Token>) -> bool {
        let fits = |own: Option<&Token>, asked: Option<&Token>| own.is_none() || asked.is_none() || own == asked;
        self.payer_id == *payer_id
            && fits(self.plan_id.as_ref(), plan_id)
            && fits(self.service_line.as_ref(), service_line)
    }
}

impl Body for Enrolment {
    fn faults(&self) -> Vec<String> {
        ends_first(self.from, self.to).into_iter().collect()
    }
}

/// Days on which a person is away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Absence {
    /// First day.
    pub from: ServiceDate,
    /// First day after.
    pub to: ServiceDate,
    /// Why: `vacation`, `leave`.
    pub reason: Token,
}

impl Body for Absence {
    fn days(&self) -> Days {
        Days { from: Some(self.from), to: Some(self.to) }
    }
}

/// Identifiers of a practice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Practice {
    /// National Provider Identifier, as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub npi: Option<Token>,
    /// Tax identification number, as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tin: Option<Token>,
    /// Taxonomy code, as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taxonomy: Option<Token>,
}

impl Body for Practice {}

/// How a practice stands to a payer's network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NetworkStatus {
    /// In the network.
    In,
    /// Not in the network.
    Out,
    /// On the plan's carve-out list, which goes before the network.
    CarveOut,
}

/// Whether a practice is in a payer's network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// The payer.
    pub payer_id: Token,
    /// The plan; absent means every plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<Token>,
    /// How it stands.
    pub status: NetworkStatus,
    /// First day.
    pub from: ServiceDate,
    /// First day after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ServiceDate>,
}

impl Body for Network {
    fn days(&self) -> Days {
        Days { from: Some(self.from), to: self.to }
    }
}
