//! A history as a short numbered list that a person can read, and what went wrong at its end.

use std::fmt;

use crate::simulation::step::Step;

/// A history that differs.
#[derive(Debug)]
pub struct Story {
    /// The seed that it comes from.
    pub seed: u64,
    /// What happens.
    pub steps: Vec<Step>,
    /// What differs then.
    pub difference: String,
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {} differs:", self.seed)?;
        for (number, step) in self.steps.iter().enumerate() {
            writeln!(f, "{:>3}. {step}", number + 1)?;
        }
        writeln!(f, "Then:")?;
        for line in self.difference.lines() {
            writeln!(f, "     {line}")?;
        }
        Ok(())
    }
}
