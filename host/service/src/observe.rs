//! One event and one count for each durable decision. Names payers, policies and reasons; never a client or a fact.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use adjudica_core::decision::{UndeterminedCode, Verdict};
use adjudica_core::{Decision, Token};

use crate::metrics::{DecisionLabels, Metrics};
use crate::registry::Registry;
use crate::registry::answerer::Routed;

/// A durable decision, as it is seen from outside.
pub(crate) struct Event<'d> {
    pub(crate) decision_id: &'d str,
    pub(crate) agency: &'d Token,
    pub(crate) payer: &'d Token,
    pub(crate) routed: &'d Routed,
    pub(crate) decision: &'d Decision,
}

/// Counts and logs decisions.
#[derive(Clone)]
pub(crate) struct Observer {
    pub(crate) registry: Arc<Registry>,
    pub(crate) metrics: Arc<Metrics>,
}

impl Observer {
    /// Counts and logs what was written; the work on it began at `started`.
    pub(crate) fn observe<'d>(&self, events: impl IntoIterator<Item = Event<'d>>, started: Instant) {
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let published = self.registry.published();
        let mut counts: BTreeMap<DecisionLabels, u64> = BTreeMap::new();
        for event in events {
            let known = published.snapshot.has_payer(event.agency, event.payer);
            let labels = DecisionLabels {
                // Payers come in with requests; only those that an operator has activated become labels.
                payer: if known { event.payer.as_str() } else { "other" }.to_owned(),
                policy: event.routed.answerer().map_or_else(|| "none".to_owned(), |answerer| answerer.label()),
                outcome: event.decision.outcome.as_str(),
            };
            log(&event, &labels, duration_ms);
            if let Some(reason) = &event.decision.undetermined
                && reason.code != UndeterminedCode::NoPolicyInForce
            {
                self.metrics.policy_fault(labels.policy.clone(), code_word(reason.code));
            }
            *counts.entry(labels).or_default() += 1;
        }
        for (labels, number) in &counts {
            self.metrics.decided(labels, *number);
        }
    }
}

fn log(event: &Event<'_>, labels: &DecisionLabels, duration_ms: u64) {
    let failed = event.decision.findings.iter().filter(|finding| finding.verdict == Verdict::Failed);
    let reason = match (&event.decision.undetermined, failed.min_by_key(|finding| finding.effect)) {
        (Some(reason), _) => code_word(reason.code),
        (None, Some(finding)) => finding.rule_id.as_str(),
        (None, None) => "",
    };
    let digest = event.routed.answerer().map(|answerer| tracing::field::display(answerer.digest));
    let (decision_id, DecisionLabels { payer, policy, outcome }) = (event.decision_id, labels);
    tracing::info!(decision_id, %payer, %policy, digest, outcome, reason, duration_ms, "an encounter was decided");
}

/// The word of a code, as in JSON.
fn code_word(code: UndeterminedCode) -> &'static str {
    match code {
        UndeterminedCode::NoPolicyInForce => "no_policy_in_force",
        UndeterminedCode::RecordUnreadable => "record_unreadable",
        UndeterminedCode::PolicyUnavailable => "policy_unavailable",
        UndeterminedCode::PolicyTrapped => "policy_trapped",
        UndeterminedCode::PolicyOutOfFuel => "policy_out_of_fuel",
        UndeterminedCode::PolicyTimedOut => "policy_timed_out",
        UndeterminedCode::PolicyOutOfMemory => "policy_out_of_memory",
        UndeterminedCode::PolicyStackExhausted => "policy_stack_exhausted",
        UndeterminedCode::PolicyAnswerTooLarge => "policy_answer_too_large",
        UndeterminedCode::PolicyAnswerInvalid => "policy_answer_invalid",
    }
}
