//! Reads what is known of the clients of a request, and finds what needs no new decision. Decides nothing.

use adjudica_core::Token;
use adjudica_core::columns::Explain;
use adjudica_store::{ClientWork, InForce, PutMode, StoredEncounter, WorkRequest};

use crate::asking::Keep;
use crate::decide::follow::add_followers;
use crate::decide::record::{ExplainWord, Record};
use crate::decide::request::Repeat;
use crate::decide::request::{Answered, Made, Options};
use crate::decide::run::{Kept, LedgerSeen};
use crate::decide::service::{DecisionService, Seed, Work};
use crate::error::{Cause, ServiceError};

/// What was read.
pub(crate) struct Read {
    /// What is to be decided.
    pub(crate) works: Vec<Work>,
    /// What is answered already: with the decision in force, or because the encounter was taken out in the meantime.
    pub(crate) held: Vec<(usize, Result<Answered, ServiceError>)>,
}

/// How the facts of a request and the stored encounter go together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Placed {
    /// What was read is what is decided.
    Settled,
    /// The facts that came with the request are to be put first.
    ToCorrect,
    /// The stored encounter is no longer where it was looked up.
    Lost,
}

/// How often clients are read while somebody else changes the same encounters.
const READS_MAX: usize = 8;

impl DecisionService {
    /// What is known of the clients of `seeds`, and which decisions the new ones replace. Facts that came with a request to
    /// be recorded are a correction of the stored encounter, if there is one.
    pub(crate) async fn read_clients(
        &self,
        agency: &Token,
        mut seeds: Vec<Seed>,
        options: &Options,
    ) -> Result<Read, ServiceError> {
        let mut held = Vec::new();
        for _ in 0..READS_MAX {
            let mut works = self.load_clients(agency, seeds).await?;
            let mut placed = Vec::new();
            for (work, loaded) in &mut works {
                for seed in &mut work.seeds {
                    placed.push(place(seed, loaded, options.keep));
                    let in_force = loaded.encounter_id_to_in_force.remove(&seed.facts.encounter_id);
                    seed.supersedes = in_force.as_ref().map(|in_force| in_force.decision_id.clone());
                    let may_stay = options.keep == Keep::Record && options.repeat == Repeat::IfStale;
                    seed.in_force = in_force.filter(|_| may_stay);
                }
                work.ledger = ledger_seen(loaded);
            }
            let mut works: Vec<Work> = works.into_iter().map(|(work, _)| work).collect();
            if placed.iter().any(|placed| *placed != Placed::Settled) {
                let all = works.into_iter().flat_map(|work| work.seeds).zip(placed);
                seeds = self.place_again(agency, all.collect(), &mut held).await?;
                continue;
            }
            for work in &mut works {
                for seed in work.seeds.extract_if(.., |seed| holds(seed, options.explain)) {
                    held.extend(seed.in_force.map(|in_force| (seed.tag, Ok(answered(in_force)))));
                }
            }
            works.retain(|work| !work.seeds.is_empty());
            if options.keep == Keep::Record {
                let unreadable = add_followers(self.store.as_ref(), &mut works).await?;
                if !unreadable.is_empty() {
                    // What they billed is given back first: nobody decides them until their rows change.
                    self.store.keep_faults(&unreadable, self.clock.now()).await?;
                    seeds = works.into_iter().flat_map(Work::into_asked).collect();
                    continue;
                }
            }
            return Ok(Read { works, held });
        }
        let public = "the encounter kept being changed by others; look at it and ask again";
        Err(ServiceError::new(Cause::LedgerContended, public))
    }

    /// The clients of `seeds`, and what is known of each.
    async fn load_clients(&self, agency: &Token, seeds: Vec<Seed>) -> Result<Vec<(Work, ClientWork)>, ServiceError> {
        let mut works = by_client(agency, seeds);
        let request = |work: &Work| WorkRequest {
            agency_id: work.agency_id.clone(),
            client_id: work.client_id.clone(),
            encounter_ids: work.seeds.iter().map(|seed| seed.facts.encounter_id.clone()).collect(),
        };
        let requests: Vec<_> = works.iter().map(request).collect();
        let loaded = self.store.load_work(&requests).await?;
        for (work, loaded) in works.iter_mut().zip(&loaded) {
            work.ledger_through = loaded.ledger_through;
            work.schedule_change = loaded.schedule_change;
            work.has_corrections = loaded.has_corrections;
        }
        Ok(works.into_iter().zip(loaded).collect())
    }

    /// Puts corrections and looks up again what has moved. What was taken out is answered so.
    async fn place_again(
        &self,
        agency: &Token,
        seeds: Vec<(Seed, Placed)>,
        held: &mut Vec<(usize, Result<Answered, ServiceError>)>,
    ) -> Result<Vec<Seed>, ServiceError> {
        let to_correct = seeds.iter().filter(|(_, placed)| *placed == Placed::ToCorrect);
        let corrected: Vec<_> = to_correct.map(|(seed, _)| seed.facts.clone()).collect();
        if !corrected.is_empty() {
            self.store.put_encounters(agency, &corrected, PutMode::Upsert, self.clock.now()).await?;
        }
        let mut again = Vec::with_capacity(seeds.len());
        for (seed, placed) in seeds {
            match placed {
                Placed::Settled | Placed::ToCorrect => again.push(seed),
                Placed::Lost => match self.read_stored(agency, &seed.facts.encounter_id, seed.tag).await {
                    Ok(found) => again.push(found),
                    Err(error) => held.push((seed.tag, Err(error))),
                },
            }
        }
        Ok(again)
    }
}

fn by_client(agency: &Token, seeds: Vec<Seed>) -> Vec<Work> {
    let mut works: Vec<Work> = Vec::new();
    for seed in seeds {
        match works.iter_mut().find(|work| work.client_id == seed.facts.client_id) {
            Some(work) => work.seeds.push(seed),
            None => works.push(Work {
                agency_id: agency.clone(),
                client_id: seed.facts.client_id.clone(),
                ledger: Vec::new(),
                ledger_through: 0,
                schedule_change: 0,
                has_corrections: false,
                seeds: vec![seed],
            }),
        }
    }
    works
}

/// Says where the encounter is kept. What was read with the ledger is what is decided: facts of a stored encounter may have
/// changed since it was looked up.
fn place(seed: &mut Seed, loaded: &ClientWork, keep: Keep) -> Placed {
    let id = &seed.facts.encounter_id;
    let stored = loaded.encounters.iter().find(|stored| stored.facts.encounter_id == *id);
    let is_new = !loaded.known_of.contains(id) && loaded.unreadable.iter().all(|bad| bad.encounter_id != id.as_str());
    match (seed.kept, stored, keep) {
        (Kept::Stored(_), Some(stored), _) => {
            seed.kept = Kept::Stored(stored.revision);
            seed.facts = stored.facts.clone();
        }
        (Kept::Stored(_), None, _) => return Placed::Lost,
        (Kept::Nowhere, _, Keep::DryRun) => {}
        (Kept::Nowhere | Kept::New, Some(stored), _) if stored.facts == seed.facts => {
            seed.kept = Kept::Stored(stored.revision);
        }
        (Kept::Nowhere | Kept::New, None, _) if is_new => seed.kept = Kept::New,
        (Kept::Nowhere | Kept::New, ..) => return Placed::ToCorrect,
    }
    Placed::Settled
}

/// Whether the decision in force is what a new one would be: nothing that it rests on has changed. Where nobody answered, a day that
/// lay too far ahead may have come nearer.
fn holds(seed: &Seed, explain: Explain) -> bool {
    let holding = |in_force: &&InForce| !in_force.is_stale && in_force.policy_digest.is_some();
    let Some(in_force) = seed.in_force.as_ref().filter(holding) else { return false };
    let is_stored = matches!(seed.kept, Kept::Stored(_));
    is_stored && (explain == Explain::FailedOnly || tells_all(in_force))
}

fn tells_all(in_force: &InForce) -> bool {
    Record::parse(&in_force.record).is_ok_and(|record| record.explain == ExplainWord::All)
}

fn answered(in_force: InForce) -> Answered {
    let InForce { decision_id, policy_digest, record: text, .. } = in_force;
    Answered { decision_id, text, policy_digest, made: Made::Before }
}

/// The work of one undecided client.
pub(crate) fn undecided_work(mut loaded: ClientWork) -> Work {
    let ledger = ledger_seen(&mut loaded);
    let ClientWork { agency_id, client_id, ledger_through, schedule_change, has_corrections, encounters, .. } = loaded;
    let mut in_force = loaded.encounter_id_to_in_force;
    let seed = |(tag, stored): (usize, StoredEncounter)| {
        let in_force = in_force.remove(&stored.facts.encounter_id);
        Seed {
            supersedes: in_force.as_ref().map(|in_force| in_force.decision_id.clone()),
            in_force,
            kept: Kept::Stored(stored.revision),
            facts: stored.facts,
            tag,
        }
    };
    let seeds = encounters.into_iter().enumerate().map(seed).collect();
    Work { agency_id, client_id, ledger, ledger_through, schedule_change, has_corrections, seeds }
}

pub(crate) fn ledger_seen(loaded: &mut ClientWork) -> Vec<LedgerSeen> {
    let lines = std::mem::take(&mut loaded.ledger).into_iter();
    lines.map(|live| LedgerSeen { encounter_id: live.encounter_id, line: live.line }).collect()
}
