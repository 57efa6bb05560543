//! Contracted rates of a batch by code and day.

use adjudica_core::field::NONE_S32;

use super::columns::{View, value};
use super::symbols::Symbols;
use crate::image::NONE;

struct Rate {
    code: u32,
    from: i32,
    to: i32,
    cents: i64,
}

/// Rates of the agency's terms for the codes that the policy knows.
pub(super) struct Rates {
    rates: Vec<Rate>,
}

impl Rates {
    pub(super) fn new(view: &View<'_>, symbols: &Symbols) -> Self {
        let rows = (0_u32..).zip(view.rate_code).map(|(row, code)| Rate {
            code: symbols.find(*code).code,
            from: value(view.rate_from, row, NONE_S32),
            to: value(view.rate_to, row, NONE_S32),
            cents: value(view.rate_cents, row, 0),
        });
        Self { rates: rows.filter(|rate| rate.code != NONE).collect() }
    }

    /// Cents for one unit of `code` on `day`.
    pub(super) fn find(&self, code: u32, day: i32) -> Option<i64> {
        let in_force = |rate: &&Rate| rate.code == code && rate.from <= day && (rate.to == NONE_S32 || day < rate.to);
        self.rates.iter().find(in_force).map(|rate| rate.cents)
    }
}
