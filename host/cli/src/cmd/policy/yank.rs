//! `adjudica policy yank`: takes a published policy back. It answers on where it is active, and is activated nowhere any more.

use anyhow::Result;
use serde_json::json;

use crate::catalog::Place;
use crate::exit::{Exit, Fault, Refusal};
use crate::output::Output;

/// Take a published policy back: hosts keep it for replays and activate it nowhere any more.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The policy, as `<policy>@<version>`.
    #[arg(value_name = "POLICY@VERSION")]
    policy: String,
    /// Why; told to whoever wants to activate it.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    place: Place,
}

/// Runs the verb.
pub fn run(args: &Args, output: &Output) -> Result<Exit> {
    let refuse = |message: String| Refusal::usage("nothing was taken back", vec![Fault::new(message)]);
    if args.reason.trim().is_empty() {
        return Err(refuse("`--reason` is empty; say why the policy is taken back".to_owned()).into());
    }
    let catalog = args.place.catalog();
    let listed = catalog.list()?;
    let found = listed.iter().find(|one| format!("{}@{}", one.policy_id, one.version) == args.policy);
    let Some(found) = found else {
        let known: Vec<String> = listed.iter().map(|one| format!("{}@{}", one.policy_id, one.version)).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(refuse(format!("`{}` is not published there; published are: {known}", args.policy)).into());
    };
    catalog.yank(found, args.reason.trim())?;
    output.line(&format!("{} is taken back: {}", args.policy, args.reason.trim()))?;
    output.answer(&json!({ "policy": args.policy, "digest": found.digest, "yanked": args.reason.trim() }))?;
    Ok(Exit::Ok)
}
