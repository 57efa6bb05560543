//! `adjudica policy conform`: whether a policy file, in whatever language it was written, keeps the contract.

use std::path::PathBuf;

use adjudica_core::columns::{Batch, Column, Explain};
use adjudica_core::encode::encode_batch;
use adjudica_core::field::{ColumnKind, Field, NONE_S32, NONE_U32};
use adjudica_core::render::render_decisions;
use adjudica_core::{Decision, Terms, Timeline, Verdict};
use adjudica_sdk::cases::{self, CaseFile};
use anyhow::Result;
use serde_json::json;

use crate::engine;
use crate::exit::{Exit, Refusal};
use crate::output::Output;
use crate::policy_input::PolicyInput;

/// Run policy files, in any language, against what the contract promises.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Policy files.
    #[arg(required = true, value_name = "FILE.wasm")]
    files: Vec<PathBuf>,
    /// Case files to run besides those that the policy carries.
    #[arg(long, value_name = "FILE.toml")]
    cases: Vec<PathBuf>,
}

/// A promise of the contract, and why a policy does not keep it.
struct Check {
    promise: &'static str,
    fault: Option<String>,
}

/// Runs the verb.
pub fn run(args: &Args, output: &Output) -> Result<Exit> {
    let engine = engine::start(None)?;
    let given = load_cases(&args.cases)?;
    let (mut answer, mut all_kept) = (Vec::new(), true);
    for path in &args.files {
        let input = PolicyInput::load(path, &engine)?;
        let mut files = given.clone();
        if let Some(folder) = &input.folder {
            files.extend(folder.parse_cases().map_err(|faults| Refusal::refused("the cases have faults", faults))?);
        }
        let checks = checks(&input, &files);
        for check in &checks {
            let mark = if check.fault.is_none() { "kept  " } else { "broken" };
            output.line(&format!("{mark}  {}", check.promise))?;
            check.fault.iter().try_for_each(|fault| output.line(&format!("        {fault}")))?;
        }
        let kept = checks.iter().filter(|check| check.fault.is_none()).count();
        output.line(&format!(
            "{}: {kept} of {} promises kept, {} cases",
            path.display(),
            checks.len(),
            count(&files)
        ))?;
        all_kept &= kept == checks.len();
        let told: Vec<_> =
            checks.iter().map(|check| json!({ "promise": check.promise, "fault": check.fault })).collect();
        answer.push(json!({ "file": path.display().to_string(), "checks": told }));
    }
    output.answer(&json!({ "policies": answer }))?;
    Ok(if all_kept { Exit::Ok } else { Exit::Differs })
}

fn load_cases(paths: &[PathBuf]) -> Result<Vec<CaseFile>> {
    let mut files = Vec::new();
    for path in paths {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)?;
        files.push(cases::parse(&name, &text).map_err(|faults| {
            let faults = faults.into_iter().map(|fault| crate::exit::Fault {
                line: Some(fault.line),
                column: Some(fault.column),
                ..crate::exit::Fault::of_file(path, fault.message)
            });
            Refusal::refused("the cases have faults", faults.collect())
        })?);
    }
    Ok(files)
}

fn count(files: &[CaseFile]) -> usize {
    files.iter().map(|file| file.cases.len()).sum()
}

/// Every promise. That the file imports nothing, exports the contract and says what it is, its loading has shown.
fn checks(input: &PolicyInput, files: &[CaseFile]) -> Vec<Check> {
    let check = |promise, fault: Option<String>| Check { promise, fault };
    let groups: Vec<(Terms, Vec<Timeline>)> = files
        .iter()
        .map(|file| (file.terms.clone(), file.cases.iter().map(|case| case.timeline.clone()).collect()))
        .collect();
    vec![
        check("it imports nothing, exports `adjudica:policy@1`, and carries a manifest without faults", None),
        check("it answers a batch of no encounters with no answers", empty(input)),
        check("it answers an encounter of which every field is absent, once", absent(input)),
        check("it gives the same answers, number for number, when asked twice", twice(input, &groups)),
        check("it answers each client alone as it answers many in one call", alone(input, &groups)),
        check(
            "it decides an encounter by what it billed before in the same call, as by the ledger",
            in_steps(input, &groups),
        ),
        check("it reports the failed rules alike when satisfied ones are asked for too", explained(input, &groups)),
        check("it gives the answers that its cases expect", expected(input, files)),
    ]
}

/// A batch of `rows` encounters, of one client each, with nothing known of any of them.
fn bare(input: &PolicyInput, rows: u32) -> Batch {
    let column = |field: &Field| {
        let is_child = !field.name().starts_with("encounter.");
        let is_offset = field.name().ends_with(".offset");
        let rows = match (is_child, is_offset) {
            (false, _) => usize::try_from(rows).unwrap_or(0),
            (true, true) => usize::try_from(rows).unwrap_or(0).saturating_add(1),
            (true, false) => 0,
        };
        match field.kind() {
            ColumnKind::Day => Column::Days(vec![NONE_S32; rows]),
            ColumnKind::Cents => Column::Cents(vec![0; rows]),
            _ if is_offset => Column::Words(vec![0; rows]),
            _ => Column::Words(vec![NONE_U32; rows]),
        }
    };
    Batch {
        dictionary_bytes: Vec::new(),
        dictionary_offsets: vec![0],
        encounters: rows,
        timelines: (0..=rows).collect(),
        columns: input.manifest().reads.iter().map(column).collect(),
        explain: false,
    }
}

fn empty(input: &PolicyInput) -> Option<String> {
    answered(input, &bare(input, 0)).err()
}

fn absent(input: &PolicyInput) -> Option<String> {
    match answered(input, &bare(input, 3)) {
        Ok(decisions) if decisions.len() == 3 => None,
        Ok(decisions) => Some(format!("{} answers for 3 encounters", decisions.len())),
        Err(fault) => Some(fault),
    }
}

fn answered(input: &PolicyInput, batch: &Batch) -> Result<Vec<Decision>, String> {
    let answers = input.policy.call(batch).map_err(|fault| fault.to_string())?;
    render_decisions(input.manifest(), batch.encounters, &answers).map_err(|fault| fault.to_string())
}

fn twice(input: &PolicyInput, groups: &[(Terms, Vec<Timeline>)]) -> Option<String> {
    groups.iter().find_map(|(terms, timelines)| {
        let batch = encode_batch(input.manifest(), timelines, terms, Explain::All).ok()?;
        let (first, second) = (input.policy.call(&batch), input.policy.call(&batch));
        (first != second).then(|| "two calls with one batch gave two answers".to_owned())
    })
}

fn alone(input: &PolicyInput, groups: &[(Terms, Vec<Timeline>)]) -> Option<String> {
    groups.iter().find_map(|(terms, timelines)| {
        let together = input.answer(timelines, terms);
        let differs = |(timeline, decisions): &(&Timeline, Vec<Decision>)| {
            input.answer(std::slice::from_ref(*timeline), terms).first() != Some(decisions)
        };
        timelines.iter().zip(together).find(differs).map(|(timeline, _)| {
            let id = timeline.encounters.first().map(|facts| facts.encounter_id.to_string()).unwrap_or_default();
            format!("the client of encounter `{id}` is answered otherwise alone than among {}", timelines.len())
        })
    })
}

/// Timelines of several encounters, decided one by one with the ledger that the earlier ones make.
fn in_steps(input: &PolicyInput, groups: &[(Terms, Vec<Timeline>)]) -> Option<String> {
    for (terms, timelines) in groups {
        for timeline in timelines.iter().filter(|timeline| timeline.encounters.len() > 1) {
            let together = input.answer(std::slice::from_ref(timeline), terms).pop().unwrap_or_default();
            let mut ledger = timeline.ledger.clone();
            for (facts, expected) in timeline.encounters.iter().zip(&together) {
                let mut step = Timeline { ledger: ledger.clone(), encounters: vec![facts.clone()] };
                step.sort();
                let decided = input.answer(std::slice::from_ref(&step), terms).pop().unwrap_or_default();
                if decided.first() != Some(expected) {
                    return Some(format!(
                        "encounter `{}` is decided otherwise in its own call than in one with those before it",
                        facts.encounter_id
                    ));
                }
                ledger.extend(
                    decided.iter().flat_map(|decision| adjudica_server::decide::run::ledger_lines(facts, decision)),
                );
            }
        }
    }
    None
}

fn explained(input: &PolicyInput, groups: &[(Terms, Vec<Timeline>)]) -> Option<String> {
    groups.iter().find_map(|(terms, timelines)| {
        let plain = input.policy.decide(timelines, terms, Explain::FailedOnly);
        let mut all = input.policy.decide(timelines, terms, Explain::All);
        for decision in &mut all {
            decision.findings.retain(|finding| finding.verdict == Verdict::Failed);
        }
        (plain != all)
            .then(|| "with an explanation the failed rules, lines or outcome are others than without".to_owned())
    })
}

fn expected(input: &PolicyInput, files: &[CaseFile]) -> Option<String> {
    let report = cases::run(files, &mut |timelines, terms, explain| input.policy.decide(timelines, terms, explain));
    if report.passed == 0 && report.failures.is_empty() {
        return Some("it has no cases; give some with `--cases`".to_owned());
    }
    let first = report.failures.first()?;
    Some(format!(
        "{} cases differ; the first: it {}: {}",
        report.failures.len(),
        first.case,
        first.differences.join("; ")
    ))
}
