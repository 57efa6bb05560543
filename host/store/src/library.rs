//! Policy files as they are kept. Reading one is the engine's.

use adjudica_core::{Digest, Token};

use crate::error::StoreError;
use crate::instant::{Instant, parse_instant};
use crate::raw::{digest, token};

/// A policy file with its bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct PolicyFile {
    /// The digest of `wasm`.
    pub digest: Digest,
    /// Name of the policy.
    pub policy_id: Token,
    /// Its semver version.
    pub version: String,
    /// Its manifest.
    pub manifest_json: String,
    /// The file.
    pub wasm: Vec<u8>,
    /// When it arrived.
    pub uploaded_at: Instant,
    /// Who brought it.
    pub uploaded_by: Token,
}

/// A policy file without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFileSummary {
    /// The digest of the file.
    pub digest: Digest,
    /// Name of the policy.
    pub policy_id: Token,
    /// Its semver version.
    pub version: String,
    /// Its manifest.
    pub manifest_json: String,
    /// Bytes in the file.
    pub size_bytes: u64,
    /// When it arrived.
    pub uploaded_at: Instant,
    /// Who brought it.
    pub uploaded_by: Token,
    /// That its publisher takes it back.
    pub yanked: Option<Yank>,
}

/// That a publisher takes a policy back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Yank {
    /// Why, in the publisher's words.
    pub reason: String,
    /// When.
    pub yanked_at: Instant,
    /// Who said so.
    pub yanked_by: Token,
}

/// A row of `policy_file` without its bytes, in the order of the lists, and its row of `policy_yank`.
pub(crate) type RawPolicyFile =
    (String, String, String, String, i64, i64, String, Option<String>, Option<i64>, Option<String>);

impl PolicyFile {
    /// Whether the file that has this version is this very file.
    /// Refuses a version that another of the files `stored` has.
    /// # Errors
    /// [`StoreError::VersionTaken`].
    pub fn require_free(&self, stored: &[PolicyFileSummary]) -> Result<(), StoreError> {
        let is_same = |file: &&PolicyFileSummary| file.policy_id == self.policy_id && file.version == self.version;
        stored.iter().find(is_same).map_or(Ok(()), |file| self.require_same(file.digest))
    }

    pub(crate) fn require_same(&self, there: Digest) -> Result<(), StoreError> {
        if there == self.digest {
            return Ok(());
        }
        Err(StoreError::VersionTaken {
            policy_id: self.policy_id.as_str().to_owned(),
            version: self.version.clone(),
            digest: there,
        })
    }
}

/// The summary of a row.
pub(crate) fn parse_policy_file(row: RawPolicyFile) -> Result<PolicyFileSummary, StoreError> {
    const TABLE: &str = "policy_file";
    let (text, policy_id, version, manifest_json, size_bytes, uploaded_at, uploaded_by, reason, yanked_at, yanked_by) =
        row;
    let yanked = match (reason, yanked_at, yanked_by) {
        (Some(reason), Some(yanked_at), Some(yanked_by)) => Some(Yank {
            reason,
            yanked_at: parse_instant(yanked_at, "policy_yank", &text)?,
            yanked_by: token(&yanked_by, "policy_yank", &text)?,
        }),
        _ => None,
    };
    Ok(PolicyFileSummary {
        digest: digest(&text, TABLE, &text)?,
        policy_id: token(&policy_id, TABLE, &text)?,
        version,
        manifest_json,
        size_bytes: u64::try_from(size_bytes).unwrap_or(0),
        uploaded_at: parse_instant(uploaded_at, TABLE, &text)?,
        uploaded_by: token(&uploaded_by, TABLE, &text)?,
        yanked,
    })
}

/// The bytes, when they are still those that were uploaded.
pub(crate) fn require_intact(wanted: Digest, wasm: Vec<u8>) -> Result<Vec<u8>, StoreError> {
    let actual = Digest::of(&wasm);
    if actual == wanted {
        return Ok(wasm);
    }
    let fault = format!("bytes with digest {actual}");
    Err(StoreError::Corrupt { table: "policy_file", row: wanted.to_string(), fault })
}

/// Refuses bytes that come under another digest than theirs.
pub(crate) fn require_digest(what: &'static str, given: Digest, bytes: &[u8]) -> Result<(), StoreError> {
    let actual = Digest::of(bytes);
    if actual == given { Ok(()) } else { Err(StoreError::WrongDigest { what, given, actual }) }
}
