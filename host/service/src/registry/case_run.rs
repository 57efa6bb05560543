//! Runs the cases that a policy carries: one policy at a time, within a time, and for as long as somebody waits for the answer.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use adjudica_cases::{Carried, run_carried};
use adjudica_core::Digest;
use adjudica_engine::Policy;
use tokio::sync::Semaphore;

use crate::error::{Cause, Faults, FieldFault, ServiceError};

/// Most time that the cases of one policy may take: the largest shipped policy's take a second.
const RUN_MAX: Duration = Duration::from_secs(60);
/// Most time to wait for another policy's cases.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// Policies whose cases have passed in this process, and how many there are: a file answers its cases tomorrow as it does today, and a
/// look at what an activation would do comes before the activation.
static PASSED: Mutex<BTreeMap<Digest, usize>> = Mutex::new(BTreeMap::new());
/// Policies that are remembered; a host has a dozen or two.
const PASSED_MAX: usize = 1_000;

fn passed(policy: &Policy) -> Option<usize> {
    PASSED.lock().unwrap_or_else(PoisonError::into_inner).get(&policy.digest()).copied()
}

fn remember(policy: Digest, cases: usize) {
    let mut passed = PASSED.lock().unwrap_or_else(PoisonError::into_inner);
    if passed.len() >= PASSED_MAX {
        passed.clear();
    }
    passed.insert(policy, cases);
}

/// Runs the cases that `policy` carries to the end, for a program that does nothing else.
#[must_use]
pub fn run_own_cases(policy: &Policy) -> Carried {
    run_until(policy, &|| false)
}

fn run_until(policy: &Policy, is_over: &dyn Fn() -> bool) -> Carried {
    run_carried(policy.sources(), is_over, &mut |timelines, terms, explain| policy.decide(timelines, terms, explain))
}

/// The one place in which cases are run.
pub(crate) struct CasePlace {
    place: Arc<Semaphore>,
}

impl Default for CasePlace {
    fn default() -> Self {
        Self { place: Arc::new(Semaphore::new(1)) }
    }
}

impl CasePlace {
    /// How many cases pass. They are run once for each policy while the process lives.
    /// # Errors
    /// `policy_cases_failed` with each that does not, or `overloaded` where other policies' cases are run.
    pub(crate) async fn run(&self, policy: &Policy) -> Result<usize, ServiceError> {
        if let Some(cases) = passed(policy) {
            return Ok(cases);
        }
        let waited = tokio::time::timeout(WAIT_MAX, Arc::clone(&self.place).acquire_owned()).await;
        let Ok(Ok(place)) = waited else {
            let public = "the host runs the cases of other policies; send the request again in a minute";
            return Err(ServiceError::new(Cause::Overloaded, public));
        };
        let deadline = Instant::now() + RUN_MAX;
        // Whoever hangs up takes the run with them; the place is free when the case that is under way has ended.
        let given_up = GiveUp(Arc::new(AtomicBool::new(false)));
        let digest = policy.digest();
        let (is_given_up, policy) = (Arc::clone(&given_up.0), policy.clone());
        let ended = tokio::task::spawn_blocking(move || {
            let _place = place;
            run_until(&policy, &|| is_given_up.load(Ordering::Relaxed) || Instant::now() >= deadline)
        });
        let carried = ended.await.map_err(|fault| ServiceError::internal("registry::case_run", fault))?;
        if carried.failures.is_empty() {
            remember(digest, carried.passed);
            return Ok(carried.passed);
        }
        let faults = carried.failures.into_iter().map(|failure| FieldFault::new("policy", failure));
        Err(ServiceError::of_faults(Cause::PolicyCasesFailed, faults.collect::<Faults>()))
    }
}

/// Ends a run when it goes.
struct GiveUp(Arc<AtomicBool>);

impl Drop for GiveUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
