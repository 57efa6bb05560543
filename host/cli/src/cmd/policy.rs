//! `adjudica policy …`: the rule author's verbs.

mod bench;
mod build;
mod check;
mod conform;
mod diff;
mod explain;
mod export;
mod import;
mod keygen;
mod matrix;
mod mutate;
mod new;
mod pins;
mod publish;
mod schema;
mod sign;
mod test;
mod verify;
mod version;
mod why_not;
mod yank;

use clap::Subcommand;

use crate::exit::Exit;
use crate::output::Output;

/// Write, check, test, compare, sign and publish policies.
#[derive(Debug, Subcommand)]
pub enum Verb {
    New(new::Args),
    Build(build::Args),
    Check(check::Args),
    Test(test::Args),
    Explain(explain::Args),
    Matrix(matrix::Args),
    Mutate(mutate::Args),
    WhyNot(why_not::Args),
    Diff(diff::Args),
    Version(version::Args),
    Bench(bench::Args),
    Schema(schema::Args),
    Conform(conform::Args),
    Keygen(keygen::Args),
    Sign(sign::Args),
    Verify(verify::Args),
    Publish(publish::Args),
    Yank(yank::Args),
    Export(export::Args),
    Import(import::Args),
}

/// Runs the verb.
pub fn run(verb: Verb, output: &Output) -> anyhow::Result<Exit> {
    match verb {
        Verb::New(args) => new::run(&args, output),
        Verb::Build(args) => build::run(&args, output),
        Verb::Check(args) => check::run(&args, output),
        Verb::Test(args) => test::run(&args, output),
        Verb::Explain(args) => explain::run(&args, output),
        Verb::Matrix(args) => matrix::run(&args, output),
        Verb::Mutate(args) => mutate::run(&args, output),
        Verb::WhyNot(args) => why_not::run(&args, output),
        Verb::Diff(args) => diff::run(&args, output),
        Verb::Version(args) => version::run(&args, output),
        Verb::Bench(args) => bench::run(&args, output),
        Verb::Schema(args) => schema::run(&args, output),
        Verb::Conform(args) => conform::run(&args, output),
        Verb::Keygen(args) => keygen::run(&args, output),
        Verb::Sign(args) => sign::run(&args, output),
        Verb::Verify(args) => verify::run(&args, output),
        Verb::Publish(args) => publish::run(&args, output),
        Verb::Yank(args) => yank::run(&args, output),
        Verb::Export(args) => export::run(&args, output),
        Verb::Import(args) => import::run(&args, output),
    }
}
