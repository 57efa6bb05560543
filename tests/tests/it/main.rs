//! End-to-end tests over the shipped policies: their cases in wasm, swaps under load, replay. Policies are built before: `cargo xtask test`.

#![cfg(test)]

mod policies;
mod shipped;
mod swap;
