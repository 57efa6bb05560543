//! What one client has been billed: lines before the call and lines of this call, counted by one mechanism.

use std::ops::Range;

use adjudica_core::ServiceDate;
use adjudica_core::authorization::Accounts;
use adjudica_core::field::NONE_S32;
use adjudica_core::name_set::{NameSet, bit};

use super::columns::{View, child_range};
use super::row::Row;
use super::symbols::Symbols;
use crate::image::{NONE, Window, per};

/// One billed line.
#[derive(Debug, Clone, Copy)]
pub struct BilledLine {
    day: i32,
    code: u32,
    units: u32,
    /// The mode's text.
    mode: u32,
    /// Documented minutes of the encounter, on its first line: what adds up.
    minutes: u32,
    /// Documented minutes of the encounter, where they are known: what tells two services apart.
    service_minutes: u32,
    rendering_provider: u32,
    billing_provider: u32,
    payer: u32,
    diagnosis: u32,
}

impl BilledLine {
    /// A line of whose columns none was read.
    const UNREAD: Self = Self {
        day: NONE_S32,
        code: NONE,
        units: 1,
        mode: NONE,
        minutes: NONE,
        service_minutes: NONE,
        rendering_provider: NONE,
        billing_provider: NONE,
        payer: NONE,
        diagnosis: NONE,
    };

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

    /// Whether the line can be of the same encounter as one that stands beside it.
    fn can_go_with(&self, other: &Self) -> bool {
        let place = |line: &Self| {
            (line.day, line.payer, line.billing_provider, line.rendering_provider, line.diagnosis, line.mode)
        };
        place(self) == place(other)
    }
}

/// One client's lines in order of day.
pub(super) struct Ledger<'i> {
    lines: Vec<BilledLine>,
    /// The codes that add to another's line.
    add_on_codes: &'i NameSet,
    /// Bits of the codes that any line has: most counts end here.
    codes: u64,
}

/// A line that an encounter of this call is billed with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Billed {
    pub code: u32,
    pub units: u32,
    /// The encounter's minutes go with its first line.
    pub has_minutes: bool,
}

/// Which lines a rule counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sought<'c> {
    pub codes: &'c NameSet,
    pub window: Window,
    /// Lines of whom, besides the client: bits of [`per`].
    pub per: u8,
    /// Units of the line that is judged.
    pub units: u32,
}

/// Lines and units that a count found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub lines: u32,
    pub units: u32,
    pub minutes: u32,
}

impl<'i> Ledger<'i> {
    pub(super) fn new(add_on_codes: &'i NameSet) -> Self {
        Self { lines: Vec::new(), add_on_codes, codes: 0 }
    }

    /// Starts the client of `timeline`: the lines billed before this call.
    pub(super) fn load(&mut self, view: &View<'_>, symbols: &Symbols<'_>, timeline: u32) {
        self.lines.clear();
        self.codes = 0;
        let rows = child_range(view.ledger_offset, timeline);
        let (Some(days), Some(codes)) = (view.ledger_date.get(rows.clone()), view.ledger_code.get(rows.clone())) else {
            return;
        };
        for (day, code) in days.iter().zip(codes) {
            let code = symbols.find(*code).code();
            self.codes |= bit(code);
            self.lines.push(BilledLine { day: *day, code, ..BilledLine::UNREAD });
        }
        self.fill(view.ledger_units, &rows, |line| &mut line.units);
        self.fill(view.ledger_mode, &rows, |line| &mut line.mode);
        self.fill(view.ledger_minutes, &rows, |line| &mut line.minutes);
        self.fill(view.ledger_rendering_provider, &rows, |line| &mut line.rendering_provider);
        self.fill(view.ledger_billing_provider, &rows, |line| &mut line.billing_provider);
        self.fill(view.ledger_payer, &rows, |line| &mut line.payer);
        self.fill(view.ledger_diagnosis, &rows, |line| &mut line.diagnosis);
        if !self.lines.is_sorted_by_key(|line| line.day) {
            self.lines.sort_by_key(|line| line.day);
        }
        if !view.ledger_minutes.is_empty() {
            self.spread_minutes();
        }
    }

    /// An encounter's lines stand together, the add-ons behind the line that has its minutes.
    fn spread_minutes(&mut self) {
        let mut before = BilledLine::UNREAD;
        for line in &mut self.lines {
            let is_behind = line.minutes == NONE && self.add_on_codes.has(line.code);
            let known = if is_behind && line.can_go_with(&before) { before.service_minutes } else { line.minutes };
            line.service_minutes = known;
            before = *line;
        }
    }

    /// Puts a column on the lines; one that the policy does not read leaves them as they are.
    fn fill(&mut self, column: &[u32], rows: &Range<usize>, place: impl Fn(&mut BilledLine) -> &mut u32) {
        if let Some(values) = column.get(rows.clone()) {
            for (line, value) in self.lines.iter_mut().zip(values) {
                *place(line) = *value;
            }
        }
    }

    /// Adds a line billed by this call.
    pub(super) fn push(&mut self, row: &Row, Billed { code, units, has_minutes }: Billed) {
        self.codes |= bit(code);
        let line = BilledLine {
            day: row.day,
            code,
            units,
            mode: row.mode_text,
            minutes: if has_minutes { row.minutes } else { NONE },
            service_minutes: row.minutes,
            rendering_provider: row.rendering_provider,
            billing_provider: row.billing_provider,
            payer: row.payer,
            diagnosis: row.diagnosis,
        };
        match self.end_of(row.day) {
            end if end == self.lines.len() => self.lines.push(line),
            end => self.lines.insert(end, line),
        }
    }

    /// The number of lines on or before `day`: mostly all of them, as encounters come in order of day.
    fn end_of(&self, day: i32) -> usize {
        match self.lines.last() {
            Some(line) if line.day > day => self.lines.partition_point(|line| line.day <= day),
            _ => self.lines.len(),
        }
    }

    /// Lines on or before `day`, oldest first. A later line never counts against an earlier day.
    pub(super) fn until(&self, day: i32) -> impl DoubleEndedIterator<Item = &BilledLine> {
        self.lines.iter().take(self.end_of(day))
    }

    /// The lines sought, in the window that ends on the row's day.
    pub(super) fn count(&self, row: &Row, sought: &Sought<'_>) -> Count {
        let mut count = Count::default();
        if sought.codes.bits() & self.codes == 0 {
            return count;
        }
        let first = first_day(sought.window, row.day);
        for line in self.until(row.day).rev().take_while(|line| line.day >= first) {
            if sought.codes.has(line.code) && sought.takes(line, row) {
                // A line of no units only holds minutes.
                count.lines = count.lines.saturating_add(u32::from(line.units > 0));
                count.units = count.units.saturating_add(line.units);
                count.minutes = count.minutes.saturating_add(if line.minutes == NONE { 0 } else { line.minutes });
            }
        }
        count
    }
}

impl Ledger<'_> {
    /// Spends what the payer's lines of `codes` used. Later days count too: units are spent once.
    pub(super) fn spend(&self, accounts: &mut Accounts, payer: u32, codes: &NameSet) {
        for line in self.lines.iter().filter(|line| line.payer == payer && codes.has(line.code)) {
            accounts.spend(line.code, line.day, line.units);
        }
    }
}

impl Sought<'_> {
    /// Whether the line counts. Of what is not known of one of the two nobody can say that it differs.
    fn takes(&self, line: &BilledLine, row: &Row) -> bool {
        if self.per == 0 {
            return true;
        }
        let differs = |bit: u8, line_value: u32, row_value: u32| self.per & bit != 0 && line_value != row_value;
        let are_known = |line_value: u32, row_value: u32| line_value != NONE && row_value != NONE;
        let have_minutes = self.per & per::MINUTES != 0 && are_known(line.service_minutes, row.minutes);
        !(differs(per::PRACTICE, line.billing_provider, row.billing_provider)
            || differs(per::PROVIDER, line.rendering_provider, row.rendering_provider)
            || differs(per::DIAGNOSIS, line.diagnosis, row.diagnosis)
            || differs(per::PAYER, line.payer, row.payer)
            || are_known(line.mode, row.mode_text) && differs(per::MODE, line.mode, row.mode_text)
            // The same minutes are the same work, though a prior authorization may have cut the units of one of the two.
            || if have_minutes { line.service_minutes != row.minutes } else { differs(per::UNITS, line.units, self.units) })
    }
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
