//! `adjudica policy schema`: JSON Schemas for editors, and the table reference.

use adjudica_sdk::reference;
use anyhow::Result;

use crate::exit::Exit;
use crate::output::Output;

/// Print the JSON Schema of `policy.toml`, so that an editor completes and checks it; or of case files, or the reference.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The schema of case files.
    #[arg(long, conflicts_with = "reference")]
    cases: bool,
    /// The table reference, as Markdown.
    #[arg(long)]
    reference: bool,
}

/// Runs the verb.
pub fn run(args: &Args, output: &Output) -> Result<Exit> {
    if args.reference {
        let text = reference::reference();
        output.line(text.strip_suffix('\n').unwrap_or(&text))?;
        output.answer(&text)?;
        return Ok(Exit::Ok);
    }
    let schema = if args.cases { reference::cases_schema() } else { reference::policy_schema() };
    output.json(&schema)?;
    Ok(Exit::Ok)
}
