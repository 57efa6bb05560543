//! The columns of a batch by field. A field that the policy does not read is an empty column.

use std::ops::Range;

use adjudica_core::columns::{Batch, Column};
use adjudica_core::{ColumnKind, Field};

use super::EvaluateFault;
use crate::image::{Image, NOT_READ};

/// Columns of a batch, found once.
pub(super) struct View<'b> {
    pub batch: &'b Batch,
    pub date_of_service: &'b [i32],
    pub received_on: &'b [i32],
    pub procedure_code: &'b [u32],
    pub service: &'b [u32],
    pub minutes: &'b [u32],
    pub role: &'b [u32],
    pub phase: &'b [u32],
    pub mode: &'b [u32],
    pub place: &'b [u32],
    pub group_size: &'b [u32],
    pub rendering_provider: &'b [u32],
    pub billing_provider: &'b [u32],
    pub payer: &'b [u32],
    pub diagnosis: &'b [u32],
    pub modifier_offset: &'b [u32],
    pub modifier_code: &'b [u32],
    pub info_offset: &'b [u32],
    pub info_category: &'b [u32],
    pub ledger_offset: &'b [u32],
    pub ledger_date: &'b [i32],
    pub ledger_code: &'b [u32],
    pub ledger_units: &'b [u32],
    pub ledger_rendering_provider: &'b [u32],
    pub ledger_billing_provider: &'b [u32],
    pub ledger_payer: &'b [u32],
    pub ledger_diagnosis: &'b [u32],
    pub rate_code: &'b [u32],
    pub rate_from: &'b [i32],
    pub rate_to: &'b [i32],
    pub rate_cents: &'b [i64],
    pub rate_method: &'b [u32],
    /// The columns of a rate's selectors, each beside the encounter's own.
    pub rate_selectors: [(&'b [u32], &'b [u32]); 5],
    pub rate_modifier: &'b [u32],
    pub ledger_mode: &'b [u32],
    pub ledger_minutes: &'b [u32],
    pub diagnosis_offset: &'b [u32],
    pub diagnosis_code: &'b [u32],
    pub component_offset: &'b [u32],
    pub component_kind: &'b [u32],
    pub component_minutes: &'b [u32],
    pub date_offset: &'b [u32],
    pub date_kind: &'b [u32],
    pub date_day: &'b [i32],
    pub authorization_offset: &'b [u32],
    pub authorization_line: &'b [u32],
    pub authorization_code: &'b [u32],
    pub authorization_from: &'b [i32],
    pub authorization_to: &'b [i32],
    pub authorization_units: &'b [u32],
    pub parameter_name: &'b [u32],
    pub parameter_from: &'b [i32],
    pub parameter_to: &'b [i32],
    pub parameter_value: &'b [u32],
}

impl<'b> View<'b> {
    pub(super) fn new(image: &Image<'_>, batch: &'b Batch) -> Result<Self, EvaluateFault> {
        let finder = Finder { image, batch };
        Ok(Self {
            batch,
            date_of_service: finder.days(Field::EncounterDateOfService)?,
            received_on: finder.days(Field::EncounterReceivedOn)?,
            procedure_code: finder.words(Field::EncounterProcedureCode)?,
            service: finder.words(Field::EncounterService)?,
            minutes: finder.words(Field::EncounterMinutes)?,
            role: finder.words(Field::EncounterRenderingProviderRole)?,
            phase: finder.words(Field::EncounterPhase)?,
            mode: finder.words(Field::EncounterMode)?,
            place: finder.words(Field::EncounterPlaceOfService)?,
            group_size: finder.words(Field::EncounterGroupSize)?,
            rendering_provider: finder.words(Field::EncounterRenderingProvider)?,
            billing_provider: finder.words(Field::EncounterBillingProvider)?,
            payer: finder.words(Field::EncounterPayer)?,
            diagnosis: finder.words(Field::EncounterDiagnosis)?,
            modifier_offset: finder.words(Field::ModifierOffset)?,
            modifier_code: finder.words(Field::ModifierCode)?,
            info_offset: finder.words(Field::SupportingInfoOffset)?,
            info_category: finder.words(Field::SupportingInfoCategory)?,
            ledger_offset: finder.words(Field::LedgerOffset)?,
            ledger_date: finder.days(Field::LedgerDateOfService)?,
            ledger_code: finder.words(Field::LedgerProcedureCode)?,
            ledger_units: finder.words(Field::LedgerUnits)?,
            ledger_rendering_provider: finder.words(Field::LedgerRenderingProvider)?,
            ledger_billing_provider: finder.words(Field::LedgerBillingProvider)?,
            ledger_payer: finder.words(Field::LedgerPayer)?,
            ledger_diagnosis: finder.words(Field::LedgerDiagnosis)?,
            rate_code: finder.words(Field::RateProcedureCode)?,
            rate_from: finder.days(Field::RateFrom)?,
            rate_to: finder.days(Field::RateTo)?,
            rate_cents: finder.cents(Field::RateCents)?,
            rate_method: finder.words(Field::RateMethod)?,
            rate_selectors: [
                (finder.words(Field::RatePlan)?, finder.words(Field::EncounterPlan)?),
                (finder.words(Field::RateServiceLine)?, finder.words(Field::EncounterServiceLine)?),
                (finder.words(Field::RateRegion)?, finder.words(Field::EncounterRegion)?),
                (finder.words(Field::RateRole)?, finder.words(Field::EncounterRenderingProviderRole)?),
                (finder.words(Field::RatePlaceOfService)?, finder.words(Field::EncounterPlaceOfService)?),
            ],
            rate_modifier: finder.words(Field::RateModifier)?,
            ledger_mode: finder.words(Field::LedgerMode)?,
            ledger_minutes: finder.words(Field::LedgerMinutes)?,
            diagnosis_offset: finder.words(Field::DiagnosisOffset)?,
            diagnosis_code: finder.words(Field::DiagnosisCode)?,
            component_offset: finder.words(Field::ComponentOffset)?,
            component_kind: finder.words(Field::ComponentKind)?,
            component_minutes: finder.words(Field::ComponentMinutes)?,
            date_offset: finder.words(Field::DateOffset)?,
            date_kind: finder.words(Field::DateKind)?,
            date_day: finder.days(Field::DateDay)?,
            authorization_offset: finder.words(Field::AuthorizationOffset)?,
            authorization_line: finder.words(Field::AuthorizationLine)?,
            authorization_code: finder.words(Field::AuthorizationProcedureCode)?,
            authorization_from: finder.days(Field::AuthorizationFrom)?,
            authorization_to: finder.days(Field::AuthorizationTo)?,
            authorization_units: finder.words(Field::AuthorizationUnits)?,
            parameter_name: finder.words(Field::ParameterName)?,
            parameter_from: finder.days(Field::ParameterFrom)?,
            parameter_to: finder.days(Field::ParameterTo)?,
            parameter_value: finder.words(Field::ParameterValue)?,
        })
    }

    /// Text `index` of the dictionary.
    pub(super) fn text(&self, index: u32) -> Option<&'b str> {
        std::str::from_utf8(text_bytes(self.batch, index)?).ok()
    }
}

/// The bytes of text `index` of the dictionary.
pub(super) fn text_bytes(batch: &Batch, index: u32) -> Option<&[u8]> {
    let offsets = batch.dictionary_offsets.get(usize::try_from(index).ok()?..)?;
    let [from, to] = offsets.first_chunk()?.map(usize::try_from);
    batch.dictionary_bytes.get(from.ok()?..to.ok()?)
}

/// The value of row `row`, or `none` where there is no such row.
pub(super) fn value<T: Copy>(column: &[T], row: u32, none: T) -> T {
    usize::try_from(row).ok().and_then(|row| column.get(row)).copied().unwrap_or(none)
}

/// The rows that `parent` owns in a child table; none where the offsets are not read.
pub(super) fn child_range(offsets: &[u32], parent: u32) -> Range<usize> {
    let parent = usize::try_from(parent).unwrap_or(usize::MAX);
    match offsets.get(parent..).and_then(|offsets| offsets.first_chunk()) {
        Some([from, to]) => usize::try_from(*from).unwrap_or(0)..usize::try_from(*to).unwrap_or(0),
        None => 0..0,
    }
}

/// The rows that `parent` owns.
pub(super) fn child_rows<'b, T>(offsets: &[u32], rows: &'b [T], parent: u32) -> &'b [T] {
    rows.get(child_range(offsets, parent)).unwrap_or_default()
}

struct Finder<'i, 'a, 'b> {
    image: &'i Image<'a>,
    batch: &'b Batch,
}

impl<'b> Finder<'_, '_, 'b> {
    fn column(&self, field: Field) -> Result<Option<&'b Column>, EvaluateFault> {
        match self.image.column_of.get(field.position()).copied().unwrap_or(NOT_READ) {
            NOT_READ => Ok(None),
            position => self.batch.columns.get(usize::from(position)).map(Some).ok_or(EvaluateFault::Batch),
        }
    }

    fn words(&self, field: Field) -> Result<&'b [u32], EvaluateFault> {
        debug_assert!(!matches!(field.kind(), ColumnKind::Day | ColumnKind::Cents));
        match self.column(field)? {
            None => Ok(&[]),
            Some(Column::Words(values)) => Ok(values),
            Some(_) => Err(EvaluateFault::Batch),
        }
    }

    fn days(&self, field: Field) -> Result<&'b [i32], EvaluateFault> {
        match self.column(field)? {
            None => Ok(&[]),
            Some(Column::Days(values)) => Ok(values),
            Some(_) => Err(EvaluateFault::Batch),
        }
    }

    fn cents(&self, field: Field) -> Result<&'b [i64], EvaluateFault> {
        match self.column(field)? {
            None => Ok(&[]),
            Some(Column::Cents(values)) => Ok(values),
            Some(_) => Err(EvaluateFault::Batch),
        }
    }
}
