//! Tests of the whole crate's errors, and what tests of several modules share. Tests of one module stand with it.

mod errors;
pub(crate) mod faults;
