//! Encounters as they are kept, asked for and put. The facts themselves are the core's.

use std::borrow::Cow;
use std::collections::BTreeSet;

use adjudica_core::{EncounterFacts, ServiceDate, Token};

use crate::error::StoreError;
use crate::instant::Instant;

/// What to do with an encounter that is already there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutMode {
    /// Refuse the whole put, naming every encounter that is already there.
    InsertOnly,
    /// Replace its facts and raise its revision where they differ.
    Upsert,
}

/// What must be so of a stored encounter for it to be written or taken out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Expected {
    /// Nothing in particular.
    #[default]
    Anything,
    /// It is stored, whatever its revision.
    Something,
    /// It is stored with one of these revisions.
    OneOf(Vec<i64>),
    /// It is not stored.
    Nothing,
    /// It is not stored with any of these revisions.
    NoneOf(Vec<i64>),
}

impl Expected {
    /// Whether an encounter of this revision is as expected; `None` stands for one that is not stored.
    #[must_use]
    pub fn is_met_by(&self, revision: Option<i64>) -> bool {
        match self {
            Self::Anything => true,
            Self::Something => revision.is_some(),
            Self::OneOf(revisions) => revision.is_some_and(|revision| revisions.contains(&revision)),
            Self::Nothing => revision.is_none(),
            Self::NoneOf(revisions) => !revision.is_some_and(|revision| revisions.contains(&revision)),
        }
    }

    /// # Errors
    /// [`StoreError::Unexpected`] where it is not so.
    pub(crate) fn require(&self, revision: Option<i64>) -> Result<(), StoreError> {
        if self.is_met_by(revision) { Ok(()) } else { Err(StoreError::Unexpected { revision }) }
    }
}

/// What is put in parts, from the first: asked again where a transaction has to begin again.
pub type Parts<'p, T> = dyn Fn() -> PartsFromFirst<'p, T> + Send + Sync + 'p;

/// One part after the other. What cannot be read ends the put, and nothing is written.
pub type PartsFromFirst<'p, T> = Box<dyn Iterator<Item = std::io::Result<Cow<'p, [T]>>> + Send + 'p>;

/// Encounters to be put.
#[derive(Clone, Copy)]
pub(crate) struct NewEncounters<'n, 'p> {
    pub(crate) agency_id: &'n Token,
    pub(crate) parts: &'n Parts<'p, EncounterFacts>,
    pub(crate) mode: PutMode,
    pub(crate) expected: &'n Expected,
    pub(crate) now: Instant,
}

/// What a put did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PutReport {
    /// Encounters that were not there.
    pub inserted: u64,
    /// Encounters whose facts changed.
    pub updated: u64,
    /// Encounters that were there with these same facts.
    pub unchanged: u64,
}

impl PutReport {
    /// Adds what the put of another part did.
    pub(crate) fn add(&mut self, other: Self) {
        self.inserted = self.inserted.saturating_add(other.inserted);
        self.updated = self.updated.saturating_add(other.updated);
        self.unchanged = self.unchanged.saturating_add(other.unchanged);
    }
}

/// An encounter with what the store adds to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEncounter {
    /// Whose it is.
    pub agency_id: Token,
    /// What is known.
    pub facts: EncounterFacts,
    /// 1 at first, one more at each change of a fact.
    pub revision: i64,
    /// When the row was last written.
    pub written_at: Instant,
}

/// Which encounters to list; an absent part takes all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EncounterFilter {
    /// Only of this client.
    pub client_id: Option<Token>,
    /// Only for this payer.
    pub payer_id: Option<Token>,
    /// First date of service.
    pub from: Option<ServiceDate>,
    /// First date of service after.
    pub to: Option<ServiceDate>,
}

/// A page of encounters in order of id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EncounterPage {
    /// Those that could be read.
    pub encounters: Vec<StoredEncounter>,
    /// Those whose rows hold faults.
    pub bad: Vec<BadEncounter>,
    /// Pass this as `after` for the next page; `None` when this is the last. A page that looked at as many as it may can be
    /// short or empty and still have one.
    pub next_after: Option<String>,
}

impl EncounterPage {
    /// Encounters that a page looks at for a filter without an index of its own.
    pub(crate) const LOOKED_AT_MAX: i64 = 10_000;
}

/// An encounter whose rows are not valid facts. Other systems write them, so this is news, not an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadEncounter {
    /// Whose it is, as written in the row.
    pub agency_id: String,
    /// Which it is, as written in the row.
    pub encounter_id: String,
    /// The revision that was read.
    pub revision: i64,
    /// Every fault, each naming its column.
    pub faults: Vec<String>,
}

impl BadEncounter {
    /// Whether it is one of those, named by agency and encounter.
    pub(crate) fn is_among(&self, keys: &BTreeSet<(String, String)>) -> bool {
        keys.contains(&(self.agency_id.clone(), self.encounter_id.clone()))
    }
}
