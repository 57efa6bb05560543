//! The verbs, one file each, and the way to them.

pub mod activate;
pub mod decide;
pub mod demo;
pub mod import;
pub mod policy;
pub mod replay;
pub mod report;
pub mod rollback;
pub mod serve;

use anyhow::{Context as _, Result};

use crate::args::{Args, Verb};
use crate::config::Settings;
use crate::exit::Exit;
use crate::output::Output;

/// Runs the verb.
pub fn run(args: Args, output: &Output) -> Result<Exit> {
    let settings = Settings::load(args.config);
    match args.verb {
        Verb::Serve(args) => on_runtime(serve::run(args, settings, output)),
        Verb::Demo(args) => on_runtime(demo::run(args, settings, output)),
        Verb::Decide(args) => decide::run(&args, output),
        Verb::Policy(verb) => policy::run(verb, output),
        Verb::Import(verb) => on_runtime(import::run(verb, settings, output)),
        Verb::Activate(args) => on_runtime(activate::run(args, settings, output)),
        Verb::Rollback(args) => on_runtime(rollback::run(args, settings, output)),
        Verb::Report(verb) => report::run(&verb, output),
        Verb::Replay(args) => on_runtime(replay::run(args, settings, output)),
        // `main` answers this one before any setting is read.
        Verb::CompilePolicy => Ok(Exit::Ok),
    }
}

fn on_runtime(work: impl Future<Output = Result<Exit>>) -> Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.context("the threads of the runtime could not be started")?;
    let end = runtime.block_on(work);
    // Whatever still runs by itself, a policy's cases perhaps, ends with the process.
    runtime.shutdown_background();
    end
}
