//! One event and one count for each durable decision. Names payers, policies and reasons; never a client or a fact.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use adjudica_core::decision::UndeterminedCode;

use crate::decide::run::{DecidedItem, News, Routed};
use crate::decide::write::Written;
use crate::metrics::{DecisionLabels, Metrics};
use crate::registry::{Registry, policy_label};

/// Counts and logs decisions.
#[derive(Clone)]
pub(crate) struct Observer {
    pub(crate) registry: Arc<Registry>,
    pub(crate) metrics: Arc<Metrics>,
}

impl Observer {
    /// Counts and logs what was written; the work on it began at `started`.
    pub(crate) fn observe(&self, written: &[Written], started: Instant) {
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let published = self.registry.published();
        let mut counts: BTreeMap<DecisionLabels, u64> = BTreeMap::new();
        for client in written {
            let items = client.job.items.iter().zip(&client.records);
            for (done, (decision_id, _)) in items.filter(|(done, _)| done.news == News::Made) {
                let facts = &done.item.facts;
                let known = published.snapshot.has_payer(&client.job.agency_id, &facts.payer_id);
                let labels = DecisionLabels {
                    // Payers come in with requests; only those that an operator has activated become labels.
                    payer: if known { facts.payer_id.as_str() } else { "other" }.to_owned(),
                    policy: label_of(done),
                    outcome: done.decision.outcome.as_str(),
                };
                log(decision_id, &labels, done, duration_ms);
                if let Some(reason) = &done.decision.undetermined
                    && reason.code != UndeterminedCode::NoPolicyInForce
                {
                    self.metrics.policy_fault(labels.policy.clone(), code_word(reason.code));
                }
                *counts.entry(labels).or_default() += 1;
            }
        }
        for (labels, number) in &counts {
            self.metrics.decided(labels, *number);
        }
    }
}

fn label_of(done: &DecidedItem) -> String {
    match &done.item.routed {
        Routed::To(answerer) => policy_label(answerer),
        Routed::Nobody(..) => "none".to_owned(),
    }
}

fn log(decision_id: &str, labels: &DecisionLabels, done: &DecidedItem, duration_ms: u64) {
    let reason = match (&done.decision.undetermined, done.decision.findings.first()) {
        (Some(reason), _) => code_word(reason.code),
        (None, Some(finding)) => finding.rule_id.as_str(),
        (None, None) => "",
    };
    let digest = match &done.item.routed {
        Routed::To(answerer) => Some(answerer.digest),
        Routed::Nobody(..) => None,
    };
    let DecisionLabels { payer, policy, outcome } = labels;
    tracing::info!(decision_id, %payer, %policy, digest = ?digest, outcome, reason, duration_ms, "an encounter was decided");
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
