//! Takes a policy file back: from then on it answers nowhere, and whatever it decided is decided again or held. Keeps the file.

use adjudica_core::Digest;
use adjudica_store::{PolicyFileSummary, Schedule, StaleMonth, Yank};
use jiff::Timestamp;

use crate::asking::Caller;
use crate::asking::Keep;
use crate::error::{Cause, ServiceError};
use crate::registry::Registry;
use crate::registry::activate::{Done, Draft};
use crate::registry::reroute::Unanswered;

/// What taking a policy back did, or would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Yanked {
    /// The file.
    pub file: PolicyFileSummary,
    /// Decisions in force that it makes stale, over all agencies.
    pub stale: Vec<StaleMonth>,
    /// Days that nothing answers for any more.
    pub unanswered: Vec<Unanswered>,
}

/// A policy file to be taken back.
#[derive(Debug, Clone)]
pub struct YankRequest {
    /// The file.
    pub digest: Digest,
    /// Why.
    pub reason: String,
    /// Whether it is done, or only said what it would do.
    pub keep: Keep,
}

impl Registry {
    /// Takes a policy file back, everywhere. The same request again changes nothing.
    /// # Errors
    /// `not_found`; `policy_yanked` when it was taken back before, for another reason; or when the store does not answer.
    pub async fn yank(&self, caller: &Caller, request: &YankRequest, now: Timestamp) -> Result<Yanked, ServiceError> {
        let YankRequest { digest, reason, keep } = request;
        let digest = *digest;
        let _changing = self.changing.lock().await;
        let snapshot = self.refresh_held().await?.snapshot.clone();
        let file = self.require_file(digest).await?;
        if let Some(before) = &file.yanked {
            if before.reason != *reason {
                let public = format!("the policy was taken back before: {}; nothing was changed", before.reason);
                return Err(ServiceError::new(Cause::PolicyYanked, public));
            }
            return Ok(Yanked { file, stale: Vec::new(), unanswered: Vec::new() });
        }
        let without = |(key, periods): (_, std::sync::Arc<[adjudica_store::ActivationPeriod]>)| {
            let stays = periods.iter().filter(|period| period.policy_digest != digest);
            Schedule { key, periods: stays.cloned().collect() }
        };
        let schedules = snapshot.schedules_with(digest).into_iter().map(without).collect();
        let yank = Yank { reason: reason.clone(), yanked_at: now, yanked_by: caller.actor.clone() };
        let (name, version) = (&file.policy_id, &file.version);
        let message = format!("{name} {version} was taken back by its publisher");
        let draft = Draft { message, keep: *keep, schedules, undoes: None, yank: Some((digest, yank)) };
        let Done { change_id, stale, unanswered } = self.change(caller, &snapshot, draft, now).await?;
        tracing::info!(change_id, policy = %digest, actor = %caller.actor, "a policy was taken back");
        Ok(Yanked { file: self.require_file(digest).await?, stale, unanswered })
    }

    async fn require_file(&self, digest: Digest) -> Result<PolicyFileSummary, ServiceError> {
        let files = self.store.list_policy_files().await?;
        let file = files.into_iter().find(|file| file.digest == digest);
        file.ok_or_else(|| ServiceError::not_found("policy", &digest.to_string()))
    }
}
