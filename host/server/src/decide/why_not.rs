//! What would have made a recorded decision billable: its own policy asked again about the encounter with facts added or changed.

use adjudica_core::columns::Explain;
use adjudica_core::why_not::{Candidates, Question, WayOut, why_not};
use adjudica_core::{Decision, Terms, Timeline, Token};
use adjudica_engine::Policy;
use serde::Serialize;
use utoipa::ToSchema;

use crate::decide::pool::WhenFull;
use crate::decide::record::Record;
use crate::decide::run::LedgerSeen;
use crate::decide::service::DecisionService;
use crate::error::{ApiError, ErrorCode};

/// What was found.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WhyNot {
    /// The decision.
    pub decision_id: String,
    /// Its outcome.
    pub outcome: String,
    /// The smallest sets of changes that make it billable, each with the decision that follows; none where none was found.
    #[schema(value_type = Vec<serde_json::Value>)]
    pub ways: Vec<Way>,
}

/// One set of changes.
#[derive(Debug, Clone, Serialize)]
pub struct Way {
    /// Each change in words.
    pub sentences: Vec<String>,
    /// The changes, and the decision that follows: outcome, lines, units, cents.
    #[serde(flatten)]
    pub way: WayOut,
}

impl DecisionService {
    /// Asks the decision's own policy what would make its encounter billable. Keeps nothing.
    /// # Errors
    /// `not_found`, or when what the record names cannot be loaded.
    pub async fn why_not(&self, agency: &Token, decision_id: &str) -> Result<WhyNot, ApiError> {
        let stored = self.store.find_decision(agency, decision_id).await?;
        let stored = stored.ok_or_else(|| ApiError::not_found("decision", decision_id))?;
        let record = Record::parse(&stored.record)
            .map_err(|fault| ApiError::internal("why_not", format!("record of {decision_id}: {fault}")))?;
        let outcome = record.decision().outcome.as_str().to_owned();
        let (Some(used), Some(digest)) = (&record.policy, record.terms_digest) else {
            return Ok(WhyNot { decision_id: decision_id.to_owned(), outcome, ways: Vec::new() });
        };
        let missing = |what: &str| {
            ApiError::new(
                ErrorCode::NotFound,
                format!("the {what} of this decision is not stored; restore it to ask again"),
            )
        };
        let policy = self.registry.library.policy(used.digest).await?.ok_or_else(|| missing("policy"))?;
        let terms = self.registry.library.terms(digest).await?.ok_or_else(|| missing("terms"))?;
        let ledger = self.ledger_then(&record).await?;
        let mut timeline = Timeline {
            ledger: ledger.into_iter().map(|LedgerSeen { line, .. }| line).collect(),
            encounters: vec![record.facts.clone().into_owned()],
        };
        timeline.sort();
        let found = self.pool.run(WhenFull::Refuse, move || search(&policy, &timeline, &terms)).await;
        let found =
            found.map_err(|_| ApiError::new(ErrorCode::Overloaded, "the host is busy; try again in a second"))?;
        let ways = found.into_iter().map(|way| Way {
            sentences: way.changes.iter().map(adjudica_core::why_not::FactChange::sentence).collect(),
            way,
        });
        Ok(WhyNot { decision_id: decision_id.to_owned(), outcome, ways: ways.collect() })
    }
}

fn search(policy: &Policy, timeline: &Timeline, terms: &Terms) -> Vec<WayOut> {
    // The contract knows no roles, phases, modes or places by name: only what rules point at is tried here.
    let candidates = Candidates::default();
    let question = Question { manifest: policy.manifest(), timeline, encounter: 0, terms, candidates: &candidates };
    why_not(&question, &mut |timelines, terms| decide(policy, timelines, terms)).unwrap_or_default()
}

fn decide(policy: &Policy, timelines: &[Timeline], terms: &Terms) -> Vec<Vec<Decision>> {
    let mut decisions = policy.decide(timelines, terms, Explain::FailedOnly).into_iter();
    timelines.iter().map(|timeline| decisions.by_ref().take(timeline.encounters.len()).collect()).collect()
}
