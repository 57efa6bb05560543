//! What no answer shows: rows that never matter, rules that never speak, codes that are never paid for. Asks cases and probes.

use std::collections::{BTreeMap, BTreeSet};

use adjudica_core::columns::Explain;
use adjudica_core::{Decision, Manifest, ProcedureCode, Rule, RuleKind, Timeline};
use adjudica_sdk::tables::Compiled;
use rayon::iter::{ParallelBridge as _, ParallelIterator as _};

use super::tables::{Row, Tables, only_notes};
use super::{Hint, quoted};
use crate::Subject;
use crate::asked::Asked;
use crate::mutate::{rows, without_row};
use crate::probe::Probes;

/// A table whose rules speak by the policy's Rust, which is not asked here.
const BY_CODE: &str = "custom";

/// The hints; none where there are no cases, from which probes are made.
pub(super) fn hints(subject: &Subject, compiled: &Compiled, tables: &Tables) -> Vec<Hint> {
    if subject.cases().next().is_none() {
        return Vec::new();
    }
    let probes = Probes::of(subject, compiled);
    let idle = idle_rows(subject, compiled, &probes);
    let is_idle = |row: &Row| idle.contains(&(row.table.clone(), row.name.clone()));
    let mut hints = Vec::new();
    for row in tables.rows.iter().filter(|row| row.is_own() && is_idle(row)) {
        let message =
            "no case and no probe is answered differently without this row; add a case that needs it or take it out";
        hints.push(Hint::at(row, message.to_owned()));
    }
    let silent = silent_rules(compiled, &probes, tables);
    hints.extend(silent.into_iter().filter(|(row, _)| !is_idle(row)).map(|(row, message)| Hint::at(row, message)));
    hints.extend(unpaid_codes(compiled, &probes, tables));
    hints
}

/// Tables and names of the rows without which nothing is answered differently.
fn idle_rows(subject: &Subject, compiled: &Compiled, probes: &Probes) -> BTreeSet<(String, String)> {
    let cases = subject.ask(compiled, Explain::All);
    let differs = |asked: &Asked, without: &Compiled| {
        asked.answers_of(without, compiled).is_some_and(|after| after != asked.decisions(compiled))
    };
    let matters = |without: &Compiled| {
        gives_words(&without.manifest, &compiled.manifest)
            || cases.iter().chain(probes.asked()).any(|asked| differs(asked, without))
    };
    let Some(tables) = subject.spelled_out() else { return BTreeSet::new() };
    let own = rows(&tables).into_iter().filter(|row| row.table != BY_CODE);
    let idle = own.par_bridge().filter(|row| {
        let without = without_row(&tables, row).map(|tables| subject.compile_as(&tables));
        // A row that others stand on cannot be taken away alone.
        matches!(without, Some(Ok(without)) if !matters(&without))
    });
    idle.map(|row| (row.table.clone(), row.name())).collect()
}

/// Whether the rules are the same without the row but for what they say: then it is there for its words.
fn gives_words(without: &Manifest, with: &Manifest) -> bool {
    let ids = |manifest: &Manifest| manifest.rules.iter().map(|rule| rule.id.clone()).collect::<Vec<_>>();
    without.rules != with.rules && ids(without) == ids(with)
}

/// Own rows with rules that never speak, and what is said of them.
fn silent_rules<'t>(compiled: &Compiled, probes: &Probes, tables: &'t Tables) -> Vec<(&'t Row, String)> {
    let all: BTreeSet<String> = compiled.manifest.rules.iter().map(|rule| rule.id.to_string()).collect();
    let speaking: BTreeSet<String> = probes.where_they_speak(&all).into_iter().map(|(rule, _)| rule).collect();
    let mut name_to_rules: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for rule in compiled.manifest.rules.iter().filter(|rule| !speaking.contains(rule.id.as_str())) {
        if let Some(row) = row_of(rule, tables) {
            name_to_rules.entry(&row.name).or_default().push(rule.id.as_str());
        }
    }
    let own = tables.rows.iter().filter(|row| row.is_own() && row.is_rule() && row.table != BY_CODE);
    let told = own.filter_map(|row| {
        let rules = name_to_rules.get(row.name.as_str())?;
        Some((row, silence_of(rules)))
    });
    told.collect()
}

/// What is said of rules of a row that never speak.
pub(super) fn silence_of(rules: &[&str]) -> String {
    let named = quoted(rules.iter().copied());
    let (speak, it) = match rules {
        [_] => (format!("the rule {named} speaks"), "it"),
        _ => (format!("the rules {named} speak"), "each"),
    };
    format!("{speak} about no case and no probe; add a case about which {it} should or correct the row")
}

/// The row by which a rule speaks. A rule's id is its row's, perhaps with something behind, or names a kind and a code.
fn row_of<'t>(rule: &Rule, tables: &'t Tables) -> Option<&'t Row> {
    let id = rule.id.as_str();
    let rules = tables.rows.iter().filter(|row| row.is_rule());
    if let Some(row) = rules.clone().find(|row| row.id.as_deref() == Some(id)) {
        return Some(row);
    }
    let is_staff = matches!(rule.kind, RuleKind::Role | RuleKind::Phase | RuleKind::Mode);
    let table = if is_staff { "staff" } else { "rate" };
    if (is_staff || rule.kind == RuleKind::Rate)
        && let Some(code) = id.split('.').nth(1)
        && let Some(row) =
            tables.of_table(table).find(|row| tables.codes(row).is_some_and(|codes| codes.contains(code)))
    {
        return Some(row);
    }
    let begins = |row: &&Row| {
        row.id.as_deref().is_some_and(|start| id.strip_prefix(start).is_some_and(|rest| rest.starts_with('.')))
    };
    rules.filter(begins).max_by_key(|row| row.name.len())
}

fn unpaid_codes(compiled: &Compiled, probes: &Probes, tables: &Tables) -> Vec<Hint> {
    let mut paid: BTreeSet<String> = BTreeSet::new();
    for asked in probes.asked() {
        for (timeline, decisions) in asked.timelines.iter().zip(asked.decisions(compiled)) {
            paid.extend(paid_codes(timeline, &decisions).map(|code| code.to_string()));
        }
    }
    // A notice without a condition that stops a code says that it is listed in order not to be paid for.
    let stopped = tables.of_table("notice").filter(|row| !row.values.contains_key("when") && !only_notes(row));
    paid.extend(stopped.filter_map(|row| tables.codes(row)).flatten());
    let mut told = BTreeSet::new();
    let mut hints = Vec::new();
    for row in tables.of_table("code").filter(|row| row.is_own()) {
        let Some(code) = row.text("code").filter(|code| !paid.contains(*code) && told.insert(*code)) else { continue };
        let message = format!("`{code}` is paid for in no case and no probe; add a case in which it is or take it out");
        hints.push(Hint::at(row, message));
    }
    hints
}

/// The codes of what is accepted; where no line is, the code that was asked for.
fn paid_codes<'a>(timeline: &'a Timeline, decisions: &'a [Decision]) -> impl Iterator<Item = ProcedureCode> + 'a {
    let accepted = timeline.encounters.iter().zip(decisions).filter(|(_, decision)| decision.outcome.is_accepted());
    accepted.flat_map(|(facts, decision)| {
        let asked_for = decision.counted_only().or(facts.procedure_code).filter(|_| decision.lines.is_empty());
        decision.lines.iter().map(|line| line.procedure_code).chain(asked_for)
    })
}
