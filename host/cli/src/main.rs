//! The one binary, `adjudica`: reads the command line, hands over to one verb, turns its end into an exit code. No rule lives here.
#![expect(
    unreachable_pub,
    reason = "nothing of a binary can be reached; `pub` marks what a module offers to the others"
)]

mod args;
mod behaviour;
mod bundle;
mod catalog;
mod cmd;
mod config;
mod database;
mod engine;
mod exit;
mod files;
mod guest;
mod host;
mod intake;
mod keys;
mod logging;
mod output;
mod policy_folder;
mod policy_input;
mod policy_question;
mod progress;
mod sample;
mod sorted;
mod table;

use std::process::ExitCode;

use clap::Parser as _;
use mimalloc::MiMalloc;

use crate::args::{Args, Verb};
use crate::output::Output;

/// Much of what surrounds a policy's call is small texts that come and go: a request takes three quarters of the time that it
/// takes with the allocator of glibc.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let args = Args::parse();
    if matches!(args.verb, Verb::CompilePolicy) {
        return adjudica_engine::compile_child_main();
    }
    let output = Output::new(args.format());
    let end = cmd::run(args, &output);
    exit::report(end, &output)
}
