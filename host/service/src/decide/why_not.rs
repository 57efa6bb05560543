//! What would have made a recorded decision billable: its own policy asked again about the encounter with facts added or changed.

use std::time::Duration;

use adjudica_core::{Decision, Outcome, Terms, Timeline, Token, Verdict};
use adjudica_engine::Policy;
use adjudica_questions::why_not::{Candidates, FactChange, Question, WayOut, why_not};
use adjudica_store::LiveLine;
use serde::Serialize;
use utoipa::ToSchema;

use crate::decide::asked::Answered;
use crate::decide::asked::WaysOut;
use crate::decide::decision_record::DecisionRecord;
use crate::decide::pool::WhenFull;
use crate::decide::service::DecisionService;
use crate::error::{Cause, ServiceError};

/// Searches for ways out at one time: each asks the policy some fifty times, and decisions come first.
pub(crate) const WAYS_AT_ONCE: usize = 1;
/// Most time to wait for other searches.
const WAYS_WAIT_MAX: Duration = Duration::from_secs(2);

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
    pub async fn why_not(&self, agency: &Token, decision_id: &str) -> Result<WhyNot, ServiceError> {
        let stored = self.store.find_decision(agency, decision_id).await?;
        let stored = stored.ok_or_else(|| ServiceError::not_found("decision", decision_id))?;
        let record = DecisionRecord::parse(&stored.record)
            .map_err(|fault| ServiceError::internal("why_not", format!("record of {decision_id}: {fault}")))?;
        let outcome = record.outcome.as_str().to_owned();
        let ways = self.find_ways(&record).await?.unwrap_or_default();
        Ok(WhyNot { decision_id: decision_id.to_owned(), outcome, ways })
    }

    /// The answer with the field `why_not` after its record, where it refuses and the ways out are asked for.
    ///
    /// What was decided stays decided: where they cannot be looked for now, the field is null.
    pub(crate) async fn tell(&self, mut answered: Answered, ways_out: WaysOut) -> Answered {
        if ways_out == WaysOut::LeftOut {
            return answered;
        }
        let Ok(record) = DecisionRecord::parse(&answered.text) else { return answered };
        if record.outcome.is_accepted() || record.outcome == Outcome::Undetermined {
            return answered;
        }
        let ways = match self.find_ways(&record).await {
            Ok(ways) => serde_json::to_string(&ways).unwrap_or_else(|_| "null".to_owned()),
            Err(error) => {
                tracing::warn!(code = error.cause.word(), "the ways out of a refusal could not be looked for");
                "null".to_owned()
            }
        };
        if let Some(open) = answered.text.strip_suffix('}') {
            answered.text = format!("{open},\"why_not\":{ways}}}");
        }
        answered
    }

    /// The ways out of a refusal; `None` where the policy, on what is stored, does not refuse for the recorded reasons. So it is
    /// with a dry run that counted lines of others in its batch.
    async fn find_ways(&self, record: &DecisionRecord<'_>) -> Result<Option<Vec<Way>>, ServiceError> {
        let busy = || {
            ServiceError::new(
                Cause::Overloaded,
                "the host looks for the ways out of other refusals; try again in a second",
            )
        };
        let waited = tokio::time::timeout(WAYS_WAIT_MAX, self.ways_places.acquire()).await;
        let _place = waited.map_err(|_| busy())?.map_err(|_| busy())?;
        self.metrics.looked_for_ways();
        let (Some(used), Some(digest)) = (&record.policy, record.terms_digest) else { return Ok(Some(Vec::new())) };
        let missing = |what: &str| {
            ServiceError::new(
                Cause::NotFound,
                format!("the {what} of this decision is not stored; restore it to ask again"),
            )
        };
        let policy = self.registry.library.policy(used.digest).await?.ok_or_else(|| missing("policy"))?;
        let terms = self.registry.library.terms(digest).await?.ok_or_else(|| missing("terms"))?;
        let ledger = self.ledger_then(record).await?;
        let mut timeline = Timeline {
            ledger: ledger.into_iter().map(|LiveLine { line, .. }| line).collect(),
            encounters: vec![record.facts.clone().into_owned()],
        };
        timeline.sort();
        let recorded = record.decision();
        let found = self.pool.run(WhenFull::Refuse, move || search(&policy, &timeline, &terms, &recorded)).await;
        let found =
            found.map_err(|_| ServiceError::new(Cause::Overloaded, "the host is busy; try again in a second"))?;
        let told = |way: WayOut| Way { sentences: way.changes.iter().map(FactChange::sentence).collect(), way };
        Ok(found.map(|ways| ways.into_iter().map(told).collect()))
    }
}

fn search(policy: &Policy, timeline: &Timeline, terms: &Terms, recorded: &Decision) -> Option<Vec<WayOut>> {
    let again = policy.decide_timelines(std::slice::from_ref(timeline), terms);
    if again.iter().flatten().map(reasons).ne([reasons(recorded)]) {
        return None;
    }
    // The contract knows no roles, phases, modes or places by name: only what rules point at is tried here.
    let candidates = Candidates::default();
    let question = Question { manifest: policy.manifest(), timeline, encounter: 0, terms, candidates: &candidates };
    Some(why_not(&question, &mut |timelines, terms| policy.decide_timelines(timelines, terms)).unwrap_or_default())
}

/// The outcome, and the rules that failed.
fn reasons(decision: &Decision) -> (Outcome, Vec<&Token>) {
    let failed = decision.findings.iter().filter(|finding| finding.verdict == Verdict::Failed);
    (decision.outcome, failed.map(|finding| &finding.rule_id).collect())
}
