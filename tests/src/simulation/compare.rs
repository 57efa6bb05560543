//! What a database at rest says differently from a decision from nothing, in words that a person can act on.

use std::collections::{BTreeMap, BTreeSet};

use adjudica_core::{Decision, DecisionLine, Digest, EncounterFacts, Finding, LedgerLine, Outcome, Verdict as Speaks};
use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::simulation::catalog::Catalog;
use crate::simulation::fault::{Fault, require};
use crate::simulation::host::Hosts;
use crate::simulation::live::live_lines;
use crate::simulation::model::{self, Verdict};
use crate::simulation::step::Seat;
use crate::simulation::visit::encounter_id;
use crate::simulation::world::World;

/// Old decisions that are replayed each time.
const REPLAYS: usize = 4;
/// Encounters that are asked about as a dry run each time.
const DRY_RUNS: usize = 3;
/// What a dry run at rest says as the decision in force does.
const SAID: [&str; 6] = ["outcome", "lines", "policy", "terms_digest", "undetermined", "facts"];

/// A decision as a host has recorded it: what the model can say too.
#[derive(Deserialize)]
struct Told {
    encounter_revision: Option<i64>,
    policy: Option<PolicyTold>,
    terms_digest: Option<Digest>,
    facts: EncounterFacts,
    outcome: Outcome,
    lines: Vec<DecisionLine>,
    findings: Vec<Finding>,
    undetermined: Option<UndeterminedTold>,
}

#[derive(Deserialize)]
struct PolicyTold {
    digest: Digest,
}

#[derive(Deserialize)]
struct UndeterminedTold {
    code: Value,
}

/// Looks at everything.
/// # Errors
/// A difference, or that the hosts do not answer.
pub async fn at_rest(hosts: &mut Hosts, world: &World, catalog: &Catalog) -> Result<(), Fault> {
    let verdicts = model::decide(world, catalog)?;
    let unreadable: BTreeSet<String> =
        world.encounters.iter().filter(|(_, held)| held.is_unreadable).map(|(id, _)| encounter_id(*id)).collect();
    compare_waiting(hosts, &unreadable).await?;
    let told = in_force(hosts).await?;
    let mut differences = Vec::new();
    for (id, record) in &told {
        let known = verdicts.iter().find(|(number, _)| encounter_id(**number) == *id);
        match known {
            None => differences.push(format!("{id} has a decision in force, and there is no such encounter to decide")),
            Some((_, verdict)) => differences.extend(differs(id, record, verdict)?),
        }
    }
    let undecided = verdicts.keys().map(|number| encounter_id(*number)).filter(|id| !told.contains_key(id));
    differences.extend(undecided.map(|id| format!("{id} has no decision in force, and nothing says that it waits")));
    differences.extend(ledger_differs(&live_lines(hosts).await?, &verdicts));
    require(differences.is_empty(), || differences.join("\n"))?;
    let chain = hosts.ask(Seat::B, "GET", "/v1/chain/verify", &json!(null)).await?;
    require(chain.json()?.get("intact") == Some(&json!(true)), || format!("the chain is broken: {}", chain.text))?;
    dry_run_some(hosts, &told).await?;
    replay_some(hosts).await
}

async fn compare_waiting(hosts: &mut Hosts, unreadable: &BTreeSet<String>) -> Result<(), Fault> {
    let waiting = hosts.other.texts("SELECT encounter_id FROM undecided ORDER BY encounter_id".to_owned()).await?;
    require(waiting.is_empty(), || {
        format!("the workers have come to rest, and these still wait: {}", waiting.join(", "))
    })?;
    let faulty = hosts.other.texts("SELECT encounter_id FROM encounter_fault".to_owned()).await?;
    let faulty: BTreeSet<String> = faulty.into_iter().collect();
    require(faulty == *unreadable, || format!("{unreadable:?} cannot be read, and faults are kept for {faulty:?}"))?;
    let stale = hosts.count("stale").await?;
    require(stale == 0, || format!("the workers have come to rest, and {stale} decisions are stale"))
}

async fn in_force(hosts: &mut Hosts) -> Result<BTreeMap<String, String>> {
    let sql = "SELECT f.encounter_id || ' ' || d.record FROM decision_in_force f
        JOIN decision d ON d.agency_id = f.agency_id AND d.decision_id = f.decision_id";
    let rows = hosts.other.texts(sql.to_owned()).await?;
    rows.iter()
        .map(|row| {
            let (id, record) = row.split_once(' ').context("a decision in force is cut short")?;
            Ok((id.to_owned(), record.to_owned()))
        })
        .collect()
}

/// What the record of an encounter says differently.
fn differs(id: &str, record: &str, verdict: &Verdict) -> Result<Option<String>> {
    let mut told: Told = serde_json::from_str(record).context("a decision in force cannot be read")?;
    told.findings.retain(|finding| finding.verdict == Speaks::Failed);
    let answer = told.policy.as_ref().map(|policy| policy.digest).zip(told.terms_digest);
    let ours = &verdict.decision;
    let our_code = ours.undetermined.as_ref().map(|reason| json!(reason.code));
    let told_code = told.undetermined.as_ref().map(|reason| reason.code.clone());
    let our_facts = EncounterFacts { standing: None, ..verdict.facts.clone() };
    let told_facts = EncounterFacts { standing: None, ..told.facts.clone() };
    let mut what = Vec::new();
    if told_facts != our_facts {
        what.push(format!("the facts decided are {} and those kept are {}", json!(told_facts), json!(our_facts)));
    }
    if answer != verdict.answer {
        what.push(format!("policy and terms are {} and should be {}", digests(answer), digests(verdict.answer)));
    }
    if told.outcome != ours.outcome || told_code != our_code || told.lines != ours.lines {
        let said = words(told.outcome, &told.lines, &told.findings);
        what.push(format!("it says {said}; decided from nothing it is {}", of_decision(ours)));
    } else if told.findings != ours.findings {
        what.push(format!("the findings are {}\n   and should be {}", json!(told.findings), json!(ours.findings)));
    } else if told.facts.standing != verdict.facts.standing {
        let (said, ours) = (json!(told.facts.standing), json!(verdict.facts.standing));
        what.push(format!("the records said {said}\n   and say {ours}"));
    }
    let revision = told.encounter_revision.map_or_else(|| "none".to_owned(), |revision| revision.to_string());
    Ok((!what.is_empty()).then(|| format!("{id} (revision {revision}): {}", what.join("; "))))
}

fn digests(answer: Option<(Digest, Digest)>) -> String {
    answer.map_or_else(|| "nobody".to_owned(), |(policy, terms)| format!("{policy} {terms}"))
}

fn of_decision(decision: &Decision) -> String {
    words(decision.outcome, &decision.lines, &decision.findings)
}

fn words(outcome: Outcome, lines: &[DecisionLine], findings: &[Finding]) -> String {
    let mut said = outcome.as_str().to_owned();
    for line in lines {
        let cents = line.amount_cents.map_or_else(|| "no amount".to_owned(), |cents| format!("{} cents", cents.get()));
        said.push_str(&format!(", {} units of {} for {cents}", line.units.0, line.procedure_code));
        if let Some(payment) = &line.payment {
            said.push_str(&format!(" of which {} are paid", payment.paid_cents.get()));
        }
    }
    let failed: Vec<&str> = findings.iter().map(|finding| finding.rule_id.as_str()).collect();
    if !failed.is_empty() {
        said.push_str(&format!(" ({})", failed.join(", ")));
    }
    said
}

/// Lines that are live and should not be, and the other way round.
fn ledger_differs(live: &[String], verdicts: &BTreeMap<u8, Verdict>) -> Vec<String> {
    let mut balance: BTreeMap<String, i64> = BTreeMap::new();
    for line in live {
        *balance.entry(line.clone()).or_default() += 1;
    }
    for (number, verdict) in verdicts {
        for line in &verdict.lines {
            *balance.entry(line_words(*number, verdict, line)).or_default() -= 1;
        }
    }
    let wrong = balance.iter().filter(|(_, count)| **count != 0);
    let tell = |(line, count): (&String, &i64)| match *count > 0 {
        true => format!("the ledger has a line that no decision from nothing bills: {line}"),
        false => format!("the ledger lacks a line: {line}"),
    };
    wrong.map(tell).collect()
}

fn line_words(number: u8, verdict: &Verdict, line: &LedgerLine) -> String {
    let or_dash = |number: Option<i64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    [
        verdict.facts.client_id.to_string(),
        encounter_id(number),
        line.payer_id.to_string(),
        line.date_of_service.to_string(),
        line.procedure_code.to_string(),
        line.units.0.to_string(),
        line.amount_cents.get().to_string(),
        or_dash(line.minutes.map(|minutes| i64::from(minutes.0))),
        or_dash(line.paid_cents.map(|cents| cents.get())),
        or_dash(line.deductible_cents.map(|cents| cents.get())),
        line.mode.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
        line.billing_provider_id.to_string(),
        line.rendering_provider_id.to_string(),
    ]
    .join(" ")
}

/// Asks about some encounters, spread over all, as a dry run: nothing has changed since they were decided.
async fn dry_run_some(hosts: &Hosts, told: &BTreeMap<String, String>) -> Result<(), Fault> {
    let step = told.len().div_ceil(DRY_RUNS).max(1);
    for (id, record) in told.iter().step_by(step) {
        let asked = json!({"encounter_id": id, "dry_run": true});
        let answer = hosts.ask(Seat::B, "POST", "/v1/decisions", &asked).await?;
        let (dry, in_force) = (answer.json()?, serde_json::from_str::<Value>(record).context("a record is no JSON")?);
        let differing = SAID.iter().find(|name| dry.get(*name) != in_force.get(*name));
        require(differing.is_none(), || {
            let name = differing.copied().unwrap_or_default();
            format!("a dry run at rest says `{name}` of {id} differently: {}\nand in force is {record}", answer.text)
        })?;
    }
    Ok(())
}

/// Replays some old decisions, spread over all.
async fn replay_some(hosts: &mut Hosts) -> Result<(), Fault> {
    let sql = "SELECT decision_id FROM decision ORDER BY agency_id, sequence".to_owned();
    let ids = hosts.other.texts(sql).await?;
    let step = ids.len().div_ceil(REPLAYS).max(1);
    for id in ids.iter().step_by(step) {
        let answer = hosts.ask(Seat::A, "POST", &format!("/v1/decisions/{id}/replay"), &json!(null)).await?;
        let identical = answer.json()?.get("identical") == Some(&json!(true));
        if !identical {
            let record = hosts.ask(Seat::A, "GET", &format!("/v1/decisions/{id}"), &json!(null)).await?;
            return Err(Fault::Differs(format!("an old decision does not replay: {}\n{}", answer.text, record.text)));
        }
    }
    Ok(())
}
