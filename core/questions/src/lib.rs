//! A policy asked again: what would make an encounter billable, and what two versions answer differently. Knows no policy and no
//! sandbox: whoever asks says what decides.

pub mod behave;
#[cfg(test)]
#[path = "../../src/fault_tests.rs"]
mod fault_tests;
pub mod why_not;
