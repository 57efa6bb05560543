//! `adjudica policy import`: the policies of a bundle to a host or a registry folder.

use std::path::PathBuf;

use adjudica_core::ServiceDate;
use anyhow::Result;
use serde_json::json;

use crate::catalog::Place;
use crate::exit::{Exit, Fault, Refusal};
use crate::keys::load_publishers;
use crate::output::Output;
use crate::policy_input::PolicyInput;
use crate::{bundle, engine};

/// Publish the policies of a bundle that `adjudica policy export` made.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The bundle.
    #[arg(value_name = "FILE")]
    bundle: PathBuf,
    /// Publishers that are trusted: every policy must be as one of them signed it.
    #[arg(long, value_name = "FILE", requires = "on")]
    publishers: Option<PathBuf>,
    /// The day on which their keys must hold.
    #[arg(long, value_name = "DAY", value_parser = crate::args::parse_day, requires = "publishers")]
    on: Option<ServiceDate>,
    #[command(flatten)]
    place: Place,
}

/// Runs the verb: every file is judged before any is published.
pub fn run(args: &Args, output: &Output) -> Result<Exit> {
    let engine = engine::start(None)?;
    let trust = args.publishers.as_deref().map(load_publishers).transpose()?;
    let (mut inputs, mut faults) = (Vec::new(), Vec::new());
    for (name, file) in bundle::read(&args.bundle)? {
        if let (Some(trust), Some(today)) = (&trust, args.on)
            && let Err(fault) = trust.judge(&file, today)
        {
            faults.push(Fault::new(format!("`{name}`: {fault}")));
            continue;
        }
        inputs.push(PolicyInput::of_file(&args.bundle, file, &engine)?);
    }
    if !faults.is_empty() {
        return Err(Refusal::refused("nothing was imported", faults).into());
    }
    inputs.sort_by(|a, b| {
        (&a.manifest().policy_id, &a.manifest().version).cmp(&(&b.manifest().policy_id, &b.manifest().version))
    });
    let catalog = args.place.catalog();
    let mut answer = Vec::new();
    for input in inputs {
        let manifest = input.manifest();
        let is_new = catalog.put(manifest.policy_id.as_str(), &manifest.version, &input.file)?;
        let done = if is_new { "imported" } else { "was there already" };
        output.line(&format!(
            "{} {} {done}, digest {}",
            manifest.policy_id,
            manifest.version,
            input.policy.digest()
        ))?;
        answer.push(json!({ "policy_id": manifest.policy_id, "version": manifest.version, "digest": input.policy.digest(), "imported": is_new }));
    }
    output.answer(&json!({ "policies": answer }))?;
    Ok(Exit::Ok)
}
