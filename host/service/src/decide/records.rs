//! Finds the records that concern encounters and resolves them. Keeping them is the store's, what they mean is the core's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use adjudica_core::EncounterFacts;
use adjudica_core::Token;
use adjudica_core::decision::UndeterminedCode;
use adjudica_core::records::RecordSubject;
use adjudica_core::records::resolve::{CareDays, RecordBook, resolve};
use adjudica_store::{BadRecord, ClientKey, RecordKey, Store, StoreError};

use crate::decide::service::DecisionService;
use crate::decide::work::{Known, Work};
use crate::error::ServiceError;
use crate::registry::answerer::Routed;

/// The records that concern some encounters.
#[derive(Default)]
pub struct Records {
    agency_to_book: BTreeMap<Token, Arc<RecordBook>>,
    bad: Vec<BadRecord>,
}

/// What an encounter's records are about.
#[must_use]
pub fn keys(agency_id: &Token, facts: &EncounterFacts) -> [RecordKey; 4] {
    let key = |subject, subject_id: &Token| RecordKey {
        agency_id: agency_id.clone(),
        subject,
        subject_id: subject_id.clone(),
    };
    [
        key(RecordSubject::Client, &facts.client_id),
        key(RecordSubject::Encounter, &facts.encounter_id),
        key(RecordSubject::Provider, &facts.rendering_provider_id),
        key(RecordSubject::Practice, &facts.billing_provider_id),
    ]
}

impl DecisionService {
    /// Reads the records of everything that `works` names, in one call of the store.
    pub(crate) async fn read_records(&self, works: &[Work<Known>]) -> Result<Records, ServiceError> {
        let named =
            works.iter().flat_map(|work| work.encounters.iter().flat_map(|known| keys(&work.agency_id, &known.facts)));
        let named: BTreeSet<RecordKey> = named.collect();
        let corrected = works.iter().filter(|work| work.has_corrections);
        let key =
            |work: &Work<Known>| ClientKey { agency_id: work.agency_id.clone(), client_id: work.client_id.clone() };
        let corrected: Vec<ClientKey> = corrected.map(key).collect();
        Ok(Records::read(self.store.as_ref(), named, &corrected).await?)
    }
}

impl Records {
    /// Reads the records about what is named in one call of the store, and those claims of the clients in `corrected` that
    /// replace or void others in a second.
    ///
    /// # Errors
    /// That the store does not answer. A record that cannot be read is none: nobody answers for the days that it holds.
    pub async fn read(
        store: &dyn Store,
        named: BTreeSet<RecordKey>,
        corrected: &[ClientKey],
    ) -> Result<Self, StoreError> {
        let named: Vec<RecordKey> = named.into_iter().collect();
        let loaded = store.load_records(&named).await?;
        let books = loaded.agency_to_records.into_iter();
        let mut agency_to_book: BTreeMap<Token, RecordBook> =
            books.map(|(agency, records)| (agency, RecordBook::new(records))).collect();
        if !corrected.is_empty() {
            for (client, claimed) in store.load_claimed(corrected).await? {
                agency_to_book.entry(client.agency_id).or_default().add_claimed(client.client_id, claimed);
            }
        }
        let shared = agency_to_book.into_iter().map(|(agency, book)| (agency, Arc::new(book)));
        Ok(Self { agency_to_book: shared.collect(), bad: loaded.bad })
    }

    /// Puts what the records say on the encounter. Where one of them cannot be read, nobody answers for it. Where what they
    /// say depends on what was billed before, they are given back to be asked then.
    #[must_use]
    pub fn resolve(
        &self,
        agency: &Token,
        facts: &mut EncounterFacts,
        routed: Routed,
    ) -> (Routed, Option<Arc<RecordBook>>) {
        facts.standing = None;
        let concerns =
            |bad: &&BadRecord| bad.days.hold(facts.date_of_service) && keys(agency, facts).contains(&bad.key);
        if let Some(bad) = self.bad.iter().find(concerns) {
            return (Routed::Nobody(UndeterminedCode::RecordUnreadable, bad.fault.clone()), None);
        }
        let (Some(book), Routed::To(answerer)) = (self.agency_to_book.get(agency), &routed) else {
            return (routed, None);
        };
        if book.asks_for_care(facts) {
            let book = Arc::clone(book);
            return (routed, Some(book));
        }
        facts.standing = resolve(book, facts, &answerer.terms.rendering_sources, &CareDays::new());
        (routed, None)
    }
}
