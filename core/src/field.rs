//! The catalogue of fields that a policy may declare it reads, with the type of each column. A new fact is a new row here.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::ValueError;

/// How the values of a column are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// `list<u32>`: index into the batch's dictionary of strings; [`NONE_U32`] where absent.
    Text,
    /// `list<u32>`: an opaque number, equal within a batch exactly where the host's ids are equal.
    Identity,
    /// `list<u32>`: a count; [`NONE_U32`] where absent.
    Count,
    /// `list<s32>`: days since 1970-01-01; [`NONE_S32`] where absent.
    Day,
    /// `list<s64>`: whole cents.
    Cents,
    /// `list<u32>`: rows of a child table; row n of the parent owns `offset[n] .. offset[n + 1]`.
    Offset,
}

/// An absent text or count.
pub const NONE_U32: u32 = u32::MAX;
/// An absent day.
pub const NONE_S32: i32 = i32::MIN;

macro_rules! fields {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal : $kind:ident),+ $(,)?) => {
        /// A field that a policy may read. Names are `table.field`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Field { $($(#[doc = $doc])+ $variant),+ }

        impl Field {
            /// Every field, in the order of the catalogue.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its position in [`Field::ALL`].
            #[must_use]
            pub fn position(self) -> usize {
                self as usize
            }

            /// `table.field`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The type of its column.
            #[must_use]
            pub fn kind(self) -> ColumnKind {
                match self { $(Self::$variant => ColumnKind::$kind),+ }
            }
        }
    };
}

fields! {
    /// Day of the work.
    EncounterDateOfService = "encounter.date_of_service": Day,
    /// Code asked for.
    EncounterProcedureCode = "encounter.procedure_code": Text,
    /// Kind of work, for policies that find the code.
    EncounterService = "encounter.service": Text,
    /// Documented minutes.
    EncounterMinutes = "encounter.minutes": Count,
    /// Role of who did the work.
    EncounterRenderingProviderRole = "encounter.rendering_provider_role": Text,
    /// Who did the work, opaque.
    EncounterRenderingProvider = "encounter.rendering_provider": Identity,
    /// The practice that bills, opaque.
    EncounterBillingProvider = "encounter.billing_provider": Identity,
    /// The payer, opaque.
    EncounterPayer = "encounter.payer": Identity,
    /// Where in the process the work stands.
    EncounterPhase = "encounter.phase": Text,
    /// How contact was made.
    EncounterMode = "encounter.mode": Text,
    /// CMS place of service.
    EncounterPlaceOfService = "encounter.place_of_service": Text,
    /// Patients in a group session.
    EncounterGroupSize = "encounter.group_size": Count,
    /// Principal diagnosis.
    EncounterDiagnosis = "encounter.diagnosis": Text,
    /// Day the claim reaches the payer.
    EncounterReceivedOn = "encounter.received_on": Day,
    /// The plan within the payer.
    EncounterPlan = "encounter.plan": Text,
    /// The line of service.
    EncounterServiceLine = "encounter.service_line": Text,
    /// The region of the client's residence.
    EncounterRegion = "encounter.region": Text,
    /// Rows of `diagnosis` of each encounter.
    DiagnosisOffset = "diagnosis.offset": Offset,
    /// Every diagnosis, the principal one first.
    DiagnosisCode = "diagnosis.code": Text,
    /// Rows of `component` of each encounter.
    ComponentOffset = "component.offset": Offset,
    /// Kind of work of a part of the documented minutes.
    ComponentKind = "component.kind": Text,
    /// Minutes of that part.
    ComponentMinutes = "component.minutes": Count,
    /// Rows of `date` of each encounter.
    DateOffset = "date.offset": Offset,
    /// Kind of a day that the records name: discharge, order, signature.
    DateKind = "date.kind": Text,
    /// The day.
    DateDay = "date.day": Day,
    /// Rows of `authorization` of each encounter: one for each approved line and code.
    AuthorizationOffset = "authorization.offset": Offset,
    /// The approved line, opaque.
    AuthorizationLine = "authorization.line": Identity,
    /// A code that it covers.
    AuthorizationProcedureCode = "authorization.procedure_code": Text,
    /// Its first day.
    AuthorizationFrom = "authorization.from": Day,
    /// Its first day after.
    AuthorizationTo = "authorization.to": Day,
    /// Units approved.
    AuthorizationUnits = "authorization.units": Count,
    /// Rows of `modifier` of each encounter.
    ModifierOffset = "modifier.offset": Offset,
    /// Modifiers asked for.
    ModifierCode = "modifier.code": Text,
    /// Rows of `supporting_info` of each encounter.
    SupportingInfoOffset = "supporting_info.offset": Offset,
    /// What the record shows besides, and those conditions of the records that the manifest names.
    SupportingInfoCategory = "supporting_info.category": Text,
    /// Rows of `ledger` of each timeline.
    LedgerOffset = "ledger.offset": Offset,
    /// Day of a billed line.
    LedgerDateOfService = "ledger.date_of_service": Day,
    /// Code of a billed line.
    LedgerProcedureCode = "ledger.procedure_code": Text,
    /// Units of a billed line.
    LedgerUnits = "ledger.units": Count,
    /// How contact was made for a billed line.
    LedgerMode = "ledger.mode": Text,
    /// Documented minutes of the encounter of a billed line, on its first line.
    LedgerMinutes = "ledger.minutes": Count,
    /// Who did the billed work, opaque.
    LedgerRenderingProvider = "ledger.rendering_provider": Identity,
    /// The practice that billed the line, opaque.
    LedgerBillingProvider = "ledger.billing_provider": Identity,
    /// Who was asked to pay the line, opaque.
    LedgerPayer = "ledger.payer": Identity,
    /// Principal diagnosis of a billed line.
    LedgerDiagnosis = "ledger.diagnosis": Text,
    /// Code of a contracted rate.
    RateProcedureCode = "rate.procedure_code": Text,
    /// First day of a contracted rate.
    RateFrom = "rate.from": Day,
    /// First day after a contracted rate.
    RateTo = "rate.to": Day,
    /// How a contracted rate pays: `per_unit`, `hourly`, `per_case`, `monthly`, `capitation`.
    RateMethod = "rate.method": Text,
    /// The plan that a rate is for.
    RatePlan = "rate.plan": Text,
    /// The line of service that a rate is for.
    RateServiceLine = "rate.service_line": Text,
    /// The region that a rate is for.
    RateRegion = "rate.region": Text,
    /// The role that a rate is for.
    RateRole = "rate.role": Text,
    /// The place of service that a rate is for.
    RatePlaceOfService = "rate.place_of_service": Text,
    /// The modifier that a rate is for.
    RateModifier = "rate.modifier": Text,
    /// Name of a number that the agency's terms set.
    ParameterName = "parameter.name": Text,
    /// First day of the number.
    ParameterFrom = "parameter.from": Day,
    /// First day after it.
    ParameterTo = "parameter.to": Day,
    /// The number.
    ParameterValue = "parameter.value": Count,
    /// Cents for one unit.
    RateCents = "rate.cents": Cents,
}

impl Field {
    /// The field of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.name() == name)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::find(&name).ok_or_else(|| serde::de::Error::custom(ValueError::NotAField { field: name }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_finds_each_field_by_its_own_name_only() {
        for field in Field::ALL {
            assert_eq!(Field::find(field.name()), Some(*field));
        }
        assert_eq!(Field::find("encounter.client_name"), None);
    }
}
