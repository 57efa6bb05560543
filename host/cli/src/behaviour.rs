//! Compares two policies by asking both: at the boundaries of their tables, on their cases, and on encounters that are given.

use adjudica_core::{Decision, EncounterFacts, Terms};
use adjudica_questions::behave::{Behaviour, Direction, Sum};
use adjudica_workbench::probe::Probes;
use anyhow::Result;
use serde_json::{Value, json};

use crate::intake::again::Again;
use crate::intake::by_client;
use crate::intake::survey::Survey;
use crate::output::Output;
use crate::policy_input::PolicyInput;
use crate::table::{Align, Table, dollars};

/// Examples of each direction that are shown.
const EXAMPLES: usize = 5;

/// Asks both about the boundaries and cases of either.
/// # Errors
/// When the tables of one have faults.
pub fn compare(old: &PolicyInput, new: &PolicyInput) -> Result<Behaviour> {
    let mut behaviour = Behaviour::of(old.manifest(), new.manifest());
    for input in [new, old] {
        if input.folder.is_none() {
            continue;
        }
        let (subject, compiled) = input.subject()?;
        for (terms, timelines) in Probes::of(&subject, &compiled).timelines() {
            behaviour.compare(
                timelines,
                terms,
                &mut |timelines, terms| old.answer(timelines, terms),
                &mut |timelines, terms| new.answer(timelines, terms),
            );
        }
    }
    Ok(behaviour)
}

/// Asks both about the encounters of files, each client's together, without a ledger before them.
/// # Errors
/// When a file is not as it was.
pub fn compare_over(
    old: &PolicyInput,
    new: &PolicyInput,
    survey: &Survey<EncounterFacts>,
    terms: &Terms,
) -> Result<Behaviour> {
    let mut behaviour = Behaviour::of(old.manifest(), new.manifest());
    let mut again = Again::default();
    for positions in survey.together() {
        let encounters =
            positions.into_iter().map(|position| survey.item(position, &mut again)).collect::<Result<Vec<_>>>()?;
        let payers = |facts: &EncounterFacts| new.manifest().payers.contains(&facts.payer_id);
        behaviour.compare(
            &by_client(encounters.into_iter().filter(payers)),
            terms,
            &mut |timelines, terms| old.answer(timelines, terms),
            &mut |timelines, terms| new.answer(timelines, terms),
        );
    }
    Ok(behaviour)
}

/// Prints how many changed which way, in units and dollars, and examples.
pub fn print(output: &Output, title: &str, behaviour: &Behaviour) -> Result<()> {
    output.line(&format!(
        "{title}: {} encounters asked about, {} answered differently",
        behaviour.encounters,
        behaviour.changed()
    ))?;
    for (what, codes) in [("added", &behaviour.codes_added), ("removed", &behaviour.codes_removed)] {
        if !codes.is_empty() {
            output.line(&format!("  codes {what}: {}", codes.join(", ")))?;
        }
    }
    if behaviour.changed() == 0 {
        return Ok(());
    }
    let mut table = Table::new(&[
        ("changed", Align::Left),
        ("encounters", Align::Right),
        ("units", Align::Right),
        ("dollars", Align::Right),
    ]);
    for direction in Direction::ALL {
        let Sum { encounters, units, cents } = behaviour.sum(direction);
        if encounters > 0 {
            table.row([direction.as_str().to_owned(), encounters.to_string(), format!("{units:+}"), dollars(cents)]);
        }
    }
    output.table(&table)?;
    for direction in Direction::ALL {
        let mut untold = behaviour.sum(direction).encounters;
        for example in behaviour.examples(direction).into_iter().take(EXAMPLES) {
            untold = untold.saturating_sub(example.alike);
            let brief = brief(&example.facts, example.ledger.len());
            let alike = match example.alike {
                1 => String::new(),
                alike => format!(" (one of {alike} with the same rules)"),
            };
            output.line(&format!("  {}: {brief}{alike}", direction.as_str()))?;
            for (word, decision) in [("old", &example.before), ("new", &example.after)] {
                let reason = crate::cmd::decide::explain::reason(decision);
                let lines = lines(decision);
                let told: Vec<&str> =
                    [lines.as_str(), reason.as_str()].into_iter().filter(|text| !text.is_empty()).collect();
                output.line(&format!("    {word}  {}  {}", decision.outcome.as_str(), told.join("; ")))?;
            }
        }
        if untold > 0 {
            output.line(&format!("  {}: {untold} more, by other rules than these", direction.as_str()))?;
        }
    }
    Ok(())
}

/// The lines on one line, with what each pays.
fn lines(decision: &Decision) -> String {
    let line = |line: &adjudica_core::DecisionLine| {
        let amount = line.amount_cents.map_or_else(|| "no rate known".to_owned(), dollars);
        let modifiers: String = line.modifiers.iter().map(|modifier| format!(" {modifier}")).collect();
        format!("{} ×{}{modifiers} {amount}", line.procedure_code, line.units)
    };
    decision.lines.iter().map(line).collect::<Vec<_>>().join(", ")
}

/// An encounter on one line, by what policies see of it.
fn brief(facts: &EncounterFacts, lines_before: usize) -> String {
    let code = facts.procedure_code.as_ref().map_or_else(|| "no code".to_owned(), ToString::to_string);
    let minutes = facts.minutes.map_or_else(|| "no minutes".to_owned(), |minutes| format!("{} min", minutes.0));
    let info: Vec<String> =
        facts.supporting_info.iter().chain(&facts.standing().conditions).map(ToString::to_string).collect();
    format!(
        "{} {code} {} {} {} {minutes}, {lines_before} lines before [{}]",
        facts.date_of_service,
        facts.rendering_provider_role,
        facts.phase,
        facts.mode,
        info.join(", ")
    )
}

/// The same for programs: sums and examples.
#[must_use]
pub fn answer(behaviour: &Behaviour) -> Value {
    let sums = Direction::ALL.into_iter().map(|direction| {
        let Sum { encounters, units, cents } = behaviour.sum(direction);
        json!({
            "direction": direction,
            "encounters": encounters,
            "units": units,
            "cents": cents,
            "without_example": behaviour.without_example(direction),
        })
    });
    let examples = Direction::ALL.into_iter().flat_map(|direction| behaviour.examples(direction));
    json!({
        "encounters": behaviour.encounters,
        "changed": behaviour.changed(),
        "bump": behaviour.bump(),
        "sums": sums.collect::<Vec<_>>(),
        "codes_added": behaviour.codes_added,
        "codes_removed": behaviour.codes_removed,
        "examples": examples.collect::<Vec<_>>(),
    })
}
