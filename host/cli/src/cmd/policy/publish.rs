//! `adjudica policy publish`: policy files to a host or a registry folder, with versions that their behaviour bears out.

use std::path::{Path, PathBuf};

use adjudica_engine::Engine;
use anyhow::Result;
use serde_json::json;

use crate::catalog::{Catalog, Listed, Place};
use crate::cmd::policy::version::Asked;
use crate::engine;
use crate::exit::{Exit, Fault, Refusal};
use crate::output::Output;
use crate::policy_input::PolicyInput;

/// Publish policy files. A version that is too low for what the policy answers differently from the one before is refused.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Built, and where the place asks for it signed, policy files.
    #[arg(required = true, value_name = "FILE.wasm")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    place: Place,
}

/// Runs the verb: every file is judged before any is published.
pub fn run(args: &Args, output: &Output) -> Result<Exit> {
    let engine = engine::start(None)?;
    let catalog = args.place.catalog();
    let listed = catalog.list()?;
    let mut inputs = Vec::new();
    for path in &args.files {
        let input = PolicyInput::load(path, &engine)?;
        input.require_passing(path)?;
        if let Some(asked) = ask_earlier(path, &input, &catalog, &listed, &engine)? {
            output.line(&format!("{}: {asked}", input.manifest().policy_id))?;
            asked.require()?;
        }
        inputs.push((path, input));
    }
    let mut answer = Vec::new();
    for (path, input) in inputs {
        let manifest = input.manifest();
        let (digest, is_new) =
            (input.policy.digest(), catalog.put(manifest.policy_id.as_str(), &manifest.version, &input.file)?);
        let done = if is_new { "published" } else { "was published already" };
        output.line(&format!(
            "{}: {} {} {done}, digest {digest}",
            path.display(),
            manifest.policy_id,
            manifest.version
        ))?;
        answer.push(json!({
            "file": path.display().to_string(), "policy_id": manifest.policy_id, "version": manifest.version,
            "digest": digest, "published": is_new,
        }));
    }
    output.answer(&json!({ "policies": answer }))?;
    Ok(Exit::Ok)
}

/// What the version before asks of this one's number; `None` where there is none before.
fn ask_earlier(
    path: &Path,
    input: &PolicyInput,
    catalog: &Catalog,
    listed: &[Listed],
    engine: &Engine,
) -> Result<Option<Asked>> {
    let (policy_id, version) = (input.manifest().policy_id.as_str(), &input.manifest().version);
    let mine = || listed.iter().filter(|one| one.policy_id == policy_id);
    if let Some(later) = mine().find(|one| one.version > *version) {
        let message =
            format!("version {version} comes before {}, which is published; raise the version", later.version);
        return Err(Refusal::refused("nothing was published", vec![Fault::of_file(path, message)]).into());
    }
    if let Some(same) = mine().find(|one| one.version == *version)
        && same.digest != input.policy.digest().to_string()
    {
        let message = format!("version {version} of `{policy_id}` is published with other bytes; raise the version");
        return Err(Refusal::refused("nothing was published", vec![Fault::of_file(path, message)]).into());
    }
    let earlier = mine().filter(|one| one.version < *version).max_by_key(|one| &one.version);
    let Some(earlier) = earlier else { return Ok(None) };
    let old = PolicyInput::of_file(path, catalog.load(earlier)?, engine)?;
    Asked::of(&old, input).map(Some)
}
