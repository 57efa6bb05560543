//! `adjudica policy new`: a policy's folder that passes its own cases at once.

use std::path::{Path, PathBuf};

use adjudica_core::{ServiceDate, Token};
use anyhow::Result;
use serde_json::json;

use crate::exit::{Exit, Fault, Refusal};
use crate::files;
use crate::output::Output;

const TABLES: &str = include_str!("../../../templates/tables.toml");
const CASES: &str = include_str!("../../../templates/cases.toml");
const MISSING: &str = include_str!("../../../templates/missing.toml");
const README: &str = include_str!("../../../templates/README.md");
const CARGO: &str = include_str!("../../../templates/Cargo.toml.txt");
const LIB: &str = include_str!("../../../templates/lib.rs.txt");
/// What Rust beside the tables adds to them.
const CUSTOM: &str = include_str!("../../../templates/custom.toml");
const CUSTOM_CASES: &str = include_str!("../../../templates/custom_cases.toml");

/// Make a policy's folder: tables, cases and a page about it; it passes `adjudica policy test` as it is.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The policy's id; the folder gets the same name.
    #[arg(value_name = "NAME", value_parser = crate::args::parse_token)]
    name: Token,
    /// First day of service that it answers for.
    #[arg(long, value_name = "DAY", value_parser = crate::args::parse_day)]
    from: ServiceDate,
    /// Tables only, which need no Rust toolchain. The default.
    #[arg(long, conflicts_with = "rust")]
    tables: bool,
    /// Tables, and Rust for what they do not reach. Needs a Rust toolchain and, until the SDK is published, its folder.
    #[arg(long, requires = "sdk")]
    rust: bool,
    /// The folder of the SDK's source.
    #[arg(long, value_name = "FOLDER")]
    sdk: Option<PathBuf>,
    /// Where the folder is made.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    into: PathBuf,
}

/// Runs the verb.
pub fn run(args: &Args, output: &Output) -> Result<Exit> {
    let folder = args.into.join(args.name.as_str());
    if folder.exists() {
        let fault = Fault::of_file(&folder, "is there already; take another name, nothing is written over");
        return Err(Refusal::usage("nothing was made", vec![fault]).into());
    }
    let (first, before) = (args.from.to_string(), args.from.plus_days(-1).to_string());
    let fill = |text: &str| {
        text.replace("NAME", args.name.as_str()).replace("FIRST_DAY", &first).replace("DAY_BEFORE", &before)
    };
    let mut made = vec![
        ("policy.toml", fill(TABLES)),
        ("cases/first.toml", fill(CASES)),
        ("cases/missing.toml", fill(MISSING)),
        ("README.md", fill(README)),
    ];
    if let Some(sdk) = args.sdk.as_deref().filter(|_| args.rust) {
        let sdk = sdk.canonicalize().unwrap_or_else(|_| sdk.to_path_buf());
        made.push(("Cargo.toml", fill(CARGO).replace("SDK_FOLDER", &sdk.display().to_string())));
        made.push(("src/lib.rs", fill(LIB)));
        for (name, text) in &mut made {
            match *name {
                "policy.toml" => text.push_str(&fill(CUSTOM)),
                "cases/first.toml" => text.push_str(&fill(CUSTOM_CASES)),
                _ => {}
            }
        }
    }
    let mut names = Vec::new();
    for (name, text) in made {
        files::write_whole(&folder.join(name), text.as_bytes())?;
        names.push(folder.join(name).display().to_string());
    }
    names.iter().try_for_each(|name| output.line(name))?;
    output.line(&format!("next: `adjudica policy test --coverage {}`", shown(&folder)))?;
    output.answer(&json!({ "folder": folder.display().to_string(), "files": names }))?;
    Ok(Exit::Ok)
}

/// The folder as it is typed.
fn shown(folder: &Path) -> String {
    folder.strip_prefix(".").unwrap_or(folder).display().to_string()
}
