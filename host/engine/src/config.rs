//! What an engine may be told: where it caches, how it compiles, what a policy may use. No environment, no files.

use std::path::PathBuf;

/// How an engine works.
#[derive(Debug, Clone, Default)]
pub struct EngineConfig {
    /// Folder for compiled policies, on a local disk and this user's alone; `None` compiles at every load.
    pub cache_dir: Option<PathBuf>,
    /// What a policy may use.
    pub limits: Limits,
    /// Where policies are compiled.
    pub compiler: Compiler,
}

/// Where policies are compiled.
#[derive(Debug, Clone, Default)]
pub enum Compiler {
    /// In a child process with its own limits, which may die without harm. `program compile-policy` must call
    /// [`compile_child_main`](crate::compile_child_main); `/proc/self/exe` is the running program.
    Child {
        /// The program to run.
        program: PathBuf,
    },
    /// In this process: for tests, benches and author tools that build what they compile.
    #[default]
    InProcess,
}

/// What one policy file and one call of it may use. The defaults are the product's; tests lower them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Fuel of a call before the first encounter; about one unit for each instruction or byte copied.
    pub fuel_per_call: u64,
    /// Fuel that each encounter adds.
    pub fuel_per_encounter: u64,
    /// Wall-clock time of a call in milliseconds, to which every ten encounters add one. The backstop behind fuel.
    pub deadline_ms: u64,
    /// Linear memory of a call, all memories together.
    pub memory_bytes_max: usize,
    /// Table entries of a call, all tables together.
    pub table_elements_max: usize,
    /// Native stack that guest code may use.
    pub stack_bytes_max: usize,
    /// Answer of a call, whatever the number of encounters.
    pub answer_bytes_max: usize,
    /// Size of a policy file.
    pub upload_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel_per_call: 50_000_000,
            fuel_per_encounter: 500_000,
            deadline_ms: 250,
            memory_bytes_max: 32 << 20,
            table_elements_max: 10_000,
            stack_bytes_max: 512 << 10,
            answer_bytes_max: 16 << 20,
            upload_bytes_max: 8 << 20,
        }
    }
}

/// Answer bytes that a call has before the first encounter, and that each encounter adds: room for the most lines and
/// findings that the contract allows one encounter.
const ANSWER_BYTES_PER_CALL: usize = 64 << 10;
const ANSWER_BYTES_PER_ENCOUNTER: usize = 8 << 10;
/// Encounters that add a millisecond to the deadline.
const ENCOUNTERS_PER_MS: u64 = 10;

impl Limits {
    /// Fuel of a call with that many encounters.
    #[must_use]
    pub fn fuel(&self, encounters: u32) -> u64 {
        self.fuel_per_call.saturating_add(self.fuel_per_encounter.saturating_mul(u64::from(encounters)))
    }

    /// Milliseconds of a call with that many encounters.
    #[must_use]
    pub fn call_deadline_ms(&self, encounters: u32) -> u64 {
        self.deadline_ms.saturating_add(u64::from(encounters) / ENCOUNTERS_PER_MS)
    }

    /// Bytes of answer of a call with that many encounters.
    #[must_use]
    pub fn answer_bytes(&self, encounters: u32) -> usize {
        let encounters = usize::try_from(encounters).unwrap_or(usize::MAX);
        let needed = ANSWER_BYTES_PER_CALL.saturating_add(ANSWER_BYTES_PER_ENCOUNTER.saturating_mul(encounters));
        needed.min(self.answer_bytes_max)
    }
}
