//! `adjudica policy explain`: decisions as a person reads them: every rule tried, the facts it saw, the source.

use adjudica_core::EncounterFacts;
use adjudica_core::columns::Explain;
use anyhow::Result;

use crate::cmd::decide::answers::Answer;
use crate::cmd::decide::explain;
use crate::exit::{self, Exit};
use crate::intake::by_client;
use crate::output::Output;
use crate::policy_question;

/// Decide encounters of a file and tell every rule that was tried, with what it saw and its source.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    asked: policy_question::Args,
}

/// Runs the verb.
pub fn run(args: &Args, output: &Output) -> Result<Exit> {
    let question = args.asked.load("nothing was decided", output)?;
    let timelines = by_client(question.encounters);
    let mut decisions = question.input.policy.decide(&timelines, &question.terms, Explain::All).into_iter();
    let mut decided = Vec::new();
    for facts in timelines.into_iter().flat_map(|timeline| timeline.encounters) {
        let Some(decision) = decisions.next() else { break };
        if args.asked.encounter.as_ref().is_none_or(|id| id == facts.encounter_id.as_str()) {
            let EncounterFacts { date_of_service, encounter_id, payer_id, .. } = facts;
            decided.push(Answer { date_of_service, decision, encounter_id, payer_id });
        }
    }
    decided.iter().try_for_each(|answer| explain::print(output, answer))?;
    output.answer(&decided.iter().map(|one| &one.decision).collect::<Vec<_>>())?;
    Ok(exit::of_decisions(decided.iter().map(|one| &one.decision)))
}
