//! Reads what is known of the clients of a request, and finds what needs no new decision. Decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use adjudica_core::columns::Explain;
use adjudica_core::{EncounterFacts, Token};
use adjudica_store::{ClientWork, InForce, PutMode, StoredEncounter, WorkRequest};

use crate::asking::Keep;
use crate::decide::asked::{Answered, Asked, Made, Options, Repeat, Subject};
use crate::decide::decision_record::{DecisionRecord, ExplainWord};
use crate::decide::follow::{FOLLOWER, add_followers};
use crate::decide::gone::gone;
use crate::decide::service::DecisionService;
use crate::decide::work::{Kept, Known, Work};
use crate::error::{Cause, ServiceError};

/// What was asked about an encounter that is still to be answered, and whose client is known.
pub(crate) struct Open {
    pub(crate) asked: Asked,
    pub(crate) client_id: Token,
}

/// An answer under the caller's number.
pub(crate) type Answer = (usize, Result<Answered, ServiceError>);

/// What was read.
pub(crate) struct Read {
    /// What is to be decided.
    pub(crate) works: Vec<Work<Known>>,
    /// What is answered already: with the decision in force, or because the encounter was taken out in the meantime.
    pub(crate) answered: Vec<Answer>,
}

/// Why what was asked cannot be decided as it was read.
enum Unplaced {
    /// The facts that came with the request are to be put first.
    ToCorrect,
    /// The stored encounter is no longer where it was looked up.
    Lost,
    /// The row of the stored encounter cannot be read.
    Unreadable,
}

/// How often clients are read while somebody else changes the same encounters.
const READS_MAX: usize = 8;

impl DecisionService {
    /// Finds the client of each encounter; one that is not stored is answered.
    pub(crate) async fn find_clients(
        &self,
        agency: &Token,
        asked: Vec<Asked>,
    ) -> Result<(Vec<Open>, Vec<Answer>), ServiceError> {
        let stored = asked.iter().filter_map(|asked| match &asked.subject {
            Subject::Stored(id) => Some(id.clone()),
            Subject::Inline(_) => None,
        });
        let stored: Vec<Token> = stored.collect();
        let clients =
            if stored.is_empty() { BTreeMap::new() } else { self.store.find_clients(agency, &stored).await? };
        let (mut open, mut answered) = (Vec::with_capacity(asked.len()), Vec::new());
        for asked in asked {
            let client = match &asked.subject {
                Subject::Inline(facts) => Some(facts.client_id.clone()),
                Subject::Stored(id) => clients.get(id).cloned(),
            };
            match (client, &asked.subject) {
                (Some(client_id), _) => open.push(Open { asked, client_id }),
                (None, Subject::Stored(id)) => answered.push((asked.tag, Err(self.not_there(agency, id).await?))),
                (None, Subject::Inline(_)) => {}
            }
        }
        Ok((open, answered))
    }

    /// Why a stored encounter cannot be decided: it was taken out, or its row cannot be read.
    async fn not_there(&self, agency: &Token, id: &Token) -> Result<ServiceError, ServiceError> {
        match self.store.find_encounter(agency, id).await {
            Ok(None) => gone(self.store.as_ref(), agency, id).await,
            Ok(Some(_)) => Ok(contended()),
            Err(error) => Ok(error.into()),
        }
    }

    /// What is known of the clients of `open`, and which decisions the new ones replace. Facts that came with a request to
    /// be recorded are a correction of the stored encounter, if there is one. Whatever is answered leaves `open`, and whatever
    /// is stored by then is asked about as stored.
    pub(crate) async fn read_clients(
        &self,
        agency: &Token,
        open: &mut Vec<Open>,
        options: &Options,
    ) -> Result<Read, ServiceError> {
        let mut answered = Vec::new();
        for _ in 0..READS_MAX {
            let (mut works, unsettled) = self.place_clients(agency, open, options).await?;
            if !unsettled.is_empty() {
                self.place_again(agency, open, unsettled, &mut answered).await?;
                continue;
            }
            for work in &mut works {
                for known in work.encounters.extract_if(.., |known| holds(known, options.explain)) {
                    let in_force = known.in_force.map(|in_force| (known.tag, Ok(answer(in_force))));
                    answered.extend(in_force);
                }
            }
            let is_answered = |open: &Open| answered.iter().any(|(tag, _)| *tag == open.asked.tag);
            open.retain(|open| !is_answered(open));
            works.retain(|work| !work.encounters.is_empty());
            if options.keep == Keep::Record {
                let unreadable = add_followers(self.store.as_ref(), &mut works).await?;
                if !unreadable.is_empty() {
                    // What they billed is given back first: nobody decides them until their rows change.
                    self.store.keep_faults(&unreadable, self.clock.now()).await?;
                    continue;
                }
            }
            return Ok(Read { works, answered });
        }
        Err(contended())
    }

    /// The work on the clients of `open`, and the numbers of those that are not where they were looked up or need a correction.
    async fn place_clients(
        &self,
        agency: &Token,
        open: &mut [Open],
        options: &Options,
    ) -> Result<(Vec<Work<Known>>, Unsettled), ServiceError> {
        let mut client_to_open: BTreeMap<Token, Vec<&mut Open>> = BTreeMap::new();
        for open in open {
            client_to_open.entry(open.client_id.clone()).or_default().push(open);
        }
        let request = |(client_id, open): (&Token, &Vec<&mut Open>)| WorkRequest {
            agency_id: agency.clone(),
            client_id: client_id.clone(),
            encounter_ids: open.iter().map(|open| open.asked.subject.encounter_id().clone()).collect(),
        };
        let requests: Vec<_> = client_to_open.iter().map(request).collect();
        let loaded = self.store.load_work(&requests).await?;
        let may_stay = options.keep == Keep::Record && options.repeat == Repeat::IfStale;
        let mut unsettled = Unsettled::default();
        let mut works = Vec::with_capacity(loaded.len());
        for ((client_id, open), mut loaded) in client_to_open.into_iter().zip(loaded) {
            let mut known = Vec::with_capacity(open.len());
            for Open { asked, .. } in open {
                match place(asked, &mut loaded, options.keep) {
                    Ok(mut placed) => {
                        placed.may_stay = may_stay;
                        known.push(placed);
                    }
                    Err(Unplaced::ToCorrect) => drop(unsettled.to_correct.insert(asked.tag)),
                    Err(Unplaced::Lost) => drop(unsettled.lost.insert(asked.tag)),
                    Err(Unplaced::Unreadable) => drop(unsettled.unreadable.insert(asked.tag)),
                }
            }
            let mut work = Work::new(agency.clone(), client_id, known);
            work.learn(&mut loaded);
            works.push(work);
        }
        Ok((works, unsettled))
    }

    /// Puts corrections and looks up again what has moved. What was taken out is answered so.
    async fn place_again(
        &self,
        agency: &Token,
        open: &mut Vec<Open>,
        unsettled: Unsettled,
        answered: &mut Vec<Answer>,
    ) -> Result<(), ServiceError> {
        let to_correct = open.iter_mut().filter(|open| unsettled.to_correct.contains(&open.asked.tag));
        let corrected: Vec<EncounterFacts> = to_correct.filter_map(|open| open.asked.subject.store()).collect();
        if !corrected.is_empty() {
            self.store.put_encounters(agency, &corrected, PutMode::Upsert, self.clock.now()).await?;
        }
        let is_unreadable = |open: &mut Open| unsettled.unreadable.contains(&open.asked.tag);
        for Open { asked, .. } in open.extract_if(.., is_unreadable) {
            answered.push((asked.tag, Err(self.not_there(agency, asked.subject.encounter_id()).await?)));
        }
        let lost = open.extract_if(.., |open| unsettled.lost.contains(&open.asked.tag)).map(|open| open.asked);
        let (found, gone) = self.find_clients(agency, lost.collect()).await?;
        open.extend(found);
        answered.extend(gone);
        Ok(())
    }
}

/// Numbers of those whose place is not settled.
#[derive(Default)]
struct Unsettled {
    to_correct: BTreeSet<usize>,
    lost: BTreeSet<usize>,
    unreadable: BTreeSet<usize>,
}

impl Unsettled {
    fn is_empty(&self) -> bool {
        self.to_correct.is_empty() && self.lost.is_empty() && self.unreadable.is_empty()
    }
}

impl Subject {
    /// The encounter.
    pub(crate) fn encounter_id(&self) -> &Token {
        match self {
            Self::Stored(id) => id,
            Self::Inline(facts) => &facts.encounter_id,
        }
    }

    /// Takes the facts out to be stored: from then on the store has them.
    fn store(&mut self) -> Option<EncounterFacts> {
        let stored = Self::Stored(self.encounter_id().clone());
        match std::mem::replace(self, stored) {
            Self::Inline(facts) => Some(*facts),
            Self::Stored(_) => None,
        }
    }
}

/// Says where the encounter is kept. What was read with the ledger is what is decided: facts of a stored encounter may have
/// changed since it was looked up.
fn place(asked: &mut Asked, loaded: &mut ClientWork, keep: Keep) -> Result<Known, Unplaced> {
    let id = asked.subject.encounter_id().clone();
    let position = loaded.encounters.iter().position(|stored| stored.facts.encounter_id == id);
    let is_unreadable = loaded.unreadable.iter().any(|bad| bad.encounter_id == id.as_str());
    let is_new = !loaded.known_of.contains(&id) && !is_unreadable;
    let (facts, kept) = match (&asked.subject, position.and_then(|at| loaded.encounters.get(at)), keep) {
        (Subject::Stored(_), Some(stored), _) => (stored.facts.clone(), Kept::Stored(stored.revision)),
        (Subject::Stored(_), None, _) if is_unreadable => return Err(Unplaced::Unreadable),
        (Subject::Stored(_), None, _) => return Err(Unplaced::Lost),
        (Subject::Inline(facts), _, Keep::DryRun) => (facts.as_ref().clone(), Kept::Nowhere),
        (Subject::Inline(facts), Some(stored), Keep::Record) if stored.facts == **facts => {
            (stored.facts.clone(), Kept::Stored(stored.revision))
        }
        (Subject::Inline(facts), None, Keep::Record) if is_new => (facts.as_ref().clone(), Kept::New),
        (Subject::Inline(_), ..) => return Err(Unplaced::ToCorrect),
    };
    if matches!(kept, Kept::Stored(_)) {
        asked.subject.store();
    }
    let in_force = loaded.encounter_id_to_in_force.remove(&id);
    Ok(Known { facts, kept, in_force, may_stay: false, tag: asked.tag })
}

/// Whether the decision in force is what a new one would be: nothing that it rests on has changed. Where nobody answered, a day that
/// lay too far ahead may have come nearer.
fn holds(known: &Known, explain: Explain) -> bool {
    let holding = |in_force: &&InForce| !in_force.is_stale && in_force.policy_digest.is_some();
    let Some(in_force) = known.in_force.as_ref().filter(holding) else { return false };
    let is_stored = matches!(known.kept, Kept::Stored(_));
    known.may_stay && is_stored && (explain == Explain::FailedOnly || tells_all(in_force))
}

fn contended() -> ServiceError {
    ServiceError::new(Cause::LedgerContended, "the encounter kept being changed by others; look at it and ask again")
}

fn tells_all(in_force: &InForce) -> bool {
    DecisionRecord::parse(&in_force.record).is_ok_and(|record| record.explain == ExplainWord::All)
}

fn answer(in_force: InForce) -> Answered {
    let InForce { decision_id, policy_digest, record: text, .. } = in_force;
    Answered { decision_id, text, policy_digest, made: Made::Before }
}

/// The work on one client whose encounters wait.
pub(crate) fn undecided_work(mut loaded: ClientWork) -> Work<Known> {
    let mut in_force = std::mem::take(&mut loaded.encounter_id_to_in_force);
    let known = |(tag, stored): (usize, StoredEncounter)| {
        let in_force = in_force.remove(&stored.facts.encounter_id);
        Known { facts: stored.facts, kept: Kept::Stored(stored.revision), in_force, may_stay: true, tag }
    };
    let known = std::mem::take(&mut loaded.encounters).into_iter().enumerate().map(known).collect();
    let mut work = Work::new(loaded.agency_id.clone(), loaded.client_id.clone(), known);
    work.learn(&mut loaded);
    work
}

/// An encounter that is decided again because an earlier one is.
pub(crate) fn follower(stored: StoredEncounter, in_force: Option<InForce>) -> Known {
    Known { facts: stored.facts, kept: Kept::Stored(stored.revision), in_force, may_stay: true, tag: FOLLOWER }
}
