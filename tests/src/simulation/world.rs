//! What was acknowledged so far: facts, records, and the schedule as it stands. Knows no queue, no staleness, no ledger.

use std::collections::{BTreeMap, BTreeSet};

use adjudica_core::records::{Record, RecordBody};
use adjudica_core::{ServiceDate, Token};
use serde_json::Value;

use crate::simulation::step::{Activation, Scope};
use crate::simulation::visit::{Visit, day};

/// An encounter that is kept.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    /// Its facts.
    pub visit: Visit,
    /// Whether another system has made it unreadable.
    pub is_unreadable: bool,
}

/// A record that is kept.
#[derive(Debug, Clone)]
pub struct Filed {
    /// What it says, or said before it could not be read any more.
    pub record: Record,
    /// Whether another system has made it unreadable.
    pub is_unreadable: bool,
}

/// Days on which a policy answers, or nobody since it was yanked.
#[derive(Debug, Clone, Copy)]
pub struct Period {
    from: ServiceDate,
    to: Option<ServiceDate>,
    /// Numbers of the policy and of the terms.
    pub answer: Option<(u8, u8)>,
}

impl Period {
    fn holds(&self, day: ServiceDate) -> bool {
        self.from <= day && self.to.is_none_or(|to| day < to)
    }
}

/// The periods of one scope, each laid over those before it.
pub type Layers = Vec<Period>;

/// All that was acknowledged.
#[derive(Debug, Clone, Default)]
pub struct World {
    /// Number to encounter.
    pub encounters: BTreeMap<u8, Held>,
    /// Number to record.
    pub records: BTreeMap<u8, Filed>,
    /// Scope to its schedules that were not taken back, the present one last.
    pub schedules: BTreeMap<Scope, Vec<Layers>>,
    /// Numbers of the policies that were yanked.
    pub yanked: BTreeSet<u8>,
}

/// A record as it is sent; `None` where it is none or has faults.
#[must_use]
pub fn record(number: u8, about: &str, body: &Value) -> Option<Record> {
    let body: RecordBody = serde_json::from_value(body.clone()).ok()?;
    if !body.faults().is_empty() {
        return None;
    }
    Some(Record { record_id: Token::parse(&record_id(number)).ok()?, subject_id: Token::parse(about).ok()?, body })
}

/// The id of a record.
#[must_use]
pub fn record_id(number: u8) -> String {
    format!("r{number:02}")
}

/// Who answers on `day` by `layers`.
#[must_use]
pub fn answer_on(layers: &[Period], day: ServiceDate) -> Option<(u8, u8)> {
    layers.iter().rev().find(|period| period.holds(day)).and_then(|period| period.answer)
}

/// Policies that answer on some day by `layers`.
#[must_use]
pub fn policies_of(layers: &[Period]) -> BTreeSet<u8> {
    let days = layers.iter().flat_map(|period| [Some(period.from), period.to]).flatten();
    days.filter_map(|day| answer_on(layers, day)).map(|(policy, _)| policy).collect()
}

impl World {
    /// The present schedule of a scope.
    #[must_use]
    pub fn layers(&self, scope: &Scope) -> &[Period] {
        self.schedules.get(scope).and_then(|states| states.last()).map_or(&[], Vec::as_slice)
    }

    /// The schedule that a rollback would go back to.
    #[must_use]
    pub fn layers_before(&self, scope: &Scope) -> Option<&[Period]> {
        let states = self.schedules.get(scope)?;
        let before = states.len().checked_sub(1)?;
        Some(before.checked_sub(1).and_then(|place| states.get(place)).map_or(&[], Vec::as_slice))
    }

    /// Numbers of policy and terms that answer for an encounter: the most specific scope that has somebody for the day.
    #[must_use]
    pub fn answer(&self, visit: &Visit) -> Option<(u8, u8)> {
        let day = day(visit.day);
        let plans = [visit.plan, None];
        let lines = [visit.has_line, false];
        // Where the encounter has no plan or line, the specific scopes are those without: asking twice does no harm.
        for plan in plans {
            for has_line in lines {
                let scope = Scope { payer: visit.payer, plan, has_line };
                if let Some(answer) = answer_on(self.layers(&scope), day) {
                    return Some(answer);
                }
            }
        }
        None
    }

    /// An activation was acknowledged.
    pub fn activate(&mut self, scope: Scope, activation: &Activation) {
        let mut layers = self.layers(&scope).to_vec();
        let answer = Some((activation.policy, activation.terms));
        layers.push(Period { from: day(activation.from), to: activation.to.map(day), answer });
        self.schedules.entry(scope).or_default().push(layers);
    }

    /// A rollback was acknowledged.
    pub fn roll_back(&mut self, scope: &Scope) {
        if let Some(states) = self.schedules.get_mut(scope) {
            states.pop();
        }
    }

    /// A yank was acknowledged.
    pub fn yank(&mut self, policy: u8) {
        self.yanked.insert(policy);
        for states in self.schedules.values_mut() {
            let Some(layers) = states.last().filter(|layers| policies_of(layers).contains(&policy)) else { continue };
            let without = |period: &Period| {
                let answer = period.answer.filter(|(yanked, _)| *yanked != policy);
                Period { answer, ..*period }
            };
            let layers = layers.iter().map(without).collect();
            states.push(layers);
        }
    }
}
