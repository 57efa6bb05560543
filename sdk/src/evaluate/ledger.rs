//! What one client has been billed: lines before the call and lines of this call, counted by one mechanism.

use std::ops::Range;

use adjudica_core::ServiceDate;
use adjudica_core::authorization::Accounts;
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
    /// A line of which nothing more is known.
    fn of(entry: &Entry) -> Self {
        Self {
            day: entry.day,
            code: entry.code,
            units: 1,
            mode: NONE,
            minutes: NONE,
            service_minutes: entry.service_minutes,
            rendering_provider: NONE,
            billing_provider: NONE,
            payer: NONE,
            diagnosis: NONE,
        }
    }

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
pub(super) struct Ledger<'l> {
    view: &'l View<'l>,
    /// The codes that add to another's line.
    add_on_codes: &'l NameSet,
    entries: Vec<Entry>,
    /// The lines of this call.
    own: Vec<BilledLine>,
    /// Bits of the codes that any line has: most counts end here.
    codes: u64,
}

/// A line of the ledger: what most counts ask of it, and where the rest is found.
#[derive(Debug, Clone, Copy)]
struct Entry {
    day: i32,
    code: u32,
    /// Documented minutes of the encounter, where they are known.
    service_minutes: u32,
    place: Place,
}

/// Where a line is.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// A row of the batch.
    Batch(usize),
    /// One of this call's own.
    Own(usize),
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

impl<'l> Ledger<'l> {
    pub(super) fn new(view: &'l View<'l>, add_on_codes: &'l NameSet) -> Self {
        Self { view, add_on_codes, entries: Vec::new(), own: Vec::new(), codes: 0 }
    }

    /// Starts the client of `timeline`: the lines billed before this call.
    pub(super) fn load(&mut self, symbols: &Symbols<'_>, timeline: u32) {
        self.entries.clear();
        self.own.clear();
        self.codes = 0;
        let view = self.view;
        let rows = child_range(view.ledger_offset, timeline);
        let (Some(days), Some(codes)) = (view.ledger_date.get(rows.clone()), view.ledger_code.get(rows.clone())) else {
            return;
        };
        for ((day, code), row) in days.iter().zip(codes).zip(rows.clone()) {
            let code = symbols.find(*code).code();
            self.codes |= bit(code);
            self.entries.push(Entry { day: *day, code, service_minutes: NONE, place: Place::Batch(row) });
        }
        if !days.is_sorted() {
            self.entries.sort_by_key(|entry| entry.day);
        }
        if let Some(minutes) = view.ledger_minutes.get(rows.clone()) {
            self.spread_minutes(minutes, &rows);
        }
    }

    /// Gives each line the minutes of its encounter. An encounter's lines stand together, the add-ons behind the line that has
    /// its minutes.
    fn spread_minutes(&mut self, minutes: &[u32], rows: &Range<usize>) {
        let mut before: Option<(usize, u32)> = None;
        for entry in &mut self.entries {
            let Place::Batch(row) = entry.place else { continue };
            let own = minutes.get(row.saturating_sub(rows.start)).copied().unwrap_or(NONE);
            let is_behind = own == NONE && self.add_on_codes.has(entry.code);
            let known = before.filter(|(line, _)| is_behind && can_go_together(self.view, row, *line));
            entry.service_minutes = known.map_or(own, |(_, minutes)| minutes);
            before = Some((row, entry.service_minutes));
        }
    }

    /// Adds a line billed by this call.
    pub(super) fn push(&mut self, row: &Row, Billed { code, units, has_minutes }: Billed) {
        self.codes |= bit(code);
        let place = Place::Own(self.own.len());
        self.own.push(BilledLine {
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
        });
        let entry = Entry { day: row.day, code, service_minutes: row.minutes, place };
        match self.until(row.day).len() {
            end if end == self.entries.len() => self.entries.push(entry),
            end => self.entries.insert(end, entry),
        }
    }

    /// Lines on or before `day`, oldest first. A later line never counts against an earlier day.
    fn until(&self, day: i32) -> &[Entry] {
        match self.entries.last() {
            // Mostly all of them, as encounters come in order of day.
            Some(last) if last.day > day => {
                let end = self.entries.partition_point(|entry| entry.day <= day);
                self.entries.get(..end).unwrap_or_default()
            }
            _ => &self.entries,
        }
    }

    /// Lines on or before `day`, oldest first, with all that is known of them.
    pub(super) fn lines_until(&self, day: i32) -> impl DoubleEndedIterator<Item = BilledLine> {
        self.until(day).iter().map(|entry| self.line(entry))
    }

    /// All that is known of a line; a column that the policy does not read leaves its part unknown.
    fn line(&self, entry: &Entry) -> BilledLine {
        let row = match entry.place {
            Place::Own(own) => return self.own.get(own).copied().unwrap_or(BilledLine::of(entry)),
            Place::Batch(row) => row,
        };
        let view = self.view;
        let value = |column: &[u32]| column.get(row).copied().unwrap_or(NONE);
        BilledLine {
            units: view.ledger_units.get(row).copied().unwrap_or(1),
            mode: value(view.ledger_mode),
            minutes: value(view.ledger_minutes),
            rendering_provider: value(view.ledger_rendering_provider),
            billing_provider: value(view.ledger_billing_provider),
            payer: value(view.ledger_payer),
            diagnosis: value(view.ledger_diagnosis),
            ..BilledLine::of(entry)
        }
    }

    /// The lines sought, in the window that ends on the row's day.
    pub(super) fn count(&self, row: &Row, sought: &Sought<'_>) -> Count {
        let mut count = Count::default();
        if sought.codes.bits() & self.codes == 0 {
            return count;
        }
        let first = first_day(sought.window, row.day);
        for entry in self.until(row.day).iter().rev().take_while(|entry| entry.day >= first) {
            if !sought.codes.has(entry.code) {
                continue;
            }
            let line = self.line(entry);
            if sought.takes(&line, row) {
                // A line of no units only holds minutes.
                count.lines = count.lines.saturating_add(u32::from(line.units > 0));
                count.units = count.units.saturating_add(line.units);
                count.minutes = count.minutes.saturating_add(if line.minutes == NONE { 0 } else { line.minutes });
            }
        }
        count
    }

    /// Spends what the payer's lines of `codes` used. Later days count too: units are spent once.
    pub(super) fn spend(&self, accounts: &mut Accounts, payer: u32, codes: &NameSet) {
        let of_codes = self.entries.iter().filter(|entry| codes.has(entry.code)).map(|entry| self.line(entry));
        for line in of_codes.filter(|line| line.payer == payer) {
            accounts.spend(line.code, line.day, line.units);
        }
    }
}

/// Whether two lines of the batch can be of the same encounter.
fn can_go_together(view: &View<'_>, one: usize, other: usize) -> bool {
    let columns = [
        view.ledger_payer,
        view.ledger_billing_provider,
        view.ledger_rendering_provider,
        view.ledger_diagnosis,
        view.ledger_mode,
    ];
    view.ledger_date.get(one) == view.ledger_date.get(other)
        && columns.iter().all(|column| column.get(one) == column.get(other))
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
