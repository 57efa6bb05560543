//! Tests of the host as its clients call it: bad input, decisions, batches, policies, activations, sockets.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::needless_pass_by_value,
    reason = "a helper of a test may fail the test"
)]

mod activations;
mod bad_input;
mod batch;
mod decisions;
mod docs;
mod guest;
mod harness;
mod sockets;
mod worker;
