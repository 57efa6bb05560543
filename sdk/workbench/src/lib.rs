//! What a rule author's tools find out: coverage, mutants, probes, differences, grids, hints. No files, no terminal, no sandbox.

mod asked;
pub mod conform;
pub mod coverage;
pub mod lint;
pub mod matrix;
pub mod mutate;
pub mod pin;
pub mod probe;
pub mod subject;
#[cfg(test)]
mod test_policies;
mod vocabulary;
#[cfg(test)]
mod why_not_tests;

pub use subject::Subject;
pub use vocabulary::candidates;
