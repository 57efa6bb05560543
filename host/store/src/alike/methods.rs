//! The methods of a store, each with the file where its statements are. Compiled for each database, like all files beside it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use adjudica_core::records::{Claimed, Record};
use adjudica_core::{Digest, EncounterFacts, Token};
use async_trait::async_trait;

use crate::activation::reroute::{RecordedChange, Reroute, StaleMonth};
use crate::activation::{Change, NewChange};
use crate::chain::ChainReport;
use crate::decision::{
    CommittedDecision, DecisionFilter, DecisionPage, IdempotentAnswer, LedgerEntry, NewCommit, StoredDecision,
};
use crate::encounter::{
    BadEncounter, EncounterFilter, EncounterPage, Expected, NewEncounters, Parts, PutMode, PutReport, StoredEncounter,
};
use crate::error::StoreError;
use crate::in_force::{NewWithdrawal, Withdrawal};
use crate::instant::Instant;
use crate::library::{PolicyFile, PolicyFileSummary};
use crate::record::{LoadedRecords, NewRecords, RecordKey, RecordVersion, StoredRecord};
use crate::store::{Counts, Store, Withdrawn};
use crate::turn::Turn;
use crate::work::{ClientKey, ClientWork, HistoryFilter, HistoryPage, Work, WorkRequest};

use super::dialect::Dialect;
use super::{
    activations, commit, decisions, encounters, faults, ledger, library, on_file, records, schedules, status,
    withdrawals, work,
};

#[async_trait]
impl Store for Dialect {
    async fn put_encounters(
        &self,
        agency_id: &Token,
        encounters: &[EncounterFacts],
        mode: PutMode,
        now: Instant,
    ) -> Result<PutReport, StoreError> {
        let expected = &Expected::Anything;
        let parts: &Parts<'_, EncounterFacts> = &|| Box::new(std::iter::once(Ok(Cow::Borrowed(encounters))));
        encounters::put(self, &NewEncounters { agency_id, parts, mode, expected, now }).await
    }

    async fn import_encounters(
        &self,
        agency_id: &Token,
        parts: &Parts<'_, EncounterFacts>,
        mode: PutMode,
        now: Instant,
    ) -> Result<PutReport, StoreError> {
        let expected = &Expected::Anything;
        encounters::put(self, &NewEncounters { agency_id, parts, mode, expected, now }).await
    }

    async fn put_encounter_if(
        &self,
        agency_id: &Token,
        encounter: &EncounterFacts,
        expected: &Expected,
        now: Instant,
    ) -> Result<PutReport, StoreError> {
        let one = std::slice::from_ref(encounter);
        let parts: &Parts<'_, EncounterFacts> = &|| Box::new(std::iter::once(Ok(Cow::Borrowed(one))));
        encounters::put(self, &NewEncounters { agency_id, parts, mode: PutMode::Upsert, expected, now }).await
    }

    async fn find_encounter(
        &self,
        agency_id: &Token,
        encounter_id: &Token,
    ) -> Result<Option<StoredEncounter>, StoreError> {
        encounters::find(self, agency_id, encounter_id).await
    }

    async fn find_clients(
        &self,
        agency_id: &Token,
        encounter_ids: &[Token],
    ) -> Result<BTreeMap<Token, Token>, StoreError> {
        encounters::find_clients(self, agency_id, encounter_ids).await
    }

    async fn withdraw_encounter(
        &self,
        agency_id: &Token,
        encounter_id: &Token,
        new: &NewWithdrawal,
    ) -> Result<Option<Withdrawn>, StoreError> {
        withdrawals::withdraw(self, agency_id, encounter_id, new).await
    }

    async fn find_withdrawal(&self, agency_id: &Token, encounter_id: &Token) -> Result<Option<Withdrawal>, StoreError> {
        withdrawals::find(self, agency_id, encounter_id).await
    }

    async fn list_encounters(
        &self,
        agency_id: &Token,
        filter: &EncounterFilter,
        after: Option<&str>,
        limit: u32,
    ) -> Result<EncounterPage, StoreError> {
        encounters::list(self, agency_id, filter, after, limit).await
    }

    async fn put_records(
        &self,
        agency_id: &Token,
        records: &[Record],
        written_by: &str,
        now: Instant,
    ) -> Result<PutReport, StoreError> {
        let ids: BTreeSet<&Token> = records.iter().map(|record| &record.record_id).collect();
        let parts: &Parts<'_, Record> = &|| Box::new(std::iter::once(Ok(Cow::Borrowed(records))));
        let new = NewRecords { agency_id, parts, gives: &|id| ids.contains(id), written_by, now };
        records::put(self, &new).await
    }

    async fn import_records(&self, new: &NewRecords<'_, '_>) -> Result<PutReport, StoreError> {
        records::put(self, new).await
    }

    async fn load_records(&self, keys: &[RecordKey]) -> Result<LoadedRecords, StoreError> {
        records::load_for(self, keys).await
    }

    async fn load_claimed(&self, clients: &[ClientKey]) -> Result<BTreeMap<ClientKey, Vec<Claimed>>, StoreError> {
        records::load_claimed(self, clients).await
    }

    async fn list_records(&self, key: &RecordKey) -> Result<Vec<StoredRecord>, StoreError> {
        on_file::list(self, key).await
    }

    async fn find_record(&self, agency_id: &Token, record_id: &Token) -> Result<Option<StoredRecord>, StoreError> {
        on_file::find(self, agency_id, record_id).await
    }

    async fn record_history(&self, agency_id: &Token, record_id: &Token) -> Result<Vec<RecordVersion>, StoreError> {
        on_file::history(self, agency_id, record_id).await
    }

    async fn remove_record(&self, agency_id: &Token, record_id: &Token) -> Result<bool, StoreError> {
        on_file::remove(self, agency_id, record_id).await
    }

    async fn take_undecided(&self, turn: &mut Turn, now: Instant) -> Result<Work, StoreError> {
        work::take_undecided(self, turn, now).await
    }

    async fn load_work(&self, requests: &[WorkRequest]) -> Result<Vec<ClientWork>, StoreError> {
        work::load(self, requests).await
    }

    async fn keep_faults(&self, bad: &[BadEncounter], now: Instant) -> Result<(), StoreError> {
        faults::keep_faults(self, bad, now).await
    }

    async fn load_history(&self, filter: &HistoryFilter) -> Result<HistoryPage, StoreError> {
        work::load_history(self, filter).await
    }

    async fn ledger_of(
        &self,
        agency_id: &Token,
        client_id: &Token,
        through: Option<i64>,
    ) -> Result<Vec<LedgerEntry>, StoreError> {
        ledger::list(self, agency_id, client_id, through).await
    }

    async fn commit_decisions(&self, commit: NewCommit) -> Result<Vec<CommittedDecision>, StoreError> {
        commit::commit(self, &commit).await
    }

    async fn find_decision(&self, agency_id: &Token, decision_id: &str) -> Result<Option<StoredDecision>, StoreError> {
        decisions::find(self, agency_id, decision_id).await
    }

    async fn latest_decision(
        &self,
        agency_id: &Token,
        encounter_id: &Token,
    ) -> Result<Option<StoredDecision>, StoreError> {
        decisions::latest(self, agency_id, encounter_id).await
    }

    async fn list_decisions(
        &self,
        agency_id: &Token,
        filter: &DecisionFilter,
        after_sequence: i64,
        limit: u32,
    ) -> Result<DecisionPage, StoreError> {
        decisions::list(self, agency_id, filter, after_sequence, limit).await
    }

    async fn load_decisions(
        &self,
        agency_id: &Token,
        after_sequence: i64,
        limit: u32,
    ) -> Result<Vec<StoredDecision>, StoreError> {
        decisions::load(self, agency_id.as_str(), after_sequence, limit).await
    }

    async fn list_agencies(&self) -> Result<Vec<Token>, StoreError> {
        decisions::list_agencies(self).await
    }

    async fn verify_chain(&self, agency_id: &Token, after: i64, most: u32) -> Result<ChainReport, StoreError> {
        decisions::verify_chain(self, agency_id, after, most).await
    }

    async fn find_idempotent(&self, agency_id: &Token, key: &str) -> Result<Option<IdempotentAnswer>, StoreError> {
        decisions::find_idempotent(self, agency_id, key).await
    }

    async fn insert_policy_file(&self, file: &PolicyFile) -> Result<(), StoreError> {
        library::insert_policy_file(self, file).await
    }

    async fn list_policy_files(&self) -> Result<Vec<PolicyFileSummary>, StoreError> {
        library::list_policy_files(self).await
    }

    async fn load_policy_wasm(&self, digest: Digest) -> Result<Option<Vec<u8>>, StoreError> {
        library::load_policy_wasm(self, digest).await
    }

    async fn insert_terms(&self, digest: Digest, json: &str) -> Result<(), StoreError> {
        library::insert_terms(self, digest, json).await
    }

    async fn find_terms(&self, digest: Digest) -> Result<Option<String>, StoreError> {
        library::find_terms(self, digest).await
    }

    async fn record_change(&self, change: &NewChange) -> Result<RecordedChange, StoreError> {
        activations::record(self, change).await
    }

    async fn count_stale(&self, reroutes: &[Reroute]) -> Result<Vec<StaleMonth>, StoreError> {
        activations::count_stale(self, reroutes).await
    }

    async fn load_changes(&self, after_change_id: i64) -> Result<Vec<Change>, StoreError> {
        schedules::load(self, after_change_id).await
    }

    async fn latest_change_id(&self) -> Result<Option<i64>, StoreError> {
        schedules::latest(self).await
    }

    async fn list_faults(
        &self,
        agency_id: &Token,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<BadEncounter>, StoreError> {
        status::list_faults(self, agency_id, after, limit).await
    }

    async fn counts(&self) -> Result<Counts, StoreError> {
        status::counts(self).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        status::ping(self).await
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    async fn close(&self) {
        self.close_pools().await;
    }
}
