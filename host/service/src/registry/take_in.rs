//! Takes policy files in, through whichever door they come: each is judged by the same checks before it has a version of its own.

use adjudica_core::{Digest, Manifest, Token};
use adjudica_store::{PolicyFile, PolicyFileSummary};
use jiff::Timestamp;

use crate::asking::Keep;
use crate::error::ServiceError;
use crate::registry::Registry;
use crate::registry::trust::require_theirs_and_newest;

/// A policy file that the host took.
pub struct TakenIn {
    /// The digest of its bytes.
    pub digest: Digest,
    /// What it says of itself.
    pub manifest: Manifest,
    /// As it is stored; `None` for a dry run.
    pub file: Option<PolicyFileSummary>,
    /// Whether it was not stored before.
    pub is_new: bool,
}

impl Registry {
    /// Takes a policy file in and stores it, or with [`Keep::DryRun`] lends it to be looked at. The same bytes again change nothing.
    /// # Errors
    /// Every sort of refusal in [`crate::Cause`] that names policies; then nothing is stored, and its version is still free.
    pub async fn take_in(
        &self,
        actor: &Token,
        wasm: Vec<u8>,
        keep: Keep,
        now: Timestamp,
    ) -> Result<TakenIn, ServiceError> {
        let digest = Digest::of(&wasm);
        let stored = self.store.list_policy_files().await?;
        if let Some(file) = stored.iter().find(|file| file.digest == digest) {
            let manifest = serde_json::from_str(&file.manifest_json);
            let manifest = manifest.map_err(|fault| ServiceError::internal("registry::take_in", fault))?;
            return Ok(TakenIn { digest, manifest, file: Some(file.clone()), is_new: false });
        }
        let signed = self.publishers.judge(&wasm, now).await?;
        let policy = self.library.load(wasm.clone()).await?;
        let manifest = policy.manifest().clone();
        if let Some(signed) = signed {
            require_theirs_and_newest(&signed, &stored, &manifest)?;
        }
        let manifest_json =
            serde_json::to_string(&manifest).map_err(|fault| ServiceError::internal("registry::take_in", fault))?;
        let file = PolicyFile {
            digest,
            policy_id: manifest.policy_id.clone(),
            version: manifest.version.to_string(),
            manifest_json,
            wasm,
            uploaded_at: now,
            uploaded_by: actor.clone(),
        };
        file.require_free(&stored)?;
        // A file whose cases fail could be activated nowhere, and would keep its version from the one that mends it.
        let judged = self.cases.run(&policy).await;
        // Nobody asks it before it is activated: what was loaded for this look does not pile up.
        self.library.keep_only(&self.published().snapshot.policies_in_use());
        judged?;
        if keep == Keep::DryRun {
            return Ok(TakenIn { digest, manifest, file: None, is_new: true });
        }
        self.store.insert_policy_file(&file).await?;
        tracing::info!(policy = %digest, policy_id = %file.policy_id, version = file.version, actor = %actor, "a policy file was stored");
        let stored = self.store.list_policy_files().await?.into_iter().find(|file| file.digest == digest);
        let stored = stored.ok_or_else(|| ServiceError::internal("registry::take_in", "the file is gone"))?;
        Ok(TakenIn { digest, manifest, file: Some(stored), is_new: true })
    }
}
