//! Loaded policies and terms by digest. Compiles off the serving path; a digest is loaded once however many ask for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use adjudica_core::decision::UndeterminedCode;
use adjudica_core::{Digest, Terms};
use adjudica_engine::{Engine, Policy};
use adjudica_store::{Store, StoreError};

use crate::error::{Cause, Faults, FieldFault, ServiceError};
use crate::registry::answerer::{Answerer, Chosen, Routed};

/// Policies that are kept loaded although no schedule names them: for replays, pinned requests and fresh uploads.
const SPARE_POLICIES_MAX: usize = 32;

/// Loads policies and terms, and keeps what it loaded.
pub struct Library {
    store: Arc<dyn Store>,
    engine: Engine,
    policies: Mutex<BTreeMap<Digest, Policy>>,
    terms: Mutex<BTreeMap<Digest, Arc<Terms>>>,
    /// Held while compiling: one at a time, so that serving keeps its processors.
    compiling: Arc<tokio::sync::Mutex<()>>,
}

impl Library {
    /// An empty library.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, engine: Engine) -> Self {
        Self { store, engine, policies: Mutex::default(), terms: Mutex::default(), compiling: Arc::default() }
    }

    /// A policy of the store, loaded. `Ok(None)`: there is no such file.
    /// # Errors
    /// `policy_refused` with every reason, or when the store does not answer.
    pub async fn policy(&self, digest: Digest) -> Result<Option<Policy>, ServiceError> {
        if let Some(policy) = self.find_loaded(digest) {
            return Ok(Some(policy));
        }
        match self.store.load_policy_wasm(digest).await {
            Ok(Some(wasm)) => self.load(wasm).await.map(Some),
            Ok(None) => Ok(None),
            // What is damaged answers for its own days alone: it is no reason to serve nothing.
            Err(StoreError::Corrupt { fault, .. }) => {
                let message = format!("the stored file is damaged: {fault}; restore its row from a backup");
                Err(ServiceError::of_faults(Cause::PolicyRefused, vec![FieldFault::new("", message)]))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Verifies, compiles and keeps a policy file.
    /// # Errors
    /// `policy_refused` with every reason.
    pub async fn load(&self, wasm: Vec<u8>) -> Result<Policy, ServiceError> {
        let one = Arc::clone(&self.compiling).lock_owned().await;
        let digest = Digest::of(&wasm);
        if let Some(policy) = self.find_loaded(digest) {
            return Ok(policy);
        }
        let engine = self.engine.clone();
        // The gate is the compiler's: whoever hangs up meanwhile does not open it for the next.
        let loaded = tokio::task::spawn_blocking(move || {
            let _one = one;
            engine.load(&wasm)
        })
        .await;
        let policy = loaded
            .map_err(|fault| ServiceError::internal("registry::load", fault))?
            .map_err(|error| refused(&error))?;
        let mut policies = self.policies.lock().unwrap_or_else(PoisonError::into_inner);
        policies.insert(digest, policy.clone());
        Ok(policy)
    }

    /// Terms by digest. `Ok(None)`: there are none.
    /// # Errors
    /// When the store does not answer, or keeps something that is not terms.
    pub async fn terms(&self, digest: Digest) -> Result<Option<Arc<Terms>>, ServiceError> {
        if let Some(terms) = self.terms.lock().unwrap_or_else(PoisonError::into_inner).get(&digest) {
            return Ok(Some(Arc::clone(terms)));
        }
        let terms = match self.store.find_terms(digest).await? {
            Some(json) => serde_json::from_str(&json)
                .map_err(|fault| ServiceError::internal("registry::terms", format!("{digest}: {fault}")))?,
            None if digest == Terms::default().canonical().1 => Terms::default(),
            None => return Ok(None),
        };
        let terms = Arc::new(terms);
        self.terms.lock().unwrap_or_else(PoisonError::into_inner).insert(digest, Arc::clone(&terms));
        Ok(Some(terms))
    }

    /// Who answers with that policy and those terms; nobody, with the reason, when they cannot be loaded.
    /// # Errors
    /// When the store does not answer.
    pub async fn answerer(&self, policy: Digest, terms: Digest, chosen: Chosen) -> Result<Routed, ServiceError> {
        let unavailable = |why: &str| Routed::Nobody(UndeterminedCode::PolicyUnavailable, why.to_owned());
        let loaded = match self.policy(policy).await {
            Ok(loaded) => loaded,
            Err(error) if error.cause == Cause::PolicyRefused => {
                tracing::error!(%policy, reason = %error.public, "an activated policy cannot be loaded");
                return Ok(unavailable(&format!(
                    "policy {policy} is activated but cannot be loaded: {}",
                    error.public
                )));
            }
            Err(error) => return Err(error),
        };
        let given = match self.terms(terms).await {
            Err(error) if error.cause == Cause::Internal => {
                let reason = error.internal.unwrap_or_default();
                tracing::error!(%terms, reason, "activated terms cannot be read");
                return Ok(unavailable(&format!("terms {terms} are activated but cannot be read")));
            }
            given => given?,
        };
        match (loaded, given) {
            (Some(policy), Some(given)) => Ok(Routed::To(Arc::new(Answerer::new(&policy, given, terms, chosen)))),
            (None, _) => Ok(unavailable(&format!("policy {policy} is not stored"))),
            (_, None) => Ok(unavailable(&format!("terms {terms} are not stored"))),
        }
    }

    /// Lets go of policies that no schedule names, but for the spare ones.
    pub fn keep_only(&self, in_use: &BTreeSet<Digest>) {
        let mut policies = self.policies.lock().unwrap_or_else(PoisonError::into_inner);
        let spare: Vec<_> = policies.keys().filter(|digest| !in_use.contains(*digest)).copied().collect();
        for digest in spare.iter().skip(SPARE_POLICIES_MAX) {
            policies.remove(digest);
        }
    }

    fn find_loaded(&self, digest: Digest) -> Option<Policy> {
        self.policies.lock().unwrap_or_else(PoisonError::into_inner).get(&digest).cloned()
    }
}

/// The refusal of a policy file, every reason an entry.
#[must_use]
pub fn refused(error: &adjudica_engine::LoadError) -> ServiceError {
    let faults = error.faults().iter().map(|fault| FieldFault::new("", fault.to_string())).collect::<Faults>();
    ServiceError::of_faults(Cause::PolicyRefused, faults)
}
