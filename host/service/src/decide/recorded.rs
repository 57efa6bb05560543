//! The fourth stage: a decided client with the canonical text of each decision, ready to be committed and answered. No store, no
//! clock; runs on the policy threads.

use std::borrow::Cow;

use adjudica_core::INTERFACE_VERSION;
use adjudica_core::columns::Explain;
use adjudica_core::decision::UndeterminedCode;
use jiff::Timestamp;

use crate::decide::decided::{Decided, DecidedEncounter, News};
use crate::decide::decision_record::{DecisionRecord, Mode, PolicyUsed, RECORD_VERSION};
use crate::decide::run::run;
use crate::decide::work::{Addressed, Work};
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
pub struct Recorded {
    /// The decided client.
    pub client: Decided,
    /// Id and canonical text of each of its decisions, in the same order: of the decision in force, where it is confirmed.
    pub texts: Vec<(String, String)>,
}

impl Recorded {
    /// Each decided encounter with id and text of its decision.
    pub fn decisions(&self) -> impl Iterator<Item = (&DecidedEncounter, &str, &str)> {
        let pairs = self.client.encounters.iter().zip(&self.texts);
        pairs.map(|(done, (decision_id, text))| (done, decision_id.as_str(), text.as_str()))
    }

    /// Why this host cannot ask a policy that answers for the client: that says nothing about any encounter, so nothing is recorded.
    #[must_use]
    pub fn unavailable(&self) -> Option<&str> {
        let mut reasons = self.client.encounters.iter().filter_map(|done| done.decision.undetermined.as_ref());
        let found = reasons.find(|reason| reason.code == UndeterminedCode::PolicyUnavailable);
        found.map(|reason| reason.message.as_str())
    }
}

/// Decides `works` and writes their records.
/// # Errors
/// When a record cannot be written as JSON, which no record is known to do.
pub fn run_and_record(works: Vec<Work<Addressed>>, stamp: &Stamp) -> Result<Vec<Recorded>, serde_json::Error> {
    let record = |client: Decided| {
        let texts = client.encounters.iter().map(|done| text_of(&client, done, stamp)).collect::<Result<_, _>>()?;
        Ok(Recorded { client, texts })
    };
    run(works, stamp.explain).into_iter().map(record).collect()
}

/// Id and text of a decision.
fn text_of(client: &Decided, done: &DecidedEncounter, stamp: &Stamp) -> Result<(String, String), serde_json::Error> {
    if let (News::Confirmed, Some(in_force)) = (done.news, &done.asked.known.in_force) {
        return Ok((in_force.decision_id.clone(), in_force.record.clone()));
    }
    let decision_id = new_id(stamp.now);
    let text = write_record(client, done, &decision_id, stamp).text()?;
    Ok((decision_id, text))
}

fn write_record<'a>(
    client: &'a Decided,
    done: &'a DecidedEncounter,
    decision_id: &'a str,
    stamp: &'a Stamp,
) -> DecisionRecord<'a> {
    let answerer = done.asked.routed.answerer();
    let known = &done.asked.known;
    let facts = &known.facts;
    DecisionRecord {
        record_version: RECORD_VERSION,
        decision_id: Cow::Borrowed(decision_id),
        agency_id: Cow::Borrowed(&client.agency_id),
        encounter_id: Cow::Borrowed(&facts.encounter_id),
        encounter_revision: known.kept.revision(),
        supersedes: known.supersedes().map(Cow::Borrowed),
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
