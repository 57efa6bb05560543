//! Prints what one call of a policy costs: of a file given, or of a trivial guest.
//! Run with `cargo run --release -p adjudica-engine --example speed [policy.wasm]`.
#![expect(
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::expect_used,
    clippy::panic,
    reason = "prints figures for a person"
)]

use std::time::Instant;

use adjudica_core::Terms;
use adjudica_core::columns::Explain;
use adjudica_core::encode::encode_batch;
use adjudica_engine::{Engine, EngineConfig, Policy};

#[path = "../tests/it/guest.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod guest;

fn main() {
    let engine = Engine::new(EngineConfig::default()).expect("engine");
    let wasm = match std::env::args().nth(1) {
        Some(file) => std::fs::read(file).expect("a policy file"),
        None => guest::policy(&guest::GOOD),
    };
    let start = Instant::now();
    let policy = engine.load(&wasm).expect("policy");
    println!("load with compiling in process      {:>9.1} ms", start.elapsed().as_secs_f64() * 1e3);
    for encounters in [1_usize, 10, 100, 1_000, 10_000] {
        print_batch(&policy, encounters);
    }
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let start = Instant::now();
    let calls = 20_000;
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                (0..calls)
                    .for_each(|_| drop(policy.decide(&guest::timelines(1, 1), &Terms::default(), Explain::FailedOnly)));
            });
        }
    });
    println!(
        "single, on {threads} threads at once         {:>9.2} µs",
        start.elapsed().as_secs_f64() * 1e6 / f64::from(calls)
    );
}

fn print_batch(policy: &Policy, encounters: usize) {
    let timelines = guest::timelines(encounters, 1);
    let terms = Terms::default();
    let batch = encode_batch(policy.manifest(), &timelines, &terms, Explain::FailedOnly).expect("batch");
    let each = f64::from(u32::try_from(encounters).expect("small"));
    let call = median_us(|| drop(policy.call(&batch)));
    let decide = median_us(|| drop(policy.decide(&timelines, &terms, Explain::FailedOnly)));
    println!(
        "call of {encounters:>6}: {call:>9.2} µs, {:>7.3} each; with encoding and rendering {decide:>9.2} µs, {:>7.3} each",
        call / each,
        decide / each
    );
}

/// Median of the calls of a second: what else the machine does falls out of it.
fn median_us(mut work: impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut calls = Vec::new();
    while start.elapsed().as_secs() < 1 {
        let call = Instant::now();
        work();
        calls.push(call.elapsed());
    }
    calls.sort_unstable();
    calls.get(calls.len() / 2).map_or(0.0, |median| median.as_secs_f64() * 1e6)
}
