//! What is known about an encounter. Field names follow FHIR R4 and X12 837P; what a policy may see of it is in `field`.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cents::Cents;
use crate::code::{Modifier, PlaceOfService, ProcedureCode};
use crate::date::ServiceDate;
use crate::quantity::{Minutes, Units};
use crate::standing::Standing;
use crate::token::Token;

/// Patients that a group session may have.
pub const GROUP_SIZES: std::ops::RangeInclusive<u32> = 1..=1_000;
/// Most modifiers on an encounter (X12 SV101-3 to -6).
pub const MODIFIERS_MAX: usize = 4;
/// Most diagnoses on an encounter (X12 HI).
pub const DIAGNOSES_MAX: usize = 12;
/// Most kinds of supporting information on an encounter.
pub const SUPPORTING_INFO_MAX: usize = 64;

/// One documented contact or piece of work on a date of service. `Debug` prints its id only: the rest is client data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = Facts))]
#[serde(deny_unknown_fields)]
pub struct EncounterFacts {
    /// The agency's own id of the encounter; unique within the agency.
    pub encounter_id: Token,
    /// Who was served (FHIR Encounter.subject). Opaque; never shown to a policy.
    pub client_id: Token,
    /// Who is asked to pay (X12 2010BB NM109).
    pub payer_id: Token,
    /// The plan within the payer (FHIR Coverage.class).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<Token>,
    /// The line of service (FHIR Encounter.serviceType).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_line: Option<Token>,
    /// The day the work was done (X12 2400 DTP*472).
    pub date_of_service: ServiceDate,
    /// The code asked for (X12 SV101); without it the policy finds the code from `service` and the minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub procedure_code: Option<ProcedureCode>,
    /// The kind of work, for policies that find the code: `telephone`, `group_education`, ... (FHIR Encounter.type).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Token>,
    /// Documented minutes; absent when the record does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<Minutes>,
    /// Who did the work (X12 2310B NM1*82).
    pub rendering_provider_id: Token,
    /// Their role: `RN`, `MSW`, `CHW`, ... (FHIR PractitionerRole.code).
    pub rendering_provider_role: Token,
    /// The practice that bills (X12 2010AA NM1*85).
    pub billing_provider_id: Token,
    /// Where in the process the work stands: `screening`, `assessment`, `implementation`, `closure`.
    pub phase: Token,
    /// How contact was made: `in_person`, `video`, `telephone`, `none` (FHIR Encounter.class).
    pub mode: Token,
    /// CMS place of service (X12 CLM05-1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place_of_service: Option<PlaceOfService>,
    /// Patients in a group session, 1 to 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(minimum = 1, maximum = 1000))]
    pub group_size: Option<u32>,
    /// Modifiers asked for, at most 4 (X12 SV101-3 to -6).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_items = 4))]
    pub modifiers: BTreeSet<Modifier>,
    /// ICD-10-CM codes, the principal one first, at most 12 (X12 HI).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_items = 12))]
    pub diagnoses: Vec<Token>,
    /// What the record shows besides: `care_plan`, `video_declined`, `group_participates`, ..., at most 64 (FHIR Claim.supportingInfo).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_items = 64))]
    pub supporting_info: BTreeSet<Token>,
    /// The day the claim reaches the payer, for filing limits (FHIR Claim.created).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_on: Option<ServiceDate>,
    /// What the agency's records say on the date of service; the host resolves it, nobody sends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Box<Standing>>,
}

impl EncounterFacts {
    /// The documented minutes; where the record only divides them by kind of work, their sum.
    #[must_use]
    pub fn documented_minutes(&self) -> Option<Minutes> {
        let components = &self.standing().components;
        let sum = || Minutes(components.values().fold(0, |sum, minutes| sum.saturating_add(minutes.0)));
        self.minutes.or_else(|| (!components.is_empty()).then(sum))
    }

    /// What the records say, where they say anything.
    #[must_use]
    pub fn standing(&self) -> &Standing {
        self.standing.as_deref().unwrap_or(Standing::nothing())
    }
}

impl fmt::Debug for EncounterFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncounterFacts").field("encounter_id", &self.encounter_id).finish_non_exhaustive()
    }
}

/// One billed line of a client: what limits count. Reversed lines are not given to policies.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerLine {
    /// Who was asked to pay.
    pub payer_id: Token,
    /// The day of the work.
    pub date_of_service: ServiceDate,
    /// The code billed.
    pub procedure_code: ProcedureCode,
    /// Units billed.
    pub units: Units,
    /// What they were billed for.
    pub amount_cents: Cents,
    /// The practice that billed.
    pub billing_provider_id: Token,
    /// Who did the work.
    pub rendering_provider_id: Token,
    /// The principal diagnosis, where one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<Token>,
    /// How contact was made; absent on lines that were billed before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Token>,
    /// Documented minutes of the encounter, on its first line; a line of 0 units holds minutes that did not make a unit yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<Minutes>,
    /// What the payer is expected to pay of the amount, where it is less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_cents: Option<Cents>,
    /// What the patient's deductible bears of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deductible_cents: Option<Cents>,
}

impl fmt::Debug for LedgerLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LedgerLine").field("procedure_code", &self.procedure_code).finish_non_exhaustive()
    }
}

/// One client's encounters to decide, in order of date of service then id, after the lines billed before them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Timeline {
    /// Lines billed before this call, in order of date of service.
    pub ledger: Vec<LedgerLine>,
    /// Encounters to decide now.
    pub encounters: Vec<EncounterFacts>,
}

impl Timeline {
    /// Puts encounters and lines into the order that the contract promises.
    pub fn sort(&mut self) {
        self.ledger.sort_by_key(|line| line.date_of_service);
        self.encounters.sort_by(|a, b| (a.date_of_service, &a.encounter_id).cmp(&(b.date_of_service, &b.encounter_id)));
    }
}
