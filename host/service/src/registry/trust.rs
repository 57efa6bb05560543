//! Which policy files are taken: those that a publisher of the agency's list signed, and no version before the newest.
//! What a signature is worth is the engine's judgement.

use std::collections::BTreeMap;

use adjudica_core::{Digest, Manifest, ServiceDate};
use adjudica_engine::{SignatureFault, Signed, Trust};
use adjudica_store::PolicyFileSummary;
use jiff::Timestamp;

use crate::error::{Cause, ServiceError};
use crate::registry::Registry;

/// The publishers of the file at `path`; `None` where no file is named and policies need no signature.
/// # Errors
/// A sentence that names every fault of the file.
pub fn load_trust(path: &str) -> Result<Option<Trust>, String> {
    if path.is_empty() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("the file of publishers `{path}` cannot be read: {error}"))?;
    let trust: Trust = toml::from_str(&text).map_err(|error| {
        format!("the file of publishers `{path}`: {}", error.to_string().trim_end().replace('\n', " "))
    })?;
    let faults = trust.faults();
    if faults.is_empty() {
        Ok(Some(trust))
    } else {
        Err(format!("the file of publishers `{path}`: {}", faults.join("; ")))
    }
}

/// The file that lists the publishers. It is read at each judgement, so that a revoked key is refused at once.
#[derive(Debug, Clone)]
pub struct Publishers {
    path: String,
}

impl Publishers {
    /// The publishers of the file at `path`; where that is empty, policies need no signature.
    #[must_use]
    pub fn at(path: &str) -> Self {
        Self { path: path.to_owned() }
    }

    /// Whether policies need a signature.
    #[must_use]
    pub fn are_asked(&self) -> bool {
        !self.path.is_empty()
    }

    /// The signature of a file, judged as of the day of `on`; `None` where policies need none.
    /// # Errors
    /// `policy_untrusted`, or `internal` where the list cannot be read.
    pub async fn judge(&self, bytes: &[u8], on: Timestamp) -> Result<Option<Signed>, ServiceError> {
        if !self.are_asked() {
            return Ok(None);
        }
        let path = self.path.clone();
        let read = tokio::task::spawn_blocking(move || load_trust(&path)).await;
        let trust = read.map_err(|fault| ServiceError::internal("registry::trust", fault))?;
        let Some(trust) = trust.map_err(|fault| ServiceError::internal("registry::trust", fault))? else {
            return Ok(None);
        };
        let day = ServiceDate::parse(on.to_string().get(..10).unwrap_or_default());
        let day = day.map_err(|fault| ServiceError::internal("registry::trust", fault))?;
        trust.judge(bytes, day).map(Some).map_err(|fault| {
            tracing::warn!(%fault, "a policy file was refused");
            untrusted(&fault)
        })
    }
}

impl Registry {
    /// Refuses a stored policy that the publishers' list speaks against by now: unsigned, by an unknown publisher or key, or with
    /// a revoked key. A key that ran out since the file was stored is no reason.
    pub(crate) async fn require_trusted(&self, file: &PolicyFileSummary) -> Result<(), ServiceError> {
        if !self.publishers.are_asked() {
            return Ok(());
        }
        let wasm = self.store.load_policy_wasm(file.digest).await?.unwrap_or_default();
        let signed = self.publishers.judge(&wasm, file.uploaded_at).await?;
        signed.map_or(Ok(()), |signed| signed.require_theirs(&file.policy_id).map_err(|fault| untrusted(&fault)))
    }

    /// Policies that answer by the latest schedules though the publishers' list speaks against them, each with the reason.
    /// # Errors
    /// When the store does not answer or the list cannot be read.
    pub async fn untrusted(&self) -> Result<BTreeMap<Digest, String>, ServiceError> {
        let mut reasons = BTreeMap::new();
        if !self.publishers.are_asked() {
            return Ok(reasons);
        }
        let loaded = self.loaded();
        for file in self.store.list_policy_files().await?.iter().filter(|file| loaded.contains_key(&file.digest)) {
            match self.require_trusted(file).await {
                Ok(()) => {}
                Err(error) if error.cause == Cause::PolicyUntrusted => {
                    reasons.insert(file.digest, error.public);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(reasons)
    }
}

/// Refuses a policy that its signer may not publish, and a version that comes before one that is stored: an old file cannot be
/// slipped in under a new one.
/// # Errors
/// `policy_untrusted` or `policy_rolled_back`.
pub fn require_theirs_and_newest(
    signed: &Signed,
    stored: &[PolicyFileSummary],
    manifest: &Manifest,
) -> Result<(), ServiceError> {
    signed.require_theirs(&manifest.policy_id).map_err(|fault| untrusted(&fault))?;
    let versions = stored.iter().filter(|file| file.policy_id == manifest.policy_id);
    let newest = versions.filter_map(|file| file.version.parse::<semver::Version>().ok()).max();
    match newest.filter(|newest| *newest > manifest.version) {
        None => Ok(()),
        Some(newest) => Err(ServiceError::new(
            Cause::PolicyRolledBack,
            format!(
                "version {} of `{}` comes before {newest}, which is stored; publish a version after it",
                manifest.version, manifest.policy_id
            ),
        )),
    }
}

fn untrusted(fault: &SignatureFault) -> ServiceError {
    ServiceError::new(Cause::PolicyUntrusted, fault.to_string())
}
