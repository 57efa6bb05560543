//! Numbers that the agency's terms set, by day.

use adjudica_core::field::{NONE_S32, NONE_U32};

use super::columns::{View, value};
use super::symbols::Symbols;
use crate::image::NONE;

struct Parameter {
    position: u32,
    from: i32,
    to: i32,
    value: u32,
}

/// The numbers that the policy knows and the terms give.
pub(super) struct Parameters {
    given: Vec<Parameter>,
}

impl Parameters {
    pub(super) fn new(view: &View<'_>, symbols: &Symbols<'_>) -> Self {
        let rows = (0_u32..).zip(view.parameter_name).map(|(row, name)| Parameter {
            position: symbols.find(*name).parameter(),
            from: value(view.parameter_from, row, NONE_S32),
            to: value(view.parameter_to, row, NONE_S32),
            value: value(view.parameter_value, row, NONE_U32),
        });
        Self { given: rows.filter(|given| given.position != NONE).collect() }
    }

    /// The number at `position` on `day`.
    pub(super) fn find(&self, position: u32, day: i32) -> Option<u32> {
        let in_force = |given: &&Parameter| given.from <= day && (given.to == NONE_S32 || day < given.to);
        self.given.iter().filter(|given| given.position == position).find(in_force).map(|given| given.value)
    }
}
