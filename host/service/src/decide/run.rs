//! Decides clients' encounters with policies at hand: timelines in, decisions out. No store, no clock; runs on the policy threads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use adjudica_core::columns::Explain;
use adjudica_core::decision::UndeterminedCode;
use adjudica_core::ledger::ledger_lines;
use adjudica_core::records::resolve::{CareDays, resolve};
use adjudica_core::{Decision, Digest, EncounterFacts, LedgerLine, Outcome, ServiceDate, Timeline, Token, taken_back};
use adjudica_money::payment::divide_decision;
use adjudica_store::{InForce, LiveLine};

use crate::decide::decided::{Decided, DecidedEncounter, News};
use crate::decide::decision_record::Said;
use crate::decide::work::{Addressed, Counted, Work, place, place_of};
use crate::registry::answerer::{Answerer, Routed};

/// Most encounters in one call of a policy.
pub const CALL_ENCOUNTERS_MAX: usize = 1_000;

/// Decides every encounter of `works`. Encounters of one client see the lines of those before them, whichever policy decided those.
#[must_use]
pub fn run(works: Vec<Work<Addressed>>, explain: Explain) -> Vec<Decided> {
    let mut progress: Vec<_> = works.into_iter().map(Progress::start).collect();
    loop {
        let mut calls: BTreeMap<(Digest, Digest), Vec<usize>> = BTreeMap::new();
        for (index, client) in progress.iter_mut().enumerate() {
            if let Some(answerer) = client.skip_to_policy() {
                calls.entry((answerer.digest, answerer.terms_digest)).or_default().push(index);
            }
        }
        if calls.is_empty() {
            break;
        }
        for clients in calls.values() {
            call_clients(&mut progress, clients, explain);
        }
    }
    progress.into_iter().map(|client| client.done).collect()
}

/// A client on the way: items still to decide (last first), the ledger as it is by now, and what is done.
struct Progress {
    waiting: Vec<Addressed>,
    /// Lines billed before that stand after what is decided now (last first).
    held_back: Vec<LiveLine>,
    timeline: Timeline,
    asked: Vec<Addressed>,
    ledger_through: i64,
    /// Encounters still to be decided again, and how many lines of each are taken back when they are.
    again: BTreeMap<Token, usize>,
    /// Where those lines stand.
    again_at: BTreeSet<(ServiceDate, Token)>,
    done: Decided,
}

impl Progress {
    fn start(mut work: Work<Addressed>) -> Self {
        // By keys of their own: what is sorted is large, and moved once so.
        work.encounters.sort_by_cached_key(|item| {
            let (day, id) = place(&item.known.facts);
            (day, id.clone())
        });
        let ids: BTreeSet<_> = work.encounters.iter().map(|item| item.known.facts.encounter_id.clone()).collect();
        let mut held_back = Vec::new();
        let mut again: BTreeMap<Token, usize> = BTreeMap::new();
        let mut again_at = BTreeSet::new();
        // Lines of encounters that are decided again are taken back by their new decisions, so nobody counts them.
        for seen in work.ledger {
            match ids.contains(&seen.encounter_id) {
                true => {
                    again_at.insert((seen.line.date_of_service, seen.encounter_id.clone()));
                    *again.entry(seen.encounter_id).or_default() += 1;
                }
                false => held_back.push(seen),
            }
        }
        // Lines of one encounter keep their order.
        held_back.sort_by(|a, b| place_of(a).cmp(&place_of(b)));
        held_back.reverse();
        let mut timeline = Timeline::default();
        if work.counted == Counted::All {
            timeline.ledger.extend(held_back.drain(..).rev().map(|seen| seen.line));
        }
        work.encounters.reverse();
        Self {
            ledger_through: work.ledger_through,
            again,
            again_at,
            waiting: work.encounters,
            held_back,
            timeline,
            asked: Vec::new(),
            done: Decided {
                agency_id: work.agency_id,
                client_id: work.client_id,
                schedule_change: work.schedule_change,
                ledger_through: work.ledger_through,
                encounters: Vec::new(),
            },
        }
    }

    /// Whether a line billed before stands between what is in the timeline and `item`.
    fn is_held_up(&self, item: &Addressed) -> bool {
        self.held_back.last().is_some_and(|seen| place_of(seen) < place(&item.known.facts))
    }

    /// Puts the lines that stand before `item` into the timeline, and settles what its records say after them.
    fn bring_up_to(&mut self, item: &mut Addressed) {
        while self.is_held_up(item) {
            self.timeline.ledger.extend(self.held_back.pop().map(|seen| seen.line));
        }
        if let (Some(book), Routed::To(answerer)) = (item.records.take(), &item.routed) {
            let days = |line: &LedgerLine| (line.rendering_provider_id.clone(), line.date_of_service);
            let care: CareDays = self.timeline.ledger.iter().map(days).collect();
            item.known.facts.standing = resolve(&book, &item.known.facts, &answerer.terms.rendering_sources, &care);
        }
    }

    /// Settles items that nobody answers for or that no policy is asked about, up to the next one that a policy does.
    fn skip_to_policy(&mut self) -> Option<Arc<Answerer>> {
        while let Some(mut item) = self.waiting.pop() {
            self.bring_up_to(&mut item);
            if let (Routed::To(_), Some(decision)) = (&item.routed, taken_back::decide(&item.known.facts)) {
                self.settle(item, decision);
                continue;
            }
            match &item.routed {
                Routed::To(answerer) => {
                    let answerer = Arc::clone(answerer);
                    self.waiting.push(item);
                    return Some(answerer);
                }
                Routed::Nobody(code, message) => {
                    let decision = Decision::undetermined(*code, message.clone());
                    self.settle(item, decision);
                }
            }
        }
        None
    }

    /// Puts the next items that the same policy with the same terms answers for into the timeline, at most `max`.
    fn ask_next(&mut self, max: usize) {
        let Some(Routed::To(first)) = self.waiting.last().map(|item| item.routed.clone()) else { return };
        while self.asked.len() < max
            && let Some(next) = self.waiting.last()
            && matches!(&next.routed, Routed::To(next) if is_same(next, &first))
            // The first was brought up to its place already.
            && (self.asked.is_empty() || !self.is_held_up(next) && next.records.is_none())
            && taken_back::decide(&next.known.facts).is_none()
            && let Some(item) = self.waiting.pop()
        {
            self.timeline.encounters.push(item.known.facts.clone());
            self.asked.push(item);
        }
    }

    /// Takes the answers for what was asked.
    fn take_answers(&mut self, decisions: &mut impl Iterator<Item = Decision>) {
        self.timeline.encounters.clear();
        for item in std::mem::take(&mut self.asked) {
            let decision = decisions.next().unwrap_or_else(|| {
                Decision::undetermined(
                    UndeterminedCode::PolicyAnswerInvalid,
                    "the policy gave fewer answers than encounters",
                )
            });
            self.settle(item, decision);
        }
    }

    /// Forgets what was asked and lets it wait again.
    fn take_back(&mut self) {
        self.timeline.encounters.clear();
        self.waiting.extend(self.asked.drain(..).rev());
    }

    fn settle(&mut self, item: Addressed, mut decision: Decision) {
        divide_decision(&mut decision, &item.known.facts, &self.timeline.ledger);
        let ledger_lines = ledger_lines(&item.known.facts, &decision);
        self.timeline.ledger.extend(ledger_lines.iter().cloned());
        let billed_before = self.again.remove(&item.known.facts.encounter_id).unwrap_or(0);
        let is_confirmed = item.known.may_stay
            && item.known.in_force.as_ref().is_some_and(|in_force| says_the_same(in_force, &item, &decision));
        let news = if is_confirmed { News::Confirmed } else { News::Made };
        if news == News::Made {
            // The store takes the superseded lines back first, then writes the new ones.
            self.ledger_through = add(self.ledger_through, billed_before);
        }
        let ledger_through = self.ledger_through;
        if news == News::Made {
            self.ledger_through = add(ledger_through, ledger_lines.len());
        }
        let ledger_without = self.not_counted(&item.known.facts);
        self.done.encounters.push(DecidedEncounter {
            asked: item,
            news,
            ledger_through,
            ledger_without,
            decision,
            ledger_lines,
        });
    }
}

impl Progress {
    /// Encounters still to be decided again, with lines that stand before the encounter.
    fn not_counted(&self, facts: &EncounterFacts) -> Vec<Token> {
        let (day, id) = place(facts);
        let before = self.again_at.range(..(day, id.clone()));
        let still = before.map(|(_, other)| other).filter(|other| self.again.contains_key(*other));
        still.cloned().collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// Whether the decision in force was made by the same policy and terms, and says the same of the same facts.
fn says_the_same(in_force: &InForce, item: &Addressed, decision: &Decision) -> bool {
    let (answer, currency) = match &item.routed {
        Routed::To(answerer) => ((Some(answerer.digest), Some(answerer.terms_digest)), Some(&answerer.currency)),
        Routed::Nobody(..) => ((None, None), None),
    };
    let said = Said::new(&item.known.facts, currency, decision);
    answer == (in_force.policy_digest, in_force.terms_digest) && said.is_in(&in_force.record)
}

fn is_same(a: &Answerer, b: &Answerer) -> bool {
    a.digest == b.digest && a.terms_digest == b.terms_digest
}

fn add(sequence: i64, rows: usize) -> i64 {
    sequence.saturating_add(i64::try_from(rows).unwrap_or(i64::MAX))
}

/// Asks one policy about the next encounters of `clients`, in calls of a bounded size.
fn call_clients(progress: &mut [Progress], clients: &[usize], explain: Explain) {
    let mut call: Vec<usize> = Vec::new();
    let mut encounters = 0;
    for index in clients {
        let Some(client) = progress.get_mut(*index) else { continue };
        client.ask_next(CALL_ENCOUNTERS_MAX);
        if encounters + client.asked.len() > CALL_ENCOUNTERS_MAX && !call.is_empty() {
            call_policy(progress, &call, explain);
            call.clear();
            encounters = 0;
        }
        encounters += progress.get(*index).map_or(0, |client| client.asked.len());
        call.push(*index);
    }
    call_policy(progress, &call, explain);
}

fn call_policy(progress: &mut [Progress], clients: &[usize], explain: Explain) {
    let answerer = clients.first().and_then(|index| progress.get(*index)).and_then(|client| client.asked.first());
    let Some(Routed::To(answerer)) = answerer.map(|item| item.routed.clone()) else { return };
    let mut timelines = Vec::with_capacity(clients.len());
    for index in clients {
        timelines.extend(progress.get_mut(*index).map(|client| std::mem::take(&mut client.timeline)));
    }
    let decisions = (answerer.run)(&timelines, &answerer.terms, explain);
    let mut decisions = decisions.into_iter();
    for (index, timeline) in clients.iter().zip(timelines) {
        let Some(client) = progress.get_mut(*index) else { continue };
        client.timeline = timeline;
        let answers: Vec<_> = decisions.by_ref().take(client.asked.len()).collect();
        let faulty = answers.iter().any(|decision| decision.outcome == Outcome::Undetermined);
        if faulty && client.asked.len() > 1 {
            client.take_back();
            call_one_by_one(client, answers.len(), explain);
        } else {
            client.take_answers(&mut answers.into_iter());
        }
    }
}

/// A policy that fails over several encounters is asked about each alone, so that only those at fault stay undetermined
/// and each decision is what a replay of it gives.
fn call_one_by_one(client: &mut Progress, encounters: usize, explain: Explain) {
    for _ in 0..encounters {
        client.ask_next(1);
        let Some(Routed::To(answerer)) = client.asked.first().map(|item| item.routed.clone()) else { return };
        let decisions = (answerer.run)(std::slice::from_ref(&client.timeline), &answerer.terms, explain);
        client.take_answers(&mut decisions.into_iter());
    }
}

#[cfg(test)]
mod tests;
