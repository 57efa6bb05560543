//! The smallest changes of an encounter's facts that make it billable, found by asking the policy.

mod change;
mod levers;
mod search;

use serde::{Deserialize, Serialize};

use adjudica_core::code::PlaceOfService;
use adjudica_core::decision::Decision;
use adjudica_core::facts::Timeline;
use adjudica_core::manifest::Manifest;
use adjudica_core::terms::Terms;
use adjudica_core::token::Token;

pub use change::{Change, ChangeKind, FactChange};
use search::Search;

/// Most ways out that are told.
const WAYS_MAX: usize = 3;

/// How a policy answers: one list of decisions for each timeline, in order.
pub type Decide<'d> = dyn FnMut(&[Timeline], &Terms) -> Vec<Vec<Decision>> + 'd;

/// Values of another encounter that may be tried; the policy's manifest does not name them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Candidates {
    /// Roles of who does the work.
    pub roles: Vec<Token>,
    /// Phases of the work.
    pub phases: Vec<Token>,
    /// Modes of contact.
    pub modes: Vec<Token>,
    /// Places of service.
    pub places: Vec<PlaceOfService>,
}

/// The encounter that is asked about, with all that its decision depends on.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    /// What the policy says of itself.
    pub manifest: &'q Manifest,
    /// The client's ledger and encounters, in the contract's order.
    pub timeline: &'q Timeline,
    /// Position of the encounter in the timeline, from 0.
    pub encounter: usize,
    /// The agency's terms with the payer.
    pub terms: &'q Terms,
    /// Other roles, phases, modes and places to try; may be empty.
    pub candidates: &'q Candidates,
}

/// Changes that together make the encounter billable; without any one of them it is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WayOut {
    /// The changes, 1 to 4: first those that can be supplied, then those that make it another encounter.
    pub changes: Vec<FactChange>,
    /// What the policy answers with all of them: outcome, lines, units, cents.
    pub decision: Decision,
}

/// The smallest ways out of a refusal, at most 3 and all with as many changes, each as the policy really answers.
///
/// Those that only supply what is missing come first. Where nothing makes it billable, ways to `report_only` are given.
/// `None` where the encounter is accepted already or is not in the timeline; an empty list where no way out was found among
/// 1 to 4 changes. What becomes of later encounters of the timeline is not looked at.
#[must_use]
pub fn why_not(question: &Question<'_>, decide: &mut Decide<'_>) -> Option<Vec<WayOut>> {
    let mut ways = Search::begin(question, decide)?.ways();
    ways.truncate(WAYS_MAX);
    Some(ways)
}

#[cfg(test)]
mod tests;
