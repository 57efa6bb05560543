//! `GoRules` ZEN: the policy as a decision table and one expression node, compiled once, inputs in its own values.

use std::future::Future;
use std::pin::pin;
use std::task::{Context as TaskContext, Poll, Waker};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;
use zen_engine::model::DecisionContent;
use zen_engine::{Decision, DecisionEngine, Variable};

use crate::verdicts::{Verdicts, of_answer};

const POLICY: &str = include_str!("../policies/comparison.zen.json");

/// The policy, compiled, with every input prepared.
pub(crate) struct Zen {
    decision: Decision,
    inputs: Vec<Variable>,
}

impl Zen {
    /// Compiles the policy and prepares the inputs.
    pub(crate) fn prepare(facts: &[Value]) -> Result<Self> {
        let content: DecisionContent = serde_json::from_str(POLICY).context("comparison.zen.json")?;
        let mut decision =
            DecisionEngine::default().create_decision(content.into()).map_err(|error| anyhow!("{error:?}"))?;
        decision.compile();
        Ok(Self { decision, inputs: facts.iter().cloned().map(Variable::from).collect() })
    }

    /// Decides one input. Nothing in the policy waits, so the future is ready when it is first asked.
    pub(crate) fn decide(&self, index: usize) -> Result<Variable> {
        let input = self.inputs.get(index).context("no such input")?;
        let mut answer = pin!(self.decision.evaluate(input.shallow_clone()));
        match answer.as_mut().poll(&mut TaskContext::from_waker(Waker::noop())) {
            Poll::Ready(Ok(response)) => Ok(response.result),
            Poll::Ready(Err(error)) => Err(anyhow!("{error:?}")),
            Poll::Pending => bail!("ZEN waits for something"),
        }
    }

    /// What it decided, in the terms that all share.
    pub(crate) fn verdicts(&self, index: usize) -> Result<Verdicts> {
        let answer = self.decide(index)?.to_value();
        let get = |key: &str| answer.get(key).unwrap_or(&Value::Null);
        of_answer(
            get("outcome"),
            [get("code"), get("units"), get("cents")],
            &[get("refused"), get("missing"), get("doubtful")],
        )
        .with_context(|| format!("ZEN answered {answer}"))
    }
}
