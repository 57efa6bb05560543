//! Arithmetic of dollars besides lines and units: who pays what of a line, and what rosters and measures accrue. Pure.

pub mod accrual;
#[cfg(test)]
#[path = "../../src/fault_tests.rs"]
mod fault_tests;
pub mod payment;
