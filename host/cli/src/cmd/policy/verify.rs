//! `adjudica policy verify`: whether policy files are as a trusted publisher signed them. Needs no network.

use std::path::PathBuf;

use adjudica_core::ServiceDate;
use anyhow::Result;
use serde_json::json;

use crate::engine;
use crate::exit::{Exit, Fault, Refusal};
use crate::keys::load_publishers;
use crate::output::Output;

/// Check the signatures of policy files against a file of publishers.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Policy files.
    #[arg(required = true, value_name = "FILE.wasm")]
    files: Vec<PathBuf>,
    /// The publishers that are trusted, with their keys.
    #[arg(long, value_name = "FILE")]
    publishers: PathBuf,
    /// The day on which the keys must hold.
    #[arg(long, value_name = "DAY", value_parser = crate::args::parse_day)]
    on: ServiceDate,
}

/// Runs the verb.
pub fn run(args: &Args, output: &Output) -> Result<Exit> {
    let trust = load_publishers(&args.publishers)?;
    let engine = engine::start(None)?;
    let (mut answer, mut faults) = (Vec::new(), Vec::new());
    for path in &args.files {
        let judged = std::fs::read(path).map_err(|error| error.to_string()).and_then(|bytes| {
            let signed = trust.judge(&bytes, args.on).map_err(|fault| fault.to_string())?;
            let inspection = engine.inspect(&bytes).map_err(|error| error.to_string())?;
            signed.require_theirs(&inspection.manifest.policy_id).map_err(|fault| fault.to_string())?;
            Ok((signed, inspection))
        });
        match judged {
            Err(message) => faults.push(Fault::of_file(path, message)),
            Ok((signed, inspection)) => {
                let manifest = &inspection.manifest;
                output.line(&format!(
                    "{}: {} {}, signed by {} with {} on {}",
                    path.display(),
                    manifest.policy_id,
                    manifest.version,
                    signed.signature.publisher,
                    signed.signature.key_id,
                    signed.signature.signed_on
                ))?;
                answer.push(json!({
                    "file": path.display().to_string(), "digest": inspection.digest, "policy_id": manifest.policy_id,
                    "version": manifest.version, "signature": signed.signature,
                }));
            }
        }
    }
    if !faults.is_empty() {
        return Err(Refusal::refused("not every file is as a trusted publisher signed it", faults).into());
    }
    output.answer(&json!({ "files": answer }))?;
    Ok(Exit::Ok)
}
