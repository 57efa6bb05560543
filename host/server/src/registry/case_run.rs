//! Runs the cases that a policy carries: one policy at a time, within a time, and for as long as somebody waits for the answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use adjudica_engine::Policy;
use tokio::sync::Semaphore;

use crate::error::{ApiError, ErrorCode, Faults, FieldFault};

/// Most time that the cases of one policy may take: the largest shipped policy's take a second.
const RUN_MAX: Duration = Duration::from_secs(60);
/// Most time to wait for another policy's cases.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// What a policy's own cases say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseReport {
    /// Cases that pass.
    pub passed: usize,
    /// One text for each case that does not, and for whatever else is wrong with the cases.
    pub failures: Vec<String>,
}

/// How long a run of cases goes on.
#[derive(Debug, Clone)]
pub struct CaseRun {
    deadline: Option<Instant>,
    is_given_up: Arc<AtomicBool>,
}

impl CaseRun {
    /// A run to the end, for a program that does nothing else.
    #[must_use]
    pub fn to_the_end() -> Self {
        Self { deadline: None, is_given_up: Arc::default() }
    }

    /// Whether no further case is to be run: nobody waits any more, or the time is up.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_given_up.load(Ordering::Relaxed) || self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }
}

/// Runs the cases that a policy carries. Given by the program: this crate does not know the form of cases.
pub type CaseCheck = Arc<dyn Fn(&Policy, &CaseRun) -> CaseReport + Send + Sync>;

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
    /// How many cases pass.
    /// # Errors
    /// `policy_cases_failed` with each that does not, or `overloaded` where other policies' cases are run.
    pub(crate) async fn run(&self, check: &CaseCheck, policy: &Policy) -> Result<usize, ApiError> {
        let waited = tokio::time::timeout(WAIT_MAX, Arc::clone(&self.place).acquire_owned()).await;
        let Ok(Ok(place)) = waited else {
            let public = "the host runs the cases of other policies; send the request again in a minute";
            return Err(ApiError::new(ErrorCode::Overloaded, public));
        };
        let run = CaseRun { deadline: Some(Instant::now() + RUN_MAX), is_given_up: Arc::default() };
        // Whoever hangs up takes the run with them; the place is free when the case that is under way has ended.
        let _given_up = GiveUp(Arc::clone(&run.is_given_up));
        let (check, policy) = (Arc::clone(check), policy.clone());
        let ended = tokio::task::spawn_blocking(move || {
            let _place = place;
            check(&policy, &run)
        });
        let report = ended.await.map_err(|fault| ApiError::internal("registry::case_run", fault))?;
        if report.failures.is_empty() {
            return Ok(report.passed);
        }
        let faults = report.failures.into_iter().map(|failure| FieldFault::new("policy", failure)).collect::<Faults>();
        Err(ApiError::of_faults(ErrorCode::PolicyCasesFailed, faults))
    }
}

/// Ends a run when it goes.
struct GiveUp(Arc<AtomicBool>);

impl Drop for GiveUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
