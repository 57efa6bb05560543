//! Adds to clients' work what was billed after it: those decisions counted a ledger that may change now. Decides nothing.

use std::collections::BTreeSet;

use adjudica_core::Token;
use adjudica_store::{BadEncounter, Store, WorkRequest};

use crate::decide::read::follower;
use crate::decide::work::{Known, Work, place, place_of};
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
pub(crate) async fn add_followers(
    store: &dyn Store,
    works: &mut [Work<Known>],
) -> Result<Vec<BadEncounter>, ServiceError> {
    let mut leaders: Vec<(&mut Work<Known>, BTreeSet<Token>)> = Vec::new();
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
    let request = |(work, followers): &(&mut Work<Known>, BTreeSet<Token>)| WorkRequest {
        agency_id: work.agency_id.clone(),
        client_id: work.client_id.clone(),
        encounter_ids: followers.iter().cloned().collect(),
    };
    let requests: Vec<_> = leaders.iter().map(request).collect();
    let loaded = store.load_work(&requests).await?;
    for ((work, _), mut loaded) in leaders.into_iter().zip(loaded) {
        work.learn(&mut loaded);
        unreadable.append(&mut loaded.unreadable);
        for stored in loaded.encounters {
            let in_force = loaded.encounter_id_to_in_force.remove(&stored.facts.encounter_id);
            work.encounters.push(follower(stored, in_force));
        }
    }
    Ok(unreadable)
}

/// Encounters with billed lines after the first to be decided.
fn followers(work: &Work<Known>) -> BTreeSet<Token> {
    let Some(first) = work.encounters.iter().map(|known| place(&known.facts)).min() else { return BTreeSet::new() };
    let asked: BTreeSet<&Token> = work.encounters.iter().map(|known| &known.facts.encounter_id).collect();
    let later = work.ledger.iter().filter(|seen| place_of(seen) > first && !asked.contains(&seen.encounter_id));
    later.map(|seen| seen.encounter_id.clone()).collect()
}
