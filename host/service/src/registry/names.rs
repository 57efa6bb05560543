//! What policy files are called, for people: `bcbsm 2.0.0` instead of a digest.

use std::collections::BTreeMap;

use adjudica_core::Digest;
use adjudica_engine::Policy;
use adjudica_store::PolicyFileSummary;

use crate::error::ServiceError;
use crate::registry::Registry;

/// Names of stored policy files by digest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PolicyNames(BTreeMap<Digest, String>);

impl PolicyNames {
    /// The names of `files`.
    #[must_use]
    pub fn new(files: &[PolicyFileSummary]) -> Self {
        Self(files.iter().map(|file| (file.digest, format!("{} {}", file.policy_id, file.version))).collect())
    }

    /// The same with a file that may not be stored.
    #[must_use]
    pub fn with(mut self, policy: &Policy) -> Self {
        let manifest = policy.manifest();
        self.0.entry(policy.digest()).or_insert_with(|| format!("{} {}", manifest.policy_id, manifest.version));
        self
    }

    /// Id and version of a file; the digest where it is not stored.
    #[must_use]
    pub fn of(&self, digest: Digest) -> String {
        self.0.get(&digest).cloned().unwrap_or_else(|| digest.to_string())
    }
}

impl Registry {
    /// The names of all stored policy files.
    /// # Errors
    /// When the store does not answer.
    pub async fn names(&self) -> Result<PolicyNames, ServiceError> {
        Ok(PolicyNames::new(&self.store.list_policy_files().await?))
    }
}
