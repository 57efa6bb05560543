//! `adjudica policy matrix`: who may bill what in which phase, found by running the policy; and a payer's published grid beside it.

use std::path::PathBuf;

use adjudica_workbench::matrix::{letter, matrix, parse_published};
use anyhow::Result;
use clap::ValueEnum;
use serde_json::json;

use crate::exit::{Exit, Fault, Refusal};
use crate::files;
use crate::output::Output;
use crate::policy_folder::PolicyFolder;

/// How the grid is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Aligned text.
    Text,
    /// `phase,role,code,outcome,rule`.
    Csv,
    /// One page.
    Html,
}

/// Print the role by code by phase grid that a policy really gives, or compare it with a payer's.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The policy's folder.
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// How to write it.
    #[arg(long, value_enum, default_value = "text")]
    form: Form,
    /// A file for it, instead of standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// A payer's published grid, as CSV `phase,role,code,outcome` with B, R, I, W or N; cells that differ are listed.
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
}

/// Runs the verb.
pub fn run(args: &Args, output: &Output) -> Result<Exit> {
    let folder = PolicyFolder::load(&args.folder)?;
    let (compiled, files) = folder.compile_with_cases("no grid was made")?;
    let given = matrix(&folder.subject(files), &compiled);
    if let Some(path) = &args.against {
        let refuse = |faults: Vec<String>| {
            Refusal::refused(
                "the published grid has faults",
                faults.into_iter().map(|fault| Fault::of_file(path, fault)).collect(),
            )
        };
        let text = std::fs::read_to_string(path).map_err(|error| refuse(vec![format!("cannot be read: {error}")]))?;
        let published = parse_published(&text).map_err(refuse)?;
        let mismatches = given.compare(&published);
        for one in &mismatches {
            let is = one.given.map_or("not in the policy".to_owned(), |outcome| letter(outcome).to_string());
            let rule = one.rule.as_ref().map_or(String::new(), |rule| format!(", by `{rule}`"));
            output.line(&format!(
                "{} {} {}: published {}, given {is}{rule}",
                one.phase,
                one.role,
                one.code,
                letter(one.published)
            ))?;
        }
        output.line(&format!("{} of {} published cells differ", mismatches.len(), published.len()))?;
        output.answer(&json!({ "published": published.len(), "mismatches": mismatches }))?;
        return Ok(if mismatches.is_empty() { Exit::Ok } else { Exit::Differs });
    }
    let text = match args.form {
        Form::Text => given.text(),
        Form::Csv => given.csv(),
        Form::Html => given.html(&compiled.manifest.title),
    };
    match &args.out {
        Some(path) => {
            files::write_whole(path, text.as_bytes())?;
            output.line(&path.display().to_string())?;
        }
        None => output.line(text.trim_end())?,
    }
    output.answer(&given)?;
    Ok(Exit::Ok)
}
