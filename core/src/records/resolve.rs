//! What an agency's records say about one encounter on its date of service. Pure: the same records give the same standing.

mod coverage;
mod people;
mod proof;

use std::collections::{BTreeMap, BTreeSet};

use super::corrections::{Correction, correction};
use super::{AssignmentRole, Claimed, Record, RecordBody, RecordSubject};
use crate::date::ServiceDate;
use crate::facts::EncounterFacts;
use crate::standing::{RenderingSource, Standing};
use crate::token::Token;

/// Bodies of one kind among records.
macro_rules! of_kind {
    ($records:expr, $variant:ident) => {
        $records.iter().filter_map(|record| match &record.body {
            $crate::records::RecordBody::$variant(body) => Some((&record.record_id, body)),
            _ => None,
        })
    };
}
use of_kind;

/// Records by what they are about, in order of record id.
#[derive(Debug, Clone, Default)]
pub struct RecordBook {
    subject_to_records: BTreeMap<(RecordSubject, Token), Vec<Record>>,
    /// Client to the encounters that its corrected claims are about.
    client_to_claimed: BTreeMap<Token, Vec<Claimed>>,
}

impl RecordBook {
    /// The book of `records`.
    #[must_use]
    pub fn new(records: Vec<Record>) -> Self {
        let mut book = Self::default();
        for record in records {
            let key = (record.body.subject(), record.subject_id.clone());
            book.subject_to_records.entry(key).or_default().push(record);
        }
        for records in book.subject_to_records.values_mut() {
            records.sort_by(|a, b| a.record_id.cmp(&b.record_id));
        }
        book
    }

    /// Adds what claims that correct others may be about: encounters of `client`.
    pub fn add_claimed(&mut self, client: Token, claimed: impl IntoIterator<Item = Claimed>) {
        self.client_to_claimed.entry(client).or_default().extend(claimed);
    }

    /// Whether nothing is on file.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.subject_to_records.is_empty() && self.client_to_claimed.is_empty()
    }

    /// Whether what the book says of the encounter depends on the days on which the client was given care.
    #[must_use]
    pub fn asks_for_care(&self, facts: &EncounterFacts) -> bool {
        let client = self.about(RecordSubject::Client, &facts.client_id);
        of_kind!(client, Assignment).any(|(_, assignment)| assignment.role == AssignmentRole::StandIn)
    }

    fn about(&self, subject: RecordSubject, id: &Token) -> &[Record] {
        // A key is borrowed as a whole, so the id is cloned; a lookup happens a few times for an encounter.
        self.subject_to_records.get(&(subject, id.clone())).map_or(&[], Vec::as_slice)
    }
}

impl RecordBook {
    /// What is on file about the subject and speaks of the day. A record of other days is not seen at all, so what it changes is
    /// what its days say that it changes.
    fn speaking(&self, subject: RecordSubject, id: &Token, day: ServiceDate) -> Vec<&Record> {
        let speaks = |record: &&Record| match &record.body {
            RecordBody::Absence(_) => false,
            body => body.days().hold(day),
        };
        self.about(subject, id).iter().filter(speaks).collect()
    }
}

/// Days on which providers gave care to the client, as the ledger has them.
pub type CareDays = BTreeSet<(Token, ServiceDate)>;

/// What `book` says about the encounter; `None` where it says nothing at all. `sources` is where the rendering provider is
/// looked for, by the agency's terms.
#[must_use]
pub fn resolve(
    book: &RecordBook,
    facts: &EncounterFacts,
    sources: &[RenderingSource],
    care_days: &CareDays,
) -> Option<Box<Standing>> {
    let day = facts.date_of_service;
    let [client, encounter, staff, practice] = [
        book.speaking(RecordSubject::Client, &facts.client_id, day),
        book.speaking(RecordSubject::Encounter, &facts.encounter_id, day),
        book.speaking(RecordSubject::Provider, &facts.rendering_provider_id, day),
        book.speaking(RecordSubject::Practice, &facts.billing_provider_id, day),
    ];
    let mut resolver = Resolver {
        facts,
        day,
        client: &client,
        encounter: &encounter,
        staff: &staff,
        practice: &practice,
        claimed: book.client_to_claimed.get(&facts.client_id).map_or(&[], Vec::as_slice),
        standing: Standing::default(),
    };
    // What is on file about others is no news of this encounter: a call of many gives what a call of one gives.
    let on_file = [resolver.client, resolver.encounter, resolver.staff, resolver.practice];
    if on_file.iter().all(|records| records.is_empty()) && resolver.correction() == Correction::Untouched {
        return None;
    }
    resolver.coverage();
    resolver.rendering(sources, care_days);
    let rendering = resolver.standing.rendering.as_ref().map_or(&facts.rendering_provider_id, |by| &by.provider_id);
    let rendering = rendering.clone();
    resolver.people(&rendering, &book.speaking(RecordSubject::Provider, &rendering, day));
    resolver.proof(&rendering);
    Some(Box::new(resolver.standing))
}

/// One encounter on the way to its standing.
struct Resolver<'r> {
    facts: &'r EncounterFacts,
    day: ServiceDate,
    client: &'r [&'r Record],
    encounter: &'r [&'r Record],
    /// Who did the work.
    staff: &'r [&'r Record],
    practice: &'r [&'r Record],
    /// Encounters of the client that claims which correct others may be about.
    claimed: &'r [Claimed],
    standing: Standing,
}

impl Resolver<'_> {
    /// Notes that a condition holds.
    fn note(&mut self, condition: &str) {
        // Names of conditions are tokens, and open ones end in one.
        self.standing.conditions.extend(Token::parse(condition));
    }

    #[expect(clippy::fn_params_excessive_bools, reason = "it reads as the condition that it is")]
    fn note_if(&mut self, holds: bool, condition: &str) {
        if holds {
            self.note(condition);
        }
    }

    /// Notes a day of a kind; the latest of several stays.
    fn date(&mut self, kind: &str, day: ServiceDate) {
        if let Ok(kind) = Token::parse(kind) {
            let known = self.standing.dates.entry(kind).or_insert(day);
            *known = (*known).max(day);
        }
    }

    /// What the claims of the client's other encounters make of this one.
    fn correction(&self) -> Correction {
        let encounter = self.encounter;
        let claims = of_kind!(encounter, Claim).map(|(_, claim)| claim);
        correction(self.facts, claims.max_by_key(|claim| claim.weight()), self.claimed)
    }

    /// Whether a record's line of service, where it names one, is the encounter's.
    fn is_of_line(&self, line: Option<&Token>) -> bool {
        line.is_none() || self.facts.service_line.is_none() || line == self.facts.service_line.as_ref()
    }
}
