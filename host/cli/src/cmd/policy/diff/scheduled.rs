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

/// Clients read at one time.
const CLIENTS: u32 = 500;

/// What a database holds for the comparison.
pub struct Stored {
    encounters: Vec<EncounterFacts>,
    /// How many encounters cannot be read.
    unreadable: usize,
    /// The records that concern each client's encounters.
    client_to_records: BTreeMap<Token, Arc<Records>>,
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

/// Reads every stored encounter of the agency, its schedule and the terms that this names.
/// # Errors
/// When the database cannot be read.
pub async fn load(url: &str, agency: &Token, output: &Output) -> Result<Stored> {
    let store = database::open(url, Absent::Refused, output).await?;
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
    let mut stored =
        Stored { encounters: Vec::new(), unreadable: 0, client_to_records: BTreeMap::new(), snapshot, names, terms };
    read_encounters(store.as_ref(), agency, &mut stored).await?;
    store.close().await;
    if stored.encounters.is_empty() && stored.unreadable == 0 {
        let headline = format!("the database of `--over-database` has no encounters of agency `{agency}`");
        let remedy = "check its address, and `--agency`";
        return Err(Refusal::refused(format!("{headline}; {remedy}"), Vec::new()).into());
    }
    Ok(stored)
}

/// Each client's history is asked about from its beginning, so no ledger is needed.
async fn read_encounters(store: &dyn Store, agency: &Token, stored: &mut Stored) -> Result<()> {
    let mut filter = HistoryFilter {
        agency_id: agency.clone(),
        encounters: EncounterFilter::default(),
        after_client_id: None,
        clients_max: CLIENTS,
    };
    loop {
        let page = store.load_history(&filter).await?;
        let facts: Vec<EncounterFacts> = page.encounters.into_iter().map(|stored| stored.facts).collect();
        let clients: BTreeSet<&Token> = facts.iter().map(|facts| &facts.client_id).collect();
        let key = |client: &&Token| ClientKey { agency_id: agency.clone(), client_id: (*client).clone() };
        let corrected: Vec<ClientKey> = clients.iter().map(key).collect();
        let named = facts.iter().flat_map(|facts| keys(agency, facts)).collect();
        let records = Records::read(store, named, &corrected).await?;
        let records = Arc::new(records);
        stored.client_to_records.extend(clients.into_iter().map(|client| (client.clone(), Arc::clone(&records))));
        stored.encounters.extend(facts);
        stored.unreadable += page.bad.len();
        match page.next_after_client_id {
            Some(next) => filter.after_client_id = Some(next),
            None => return Ok(()),
        }
    }
}

/// Asks and compares; says which days each version was asked about.
/// # Errors
/// When standard output cannot be written.
pub fn compare(output: &Output, agency: &Token, stored: &Stored, plan: &Plan<'_>) -> Result<Behaviour> {
    let router = Router { agency, stored, plan };
    let asked = |facts: &&EncounterFacts| router.before(facts).is_some() || router.after(facts).is_some();
    let known: Vec<EncounterFacts> = stored.encounters.iter().filter(asked).cloned().collect();
    router.tell(output, known.len())?;
    let mut behaviour = Behaviour::of(plan.old.manifest(), plan.new.manifest());
    let terms = Terms::default();
    behaviour.compare(
        &by_client(known),
        &terms,
        &mut |timelines, _| router.decide(timelines, &|facts| router.before(facts)),
        &mut |timelines, _| router.decide(timelines, &|facts| router.after(facts)),
    );
    Ok(behaviour)
}

/// Finds which version answers.
struct Router<'r> {
    agency: &'r Token,
    stored: &'r Stored,
    plan: &'r Plan<'r>,
}

impl Router<'_> {
    /// The version that the schedule gives the encounter's day.
    fn before(&self, facts: &EncounterFacts) -> Option<Version> {
        let period = self.stored.snapshot.find_period(self.agency, facts, None)?;
        let (policy_id, version) = self.stored.names.get(&period.policy_digest)?;
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
            let period = self.stored.snapshot.find_period(self.agency, facts, None)?;
            self.stored.terms.get(&period.terms_digest).cloned()
        };
        let terms = self.plan.terms.clone().map(Arc::new).or_else(scheduled).unwrap_or_default();
        let digest = terms.canonical().1;
        let answerer = Answerer::new(&input.policy, terms, digest, Chosen::InForce);
        Routed::To(Arc::new(answerer))
    }

    /// Says which version is asked about which days.
    fn tell(&self, output: &Output, asked: usize) -> Result<()> {
        for (input, version) in [(self.plan.old, Version::Old), (self.plan.new, Version::New)] {
            let days = self.stored.encounters.iter().filter(|facts| self.before(facts) == Some(version));
            let days: Vec<ServiceDate> = days.map(|facts| facts.date_of_service).collect();
            let name = format!("{} {}", input.manifest().policy_id, input.manifest().version);
            output.line(&match (days.iter().min(), days.iter().max()) {
                (Some(first), Some(last)) => {
                    format!("the schedule gives {name} {} of the encounters, from {first} to {last}", days.len())
                }
                _ => format!("the schedule gives {name} none of the encounters"),
            })?;
        }
        let left_out = self.stored.encounters.len().saturating_sub(asked);
        if left_out > 0 {
            output.line(&format!("{left_out} encounters lie on days of others; neither is asked about them"))?;
        }
        if self.stored.unreadable > 0 {
            output.line(&left_out_words(self.stored.unreadable))?;
        }
        output.line(&match self.plan.as_if {
            Some(from) => format!("compared with the schedule: the new policy answering from {from} on"),
            None => "each is asked about its own days, so nothing differs; `--as-if YYYY-MM-DD` shows a planned change"
                .to_owned(),
        })?;
        Ok(())
    }

    /// One list of decisions for each timeline, each encounter asked of the version that `choose` names, with what its records
    /// say.
    fn decide(
        &self,
        timelines: &[Timeline],
        choose: &dyn Fn(&EncounterFacts) -> Option<Version>,
    ) -> Vec<Vec<Decision>> {
        let mut answers = Vec::with_capacity(timelines.len());
        for timeline in timelines {
            let Some(client) = timeline.encounters.first().map(|facts| facts.client_id.clone()) else {
                answers.push(Vec::new());
                continue;
            };
            let encounters = timeline.encounters.iter().enumerate();
            let encounters = encounters.map(|(tag, facts)| self.address(facts.clone(), choose(facts), tag)).collect();
            let work = Work::new(self.agency.clone(), client, encounters);
            let done = run(vec![work], Explain::FailedOnly).into_iter().flat_map(|client| client.encounters);
            let by_tag: BTreeMap<usize, Decision> = done.map(|done| (done.asked.known.tag, done.decision)).collect();
            answers.push(by_tag.into_values().collect());
        }
        answers
    }

    fn address(&self, mut facts: EncounterFacts, version: Option<Version>, tag: usize) -> Addressed {
        let routed = self.routed(&facts, version);
        let (routed, records) = match self.stored.client_to_records.get(&facts.client_id) {
            Some(records) => records.resolve(self.agency, &mut facts, routed),
            None => (routed, None),
        };
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
