//! Decision rows made into summaries.

use adjudica_core::Outcome;

use crate::decision::{DecisionSummary, PolicyRef};
use crate::error::StoreError;
use crate::instant::parse_instant;
use crate::raw::{day, digest, token};

/// One row of `decision` without its record.
pub(crate) struct RawDecision {
    pub(crate) agency_id: String,
    pub(crate) sequence: i64,
    pub(crate) decision_id: String,
    pub(crate) client_id: String,
    pub(crate) encounter_id: String,
    pub(crate) encounter_revision: Option<i64>,
    pub(crate) payer_id: String,
    pub(crate) date_of_service: String,
    pub(crate) outcome: String,
    pub(crate) policy_id: Option<String>,
    pub(crate) policy_version: Option<String>,
    pub(crate) policy_digest: Option<String>,
    pub(crate) terms_digest: Option<String>,
    pub(crate) decided_at: i64,
    pub(crate) supersedes: Option<String>,
    pub(crate) previous_hash: String,
    pub(crate) hash: String,
    pub(crate) in_force: bool,
    pub(crate) is_waiting: bool,
}

/// Reads a row whose columns stand in the order of [`RawDecision`].
macro_rules! read_decision {
    ($row:expr) => {
        Ok::<_, sqlx::Error>($crate::raw::decision::RawDecision {
            agency_id: $row.try_get(0)?,
            sequence: $row.try_get(1)?,
            decision_id: $row.try_get(2)?,
            client_id: $row.try_get(3)?,
            encounter_id: $row.try_get(4)?,
            encounter_revision: $row.try_get(5)?,
            payer_id: $row.try_get(6)?,
            date_of_service: $row.try_get(7)?,
            outcome: $row.try_get(8)?,
            policy_id: $row.try_get(9)?,
            policy_version: $row.try_get(10)?,
            policy_digest: $row.try_get(11)?,
            terms_digest: $row.try_get(12)?,
            decided_at: $row.try_get(13)?,
            supersedes: $row.try_get(14)?,
            previous_hash: $row.try_get(15)?,
            hash: $row.try_get(16)?,
            in_force: $row.try_get(17)?,
            is_waiting: $row.try_get(18)?,
        })
    };
}
pub(crate) use read_decision;

impl RawDecision {
    /// The summary.
    pub(crate) fn parse(self) -> Result<DecisionSummary, StoreError> {
        const TABLE: &str = "decision";
        let row = format!("{}/{}", self.agency_id, self.sequence);
        let outcome = Outcome::find(&self.outcome).ok_or_else(|| StoreError::Corrupt {
            table: TABLE,
            row: row.clone(),
            fault: format!("`{}`, which is no outcome", self.outcome),
        })?;
        let policy = match (self.policy_id, self.policy_version, self.policy_digest) {
            (Some(id), Some(version), Some(text)) => {
                Some(PolicyRef { policy_id: token(&id, TABLE, &row)?, version, digest: digest(&text, TABLE, &row)? })
            }
            _ => None,
        };
        Ok(DecisionSummary {
            agency_id: token(&self.agency_id, TABLE, &row)?,
            sequence: self.sequence,
            client_id: token(&self.client_id, TABLE, &row)?,
            encounter_id: token(&self.encounter_id, TABLE, &row)?,
            encounter_revision: self.encounter_revision,
            payer_id: token(&self.payer_id, TABLE, &row)?,
            date_of_service: day(&self.date_of_service, TABLE, &row)?,
            outcome,
            policy,
            terms_digest: self.terms_digest.map(|text| digest(&text, TABLE, &row)).transpose()?,
            decided_at: parse_instant(self.decided_at, TABLE, &row)?,
            supersedes: self.supersedes,
            previous_hash: digest(&self.previous_hash, TABLE, &row)?,
            hash: digest(&self.hash, TABLE, &row)?,
            in_force: self.in_force,
            is_stale: !self.in_force || self.is_waiting,
            decision_id: self.decision_id,
        })
    }
}
