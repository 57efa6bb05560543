//! Contracted rates of a batch: which one an encounter gets, and what it makes of it.

use adjudica_core::field::{NONE_S32, NONE_U32};
use adjudica_core::terms::PricingMethod;
use adjudica_core::{Cents, Units};

use super::columns::{View, child_rows, value};
use super::row::Row;
use super::symbols::Symbols;
use crate::image::NONE;

/// Minutes of an hour.
const HOUR: i64 = 60;

/// One rate of the agency's terms.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    code: u32,
    from: i32,
    to: i32,
    cents: Cents,
    pub method: PricingMethod,
    /// Texts of the selectors, in the order of the view; [`NONE_U32`] where a selector is not given.
    selectors: [u32; 5],
    modifier: u32,
    specificity: u32,
}

/// Rates of the agency's terms for the codes that the policy knows.
pub(super) struct Rates {
    rates: Vec<Rate>,
}

impl Rates {
    pub(super) fn new(view: &View<'_>, symbols: &Symbols<'_>) -> Self {
        let rows = (0_u32..).zip(view.rate_code).map(|(row, code)| {
            let selectors = view.rate_selectors.map(|(of_rate, _)| value(of_rate, row, NONE_U32));
            let modifier = value(view.rate_modifier, row, NONE_U32);
            let given = selectors.iter().chain([&modifier]).filter(|text| **text != NONE_U32).count();
            let method = view.text(value(view.rate_method, row, NONE_U32)).unwrap_or_default();
            Rate {
                code: symbols.find(*code).code(),
                from: value(view.rate_from, row, NONE_S32),
                to: value(view.rate_to, row, NONE_S32),
                cents: Cents::new(value(view.rate_cents, row, 0)),
                method: PricingMethod::ALL.into_iter().find(|known| known.as_str() == method).unwrap_or_default(),
                selectors,
                modifier,
                specificity: u32::try_from(given).unwrap_or(u32::MAX),
            }
        });
        Self { rates: rows.filter(|rate| rate.code != NONE).collect() }
    }

    /// The rate of `code` for the encounter: of those whose selectors all hold, the one with the most of them.
    pub(super) fn find(&self, code: u32, row: &Row, view: &View<'_>) -> Option<&Rate> {
        let in_force =
            |rate: &&Rate| rate.code == code && rate.from <= row.day && (rate.to == NONE_S32 || row.day < rate.to);
        let held = self.rates.iter().filter(in_force).filter(|rate| rate.specificity == 0 || holds(rate, row, view));
        // Terms hold no two rates of the same number of selectors that can meet; the first is as good as any.
        held.reduce(|best, rate| if rate.specificity > best.specificity { rate } else { best })
    }
}

fn holds(rate: &Rate, row: &Row, view: &View<'_>) -> bool {
    let mut pairs = rate.selectors.iter().zip(view.rate_selectors);
    let is_of = |asked: u32, column: &[u32]| asked == NONE_U32 || asked == value(column, row.number, NONE_U32);
    let has_modifier = || child_rows(view.modifier_offset, view.modifier_code, row.number).contains(&rate.modifier);
    pairs.all(|(asked, (_, of_encounter))| is_of(*asked, of_encounter)) && (rate.modifier == NONE_U32 || has_modifier())
}

impl Rate {
    /// The amount of the line; `None` when it does not fit 64 bits. An hourly sum is rounded half up to the cent.
    pub(super) fn cents(&self, units: u32, minutes: u32) -> Option<Cents> {
        match self.method {
            PricingMethod::PerUnit => self.cents.times(Units(units)).ok(),
            PricingMethod::Hourly => {
                let minutes = if minutes == NONE_U32 { 0 } else { i64::from(minutes) };
                Some(self.cents.share_half_up(minutes, HOUR)).filter(|cents| *cents < Cents::MAX)
            }
            PricingMethod::PerCase | PricingMethod::Monthly => Some(self.cents),
            PricingMethod::Capitation => Some(Cents::ZERO),
        }
    }
}
