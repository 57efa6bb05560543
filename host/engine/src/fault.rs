//! How a call of a policy fails. Never a decision: the host answers `undetermined` with these words.

use adjudica_core::decision::UndeterminedCode;
use thiserror::Error;
use wasmtime::{Trap, WasmBacktrace};

use crate::error::plain;
use crate::limiter::LimitHit;

/// A call of a policy failed. The store it ran in is gone; the next call starts afresh.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PolicyFault {
    /// All fuel used; the same call will always end so.
    #[error(
        "the policy used up its {fuel} units of fuel; it loops or does far too much work, its author must correct it"
    )]
    OutOfFuel {
        /// The fuel it had.
        fuel: u64,
    },
    /// The deadline passed, which depends on the machine too.
    #[error("the policy ran past its {deadline_ms} ms; try again, and tell its author if this goes on")]
    TimedOut {
        /// The time it had.
        deadline_ms: u64,
    },
    /// Too much memory or table space asked for.
    #[error("the policy {detail}; send fewer encounters at a time, or its author must use less")]
    OutOfMemory {
        /// How much of what.
        detail: String,
    },
    /// Native stack used up.
    #[error("the policy called itself too deeply; its author must remove the recursion")]
    StackExhausted,
    /// The policy gave up or broke a rule of WebAssembly.
    #[error("the policy stopped by a trap ({trap}); its author must correct it")]
    Trapped {
        /// Which trap, and in which function.
        trap: String,
    },
    /// The answer is larger than it may be.
    #[error("the policy's answer is larger than {bytes_max} bytes; its author must report less")]
    AnswerTooLarge {
        /// The size allowed.
        bytes_max: usize,
    },
    /// The answer does not keep the contract.
    #[error("the policy's answer does not keep the contract: {detail}; its author must correct it")]
    AnswerInvalid {
        /// What is wrong with it.
        detail: String,
    },
    /// The host could not run it.
    #[error("the policy could not be run: {detail}; this is a fault of the host, not of the policy")]
    Unavailable {
        /// What is wrong.
        detail: String,
    },
}

/// Where in a call an error came up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Making the instance.
    Start,
    /// Passing the batch, running `decide`, reading the answer.
    Decide,
}

/// What the call was allowed, for the messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowed {
    pub(crate) fuel: u64,
    pub(crate) deadline_ms: u64,
    pub(crate) answer_bytes: usize,
}

impl PolicyFault {
    /// The code under which a decision reports it.
    #[must_use]
    pub fn code(&self) -> UndeterminedCode {
        match self {
            Self::OutOfFuel { .. } => UndeterminedCode::PolicyOutOfFuel,
            Self::TimedOut { .. } => UndeterminedCode::PolicyTimedOut,
            Self::OutOfMemory { .. } => UndeterminedCode::PolicyOutOfMemory,
            Self::StackExhausted => UndeterminedCode::PolicyStackExhausted,
            Self::Trapped { .. } => UndeterminedCode::PolicyTrapped,
            Self::AnswerTooLarge { .. } => UndeterminedCode::PolicyAnswerTooLarge,
            Self::AnswerInvalid { .. } => UndeterminedCode::PolicyAnswerInvalid,
            Self::Unavailable { .. } => UndeterminedCode::PolicyUnavailable,
        }
    }

    /// Reads a wasmtime error.
    pub(crate) fn of_error(error: &wasmtime::Error, stage: Stage, allowed: Allowed) -> Self {
        if let Some(hit) = error.downcast_ref::<LimitHit>() {
            return Self::OutOfMemory { detail: hit.to_string() };
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => Self::OutOfFuel { fuel: allowed.fuel },
            Some(Trap::Interrupt) => Self::TimedOut { deadline_ms: allowed.deadline_ms },
            Some(Trap::StackOverflow) => Self::StackExhausted,
            Some(trap) => Self::Trapped { trap: describe_trap(*trap, error) },
            None if is_answer_too_large(error) => Self::AnswerTooLarge { bytes_max: allowed.answer_bytes },
            None => match stage {
                Stage::Start => Self::Unavailable { detail: root_text(error) },
                Stage::Decide => Self::AnswerInvalid { detail: root_text(error) },
            },
        }
    }
}

/// The trap in wasmtime's words and the innermost function that has a name.
fn describe_trap(trap: Trap, error: &wasmtime::Error) -> String {
    let text = trap.to_string();
    let text = text.strip_prefix("wasm trap: ").unwrap_or(&text);
    let frames = error.downcast_ref::<WasmBacktrace>().map(WasmBacktrace::frames).unwrap_or_default();
    match frames.iter().find_map(|frame| frame.func_name()) {
        Some(name) => format!("{text} in `{}`", plain(name)),
        None => text.to_owned(),
    }
}

/// wasmtime keeps the type of this error to itself; a test holds its text.
fn is_answer_too_large(error: &wasmtime::Error) -> bool {
    error.chain().any(|cause| cause.to_string().contains("fuel allocated for hostcalls"))
}

fn root_text(error: &wasmtime::Error) -> String {
    plain(&error.root_cause().to_string())
}
