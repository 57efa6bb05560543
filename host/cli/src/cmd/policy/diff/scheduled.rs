//! Compares two versions over the encounters of a database: each is asked about the days that the schedule gives it, and the new
//! one about the days of a planned change. Changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use adjudica_core::columns::Explain;
use adjudica_core::decision::UndeterminedCode;
use adjudica_core::{Decision, Digest, EncounterFacts, ServiceDate, Terms, Timeline, Token};
use adjudica_questions::behave::Behaviour;
use adjudica_service::decide::records::{Records, keys};
use adjudica_service::decide::run::run;
use adjudica_service::decide::work::{Addressed, Known, Work};
use adjudica_service::registry::answerer::{Answerer, Chosen, Routed};
use adjudica_service::registry::snapshot::Snapshot;
use adjudica_store::{ClientKey, EncounterFilter, HistoryFilter, Store};
use anyhow::{Context as _, Result};

use crate::database::{self, Absent};
use crate::exit::Refusal;
use crate::intake::by_client;
use crate::output::Output;
use crate::policy_input::PolicyInput;
use crate::progress;

/// Clients read at first, and at most, at one time.
const CLIENTS: u32 = 100;
const CLIENTS_MAX: u32 = 1_000;
/// Encounters that are held at one time, roughly: clients have few or many.
const ENCOUNTERS: usize = 5_000;

/// Who answers in the database, and by which terms.
struct Schedule {
    snapshot: Snapshot,
    /// `policy_id` and version of each stored file.
    names: BTreeMap<Digest, (Token, String)>,
    terms: BTreeMap<Digest, Arc<Terms>>,
}

/// The two versions, and from when on the new one is to answer.
pub struct Plan<'p> {
    /// The policy as it was.
    pub old: &'p PolicyInput,
    /// The policy as it is to be.
    pub new: &'p PolicyInput,
    /// The first day of the planned change.
    pub as_if: Option<ServiceDate>,
    /// Terms instead of those of the schedule.
    pub terms: Option<Terms>,
}

/// Which of the two versions a day is given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    Old,
    New,
}

/// Asks both about every stored encounter of the agency and compares; says which days each version was asked about. Holds a bounded
/// number of encounters at a time.
/// # Errors
/// When the database cannot be read, holds no encounters of the agency, or standard output cannot be written.
pub async fn compare(url: &str, agency: &Token, plan: &Plan<'_>, output: &Output) -> Result<Behaviour> {
    let store = database::open(url, Absent::Refused, output).await?;
    let schedule = Schedule::load(store.as_ref()).await?;
    let router = Router { agency, schedule: &schedule, plan };
    let mut behaviour = Behaviour::of(plan.old.manifest(), plan.new.manifest());
    let mut asked = Asked::default();
    let mut filter = HistoryFilter {
        agency_id: agency.clone(),
        encounters: EncounterFilter::default(),
        after_client_id: None,
        clients_max: CLIENTS,
    };
    let bar = progress::spinner(output, "asking");
    loop {
        let page = store.load_history(&filter).await?;
        let count = page.encounters.len();
        asked.unreadable += page.bad.len();
        let facts: Vec<EncounterFacts> = page.encounters.into_iter().map(|stored| stored.facts).collect();
        let known: Vec<EncounterFacts> = facts.into_iter().filter(|facts| asked.add(&router, facts)).collect();
        let records = read_records(store.as_ref(), agency, &known).await?;
        let (before, after) =
            (|facts: &EncounterFacts| router.before(facts), |facts: &EncounterFacts| router.after(facts));
        behaviour.compare(
            &by_client(known),
            &Terms::default(),
            &mut |timelines, _| router.decide(timelines, &records, &before),
            &mut |timelines, _| router.decide(timelines, &records, &after),
        );
        bar.set_position(u64::try_from(asked.all()).unwrap_or(u64::MAX));
        let Some(next) = page.next_after_client_id else { break };
        filter.after_client_id = Some(next);
        filter.clients_max = clients_next(filter.clients_max, count);
    }
    bar.finish_and_clear();
    store.close().await;
    if asked.all() == 0 && asked.unreadable == 0 {
        let headline = format!("the database of `--over-database` has no encounters of agency `{agency}`");
        let remedy = "check its address, and `--agency`";
        return Err(Refusal::refused(format!("{headline}; {remedy}"), Vec::new()).into());
    }
    asked.tell(plan, output)?;
    Ok(behaviour)
}

/// How many clients to read next, after `clients` with `encounters`.
fn clients_next(clients: u32, encounters: usize) -> u32 {
    let fitting = usize::try_from(clients).unwrap_or(1).saturating_mul(ENCOUNTERS) / encounters.max(1);
    u32::try_from(fitting).unwrap_or(CLIENTS_MAX).clamp(1, CLIENTS_MAX)
}

/// The records that concern encounters of whole clients.
async fn read_records(store: &dyn Store, agency: &Token, encounters: &[EncounterFacts]) -> Result<Records> {
    let clients: BTreeSet<&Token> = encounters.iter().map(|facts| &facts.client_id).collect();
    let key = |client: &Token| ClientKey { agency_id: agency.clone(), client_id: client.clone() };
    let clients: Vec<ClientKey> = clients.into_iter().map(key).collect();
    let named = encounters.iter().flat_map(|facts| keys(agency, facts)).collect();
    Ok(Records::read(store, named, &clients).await?)
}

impl Schedule {
    async fn load(store: &dyn Store) -> Result<Self> {
        let mut snapshot = Snapshot::default();
        for change in store.load_changes(0).await? {
            snapshot.apply(&change);
        }
        let files = store.list_policy_files().await?;
        let names = files.into_iter().map(|file| (file.digest, (file.policy_id, file.version))).collect();
        let mut terms = BTreeMap::new();
        for (_, digest) in snapshot.pairs_in_use() {
            if let Some(json) = store.find_terms(digest).await? {
                terms.insert(digest, Arc::new(serde_json::from_str(&json).with_context(|| format!("terms {digest}"))?));
            }
        }
        Ok(Self { snapshot, names, terms })
    }
}

/// What was asked about.
#[derive(Default)]
struct Asked {
    old: Days,
    new: Days,
    /// Encounters on days that neither version answers.
    of_others: usize,
    /// Encounters that only the planned change gives a version.
    planned: usize,
    /// Encounters that cannot be read.
    unreadable: usize,
}

/// The days that the schedule gives a version.
#[derive(Default)]
struct Days {
    encounters: usize,
    span: Option<(ServiceDate, ServiceDate)>,
}

impl Days {
    fn add(&mut self, day: ServiceDate) {
        self.encounters += 1;
        let (first, last) = self.span.unwrap_or((day, day));
        self.span = Some((first.min(day), last.max(day)));
    }
}

impl Asked {
    /// Counts an encounter; whether either version is asked about it.
    fn add(&mut self, router: &Router<'_>, facts: &EncounterFacts) -> bool {
        match router.before(facts) {
            Some(Version::Old) => self.old.add(facts.date_of_service),
            Some(Version::New) => self.new.add(facts.date_of_service),
            None if router.after(facts).is_some() => self.planned += 1,
            None => {
                self.of_others += 1;
                return false;
            }
        }
        true
    }

    fn all(&self) -> usize {
        self.old.encounters + self.new.encounters + self.planned + self.of_others
    }

    /// Says which version was asked about which days.
    fn tell(&self, plan: &Plan<'_>, output: &Output) -> Result<()> {
        for (input, days) in [(plan.old, &self.old), (plan.new, &self.new)] {
            let name = format!("{} {}", input.manifest().policy_id, input.manifest().version);
            output.line(&match days.span {
                Some((first, last)) => {
                    format!("the schedule gives {name} {} of the encounters, from {first} to {last}", days.encounters)
                }
                None => format!("the schedule gives {name} none of the encounters"),
            })?;
        }
        if self.of_others > 0 {
            output
                .line(&format!("{} encounters lie on days of others; neither is asked about them", self.of_others))?;
        }
        if self.unreadable > 0 {
            output.line(&left_out_words(self.unreadable))?;
        }
        output.line(&match plan.as_if {
            Some(from) => format!("compared with the schedule: the new policy answering from {from} on"),
            None => "each is asked about its own days, so nothing differs; `--as-if YYYY-MM-DD` shows a planned change"
                .to_owned(),
        })?;
        Ok(())
    }
}

/// Finds which version answers.
struct Router<'r> {
    agency: &'r Token,
    schedule: &'r Schedule,
    plan: &'r Plan<'r>,
}

impl Router<'_> {
    /// The version that the schedule gives the encounter's day.
    fn before(&self, facts: &EncounterFacts) -> Option<Version> {
        let period = self.schedule.snapshot.find_period(self.agency, facts, None)?;
        let (policy_id, version) = self.schedule.names.get(&period.policy_digest)?;
        let is = |input: &PolicyInput| {
            let manifest = input.manifest();
            manifest.policy_id == *policy_id && manifest.version.to_string() == *version
        };
        match (is(self.plan.new), is(self.plan.old)) {
            (true, _) => Some(Version::New),
            (false, true) => Some(Version::Old),
            (false, false) => None,
        }
    }

    /// The version after the planned change.
    fn after(&self, facts: &EncounterFacts) -> Option<Version> {
        let speaks = self.plan.new.manifest().payers.contains(&facts.payer_id);
        match self.plan.as_if {
            Some(from) if speaks && facts.date_of_service >= from => Some(Version::New),
            Some(_) | None => self.before(facts),
        }
    }

    fn routed(&self, facts: &EncounterFacts, version: Option<Version>) -> Routed {
        let input = match version {
            Some(Version::Old) => self.plan.old,
            Some(Version::New) => self.plan.new,
            None => {
                let message = "of neither".to_owned();
                return Routed::Nobody(UndeterminedCode::NoPolicyInForce, message);
            }
        };
        let scheduled = || {
            let period = self.schedule.snapshot.find_period(self.agency, facts, None)?;
            self.schedule.terms.get(&period.terms_digest).cloned()
        };
        let terms = self.plan.terms.clone().map(Arc::new).or_else(scheduled).unwrap_or_default();
        let digest = terms.canonical().1;
        let answerer = Answerer::new(&input.policy, terms, digest, Chosen::InForce);
        Routed::To(Arc::new(answerer))
    }

    /// One list of decisions for each timeline, each encounter asked of the version that `choose` names, with what its records
    /// say.
    fn decide(
        &self,
        timelines: &[Timeline],
        records: &Records,
        choose: &dyn Fn(&EncounterFacts) -> Option<Version>,
    ) -> Vec<Vec<Decision>> {
        let mut answers = Vec::with_capacity(timelines.len());
        for timeline in timelines {
            let Some(client) = timeline.encounters.first().map(|facts| facts.client_id.clone()) else {
                answers.push(Vec::new());
                continue;
            };
            let encounters = timeline.encounters.iter().enumerate();
            let encounters =
                encounters.map(|(tag, facts)| self.address(facts.clone(), choose(facts), records, tag)).collect();
            let work = Work::new(self.agency.clone(), client, encounters);
            let done = run(vec![work], Explain::FailedOnly).into_iter().flat_map(|client| client.encounters);
            let by_tag: BTreeMap<usize, Decision> = done.map(|done| (done.asked.known.tag, done.decision)).collect();
            answers.push(by_tag.into_values().collect());
        }
        answers
    }

    fn address(&self, mut facts: EncounterFacts, version: Option<Version>, records: &Records, tag: usize) -> Addressed {
        let routed = self.routed(&facts, version);
        let (routed, records) = records.resolve(self.agency, &mut facts, routed);
        Addressed { known: Known::nowhere(facts, tag), routed, records }
    }
}

fn left_out_words(unreadable: usize) -> String {
    format!("{unreadable} encounters cannot be read and are left out; a list of encounters names them")
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_says_how_many_encounters_cannot_be_read() {
        let said = "2 encounters cannot be read and are left out; a list of encounters names them";
        assert_eq!(super::left_out_words(2), said);
    }
}
