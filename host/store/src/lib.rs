//! Keeps encounters, decisions, the ledger, policies, terms and activations in SQLite or PostgreSQL. No wasm, no HTTP.
//!
//! [`connect()`] gives an [`Arc<dyn Store>`](Store); every method behaves the same on both databases, and one
//! conformance suite (`tests/it`) says how. The tables that other systems may write to are in `SCHEMA.md`.

#![expect(clippy::duplicate_mod, reason = "the files of `alike` are compiled once for each database")]

pub mod activation;
mod assemble;
pub mod chain;
mod claimed;
mod commit;
pub mod connect;
pub mod decision;
pub mod encounter;
pub mod error;
pub mod in_force;
pub mod instant;
pub mod library;
mod postgres;
mod raw;
pub mod record;
mod sqlite;
pub mod store;
mod turn;
pub mod work;

pub use activation::reroute::{Among, RecordedChange, Reroute, StaleMonth};
pub use activation::{ActivationKey, ActivationPeriod, Change, NewChange, Schedule};
pub use chain::{ChainReport, chain_hash};
pub use connect::{connect, sqlite_file};
pub use decision::{
    ClientCommit, CommittedDecision, Confirmed, DecisionFilter, DecisionPage, DecisionSummary, IdempotentAnswer,
    LedgerEntry, LedgerKind, NewCommit, NewDecision, NewIdempotency, PolicyRef, StoredDecision,
};
pub use encounter::{
    BadEncounter, EncounterFilter, EncounterPage, Expected, Parts, PartsFromFirst, PutMode, PutReport, StoredEncounter,
};
pub use error::StoreError;
pub use in_force::{InForce, NewWithdrawal, Withdrawal};
pub use instant::Instant;
pub use library::{PolicyFile, PolicyFileSummary, Yank};
pub use record::{BadRecord, LoadedRecords, NewRecords, RecordKey, RecordVersion, StoredRecord};
pub use store::{Counts, Store, Withdrawn};
pub use turn::{RoundPlace, Turn};
pub use work::{ClientKey, ClientWork, HistoryFilter, HistoryPage, LiveLine, Work, WorkRequest};
