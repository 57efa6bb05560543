//! `adjudica policy why-not`: the smallest changes that make an encounter billable, found by running the policy.

use adjudica_core::{Outcome, Timeline, Token};
use adjudica_questions::why_not::{Candidates, Question, WayOut, why_not};
use adjudica_workbench::candidates;
use anyhow::Result;
use serde_json::json;

use crate::exit::{Exit, Fault, Refusal};
use crate::output::Output;
use crate::policy_question;
use crate::table::{counted, dollars};

/// Tell what would make an encounter billable: what is missing first, then what would have to be another encounter.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    asked: policy_question::Args,
}

/// Runs the verb.
pub fn run(args: &Args, output: &Output) -> Result<Exit> {
    let policy_question::Question { input, terms, mut encounters } = args.asked.load("nothing was asked", output)?;
    let wanted = match (&args.asked.encounter, encounters.as_slice()) {
        (Some(id), _) => {
            encounters.iter().find(|facts| facts.encounter_id.as_str() == id).map(|facts| facts.encounter_id.clone())
        }
        (None, [only]) => Some(only.encounter_id.clone()),
        (None, _) => None,
    };
    let Some(wanted) = wanted else {
        let ids: Vec<&str> = encounters.iter().map(|facts| facts.encounter_id.as_str()).take(10).collect();
        let message = format!("name one of its encounters with `--encounter`: {}", ids.join(", "));
        return Err(Refusal::usage("nothing was asked", vec![Fault::of_file(&args.asked.file, message)]).into());
    };
    let client: Option<Token> =
        encounters.iter().find(|facts| facts.encounter_id == wanted).map(|facts| facts.client_id.clone());
    encounters.retain(|facts| Some(&facts.client_id) == client.as_ref());
    let mut timeline = Timeline { ledger: Vec::new(), encounters };
    timeline.sort();
    let index = timeline.encounters.iter().position(|facts| facts.encounter_id == wanted).unwrap_or(0);
    let candidates: Candidates = match &input.folder {
        Some(_) => candidates(&input.subject()?.0),
        None => Candidates::default(),
    };
    let question = Question {
        manifest: input.manifest(),
        timeline: &timeline,
        encounter: index,
        terms: &terms,
        candidates: &candidates,
    };
    let ways = why_not(&question, &mut |timelines, terms| input.answer(timelines, terms));
    print(output, wanted.as_str(), ways.as_deref())?;
    Ok(Exit::Ok)
}

fn print(output: &Output, id: &str, ways: Option<&[WayOut]>) -> Result<()> {
    match ways {
        None => output.line(&format!("{id}: it is accepted as it is"))?,
        Some([]) => output.line(&format!("{id}: nothing was found that would make it billable"))?,
        Some(ways) => {
            for (number, way) in ways.iter().enumerate() {
                output.line(&format!("{id}: way {}", number.saturating_add(1)))?;
                way.changes.iter().try_for_each(|change| output.line(&format!("  {}", change.sentence())))?;
                let lines: Vec<String> = way
                    .decision
                    .lines
                    .iter()
                    .map(|line| {
                        let amount = line.amount_cents.map_or_else(|| "no rate known".to_owned(), dollars);
                        format!("{}, {}, {amount}", line.procedure_code, counted(line.units.0, "unit", "units"))
                    })
                    .collect();
                let outcome =
                    if way.decision.outcome == Outcome::Billable { "billable" } else { way.decision.outcome.as_str() };
                output.line(&format!("  then {outcome}: {}", lines.join("; ")))?;
            }
        }
    }
    output.answer(&json!({ "encounter_id": id, "accepted": ways.is_none(), "ways": ways.unwrap_or_default() }))?;
    Ok(())
}
