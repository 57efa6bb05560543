//! Runs tables and hooks in this process, by the same evaluation as inside a policy file. For authors' tests and as a measure.

use adjudica_core::columns::{Answers, Batch, Explain};
use adjudica_core::encode::encode_batch;
use adjudica_core::render::{AnswerFault, render_decisions};
use adjudica_core::{Decision, Terms, Timeline, ValueError};
use thiserror::Error;

use crate::evaluate::{EvaluateFault, evaluate};
use crate::hooks::Hooks;
use crate::image::Image;
use crate::tables::Compiled;

/// Why no decision could be made.
#[derive(Debug, Error)]
pub enum NativeError {
    /// The facts do not fit a batch.
    #[error("{0}")]
    Facts(ValueError),
    /// The tables or hooks cannot answer.
    #[error("the policy cannot answer: {}; check its tables with `adjudica policy check`", words(*fault))]
    Evaluate {
        /// What went wrong.
        fault: EvaluateFault,
    },
    /// The answer breaks the contract.
    #[error("{0}")]
    Answer(AnswerFault),
}

fn words(fault: EvaluateFault) -> &'static str {
    match fault {
        EvaluateFault::Batch => "a column of its facts is missing or has another type",
        EvaluateFault::Image => "its compiled tables cannot be read",
        EvaluateFault::Overflow => "an amount does not fit 64 bits",
    }
}

/// Decides every encounter of `timelines`, in order.
/// # Errors
/// [`NativeError`] when no decision could be made; a refusal is a decision.
pub fn decide(
    compiled: &Compiled,
    hooks: &dyn Hooks,
    timelines: &[Timeline],
    terms: &Terms,
    explain: Explain,
) -> Result<Vec<Decision>, NativeError> {
    let batch = encode_batch(&compiled.manifest, timelines, terms, explain).map_err(NativeError::Facts)?;
    let answers = call(compiled, hooks, &batch)?;
    render_decisions(&compiled.manifest, batch.encounters, &answers).map_err(NativeError::Answer)
}

/// Answers one batch.
/// # Errors
/// [`NativeError::Evaluate`] when the tables cannot be read or an amount overflows.
pub fn call(compiled: &Compiled, hooks: &dyn Hooks, batch: &Batch) -> Result<Answers, NativeError> {
    let refuse = |fault| NativeError::Evaluate { fault };
    let image = Image::parse(&compiled.image).map_err(|_| refuse(EvaluateFault::Image))?;
    evaluate(&image, hooks, batch).map_err(refuse)
}
