//! `adjudica policy export`: policy files with all that belongs to them, in one file for a machine with no network.

use std::path::PathBuf;

use anyhow::Result;
use serde_json::json;

use crate::exit::{Exit, Fault, Refusal};
use crate::output::Output;
use crate::table::counted;
use crate::{bundle, engine, files};

/// Put policy files into one bundle: files, signatures, manifests, cases and the schemas of their terms.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Policy files.
    #[arg(required = true, value_name = "FILE.wasm")]
    files: Vec<PathBuf>,
    /// The bundle, a tar file.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Runs the verb.
pub fn run(args: &Args, output: &Output) -> Result<Exit> {
    let engine = engine::start(None)?;
    let (mut policies, mut faults) = (Vec::new(), Vec::new());
    for path in &args.files {
        match std::fs::read(path) {
            Err(error) => faults.push(Fault::of_file(path, format!("cannot be read: {error}"))),
            Ok(bytes) => match engine.inspect(&bytes) {
                Ok(inspection) => policies.push((bytes, inspection)),
                Err(error) => faults.extend(files::load_faults(path, &error)),
            },
        }
    }
    if !faults.is_empty() {
        return Err(Refusal::refused("nothing was exported", faults).into());
    }
    bundle::write(&args.out, &policies)?;
    for (_, inspection) in &policies {
        let manifest = &inspection.manifest;
        output.line(&format!("{} {}, digest {}", manifest.policy_id, manifest.version, inspection.digest))?;
    }
    output.line(&format!("{}: {}", args.out.display(), counted(policies.len(), "policy", "policies")))?;
    let digests: Vec<_> = policies.iter().map(|(_, inspection)| inspection.digest).collect();
    output.answer(&json!({ "file": args.out.display().to_string(), "digests": digests }))?;
    Ok(Exit::Ok)
}
