//! What two policies answer differently, in which direction, and which version number that asks for. Reads no text of theirs.

use std::collections::{BTreeMap, BTreeSet};

use adjudica_core::decision::Verdict;
use adjudica_core::{Cents, Decision, EncounterFacts, LedgerLine, Manifest, Outcome, Terms, Timeline, Token};
use serde::Serialize;

/// Timelines put to both policies in one call.
const CALL: usize = 2_000;

/// How a policy answers timelines: one list of decisions for each.
pub type Answer<'a> = dyn FnMut(&[Timeline], &Terms) -> Vec<Vec<Decision>> + 'a;

/// Which way an answer changed, from the worst for whoever did the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// What was answered is not any more: the policy failed.
    Undetermined,
    /// What was billable, or could become so, is refused or held.
    NewlyRefused,
    /// The same outcome pays less or has fewer units.
    Cheaper,
    /// What was refused or held is billable, or could become so.
    NewlyPaid,
    /// The same outcome pays more or has more units.
    Dearer,
    /// Outcome, units and dollars are the same; codes, rules or modifiers are not.
    ToldDifferently,
}

/// The part of a version that a change of behaviour asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bump {
    /// Nothing is answered differently.
    Patch,
    /// Something new is paid, or told differently.
    Minor,
    /// Something is refused or pays less.
    Major,
}

/// One encounter that is answered differently, as an example of those where the same rules speak.
#[derive(Debug, Clone, Serialize)]
pub struct Example {
    /// Which way.
    pub direction: Direction,
    /// How many changed this way with the same rules speaking before and after, this one included.
    pub alike: usize,
    /// The encounter.
    pub facts: EncounterFacts,
    /// Lines billed before it.
    pub ledger: Vec<LedgerLine>,
    /// What the old policy answers.
    pub before: Decision,
    /// What the new one answers.
    pub after: Decision,
}

/// One encounter that is answered differently.
struct Change<'c> {
    direction: Direction,
    facts: &'c EncounterFacts,
    ledger: &'c [LedgerLine],
    before: Decision,
    after: Decision,
}

/// What changed in one direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Sum {
    /// Encounters.
    pub encounters: usize,
    /// Units more, or fewer.
    pub units: i64,
    /// Money more, or less.
    pub cents: Cents,
}

/// What examples are told apart by: the way, and the rules that speak before and after.
type Kind = (Direction, Vec<Token>, Vec<Token>);

/// How two policies differ over a set of encounters: sums and examples, however many were asked about.
#[derive(Debug, Clone, Default)]
pub struct Behaviour {
    /// Encounters that both were asked about.
    pub encounters: usize,
    /// Codes that only the new policy answers with.
    pub codes_added: Vec<String>,
    /// Codes that only the old one did.
    pub codes_removed: Vec<String>,
    direction_to_sum: BTreeMap<Direction, Sum>,
    /// In the order asked.
    examples: Vec<Example>,
    kind_to_example: BTreeMap<Kind, usize>,
}

/// Most examples of one direction. What is like none of them is in the sums alone.
pub const EXAMPLES_MAX: usize = 50;

impl Behaviour {
    /// Two policies before anything was asked.
    #[must_use]
    pub fn of(old: &Manifest, new: &Manifest) -> Self {
        let codes = |manifest: &Manifest| manifest.codes.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        let (before, after) = (codes(old), codes(new));
        Self {
            codes_added: after.difference(&before).cloned().collect(),
            codes_removed: before.difference(&after).cloned().collect(),
            ..Self::default()
        }
    }

    /// Puts `timelines` to both.
    pub fn compare(&mut self, timelines: &[Timeline], terms: &Terms, old: &mut Answer<'_>, new: &mut Answer<'_>) {
        for chunk in timelines.chunks(CALL) {
            let (before, after) = (old(chunk, terms), new(chunk, terms));
            for (timeline, (before, after)) in chunk.iter().zip(before.into_iter().zip(after)) {
                self.encounters = self.encounters.saturating_add(timeline.encounters.len());
                for (facts, (before, after)) in timeline.encounters.iter().zip(before.into_iter().zip(after)) {
                    if let Some(direction) = direction(&before, &after) {
                        self.add(Change { direction, facts, ledger: &timeline.ledger, before, after });
                    }
                }
            }
        }
    }

    fn add(&mut self, change: Change<'_>) {
        let Change { direction, facts, ledger, before, after } = change;
        let (old, new) = (paid(&before), paid(&after));
        let sum = self.direction_to_sum.entry(direction).or_default();
        sum.encounters = sum.encounters.saturating_add(1);
        sum.units = sum.units.saturating_add(new.0.saturating_sub(old.0));
        sum.cents = sum.cents.saturating_add(new.1.saturating_sub(old.1));
        let kind = (direction, rules(&before), rules(&after));
        let known = self.kind_to_example.get(&kind).and_then(|place| self.examples.get_mut(*place));
        if let Some(example) = known {
            example.alike = example.alike.saturating_add(1);
            return;
        }
        if self.examples.iter().filter(|example| example.direction == direction).count() < EXAMPLES_MAX {
            self.kind_to_example.insert(kind, self.examples.len());
            let (facts, ledger) = (facts.clone(), ledger.to_vec());
            self.examples.push(Example { direction, alike: 1, facts, ledger, before, after });
        }
    }

    /// Encounters that are answered differently.
    #[must_use]
    pub fn changed(&self) -> usize {
        self.direction_to_sum.values().fold(0, |count, sum| count.saturating_add(sum.encounters))
    }

    /// The worst direction in which an answer changed.
    #[must_use]
    pub fn worst(&self) -> Option<Direction> {
        self.direction_to_sum.keys().next().copied()
    }

    /// The part of the version that has to change.
    #[must_use]
    pub fn bump(&self) -> Bump {
        let by_answers = self.direction_to_sum.keys().map(|direction| direction.bump()).max().unwrap_or(Bump::Patch);
        let by_codes = match (self.codes_removed.is_empty(), self.codes_added.is_empty()) {
            (false, _) => Bump::Major,
            (true, false) => Bump::Minor,
            (true, true) => Bump::Patch,
        };
        by_answers.max(by_codes)
    }

    /// How many changed that way, and by how many units and how much money.
    #[must_use]
    pub fn sum(&self, direction: Direction) -> Sum {
        self.direction_to_sum.get(&direction).copied().unwrap_or_default()
    }

    /// How many changed that way by rules of which no example is kept.
    #[must_use]
    pub fn without_example(&self, direction: Direction) -> usize {
        let told = self.examples.iter().filter(|example| example.direction == direction).map(|example| example.alike);
        told.fold(self.sum(direction).encounters, usize::saturating_sub)
    }

    /// An encounter for each set of rules that speak before and after: those most often found first, then in the order asked.
    #[must_use]
    pub fn examples(&self, direction: Direction) -> Vec<&Example> {
        let mut examples: Vec<_> = self.examples.iter().filter(|example| example.direction == direction).collect();
        examples.sort_by_key(|example| std::cmp::Reverse(example.alike));
        examples
    }
}

impl Direction {
    /// Every direction, the worst first.
    pub const ALL: [Self; 6] =
        [Self::Undetermined, Self::NewlyRefused, Self::Cheaper, Self::NewlyPaid, Self::Dearer, Self::ToldDifferently];

    /// Words for a person.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Undetermined => "undetermined",
            Self::NewlyRefused => "newly refused",
            Self::Cheaper => "cheaper",
            Self::NewlyPaid => "newly paid",
            Self::Dearer => "dearer",
            Self::ToldDifferently => "told differently",
        }
    }

    fn bump(self) -> Bump {
        match self {
            Self::Undetermined | Self::NewlyRefused | Self::Cheaper => Bump::Major,
            Self::NewlyPaid | Self::Dearer | Self::ToldDifferently => Bump::Minor,
        }
    }
}

impl Bump {
    /// Words for a person.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }

    /// The lowest version after `old` that is high enough. Before 1.0.0, as semver has it, the second number is the major one.
    #[must_use]
    pub fn next(self, old: &semver::Version) -> semver::Version {
        let (major, minor, patch) = (old.major, old.minor, old.patch);
        match (self, major) {
            (Self::Patch, _) | (Self::Minor, 0) => semver::Version::new(major, minor, patch.saturating_add(1)),
            (Self::Minor, _) | (Self::Major, 0) => semver::Version::new(major, minor.saturating_add(1), 0),
            (Self::Major, _) => semver::Version::new(major.saturating_add(1), 0, 0),
        }
    }
}

/// Units and money of what would be billed.
fn paid(decision: &Decision) -> (i64, Cents) {
    let lines = if decision.outcome.is_accepted() { decision.lines.as_slice() } else { &[] };
    (lines.iter().map(|line| i64::from(line.units.0)).sum(), lines.iter().filter_map(|line| line.amount_cents).sum())
}

/// The rules that speak against it or apply to it, each once.
fn rules(decision: &Decision) -> Vec<Token> {
    let failed = decision.findings.iter().filter(|finding| finding.verdict == Verdict::Failed);
    failed.map(|finding| finding.rule_id.clone()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// How good an outcome is for whoever did the work: the lower the better.
fn rank(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Billable => 0,
        Outcome::ReportOnly => 1,
        Outcome::Incomplete => 2,
        Outcome::Review => 3,
        Outcome::NotBillable => 4,
        Outcome::Undetermined => 5,
    }
}

fn direction(before: &Decision, after: &Decision) -> Option<Direction> {
    let (old, new) = (rank(before.outcome), rank(after.outcome));
    let (old_paid, new_paid) = (paid(before), paid(after));
    let is_less = new_paid.1 < old_paid.1 || new_paid.1 == old_paid.1 && new_paid.0 < old_paid.0;
    if before == after {
        None
    } else if after.outcome == Outcome::Undetermined {
        Some(Direction::Undetermined)
    } else if new > old {
        Some(Direction::NewlyRefused)
    } else if new < old {
        Some(Direction::NewlyPaid)
    } else if is_less {
        Some(Direction::Cheaper)
    } else if new_paid != old_paid {
        Some(Direction::Dearer)
    } else {
        Some(Direction::ToldDifferently)
    }
}

#[cfg(test)]
mod tests;
