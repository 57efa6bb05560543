//! Rules that look at what the records say: components, diagnoses, days between, authorizations.

use adjudica_core::ServiceDate;
use adjudica_core::authorization::{Account, Accounts};
use adjudica_core::field::{NONE_S32, NONE_U32};
use adjudica_core::name_set::NameSet;

use super::columns::{View, child_range, child_rows, value};
use super::draft::{Arguments, Draft};
use super::ledger::Ledger;
use super::parameters::Parameters;
use super::plans::Plans;
use super::rates::Rates;
use super::row::Row;
use super::rules::{holds, subject_of};
use super::symbols::Symbols;
use crate::image::{Components, Diagnoses, Interval, NONE, Plan};

/// What rules may look at besides the encounter's own row.
#[derive(Clone, Copy)]
pub(super) struct Known<'k, 'b> {
    pub view: &'k View<'b>,
    pub symbols: &'k Symbols<'b>,
    pub plans: &'k Plans<'k, 'b>,
    pub ledger: &'k Ledger<'k>,
    pub rates: &'k Rates,
    pub parameters: &'k Parameters,
}

/// The minutes that count for a code: those of the kinds of work that it covers, where the record divides them.
pub(super) fn minutes_that_count(plan: &Plan<'_>, row: &Row, known: &Known<'_, '_>) -> u32 {
    if plan.components.is_empty() {
        return row.documented;
    }
    let (kinds, minutes) = parts_of(row, known);
    if kinds.is_empty() {
        return row.documented;
    }
    let sum_of = |is_left_out: bool| {
        let parts =
            kinds.iter().zip(minutes).filter(|(kind, _)| left_out(plan, **kind, known).is_some() == is_left_out);
        parts.fold(0_u32, |sum, (_, part)| sum.saturating_add(*part))
    };
    // What is divided may be less than what is documented: then the rest counts too.
    if row.documented == NONE_U32 { sum_of(false) } else { row.documented.saturating_sub(sum_of(true)) }
}

/// Names the kinds of work whose minutes do not count for the code, each with its minutes.
pub(super) fn name_what_is_left_out(plan: &Plan<'_>, row: &Row, known: &Known<'_, '_>, draft: &mut Draft<'_, '_>) {
    if plan.components.is_empty() {
        return;
    }
    let (kinds, minutes) = parts_of(row, known);
    for (kind, minutes) in kinds.iter().zip(minutes) {
        if let Some(components) = left_out(plan, *kind, known) {
            let named = draft.image().component_subjects.get(known.symbols.find(*kind).component());
            draft.fail(components.rule, Arguments::observed(*minutes).about(named.unwrap_or(NONE)));
        }
    }
}

/// The kinds of work that the record divides the minutes by, and the minutes of each.
fn parts_of<'k>(row: &Row, known: &Known<'k, '_>) -> (&'k [u32], &'k [u32]) {
    let view = known.view;
    let kinds = child_rows(view.component_offset, view.component_kind, row.number);
    (kinds, child_rows(view.component_offset, view.component_minutes, row.number))
}

/// The row that leaves a kind of work out.
fn left_out<'p>(plan: &'p Plan<'_>, kind: u32, known: &Known<'_, '_>) -> Option<&'p Components> {
    let component = known.symbols.find(kind).component();
    plan.components.iter().find(|components| !components.counted.has(component))
}

/// Diagnoses, days between, and minutes of a day.
pub(super) fn apply_facts(plan: &Plan<'_>, row: &Row, known: &Known<'_, '_>, draft: &mut Draft<'_, '_>) {
    for diagnoses in &plan.diagnoses {
        apply_diagnoses(diagnoses, row, known.view, draft);
    }
    for interval in plan.intervals.iter().filter(|interval| holds(&interval.when, row)) {
        apply_interval(interval, row, known, draft);
    }
}

fn apply_diagnoses(rule: &Diagnoses<'_>, row: &Row, view: &View<'_>, draft: &mut Draft<'_, '_>) {
    let given = child_rows(view.diagnosis_offset, view.diagnosis_code, row.number);
    if given.is_empty() {
        return draft.fail(rule.missing_rule, Arguments::NONE);
    }
    let fits = |code: u32| {
        let code = view.text(code).unwrap_or_default();
        rule.prefixes.is_empty() || rule.prefixes.lines().any(|prefix| begins(code, prefix))
    };
    let fitting = given.iter().enumerate().filter(|(index, code)| {
        let is_repeated = given.iter().take(*index).any(|earlier| earlier == *code);
        !is_repeated && fits(**code)
    });
    let count = u32::try_from(fitting.count()).unwrap_or(u32::MAX);
    draft.judge((count >= rule.min).into(), rule.rule, Arguments::counts(count, rule.min));
}

/// Whether the code, its dot left out, begins so.
fn begins(code: &str, prefix: &str) -> bool {
    let mut letters = code.bytes().filter(|letter| *letter != b'.');
    prefix.bytes().all(|expected| letters.next() == Some(expected))
}

fn apply_interval(interval: &Interval, row: &Row, known: &Known<'_, '_>, draft: &mut Draft<'_, '_>) {
    let day = |kind: u32| if kind == NONE { Some(row.day) } else { find_date(kind, row, known) };
    let (start, end) = match (day(interval.start), day(interval.end)) {
        (Some(start), Some(end)) => (start, end),
        (start, _) => {
            let kind = if start.is_none() { interval.start } else { interval.end };
            let subject = draft.image().date_subjects.get(kind).unwrap_or(NONE);
            return draft.fail(interval.missing_rule, Arguments::NONE.about(subject));
        }
    };
    let days = i64::from(end).saturating_sub(i64::from(start));
    let days = match interval.business_days && days > 0 {
        true => i64::from(ServiceDate::from_days(start).business_days_until(ServiceDate::from_days(end))),
        false => days,
    };
    let (min, max) = (i64::from(interval.min), i64::from(interval.max));
    let bound = if days < min || interval.max == u32::MAX { min } else { max };
    let arguments = Arguments { observed: days, expected: bound, subject: NONE };
    let within = days >= min && (interval.max == u32::MAX || days <= max);
    draft.judge(within.into(), interval.rule, arguments);
}

fn find_date(kind: u32, row: &Row, known: &Known<'_, '_>) -> Option<i32> {
    let range = child_range(known.view.date_offset, row.number);
    let kinds = known.view.date_kind.get(range.clone())?;
    let position = kinds.iter().position(|text| known.symbols.find(*text).date() == kind)?;
    known.view.date_day.get(range)?.get(position).copied()
}

/// Units that were asked for, and what a prior authorization left of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut {
    asked: u32,
    left: u32,
}

impl Cut {
    /// The part of `minutes` that belongs to the units left, whole minutes.
    pub(super) fn minutes(self, minutes: u32) -> u32 {
        let part = u64::from(minutes) * u64::from(self.left) / u64::from(self.asked.max(1));
        u32::try_from(part).unwrap_or(minutes)
    }
}

/// Prior authorization of the line of `code`: its units are cut to what is left.
pub(super) fn apply_authorizations(
    plan: &Plan<'_>,
    row: &Row,
    code: u32,
    known: &Known<'_, '_>,
    draft: &mut Draft<'_, '_>,
) -> Option<Cut> {
    let units = draft.units_of(code)?;
    let mut cut = None;
    for rule in plan.authorizations.iter().filter(|rule| holds(&rule.when, row)) {
        let about = subject_of(draft, code);
        let unspent = Accounts::new(accounts(row, known));
        let Some(left) = units_left(unspent.clone(), row, Spender { code, codes: &NameSet::EVERY }, known, draft)
        else {
            draft.fail(rule.rule, Arguments::NONE.about(about));
            continue;
        };
        draft.judge(true.into(), rule.rule, Arguments::NONE.about(about));
        if left >= units {
            continue;
        }
        if left == 0 {
            draft.fail(rule.spent_rule, Arguments::observed(units).about(about));
        } else {
            draft.fail(rule.cut_rule, Arguments::counts(units, left).about(about));
            draft.set_units(code, left);
            cut = Some(Cut { asked: units, left });
        }
        let alone = units_left(unspent, row, Spender { code, codes: &NameSet::from_iter([code]) }, known, draft);
        let taken = alone.unwrap_or(0).saturating_sub(left);
        if taken > 0 {
            draft.fail(rule.shared_rule, Arguments::observed(taken).about(about));
        }
    }
    cut
}

/// A line that spends units, and the codes whose lines are counted before it.
#[derive(Clone, Copy)]
struct Spender<'c> {
    code: u32,
    codes: &'c NameSet,
}

/// Units that `accounts` leave for the line of `code` when lines of `codes` are counted: those billed before, and those of
/// the encounter itself that come before it.
fn units_left(
    mut accounts: Accounts,
    row: &Row,
    Spender { code, codes }: Spender<'_>,
    known: &Known<'_, '_>,
    draft: &Draft<'_, '_>,
) -> Option<u32> {
    known.ledger.spend(&mut accounts, row.payer, codes);
    for (other, units) in draft.lines_before(code).filter(|(other, _)| codes.has(*other)) {
        accounts.spend(other, row.day, units);
    }
    accounts.left(code, row.day)
}

/// The approved lines that the encounter's records give, each once.
fn accounts(row: &Row, known: &Known<'_, '_>) -> Vec<Account> {
    let view = known.view;
    let range = child_range(view.authorization_offset, row.number);
    let mut lines: Vec<u32> = Vec::new();
    let mut accounts: Vec<Account> = Vec::new();
    for index in range.filter_map(|index| u32::try_from(index).ok()) {
        let line = value(view.authorization_line, index, NONE_U32);
        let code = known.symbols.find(value(view.authorization_code, index, NONE_U32)).code();
        let named = Some(code).filter(|code| *code != NONE);
        if let (Some(account), Some(_)) = (accounts.last_mut(), lines.last().filter(|last| **last == line)) {
            account.codes.extend(named);
            continue;
        }
        let to = value(view.authorization_to, index, NONE_S32);
        lines.push(line);
        accounts.push(Account {
            codes: named.into_iter().collect(),
            from: value(view.authorization_from, index, NONE_S32),
            to: if to == NONE_S32 { i32::MAX } else { to },
            units: value(view.authorization_units, index, 0),
        });
    }
    accounts
}
