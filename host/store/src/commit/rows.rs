//! The rows that a commit writes, as both databases take them.

use std::collections::{BTreeMap, BTreeSet};

use adjudica_core::{Cents, Decision, Digest, EncounterFacts, LedgerLine, Modifier, Token};
use serde::Serialize;

use crate::chain::hex;
use crate::commit::EncounterRef;
use crate::decision::{ClientCommit, CommittedDecision, Confirmed, LedgerKind, NewDecision};
use crate::error::StoreError;
use crate::instant::microseconds;
use crate::raw::encounter::EncounterRows;
use crate::raw::ledger::RawLedger;

/// Everything that a commit writes.
#[derive(Default)]
pub(crate) struct CommitRows<'a> {
    pub(crate) decisions: Vec<DecisionRow<'a>>,
    pub(crate) lines: Vec<LineRow<'a>>,
    pub(crate) findings: Vec<FindingRow<'a>>,
    pub(crate) ledger: Vec<LedgerRow<'a>>,
    pub(crate) heads: Vec<HeadRow<'a>>,
    /// The decisions in force from now on, one for each of `decisions`.
    pub(crate) in_force: Vec<InForceRow<'a>>,
    pub(crate) confirmed: Vec<ConfirmedRow<'a>>,
    /// Encounters to be stored with the decisions about them, and their agencies.
    pub(crate) new_encounters: Vec<(&'a str, &'a EncounterFacts)>,
    pub(crate) decided: Vec<DecidedRow<'a>>,
    pub(crate) touched: Vec<TouchedRow<'a>>,
    /// Encounters that `touched` does not queue.
    pub(crate) settled: Vec<EncounterRef<'a>>,
    pub(crate) committed: Vec<CommittedDecision>,
}

/// What is done to each table that a commit must write completely, and how many rows of it are added or, for the ends of
/// chains, replaced.
pub(crate) type Counts = [(&'static str, u64); 5];

impl CommitRows<'_> {
    /// The counts that must be written, in the order of the tables.
    pub(crate) fn counts(&self) -> Counts {
        let rows = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        [
            ("writing decisions", rows(self.decisions.len())),
            ("writing lines", rows(self.lines.len())),
            ("writing findings", rows(self.findings.len())),
            ("writing the ledger", rows(self.ledger.len())),
            ("writing the ends of chains", rows(self.heads.len())),
        ]
    }
}

impl<'a> CommitRows<'a> {
    /// The encounters that are stored with the decisions about them, by agency, and when.
    pub(crate) fn stored_by_agency(&self) -> Vec<(&'a str, EncounterRows<'a>, i64)> {
        let agencies: BTreeSet<&'a str> = self.new_encounters.iter().map(|(agency_id, _)| *agency_id).collect();
        let now = self.decisions.first().map_or(0, |decision| decision.decided_at);
        let of = |agency: &'a str| {
            let own = self.new_encounters.iter().filter(move |(agency_id, _)| *agency_id == agency);
            (agency, EncounterRows::new(own.map(|(_, facts)| *facts)), now)
        };
        agencies.into_iter().map(of).collect()
    }
}

/// Refuses a write of a table that did not touch as many rows as it must.
pub(crate) fn require_count(doing: &'static str, expected: u64, found: u64) -> Result<(), StoreError> {
    if found == expected { Ok(()) } else { Err(StoreError::RowCount { doing, expected, found }) }
}

#[derive(Serialize)]
pub(crate) struct DecisionRow<'a> {
    pub(crate) agency_id: &'a str,
    pub(crate) sequence: i64,
    pub(crate) decision_id: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) encounter_id: &'a str,
    pub(crate) encounter_revision: Option<i64>,
    pub(crate) payer_id: &'a str,
    pub(crate) date_of_service: String,
    pub(crate) outcome: &'static str,
    pub(crate) policy_id: Option<&'a str>,
    pub(crate) policy_version: Option<&'a str>,
    pub(crate) policy_digest: Option<String>,
    pub(crate) terms_digest: Option<String>,
    pub(crate) decided_at: i64,
    pub(crate) supersedes: Option<&'a str>,
    pub(crate) record: &'a str,
    pub(crate) previous_hash: String,
    pub(crate) hash: String,
}

#[derive(Serialize)]
pub(crate) struct LineRow<'a> {
    pub(crate) agency_id: &'a str,
    pub(crate) decision_id: &'a str,
    pub(crate) position: i64,
    pub(crate) procedure_code: &'a str,
    pub(crate) modifiers: String,
    pub(crate) units: i64,
    pub(crate) amount_cents: Option<i64>,
}

#[derive(Serialize)]
pub(crate) struct FindingRow<'a> {
    pub(crate) agency_id: &'a str,
    pub(crate) decision_id: &'a str,
    pub(crate) position: i64,
    pub(crate) rule_id: &'a str,
    pub(crate) kind: String,
    pub(crate) effect: String,
    pub(crate) verdict: String,
    pub(crate) observed: Option<i64>,
    pub(crate) expected: Option<i64>,
    pub(crate) subject_kind: Option<String>,
    pub(crate) subject_name: Option<&'a str>,
    pub(crate) carc: Option<&'a str>,
    pub(crate) liability_group: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct LedgerRow<'a> {
    pub(crate) agency_id: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) seq: i64,
    pub(crate) kind: &'static str,
    pub(crate) decision_id: &'a str,
    pub(crate) encounter_id: &'a str,
    pub(crate) payer_id: &'a str,
    pub(crate) date_of_service: String,
    pub(crate) procedure_code: &'a str,
    pub(crate) units: i64,
    pub(crate) amount_cents: Cents,
    pub(crate) billing_provider_id: &'a str,
    pub(crate) rendering_provider_id: &'a str,
    pub(crate) diagnosis: Option<&'a str>,
    pub(crate) reverses_seq: Option<i64>,
    pub(crate) recorded_at: i64,
    pub(crate) minutes: Option<i64>,
    pub(crate) paid_cents: Option<Cents>,
    pub(crate) deductible_cents: Option<Cents>,
    pub(crate) mode: Option<&'a str>,
}

#[derive(Serialize)]
pub(crate) struct HeadRow<'a> {
    pub(crate) agency_id: &'a str,
    pub(crate) length: i64,
    pub(crate) head_hash: String,
}

#[derive(Serialize)]
pub(crate) struct DecidedRow<'a> {
    pub(crate) agency_id: &'a str,
    pub(crate) encounter_id: &'a str,
    pub(crate) revision: i64,
}

/// The decision in force for an encounter.
#[derive(Serialize)]
pub(crate) struct InForceRow<'a> {
    pub(crate) agency_id: &'a str,
    pub(crate) payer_id: &'a str,
    pub(crate) date_of_service: String,
    pub(crate) encounter_id: &'a str,
    pub(crate) plan_id: Option<&'a str>,
    pub(crate) service_line: Option<&'a str>,
    pub(crate) client_id: &'a str,
    pub(crate) decision_id: &'a str,
    pub(crate) encounter_revision: i64,
    pub(crate) policy_digest: Option<String>,
    pub(crate) terms_digest: Option<String>,
}

/// A decision in force that holds for a later revision too.
#[derive(Serialize)]
pub(crate) struct ConfirmedRow<'a> {
    pub(crate) agency_id: &'a str,
    pub(crate) encounter_id: &'a str,
    pub(crate) encounter_revision: i64,
}

/// A client whose ledger changes at an encounter: decisions about encounters after it that are not of this commit become stale.
#[derive(Clone, Serialize)]
pub(crate) struct TouchedRow<'a> {
    pub(crate) agency_id: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) after_day: String,
    pub(crate) after_encounter: &'a str,
}

/// What a ledger row bills, whether it is a line or its taking back.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Billed<'r> {
    client: (&'r str, &'r str),
    encounter: &'r str,
    service: (&'r str, &'r str, &'r str, Option<&'r str>, Option<&'r str>),
    providers: (&'r str, &'r str),
    counts: (i64, Option<i64>),
    cents: (Cents, Option<Cents>, Option<Cents>),
}

impl<'r> Billed<'r> {
    fn of(row: &'r LedgerRow<'_>) -> Self {
        let billed = |cents: Cents| if row.reverses_seq.is_some() { cents.negated() } else { cents };
        Self {
            client: (row.agency_id, row.client_id),
            encounter: row.encounter_id,
            service: (row.payer_id, &row.date_of_service, row.procedure_code, row.diagnosis, row.mode),
            providers: (row.billing_provider_id, row.rendering_provider_id),
            counts: (row.units, row.minutes),
            cents: (billed(row.amount_cents), row.paid_cents.map(billed), row.deductible_cents.map(billed)),
        }
    }
}

impl<'a> TouchedRow<'a> {
    /// The first encounter of each client at which `ledger` changes what is billed. A line that is taken back and billed
    /// again as it was changes nothing.
    pub(crate) fn of(ledger: &[LedgerRow<'a>]) -> Vec<Self> {
        let mut changes: BTreeMap<Billed<'_>, i64> = BTreeMap::new();
        for row in ledger {
            let change = if row.reverses_seq.is_some() { -1 } else { 1 };
            *changes.entry(Billed::of(row)).or_default() += change;
        }
        let mut first_places: BTreeMap<(&'a str, &'a str), (&str, &'a str)> = BTreeMap::new();
        let changed = |row: &&LedgerRow<'_>| changes.get(&Billed::of(row)).is_some_and(|change| *change != 0);
        for row in ledger.iter().filter(changed) {
            let own = (row.date_of_service.as_str(), row.encounter_id);
            let place = first_places.entry((row.agency_id, row.client_id)).or_insert(own);
            *place = (*place).min(own);
        }
        let row = |((agency_id, client_id), (day, after_encounter)): ((&'a str, &'a str), (&str, &'a str))| Self {
            agency_id,
            client_id,
            after_day: day.to_owned(),
            after_encounter,
        };
        first_places.into_iter().map(row).collect()
    }

    /// Whether it stands before an encounter of the client, given by day and id.
    pub(crate) fn is_before(&self, client: &ClientCommit, day: &str, encounter_id: &str) -> bool {
        self.agency_id == client.agency_id.as_str()
            && self.client_id == client.client_id.as_str()
            && (self.after_day.as_str(), self.after_encounter) < (day, encounter_id)
    }
}

impl<'a> InForceRow<'a> {
    pub(crate) fn new(client: &'a ClientCommit, decision: &'a NewDecision) -> Self {
        Self {
            agency_id: client.agency_id.as_str(),
            payer_id: decision.payer_id.as_str(),
            date_of_service: decision.date_of_service.to_string(),
            encounter_id: decision.encounter_id.as_str(),
            plan_id: decision.plan_id.as_ref().map(Token::as_str),
            service_line: decision.service_line.as_ref().map(Token::as_str),
            client_id: client.client_id.as_str(),
            decision_id: &decision.decision_id,
            encounter_revision: decision.encounter_revision.unwrap_or(0),
            policy_digest: decision.policy.as_ref().map(|policy| hex(policy.digest)),
            terms_digest: decision.terms_digest.map(hex),
        }
    }
}

impl<'a> ConfirmedRow<'a> {
    pub(crate) fn new(client: &'a ClientCommit, confirmed: &'a Confirmed) -> Self {
        Self {
            agency_id: client.agency_id.as_str(),
            encounter_id: confirmed.encounter_id.as_str(),
            encounter_revision: confirmed.encounter_revision.unwrap_or(0),
        }
    }
}

impl<'a> DecisionRow<'a> {
    /// `hashes` are the one before and its own.
    pub(crate) fn new(
        client: &'a ClientCommit,
        decision: &'a NewDecision,
        sequence: i64,
        hashes: (Digest, Digest),
    ) -> Self {
        let policy = decision.policy.as_ref();
        Self {
            agency_id: client.agency_id.as_str(),
            sequence,
            decision_id: &decision.decision_id,
            client_id: client.client_id.as_str(),
            encounter_id: decision.encounter_id.as_str(),
            encounter_revision: decision.encounter_revision,
            payer_id: decision.payer_id.as_str(),
            date_of_service: decision.date_of_service.to_string(),
            outcome: decision.decision.outcome.as_str(),
            policy_id: policy.map(|policy| policy.policy_id.as_str()),
            policy_version: policy.map(|policy| policy.version.as_str()),
            policy_digest: policy.map(|policy| hex(policy.digest)),
            terms_digest: decision.terms_digest.map(hex),
            decided_at: microseconds(decision.decided_at),
            supersedes: decision.supersedes.as_deref(),
            record: &decision.record,
            previous_hash: hex(hashes.0),
            hash: hex(hashes.1),
        }
    }
}

impl<'a> LedgerRow<'a> {
    pub(crate) fn line(client: &'a ClientCommit, decision: &'a NewDecision, line: &'a LedgerLine, seq: i64) -> Self {
        Self {
            agency_id: client.agency_id.as_str(),
            client_id: client.client_id.as_str(),
            seq,
            kind: LedgerKind::Line.as_str(),
            decision_id: &decision.decision_id,
            encounter_id: decision.encounter_id.as_str(),
            payer_id: line.payer_id.as_str(),
            date_of_service: line.date_of_service.to_string(),
            procedure_code: line.procedure_code.as_str(),
            units: i64::from(line.units.0),
            amount_cents: line.amount_cents,
            billing_provider_id: line.billing_provider_id.as_str(),
            rendering_provider_id: line.rendering_provider_id.as_str(),
            diagnosis: line.diagnosis.as_ref().map(Token::as_str),
            reverses_seq: None,
            recorded_at: microseconds(decision.decided_at),
            minutes: line.minutes.map(|minutes| i64::from(minutes.0)),
            paid_cents: line.paid_cents,
            deductible_cents: line.deductible_cents,
            mode: line.mode.as_ref().map(Token::as_str),
        }
    }

    pub(crate) fn reversal(line: &'a RawLedger, decision: &'a NewDecision, seq: i64) -> Self {
        Self {
            agency_id: &line.agency_id,
            client_id: &line.client_id,
            seq,
            kind: LedgerKind::Reversal.as_str(),
            decision_id: &decision.decision_id,
            encounter_id: &line.encounter_id,
            payer_id: &line.payer_id,
            date_of_service: line.date_of_service.clone(),
            procedure_code: &line.procedure_code,
            units: line.units,
            amount_cents: line.amount_cents.negated(),
            billing_provider_id: &line.billing_provider_id,
            rendering_provider_id: &line.rendering_provider_id,
            diagnosis: line.diagnosis.as_deref(),
            reverses_seq: Some(line.seq),
            recorded_at: microseconds(decision.decided_at),
            minutes: line.minutes,
            paid_cents: line.paid_cents.map(Cents::negated),
            deductible_cents: line.deductible_cents.map(Cents::negated),
            mode: line.mode.as_deref(),
        }
    }
}

impl<'a> HeadRow<'a> {
    pub(crate) fn new(agency_id: &'a str, length: i64, head_hash: Digest) -> Self {
        Self { agency_id, length, head_hash: hex(head_hash) }
    }
}

pub(crate) fn add_lines<'a>(rows: &mut Vec<LineRow<'a>>, agency_id: &'a str, new: &'a NewDecision) {
    rows.extend(new.decision.lines.iter().zip(1..).map(|(line, position)| LineRow {
        agency_id,
        decision_id: &new.decision_id,
        position,
        procedure_code: line.procedure_code.as_str(),
        modifiers: line.modifiers.iter().map(Modifier::as_str).collect::<Vec<_>>().join(","),
        units: i64::from(line.units.0),
        amount_cents: line.amount_cents.map(|cents| cents.get()),
    }));
}

pub(crate) fn add_findings<'a>(rows: &mut Vec<FindingRow<'a>>, agency_id: &'a str, new: &'a NewDecision) {
    let Decision { findings, .. } = &new.decision;
    rows.extend(findings.iter().zip(1..).map(|(finding, position)| FindingRow {
        agency_id,
        decision_id: &new.decision_id,
        position,
        rule_id: finding.rule_id.as_str(),
        kind: word(finding.kind),
        effect: word(finding.effect),
        verdict: word(finding.verdict),
        observed: finding.observed,
        expected: finding.expected,
        subject_kind: finding.subject.as_ref().map(|subject| word(subject.kind)),
        subject_name: finding.subject.as_ref().map(|subject| subject.name.as_str()),
        carc: finding.denial.as_ref().map(|denial| denial.carc.as_str()),
        liability_group: finding.denial.as_ref().map(|denial| word(denial.group)),
    }));
}

/// The word of a closed set, the same as in JSON.
fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(_) | Err(_) => String::new(),
    }
}
