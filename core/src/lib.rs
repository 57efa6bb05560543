//! The vocabulary of Adjudica: money, units, dates, codes, facts, decisions, manifests. No IO, no clock, no chance, no floats.
#![doc = include_str!("../README.md")]

pub mod authorization;
mod calendar;
pub mod cents;
pub mod code;
pub mod columns;
pub mod date;
pub mod decision;
pub mod digest;
pub mod encode;
pub mod error;
pub mod facts;
#[cfg(test)]
mod fault_tests;
pub mod field;
pub mod identifier;
pub mod ledger;
pub mod manifest;
pub mod moment;
pub mod name_set;
pub mod payment;
pub mod quantity;
pub mod records;
pub mod render;
pub mod rounding;
#[cfg(feature = "schema")]
mod schema;
pub mod standing;
pub mod taken_back;
pub mod terms;
mod text;
pub mod token;

pub use cents::Cents;
pub use code::{Modifier, PlaceOfService, ProcedureCode};
pub use date::{DateRange, ServiceDate};
pub use decision::{Citation, Decision, DecisionLine, Finding, Outcome, Verdict};
pub use digest::Digest;
pub use error::ValueError;
pub use facts::{EncounterFacts, LedgerLine, Timeline};
pub use field::{ColumnKind, Field};
pub use manifest::{Effect, LiabilityGroup, Manifest, Rule, RuleKind};
pub use quantity::{Minutes, Units};
pub use rounding::Rounding;
pub use standing::Standing;
pub use terms::Terms;
pub use token::Token;

/// The contract version that this release speaks: WIT package `adjudica:policy` at this semver.
pub const INTERFACE_VERSION: &str = "1.0.0";
