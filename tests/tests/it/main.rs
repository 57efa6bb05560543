//! End-to-end tests: the host over HTTP on both databases; the shipped policies, their cases in wasm, swaps under load, replay. `cargo xtask test` builds the policies and starts PostgreSQL.

#![cfg(test)]

mod policies;
mod server;
mod shipped;
mod stories;
mod swap;
