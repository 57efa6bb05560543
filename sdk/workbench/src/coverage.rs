//! Which rules, table rows and sides of boundaries the cases reach. Whether the answers are right is the cases' own concern.

use std::collections::{BTreeMap, BTreeSet};

use adjudica_core::columns::Explain;
use adjudica_core::{Decision, Manifest, ServiceDate, Verdict};
use adjudica_sdk::tables::Compiled;
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use serde::Serialize;

use crate::Subject;
use crate::mutate::{Row, rows, without_row};

/// What the cases reach of a policy.
#[derive(Debug, Clone, Serialize)]
pub struct Coverage {
    /// Rules that spoke in some case, of all.
    pub rules: Reached,
    /// Rules that spoke in generated cases alone.
    pub rules_by_pins: usize,
    /// Rows of the policy's own tables whose absence some case would show, of all.
    pub rows: Reached,
    /// Sides of boundaries on which some case stands, of all that some case comes near.
    pub sides: Reached,
}

/// How many there are, and which no case reaches.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Reached {
    /// All of them.
    pub all: usize,
    /// Those that no case reaches, in order.
    pub missed: Vec<Missed>,
}

/// One thing that no case reaches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missed {
    /// The rule or the row.
    pub name: String,
    /// Line of `policy.toml`, where it stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// What a case would have to do.
    pub wanted: String,
    /// Where the rule comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub citation: Option<String>,
}

impl Reached {
    /// Those that a case reaches.
    #[must_use]
    pub fn reached(&self) -> usize {
        self.all.saturating_sub(self.missed.len())
    }

    /// Whole percent that is reached, rounded down; 100 where there is nothing to reach.
    #[must_use]
    pub fn percent(&self) -> usize {
        self.reached().saturating_mul(100).checked_div(self.all).unwrap_or(100)
    }
}

/// The title and section of a rule's source.
fn citation(manifest: &Manifest, rule: &str) -> Option<String> {
    let rule = manifest.rules.iter().find(|other| other.id.as_str() == rule)?;
    let source = manifest.sources.iter().find(|source| Some(&source.id) == rule.source.as_ref())?;
    let section = rule.section.as_ref().map(|section| format!(", {section}")).unwrap_or_default();
    Some(format!("{}{section}", source.title))
}

/// Measures what the cases reach. `decided` are the built policy's answers to every case, with all rules reported.
#[must_use]
pub fn measure(subject: &Subject, compiled: &Compiled, decided: &[Vec<Decision>]) -> Coverage {
    let manifest = &compiled.manifest;
    let seen = Seen::of(decided);
    let written = subject.cases().zip(decided).filter(|((file, _), _)| !file.is_pinned());
    let written = Seen::of(written.map(|(_, decisions)| decisions));
    Coverage {
        rules: rules_reached(subject, manifest, &seen),
        rules_by_pins: seen.spoke.difference(&written.spoke).count(),
        rows: rows_reached(subject, compiled, &seen),
        sides: sides_reached(subject, manifest, &seen),
    }
}

/// What the findings of all cases show.
struct Seen {
    spoke: BTreeSet<String>,
    kept: BTreeSet<String>,
    /// Rule and what was seen, with whether it was kept.
    counts: BTreeSet<(String, i64, bool)>,
    /// Rule and what it asks for.
    bounds: BTreeSet<(String, i64)>,
}

impl Seen {
    fn of<'d>(decided: impl IntoIterator<Item = &'d Vec<Decision>>) -> Self {
        let mut seen =
            Self { spoke: BTreeSet::new(), kept: BTreeSet::new(), counts: BTreeSet::new(), bounds: BTreeSet::new() };
        for finding in decided.into_iter().flatten().flat_map(|decision| &decision.findings) {
            let rule = finding.rule_id.to_string();
            let is_kept = finding.verdict == Verdict::Satisfied;
            if let (Some(observed), Some(expected)) = (finding.observed, finding.expected) {
                seen.counts.insert((rule.clone(), observed, is_kept));
                seen.bounds.insert((rule.clone(), expected));
            }
            if is_kept { &mut seen.kept } else { &mut seen.spoke }.insert(rule);
        }
        seen
    }
}

/// The line of `policy.toml` on which the row of a rule is named: a rule's id is its row's, perhaps with something behind.
fn line_of(subject: &Subject, rule: &str) -> Option<usize> {
    let line = |id: &str| {
        let offset = subject.tables.find(&format!("id = \"{id}\""))?;
        Some(subject.tables.get(..offset)?.matches('\n').count().saturating_add(1))
    };
    let mut id = rule;
    loop {
        if let Some(line) = line(id) {
            return Some(line);
        }
        id = id.rsplit_once('.')?.0;
    }
}

fn rules_reached(subject: &Subject, manifest: &Manifest, seen: &Seen) -> Reached {
    let missed = manifest.rules.iter().filter(|rule| !seen.spoke.contains(rule.id.as_str()));
    let missed = missed.map(|rule| {
        let name = rule.id.to_string();
        let kept = if seen.kept.contains(&name) { "; so far it is only kept" } else { "" };
        Missed {
            line: line_of(subject, &name),
            wanted: format!("a case in which it speaks: {}{kept}", rule.sentence),
            citation: citation(manifest, &name),
            name,
        }
    });
    Reached { all: manifest.rules.len(), missed: missed.collect() }
}

/// A row is reached when its rule was heard, or some answer would be another without it.
fn rows_reached(subject: &Subject, compiled: &Compiled, seen: &Seen) -> Reached {
    let before = subject.ask(compiled, Explain::All);
    let changes_nothing = |without: &Compiled| {
        before.iter().all(|asked| {
            let after = asked.answers_of(without, compiled);
            after.is_none_or(|after| after == asked.decisions(compiled))
        })
    };
    // `None`: a row that others stand on cannot be taken away alone; those others are reached or not.
    let Some(tables) = subject.spelled_out() else { return Reached::default() };
    let missed = |row: Row| -> Option<Option<Missed>> {
        let without = subject.compile_as(&without_row(&tables, &row)?).ok()?;
        let name = row.name();
        if seen.spoke.contains(&name) || seen.kept.contains(&name) || !changes_nothing(&without) {
            return Some(None);
        }
        let citation = citation(&compiled.manifest, &name);
        let wanted = "a case whose answer would be another without this row".to_owned();
        Some(Some(Missed { name, line: row.line(&tables), wanted, citation }))
    };
    let judged: Vec<Option<Missed>> = rows(&tables).into_par_iter().filter_map(missed).collect();
    Reached { all: judged.len(), missed: judged.into_iter().flatten().collect() }
}

/// Both sides of every number that a rule compares with, and of every day on which a rule begins or ends.
fn sides_reached(subject: &Subject, manifest: &Manifest, seen: &Seen) -> Reached {
    let mut reached = Reached::default();
    let mut side = |is_reached: bool, rule: &str, wanted: String| {
        reached.all = reached.all.saturating_add(1);
        if !is_reached {
            let (line, citation) = (line_of(subject, rule), citation(manifest, rule));
            reached.missed.push(Missed { name: rule.to_owned(), line, wanted, citation });
        }
    };
    for (rule, bound) in &seen.bounds {
        let counts = |count: i64, kept: bool| seen.counts.contains(&(rule.clone(), count, kept));
        let beyond = counts(bound.saturating_add(1), false) || counts(bound.saturating_sub(1), false);
        if seen.spoke.contains(rule) {
            side(beyond, rule, format!("a case one beyond {bound}, which it refuses"));
        }
        let has_kept =
            manifest.rules.iter().any(|known| known.id.as_str() == rule && known.satisfied_sentence.is_some());
        if has_kept {
            side(counts(*bound, true), rule, format!("a case with exactly {bound}, which it allows"));
        }
    }
    let days = days_of_service(subject);
    for (day, rule) in turning_days(manifest) {
        side(days.contains(&day), &rule, format!("a case on {day}, the first day of the change"));
        let before = day.plus_days(-1);
        side(days.contains(&before), &rule, format!("a case on {before}, the last day before the change"));
    }
    reached
}

fn days_of_service(subject: &Subject) -> BTreeSet<ServiceDate> {
    subject.cases().flat_map(|(_, case)| &case.timeline.encounters).map(|facts| facts.date_of_service).collect()
}

/// Days on which some rule begins or ends, each with the first rule that does.
fn turning_days(manifest: &Manifest) -> BTreeMap<ServiceDate, String> {
    let mut days = BTreeMap::new();
    for rule in &manifest.rules {
        for day in std::iter::once(rule.in_force.from).chain(rule.in_force.to) {
            days.entry(day).or_insert_with(|| rule.id.to_string());
        }
    }
    days
}

#[cfg(test)]
mod tests;
