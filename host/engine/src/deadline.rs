//! The clock behind deadlines: an OS thread that moves the engine's epoch on.

use std::time::Duration;

use crate::error::EngineError;

/// Milliseconds between two ticks: how exactly a deadline is kept.
pub(crate) const TICK_MS: u64 = 5;

/// Starts the ticker. It ends by itself once the engine is dropped. An OS thread, because a timer of an async runtime
/// stops with the runtime that a looping policy has wedged.
pub(crate) fn start_ticker(engine: &wasmtime::Engine) -> Result<(), EngineError> {
    let weak = engine.weak();
    let tick = move || {
        while let Some(engine) = weak.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(Duration::from_millis(TICK_MS));
        }
    };
    std::thread::Builder::new()
        .name("policy-deadline".to_owned())
        .spawn(tick)
        .map(|_| ())
        .map_err(|source| EngineError::NoTicker { source })
}

/// Ticks that cover `deadline_ms`; one more than exact, because the current tick has partly gone.
pub(crate) fn ticks(deadline_ms: u64) -> u64 {
    deadline_ms.div_ceil(TICK_MS).saturating_add(1)
}
