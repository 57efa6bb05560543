//! Runs jobs and writes their canonical records. No store, no clock; runs on the policy threads.

use std::borrow::Cow;

use adjudica_core::INTERFACE_VERSION;
use adjudica_core::columns::Explain;
use adjudica_core::decision::UndeterminedCode;
use jiff::Timestamp;

use crate::decide::record::{Mode, PolicyUsed, RECORD_VERSION, Record};
use crate::decide::run::{DecidedItem, DecidedJob, Job, News, run_jobs};
use crate::ids::new_id;

/// What all records of one run have in common.
#[derive(Debug, Clone)]
pub struct Stamp {
    /// When it is decided.
    pub now: Timestamp,
    /// The same, as records write it.
    pub decided_at: String,
    /// The instant whose knowledge of activations is used, as records write it.
    pub as_of: String,
    /// Whether the decisions count.
    pub mode: Mode,
    /// Which rules they list.
    pub explain: Explain,
    /// The engine that runs the policies.
    pub engine_version: &'static str,
}

/// A decided client with its records.
pub struct Written {
    /// The decided client.
    pub job: DecidedJob,
    /// Id and canonical text of each of its items, in the same order: of the decision in force, where it is confirmed.
    pub records: Vec<(String, String)>,
}

impl Written {
    /// Why this host cannot ask a policy that answers for the client: that says nothing about any encounter, so nothing is recorded.
    #[must_use]
    pub fn unavailable(&self) -> Option<&str> {
        let reasons = self.job.items.iter().filter_map(|done| done.decision.undetermined.as_ref());
        let found = reasons.into_iter().find(|reason| reason.code == UndeterminedCode::PolicyUnavailable);
        found.map(|reason| reason.message.as_str())
    }
}

/// Decides `jobs` and writes their records.
/// # Errors
/// When a record cannot be written as JSON, which no record is known to do.
pub fn run_and_write(jobs: Vec<Job>, stamp: &Stamp) -> Result<Vec<Written>, serde_json::Error> {
    let decided = run_jobs(jobs, stamp.explain);
    let mut written = Vec::with_capacity(decided.len());
    for job in decided {
        let mut records = Vec::with_capacity(job.items.len());
        for done in &job.items {
            records.push(match (done.news, &done.item.in_force) {
                (News::Confirmed, Some(in_force)) => (in_force.decision_id.clone(), in_force.record.clone()),
                _ => {
                    let decision_id = new_id(stamp.now);
                    let text = write_record(&job, done, &decision_id, stamp).text()?;
                    (decision_id, text)
                }
            });
        }
        written.push(Written { job, records });
    }
    Ok(written)
}

fn write_record<'a>(job: &'a DecidedJob, done: &'a DecidedItem, decision_id: &'a str, stamp: &'a Stamp) -> Record<'a> {
    let answerer = done.item.routed.answerer();
    let facts = &done.item.facts;
    Record {
        record_version: RECORD_VERSION,
        decision_id: Cow::Borrowed(decision_id),
        agency_id: Cow::Borrowed(&job.agency_id),
        encounter_id: Cow::Borrowed(&facts.encounter_id),
        encounter_revision: done.item.kept.revision(),
        supersedes: done.item.supersedes.as_deref().map(Cow::Borrowed),
        decided_at: Cow::Borrowed(&stamp.decided_at),
        as_of: Cow::Borrowed(&stamp.as_of),
        mode: stamp.mode,
        explain: stamp.explain.into(),
        policy: answerer.map(|answerer| PolicyUsed {
            policy_id: Cow::Borrowed(&answerer.policy_id),
            version: Cow::Borrowed(&answerer.version),
            digest: answerer.digest,
            chosen: answerer.chosen,
        }),
        terms_digest: answerer.map(|answerer| answerer.terms_digest),
        engine_version: Cow::Borrowed(stamp.engine_version),
        interface_version: Cow::Borrowed(INTERFACE_VERSION),
        ledger_through: done.ledger_through,
        ledger_without: Cow::Borrowed(&done.ledger_without),
        facts: Cow::Borrowed(facts),
        currency: answerer.map(|answerer| Cow::Borrowed(&answerer.currency)),
        outcome: done.decision.outcome,
        lines: Cow::Borrowed(&done.decision.lines),
        findings: Cow::Borrowed(&done.decision.findings),
        undetermined: done.decision.undetermined.as_ref().map(Cow::Borrowed),
    }
}
