//! A loaded policy and its calls: a fresh store and instance for each, so that nothing outlives a call.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use adjudica_core::columns::{Answers, Batch, Column, Explain};
use adjudica_core::encode::encode_batch;
use adjudica_core::render::render_decisions;
use adjudica_core::{Decision, Digest, Manifest, Terms, Timeline};
use wasmtime::Store;
use wasmtime::component::Component;

use crate::bindings::PolicyWorldPre;
use crate::bindings::exports::adjudica::policy::policy as wit;
use crate::deadline::ticks;
use crate::engine::Engine;
use crate::error::{LoadError, LoadFault, plain};
use crate::fault::{Allowed, PolicyFault, Stage};
use crate::inspect::Inspection;
use crate::limiter::Limiter;

/// Handles of one call; the contract has none.
const HANDLES_MAX: usize = 16;
/// Timelines in a row that may use up all their fuel or time before the rest of a batch is given up.
const SPENT_IN_A_ROW_MAX: u32 = 16;

/// A policy, ready to decide. Cheap to clone; safe to call from many threads at once.
#[derive(Clone)]
pub struct Policy {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    inspection: Inspection,
    pre: PolicyWorldPre<Limiter>,
}

impl Policy {
    /// Checks that the component fits the contract and prepares its instances.
    pub(crate) fn link(engine: Engine, inspection: Inspection, component: &Component) -> Result<Self, LoadError> {
        let refuse =
            |error: wasmtime::Error| LoadError::of(LoadFault::NotLoadable { detail: plain(&format!("{error:#}")) });
        let instance_pre = engine.empty_linker().instantiate_pre(component).map_err(refuse)?;
        let pre = PolicyWorldPre::new(instance_pre).map_err(refuse)?;
        component.initialize_copy_on_write_image().map_err(refuse)?;
        Ok(Self { inner: Arc::new(Inner { engine, inspection, pre }) })
    }

    /// Identity of its file.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.inner.inspection.digest
    }

    /// What it says of itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.inner.inspection.manifest
    }

    /// Texts it was built from, by path.
    #[must_use]
    pub fn sources(&self) -> &BTreeMap<String, String> {
        &self.inner.inspection.sources
    }

    /// Decides every encounter, in the order of the timelines and their encounters. A fault is no error here: its
    /// encounters are `undetermined`. A fault in a call with several timelines is traced by calling again with one
    /// timeline at a time, so that only the encounters of timelines at fault are undetermined.
    #[must_use]
    pub fn decide(&self, timelines: &[Timeline], terms: &Terms, explain: Explain) -> Vec<Decision> {
        match self.try_decide(timelines, terms, explain) {
            Ok(decisions) => decisions,
            Err(fault) if timelines.len() <= 1 => undetermined(timelines, &fault),
            Err(_) => self.decide_one_by_one(timelines, terms, explain),
        }
    }

    /// As [`Policy::decide`]: one list of decisions for each timeline, with the failed rules only.
    #[must_use]
    pub fn decide_timelines(&self, timelines: &[Timeline], terms: &Terms) -> Vec<Vec<Decision>> {
        let mut decisions = self.decide(timelines, terms, Explain::FailedOnly).into_iter();
        timelines.iter().map(|timeline| decisions.by_ref().take(timeline.encounters.len()).collect()).collect()
    }

    fn decide_one_by_one(&self, timelines: &[Timeline], terms: &Terms, explain: Explain) -> Vec<Decision> {
        let mut decisions = Vec::new();
        let mut spent_in_a_row = 0;
        for (index, timeline) in timelines.iter().enumerate() {
            let one = std::slice::from_ref(timeline);
            match self.try_decide(one, terms, explain) {
                Ok(decided) => {
                    spent_in_a_row = 0;
                    decisions.extend(decided);
                }
                Err(fault) => {
                    decisions.extend(undetermined(one, &fault));
                    spent_in_a_row = if is_spent(&fault) { spent_in_a_row + 1 } else { 0 };
                    if spent_in_a_row >= SPENT_IN_A_ROW_MAX {
                        // It loops on whatever it is given: a host that tried on would be held for minutes.
                        decisions.extend(undetermined(timelines.get(index + 1..).unwrap_or_default(), &fault));
                        break;
                    }
                }
            }
        }
        decisions
    }

    /// One call. A timeout depends on the machine, so it is tried once more; every other fault would come again.
    fn try_decide(
        &self,
        timelines: &[Timeline],
        terms: &Terms,
        explain: Explain,
    ) -> Result<Vec<Decision>, PolicyFault> {
        let batch = encode_batch(self.manifest(), timelines, terms, explain)
            .map_err(|error| PolicyFault::Unavailable { detail: error.to_string() })?;
        if batch.encounters == 0 {
            return Ok(Vec::new());
        }
        let answers = match self.call(&batch) {
            Err(PolicyFault::TimedOut { .. }) => self.call(&batch),
            answered => answered,
        }?;
        render_decisions(self.manifest(), batch.encounters, &answers)
            .map_err(|fault| PolicyFault::AnswerInvalid { detail: fault.to_string() })
    }

    /// Calls the policy once in a fresh instance. The answers are read but not checked against the manifest;
    /// [`decide`](Self::decide) does that.
    /// # Errors
    /// [`PolicyFault`] when the policy did not answer.
    pub fn call(&self, batch: &Batch) -> Result<Answers, PolicyFault> {
        // A panic in the host's half of a call must not take the thread of the host's pool with it.
        catch_unwind(AssertUnwindSafe(|| self.call_unguarded(batch).map(|(answers, _)| answers)))
            .unwrap_or_else(|_| Err(failed_in_the_middle()))
    }

    /// As [`call`](Self::call), with what the call cost.
    /// # Errors
    /// [`PolicyFault`] when the policy did not answer.
    pub fn call_measured(&self, batch: &Batch) -> Result<(Answers, CallCost), PolicyFault> {
        catch_unwind(AssertUnwindSafe(|| {
            let (answers, store) = self.call_unguarded(batch)?;
            let limits = self.inner.engine.limits();
            let left = store.get_fuel().unwrap_or(0);
            let memory_bytes = u64::try_from(store.data().memory_bytes()).unwrap_or(u64::MAX);
            Ok((answers, CallCost { fuel: limits.fuel(batch.encounters).saturating_sub(left), memory_bytes }))
        }))
        .unwrap_or_else(|_| Err(failed_in_the_middle()))
    }

    fn call_unguarded(&self, batch: &Batch) -> Result<(Answers, Store<Limiter>), PolicyFault> {
        let limits = self.inner.engine.limits();
        let allowed = Allowed {
            fuel: limits.fuel(batch.encounters),
            deadline_ms: limits.call_deadline_ms(batch.encounters),
            answer_bytes: limits.answer_bytes(batch.encounters),
        };
        let fault = |stage| move |error: wasmtime::Error| PolicyFault::of_error(&error, stage, allowed);
        let mut store = new_store(&self.inner.engine, allowed).map_err(fault(Stage::Start))?;
        let instance = self.inner.pre.instantiate(&mut store).map_err(fault(Stage::Start))?;
        let columns: Vec<wit::Column<'_>> = batch.columns.iter().map(borrow_column).collect();
        let request = wit::Batch {
            dictionary_bytes: &batch.dictionary_bytes,
            dictionary_offsets: &batch.dictionary_offsets,
            encounters: batch.encounters,
            timelines: &batch.timelines,
            columns: &columns,
            explain: batch.explain,
        };
        let answers =
            instance.adjudica_policy_policy().call_decide(&mut store, request).map_err(fault(Stage::Decide))?;
        Ok((own_answers(answers), store))
    }
}

/// What one call cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CallCost {
    /// Fuel: about one for each instruction of the guest. The same for the same batch, on every machine.
    pub fuel: u64,
    /// Memory of the guest at the end of the call, in bytes; memory never shrinks.
    pub memory_bytes: u64,
}

fn failed_in_the_middle() -> PolicyFault {
    PolicyFault::Unavailable { detail: "the engine failed in the middle of a call".to_owned() }
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let manifest = self.manifest();
        f.debug_struct("Policy")
            .field("policy_id", &manifest.policy_id)
            .field("version", &manifest.version)
            .field("digest", &self.digest())
            .finish()
    }
}

/// A store with every limit set before anything of the guest can run: start functions run at instantiation.
pub(crate) fn new_store(engine: &Engine, allowed: Allowed) -> wasmtime::Result<Store<Limiter>> {
    let limits = engine.limits();
    let mut store = Store::new(engine.wasmtime(), Limiter::new(limits.memory_bytes_max, limits.table_elements_max));
    store.limiter(|limiter| limiter);
    store.set_fuel(allowed.fuel)?;
    store.set_epoch_deadline(ticks(allowed.deadline_ms));
    store.epoch_deadline_trap();
    store.set_hostcall_fuel(allowed.answer_bytes);
    store.set_max_component_handles(HANDLES_MAX);
    Ok(store)
}

fn borrow_column(column: &Column) -> wit::Column<'_> {
    match column {
        Column::Words(words) => wit::Column::Words(words),
        Column::Days(days) => wit::Column::Days(days),
        Column::Cents(cents) => wit::Column::Cents(cents),
    }
}

fn own_answers(answers: wit::Answers) -> Answers {
    Answers {
        outcomes: answers.outcomes,
        line_offsets: answers.line_offsets,
        line_codes: answers.line_codes,
        line_units: answers.line_units,
        line_cents: answers.line_cents,
        line_modifiers: answers.line_modifiers,
        finding_offsets: answers.finding_offsets,
        finding_rules: answers.finding_rules,
        finding_verdicts: answers.finding_verdicts,
        finding_observed: answers.finding_observed,
        finding_expected: answers.finding_expected,
        finding_subjects: answers.finding_subjects,
    }
}

fn undetermined(timelines: &[Timeline], fault: &PolicyFault) -> Vec<Decision> {
    let encounters = timelines.iter().map(|timeline| timeline.encounters.len()).sum();
    vec![Decision::undetermined(fault.code(), fault.to_string()); encounters]
}

fn is_spent(fault: &PolicyFault) -> bool {
    matches!(fault, PolicyFault::OutOfFuel { .. } | PolicyFault::TimedOut { .. })
}
