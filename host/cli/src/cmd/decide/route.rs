//! Finds the policy file that answers for each encounter and decides them as the server does. Stores nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use adjudica_core::columns::Explain;
use adjudica_core::decision::UndeterminedCode;
use adjudica_core::{EncounterFacts, Manifest, Token};
use adjudica_service::clock::{Clock as _, SystemClock};
use adjudica_service::decide::dispatch::{far_ahead, last_day};
use adjudica_service::decide::run::run;
use adjudica_service::decide::work::{Addressed, Known, Work};
use adjudica_service::registry::answerer::{Answerer, Routed};
use anyhow::Result;

use crate::cmd::decide::answers::{Answered, Answers};
use crate::intake::again::Again;
use crate::intake::survey::{Position, Survey};

/// A policy file and its terms, ready to answer.
pub struct Loaded {
    /// What the policy says of itself.
    pub manifest: Manifest,
    /// The policy with its terms.
    pub answerer: Arc<Answerer>,
}

/// Decides every good row into `answers`, each client's encounters together and in order of date.
/// `progress` is told how many are done each time.
/// # Errors
/// When a file is not as it was, or an answer cannot be kept.
pub fn decide(
    policies: &[Loaded],
    survey: &Survey<EncounterFacts>,
    explain: Explain,
    mut answers: Answers<'_>,
    progress: &dyn Fn(usize),
) -> Result<Answered> {
    let (mut done, mut again) = (0, Again::default());
    for positions in survey.together() {
        let works = works(policies, survey, &positions, &mut again)?;
        for decided in run(works, explain).into_iter().flat_map(|one| one.encounters) {
            let Addressed { known, routed, .. } = &decided.asked;
            let policy = routed.answerer().map(Arc::as_ref);
            answers.take(Position::of_index(known.tag), &known.facts, policy, &decided.decision)?;
        }
        done += positions.len();
        progress(done);
    }
    answers.finish()
}

fn works(
    policies: &[Loaded],
    survey: &Survey<EncounterFacts>,
    positions: &[Position],
    again: &mut Again,
) -> Result<Vec<Work<Addressed>>> {
    let last_day = last_day(SystemClock.now());
    let mut client_to_encounters: BTreeMap<Token, Vec<Addressed>> = BTreeMap::new();
    for position in positions {
        let facts = survey.item(*position, again)?;
        let routed = if facts.date_of_service > last_day { far_ahead(&facts) } else { route(policies, &facts) };
        let encounters = client_to_encounters.entry(facts.client_id.clone()).or_default();
        encounters.push(Addressed { known: Known::nowhere(facts, position.index()), routed, records: None });
    }
    // There is one agency in a file; its name reaches nobody.
    let work = |(client_id, encounters): (Token, Vec<Addressed>)| Work::new(client_id.clone(), client_id, encounters);
    Ok(client_to_encounters.into_iter().map(work).collect())
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
