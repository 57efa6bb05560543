//! Promises about what is not known: no encounters, encounters of which only the day is known, and cases with a fact left out.

use std::collections::BTreeSet;

use adjudica_core::columns::{Batch, Column, Explain};
use adjudica_core::field::{ColumnKind, Field, NONE_S32, NONE_U32};

use super::{Callee, Groups};

/// Calls for pairs of facts stop at so many encounters.
const PAIRED_ENCOUNTERS_MAX: usize = 1_000_000;

/// A batch of no encounters.
pub(super) fn no_encounters(policy: &Callee<'_>) -> Option<String> {
    policy.render(&bare(policy, 0)).err()
}

/// A batch of encounters of which only the day is known, which every encounter has.
pub(super) fn bare_encounters(policy: &Callee<'_>) -> Option<String> {
    policy.render(&bare(policy, 3)).err()
}

/// Every case without each fact that the policy reads, and without each two.
pub(super) fn without_facts(policy: &Callee<'_>, groups: &Groups) -> Option<String> {
    let facts = facts(&policy.manifest.reads);
    let mut paired = 0;
    for (terms, timelines) in groups {
        let Ok(whole) = policy.encode(timelines, terms, Explain::FailedOnly) else { continue };
        for (index, first) in facts.iter().enumerate() {
            let less = without(&whole, &policy.manifest.reads, first);
            if let Err(fault) = policy.render(&less) {
                return Some(format!("without {first}: {fault}"));
            }
            for second in facts.iter().skip(index.saturating_add(1)) {
                paired += timelines.len();
                if paired > PAIRED_ENCOUNTERS_MAX {
                    break;
                }
                if let Err(fault) = policy.render(&without(&less, &policy.manifest.reads, second)) {
                    return Some(format!("without {first} and {second}: {fault}"));
                }
            }
        }
    }
    None
}

/// Names of what can be absent: fields of an encounter, and tables as a whole.
fn facts(reads: &[Field]) -> BTreeSet<&'static str> {
    let name = |field: &Field| {
        let (table, _) = field.name().split_once('.')?;
        match field.kind() {
            _ if *field == Field::EncounterDateOfService => None,
            ColumnKind::Identity if table == "encounter" => None,
            _ if table == "encounter" => Some(field.name()),
            _ => Some(table),
        }
    };
    reads.iter().filter_map(name).collect()
}

/// The batch with that field absent, or that table empty.
fn without(batch: &Batch, reads: &[Field], fact: &str) -> Batch {
    let mut less = batch.clone();
    for (field, column) in reads.iter().zip(&mut less.columns) {
        let is_table = field.name().split_once('.').is_some_and(|(table, _)| table == fact);
        if !is_table && field.name() != fact {
            continue;
        }
        let is_emptied = is_table && field.kind() != ColumnKind::Offset;
        match column {
            Column::Words(words) if is_emptied => words.clear(),
            Column::Days(days) if is_emptied => days.clear(),
            Column::Cents(cents) if is_emptied => cents.clear(),
            Column::Words(words) => words.fill(if is_table { 0 } else { NONE_U32 }),
            Column::Days(days) => days.fill(NONE_S32),
            Column::Cents(cents) => cents.fill(0),
        }
    }
    less
}

/// A batch of `rows` encounters, of one client each, with nothing known of any of them but its day.
fn bare(policy: &Callee<'_>, rows: u32) -> Batch {
    let column = |field: &Field| {
        let is_child = !field.name().starts_with("encounter.");
        let is_offset = field.kind() == ColumnKind::Offset;
        let rows = match (is_child, is_offset) {
            (false, _) => usize::try_from(rows).unwrap_or(0),
            (true, true) => usize::try_from(rows).unwrap_or(0).saturating_add(1),
            (true, false) => 0,
        };
        let day = policy.manifest.in_force.first().map_or(NONE_S32, |range| range.from.days());
        match field.kind() {
            ColumnKind::Day if *field == Field::EncounterDateOfService => Column::Days(vec![day; rows]),
            ColumnKind::Day => Column::Days(vec![NONE_S32; rows]),
            ColumnKind::Cents => Column::Cents(vec![0; rows]),
            ColumnKind::Offset => Column::Words(vec![0; rows]),
            ColumnKind::Text | ColumnKind::Identity | ColumnKind::Count => Column::Words(vec![NONE_U32; rows]),
        }
    };
    Batch {
        dictionary_bytes: Vec::new(),
        dictionary_offsets: vec![0],
        encounters: rows,
        timelines: (0..=rows).collect(),
        columns: policy.manifest.reads.iter().map(column).collect(),
        explain: false,
    }
}
