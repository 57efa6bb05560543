//! Counts what a call's memories and tables hold together and ends the call that asks for more.

use wasmtime::ResourceLimiter;

use crate::profile::{CORE_INSTANCES_MAX, MEMORIES_MAX, TABLES_MAX};

/// The counts of one call.
#[derive(Debug)]
pub(crate) struct Limiter {
    memory_bytes: usize,
    memory_bytes_max: usize,
    table_elements: usize,
    table_elements_max: usize,
}

/// A call asked for more than it may have. Raised as an error, not as a refused growth: a guest that meets a refusal
/// dies of it somewhere else, and the reason would be lost.
#[derive(Debug, thiserror::Error)]
#[error("asked for {desired} {what}, {max} are allowed")]
pub(crate) struct LimitHit {
    pub(crate) what: &'static str,
    pub(crate) desired: usize,
    pub(crate) max: usize,
}

impl Limiter {
    pub(crate) fn new(memory_bytes_max: usize, table_elements_max: usize) -> Self {
        Self { memory_bytes: 0, memory_bytes_max, table_elements: 0, table_elements_max }
    }
}

impl Limiter {
    /// What the call's memories hold together, in bytes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }
}

/// The new sum after one part grew from `current` to `desired`.
fn grown(sum: usize, current: usize, desired: usize, max: usize, what: &'static str) -> wasmtime::Result<usize> {
    let total = sum.saturating_sub(current).saturating_add(desired);
    if total > max { Err(wasmtime::Error::new(LimitHit { what, desired: total, max })) } else { Ok(total) }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        self.memory_bytes = grown(self.memory_bytes, current, desired, self.memory_bytes_max, "bytes of memory")?;
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        self.table_elements = grown(self.table_elements, current, desired, self.table_elements_max, "table entries")?;
        Ok(true)
    }

    fn instances(&self) -> usize {
        most(CORE_INSTANCES_MAX)
    }

    fn tables(&self) -> usize {
        most(TABLES_MAX)
    }

    fn memories(&self) -> usize {
        most(MEMORIES_MAX)
    }
}

fn most(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
