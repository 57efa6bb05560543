//! `adjudica policy explain`: decisions as a person reads them: every rule tried, the facts it saw, the source.

use std::path::PathBuf;

use adjudica_core::columns::Explain;
use adjudica_core::{EncounterFacts, Timeline};
use anyhow::Result;

use crate::cmd::decide::explain;
use crate::cmd::decide::route::Decided;
use crate::exit::{Exit, Refusal};
use crate::intake::Faulty;
use crate::output::Output;
use crate::policy_input::PolicyInput;
use crate::{engine, exit, files, intake};

/// Decide encounters of a file and tell every rule that was tried, with what it saw and its source.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The encounters (.json, .ndjson, .csv).
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Only this one is told; the others of its client still count.
    #[arg(long, value_name = "ID")]
    encounter: Option<String>,
    /// The policy: a folder, or a built file.
    #[arg(long, value_name = "FOLDER|FILE")]
    policy: PathBuf,
    /// The agency's terms as JSON.
    #[arg(long, value_name = "FILE")]
    terms: Option<PathBuf>,
}

/// Runs the verb.
pub fn run(args: &Args, output: &Output) -> Result<Exit> {
    let engine = engine::start(None)?;
    let input = PolicyInput::load(&args.policy, &engine)?;
    let terms = args.terms.as_deref().map(files::load_terms).transpose();
    let terms = terms.map_err(|faults| Refusal::refused("nothing was decided", faults))?.unwrap_or_default();
    let encounters = intake::load_encounters(std::slice::from_ref(&args.file), Faulty::RefuseAll, output)?.good;
    let timelines = by_client(encounters);
    let mut decisions = input.policy.decide(&timelines, &terms, Explain::All).into_iter();
    let mut decided = Vec::new();
    for facts in timelines.into_iter().flat_map(|timeline| timeline.encounters) {
        let Some(decision) = decisions.next() else { break };
        if args.encounter.as_ref().is_none_or(|id| id == facts.encounter_id.as_str()) {
            decided.push(Decided { facts, policy: None, decision });
        }
    }
    explain::print(output, &decided)?;
    output.answer(&decided.iter().map(|one| &one.decision).collect::<Vec<_>>())?;
    Ok(exit::of_decisions(decided.iter().map(|one| &one.decision)))
}

/// One timeline for each client, in order.
fn by_client(encounters: Vec<EncounterFacts>) -> Vec<Timeline> {
    let mut client_to_timeline = std::collections::BTreeMap::<_, Timeline>::new();
    for facts in encounters {
        client_to_timeline.entry(facts.client_id.clone()).or_default().encounters.push(facts);
    }
    let mut timelines: Vec<Timeline> = client_to_timeline.into_values().collect();
    timelines.iter_mut().for_each(Timeline::sort);
    timelines
}
