//! The third stage: a client's encounters with their decisions. Nothing of it is written yet.

use adjudica_core::{Decision, LedgerLine, Token};

use crate::decide::work::Addressed;

/// A decided client.
pub struct Decided {
    /// The agency.
    pub agency_id: Token,
    /// The client.
    pub client_id: Token,
    /// The last change of activations that concerns the agency, of those that chose who answers.
    pub schedule_change: i64,
    /// The last entry of the ledger when it was read.
    pub ledger_through: i64,
    /// Its encounters, in the order they were decided: by date of service, then id.
    pub encounters: Vec<DecidedEncounter>,
}

/// A decided encounter.
pub struct DecidedEncounter {
    /// What was asked, of whom.
    pub asked: Addressed,
    /// Whether the decision is to be written.
    pub news: News,
    /// The last entry of the ledger that was counted.
    pub ledger_through: i64,
    /// Encounters that are decided again after this one, but whose lines up to there stand before it: they were not counted.
    /// Lines that stand after it are counted by nobody, so in most ledgers there is none.
    pub ledger_without: Vec<Token>,
    /// The decision.
    pub decision: Decision,
    /// The lines it adds to the ledger.
    pub ledger_lines: Vec<LedgerLine>,
}

/// Whether a decision is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// It is.
    Made,
    /// It says what the one in force says, which stays.
    Confirmed,
}
