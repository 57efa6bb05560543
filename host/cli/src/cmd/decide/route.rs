//! Finds the policy file that answers for each encounter and decides them as the server does. Stores nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use adjudica_core::columns::Explain;
use adjudica_core::decision::UndeterminedCode;
use adjudica_core::{Decision, EncounterFacts, Manifest, Token};
use adjudica_service::clock::{Clock as _, SystemClock};
use adjudica_service::decide::dispatch::{far_ahead, last_day};
use adjudica_service::decide::run::{Counted, Item, Job, Kept, run_jobs};
use adjudica_service::registry::answerer::{Answerer, Routed};

/// A policy file and its terms, ready to answer.
pub struct Loaded {
    /// What the policy says of itself.
    pub manifest: Manifest,
    /// The policy with its terms.
    pub answerer: Arc<Answerer>,
}

/// An encounter with its answer.
pub struct Decided {
    /// The facts.
    pub facts: EncounterFacts,
    /// The policy that answered; none when none speaks for the payer and day.
    pub policy: Option<Arc<Answerer>>,
    /// The answer.
    pub decision: Decision,
}

/// Clients decided between two looks at the progress bar.
const CLIENTS_PER_RUN: usize = 64;

/// Decides every encounter, each client's in order of date; answers come in the order of `encounters`.
/// `progress` is told how many are done each time.
pub fn decide(
    policies: &[Loaded],
    encounters: Vec<EncounterFacts>,
    explain: Explain,
    progress: &dyn Fn(usize),
) -> Vec<Decided> {
    let mut answers: BTreeMap<usize, Decided> = BTreeMap::new();
    let mut jobs: Vec<Job> = jobs(policies, encounters);
    while !jobs.is_empty() {
        let rest = jobs.split_off(jobs.len().min(CLIENTS_PER_RUN));
        for done in run_jobs(jobs, explain).into_iter().flat_map(|job| job.items) {
            let policy = match done.item.routed {
                Routed::To(answerer) => Some(answerer),
                Routed::Nobody(..) => None,
            };
            answers.insert(done.item.tag, Decided { facts: done.item.facts, policy, decision: done.decision });
        }
        progress(answers.len());
        jobs = rest;
    }
    answers.into_values().collect()
}

fn jobs(policies: &[Loaded], encounters: Vec<EncounterFacts>) -> Vec<Job> {
    let last_day = last_day(SystemClock.now());
    let mut client_to_items: BTreeMap<Token, Vec<Item>> = BTreeMap::new();
    for (tag, facts) in encounters.into_iter().enumerate() {
        let routed = if facts.date_of_service > last_day { far_ahead(&facts) } else { route(policies, &facts) };
        let items = client_to_items.entry(facts.client_id.clone()).or_default();
        let (kept, supersedes, in_force, records) = (Kept::Nowhere, None, None, None);
        items.push(Item { facts, kept, supersedes, in_force, routed, records, tag });
    }
    let job = |(client_id, items): (Token, Vec<Item>)| Job {
        // There is one agency in a file; its name reaches nobody.
        agency_id: client_id.clone(),
        client_id,
        schedule_change: 0,
        ledger: Vec::new(),
        ledger_through: 0,
        counted: Counted::Before,
        items,
    };
    client_to_items.into_iter().map(job).collect()
}

/// The policy of the payer, and of several the one in force on the day.
fn route(policies: &[Loaded], facts: &EncounterFacts) -> Routed {
    let speaking: Vec<&Loaded> =
        policies.iter().filter(|loaded| loaded.manifest.payers.contains(&facts.payer_id)).collect();
    let in_force =
        |loaded: &&&Loaded| loaded.manifest.in_force.iter().any(|range| range.contains(facts.date_of_service));
    let found = match speaking.as_slice() {
        [only] => Some(only),
        several => several.iter().find(in_force),
    };
    match found {
        Some(loaded) => Routed::To(Arc::clone(&loaded.answerer)),
        None => {
            let (payer, day) = (&facts.payer_id, facts.date_of_service);
            let message = format!("none of the policies given speaks for `{payer}` on {day}; add one with `--policy`");
            Routed::Nobody(UndeterminedCode::NoPolicyInForce, message)
        }
    }
}

/// Why two policies cannot be used together: both would answer for a payer and day.
pub fn find_overlap(first: &Manifest, second: &Manifest) -> Option<String> {
    let payer = first.payers.iter().find(|payer| second.payers.contains(payer))?;
    let overlaps = first.in_force.iter().any(|a| second.in_force.iter().any(|b| a.overlaps(b)));
    overlaps.then(|| {
        let (id, version) = (&first.policy_id, &first.version);
        format!("it and {id} {version} both answer for `{payer}` on some days; leave one out")
    })
}
