//! What the rules of staff rows say of the rows: who may what, and where it is written. Decides nothing.

use adjudica_core::{Effect, ServiceDate, Token};

use crate::tables::document::Document;
use crate::tables::rows::{Common, StaffRow};
use crate::tables::rulebook::Variant;

/// The document, on a day.
pub(super) type On<'d> = (&'d Document, ServiceDate);

/// Names in the order of the row, each once; `None` where the row leaves the list out, which means any.
type Names<'d> = Option<Vec<&'d str>>;

/// What some rows give, and to whom.
struct Entry<'d> {
    given: Names<'d>,
    roles: Names<'d>,
    /// `None` too where the phase does not matter.
    phases: Names<'d>,
}

/// The roles that any of the rows names.
pub(super) fn roles(on: On<'_>, rows: &[&StaffRow]) -> String {
    let names = rows.iter().filter_map(|row| names(on, row.roles.as_deref()));
    once(names.flatten()).join(", ")
}

/// The phases that the rows give, and to whom where they differ; empty where no row limits them.
pub(super) fn phases<'d>(on: On<'d>, rows: &[&'d StaffRow]) -> String {
    let entry = |row: &&'d StaffRow| Entry {
        given: names(on, row.phases.as_deref()),
        roles: names(on, row.roles.as_deref()),
        phases: None,
    };
    text(rows.iter().map(entry).collect(), "any phase")
}

/// The modes that the rows give, and to whom and in which phase where they differ; empty where no row limits them.
pub(super) fn modes<'d>(on: On<'d>, rows: &[&'d StaffRow]) -> String {
    let entry = |row: &&'d StaffRow| Entry {
        given: names(on, row.modes.as_deref()),
        roles: names(on, row.roles.as_deref()),
        phases: names(on, row.phases.as_deref()),
    };
    text(rows.iter().map(entry).collect(), "any mode")
}

/// What is said where a row lets the encounter through for a look: not that the role may not bill.
pub(super) fn of_reserved(common: &Common) -> Variant {
    let lets_through = matches!(common.effect, Some(Effect::Review | Effect::Note));
    let open = lets_through.then(|| "whether this role may bill {subject} in this way is not settled".to_owned());
    Variant { sentence: common.sentence.clone().or(open), ..Variant::default() }
}

/// The sections that the rows cite, each once: those of the first row's source, then those of others, with their source.
pub(super) fn section(rows: &[&StaffRow]) -> Option<String> {
    let mut sources: Vec<(Option<&Token>, Vec<&str>)> = Vec::new();
    for row in rows {
        let source = row.source.as_ref();
        let position = sources.iter().position(|(known, _)| *known == source).unwrap_or_else(|| {
            sources.push((source, Vec::new()));
            sources.len() - 1
        });
        if let (Some((_, sections)), Some(section)) = (sources.get_mut(position), row.section.as_deref())
            && !sections.contains(&section)
        {
            sections.push(section);
        }
    }
    let parts = sources.iter().enumerate().filter_map(|(index, (source, sections))| match (index, source) {
        (0, _) => (!sections.is_empty()).then(|| sections.join("; ")),
        (_, None) => None,
        (_, Some(source)) if sections.is_empty() => Some(format!("and {source}")),
        (_, Some(source)) => Some(format!("and {source}, {}", sections.join("; "))),
    });
    let parts: Vec<String> = parts.collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn names<'d>((document, day): On<'d>, list: Option<&'d [String]>) -> Names<'d> {
    list.map(|list| once(document.sets.resolve_on(list, day)))
}

fn once<'d>(names: impl IntoIterator<Item = &'d str>) -> Vec<&'d str> {
    let mut all = Vec::new();
    for name in names {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

/// The lists alone where all rows give the same, else each list with those to whom it is given, in the order of the rows.
fn text(entries: Vec<Entry<'_>>, any: &str) -> String {
    let entries = joined(joined(entries));
    let differs = |list: for<'e, 'd> fn(&'e Entry<'d>) -> &'e Names<'d>| {
        entries.iter().any(|entry| entries.first().is_some_and(|first| !same(list(first), list(entry))))
    };
    if !differs(|entry| &entry.given) {
        return entries.first().and_then(|entry| entry.given.as_ref()).map_or_else(String::new, |list| list.join(", "));
    }
    let (by_role, by_phase) = (differs(|entry| &entry.roles), differs(|entry| &entry.phases));
    let parts = entries.iter().map(|entry| {
        let given = entry.given.as_ref().map_or_else(|| any.to_owned(), |list| list.join(", "));
        let roles = entry.roles.as_ref().map_or_else(|| "anyone".to_owned(), |list| list.join(", "));
        let phases = entry.phases.as_ref().map_or_else(|| "any phase".to_owned(), |list| list.join(", "));
        match (by_role, by_phase) {
            (true, true) => format!("{given} ({roles} in {phases})"),
            (false, true) => format!("{given} (in {phases})"),
            (true, false) | (false, false) => format!("{given} ({roles})"),
        }
    });
    parts.collect::<Vec<_>>().join("; ")
}

/// Entries that differ in one of their lists only, made one.
fn joined(entries: Vec<Entry<'_>>) -> Vec<Entry<'_>> {
    let entries = merged(entries, |one, other| {
        let is_same = same(&one.roles, &other.roles) && same(&one.phases, &other.phases);
        is_same.then(|| one.given = both(&one.given, &other.given)).is_some()
    });
    let entries = merged(entries, |one, other| {
        let is_same = same(&one.given, &other.given) && same(&one.phases, &other.phases);
        is_same.then(|| one.roles = both(&one.roles, &other.roles)).is_some()
    });
    merged(entries, |one, other| {
        let is_same = same(&one.given, &other.given) && same(&one.roles, &other.roles);
        is_same.then(|| one.phases = both(&one.phases, &other.phases)).is_some()
    })
}

/// Entries with those left out that an earlier one took up.
fn merged<'d>(entries: Vec<Entry<'d>>, takes_up: impl Fn(&mut Entry<'d>, &Entry<'d>) -> bool) -> Vec<Entry<'d>> {
    let mut kept: Vec<Entry<'d>> = Vec::new();
    for entry in entries {
        if !kept.iter_mut().any(|earlier| takes_up(earlier, &entry)) {
            kept.push(entry);
        }
    }
    kept
}

/// Whether two lists name the same, in any order.
fn same(one: &Names<'_>, other: &Names<'_>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => one.len() == other.len() && one.iter().all(|name| other.contains(name)),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

/// What either list names; any where one of them means any.
fn both<'d>(one: &Names<'d>, other: &Names<'d>) -> Names<'d> {
    let (one, other) = (one.as_ref()?, other.as_ref()?);
    Some(once(one.iter().chain(other).copied()))
}
