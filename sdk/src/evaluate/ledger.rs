//! What one client has been billed: lines before the call and lines of this call, counted by one mechanism.

use adjudica_core::ServiceDate;
use adjudica_core::field::{NONE_S32, NONE_U32};

use super::columns::{View, value};
use super::draft::Line;
use super::row::Row;
use super::symbols::Symbols;
use crate::image::{NONE, Window, per};

/// One billed line.
#[derive(Debug, Clone, Copy)]
pub struct BilledLine {
    day: i32,
    code: u32,
    units: u32,
    rendering_provider: u32,
    billing_provider: u32,
    payer: u32,
    diagnosis: u32,
}

impl BilledLine {
    /// Day of the work.
    #[must_use]
    pub fn date_of_service(&self) -> ServiceDate {
        ServiceDate::from_days(self.day)
    }

    /// Position of the code in the manifest's codes; `None` for a code that the policy does not answer with.
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        (self.code != NONE).then_some(self.code)
    }

    /// Units billed.
    #[must_use]
    pub fn units(&self) -> u32 {
        self.units
    }
}

/// One client's lines in order of day.
#[derive(Default)]
pub(super) struct Ledger {
    lines: Vec<BilledLine>,
}

/// Lines and units that a count found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub lines: u32,
    pub units: u32,
}

impl Ledger {
    /// Starts the client of `timeline`: the lines billed before this call.
    pub(super) fn load(&mut self, view: &View<'_>, symbols: &Symbols, timeline: usize) {
        self.lines.clear();
        let bound = |entry: usize| view.ledger_offset.get(entry).copied().unwrap_or(0);
        for row in bound(timeline)..bound(timeline.saturating_add(1)) {
            self.lines.push(BilledLine {
                day: value(view.ledger_date, row, NONE_S32),
                code: symbols.code(value(view.ledger_code, row, NONE_U32)),
                units: value(view.ledger_units, row, 1),
                rendering_provider: value(view.ledger_rendering_provider, row, NONE),
                billing_provider: value(view.ledger_billing_provider, row, NONE),
                payer: value(view.ledger_payer, row, NONE),
                diagnosis: value(view.ledger_diagnosis, row, NONE),
            });
        }
        self.lines.sort_by_key(|line| line.day);
    }

    /// Adds a line billed by this call.
    pub(super) fn push(&mut self, row: &Row, line: &Line) {
        let place = self.lines.partition_point(|other| other.day <= row.day);
        self.lines.insert(
            place,
            BilledLine {
                day: row.day,
                code: line.code,
                units: line.units,
                rendering_provider: row.rendering_provider,
                billing_provider: row.billing_provider,
                payer: row.payer,
                diagnosis: row.diagnosis,
            },
        );
    }

    /// Lines on or before `day`, oldest first. A later line never counts against an earlier day.
    pub(super) fn until(&self, day: i32) -> impl DoubleEndedIterator<Item = &BilledLine> {
        let end = self.lines.partition_point(|line| line.day <= day);
        self.lines.iter().take(end)
    }

    /// Lines of `codes` in the window that ends on the row's day, narrowed by the bits of `per`.
    pub(super) fn count(&self, row: &Row, codes: u64, window: Window, narrowed_by: u8) -> Count {
        let first = first_day(window, row.day);
        let mut count = Count::default();
        for line in self.until(row.day).rev().take_while(|line| line.day >= first) {
            let named = 1_u64.checked_shl(line.code).unwrap_or(0) & codes != 0;
            if named && is_same(line, row, narrowed_by) {
                count.lines = count.lines.saturating_add(1);
                count.units = count.units.saturating_add(line.units);
            }
        }
        count
    }
}

fn is_same(line: &BilledLine, row: &Row, narrowed_by: u8) -> bool {
    let differs = |bit: u8, line_value: u32, row_value: u32| narrowed_by & bit != 0 && line_value != row_value;
    !(differs(per::PRACTICE, line.billing_provider, row.billing_provider)
        || differs(per::PROVIDER, line.rendering_provider, row.rendering_provider)
        || differs(per::DIAGNOSIS, line.diagnosis, row.diagnosis)
        || differs(per::PAYER, line.payer, row.payer))
}

/// The first day of a window that ends on `day`.
fn first_day(window: Window, day: i32) -> i32 {
    match window {
        Window::Day => day,
        Window::CalendarMonth => ServiceDate::from_days(day).month_start().days(),
        Window::CalendarYear => ServiceDate::from_days(day).year_start().days(),
        Window::RollingDays(days) => day.saturating_sub(i32::try_from(days).unwrap_or(i32::MAX)).saturating_add(1),
        Window::Lifetime => i32::MIN,
    }
}
