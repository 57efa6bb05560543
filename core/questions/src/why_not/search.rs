//! Looks for the fewest changes that help: each alone, then pairs, triples and fours of those that do anything. Batches only.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{Change, ChangeKind, FactChange, Slot};
use super::levers::{Levers, failed};
use super::{Decide, Question, WayOut};
use adjudica_core::decision::{Decision, Outcome};
use adjudica_core::facts::{EncounterFacts, Timeline};
use adjudica_core::manifest::Subject;
use adjudica_core::token::Token;

/// Most changes that are tried together.
const CHANGES_MAX: usize = 4;
/// Most single changes that are combined with each other.
const USEFUL_MAX: usize = 40;
/// Most combinations of a size from which larger ones are made.
const FRONTIER_MAX: usize = 60;
/// Most combinations of a size that are tried.
const TRIED_MAX: usize = 16_000;
/// Most timelines of one call.
const CALL_MAX: usize = 2_000;
/// Most encounters of one call, for clients with many.
const CALL_ENCOUNTERS_MAX: usize = 20_000;
/// How often a change of a number may be replaced by one that its own answer asks for.
const ROUNDS: usize = 3;

/// Changes that are made together.
type Changes = Vec<FactChange>;
/// The rules that speak against billing, with what each points at.
type Failed = BTreeSet<(Token, Option<Subject>)>;

/// Changes and what the policy answers with them.
#[derive(Clone)]
struct State {
    changes: Changes,
    decision: Decision,
    failed: Failed,
}

/// What was found among changes of one size.
#[derive(Default)]
struct Level {
    billable: Vec<State>,
    reported: Vec<State>,
    /// Those that do something and do not suffice, the most helpful first.
    frontier: Vec<State>,
}

impl Level {
    /// Puts each state where it belongs; what leaves every fault of `base` standing is dropped.
    fn take(&mut self, states: Vec<State>, base: &Failed) {
        for state in states {
            match state.decision.outcome {
                Outcome::Billable => self.billable.push(state),
                Outcome::ReportOnly => {
                    // It pays nothing: with another change it may.
                    if !state.failed.is_superset(base) {
                        self.frontier.push(state.clone());
                    }
                    self.reported.push(state);
                }
                Outcome::Incomplete | Outcome::Review | Outcome::NotBillable if !state.failed.is_superset(base) => {
                    self.frontier.push(state);
                }
                Outcome::Incomplete | Outcome::Review | Outcome::NotBillable | Outcome::Undetermined => {}
            }
        }
        // Stable, so that the order in which changes were found decides between equals.
        self.frontier.sort_by_key(|state| (state.failed.len(), otherwise(&state.changes)));
        let mut classes = BTreeSet::new();
        self.frontier.retain(|state| classes.insert((blurred(&state.changes), state.failed.clone())));
        self.frontier.truncate(FRONTIER_MAX);
    }
}

/// One question while it is looked into.
pub(super) struct Search<'s, 'd> {
    question: &'s Question<'s>,
    decide: &'s mut Decide<'d>,
    facts: &'s EncounterFacts,
    base: State,
    /// Single changes in the order in which they were found.
    order: BTreeMap<Change, usize>,
    tried: BTreeSet<Vec<Change>>,
}

impl<'s, 'd> Search<'s, 'd> {
    /// Asks about the encounter as it is. `None` where it is accepted, or not in the timeline.
    pub(super) fn begin(question: &'s Question<'s>, decide: &'s mut Decide<'d>) -> Option<Self> {
        let facts = question.timeline.encounters.get(question.encounter)?;
        let answers = decide(std::slice::from_ref(question.timeline), question.terms);
        let decision = answers.into_iter().next()?.into_iter().nth(question.encounter)?;
        let base = state_of(Vec::new(), decision);
        let is_open = !base.decision.outcome.is_accepted();
        is_open.then(|| Self { question, decide, facts, base, order: BTreeMap::new(), tried: BTreeSet::new() })
    }

    /// The ways out of the smallest size, in order.
    pub(super) fn ways(mut self) -> Vec<WayOut> {
        let singles = Levers::of(self.question, self.facts, self.facts, &self.base.decision).all();
        self.number(&singles);
        let mut level = self.level(singles.into_iter().map(|lever| vec![lever]).collect());
        let useful: Vec<State> = level.frontier.iter().take(USEFUL_MAX).cloned().collect();
        let mut reported = Vec::new();
        for size in 1..=CHANGES_MAX {
            if !level.billable.is_empty() {
                return self.smallest(level.billable, |outcome| outcome == Outcome::Billable);
            }
            // What pays nothing is the answer where one change more does not pay either.
            if !reported.is_empty() {
                break;
            }
            reported = std::mem::take(&mut level.reported);
            if size == CHANGES_MAX {
                break;
            }
            let larger = self.larger(size, &useful, &level.frontier);
            level = self.level(larger);
        }
        self.smallest(reported, Outcome::is_accepted)
    }

    /// Tries `sets`; a number whose own answer asks for another one is replaced by it.
    fn level(&mut self, mut sets: Vec<Changes>) -> Level {
        let mut level = Level::default();
        sets.truncate(TRIED_MAX);
        for _ in 0..ROUNDS {
            let mut round = Level::default();
            self.try_all(sets, &mut round);
            sets = Vec::new();
            for state in &round.frontier {
                let slots = slots(&state.changes);
                let replacing = self.named(state).into_iter().filter(|lever| {
                    let slot = lever.change.slot();
                    slot.is_number() && slots.contains(&slot)
                });
                sets.extend(replacing.map(|lever| replaced(&state.changes, lever)));
            }
            sets.iter().for_each(|set| self.number(set));
            let Level { billable, reported, frontier } = round;
            let states = billable.into_iter().chain(reported).chain(frontier).collect();
            level.take(states, &self.base.failed);
            if sets.is_empty() {
                break;
            }
        }
        level
    }

    /// Sets of one change more: those of useful changes, and each promising set with what its own answer asks for.
    fn larger(&mut self, size: usize, useful: &[State], frontier: &[State]) -> Vec<Changes> {
        let mut sets = match size {
            1 => pairs(useful),
            2 => triples(useful, &self.base.failed),
            _ => Vec::new(),
        };
        for state in frontier {
            let slots = slots(&state.changes);
            let named = self.named(state);
            self.number(&named);
            let more = named.into_iter().chain(useful.iter().flat_map(|state| state.changes.iter().cloned()));
            let free = more.filter(|lever| !slots.contains(&lever.change.slot()));
            sets.extend(free.map(|lever| replaced(&state.changes, lever)));
        }
        sets
    }

    /// What the findings of a state ask for.
    fn named(&self, state: &State) -> Vec<FactChange> {
        let mut now = self.facts.clone();
        state.changes.iter().for_each(|lever| lever.change.apply(&mut now));
        Levers::of(self.question, self.facts, &now, &state.decision).named()
    }

    /// Asks about every set that was not asked about before.
    fn try_all(&mut self, sets: Vec<Changes>, level: &mut Level) {
        let encounters = self.question.timeline.encounters.len().max(1);
        let call = CALL_ENCOUNTERS_MAX.checked_div(encounters).unwrap_or(1).clamp(1, CALL_MAX);
        let mut fresh = sets.into_iter().filter(|set| self.tried.insert(key(set))).collect::<Vec<_>>().into_iter();
        loop {
            let sets: Vec<Changes> = fresh.by_ref().take(call).collect();
            if sets.is_empty() {
                break;
            }
            let timelines: Vec<Timeline> = sets.iter().map(|set| self.changed(set)).collect();
            let answers = (self.decide)(&timelines, self.question.terms);
            let decisions = answers.into_iter().map(|answer| answer.into_iter().nth(self.question.encounter));
            let states = sets.into_iter().zip(decisions);
            let states = states.filter_map(|(set, decision)| Some(state_of(set, decision?))).collect();
            level.take(states, &self.base.failed);
        }
    }

    fn changed(&self, changes: &Changes) -> Timeline {
        let mut timeline = self.question.timeline.clone();
        if let Some(facts) = timeline.encounters.get_mut(self.question.encounter) {
            changes.iter().for_each(|lever| lever.change.apply(facts));
        }
        timeline
    }

    fn number(&mut self, levers: &[FactChange]) {
        for lever in levers {
            let next = self.order.len();
            self.order.entry(lever.change.clone()).or_insert(next);
        }
    }

    /// The best of `states`, or of their parts where a part suffices.
    fn smallest(mut self, mut states: Vec<State>, suffices: fn(Outcome) -> bool) -> Vec<WayOut> {
        self.arrange(&mut states);
        states.truncate(FRONTIER_MAX);
        let mut parts = Level::default();
        let of_all = states.iter().flat_map(|state| parts_of(&state.changes)).collect();
        self.try_all(of_all, &mut parts);
        let sufficing = parts.billable.into_iter().chain(parts.reported);
        states.extend(sufficing.filter(|state| suffices(state.decision.outcome)));
        let fewest = states.iter().map(|state| state.changes.len()).min().unwrap_or(0);
        states.retain(|state| state.changes.len() == fewest);
        self.arrange(&mut states);
        let ways = states.into_iter().map(|state| {
            let State { mut changes, decision, .. } = state;
            changes.sort_by_cached_key(|lever| (lever.kind, self.order.get(&lever.change).copied()));
            WayOut { changes, decision }
        });
        ways.collect()
    }

    /// Puts them in order; of those between which `blurred` sees no difference the first stays.
    fn arrange(&self, states: &mut Vec<State>) {
        states.sort_by_cached_key(|state| self.rank(state));
        let mut told = BTreeSet::new();
        states.retain(|state| told.insert(blurred(&state.changes)));
    }

    /// Fewer changes to another encounter first, then those nearest to the work, then as they were found.
    fn rank(&self, state: &State) -> (usize, Vec<u8>, Vec<Option<usize>>) {
        let mut distances: Vec<u8> = state.changes.iter().map(|lever| lever.distance()).collect();
        distances.sort_unstable_by(|a, b| b.cmp(a));
        let mut found: Vec<Option<usize>> =
            state.changes.iter().map(|lever| self.order.get(&lever.change).copied()).collect();
        found.sort_unstable();
        (otherwise(&state.changes), distances, found)
    }
}

fn state_of(changes: Changes, decision: Decision) -> State {
    let failed = failed(&decision).map(|finding| (finding.rule_id.clone(), finding.subject.clone())).collect();
    State { changes, decision, failed }
}

fn otherwise(changes: &Changes) -> usize {
    changes.iter().filter(|lever| lever.kind == ChangeKind::Otherwise).count()
}

fn slots(changes: &Changes) -> BTreeSet<Slot> {
    changes.iter().map(|lever| lever.change.slot()).collect()
}

/// The same for the same changes in any order.
fn key(changes: &Changes) -> Vec<Change> {
    let mut key: Vec<Change> = changes.iter().map(|lever| lever.change.clone()).collect();
    key.sort();
    key
}

/// The changes without the values of those of which one stands for the others.
fn blurred(changes: &Changes) -> BTreeSet<(Slot, Option<Change>)> {
    let blur = |lever: &FactChange| {
        let slot = lever.change.slot();
        let change = (!lever.stands_for_others()).then(|| lever.change.clone());
        (slot, change)
    };
    changes.iter().map(blur).collect()
}

/// The changes with `lever`, in the place of what is about the same fact.
fn replaced(changes: &Changes, lever: FactChange) -> Changes {
    let slot = lever.change.slot();
    let others = changes.iter().filter(|other| other.change.slot() != slot).cloned();
    others.chain([lever]).collect()
}

/// The changes of two states together; `None` where they are about the same fact.
fn joined(one: &Changes, other: &Changes) -> Option<Changes> {
    let taken = slots(one);
    let is_free = other.iter().all(|lever| !taken.contains(&lever.change.slot()));
    is_free.then(|| one.iter().chain(other).cloned().collect())
}

fn pairs(useful: &[State]) -> Vec<Changes> {
    let with_later = |(index, one): (usize, &State)| {
        let later = useful.iter().skip(index.saturating_add(1));
        later.filter_map(|other| joined(&one.changes, &other.changes)).collect::<Vec<_>>()
    };
    useful.iter().enumerate().flat_map(with_later).collect()
}

/// Triples in which each fault of the encounter is mended by one of the three at least.
fn triples(useful: &[State], base: &Failed) -> Vec<Changes> {
    let mut sets = Vec::new();
    for (first, one) in useful.iter().enumerate() {
        for (second, two) in useful.iter().enumerate().skip(first.saturating_add(1)) {
            let Some(pair) = joined(&one.changes, &two.changes) else { continue };
            for three in useful.iter().skip(second.saturating_add(1)) {
                let is_mended = |fault| [one, two, three].into_iter().any(|state| !state.failed.contains(fault));
                if base.iter().all(is_mended) {
                    sets.extend(joined(&pair, &three.changes));
                }
            }
        }
    }
    sets
}

/// Every part of the changes but all and none of them.
fn parts_of(changes: &Changes) -> Vec<Changes> {
    let mut parts: Vec<Changes> = vec![Vec::new()];
    for lever in changes {
        let with: Vec<Changes> =
            parts.iter().map(|part| part.iter().cloned().chain([lever.clone()]).collect()).collect();
        parts.extend(with);
    }
    parts.retain(|part| !part.is_empty() && part.len() < changes.len());
    parts
}
