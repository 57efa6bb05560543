//! The one wasmtime configuration, for the engine that runs and the engine that compiles. No limits of single calls.

use wasmparser::WasmFeatures;
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, Strategy, WasmBacktraceDetails,
};

use crate::config::Limits;

/// Raised whenever a setting below changes what compiled code means; part of the name of cached code.
pub(crate) const PROFILE_VERSION: u32 = 1;

/// Core stack frames named in a trap.
const BACKTRACE_FRAMES_MAX: std::num::NonZeroUsize = std::num::NonZeroUsize::MIN.saturating_add(19);

/// Whether the engine can compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ability {
    /// Compiles and runs.
    CompileAndRun,
    /// Only runs what was compiled elsewhere: the compiler is not there to be attacked.
    RunOnly,
    /// Only compiles, in a child process that has no address space for a pool of instances.
    CompileOnly,
}

/// Calls at the same time, over all policies of an engine.
///
/// There are so many places for instances. One more call is answered with
/// [`PolicyFault::Unavailable`](crate::PolicyFault::Unavailable), so a host has fewer threads for them.
pub const CALLS_AT_ONCE_MAX: u32 = 64;
/// Memories, tables and core instances of one policy. Those of the tools have one, one or two, and two.
pub(crate) const MEMORIES_MAX: u32 = 2;
pub(crate) const TABLES_MAX: u32 = 4;
pub(crate) const CORE_INSTANCES_MAX: u32 = 16;

/// What a policy's code may be made of: what rustc 1.95 emits for `wasm32-unknown-unknown`, and components. An allow-list,
/// so that a proposal which a later wasmtime turns on stays off here. No SIMD, threads, memory64, GC, exceptions, tail
/// calls, several memories in a module, or async.
pub(crate) fn wasm_features() -> WasmFeatures {
    WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::REFERENCE_TYPES
        | WasmFeatures::CALL_INDIRECT_OVERLONG
        | WasmFeatures::MULTI_VALUE
        | WasmFeatures::BULK_MEMORY
        | WasmFeatures::BULK_MEMORY_OPT
        | WasmFeatures::EXTENDED_CONST
        | WasmFeatures::FLOATS
        | WasmFeatures::COMPONENT_MODEL
}

/// Makes an engine. One that runs has a pool of places for instances, and works without where it cannot have one.
///
/// Measured with the table policy `sim` on two cores, median of a second: a call for one encounter takes 47 µs from the
/// pool and 65 µs with instances made on demand, a call for 1,000 takes 164 µs and 246 µs.
pub(crate) fn engine(ability: Ability, limits: &Limits) -> wasmtime::Result<Engine> {
    let config = config(ability, limits.stack_bytes_max);
    if ability == Ability::CompileOnly {
        return Engine::new(&config);
    }
    let mut pooled = config.clone();
    pooled.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits)));
    Engine::new(&pooled).or_else(|error| {
        tracing::warn!("no address space for a pool of instances, calls will be slower: {error:#}");
        Engine::new(&config)
    })
}

/// What of a table is wiped in place, by filling it: all of the tables that Rust guests have.
const TABLE_BYTES_WIPED: usize = 16 << 10;

/// Memories of ended calls that are given back to the kernel together, for each processor. The threads of the process are
/// interrupted once for all of them: that saves 8 of 31 µs of a call for one encounter. Nobody gets a memory before it was
/// given back, so they hold no more than the places of the pool would.
const MEMORIES_PER_RETURN: usize = 16;

/// The pool. No linear memory is kept resident: the kernel takes back every page that a call touched and gives the next
/// call fresh ones, so no code of ours or wasmtime's decides what to wipe. Scanning for touched pages instead saves some
/// 12 µs a call, but it passes over pages that were swapped out, and the next call would find another client's data there.
fn pool(limits: &Limits) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(CALLS_AT_ONCE_MAX)
        .total_core_instances(CALLS_AT_ONCE_MAX * CORE_INSTANCES_MAX)
        .total_memories(CALLS_AT_ONCE_MAX * MEMORIES_MAX)
        .total_tables(CALLS_AT_ONCE_MAX * TABLES_MAX)
        .max_core_instances_per_component(CORE_INSTANCES_MAX)
        .max_memories_per_component(MEMORIES_MAX)
        .max_tables_per_component(TABLES_MAX)
        .max_memories_per_module(MEMORIES_MAX)
        .max_tables_per_module(TABLES_MAX)
        .max_memory_size(limits.memory_bytes_max)
        .table_elements(limits.table_elements_max)
        .linear_memory_keep_resident(0)
        .table_keep_resident(TABLE_BYTES_WIPED)
        .decommit_batch_size(MEMORIES_PER_RETURN);
    pool
}

fn config(ability: Ability, stack_bytes_max: usize) -> Config {
    let compiles = match ability {
        Ability::CompileAndRun | Ability::CompileOnly => true,
        Ability::RunOnly => false,
    };
    let mut config = Config::new();
    config.enable_compiler(compiles);
    config
        .wasm_features(WasmFeatures::all(), false)
        .wasm_features(wasm_features(), true)
        .gc_support(false)
        .shared_memory(false)
        .concurrency_support(false)
        .relaxed_simd_deterministic(true)
        .consume_fuel(true)
        .epoch_interruption(true)
        .max_wasm_stack(stack_bytes_max)
        .memory_may_move(false)
        .memory_init_cow(true)
        .signals_based_traps(true)
        .guard_before_linear_memory(true)
        .wasm_backtrace_max_frames(Some(BACKTRACE_FRAMES_MAX))
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        .generate_address_map(true);
    if compiles {
        config.strategy(Strategy::Cranelift).cranelift_opt_level(OptLevel::Speed).cranelift_nan_canonicalization(true);
    }
    config
}
