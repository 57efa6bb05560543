//! Regorus: the policy in Rego, compiled once, inputs in its own values; by its interpreter and by its virtual machine.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::{Engine, Value as RegoValue};
use serde_json::Value;

use crate::verdicts::{Verdicts, of_answer};

const POLICY: &str = include_str!("../policies/comparison.rego");
const DATA: &str = include_str!("../policies/comparison.data.json");
const ANSWER: &str = "data.comparison.answer";

/// The policy, compiled for one of the ways to run it, with every input prepared.
pub(crate) struct Rego {
    way: Way,
    inputs: Vec<RegoValue>,
}

/// How Regorus runs a policy.
enum Way {
    /// The interpreter, as its README shows.
    Interpreter(Box<Engine>),
    /// The bytecode of its virtual machine, loaded once and reused.
    Machine(Box<RegoVM>),
}

impl Rego {
    /// Prepares the interpreter.
    pub(crate) fn interpreter(facts: &[Value]) -> Result<Self> {
        let mut engine = engine()?;
        // The first evaluation prepares the policy; later ones reuse that.
        engine.set_input(RegoValue::new_object());
        engine.eval_rule(ANSWER.to_owned())?;
        Ok(Self { way: Way::Interpreter(Box::new(engine)), inputs: inputs(facts)? })
    }

    /// Prepares the virtual machine.
    pub(crate) fn machine(facts: &[Value]) -> Result<Self> {
        let mut engine = engine()?;
        let compiled = engine.compile_with_entrypoint(&ANSWER.into())?;
        let program = Compiler::compile_from_policy(&compiled, &[ANSWER]).map_err(|error| anyhow!("{error}"))?;
        let mut machine = RegoVM::new();
        machine.load_program(Arc::clone(&program));
        machine.set_data(RegoValue::from_json_str(DATA)?).map_err(|error| anyhow!("{error}"))?;
        Ok(Self { way: Way::Machine(Box::new(machine)), inputs: inputs(facts)? })
    }

    /// Decides one input.
    pub(crate) fn decide(&mut self, index: usize) -> Result<RegoValue> {
        let input = self.inputs.get(index).context("no such input")?.clone();
        match &mut self.way {
            Way::Interpreter(engine) => {
                engine.set_input(input);
                engine.eval_rule(ANSWER.to_owned())
            }
            Way::Machine(machine) => {
                machine.set_input(input);
                machine.execute().map_err(|error| anyhow!("{error}"))
            }
        }
    }

    /// What it decided, in the terms that all share.
    pub(crate) fn verdicts(&mut self, index: usize) -> Result<Verdicts> {
        let answer: Value = serde_json::from_str(&self.decide(index)?.to_json_str()?)?;
        let get = |key: &str| answer.get(key).unwrap_or(&Value::Null);
        let failed = get("failed").as_array().map(Vec::as_slice).unwrap_or_default();
        let failed: Vec<&Value> = failed.iter().collect();
        of_answer(get("outcome"), [get("code"), get("units"), get("cents")], &failed)
            .with_context(|| format!("Regorus answered {answer}"))
    }
}

fn engine() -> Result<Engine> {
    let mut engine = Engine::new();
    engine.add_policy("comparison.rego".to_owned(), POLICY.to_owned())?;
    engine.add_data(RegoValue::from_json_str(DATA)?)?;
    Ok(engine)
}

fn inputs(facts: &[Value]) -> Result<Vec<RegoValue>> {
    facts.iter().map(|facts| RegoValue::from_json_str(&facts.to_string())).collect()
}
