//! Days between the rows of a table: those that no row holds for, and those that two rows bound. What the compiler refuses is not here.

use std::collections::{BTreeMap, BTreeSet};

use adjudica_core::{DateRange, ServiceDate};
use toml::Value;

use super::tables::{Row, Tables};
use super::{Hint, quoted};

/// Tables whose rows should follow each other, with the fields by which rows of the same codes differ in what they say.
const DATED: [(&str, &[&str]); 6] = [
    ("code", &[]),
    ("staff", &[]),
    ("rate", &[]),
    ("units", &[]),
    ("minutes", &["effect"]),
    ("limit", &["effect", "window", "days", "per", "counts", "together", "when"]),
];
/// The other tables with the same. Their rows may be meant to leave days out, so only one day between two is told: the sign of a
/// last day that is written where the first day after belongs.
const NEARLY: [(&str, &[&str]); 13] = [
    ("group_size", &["effect"]),
    ("add_on", &["code", "primary"]),
    ("place", &["effect"]),
    ("exclude", &["effect", "with", "window", "days", "per", "when"]),
    ("prerequisite", &["effect", "any_of", "window", "days", "per", "when"]),
    ("require", &["effect", "info", "any_of", "absent", "when"]),
    ("forbid", &["effect", "info", "when"]),
    ("modifier", &["modifier", "when"]),
    ("filing", &["effect"]),
    ("diagnosis", &["effect"]),
    ("component", &[]),
    ("interval", &["effect", "start", "end", "business_days", "when"]),
    ("authorization", &["effect", "when"]),
];
/// Years of an id's end.
const YEARS: std::ops::Range<u32> = 1900..2200;

/// Days that no row holds for, between two rows of a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Gap {
    /// Positions among all rows.
    earlier: usize,
    later: usize,
    first: ServiceDate,
    last: ServiceDate,
}

/// Days that rows of the same codes, or of the same id but for its date, leave uncovered between them.
pub(super) fn gaps(tables: &Tables) -> Vec<Hint> {
    let mut hints = Vec::new();
    for (table, kinds) in DATED.into_iter().chain(NEARLY) {
        let mut by_code = gaps_by_code(tables, table, kinds);
        by_code.retain(|gap, _| gap.first == gap.last || DATED.iter().any(|(dated, _)| *dated == table));
        let told: BTreeSet<usize> = by_code.keys().flat_map(|gap| [gap.earlier, gap.later]).collect();
        for (gap, codes) in &by_code {
            let codes = match codes.iter().cloned().collect::<Option<Vec<String>>>() {
                Some(codes) => quoted(codes.iter().map(String::as_str)),
                None => "every code".to_owned(),
            };
            let days = days_from_to(gap.first, gap.last);
            hints.extend(gap_hint(tables, gap, &format!("leave {codes} without a `{table}` row {days}")));
        }
        for gap in gaps_by_stem(tables, table).into_iter().filter(|gap| !told.contains(&gap.later)) {
            let days = days_from_to(gap.first, gap.last);
            hints.extend(gap_hint(tables, &gap, &format!("begin alike and leave a gap {days}")));
        }
    }
    hints
}

/// Rows that hold on no day that the policy answers for.
pub(super) fn dead(tables: &Tables) -> Vec<Hint> {
    let is_dead = |row: &&Row| {
        let days = tables.days(row);
        let is_empty = days.to.is_some_and(|to| to <= days.from);
        !tables.in_force.is_empty() && (is_empty || !tables.in_force.iter().any(|period| period.overlaps(&days)))
    };
    let own = tables.rows.iter().filter(|row| row.is_own() && row.is_rule());
    let message = "the row holds on no day that the policy answers for; correct its days or take it out";
    own.filter(is_dead).map(|row| Hint::at(row, message.to_owned())).collect()
}

fn gap_hint(tables: &Tables, gap: &Gap, what: &str) -> Option<Hint> {
    let (earlier, later) = (tables.rows.get(gap.earlier)?, tables.rows.get(gap.later)?);
    let place = [later, earlier].into_iter().find(|row| row.is_own())?;
    let names = format!("`{}` and `{}`", earlier.name, later.name);
    Some(Hint::at(place, format!("{names} {what}; let the first last until the second begins")))
}

/// For each gap the codes that have it; `None` stands for rows that are about every code.
fn gaps_by_code(tables: &Tables, table: &str, kinds: &[&str]) -> BTreeMap<Gap, BTreeSet<Option<String>>> {
    let mut groups: BTreeMap<(Option<String>, String), Vec<usize>> = BTreeMap::new();
    for (position, row) in tables.rows.iter().enumerate().filter(|(_, row)| row.table == table) {
        let said: Vec<Option<&Value>> = kinds.iter().map(|key| row.values.get(*key)).collect();
        let said = format!("{said:?}");
        let codes = tables.codes(row).map_or_else(|| vec![None], |codes| codes.into_iter().map(Some).collect());
        for code in codes {
            groups.entry((code, said.clone())).or_default().push(position);
        }
    }
    let mut gap_to_codes: BTreeMap<Gap, BTreeSet<Option<String>>> = BTreeMap::new();
    for ((code, _), positions) in groups {
        for gap in gaps_of(tables, &positions, code.as_deref()) {
            gap_to_codes.entry(gap).or_default().insert(code.clone());
        }
    }
    gap_to_codes
}

fn gaps_by_stem(tables: &Tables, table: &str) -> Vec<Gap> {
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (position, row) in tables.rows.iter().enumerate().filter(|(_, row)| row.table == table) {
        if let Some(stem) = row.id.as_deref().and_then(stem_of) {
            groups.entry(stem).or_default().push(position);
        }
    }
    groups.values().flat_map(|positions| gaps_of(tables, positions, None)).collect()
}

/// An id without the year, the month or the day at its end; `None` where it ends in none.
fn stem_of(id: &str) -> Option<&str> {
    let (mut stem, mut end) = id.rsplit_once(['.', '_', '-'])?;
    for _ in 0..2 {
        if end.len() == 2 && end.parse::<u32>().is_ok() {
            (stem, end) = stem.rsplit_once(['.', '_', '-'])?;
        }
    }
    let is_year = end.len() == 4 && end.parse().is_ok_and(|year| YEARS.contains(&year));
    is_year.then_some(stem)
}

/// The days between the first and the last of these rows, within what the policy answers for, for which none holds for `code`.
fn gaps_of(tables: &Tables, positions: &[usize], code: Option<&str>) -> Vec<Gap> {
    let days = |position: &usize| {
        let row = tables.rows.get(*position)?;
        let days = code.map_or_else(|| Some(tables.days(row)), |code| tables.days_for(row, code))?;
        Some((days, *position))
    };
    let mut dated: Vec<(DateRange, usize)> = positions.iter().filter_map(days).collect();
    dated.sort();
    let mut gaps = Vec::new();
    let mut reached: Option<(ServiceDate, usize)> = None;
    for (days, later) in dated {
        if let Some((end, earlier)) = reached
            && end < days.from
        {
            let open = DateRange { from: end, to: Some(days.from) };
            for period in tables.in_force.iter().filter(|period| period.overlaps(&open)) {
                let until = period.to.map_or(days.from, |to| to.min(days.from));
                gaps.push(Gap { earlier, later, first: end.max(period.from), last: until.plus_days(-1) });
            }
        }
        match days.to {
            None => break,
            Some(to) if reached.is_none_or(|(end, _)| end < to) => reached = Some((to, later)),
            Some(_) => {}
        }
    }
    gaps
}

/// Days in a sentence.
pub(super) fn days_from_to(first: ServiceDate, last: ServiceDate) -> String {
    if first == last { format!("on {first}") } else { format!("from {first} to {last}") }
}

/// Days that may have no end, in a sentence.
pub(super) fn days_told(days: DateRange) -> String {
    days.to.map_or(format!("from {} on", days.from), |to| days_from_to(days.from, to.plus_days(-1)))
}

/// Days of a code on which the policy answers, before the first of `rows` begins and after the last has ended; none where there are
/// no rows.
pub(super) fn days_beyond(tables: &Tables, code: &Row, rows: &[&Row]) -> Vec<DateRange> {
    let of = code.text("code").unwrap_or_default();
    let days: Vec<DateRange> = rows.iter().filter_map(|row| tables.days_for(row, of)).collect();
    let Some(first) = days.iter().map(|days| days.from).min() else { return Vec::new() };
    let last = days.iter().map(|days| days.to).max_by_key(|end| (end.is_none(), *end)).flatten();
    let of_code = tables.days(code);
    let mut beyond = Vec::new();
    for period in tables.in_force.iter().filter(|period| period.overlaps(&of_code)) {
        let from = of_code.from.max(period.from);
        let to = of_code.to.into_iter().chain(period.to).min();
        let before = DateRange { from, to: Some(to.map_or(first, |to| to.min(first))) };
        let after = last.map(|last| DateRange { from: last.max(from), to });
        let both = [Some(before), after].into_iter().flatten();
        beyond.extend(both.filter(|days| days.to.is_none_or(|to| days.from < to)));
    }
    beyond
}

/// Rows of `minutes` that bound the same code from the same side, as hard, on the same days.
/// Two rows of `code`, `units` or `rate` for a code and day do not compile.
pub(super) fn overlaps(tables: &Tables) -> Vec<Hint> {
    let rows: Vec<&Row> = tables.of_table("minutes").collect();
    let mut hints = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        for other in rows.iter().take(index) {
            let both_bound = |key: &str| row.values.contains_key(key) && other.values.contains_key(key);
            let (days, other_days) = (tables.days(row), tables.days(other));
            let (Some(codes), Some(other_codes)) = (tables.codes(row), tables.codes(other)) else { continue };
            let shared: Vec<&str> = codes.intersection(&other_codes).map(String::as_str).collect();
            let alike = effect_of(row) == effect_of(other) && (both_bound("min") || both_bound("max"));
            if shared.is_empty() || !alike || !days.overlaps(&other_days) {
                continue;
            }
            // Own rows come first; the one that is written later is told.
            let (place, named) = if row.is_own() { (row, other) } else { (other, row) };
            if place.is_own() {
                let from = days.from.max(other_days.from);
                let until = days.to.into_iter().chain(other_days.to).min();
                let days = days_told(DateRange { from, to: until });
                let has = if shared.len() == 1 { "has" } else { "have" };
                let message = format!(
                    "{} {has} another `minutes` row, `{}`, {days}; end one where the other begins",
                    quoted(shared),
                    named.name
                );
                hints.push(Hint::at(place, message));
            }
        }
    }
    hints
}

/// What a row of `minutes` does.
pub(super) fn effect_of(row: &Row) -> &str {
    row.text("effect").unwrap_or("not_billable")
}
