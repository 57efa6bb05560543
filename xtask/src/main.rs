//! The project's chores, one verb each: `cargo xtask help` lists them. Knows the folders and the tools, none of our crates.

mod artifacts;
mod postgres;
mod process;
mod toolchain;
mod verbs;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::workspace::Workspace;

const HELP: &str = "\
usage: cargo xtask <verb> [arguments]

  demo [--once] [..]   build everything, decide the sample agency, then serve; `--once` ends after the table
  test [filter ..]     every test, on SQLite and on a throw-away PostgreSQL; with a filter only the tests it names
  simulate [--seeds N] [--seed S] [--database sqlite|postgres|both]
                       random histories on real hosts, compared with a plain model
  ci [--full] [NAMES]  every check, or those named (`ci guide docs`): what `.ci/run` calls; `--full`: 1,000 histories
  bench [--quick] [WHAT]  the figures of the project, one line each: name value unit; WHAT: native peers duckdb single files
                       intake http bulk hosts swap flat authoring startup memory; `cold` alone: from nothing built
  policies             build every policy of plugins/ into <target>/policies
  wit-freeze           freeze the contract sdk/wit/policy.wit under its version
  with-postgres <command ..>
                       run one command with a throw-away PostgreSQL in ADJUDICA_TEST_POSTGRES_URL";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let verb = arguments.next().unwrap_or_default();
    let arguments: Vec<String> = arguments.collect();
    let workspace = Workspace::find()?;
    match verb.as_str() {
        "demo" => verbs::demo::run(&workspace, &arguments),
        "test" => verbs::test::run(&workspace, &arguments),
        "simulate" => verbs::simulate::run(&workspace, &arguments),
        "ci" => verbs::ci::run(&workspace, &arguments),
        "bench" => verbs::bench::run(&workspace, &arguments),
        "policies" => verbs::refuse_arguments("policies", &arguments).and_then(|()| verbs::policies::run(&workspace)),
        "wit-freeze" => {
            verbs::refuse_arguments("wit-freeze", &arguments).and_then(|()| verbs::wit_freeze::run(&workspace))
        }
        "with-postgres" => verbs::with_postgres::run(&workspace, &arguments),
        "help" | "--help" | "-h" => {
            eprintln!("{HELP}");
            Ok(())
        }
        "" => bail!("no verb given\n\n{HELP}"),
        other => bail!("there is no verb `{other}`\n\n{HELP}"),
    }
}
