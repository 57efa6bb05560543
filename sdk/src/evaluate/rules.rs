//! Applies the rules of one code to one encounter. Every rule is tried; none hides another.

use adjudica_core::columns::NONE_S64;
use adjudica_core::field::{NONE_S32, NONE_U32};
use adjudica_core::name_set::{NameSet, bit};
use adjudica_core::terms::PricingMethod;
use adjudica_core::{Cents, Minutes, Outcome, Rounding, ServiceDate, Units};

use super::EvaluateFault;
use super::draft::{Arguments, Draft, Line, Satisfied};
use super::facts::{Cut, Known, apply_authorizations, apply_facts, minutes_that_count, name_what_is_left_out};
use super::ledger::{Count, Ledger, Sought};
use super::row::Row;
use crate::image::{
    Bounds, Case, Counts, Far, Filing, NONE, Places, Plan, RateRule, Relation, Requirement, Screened, Staff,
    TermsRules, When, Window, per,
};

/// The code that an encounter is judged as, in the days that it falls in.
#[derive(Clone, Copy)]
struct Chosen<'p, 'a> {
    segment: u32,
    code: u32,
    plan: &'p Plan<'a>,
}

/// Finds the code's plan and tries all of its rules. Leaves the minutes that count on the encounter.
pub(super) fn decide(row: &mut Row, known: &Known<'_, '_>, draft: &mut Draft<'_, '_>) -> Result<(), EvaluateFault> {
    let general = draft.image().general;
    let Some(segment) = known.plans.segment(row.day) else {
        draft.fail(general.outside_dates, Arguments::NONE);
        return Ok(());
    };
    let Some((code, plan)) = find_code(row, known, segment)? else {
        let rule = if row.asks_for_code { general.unknown_code } else { general.unknown_service };
        draft.fail(rule, Arguments::NONE);
        return Ok(());
    };
    row.minutes = minutes_that_count(plan, row, known);
    name_what_is_left_out(plan, row, known, draft);
    let row = &*row;
    let modifiers = modifiers_of(plan, row)?;
    if row.has_unknown_modifier || row.modifiers & !modifiers != 0 {
        draft.fail(general.unknown_modifier, Arguments::NONE);
    }
    let about = subject_of(draft, code);
    if let Some(staff) = &plan.staff {
        apply_staff(staff, row, about, draft);
    }
    apply_places(&plan.places, row, about, draft);
    let chosen = Chosen { segment, code, plan };
    let alternative = find_alternative(row, chosen, known, draft)?;
    apply_bounds(&plan.minutes, row.minutes, alternative, draft);
    apply_bounds(&plan.group_size, row.group_size, alternative, draft);
    apply_record_rules(plan, row, draft)?;
    apply_facts(plan, row, known, draft);
    let line = Line { code, units: 1, cents: None, modifiers };
    write_lines(chosen, row, line, known, draft)?;
    let cut = apply_authorizations(plan, row, code, known, draft);
    apply_history(plan, row, code, known, draft);
    price(plan, row, Priced::of(code, row, cut), known, draft)?;
    for add_on in &plan.add_ons {
        if draft.units_of(add_on.code).is_some()
            && let Some(plan) = known.plans.find(segment, add_on.code)?
        {
            let cut = apply_authorizations(plan, row, add_on.code, known, draft);
            apply_limits(plan, row, add_on.code, known, draft);
            price(plan, row, Priced::of(add_on.code, row, cut), known, draft)?;
        }
    }
    if draft.outcome() != Outcome::NotBillable {
        speak(&plan.report_only, row, draft)?;
    }
    Ok(())
}

/// A line that gets its amount.
#[derive(Clone, Copy)]
struct Priced {
    code: u32,
    /// The minutes that are billed: fewer where a prior authorization cut the units.
    minutes: u32,
}

impl Priced {
    fn of(code: u32, row: &Row, cut: Option<Cut>) -> Self {
        let is_cut = cut.filter(|_| row.minutes != NONE_U32);
        Self { code, minutes: is_cut.map_or(row.minutes, |cut| cut.minutes(row.minutes)) }
    }
}

pub(super) fn subject_of(draft: &Draft<'_, '_>, code: u32) -> u32 {
    draft.image().code_subjects.get(code).unwrap_or(NONE)
}

fn apply_places(rows: &[Places], row: &Row, about: u32, draft: &mut Draft<'_, '_>) {
    for places in rows {
        if row.has_place {
            draft.judge(places.places.has(row.place).into(), places.rule, Arguments::NONE.about(about));
        } else {
            draft.fail(places.missing_rule, Arguments::NONE);
        }
    }
}

/// The code asked for, or the first code of the kind of work whose minutes and group size fit, or else its first code.
fn find_code<'k, 'b>(
    row: &Row,
    known: &Known<'k, 'b>,
    segment: u32,
) -> Result<Option<(u32, &'k Plan<'b>)>, EvaluateFault> {
    let plans = known.plans;
    if row.asks_for_code {
        return Ok(plans.find(segment, row.code)?.map(|plan| (row.code, plan)));
    }
    if row.service == NONE {
        return Ok(None);
    }
    match plans.find_by_service(segment, row.service, |_, plan| fits(plan, row, known))? {
        Some(found) => Ok(Some(found)),
        None => plans.find_by_service(segment, row.service, |_, _| true),
    }
}

fn fits(plan: &Plan<'_>, row: &Row, known: &Known<'_, '_>) -> bool {
    let within = |bounds: &[Bounds], count: u32| {
        count == NONE_U32 || bounds.iter().all(|bounds| !bounds.refuses || (bounds.min..=bounds.max).contains(&count))
    };
    within(&plan.minutes, minutes_that_count(plan, row, known)) && within(&plan.group_size, row.group_size)
}

/// The subject of another code of the same kind of work that fits where this one does not, or [`NONE`].
fn find_alternative(
    row: &Row,
    Chosen { segment, code, plan }: Chosen<'_, '_>,
    known: &Known<'_, '_>,
    draft: &Draft<'_, '_>,
) -> Result<u32, EvaluateFault> {
    if plan.service == NONE || fits(plan, row, known) {
        return Ok(NONE);
    }
    let suits = |other: u32, plan: &Plan<'_>| other != code && fits(plan, row, known);
    let other = known.plans.find_by_service(segment, plan.service, suits)?;
    Ok(other.map_or(NONE, |(other, _)| subject_of(draft, other)))
}

fn apply_staff(staff: &Staff<'_>, row: &Row, about: u32, draft: &mut Draft<'_, '_>) {
    let allowed = staff.allowed(row.role);
    let is_allowed = allowed & row.phase_mode_bit() != 0;
    if is_allowed && !draft.explains() {
        return;
    }
    let about = Arguments::NONE.about(about);
    if !is_allowed {
        let conditional = staff
            .conditional
            .iter()
            .find(|(roles, phase_modes, _)| roles.has(row.role) && phase_modes & row.phase_mode_bit() != 0);
        if let Some((_, _, rule)) = conditional {
            draft.fail(*rule, about);
            return;
        }
    }
    let conditional = staff.conditional.iter().filter(|(roles, _, _)| roles.has(row.role));
    let of_role = conditional.fold(allowed, |bits, (_, phase_modes, _)| bits | phase_modes);
    draft.judge((of_role != 0).into(), staff.role_rule, about);
    // Without a role that fits, phase and mode are judged by what anyone may do, so that each fault shows.
    let base = if of_role == 0 { staff.by_anyone } else { of_role };
    let in_phase = base & (0xFF << (row.phase * 8));
    draft.judge((in_phase != 0).into(), staff.phase_rule, about);
    let base = if in_phase == 0 { base } else { in_phase };
    let in_mode = base & (0x0101_0101_0101_0101 << row.mode);
    draft.judge((in_mode != 0).into(), staff.mode_rule, about);
}

fn apply_bounds(rows: &[Bounds], count: u32, alternative: u32, draft: &mut Draft<'_, '_>) {
    if count == NONE_U32 {
        if let Some(bounds) = rows.first() {
            draft.fail(bounds.missing_rule, Arguments::NONE);
        }
        return;
    }
    for bounds in rows {
        let expected = if count < bounds.min || bounds.max == NONE_U32 { bounds.min } else { bounds.max };
        let within = (bounds.min..=bounds.max).contains(&count);
        draft.judge(within.into(), bounds.rule, Arguments::counts(count, expected).about(alternative));
    }
}

#[inline]
pub(super) fn holds(when: &When, row: &Row) -> bool {
    when.case().is_none_or(|case| is_in(case, row))
}

fn is_in(case: &Case, row: &Row) -> bool {
    let any_minutes = case.minutes_min == 0 && case.minutes_max == u32::MAX;
    let shown = row.shown.bits();
    case.roles & bit(row.role) != 0
        && case.phase_modes & row.phase_mode_bit() != 0
        && case.places & bit(row.place) != 0
        && case.info & !shown == 0
        && case.without & shown == 0
        && (any_minutes || row.minutes != NONE_U32 && (case.minutes_min..=case.minutes_max).contains(&row.minutes))
        && case.far.as_ref().is_none_or(|far| has_far(far, row))
}

/// Whether the names hold that bits do not tell apart.
#[cold]
fn has_far(far: &Far, row: &Row) -> bool {
    far.roles.has(row.role)
        && far.places.has(row.place)
        && far.info.is_within(&row.shown)
        && !far.without.meets(&row.shown)
}

/// Requirements, filing limits and notices: rules that look at the encounter alone.
fn apply_record_rules(plan: &Plan<'_>, row: &Row, draft: &mut Draft<'_, '_>) -> Result<(), EvaluateFault> {
    if draft.explains() {
        // What must not be there and is not is told too.
        for requirement in plan.requirements.iter() {
            apply_requirement(requirement?, row, draft);
        }
    } else {
        for requirement in plan.requirements.of_shown(row.shown.bits()) {
            apply_requirement(requirement?, row, draft);
        }
    }
    if row.received_on != NONE_S32 {
        let days = u32::try_from(row.received_on.saturating_sub(row.day)).unwrap_or(0);
        for filing in &plan.filing {
            let days_max = filing_days(filing, row.day);
            draft.judge((days <= days_max).into(), filing.rule, Arguments::counts(days, days_max));
        }
    }
    speak(&plan.notices, row, draft)
}

fn apply_requirement(requirement: &Requirement, row: &Row, draft: &mut Draft<'_, '_>) {
    if holds(&requirement.when, row) {
        let present = requirement.info.meets(&row.shown);
        draft.judge((present != requirement.absent).into(), requirement.rule, Arguments::NONE);
    }
}

/// Days from `day` to the last on which the payer takes the claim.
fn filing_days(filing: &Filing, day: i32) -> u32 {
    if filing.years == 0 {
        return filing.days;
    }
    let anniversary = ServiceDate::from_days(day).plus_years(i32::try_from(filing.years).unwrap_or(i32::MAX));
    u32::try_from(anniversary.days().saturating_sub(day)).unwrap_or(0).saturating_add(filing.days)
}

fn speak(rows: &Screened<'_, (When, u32)>, row: &Row, draft: &mut Draft<'_, '_>) -> Result<(), EvaluateFault> {
    for rule in of_case(rows, row) {
        draft.fail(rule?, Arguments::NONE);
    }
    Ok(())
}

/// Modifiers that belong on the line. One that is asked for and not among them is for a person to look at.
fn modifiers_of(plan: &Plan<'_>, row: &Row) -> Result<u32, EvaluateFault> {
    of_case(&plan.modifiers, row).try_fold(0, |bits, modifier| Ok(bits | modifier?))
}

/// What the rows that apply to the encounter say.
fn of_case<'r>(
    rows: &'r Screened<'_, (When, u32)>,
    row: &'r Row,
) -> impl Iterator<Item = Result<u32, EvaluateFault>> + 'r {
    rows.of_shown(row.shown.bits()).filter_map(|found| match found {
        Ok((when, said)) => holds(when, row).then_some(Ok(*said)),
        Err(fault) => Some(Err(fault.into())),
    })
}

/// The code's own line, units counted, and those of its add-ons that the policy answers with. Where minutes add up, only
/// the units that this encounter completes are billed.
fn write_lines(
    Chosen { segment, plan, .. }: Chosen<'_, '_>,
    row: &Row,
    own: Line,
    known: &Known<'_, '_>,
    draft: &mut Draft<'_, '_>,
) -> Result<(), EvaluateFault> {
    let adds_up = plan.units.accumulate.as_ref().filter(|_| row.minutes != NONE_U32);
    let before = adds_up.map_or(0, |over| {
        let sought = Sought { codes: &over.codes, window: over.window, per: over.per, units: 0 };
        known.ledger.count(row, &sought).minutes
    });
    let units = count_units(plan, row, before, draft);
    if units > 0 || adds_up.is_none() {
        draft.push_line(Line { units: units.max(1), ..own });
    }
    if row.minutes == NONE_U32 {
        return Ok(());
    }
    let total = before.saturating_add(row.minutes);
    let mut billed = units;
    for add_on in &plan.add_ons {
        let beyond = |minutes: u32| {
            let beyond = minutes.saturating_sub(add_on.after);
            if beyond == 0 { 0 } else { add_on.rounding.units(Minutes(beyond)).0 }
        };
        let (sum, earlier) = (beyond(total), beyond(before));
        let units = sum.saturating_sub(earlier);
        if units > 0 && known.plans.find(segment, add_on.code)?.is_some() {
            draft.judge((sum <= add_on.max).into(), add_on.rule, Arguments::counts(sum, add_on.max));
            draft.push_line(Line { code: add_on.code, units, ..own });
            billed = billed.saturating_add(units);
        }
    }
    if let Some(over) = adds_up.filter(|_| billed == 0) {
        let mut arguments = Arguments::observed(total).about(subject_of(draft, own.code));
        arguments.expected = next_unit(plan, total).map_or(NONE_S64, i64::from);
        draft.fail(over.rule, arguments);
        draft.count_only(own.code);
    }
    Ok(())
}

/// The minutes at which the code or one of its add-ons makes its next unit.
fn next_unit(plan: &Plan<'_>, total: u32) -> Option<u32> {
    let units = |minutes: u32| {
        let own = plan.units.rounding.units(Minutes(minutes)).0;
        plan.add_ons.iter().fold(own, |sum, add_on| {
            let beyond = minutes.saturating_sub(add_on.after);
            let units = if beyond == 0 { 0 } else { add_on.rounding.units(Minutes(beyond)).0.min(add_on.max) };
            sum.saturating_add(units)
        })
    };
    let now = units(total);
    (total..total.saturating_add(MINUTES_OF_A_DAY)).find(|minutes| units(*minutes) > now)
}

/// How far the next unit of minutes that add up is looked for.
const MINUTES_OF_A_DAY: u32 = 1_440;

/// Units of the code that the encounter completes, `before` minutes having been counted already.
fn count_units(plan: &Plan<'_>, row: &Row, before: u32, draft: &mut Draft<'_, '_>) -> u32 {
    let rule = &plan.units;
    if rule.rounding == Rounding::PerEncounter {
        return 1;
    }
    if row.minutes == NONE_U32 {
        // Where the minutes themselves are judged, their own rule has already said that they are missing.
        if plan.minutes.is_empty() {
            draft.fail(rule.missing_rule, Arguments::NONE);
        }
        return 1;
    }
    let total = before.saturating_add(row.minutes);
    let sum = rule.rounding.units(Minutes(total)).0;
    let earlier = if before == 0 { 0 } else { rule.rounding.units(Minutes(before)).0 };
    let units = sum.saturating_sub(earlier);
    if units == 0 && rule.accumulate.is_none() {
        draft.fail(rule.rule, Arguments::observed(row.minutes));
    }
    draft.judge((sum <= rule.max).into(), rule.max_rule, Arguments::counts(sum, rule.max));
    units
}

/// Rules that look at what has been billed.
fn apply_history(plan: &Plan<'_>, row: &Row, code: u32, known: &Known<'_, '_>, draft: &mut Draft<'_, '_>) {
    let ledger = known.ledger;
    apply_limits(plan, row, code, known, draft);
    for exclusion in plan.exclusions.iter().filter(|exclusion| holds(&exclusion.when, row)) {
        let count = related(exclusion, row, ledger);
        let subject = subject_of(draft, exclusion.codes.first().unwrap_or(NONE));
        draft.judge((count.lines == 0).into(), exclusion.rule, Arguments::counts(count.lines, 0).about(subject));
    }
    for prerequisite in plan.prerequisites.iter().filter(|prerequisite| holds(&prerequisite.when, row)) {
        let count = related(prerequisite, row, ledger);
        let subject = subject_of(draft, prerequisite.codes.first().unwrap_or(NONE));
        draft.judge((count.lines > 0).into(), prerequisite.rule, Arguments::counts(count.lines, 1).about(subject));
    }
}

fn related(relation: &Relation, row: &Row, ledger: &Ledger<'_>) -> Count {
    let sought = Sought { codes: &relation.codes, window: relation.window, per: relation.per, units: 0 };
    ledger.count(row, &sought)
}

/// Limits of the line of `code`, where there is one.
fn apply_limits(plan: &Plan<'_>, row: &Row, code: u32, known: &Known<'_, '_>, draft: &mut Draft<'_, '_>) {
    let Some(units) = draft.units_of(code) else { return };
    for limit in plan.limits.iter().filter(|limit| holds(&limit.when, row)) {
        let sought = Sought { codes: &limit.codes, window: limit.window, per: limit.per, units };
        let before = known.ledger.count(row, &sought);
        let with_this = match limit.counts {
            Counts::Lines => before.lines.saturating_add(1),
            Counts::Units => before.units.saturating_add(units),
            Counts::Minutes if row.minutes == NONE_U32 => before.minutes,
            Counts::Minutes => before.minutes.saturating_add(row.minutes),
        };
        let set = (limit.parameter != NONE).then(|| known.parameters.find(limit.parameter, row.day)).flatten();
        let max = set.unwrap_or(limit.max);
        let arguments = Arguments::counts(with_this, max).about(subject_of(draft, code));
        draft.judge(Satisfied::from(with_this <= max), limit.rule, arguments);
    }
}

/// Puts the amount on its line.
fn price(
    plan: &Plan<'_>,
    row: &Row,
    priced: Priced,
    known: &Known<'_, '_>,
    draft: &mut Draft<'_, '_>,
) -> Result<(), EvaluateFault> {
    let pays_nothing = of_case(&plan.report_only, row).next().transpose()?.is_some();
    let units = draft.units_of(priced.code);
    let per_unit = |cents: Cents| cents.times(Units(units.unwrap_or(1))).map_err(|_| EvaluateFault::Overflow);
    let cents = match plan.rate {
        _ if pays_nothing => Some(Cents::ZERO),
        RateRule::Fixed(cents) => Some(per_unit(cents)?),
        RateRule::Terms(rules) if units.is_some() => price_by_terms(rules, row, priced, known, draft)?,
        RateRule::Terms(_) | RateRule::Unknown => None,
    };
    if let Some(cents) = cents {
        draft.price_line(priced.code, cents);
    }
    Ok(())
}

/// What the agency's terms make of the line; `None` where they have no rate for it.
fn price_by_terms(
    rules: TermsRules,
    row: &Row,
    Priced { code, minutes }: Priced,
    known: &Known<'_, '_>,
    draft: &mut Draft<'_, '_>,
) -> Result<Option<Cents>, EvaluateFault> {
    let about = Arguments::NONE.about(subject_of(draft, code));
    let rate = known.rates.find(code, row, known.view);
    draft.judge(rate.is_some().into(), rules.missing, about);
    let Some(rate) = rate else { return Ok(None) };
    let window = match rate.method {
        PricingMethod::PerCase => Some(Window::Lifetime),
        PricingMethod::Monthly => Some(Window::CalendarMonth),
        PricingMethod::PerUnit | PricingMethod::Hourly | PricingMethod::Capitation => None,
    };
    let own = NameSet::from_iter([code]);
    let sought = window.map(|window| Sought { codes: &own, window, per: per::PAYER, units: 0 });
    if sought.is_some_and(|sought| known.ledger.count(row, &sought).lines > 0) {
        draft.fail(rules.included, about);
        return Ok(Some(Cents::ZERO));
    }
    if rate.method == PricingMethod::Hourly && minutes == NONE_U32 {
        draft.fail(rules.unmeasured, Arguments::NONE);
        return Ok(None);
    }
    if rate.method == PricingMethod::Capitation {
        draft.fail(rules.capitated, about);
    }
    let units = draft.units_of(code).unwrap_or(1);
    rate.cents(units, minutes).map(Some).ok_or(EvaluateFault::Overflow)
}
