//! Changes which policy answers: load, run its cases, place, commit the row, publish. Any failure leaves the old set.

use std::collections::BTreeSet;
use std::sync::Arc;

use adjudica_core::{DateRange, Digest, Terms};
use adjudica_engine::Policy;
use adjudica_store::{
    ActivationKey, ActivationPeriod, NewChange, PolicyFileSummary, Schedule, StaleMonth, StoreError, Yank,
};
use jiff::Timestamp;

use crate::asking::Caller;
use crate::asking::{Keep, PolicyName};
use crate::error::{Cause, Faults, FieldFault, ServiceError};
use crate::registry::Registry;
use crate::registry::names::PolicyNames;
use crate::registry::request::{ActivationRequest, Replace, RollbackRequest, Scope, TermsChoice, ToNothing};
use crate::registry::reroute::{Effect, Unanswered, effect};
use crate::registry::schedule::{Placed, find_gaps, place};
use crate::registry::snapshot::Snapshot;

/// What an activation or a rollback did, or would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activated {
    /// The change; `None` where it was only looked at beforehand.
    pub change_id: Option<i64>,
    /// When.
    pub recorded_at: Timestamp,
    /// The key's complete schedule.
    pub schedule: Schedule,
    /// What the policies of the periods are called.
    pub names: PolicyNames,
    /// Decisions in force that it makes stale: the worker decides them again.
    pub stale: Vec<StaleMonth>,
    /// Days that a policy answered for until then, and nothing answers for any more.
    pub unanswered: Vec<Unanswered>,
    /// Periods that were cut, as they were before.
    pub cut: Vec<ActivationPeriod>,
    /// Days between the first and the last period that nothing answers for.
    pub gaps: Vec<DateRange>,
    /// What is allowed and may surprise.
    pub warnings: Vec<String>,
    /// Cases of the policy that pass.
    pub cases_passed: usize,
}

impl Registry {
    /// Activates a policy.
    /// # Errors
    /// Every sort of refusal in [`Cause`] that names policies or activations; then nothing has changed.
    pub async fn activate(
        &self,
        caller: &Caller,
        request: &ActivationRequest,
        now: Timestamp,
    ) -> Result<Activated, ServiceError> {
        let policy = self.require_policy(&request.policy).await?;
        self.require_standing(policy.digest()).await?;
        require_payer(&policy, &request.scope)?;
        let (terms, terms_digest) = self.require_terms(&request.terms).await?;
        require_terms_that_fit(&policy, &terms)?;
        let cases_passed = self.cases.run(&policy).await?;
        let new = ActivationPeriod {
            dos_from: request.dos_from,
            dos_to: request.dos_to,
            policy_digest: policy.digest(),
            terms_digest,
        };
        let _changing = self.changing.lock().await;
        let snapshot = self.refresh_held().await?.snapshot.clone();
        let key = key_of(caller, &request.scope);
        let Placed { periods, overlaps, gaps } = place(current_periods(&snapshot, &key), &new);
        let names = self.names().await?.with(&policy);
        if request.replace == Replace::Refuse && !overlaps.is_empty() {
            return Err(overlap_refused(&overlaps, &names));
        }
        if let (Keep::Record, TermsChoice::Inline(terms)) = (request.keep, &request.terms) {
            let (json, digest) = terms.canonical();
            self.store.insert_terms(digest, &json).await?;
        }
        let mut warnings = warnings(&policy, &terms, &new);
        warnings.extend(says_the_same(current_periods(&snapshot, &key), &periods));
        let schedule = Schedule { key, periods };
        let schedules = vec![schedule.clone()];
        let draft = Draft { message: request.message.clone(), keep: request.keep, schedules, undoes: None, yank: None };
        let Done { change_id, stale, unanswered } = self.change(caller, &snapshot, draft, now).await?;
        tracing::info!(change_id, policy = %new.policy_digest, actor = %caller.actor, "a policy was activated");
        Ok(Activated {
            change_id,
            recorded_at: now,
            schedule,
            names,
            stale,
            unanswered,
            cut: overlaps,
            gaps,
            warnings,
            cases_passed,
        })
    }

    /// Goes back to the schedule before the last change that stands.
    /// # Errors
    /// `nothing_to_roll_back`, `leaves_nothing` where no day would have a policy and the request does not say so,
    /// `policy_yanked`, or when the store does not answer.
    pub async fn roll_back(
        &self,
        caller: &Caller,
        request: &RollbackRequest,
        now: Timestamp,
    ) -> Result<Activated, ServiceError> {
        let _changing = self.changing.lock().await;
        let snapshot = self.refresh_held().await?.snapshot.clone();
        let key = key_of(caller, &request.scope);
        let before = snapshot.find_history(&key).and_then(|history| history.before_last());
        let Some((undoes, periods)) = before else {
            return Err(ServiceError::new(
                Cause::NothingToRollBack,
                "this payer, plan and line of service has no activation to take back",
            ));
        };
        for period in periods.iter() {
            self.require_not_yanked(period.policy_digest).await?;
        }
        let cut = current_periods(&snapshot, &key).to_vec();
        let schedule = Schedule { key, periods: periods.to_vec() };
        let schedules = vec![schedule.clone()];
        let (message, keep) = (request.message.clone(), request.keep);
        let draft = Draft { message, keep, schedules, undoes: Some(undoes), yank: None };
        if schedule.periods.is_empty() && request.to_nothing == ToNothing::Refuse && request.keep == Keep::Record {
            return Err(leaves_nothing(&draft.effect(&snapshot).unanswered));
        }
        let Done { change_id, stale, unanswered } = self.change(caller, &snapshot, draft, now).await?;
        tracing::info!(change_id, undoes, actor = %caller.actor, "an activation was taken back");
        let gaps = find_gaps(&schedule.periods);
        let mut warnings: Vec<String> = says_the_same(&cut, &schedule.periods).into_iter().collect();
        if schedule.periods.is_empty() && request.to_nothing == ToNothing::Refuse {
            warnings.push(LEAVES_NOTHING.to_owned());
        }
        Ok(Activated {
            change_id,
            recorded_at: now,
            schedule,
            names: self.names().await?,
            stale,
            unanswered,
            cut,
            gaps,
            warnings,
            cases_passed: 0,
        })
    }

    /// The policy that a request names, loaded.
    /// # Errors
    /// `not_found`, or why it cannot be loaded.
    pub async fn require_policy(&self, name: &PolicyName) -> Result<Policy, ServiceError> {
        let digest = match name {
            PolicyName::Digest(digest) => Some(*digest),
            PolicyName::Version { policy_id, version } => {
                let files = self.store.list_policy_files().await?;
                files
                    .iter()
                    .find(|file| file.policy_id == *policy_id && file.version == version.to_string())
                    .map(|file| file.digest)
            }
        };
        let loaded = match digest {
            Some(digest) => self.library.policy(digest).await?,
            None => None,
        };
        loaded.ok_or_else(|| {
            let shown = match name {
                PolicyName::Digest(digest) => digest.to_string(),
                PolicyName::Version { policy_id, version } => format!("{policy_id}@{version}"),
            };
            let public =
                format!("there is no policy `{shown}`; upload it first, or name one that `GET /v1/policies` lists");
            ServiceError {
                errors: vec![FieldFault::new("policy", "is not stored")],
                ..ServiceError::new(Cause::NotFound, public)
            }
        })
    }

    /// Refuses a policy that its publisher took back, or whose signature does not hold any more.
    async fn require_standing(&self, digest: Digest) -> Result<(), ServiceError> {
        match self.require_not_yanked(digest).await? {
            Some(file) => self.require_trusted(&file).await,
            None => Ok(()),
        }
    }

    /// Refuses a policy that its publisher took back.
    async fn require_not_yanked(&self, digest: Digest) -> Result<Option<PolicyFileSummary>, ServiceError> {
        let files = self.store.list_policy_files().await?;
        let Some(file) = files.into_iter().find(|file| file.digest == digest) else { return Ok(None) };
        let Some(yank) = &file.yanked else { return Ok(Some(file)) };
        let (name, version) = (&file.policy_id, &file.version);
        let public = format!("the publisher took {name} {version} back: {}; activate another version", yank.reason);
        Err(ServiceError::new(Cause::PolicyYanked, public))
    }

    async fn require_terms(&self, choice: &TermsChoice) -> Result<(Arc<Terms>, Digest), ServiceError> {
        match choice {
            TermsChoice::Inline(terms) => Ok((Arc::new(terms.clone()), terms.canonical().1)),
            TermsChoice::Stored(digest) => {
                let terms = self.library.terms(*digest).await?.ok_or_else(|| {
                    let public = format!("there are no terms `{digest}`; store them first with `PUT /v1/terms`");
                    ServiceError {
                        errors: vec![FieldFault::new("terms", "are not stored")],
                        ..ServiceError::new(Cause::NotFound, public)
                    }
                })?;
                Ok((terms, *digest))
            }
        }
    }

    /// Records `draft` and publishes it, or says what it would do. The caller holds `changing` since `snapshot` was read.
    pub(crate) async fn change(
        &self,
        caller: &Caller,
        snapshot: &Snapshot,
        draft: Draft,
        now: Timestamp,
    ) -> Result<Done, ServiceError> {
        let Effect { reroutes, unanswered } = draft.effect(snapshot);
        if draft.keep == Keep::DryRun {
            let stale = self.store.count_stale(&reroutes).await?;
            return Ok(Done { change_id: None, stale, unanswered });
        }
        let change = NewChange {
            recorded_at: now,
            recorded_by: caller.actor.clone(),
            message: draft.message,
            schedules: draft.schedules,
            expected_change_id: (snapshot.change_id > 0).then_some(snapshot.change_id),
            undoes: draft.undoes,
            reroutes,
            yank: draft.yank,
        };
        match self.store.record_change(&change).await {
            Ok(recorded) => {
                self.refresh_held().await?;
                Ok(Done { change_id: Some(recorded.change_id), stale: recorded.stale, unanswered })
            }
            Err(StoreError::ActivationMoved { .. }) => Err(ServiceError::new(
                Cause::ActivationMoved,
                "another change was recorded at the same moment; look at `GET /v1/activations` and send yours again",
            )),
            Err(error) => Err(error.into()),
        }
    }
}

/// A change on the way.
pub(crate) struct Draft {
    /// Why, in the words of whoever makes it.
    pub(crate) message: String,
    /// Whether it is recorded, or only said what it would do.
    pub(crate) keep: Keep,
    /// The new schedule of each key that changes.
    pub(crate) schedules: Vec<Schedule>,
    /// The change that it takes back.
    pub(crate) undoes: Option<i64>,
    /// The policy file that is taken back with it.
    pub(crate) yank: Option<(Digest, Yank)>,
}

/// What a change did, or would do.
pub(crate) struct Done {
    /// Its number; `None` where nothing was recorded.
    pub(crate) change_id: Option<i64>,
    /// Decisions in force that it makes stale.
    pub(crate) stale: Vec<StaleMonth>,
    /// Days that nothing answers for any more.
    pub(crate) unanswered: Vec<Unanswered>,
}

impl Draft {
    /// What it does to encounters.
    pub(crate) fn effect(&self, before: &Snapshot) -> Effect {
        let after = before.with(&self.schedules);
        let keys = self.schedules.iter().map(|schedule| (&schedule.key.agency_id, &schedule.key.payer_id));
        let mut all = Effect::default();
        for (agency, payer) in keys.collect::<BTreeSet<_>>() {
            all.extend(effect(before, &after, agency, payer));
        }
        all
    }
}

/// A change after which the schedule is as it was is recorded, and surprises whoever takes it back later.
fn says_the_same(before: &[ActivationPeriod], after: &[ActivationPeriod]) -> Option<String> {
    let sentence = "the schedule was so already, so nothing changes hands; taking this change back leaves it so too";
    (before == after).then(|| sentence.to_owned())
}

/// The refusal of a rollback after which no day has a policy.
fn leaves_nothing(unanswered: &[Unanswered]) -> ServiceError {
    let fault = |one: &Unanswered| FieldFault::new("to_nothing", format!("{} would have no policy", one.words()));
    let mut error = ServiceError::of_faults(Cause::LeavesNothing, unanswered.iter().map(fault).collect::<Faults>());
    LEAVES_NOTHING.clone_into(&mut error.public);
    error
}

const LEAVES_NOTHING: &str = "the schedule before the last change is empty, so it would answer for no day any more; if that \
                              is what you want, say so: `\"to_nothing\": true`, or `--to-nothing` on the command line";

fn key_of(caller: &Caller, scope: &Scope) -> ActivationKey {
    ActivationKey {
        agency_id: caller.agency.clone(),
        payer_id: scope.payer_id.clone(),
        plan_id: scope.plan_id.clone(),
        service_line: scope.service_line.clone(),
    }
}

fn current_periods<'a>(snapshot: &'a Snapshot, key: &ActivationKey) -> &'a [ActivationPeriod] {
    snapshot.find_history(key).and_then(|history| history.known(None)).map_or(&[], |known| &known.periods)
}

fn require_terms_that_fit(policy: &Policy, terms: &Terms) -> Result<(), ServiceError> {
    // Terms of the store were checked when they came; a release may have learnt to refuse more since.
    let faults = terms.faults().into_iter().chain(terms.faults_with(policy.manifest()));
    let faults: Vec<FieldFault> = faults.map(|fault| FieldFault::new("terms", fault)).collect();
    if faults.is_empty() { Ok(()) } else { Err(ServiceError::of_faults(Cause::InvalidRequest, faults)) }
}

fn require_payer(policy: &Policy, scope: &Scope) -> Result<(), ServiceError> {
    let manifest = policy.manifest();
    if manifest.payers.contains(&scope.payer_id) {
        return Ok(());
    }
    let payers: Vec<_> = manifest.payers.iter().map(|payer| payer.as_str()).collect();
    let message =
        format!("is not a payer that policy `{}` speaks for; it speaks for {}", manifest.policy_id, payers.join(", "));
    Err(ServiceError::of_faults(Cause::InvalidRequest, vec![FieldFault::new("payer_id", message)]))
}

fn overlap_refused(overlaps: &[ActivationPeriod], names: &PolicyNames) -> ServiceError {
    let faults = overlaps.iter().map(|period| {
        let to = period.dos_to.map_or_else(|| "no end".to_owned(), |to| to.to_string());
        let (name, digest) = (names.of(period.policy_digest), period.policy_digest);
        let message = format!("overlaps the activation from {} to {to} of {name} ({digest})", period.dos_from);
        FieldFault::new("dos_from", message)
    });
    let mut error = ServiceError::of_faults(Cause::ActivationOverlap, faults.collect::<Faults>());
    "activations answer for some of these days already; choose other days, or send `\"replace\": \"cut\"` to cut them"
        .clone_into(&mut error.public);
    error
}

/// What is allowed and may surprise: days outside the policy's own, rates that the terms lack.
fn warnings(policy: &Policy, terms: &Terms, new: &ActivationPeriod) -> Vec<String> {
    let manifest = policy.manifest();
    let days = DateRange { from: new.dos_from, to: new.dos_to };
    let mut warnings = Vec::new();
    let within = |range: &DateRange| {
        range.from <= days.from && (range.to.is_none() || days.to.zip(range.to).is_some_and(|(to, end)| to <= end))
    };
    if !manifest.in_force.iter().any(within) {
        warnings.push(format!(
            "policy `{}` is not in force on all of these days; it refuses dates of service outside its own",
            manifest.policy_id
        ));
    }
    let missing: Vec<_> = manifest
        .terms
        .rates
        .iter()
        .filter(|code| !terms.rates.iter().any(|rate| rate.procedure_code == **code))
        .collect();
    if !missing.is_empty() {
        let codes: Vec<_> = missing.iter().map(|code| code.as_str()).collect();
        warnings.push(format!("the terms have no rate for {}; lines of these codes stay incomplete", codes.join(", ")));
    }
    warnings
}
