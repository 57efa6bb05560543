//! The second stage: one client's encounters to decide, with all that is known of them.

use std::sync::Arc;

use adjudica_core::records::resolve::RecordBook;
use adjudica_core::{EncounterFacts, ServiceDate, Token};
use adjudica_store::{ClientWork, InForce, LiveLine};

use crate::registry::answerer::Routed;

/// One client's encounters to decide, and what was billed before. `E` says how much is known of each: [`Known`], then [`Addressed`].
pub struct Work<E> {
    /// The agency.
    pub agency_id: Token,
    /// The client.
    pub client_id: Token,
    /// The last change of activations that concerns the agency.
    pub schedule_change: i64,
    /// Whether the agency has claims that replace or void others.
    pub has_corrections: bool,
    /// Billed lines that are not reversed.
    pub ledger: Vec<LiveLine>,
    /// The last entry of the ledger.
    pub ledger_through: i64,
    /// Which of the lines count.
    pub counted: Counted,
    /// What to decide.
    pub encounters: Vec<E>,
}

/// An encounter to decide, before it is known who answers.
pub struct Known {
    /// Its facts.
    pub facts: EncounterFacts,
    /// Where it is kept.
    pub kept: Kept,
    /// The decision that the new one replaces.
    pub in_force: Option<InForce>,
    /// Whether that one stays where the new one says the same.
    pub may_stay: bool,
    /// The caller's own number for it.
    pub tag: usize,
}

/// An encounter to decide, with whoever answers for it.
pub struct Addressed {
    /// What is known of it.
    pub known: Known,
    /// Who answers.
    pub routed: Routed,
    /// Its records, where what they say depends on what was billed before.
    pub records: Option<Arc<RecordBook>>,
}

/// Where an encounter to decide is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// In the store, with this revision.
    Stored(i64),
    /// In the store from now on, with revision 1: it came with a request.
    New,
    /// Nowhere: it is asked about only.
    Nowhere,
}

/// Which lines of its client's ledger a decision counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Those of encounters before it.
    Before,
    /// All: so it was when records had their first form.
    All,
}

/// Where an encounter stands among those of its client.
///
/// INVARIANT (a decision counts what stands before its encounter): limits, minutes, authorized units and dollars are counted
/// over the lines of encounters before it, in this order, and over no others. So what is decided does not depend on when.
#[must_use]
pub fn place(facts: &EncounterFacts) -> (ServiceDate, &Token) {
    (facts.date_of_service, &facts.encounter_id)
}

/// Where the encounter of a line stood when the line was billed.
#[must_use]
pub fn place_of(line: &LiveLine) -> (ServiceDate, &Token) {
    (line.line.date_of_service, &line.encounter_id)
}

impl<E> Work<E> {
    /// Work on a client of whom nothing was billed before.
    #[must_use]
    pub fn new(agency_id: Token, client_id: Token, encounters: Vec<E>) -> Self {
        let (schedule_change, has_corrections, ledger, ledger_through) = (0, false, Vec::new(), 0);
        let counted = Counted::Before;
        Self { agency_id, client_id, schedule_change, has_corrections, ledger, ledger_through, counted, encounters }
    }

    /// What was read of the client's ledger and agency.
    pub(crate) fn learn(&mut self, read: &mut ClientWork) {
        self.schedule_change = read.schedule_change;
        self.has_corrections = read.has_corrections;
        self.ledger = std::mem::take(&mut read.ledger);
        self.ledger_through = read.ledger_through;
    }
}

impl Known {
    /// An encounter that is asked about only.
    #[must_use]
    pub fn nowhere(facts: EncounterFacts, tag: usize) -> Self {
        Self { facts, kept: Kept::Nowhere, in_force: None, may_stay: false, tag }
    }

    /// The decision that the new one replaces.
    #[must_use]
    pub fn supersedes(&self) -> Option<&str> {
        self.in_force.as_ref().map(|in_force| in_force.decision_id.as_str())
    }
}

impl Kept {
    /// Its revision in the store.
    #[must_use]
    pub fn revision(self) -> Option<i64> {
        match self {
            Self::Stored(revision) => Some(revision),
            Self::New => Some(1),
            Self::Nowhere => None,
        }
    }
}
