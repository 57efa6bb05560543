//! `adjudica policy …`: the rule author's verbs.

mod build;
mod check;
mod test;

use clap::Subcommand;

use crate::exit::Exit;
use crate::output::Output;

/// Write, check and test policies.
#[derive(Debug, Subcommand)]
pub enum Verb {
    Build(build::Args),
    Check(check::Args),
    Test(test::Args),
}

/// Runs the verb.
pub fn run(verb: Verb, output: &Output) -> anyhow::Result<Exit> {
    match verb {
        Verb::Build(args) => build::run(&args, output),
        Verb::Check(args) => check::run(&args, output),
        Verb::Test(args) => test::run(&args, output),
    }
}
