//! The table interpreter that this binary carries, so that a policy of tables only needs no Rust toolchain.

/// The interpreter as a core module, built by `build.rs`; `adjudica policy build` puts tables into it.
pub const INTERPRETER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/adjudica_interpreter.wasm"));
