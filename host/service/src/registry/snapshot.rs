//! Which policy answers: an immutable picture of all activations with their history. Loads nothing, changes nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use adjudica_core::{Digest, EncounterFacts, ServiceDate, Token};
use adjudica_store::{ActivationKey, ActivationPeriod, Change, Schedule};
use jiff::Timestamp;

/// A schedule as it was known from one change on.
#[derive(Debug, Clone)]
pub struct Known {
    /// The change that made it known.
    pub change_id: i64,
    /// When.
    pub recorded_at: Timestamp,
    /// By whom.
    pub recorded_by: Token,
    /// Why.
    pub message: String,
    /// The change that was taken back, when this is a rollback.
    pub undoes: Option<i64>,
    /// The complete schedule, sorted, not overlapping.
    pub periods: Arc<[ActivationPeriod]>,
}

/// All that was ever known about one key.
#[derive(Debug, Clone)]
pub struct History {
    /// The key.
    pub key: ActivationKey,
    /// Every change of its schedule, oldest first.
    pub changes: Vec<Known>,
}

/// All activations up to one change.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The last change in it; 0 before the first.
    pub change_id: i64,
    histories: HashMap<Token, HashMap<Token, Vec<History>>>,
    /// Agency to the last change that concerns it.
    agency_changes: HashMap<Token, i64>,
}

impl History {
    /// The schedule known at `as_of`; without an instant, the latest.
    #[must_use]
    pub fn known(&self, as_of: Option<Timestamp>) -> Option<&Known> {
        self.changes.iter().rev().find(|known| as_of.is_none_or(|instant| known.recorded_at <= instant))
    }

    /// The change that a rollback takes back, and the schedule before it.
    #[must_use]
    pub fn before_last(&self) -> Option<(i64, Arc<[ActivationPeriod]>)> {
        let mut standing: Vec<&Known> = Vec::new();
        for known in &self.changes {
            match known.undoes {
                Some(_) => drop(standing.pop()),
                None => standing.push(known),
            }
        }
        let last = standing.pop()?;
        let before = standing.last().map_or_else(|| Arc::from(Vec::new()), |known| Arc::clone(&known.periods));
        Some((last.change_id, before))
    }

    /// More specific keys come first: plan and line, plan, line, neither.
    fn generality(&self) -> (u8, u8) {
        (u8::from(self.key.plan_id.is_none()), u8::from(self.key.service_line.is_none()))
    }

    fn covers(&self, plan: Option<&Token>, line: Option<&Token>) -> bool {
        let is_of = |key: &Option<Token>, given: Option<&Token>| key.is_none() || key.as_ref() == given;
        is_of(&self.key.plan_id, plan) && is_of(&self.key.service_line, line)
    }
}

/// Who answers for what: what a period is looked for by.
#[derive(Debug, Clone, Copy)]
pub struct Sought<'s> {
    /// The agency.
    pub agency: &'s Token,
    /// The payer.
    pub payer: &'s Token,
    /// The plan, where one is given.
    pub plan: Option<&'s Token>,
    /// The line of service, where one is given.
    pub line: Option<&'s Token>,
    /// The date of service.
    pub day: ServiceDate,
    /// As it was known then; `None` for now.
    pub as_of: Option<Timestamp>,
}

impl Snapshot {
    /// How this picture would be with other schedules: a change that nobody has recorded.
    #[must_use]
    pub fn with(&self, schedules: &[Schedule]) -> Self {
        let mut after = self.clone();
        if let Some(recorded_by) = schedules.first().map(|schedule| schedule.key.agency_id.clone()) {
            after.apply(&Change {
                change_id: self.change_id.saturating_add(1),
                recorded_at: Timestamp::MAX,
                recorded_by,
                message: String::new(),
                schedules: schedules.to_vec(),
                undoes: None,
            });
        }
        after
    }

    /// This picture with one more change.
    pub fn apply(&mut self, change: &Change) {
        for schedule in &change.schedules {
            self.agency_changes.insert(schedule.key.agency_id.clone(), change.change_id);
            let known = Known {
                change_id: change.change_id,
                recorded_at: change.recorded_at,
                recorded_by: change.recorded_by.clone(),
                message: change.message.clone(),
                undoes: change.undoes,
                periods: Arc::from(schedule.periods.clone()),
            };
            let payers = self.histories.entry(schedule.key.agency_id.clone()).or_default();
            let histories = payers.entry(schedule.key.payer_id.clone()).or_default();
            match histories.iter_mut().find(|history| history.key == schedule.key) {
                Some(history) => history.changes.push(known),
                None => {
                    histories.push(History { key: schedule.key.clone(), changes: vec![known] });
                    histories.sort_by_key(History::generality);
                }
            }
        }
        self.change_id = self.change_id.max(change.change_id);
    }

    /// The last change that concerns an agency; 0 before the first.
    #[must_use]
    pub fn agency_change(&self, agency: &Token) -> i64 {
        self.agency_changes.get(agency).copied().unwrap_or(0)
    }

    /// The period that answers for `facts` as known at `as_of`. The most specific key that has one for that day wins.
    #[must_use]
    pub fn find_period(
        &self,
        agency: &Token,
        facts: &EncounterFacts,
        as_of: Option<Timestamp>,
    ) -> Option<&ActivationPeriod> {
        self.find_period_on(&Sought {
            agency,
            payer: &facts.payer_id,
            plan: facts.plan_id.as_ref(),
            line: facts.service_line.as_ref(),
            day: facts.date_of_service,
            as_of,
        })
    }

    /// The same, for whatever is of that plan, line of service and day.
    #[must_use]
    pub fn find_period_on(&self, sought: &Sought<'_>) -> Option<&ActivationPeriod> {
        let histories = self.histories_of(sought.agency, sought.payer);
        histories.iter().filter(|history| history.covers(sought.plan, sought.line)).find_map(|history| {
            let periods = &history.known(sought.as_of)?.periods;
            let answers = |period: &&ActivationPeriod| {
                period.dos_from <= sought.day && period.dos_to.is_none_or(|to| sought.day < to)
            };
            periods.iter().find(answers)
        })
    }

    /// The histories of one payer of an agency, the most specific first.
    #[must_use]
    pub fn histories_of(&self, agency: &Token, payer: &Token) -> &[History] {
        self.histories.get(agency).and_then(|payers| payers.get(payer)).map_or(&[], Vec::as_slice)
    }

    /// Every key whose latest schedule names `policy`, with that schedule, in order.
    #[must_use]
    pub fn schedules_with(&self, policy: Digest) -> BTreeMap<ActivationKey, Arc<[ActivationPeriod]>> {
        let histories = self.histories.values().flat_map(HashMap::values).flatten();
        let latest = histories.filter_map(|history| Some((history.key.clone(), history.known(None)?.periods.clone())));
        latest.filter(|(_, periods)| periods.iter().any(|period| period.policy_digest == policy)).collect()
    }

    /// The history of one key.
    #[must_use]
    pub fn find_history(&self, key: &ActivationKey) -> Option<&History> {
        self.histories.get(&key.agency_id)?.get(&key.payer_id)?.iter().find(|history| history.key == *key)
    }

    /// The histories of one agency, in order of payer, plan and line.
    #[must_use]
    pub fn histories(&self, agency: &Token) -> Vec<&History> {
        let payers: BTreeMap<_, _> = self.histories.get(agency).into_iter().flatten().collect();
        payers.into_values().flatten().collect()
    }

    /// Whether any agency has an activation for `payer`: only such payers become labels of figures.
    #[must_use]
    pub fn has_payer(&self, agency: &Token, payer: &Token) -> bool {
        self.histories.get(agency).is_some_and(|payers| payers.contains_key(payer))
    }

    /// Policies with their terms that the latest schedules name.
    #[must_use]
    pub fn pairs_in_use(&self) -> BTreeSet<(Digest, Digest)> {
        let histories = self.histories.values().flat_map(HashMap::values).flatten();
        let periods = histories.filter_map(|history| history.known(None)).flat_map(|known| known.periods.iter());
        periods.map(|period| (period.policy_digest, period.terms_digest)).collect()
    }

    /// Policies that the latest schedules name.
    #[must_use]
    pub fn policies_in_use(&self) -> BTreeSet<Digest> {
        self.pairs_in_use().into_iter().map(|(policy, _)| policy).collect()
    }
}

#[cfg(test)]
mod tests;
