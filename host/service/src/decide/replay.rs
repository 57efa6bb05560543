//! Makes a recorded decision again and compares. Reads the record and what it names; writes nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use adjudica_core::{Decision, Digest, Token};
use adjudica_store::{LedgerEntry, LedgerKind, LiveLine, StoredDecision, chain_hash};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::decide::decision_record::DecisionRecord;
use crate::decide::pool::WhenFull;
use crate::decide::run::run;
use crate::decide::service::DecisionService;
use crate::decide::work::{Addressed, Counted, Known, Work, place, place_of};
use crate::error::{Cause, ServiceError};
use crate::registry::answerer::Answerer;
use crate::registry::answerer::Routed;

/// What a replay found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Replay {
    /// The decision.
    pub decision_id: String,
    /// Whether the same policy on the same facts gives the same bytes.
    pub identical: bool,
    /// The policy that was run again; null when none was in force.
    #[schema(required)]
    pub policy_digest: Option<String>,
    /// The engine that made the decision.
    pub recorded_engine_version: String,
    /// The engine that made it again.
    pub engine_version: String,
    /// Every field that differs.
    pub differences: Vec<Difference>,
}

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Difference {
    /// Where, such as `lines[0].units`.
    pub field: String,
    /// What was recorded; null when it was absent.
    pub recorded: Value,
    /// What the replay gave; null when it is absent.
    pub replayed: Value,
}

impl DecisionService {
    /// Makes a recorded decision again: the same policy, terms, facts and ledger.
    /// # Errors
    /// `not_found`, or when what the record names cannot be loaded.
    pub async fn replay(&self, agency: &Token, decision_id: &str) -> Result<Replay, ServiceError> {
        let stored = self
            .store
            .find_decision(agency, decision_id)
            .await?
            .ok_or_else(|| ServiceError::not_found("decision", decision_id))?;
        self.replay_stored(&stored).await
    }

    /// As [`DecisionService::replay`], for a decision that was read already.
    /// # Errors
    /// When what the record names cannot be loaded.
    pub async fn replay_stored(&self, stored: &StoredDecision) -> Result<Replay, ServiceError> {
        let decision_id = &stored.summary.decision_id;
        let StoredDecision { summary, record: text } = stored;
        if chain_hash(summary.sequence, summary.previous_hash, text) != summary.hash {
            let public = "the record of this decision is not the one that was made: its hash differs; `GET /v1/chain/verify` says from \
                          where on, and a backup has what was recorded";
            return Err(ServiceError::new(Cause::RecordChanged, public));
        }
        let record = DecisionRecord::parse(&stored.record)
            .map_err(|fault| ServiceError::internal("replay", format!("record of {decision_id}: {fault}")))?;
        let routed = self.route_again(&record).await?;
        let ledger = self.ledger_then(&record).await?;
        let explain = record.explain.into();
        let facts = record.facts.clone().into_owned();
        let asked = Addressed { known: Known::nowhere(facts, 0), routed, records: None };
        let (agency_id, client_id) = (record.agency_id.clone().into_owned(), record.facts.client_id.clone());
        let mut work = Work::new(agency_id, client_id, vec![asked]);
        (work.ledger, work.ledger_through, work.counted) = (ledger, record.ledger_through, counted(&record));
        let decided = self.pool.run(WhenFull::Refuse, move || run(vec![work], explain)).await;
        let decided =
            decided.map_err(|_| ServiceError::new(Cause::Overloaded, "the host is busy; try again in a second"))?;
        let again = decided.into_iter().flat_map(|client| client.encounters).next().map(|done| done.decision);
        let again = again.ok_or_else(|| ServiceError::internal("replay", "no decision was made"))?;
        compare(&record, &again, decision_id)
    }

    /// Who answered then. Where nobody did, nobody does again: what was in force at an instant is no question, because a change
    /// of activations and a decision of the same instant were each made without the other.
    async fn route_again(&self, record: &DecisionRecord<'_>) -> Result<Routed, ServiceError> {
        let (Some(used), Some(terms_digest)) = (&record.policy, record.terms_digest) else {
            return match record.undetermined.as_deref() {
                None => Err(ServiceError::internal("replay", "the record names no policy and no reason")),
                Some(why) => Ok(Routed::Nobody(why.code, why.message.clone())),
            };
        };
        let policy = self.registry.library.policy(used.digest).await?.ok_or_else(|| missing("policy", used.digest))?;
        let terms = self.registry.library.terms(terms_digest).await?.ok_or_else(|| missing("terms", terms_digest))?;
        Ok(Routed::To(Arc::new(Answerer::new(&policy, terms, terms_digest, used.chosen))))
    }

    /// The lines that counted then: those up to the recorded entry that no entry up to there took back, of encounters before
    /// the decision's own.
    pub(crate) async fn ledger_then(&self, record: &DecisionRecord<'_>) -> Result<Vec<LiveLine>, ServiceError> {
        let entries =
            self.store.ledger_of(&record.agency_id, &record.facts.client_id, Some(record.ledger_through)).await?;
        let reversed: BTreeSet<i64> = entries.iter().filter_map(|entry| entry.reverses_seq).collect();
        let live = |entry: &LedgerEntry| {
            entry.kind == LedgerKind::Line
                && !reversed.contains(&entry.seq)
                && !record.ledger_without.contains(&entry.encounter_id)
        };
        let live = entries.into_iter().filter(live);
        let seen = live.map(|entry| LiveLine { encounter_id: entry.encounter_id, line: entry.line, seq: entry.seq });
        let stands_before =
            |seen: &LiveLine| counted(record) == Counted::All || place_of(seen) < place(record.facts.as_ref());
        Ok(seen.filter(stands_before).collect())
    }
}

/// Which lines a decision counted when its record was written.
fn counted(record: &DecisionRecord<'_>) -> Counted {
    if record.record_version >= 2 { Counted::Before } else { Counted::All }
}

fn missing(what: &str, digest: Digest) -> ServiceError {
    ServiceError::new(
        Cause::NotFound,
        format!("the {what} {digest} of this decision is not stored; restore it to replay"),
    )
}

fn compare(record: &DecisionRecord<'_>, again: &Decision, decision_id: &str) -> Result<Replay, ServiceError> {
    let write = |decision: &Decision| {
        serde_json::to_value(decision).map_err(|fault| ServiceError::internal("replay::compare", fault))
    };
    let mut differences = Vec::new();
    differ("", &write(&record.decision())?, &write(again)?, &mut differences);
    Ok(Replay {
        decision_id: decision_id.to_owned(),
        identical: differences.is_empty(),
        policy_digest: record.policy.as_ref().map(|used| used.digest.to_string()),
        recorded_engine_version: record.engine_version.clone().into_owned(),
        engine_version: adjudica_engine::engine_version().to_owned(),
        differences,
    })
}

/// Adds every place where `recorded` and `replayed` differ.
fn differ(path: &str, recorded: &Value, replayed: &Value, differences: &mut Vec<Difference>) {
    match (recorded, replayed) {
        (Value::Object(a), Value::Object(b)) => {
            let names: BTreeSet<_> = a.keys().chain(b.keys()).collect();
            for name in names {
                let path = crate::intake::json::join_path(path, name);
                differ(&path, a.get(name).unwrap_or(&Value::Null), b.get(name).unwrap_or(&Value::Null), differences);
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            for index in 0..a.len().max(b.len()) {
                let path = format!("{path}[{index}]");
                differ(&path, a.get(index).unwrap_or(&Value::Null), b.get(index).unwrap_or(&Value::Null), differences);
            }
        }
        (a, b) if a == b => {}
        (a, b) => differences.push(Difference { field: path.to_owned(), recorded: a.clone(), replayed: b.clone() }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_names_every_field_that_differs() {
        let mut differences = Vec::new();
        let recorded = json!({"outcome": "billable", "lines": [{"units": 1}], "findings": []});
        let replayed = json!({"outcome": "billable", "lines": [{"units": 2}, {"units": 1}], "findings": []});
        differ("", &recorded, &replayed, &mut differences);
        let fields: Vec<_> = differences.iter().map(|difference| difference.field.as_str()).collect();
        assert_eq!(fields, ["lines[0].units", "lines[1]"]);
    }
}
