//! Which policy files are taken: those that a publisher of the agency's list signed, and no version before the newest.
//! What a signature is worth is the engine's judgement.

use adjudica_core::{Manifest, ServiceDate};
use adjudica_engine::{SignatureFault, Signed, Trust};
use adjudica_store::PolicyFileSummary;
use jiff::Timestamp;

use crate::error::{ApiError, ErrorCode};

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

/// The signature of a file, where publishers are listed at `path`. The list is read each time, so that a revoked key is refused
/// at once.
/// # Errors
/// `policy_untrusted`, or `internal` where the list cannot be read.
pub fn judge(path: &str, bytes: &[u8], now: Timestamp) -> Result<Option<Signed>, ApiError> {
    let Some(trust) = load_trust(path).map_err(|fault| ApiError::internal("registry::trust", fault))? else {
        return Ok(None);
    };
    let today = ServiceDate::parse(now.to_string().get(..10).unwrap_or_default());
    let today = today.map_err(|fault| ApiError::internal("registry::trust", fault))?;
    trust.judge(bytes, today).map(Some).map_err(|fault| {
        tracing::warn!(%fault, "a policy file was refused");
        untrusted(&fault)
    })
}

/// Refuses a policy that its signer may not publish, and a version that comes before one that is stored: an old file cannot be
/// slipped in under a new one.
/// # Errors
/// `policy_untrusted` or `policy_rolled_back`.
pub fn require_theirs_and_newest(
    signed: &Signed,
    stored: &[PolicyFileSummary],
    manifest: &Manifest,
) -> Result<(), ApiError> {
    signed.require_theirs(&manifest.policy_id).map_err(|fault| untrusted(&fault))?;
    let versions = stored.iter().filter(|file| file.policy_id == manifest.policy_id);
    let newest = versions.filter_map(|file| file.version.parse::<semver::Version>().ok()).max();
    match newest.filter(|newest| *newest > manifest.version) {
        None => Ok(()),
        Some(newest) => Err(ApiError::new(
            ErrorCode::PolicyRolledBack,
            format!(
                "version {} of `{}` comes before {newest}, which is stored; publish a version after it",
                manifest.version, manifest.policy_id
            ),
        )),
    }
}

fn untrusted(fault: &SignatureFault) -> ApiError {
    ApiError::new(ErrorCode::PolicyUntrusted, fault.to_string())
}
