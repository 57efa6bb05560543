//! The one trait that both databases implement. What each method promises is written here, and tested on both.

use std::collections::BTreeMap;

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
    BadEncounter, EncounterFilter, EncounterPage, Expected, Parts, PutMode, PutReport, StoredEncounter,
};
use crate::error::StoreError;
use crate::in_force::{NewWithdrawal, Withdrawal};
use crate::instant::Instant;
use crate::library::{PolicyFile, PolicyFileSummary};
use crate::record::{LoadedRecords, NewRecords, RecordKey, RecordVersion, StoredRecord};
use crate::turn::Turn;
use crate::work::{ClientKey, ClientWork, HistoryFilter, HistoryPage, Work, WorkRequest};

/// How much the store holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Encounters.
    pub encounters: u64,
    /// Encounters that wait for a decision.
    pub undecided: u64,
    /// Of these, encounters that have one already: it is stale.
    pub stale: u64,
    /// Encounters whose rows could not be read.
    pub faults: u64,
    /// Decisions.
    pub decisions: u64,
    /// Policy files.
    pub policy_files: u64,
    /// Changes of activations.
    pub changes: u64,
}

/// Keeps everything. Each writing method is one transaction: it happens whole, durably, or not at all.
///
/// Every method may fail with [`StoreError::Unavailable`] and, where it reads, with [`StoreError::Corrupt`].
#[async_trait]
pub trait Store: Send + Sync {
    /// Puts encounters and queues the new and changed ones for a decision.
    /// # Errors
    /// [`StoreError::EncountersExist`] names every id that is there (with [`PutMode::InsertOnly`]) or is given twice.
    /// [`StoreError::BadEncounters`] names every count that is too large. Nothing is written then.
    async fn put_encounters(
        &self,
        agency_id: &Token,
        encounters: &[EncounterFacts],
        mode: PutMode,
        now: Instant,
    ) -> Result<PutReport, StoreError>;

    /// Puts encounters that come in parts as one: all of them, or none. Memory holds one part. Each id is given once over all.
    /// # Errors
    /// As [`Store::put_encounters`]; [`StoreError::Unavailable`] where a part cannot be read.
    async fn import_encounters(
        &self,
        agency_id: &Token,
        parts: &Parts<'_, EncounterFacts>,
        mode: PutMode,
        now: Instant,
    ) -> Result<PutReport, StoreError>;

    /// Puts one encounter where it is as `expected`: decided in the transaction that writes.
    /// # Errors
    /// As [`Store::put_encounters`]; [`StoreError::Unexpected`] where it is not so.
    async fn put_encounter_if(
        &self,
        agency_id: &Token,
        encounter: &EncounterFacts,
        expected: &Expected,
        now: Instant,
    ) -> Result<PutReport, StoreError>;

    /// One encounter.
    /// # Errors
    /// [`StoreError::Corrupt`] names every fault when its rows are not valid facts.
    async fn find_encounter(
        &self,
        agency_id: &Token,
        encounter_id: &Token,
    ) -> Result<Option<StoredEncounter>, StoreError>;

    /// The client of each encounter that is stored and whose client can be read.
    /// # Errors
    /// As all.
    async fn find_clients(
        &self,
        agency_id: &Token,
        encounter_ids: &[Token],
    ) -> Result<BTreeMap<Token, Token>, StoreError>;

    /// Takes an encounter out: its row goes, what its decision in force billed is given back, decisions of the client about
    /// later encounters are queued. `None` when there is no such encounter. Another system's DELETE does the same.
    /// # Errors
    /// As all.
    async fn withdraw_encounter(
        &self,
        agency_id: &Token,
        encounter_id: &Token,
        new: &NewWithdrawal,
    ) -> Result<Option<Withdrawn>, StoreError>;

    /// How an encounter was taken out last.
    /// # Errors
    /// As all.
    async fn find_withdrawal(&self, agency_id: &Token, encounter_id: &Token) -> Result<Option<Withdrawal>, StoreError>;

    /// A page of encounters in order of id, after `after`.
    /// # Errors
    /// As all.
    async fn list_encounters(
        &self,
        agency_id: &Token,
        filter: &EncounterFilter,
        after: Option<&str>,
        limit: u32,
    ) -> Result<EncounterPage, StoreError>;

    /// Puts records: new ones are added, changed ones get another version. The encounters that they can touch are queued.
    /// # Errors
    /// [`StoreError::BadRecords`] with every fault of the records and of what they make with those on file; then none is
    /// put.
    async fn put_records(
        &self,
        agency_id: &Token,
        records: &[Record],
        written_by: &str,
        now: Instant,
    ) -> Result<PutReport, StoreError>;

    /// Puts records that come in parts as one: all of them, or none. Memory holds one part.
    /// # Errors
    /// As [`Store::put_records`]; [`StoreError::Unavailable`] where a part cannot be read.
    async fn import_records(&self, new: &NewRecords<'_, '_>) -> Result<PutReport, StoreError>;

    /// The records about many things, and about the people whom clients' records name: what decisions need.
    /// # Errors
    /// As all; records that cannot be read are listed.
    async fn load_records(&self, keys: &[RecordKey]) -> Result<LoadedRecords, StoreError>;

    /// Encounters of the clients that claims which correct others may be about: those with such claims, those of the same payer
    /// and day, and those whose claim has the number that one of them names. Clients without such claims are absent.
    /// # Errors
    /// As all.
    async fn load_claimed(&self, clients: &[ClientKey]) -> Result<BTreeMap<ClientKey, Vec<Claimed>>, StoreError>;

    /// The records about one thing, in order of id.
    /// # Errors
    /// [`StoreError::Corrupt`] when one cannot be read.
    async fn list_records(&self, key: &RecordKey) -> Result<Vec<StoredRecord>, StoreError>;

    /// One record.
    /// # Errors
    /// [`StoreError::Corrupt`] when it cannot be read.
    async fn find_record(&self, agency_id: &Token, record_id: &Token) -> Result<Option<StoredRecord>, StoreError>;

    /// Every version of a record, the oldest first; empty when there never was one.
    /// # Errors
    /// As all.
    async fn record_history(&self, agency_id: &Token, record_id: &Token) -> Result<Vec<RecordVersion>, StoreError>;

    /// Removes a record; its versions stay. Whether it was there.
    /// # Errors
    /// As all.
    async fn remove_record(&self, agency_id: &Token, record_id: &Token) -> Result<bool, StoreError>;

    /// The next clients of the round with their undecided encounters, and from the first again after the last; nothing where
    /// nothing waits. They stay in the queue until a decision about this revision is committed. Encounters that cannot be read
    /// leave it and are kept as faults. What other hosts have taken is passed by, and waited for where nothing else waits.
    /// # Errors
    /// As all.
    async fn take_undecided(&self, turn: &mut Turn, now: Instant) -> Result<Work, StoreError>;

    /// Chosen encounters with their clients' ledgers, one answer for each request, in order. Encounters that are not
    /// stored, cannot be read, or are another client's, are left out of `encounters`.
    /// # Errors
    /// As all.
    async fn load_work(&self, requests: &[WorkRequest]) -> Result<Vec<ClientWork>, StoreError>;

    /// Keeps what is wrong with encounters that cannot be read, as [`Store::take_undecided`] does: they leave the queue, and
    /// what was billed for them is given back, until their rows change. Leaves alone what changed since it was read.
    /// # Errors
    /// As all.
    async fn keep_faults(&self, bad: &[BadEncounter], now: Instant) -> Result<(), StoreError>;

    /// Encounters of whole clients, in order of client: for deciding history again.
    /// # Errors
    /// As all.
    async fn load_history(&self, filter: &HistoryFilter) -> Result<HistoryPage, StoreError>;

    /// A client's ledger in order, reversals included, up to and including `through`.
    /// # Errors
    /// As all.
    async fn ledger_of(
        &self,
        agency_id: &Token,
        client_id: &Token,
        through: Option<i64>,
    ) -> Result<Vec<LedgerEntry>, StoreError>;

    /// Writes decisions, their lines and findings, the ledger, reversals of what they supersede, and their places in
    /// the agencies' chains; takes decided revisions out of the queue; keeps the answers. Gives the places in order.
    /// Decisions of the clients about encounters after one whose lines change are queued.
    /// # Errors
    /// [`StoreError::ScheduleMoved`] names every client whose decisions know fewer changes of activations than there are.
    /// [`StoreError::LedgerMoved`] names every client whose ledger has grown since, or one of whose encounters has
    /// another decision in force than the new one supersedes. [`StoreError::IdempotencyKeyUsed`] names the first key that is taken.
    /// [`StoreError::BadCommit`] when the request contradicts itself. Nothing is written then.
    async fn commit_decisions(&self, commit: NewCommit) -> Result<Vec<CommittedDecision>, StoreError>;

    /// One decision with its record.
    /// # Errors
    /// As all.
    async fn find_decision(&self, agency_id: &Token, decision_id: &str) -> Result<Option<StoredDecision>, StoreError>;

    /// The decision in force for an encounter.
    /// # Errors
    /// As all.
    async fn latest_decision(
        &self,
        agency_id: &Token,
        encounter_id: &Token,
    ) -> Result<Option<StoredDecision>, StoreError>;

    /// Decisions in order of sequence, after `after_sequence`, without their records.
    /// # Errors
    /// As all.
    async fn list_decisions(
        &self,
        agency_id: &Token,
        filter: &DecisionFilter,
        after_sequence: i64,
        limit: u32,
    ) -> Result<DecisionPage, StoreError>;

    /// Decisions with their records, in order of sequence, after `after_sequence`: for audits and replay.
    /// # Errors
    /// As all.
    async fn load_decisions(
        &self,
        agency_id: &Token,
        after_sequence: i64,
        limit: u32,
    ) -> Result<Vec<StoredDecision>, StoreError>;

    /// Agencies that have decisions.
    /// # Errors
    /// As all.
    async fn list_agencies(&self) -> Result<Vec<Token>, StoreError>;

    /// Calculates an agency's chain again from its first decision.
    /// # Errors
    /// As all; a chain that does not fit is an answer.
    async fn verify_chain(&self, agency_id: &Token, after: i64, most: u32) -> Result<ChainReport, StoreError>;

    /// The answer kept under a key.
    /// # Errors
    /// As all.
    async fn find_idempotent(&self, agency_id: &Token, key: &str) -> Result<Option<IdempotentAnswer>, StoreError>;

    /// Keeps a policy file. The same file again changes nothing.
    /// # Errors
    /// [`StoreError::VersionTaken`] when the policy has another file under this version; [`StoreError::WrongDigest`].
    async fn insert_policy_file(&self, file: &PolicyFile) -> Result<(), StoreError>;

    /// Every policy file, by name then arrival, without bytes.
    /// # Errors
    /// As all.
    async fn list_policy_files(&self) -> Result<Vec<PolicyFileSummary>, StoreError>;

    /// The bytes of a policy file.
    /// # Errors
    /// [`StoreError::Corrupt`] when they no longer have their digest.
    async fn load_policy_wasm(&self, digest: Digest) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps terms. The same terms again change nothing.
    /// # Errors
    /// [`StoreError::WrongDigest`].
    async fn insert_terms(&self, digest: Digest, json: &str) -> Result<(), StoreError>;

    /// The JSON of terms.
    /// # Errors
    /// As all.
    async fn find_terms(&self, digest: Digest) -> Result<Option<String>, StoreError>;

    /// Records a change of activations, and in the same transaction queues the decisions that its reroutes make stale.
    /// # Errors
    /// [`StoreError::ActivationMoved`] when another change came in between, [`StoreError::BadSchedule`] with every
    /// fault.
    async fn record_change(&self, change: &NewChange) -> Result<RecordedChange, StoreError>;

    /// How many decisions in force `reroutes` would make stale, in order of payer and month.
    /// # Errors
    /// As all.
    async fn count_stale(&self, reroutes: &[Reroute]) -> Result<Vec<StaleMonth>, StoreError>;

    /// Changes in order, after `after_change_id` (0 for all).
    /// # Errors
    /// As all.
    async fn load_changes(&self, after_change_id: i64) -> Result<Vec<Change>, StoreError>;

    /// The number of the latest change: cheap, to be asked often.
    /// # Errors
    /// As all.
    async fn latest_change_id(&self) -> Result<Option<i64>, StoreError>;

    /// Encounters of an agency whose rows could not be read, in order of id, after `after`.
    /// # Errors
    /// As all.
    async fn list_faults(
        &self,
        agency_id: &Token,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<BadEncounter>, StoreError>;

    /// How much there is.
    /// # Errors
    /// As all.
    async fn counts(&self) -> Result<Counts, StoreError>;

    /// Asks the database for an answer.
    /// # Errors
    /// As all.
    async fn ping(&self) -> Result<(), StoreError>;

    /// What an operator should know about this database, such as settings that risk loss. Empty when all is well.
    fn warnings(&self) -> &[String];

    /// Waits for the open connections to end.
    async fn close(&self);
}

/// An encounter that was taken out, and what that did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawn {
    /// What is kept of it.
    pub withdrawal: Withdrawal,
    /// Billed lines that were given back.
    pub lines_given_back: u64,
    /// Decisions of the client that it made stale.
    pub made_stale: u64,
}

impl Withdrawn {
    pub(crate) fn new(withdrawal: Withdrawal, lines_given_back: i64, made_stale: i64) -> Self {
        let count = |number: i64| u64::try_from(number).unwrap_or(0);
        Self { withdrawal, lines_given_back: count(lines_given_back), made_stale: count(made_stale) }
    }
}

/// Encounters, undecided, faults, decisions, policy files, changes, stale.
pub(crate) type RawCounts = (i64, i64, i64, i64, i64, i64, i64);

/// `agency_id, encounter_id, revision, faults`.
pub(crate) type RawFault = (String, String, i64, String);

/// The faults of a row.
pub(crate) fn parse_faults((agency_id, encounter_id, revision, faults): RawFault) -> Result<BadEncounter, StoreError> {
    let faults = serde_json::from_str(&faults).map_err(|fault| StoreError::Corrupt {
        table: "encounter_fault",
        row: encounter_id.clone(),
        fault: format!("faults that are no list of texts: {fault}"),
    })?;
    Ok(BadEncounter { agency_id, encounter_id, revision, faults })
}

impl Counts {
    pub(crate) fn from_row(row: RawCounts) -> Self {
        let count = |number: i64| u64::try_from(number).unwrap_or(0);
        Self {
            encounters: count(row.0),
            undecided: count(row.1),
            faults: count(row.2),
            decisions: count(row.3),
            policy_files: count(row.4),
            changes: count(row.5),
            stale: count(row.6),
        }
    }
}
