//! Why a history stops: the host differs from the model, or the simulation itself cannot go on.

use std::fmt;

/// Why a history stops.
#[derive(Debug)]
pub enum Fault {
    /// What a host says and should not say.
    Differs(String),
    /// The simulation cannot go on.
    Broken(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Fault {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Differs(what) => f.write_str(what),
            Self::Broken(error) => write!(f, "the simulation cannot go on: {error:#}"),
        }
    }
}

/// Stops with a difference unless `holds`.
#[expect(clippy::fn_params_excessive_bools, reason = "it reads as the condition that it is")]
pub(crate) fn require(holds: bool, what: impl FnOnce() -> String) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(Fault::Differs(what())) }
}
