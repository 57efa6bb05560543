//! One encounter as rules see it: numbers, bits and counts, with absent values marked.

use adjudica_core::ServiceDate;
use adjudica_core::field::{NONE_S32, NONE_U32};
use adjudica_core::name_set::{NameSet, bit};

use super::columns::{View, child_rows, value};
use super::ledger::{BilledLine, Ledger};
use super::symbols::Symbols;
use crate::image::NONE;

/// One encounter, its names resolved to positions.
#[derive(Debug)]
pub struct Row {
    pub(crate) number: u32,
    pub(crate) day: i32,
    pub(crate) received_on: i32,
    /// Whether a code was asked for at all.
    pub(crate) asks_for_code: bool,
    pub(crate) code: u32,
    pub(crate) service: u32,
    /// The minutes that count for the code, once there is one.
    pub(crate) minutes: u32,
    /// The minutes of the record, whichever count.
    pub(crate) documented: u32,
    pub(crate) role: u32,
    pub(crate) phase: u32,
    pub(crate) mode: u32,
    /// The mode's text, which a ledger line has too.
    pub(crate) mode_text: u32,
    pub(crate) place: u32,
    pub(crate) has_place: bool,
    pub(crate) group_size: u32,
    /// What the record shows besides.
    pub(crate) shown: NameSet,
    pub(crate) modifiers: u32,
    pub(crate) has_unknown_modifier: bool,
    pub(crate) rendering_provider: u32,
    pub(crate) billing_provider: u32,
    pub(crate) payer: u32,
    pub(crate) diagnosis: u32,
}

impl Row {
    /// Bit of the phase and mode in a table of eight by eight.
    pub(crate) fn phase_mode_bit(&self) -> u64 {
        1_u64 << (self.phase * 8 + self.mode)
    }
}

/// Reads rows out of a batch.
pub(super) struct RowReader<'v, 'b> {
    view: &'v View<'b>,
    symbols: &'v Symbols<'b>,
}

impl<'v, 'b> RowReader<'v, 'b> {
    pub(super) fn new(view: &'v View<'b>, symbols: &'v Symbols<'b>) -> Self {
        Self { view, symbols }
    }

    /// What the record shows besides.
    fn shown(&self, number: u32) -> NameSet {
        let categories = child_rows(self.view.info_offset, self.view.info_category, number);
        let position = |category: &u32| self.symbols.find(*category).info();
        let add = |bits, position| if position == NONE { bits } else { bits | bit(position) };
        let bits = categories.iter().map(position).fold(0, add);
        if bits & bit(NONE) == 0 {
            return NameSet::of_bits(bits);
        }
        categories.iter().map(position).filter(|position| *position != NONE).collect()
    }

    pub(super) fn read(&self, number: u32) -> Row {
        let (view, symbols) = (self.view, self.symbols);
        let shown = self.shown(number);
        let symbol = |column: &[u32]| symbols.find(value(column, number, NONE_U32));
        let asked = value(view.procedure_code, number, NONE_U32);
        let mut modifiers = 0;
        let mut has_unknown_modifier = false;
        for modifier in child_rows(view.modifier_offset, view.modifier_code, number) {
            let bit = symbols.find(*modifier).modifier_bit();
            modifiers |= bit;
            has_unknown_modifier |= bit == 0;
        }
        Row {
            number,
            day: value(view.date_of_service, number, NONE_S32),
            received_on: value(view.received_on, number, NONE_S32),
            asks_for_code: asked != NONE_U32,
            code: symbols.find(asked).code(),
            service: symbol(view.service).service(),
            minutes: value(view.minutes, number, NONE_U32),
            documented: value(view.minutes, number, NONE_U32),
            role: symbol(view.role).role(),
            phase: symbol(view.phase).phase(),
            mode: symbol(view.mode).mode(),
            mode_text: value(view.mode, number, NONE),
            place: symbol(view.place).place(),
            has_place: value(view.place, number, NONE_U32) != NONE_U32,
            group_size: value(view.group_size, number, NONE_U32),
            shown,
            modifiers,
            has_unknown_modifier,
            rendering_provider: value(view.rendering_provider, number, NONE),
            billing_provider: value(view.billing_provider, number, NONE),
            payer: value(view.payer, number, NONE),
            diagnosis: value(view.diagnosis, number, NONE),
        }
    }
}

/// One encounter as a policy's own code sees it. Fields that the manifest does not read are absent.
pub struct Encounter<'e> {
    row: &'e Row,
    view: &'e View<'e>,
    ledger: &'e Ledger<'e>,
}

impl<'e> Encounter<'e> {
    pub(super) fn new(row: &'e Row, view: &'e View<'e>, ledger: &'e Ledger<'e>) -> Self {
        Self { row, view, ledger }
    }

    fn text(&self, column: &[u32]) -> Option<&str> {
        self.view.text(value(column, self.row.number, NONE_U32))
    }

    /// Day of the work.
    #[must_use]
    pub fn date_of_service(&self) -> ServiceDate {
        ServiceDate::from_days(self.row.day)
    }

    /// Day the claim reaches the payer.
    #[must_use]
    pub fn received_on(&self) -> Option<ServiceDate> {
        (self.row.received_on != NONE_S32).then(|| ServiceDate::from_days(self.row.received_on))
    }

    /// Code asked for.
    #[must_use]
    pub fn procedure_code(&self) -> Option<&str> {
        self.text(self.view.procedure_code)
    }

    /// Documented minutes.
    #[must_use]
    pub fn minutes(&self) -> Option<u32> {
        (self.row.minutes != NONE_U32).then_some(self.row.minutes)
    }

    /// Patients in the group.
    #[must_use]
    pub fn group_size(&self) -> Option<u32> {
        (self.row.group_size != NONE_U32).then_some(self.row.group_size)
    }

    /// Role of who did the work.
    #[must_use]
    pub fn rendering_provider_role(&self) -> Option<&str> {
        self.text(self.view.role)
    }

    /// Where in the process the work stands.
    #[must_use]
    pub fn phase(&self) -> Option<&str> {
        self.text(self.view.phase)
    }

    /// How contact was made.
    #[must_use]
    pub fn mode(&self) -> Option<&str> {
        self.text(self.view.mode)
    }

    /// CMS place of service.
    #[must_use]
    pub fn place_of_service(&self) -> Option<&str> {
        self.text(self.view.place)
    }

    /// Principal diagnosis.
    #[must_use]
    pub fn diagnosis(&self) -> Option<&str> {
        self.text(self.view.diagnosis)
    }

    /// Whether the record shows `category`.
    #[must_use]
    pub fn has_supporting_info(&self, category: &str) -> bool {
        let categories = child_rows(self.view.info_offset, self.view.info_category, self.row.number);
        categories.iter().any(|text| self.view.text(*text) == Some(category))
    }

    /// Lines billed for this client on or before the date of service, earlier in this call included, oldest first.
    pub fn ledger(&self) -> impl Iterator<Item = BilledLine> {
        self.ledger.lines_until(self.row.day)
    }
}
