//! The decision in force for an encounter, and encounters that were taken out. The history of decisions is in `decision`.

use std::fmt;

use adjudica_core::{Digest, ServiceDate, Token};

use crate::commit::{ClientRef, Snapshot};
use crate::encounter::Expected;
use crate::error::StoreError;
use crate::instant::{Instant, parse_instant};
use crate::raw::lossy::Lossy;
use crate::raw::{day, digest, token};

/// The decision in force for an encounter. `Debug` prints its id only: the record is client data.
#[derive(Clone, PartialEq, Eq)]
pub struct InForce {
    /// The decision.
    pub decision_id: String,
    /// Whether its encounter waits for another one: then it is stale.
    pub is_stale: bool,
    /// The policy that made it; `None` when none was in force.
    pub policy_digest: Option<Digest>,
    /// The terms.
    pub terms_digest: Option<Digest>,
    /// Its record, byte for byte.
    pub record: String,
}

impl fmt::Debug for InForce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("InForce");
        shown.field("decision_id", &self.decision_id).field("is_stale", &self.is_stale).finish_non_exhaustive()
    }
}

/// An encounter that was taken out: what it billed is given back, its decisions stay readable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// The encounter.
    pub encounter_id: Token,
    /// Its day.
    pub date_of_service: ServiceDate,
    /// The decision that was in force until then; `None` when it was not decided yet.
    pub decision_id: Option<String>,
    /// When.
    pub withdrawn_at: Instant,
    /// Who; `None` when another system deleted the row.
    pub withdrawn_by: Option<Token>,
    /// Why; `None` when another system deleted the row.
    pub reason: Option<String>,
}

/// Who takes an encounter out, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWithdrawal {
    /// Who.
    pub withdrawn_by: Token,
    /// Why.
    pub reason: String,
    /// What must be so for it to be taken out.
    pub expected: Expected,
}

/// `encounter_id, date_of_service, decision_id, withdrawn_at, withdrawn_by, reason`.
pub(crate) type RawWithdrawal = (String, String, Option<String>, i64, Option<String>, Option<String>);

/// The withdrawal of a row.
pub(crate) fn parse_withdrawal(row: RawWithdrawal) -> Result<Withdrawal, StoreError> {
    const TABLE: &str = "withdrawal";
    let (encounter_id, date_of_service, decision_id, withdrawn_at, withdrawn_by, reason) = row;
    Ok(Withdrawal {
        date_of_service: day(&date_of_service, TABLE, &encounter_id)?,
        withdrawn_at: parse_instant(withdrawn_at, TABLE, &encounter_id)?,
        withdrawn_by: withdrawn_by.map(|by| token(&by, TABLE, &encounter_id)).transpose()?,
        encounter_id: token(&encounter_id, TABLE, &encounter_id)?,
        decision_id,
        reason,
    })
}

/// One thing known before deciding: `schedule`, `corrected`, `end`, `taken_out` or `in_force`; the agency; the client or encounter; a number; a
/// decision, its policy, its terms, its record.
pub(crate) type LoadedRow =
    (String, Lossy, Lossy, Option<i64>, Option<Lossy>, Option<Lossy>, Option<Lossy>, Option<Lossy>);

/// Adds to `snapshot` what one read gave.
pub(crate) fn add_loaded(snapshot: &mut Snapshot, rows: Vec<LoadedRow>) -> Result<(), StoreError> {
    const TABLE: &str = "decision_in_force";
    for (kind, Lossy(agency_id), Lossy(key), number, decision_id, policy, terms, record) in rows {
        match (kind.as_str(), number, decision_id) {
            ("schedule", Some(change), _) => {
                snapshot.schedule_changes.insert(agency_id, change);
            }
            ("corrected", Some(claims), _) if claims > 0 => {
                snapshot.corrected.insert(agency_id);
            }
            ("end", Some(end), _) => {
                snapshot.ledger_ends.insert(ClientRef { agency_id, client_id: key }, end);
            }
            ("taken_out", ..) => {
                snapshot.taken_out.insert((agency_id, key));
            }
            ("in_force", waiting, Some(Lossy(decision_id))) => {
                let in_force = InForce {
                    decision_id,
                    is_stale: waiting.unwrap_or(0) > 0,
                    policy_digest: policy.map(|Lossy(text)| digest(&text, TABLE, &key)).transpose()?,
                    terms_digest: terms.map(|Lossy(text)| digest(&text, TABLE, &key)).transpose()?,
                    record: record.map(String::from).unwrap_or_default(),
                };
                snapshot.in_force.insert((agency_id, key), in_force);
            }
            _ => {}
        }
    }
    Ok(())
}
