//! Tests of the engine as its users call it: good guests, hostile guests, hostile files, the cache, the words of refusals.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails loudly, its helpers too"
)]

mod cache;
mod child;
mod guest;
mod hostile_answers;
mod hostile_calls;
mod hostile_files;
mod hostile_imports;
mod manifests;
mod texts;
mod works;
