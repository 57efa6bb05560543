//! What two policies answer differently, in which direction, and which version number that asks for. Reads no text of theirs.

use std::collections::BTreeSet;

use adjudica_core::{Cents, Decision, EncounterFacts, LedgerLine, Manifest, Outcome, Terms, Timeline};
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

/// One encounter that is answered differently.
#[derive(Debug, Clone, Serialize)]
pub struct Changed {
    /// Which way.
    pub direction: Direction,
    /// The encounter.
    pub facts: EncounterFacts,
    /// Lines billed before it.
    pub ledger: Vec<LedgerLine>,
    /// What the old policy answers.
    pub before: Decision,
    /// What the new one answers.
    pub after: Decision,
}

/// How two policies differ over a set of encounters.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Behaviour {
    /// Encounters that both were asked about.
    pub encounters: usize,
    /// Those that are answered differently, in the order asked.
    pub changed: Vec<Changed>,
    /// Codes that only the new policy answers with.
    pub codes_added: Vec<String>,
    /// Codes that only the old one did.
    pub codes_removed: Vec<String>,
}

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
                        let (facts, ledger) = (facts.clone(), timeline.ledger.clone());
                        self.changed.push(Changed { direction, facts, ledger, before, after });
                    }
                }
            }
        }
    }

    /// The part of the version that has to change.
    #[must_use]
    pub fn bump(&self) -> Bump {
        let by_answers = self.changed.iter().map(|changed| changed.direction.bump()).max().unwrap_or(Bump::Patch);
        let by_codes = match (self.codes_removed.is_empty(), self.codes_added.is_empty()) {
            (false, _) => Bump::Major,
            (true, false) => Bump::Minor,
            (true, true) => Bump::Patch,
        };
        by_answers.max(by_codes)
    }

    /// How many changed that way, and by how many units and how much money.
    #[must_use]
    pub fn sums(&self, direction: Direction) -> (usize, i64, Cents) {
        let mine = self.changed.iter().filter(|changed| changed.direction == direction);
        mine.fold((0, 0, Cents::ZERO), |(count, units, cents), changed| {
            let (before, after) = (paid(&changed.before), paid(&changed.after));
            (
                count.saturating_add(1),
                units.saturating_add(after.0.saturating_sub(before.0)),
                cents.saturating_add(after.1.saturating_sub(before.1)),
            )
        })
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
