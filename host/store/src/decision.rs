//! Decisions as they are committed and kept, and the ledger that they write.

use std::fmt;

use adjudica_core::{Decision, Digest, EncounterFacts, LedgerLine, Outcome, ServiceDate, Token};

use crate::instant::Instant;
use crate::raw::decision::RawDecision;

/// The policy that made a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRef {
    /// Its name.
    pub policy_id: Token,
    /// Its semver version.
    pub version: String,
    /// The digest of its file.
    pub digest: Digest,
}

/// A decision to be written. `Debug` prints its ids only: the rest is client data.
#[derive(Clone, PartialEq, Eq)]
pub struct NewDecision {
    /// UUID version 7 as text, given by the caller.
    pub decision_id: String,
    /// The encounter decided.
    pub encounter_id: Token,
    /// The revision of the stored encounter that was read; `None` when the encounter is kept elsewhere.
    pub encounter_revision: Option<i64>,
    /// The encounter itself, when it came with the request and is to be stored as revision 1 together with the decision.
    pub new_encounter: Option<EncounterFacts>,
    /// The payer.
    pub payer_id: Token,
    /// The plan within the payer.
    pub plan_id: Option<Token>,
    /// The line of service.
    pub service_line: Option<Token>,
    /// The day of the work.
    pub date_of_service: ServiceDate,
    /// The policy; `None` when none was in force.
    pub policy: Option<PolicyRef>,
    /// The terms; `None` when no policy was in force.
    pub terms_digest: Option<Digest>,
    /// When it was decided. Rounded to microseconds: see [`crate::instant::round`].
    pub decided_at: Instant,
    /// The decision in force for this encounter until now.
    pub supersedes: Option<String>,
    /// Canonical JSON of everything that made it. These bytes are hashed, stored and given back.
    pub record: String,
    /// The answer.
    pub decision: Decision,
    /// What enters the ledger; must be empty unless the outcome is accepted.
    pub ledger_lines: Vec<LedgerLine>,
}

impl fmt::Debug for NewDecision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("NewDecision");
        shown.field("decision_id", &self.decision_id).field("encounter_id", &self.encounter_id);
        shown.finish_non_exhaustive()
    }
}

/// Decisions about one client, made on the ledger up to `ledger_through`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCommit {
    /// The agency.
    pub agency_id: Token,
    /// The client.
    pub client_id: Token,
    /// The last change of activations that concerns the agency, as the decisions know it; 0 before the first.
    pub schedule_change: i64,
    /// [`crate::ClientWork::ledger_through`] as it was read.
    pub ledger_through: i64,
    /// The decisions, in the order they were made.
    pub decisions: Vec<NewDecision>,
    /// Encounters that were decided again with the answer that is in force: nothing is written for them.
    pub confirmed: Vec<Confirmed>,
}

/// An encounter whose decision in force holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    /// The encounter.
    pub encounter_id: Token,
    /// The revision that was read.
    pub encounter_revision: Option<i64>,
    /// The day of the work.
    pub date_of_service: ServiceDate,
    /// The decision in force.
    pub decision_id: String,
}

/// An answer to keep under a key that the caller chose.
#[derive(Clone, PartialEq, Eq)]
pub struct NewIdempotency {
    /// The agency.
    pub agency_id: Token,
    /// The key.
    pub key: String,
    /// Digest of the request's body.
    pub body_digest: Digest,
    /// The answer to give again.
    pub response: Vec<u8>,
    /// When it was given.
    pub recorded_at: Instant,
}

/// What one call of [`crate::Store::commit_decisions`] writes, whole or not at all.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct NewCommit {
    /// The decisions by client; the same client at most once.
    pub clients: Vec<ClientCommit>,
    /// The answers to keep with them; the same key of an agency at most once.
    pub idempotency: Vec<NewIdempotency>,
}

/// Where a decision stands in its agency's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommittedDecision {
    /// The decision.
    pub decision_id: String,
    /// Its place in the agency's chain, from 1, without gaps.
    pub sequence: i64,
    /// The hash that covers it and all before it.
    pub hash: Digest,
}

/// An answer kept under a key.
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotentAnswer {
    /// Digest of the body it answered.
    pub body_digest: Digest,
    /// The answer.
    pub response: Vec<u8>,
}

/// A decision without its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionSummary {
    /// Its id.
    pub decision_id: String,
    /// The agency.
    pub agency_id: Token,
    /// Its place in the agency's chain.
    pub sequence: i64,
    /// The client.
    pub client_id: Token,
    /// The encounter.
    pub encounter_id: Token,
    /// The revision of the stored encounter; `None` when the facts came with the request.
    pub encounter_revision: Option<i64>,
    /// The payer.
    pub payer_id: Token,
    /// The day of the work.
    pub date_of_service: ServiceDate,
    /// What becomes of the encounter.
    pub outcome: Outcome,
    /// The policy; `None` when none was in force.
    pub policy: Option<PolicyRef>,
    /// The terms.
    pub terms_digest: Option<Digest>,
    /// When it was decided.
    pub decided_at: Instant,
    /// The decision it replaced.
    pub supersedes: Option<String>,
    /// The hash before it.
    pub previous_hash: Digest,
    /// Its own hash.
    pub hash: Digest,
    /// Whether it is in force: no other has replaced it, and its encounter was not taken out.
    pub in_force: bool,
    /// Whether it is not in force, or something that it rests on has changed since and a new decision is due.
    pub is_stale: bool,
}

/// A decision with its record: lines, findings and facts are in there, byte for byte as they were answered.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredDecision {
    /// Everything but the record.
    pub summary: DecisionSummary,
    /// The record as it was written.
    pub record: String,
}

/// Which decisions to list; an absent part takes all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DecisionFilter {
    /// Only with this outcome.
    pub outcome: Option<Outcome>,
    /// Only for this payer.
    pub payer_id: Option<Token>,
    /// Only of this client.
    pub client_id: Option<Token>,
    /// Only about this encounter.
    pub encounter_id: Option<Token>,
    /// Only those that are in force, or only those that are not any more.
    pub in_force: Option<bool>,
    /// Only by this policy file.
    pub policy_digest: Option<Digest>,
    /// First date of service.
    pub from: Option<ServiceDate>,
    /// First date of service after.
    pub to: Option<ServiceDate>,
}

/// Decisions that were found, and where to go on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DecisionPage {
    /// Those that were found: none, where none of the many that were looked at is asked for.
    pub decisions: Vec<DecisionSummary>,
    /// Those among them that cannot be read, by sequence, and why.
    pub unreadable: Vec<(i64, String)>,
    /// The last sequence that was looked at; `None` where there is no later decision.
    pub next_after: Option<i64>,
}

impl DecisionPage {
    /// Most decisions that one page looks at, where no index finds those of its filter.
    pub(crate) const LOOKED_AT_MAX: i64 = 10_000;

    /// A page of what was found; `looked_through` is the last sequence that was looked at where the page is not full, if any come
    /// after it.
    pub(crate) fn new(rows: Vec<RawDecision>, limit: u32, looked_through: Option<i64>) -> Self {
        let is_full = u32::try_from(rows.len()).is_ok_and(|rows| rows >= limit);
        let last = rows.last().map(|last| last.sequence);
        let mut page = Self { next_after: if is_full { last } else { looked_through }, ..Self::default() };
        for row in rows {
            let sequence = row.sequence;
            match row.parse() {
                Ok(decision) => page.decisions.push(decision),
                Err(fault) => page.unreadable.push((sequence, fault.to_string())),
            }
        }
        page
    }
}

/// What a row of the ledger does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LedgerKind {
    /// Bills a line.
    Line,
    /// Takes an earlier line back.
    Reversal,
}

impl LedgerKind {
    /// The word in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Reversal => "reversal",
        }
    }
}

/// One row of a client's ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Its place in the client's ledger, from 1, without gaps.
    pub seq: i64,
    /// What it does.
    pub kind: LedgerKind,
    /// The decision that wrote it.
    pub decision_id: String,
    /// The encounter.
    pub encounter_id: Token,
    /// The line; a reversal repeats the line it takes back with its amount negated.
    pub line: LedgerLine,
    /// The place of the line it takes back.
    pub reverses_seq: Option<i64>,
    /// When it was written.
    pub recorded_at: Instant,
}
