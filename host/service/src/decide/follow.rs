//! Adds to clients' work what was billed after it: those decisions counted a ledger that may change now. Decides nothing.

use std::collections::BTreeSet;

use adjudica_core::Token;
use adjudica_store::{BadEncounter, Store, StoredEncounter, WorkRequest};

use crate::decide::read::ledger_seen;
use crate::decide::run::{Kept, place};
use crate::decide::service::{Seed, Work};
use crate::error::ServiceError;

/// The number of an encounter that nobody asked about.
pub(crate) const FOLLOWER: usize = usize::MAX;

/// Most encounters of one client that are decided again together with an earlier one. Beyond that they are stale until the
/// worker comes to them.
const FOLLOWERS_MAX: usize = 500;

/// Adds to each of `works` the encounters of the client that were billed after the first to be decided.
///
/// INVARIANT (a unit is spent once): whoever takes a unit that a later encounter has is committed together with the new
/// decision about that one. Gives back those that cannot be read, which cannot be decided.
pub(crate) async fn add_followers(store: &dyn Store, works: &mut [Work]) -> Result<Vec<BadEncounter>, ServiceError> {
    let mut leaders: Vec<(&mut Work, BTreeSet<Token>)> = Vec::new();
    for work in works {
        let followers = followers(work);
        if !followers.is_empty() && followers.len() <= FOLLOWERS_MAX {
            leaders.push((work, followers));
        }
    }
    let mut unreadable = Vec::new();
    if leaders.is_empty() {
        return Ok(unreadable);
    }
    let request = |(work, followers): &(&mut Work, BTreeSet<Token>)| WorkRequest {
        agency_id: work.agency_id.clone(),
        client_id: work.client_id.clone(),
        encounter_ids: followers.iter().cloned().collect(),
    };
    let requests: Vec<_> = leaders.iter().map(request).collect();
    let loaded = store.load_work(&requests).await?;
    for ((work, _), mut loaded) in leaders.into_iter().zip(loaded) {
        work.ledger_through = loaded.ledger_through;
        work.schedule_change = loaded.schedule_change;
        work.ledger = ledger_seen(&mut loaded);
        unreadable.append(&mut loaded.unreadable);
        let mut in_force = loaded.encounter_id_to_in_force;
        work.seeds.extend(loaded.encounters.into_iter().map(|stored: StoredEncounter| {
            let in_force = in_force.remove(&stored.facts.encounter_id);
            Seed {
                supersedes: in_force.as_ref().map(|in_force| in_force.decision_id.clone()),
                in_force,
                kept: Kept::Stored(stored.revision),
                facts: stored.facts,
                tag: FOLLOWER,
            }
        }));
    }
    Ok(unreadable)
}

impl Work {
    /// What somebody asked about, without what was added.
    pub(crate) fn into_asked(self) -> impl Iterator<Item = Seed> {
        self.seeds.into_iter().filter(|seed| seed.tag != FOLLOWER)
    }
}

/// Encounters with billed lines after the first to be decided.
fn followers(work: &Work) -> BTreeSet<Token> {
    let Some(first) = work.seeds.iter().map(|seed| place(&seed.facts)).min() else { return BTreeSet::new() };
    let asked: BTreeSet<&Token> = work.seeds.iter().map(|seed| &seed.facts.encounter_id).collect();
    let later = work.ledger.iter().filter(|seen| seen.place() > first && !asked.contains(&seen.encounter_id));
    later.map(|seen| seen.encounter_id.clone()).collect()
}
