//! Minutes that no code of a kind of work takes, between the fewest and the most that one takes. Looks at refusing rows only.

use std::collections::{BTreeMap, BTreeSet};

use adjudica_core::ServiceDate;

use super::dates::effect_of;
use super::tables::{Row, Tables};
use super::{Hint, quoted};

/// Minutes that a code takes: the fewest and the most.
type Bounds = (u32, u32);

/// The holes of every kind of work.
pub(super) fn holes(tables: &Tables) -> Vec<Hint> {
    let mut service_to_rows: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in tables.of_table("code") {
        if let Some(service) = row.text("service") {
            service_to_rows.entry(service).or_default().push(row);
        }
    }
    let refusing: Vec<(&Row, BTreeSet<String>)> = tables
        .of_table("minutes")
        .filter(|row| effect_of(row) == "not_billable")
        .filter_map(|row| Some((row, tables.codes(row)?)))
        .collect();
    let mut hints = Vec::new();
    for (service, codes) in service_to_rows {
        let turning =
            codes.iter().copied().chain(refusing.iter().map(|(row, _)| *row)).map(|row| tables.days(row).from);
        for day in turning.collect::<BTreeSet<ServiceDate>>() {
            let held: Vec<&str> =
                codes.iter().filter(|row| tables.days(row).contains(day)).filter_map(|row| row.text("code")).collect();
            let rows: Vec<(&Row, &BTreeSet<String>)> = refusing
                .iter()
                .filter(|(row, of)| tables.days(row).contains(day) && held.iter().any(|code| of.contains(*code)))
                .map(|(row, of)| (*row, of))
                .collect();
            hints.extend(hole_hint(service, &held, &rows));
        }
    }
    hints
}

fn hole_hint(service: &str, codes: &[&str], rows: &[(&Row, &BTreeSet<String>)]) -> Option<Hint> {
    // A code without a bound takes any minutes.
    let taken: Vec<Bounds> = codes.iter().map(|code| bounds_of(code, rows)).collect::<Option<_>>()?;
    let holes = holes_between(taken);
    let (first, last) = *holes.first()?;
    let own = || rows.iter().map(|(row, _)| *row).filter(|row| row.is_own());
    let row = own()
        .find(|row| row.number("min") == last.checked_add(1))
        .or_else(|| own().find(|row| row.number("max").and_then(|max| max.checked_add(1)) == Some(first)))
        .or_else(|| own().next())?;
    let minutes: Vec<String> = holes
        .iter()
        .map(|(first, last)| if first == last { first.to_string() } else { format!("{first} to {last}") })
        .collect();
    let (minutes, codes) = (minutes.join(" or "), quoted(codes.iter().copied()));
    Some(Hint::at(row, format!("no code of the work `{service}` takes {minutes} minutes; widen a bound of {codes}")))
}

/// What all rows of a code leave; `None` where none is about it.
fn bounds_of(code: &str, rows: &[(&Row, &BTreeSet<String>)]) -> Option<Bounds> {
    let of_code = rows.iter().filter(|(_, codes)| codes.contains(code));
    let bounds = of_code.map(|(row, _)| (row.number("min").unwrap_or(0), row.number("max").unwrap_or(u32::MAX)));
    bounds.reduce(|(min, max), (other_min, other_max)| (min.max(other_min), max.min(other_max)))
}

/// Minutes between these, from the first to the last, that none of them holds.
fn holes_between(mut taken: Vec<Bounds>) -> Vec<Bounds> {
    taken.retain(|(min, max)| min <= max);
    taken.sort_unstable();
    let mut holes = Vec::new();
    let mut reached: Option<u32> = None;
    for (min, max) in taken {
        if let Some(next) = reached.and_then(|reached| reached.checked_add(1)).filter(|next| *next < min) {
            holes.push((next, min.saturating_sub(1)));
        }
        reached = Some(reached.unwrap_or(0).max(max));
    }
    holes
}
