//! An agency's records of clients, people, practices and encounters: what each kind holds, and its faults. Resolving them for
//! an encounter is in `resolve`; keeping them is the store's.

pub mod corrections;
mod coverage;
mod people;
mod permission;
mod proof;
pub mod resolve;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::cents::Cents;
use crate::date::{DateRange, ServiceDate};
use crate::token::Token;

pub use corrections::Claimed;
pub use coverage::{Accumulated, BenefitException, Coverage, CoverageKind, Injury, PriorAnswer, Residence};
pub use people::{
    Absence, Credential, CredentialKind, Enrolment, EnrolmentStatus, Network, NetworkStatus, Practice, Practitioner,
};
pub use permission::{Assignment, AssignmentRole, Authorization, AuthorizationStatus, FirstAppointment, Programme};
pub use proof::{
    Assessment, CarePlan, Claim, Collaboration, Component, Contact, Document, Episode, Goal, LevelOfCare, Necessity,
    Order, Signature, Stay, StayKind,
};

/// What a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RecordSubject {
    /// A client (FHIR Patient).
    Client,
    /// A person who works for the agency (FHIR Practitioner).
    Provider,
    /// A practice that bills (FHIR Organization).
    Practice,
    /// An encounter (FHIR Encounter).
    Encounter,
}

impl RecordSubject {
    /// The word used in JSON and SQL.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Provider => "provider",
            Self::Practice => "practice",
            Self::Encounter => "encounter",
        }
    }
}

/// One record. `Debug` prints its id only: the rest is client data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The agency's own id of the record, unique within the agency.
    pub record_id: Token,
    /// The id of what it is about: the body's kind says what that is.
    pub subject_id: Token,
    /// What it says.
    pub body: RecordBody,
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").field("record_id", &self.record_id).finish_non_exhaustive()
    }
}

macro_rules! bodies {
    ($($(#[doc = $doc:literal])+ $variant:ident($body:ty) = $kind:literal $(| $other:literal)? about $subject:ident,)+) => {
        /// What a record says, by kind.
        #[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        #[serde(tag = "kind")]
        pub enum RecordBody { $($(#[doc = $doc])+ #[serde(rename = $kind $(, alias = $other)?)] $variant($body),)+ }

        impl fmt::Debug for RecordBody {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.kind())
            }
        }

        impl RecordBody {
            /// Every kind, with what it is about and what it holds.
            pub const KINDS: &'static [(&'static str, RecordSubject, &'static str)] =
                &[$(($kind, RecordSubject::$subject, concat!($($doc),+))),+];

            /// Reads what a record of `kind` says from its other fields; `None` where there is no such kind.
            pub fn read<'de, D: Deserializer<'de>>(kind: &str, fields: D) -> Option<Result<Self, D::Error>> {
                match kind {
                    $($kind $(| $other)? => Some(<$body>::deserialize(fields).map(Self::$variant)),)+
                    _ => None,
                }
            }

            /// The shape of what a record of `kind` says, without the kind; `None` where there is no such kind.
            #[cfg(feature = "schema")]
            #[must_use]
            pub fn shape(kind: &str) -> Option<utoipa::openapi::RefOr<utoipa::openapi::Schema>> {
                match kind {
                    $($kind $(| $other)? => Some(<$body as utoipa::PartialSchema>::schema()),)+
                    _ => None,
                }
            }

            /// The kind's word.
            #[must_use]
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => $kind),+ }
            }

            /// What a record of this kind is about.
            #[must_use]
            pub fn subject(&self) -> RecordSubject {
                match self { $(Self::$variant(_) => RecordSubject::$subject),+ }
            }

            /// The days that the record can matter for.
            #[must_use]
            pub fn days(&self) -> Days {
                match self { $(Self::$variant(body) => body.days()),+ }
            }

            /// Every fault of what it says, by the names of its fields alone: values are client data and may reach a decision.
            #[must_use]
            pub fn faults(&self) -> Vec<String> {
                let mut faults = match self { $(Self::$variant(body) => body.faults()),+ };
                let Days { from, to } = self.days();
                faults.extend(from.and_then(|from| ends_first(from, to)));
                faults
            }
        }
    };
}

bodies! {
    /// Coverage of a client by a payer over a span of days (FHIR Coverage; X12 2000B, 2320).
    Coverage(Coverage) = "coverage" about Client,
    /// A negotiated exception from what a plan covers (FHIR Contract.term).
    BenefitException(BenefitException) = "benefit_exception" about Client,
    /// What counted against a maximum or deductible elsewhere (X12 271 EB).
    Accumulated(Accumulated) = "accumulated" about Client,
    /// An injury or accident (FHIR Claim.accident; X12 CLM11, DTP*439).
    Injury(Injury) = "injury" about Client,
    /// Where the client lives (FHIR Patient.address).
    Residence(Residence) = "residence" about Client,
    /// A case manager of the client for a line of service (FHIR EpisodeOfCare.careManager).
    Assignment(Assignment) = "assignment" about Client,
    /// The first appointment of a line of service (FHIR Appointment.start).
    FirstAppointment(FirstAppointment) = "first_appointment" about Client,
    /// A line of a prior authorization (FHIR ClaimResponse.item; X12 278).
    Authorization(Authorization) = "authorization" about Client,
    /// Enrolment in, or attribution to, a payer's programme (FHIR `EpisodeOfCare`).
    Programme(Programme) = "program" | "programme" about Client,
    /// A dated assessment (FHIR Observation).
    Assessment(Assessment) = "assessment" about Client,
    /// A care plan with its approval (FHIR `CarePlan`).
    CarePlan(CarePlan) = "care_plan" about Client,
    /// An order or referral (FHIR `ServiceRequest`; X12 2310A).
    Order(Order) = "order" about Client,
    /// A document on file (FHIR `DocumentReference`; X12 PWK).
    Document(Document) = "document" about Client,
    /// A stay in a hospital or facility, or a home health episode (FHIR Encounter.hospitalization).
    Stay(Stay) = "stay" about Client,
    /// An interactive contact or a visit that other work depends on (FHIR Communication).
    Contact(Contact) = "contact" about Client,
    /// Work together with other professionals (FHIR Communication).
    Collaboration(Collaboration) = "collaboration" about Client,
    /// A bundled episode (FHIR `EpisodeOfCare`).
    Episode(Episode) = "episode" about Client,
    /// Identifiers and employer of a person (FHIR Practitioner, `PractitionerRole`).
    Practitioner(Practitioner) = "practitioner" about Provider,
    /// A licence, certification, payer's certificate or training (FHIR Practitioner.qualification).
    Credential(Credential) = "credential" about Provider,
    /// Enrolment of a person with a payer (FHIR `PractitionerRole`, InsurancePlan.network).
    Enrolment(Enrolment) = "enrolment" about Provider,
    /// Days on which a person is away; it changes no decision (FHIR PractitionerRole.notAvailable).
    Absence(Absence) = "absence" about Provider,
    /// Identifiers of a practice (FHIR Organization.identifier; X12 2010AA).
    Practice(Practice) = "practice" about Practice,
    /// Whether a practice is in a payer's network (FHIR Coverage.network).
    Network(Network) = "network" about Practice,
    /// The signature of an encounter's record (FHIR Provenance.signature).
    Signature(Signature) = "signature" about Encounter,
    /// Minutes of one kind of work of an encounter (FHIR Procedure).
    Component(Component) = "component" about Encounter,
    /// How an encounter is claimed (X12 CLM02, CLM05-3, REF*F8).
    Claim(Claim) = "claim" about Encounter,
    /// The level of care of an encounter.
    LevelOfCare(LevelOfCare) = "level_of_care" about Encounter,
    /// A goal of the care plan that an encounter worked on (FHIR Goal).
    Goal(Goal) = "goal" about Encounter,
    /// What is documented about an encounter's medical necessity.
    Necessity(Necessity) = "necessity" about Encounter,
    /// What a payer that came before did with an encounter (X12 835; 837 loop 2320).
    PriorAnswer(PriorAnswer) = "prior_answer" about Encounter,
}

/// Days that a record can matter for: half open, an absent end is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Days {
    /// First day.
    pub from: Option<ServiceDate>,
    /// First day after.
    pub to: Option<ServiceDate>,
}

impl Days {
    /// Whether `day` is one of them.
    #[must_use]
    pub fn hold(self, day: ServiceDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day < to)
    }
}

/// What every kind can say of itself.
trait Body {
    fn days(&self) -> Days {
        Days::default()
    }

    fn faults(&self) -> Vec<String> {
        Vec::new()
    }
}

fn ends_first(from: ServiceDate, to: Option<ServiceDate>) -> Option<String> {
    let is_empty = DateRange::new(from, to).is_err();
    is_empty.then(|| "`to`: is not after `from`; write the first day after the last one".to_owned())
}

fn below_zero(name: &str, cents: Cents) -> Option<String> {
    (cents < Cents::ZERO).then(|| format!("`{name}`: is below zero; write 0 or more"))
}

/// Whether a span of days holds `day`.
fn holds(from: ServiceDate, to: Option<ServiceDate>, day: ServiceDate) -> bool {
    DateRange { from, to }.contains(day)
}

/// Kinds of which a subject may have only one at a time: the others never stand in each other's way.
pub const EXCLUSIVE_KINDS: [&str; 4] = ["coverage", "assignment", "enrolment", "component"];

/// What is wrong with records together: where only one can be so, each that another excludes is told with the first such other.
#[must_use]
pub fn faults_together(records: &[Record]) -> Vec<String> {
    let mut earlier: BTreeMap<(&Token, &str), Vec<&Record>> = BTreeMap::new();
    let mut faults = Vec::new();
    for record in records.iter().filter(|record| EXCLUSIVE_KINDS.contains(&record.body.kind())) {
        let others = earlier.entry((&record.subject_id, record.body.kind())).or_default();
        let first = others.iter().filter(|other| other.record_id != record.record_id).find_map(|other| {
            let clash = match (&record.body, &other.body) {
                (RecordBody::Coverage(a), RecordBody::Coverage(b)) => a.clashes_with(b),
                (RecordBody::Assignment(a), RecordBody::Assignment(b)) => a.clashes_with(b),
                (RecordBody::Enrolment(a), RecordBody::Enrolment(b)) => a.clashes_with(b),
                (RecordBody::Component(a), RecordBody::Component(b)) => a.clashes_with(b),
                _ => None,
            };
            clash.map(|clash| format!("`{}`: overlaps `{}`, {clash}", record.record_id, other.record_id))
        });
        faults.extend(first);
        others.push(record);
    }
    faults
}

#[cfg(test)]
mod fault_tests;
#[cfg(test)]
mod tests;
