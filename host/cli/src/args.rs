//! The command line: the verbs and the flags that all of them have. Each verb's own flags lie in its file under `cmd/`.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::cmd;
use crate::output::Format;

/// Decides whether case-management encounters can be billed to their payer, and says why not.
#[derive(Debug, Parser)]
#[command(name = "adjudica", version, max_term_width = 110, disable_help_subcommand = true)]
#[command(after_help = "Exit codes: 0 ok, 1 cases differ, 2 usage, 3 refused, 4 over budget.\n\
    Settings come from flags, then ADJUDICA_* variables, then adjudica.toml.")]
pub struct Args {
    /// Answer with JSON on standard output.
    #[arg(long, global = true)]
    pub json: bool,
    /// Configuration file; without it `adjudica.toml` of this folder, where there is one.
    #[arg(long, global = true, env = "ADJUDICA_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    Serve(cmd::serve::Args),
    Demo(cmd::demo::Args),
    Decide(cmd::decide::Args),
    #[command(subcommand)]
    Policy(cmd::policy::Verb),
    #[command(subcommand)]
    Import(cmd::import::Verb),
    Activate(cmd::activate::Args),
    Rollback(cmd::rollback::Args),
    Replay(cmd::replay::Args),
    #[command(subcommand)]
    Report(cmd::report::Verb),
    /// Compiles a policy from standard input to standard output; the engine starts this in a child process.
    #[command(hide = true)]
    CompilePolicy,
}

/// A name as the core takes it.
/// # Errors
/// What is wrong with it.
pub fn parse_token(text: &str) -> Result<adjudica_core::Token, String> {
    adjudica_core::Token::parse(text).map_err(|fault| fault.to_string())
}

/// A day as `2026-04-01`.
/// # Errors
/// What is wrong with it.
pub fn parse_day(text: &str) -> Result<adjudica_core::ServiceDate, String> {
    adjudica_core::ServiceDate::parse(text).map_err(|fault| fault.to_string())
}

impl Args {
    /// Who reads the answer.
    pub fn format(&self) -> Format {
        if self.json { Format::Json } else { Format::Human }
    }
}
