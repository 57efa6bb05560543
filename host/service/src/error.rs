//! How a request fails, in words of what happened: the caller's fault, a policy refused, the host busy or unwell.
//! Only `public` text and named fields leave the process.

mod faults;

use adjudica_store::StoreError;
use serde::Serialize;
use utoipa::ToSchema;

pub use faults::{FAULTS_MAX, Faults};

/// One thing that is wrong with what was sent, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct FieldFault {
    /// Where: `minutes`, `[3].date_of_service`; empty for the whole.
    pub field: String,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl FieldFault {
    /// A fault of `field`.
    #[must_use]
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

macro_rules! causes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $word:literal, $title:literal;)+) => {
        /// What happened, for programs: the words never change their meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Cause { $($(#[doc = $doc])+ $variant),+ }

        impl Cause {
            /// Every cause.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that programs read.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The same for people, each time in the same words.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),+ }
            }
        }
    };
}

causes! {
    /// What was asked can be read, but fields of it are wrong.
    InvalidRequest = "invalid_request", "fields of the request are wrong";
    /// Encounters are wrong.
    InvalidEncounter = "invalid_encounter", "fields of the encounter are wrong";
    /// Records are wrong, or cannot be so beside those on file.
    InvalidRecord = "invalid_record", "fields of the records are wrong";
    /// There is no such thing.
    NotFound = "not_found", "not found";
    /// An encounter with that id is stored already.
    EncounterExists = "encounter_exists", "encounters exist already";
    /// The encounter is not as the caller's condition says.
    PreconditionFailed = "precondition_failed", "it is not as the condition says";
    /// The idempotency key was used for another request.
    IdempotencyConflict = "idempotency_conflict", "the idempotency key belongs to another request";
    /// The policy file is refused.
    PolicyRefused = "policy_refused", "the policy file is refused";
    /// The policy file is not signed by a publisher that the host trusts.
    PolicyUntrusted = "policy_untrusted", "the policy file is not trusted";
    /// A newer version of the policy is stored already.
    PolicyRolledBack = "policy_rolled_back", "a newer version of the policy is stored";
    /// The policy was taken back by its publisher.
    PolicyYanked = "policy_yanked", "the policy was taken back";
    /// Another file has that policy id and version.
    PolicyVersionTaken = "policy_version_taken", "the policy version is taken";
    /// The policy's own cases do not pass.
    PolicyCasesFailed = "policy_cases_failed", "the policy's own cases do not pass";
    /// Another activation answers for some of these days.
    ActivationOverlap = "activation_overlap", "another activation answers for these days";
    /// Activations were changed by someone else at the same time.
    ActivationMoved = "activation_moved", "activations changed meanwhile";
    /// There is no earlier state to go back to.
    NothingToRollBack = "nothing_to_roll_back", "there is nothing to roll back";
    /// A stored record is not the one that was written.
    RecordChanged = "record_changed", "the record was changed";
    /// After the rollback no policy would answer any more.
    LeavesNothing = "leaves_nothing", "no policy would answer any more";
    /// The host has all the work it can hold.
    Overloaded = "overloaded", "the host is busy";
    /// The policy in force for the encounter, or its terms, cannot be loaded by the host.
    PolicyUnavailable = "policy_unavailable", "the policy in force cannot be asked";
    /// The client's ledger kept changing while the decision was made.
    LedgerContended = "ledger_contended", "the client's ledger kept changing";
    /// The database does not answer.
    StoreUnavailable = "store_unavailable", "the store does not answer";
    /// Something that should not happen.
    Internal = "internal", "an internal fault";
}

/// A request that failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{public}")]
pub struct ServiceError {
    /// What happened.
    pub cause: Cause,
    /// For the caller: what is wrong and what to do about it.
    pub public: String,
    /// Each fault with its field, at most [`FAULTS_MAX`].
    pub errors: Vec<FieldFault>,
    /// How many faults there are besides.
    pub errors_left_out: usize,
    /// For the log only.
    pub internal: Option<String>,
}

impl ServiceError {
    /// A failure with nothing to add for the log.
    #[must_use]
    pub fn new(cause: Cause, public: impl Into<String>) -> Self {
        Self { cause, public: public.into(), errors: Vec::new(), errors_left_out: 0, internal: None }
    }

    /// A failure with named faults.
    #[must_use]
    pub fn of_faults(cause: Cause, faults: impl Into<Faults>) -> Self {
        let faults = faults.into();
        let public = faults.in_short();
        let (errors, errors_left_out) = faults.into_parts();
        Self { cause, public, errors, errors_left_out, internal: None }
    }

    /// A failure whose cause only the log may say.
    #[must_use]
    pub fn hidden(cause: Cause, public: impl Into<String>, internal: impl std::fmt::Display) -> Self {
        Self {
            cause,
            public: public.into(),
            errors: Vec::new(),
            errors_left_out: 0,
            internal: Some(internal.to_string()),
        }
    }

    /// Something that should not happen; `place` and `cause` go to the log.
    #[must_use]
    pub fn internal(place: &'static str, cause: impl std::fmt::Display) -> Self {
        let public = "the host failed in a way that is its own fault; try again, and tell its operator if it stays";
        Self::hidden(Cause::Internal, public, format!("{place}: {cause}"))
    }

    /// Nothing of that name.
    #[must_use]
    pub fn not_found(what: &str, name: &str) -> Self {
        Self::new(Cause::NotFound, format!("there is no {what} `{name}`"))
    }
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        let chain = match std::error::Error::source(&error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        };
        match error {
            StoreError::Unavailable { .. } => Self::hidden(
                Cause::StoreUnavailable,
                "the database did not answer, nothing was written; try again in a second",
                chain,
            ),
            // Other systems write encounters: a row that cannot be read is news for the caller, not a fault of the host.
            StoreError::UnreadableEncounter { encounter_id, faults } => {
                let told = |fault| FieldFault::new("", format!("stored encounter `{encounter_id}`: {fault}"));
                Self::of_faults(Cause::InvalidEncounter, faults.into_iter().map(told).collect::<Faults>())
            }
            StoreError::BadEncounters { faults } => {
                let faults = faults.into_iter().map(|fault| FieldFault::new("", fault)).collect::<Faults>();
                Self::of_faults(Cause::InvalidEncounter, faults)
            }
            StoreError::BadRecords { faults } => {
                let faults = faults.into_iter().map(|fault| FieldFault::new("records", fault)).collect::<Faults>();
                Self::of_faults(Cause::InvalidRecord, faults)
            }
            StoreError::Corrupt { table: "record", row, fault } => {
                let fault = FieldFault::new("", format!("stored record `{row}`: {fault}"));
                Self::of_faults(Cause::InvalidRecord, vec![fault])
            }
            StoreError::Corrupt { table, .. } => Self::hidden(
                Cause::Internal,
                format!(
                    "a row of table `{table}` in the database cannot be read; the host's log names it: restore it from a backup"
                ),
                chain,
            ),
            StoreError::Unexpected { .. } => Self::new(Cause::PreconditionFailed, chain),
            StoreError::VersionTaken { .. } => Self::new(Cause::PolicyVersionTaken, chain),
            StoreError::LedgerMoved { .. } => Self::hidden(
                Cause::LedgerContended,
                "other decisions for this client kept being recorded; try again in a second",
                chain,
            ),
            StoreError::ScheduleMoved { .. } => {
                Self::hidden(Cause::LedgerContended, "the activations kept being changed; try again in a second", chain)
            }
            StoreError::ActivationMoved { .. } => Self::hidden(
                Cause::ActivationMoved,
                "another change was recorded at the same moment; send yours again",
                chain,
            ),
            StoreError::IdempotencyKeyUsed { .. } => Self::hidden(
                Cause::IdempotencyConflict,
                "this idempotency key was used by another request at the same moment",
                chain,
            ),
            StoreError::BadAddress { .. }
            | StoreError::UnsafeDatabase { .. }
            | StoreError::Migration { .. }
            | StoreError::NewerSchema { .. }
            | StoreError::Pooler
            | StoreError::ForeignTables
            | StoreError::EncountersExist { .. }
            | StoreError::BadCommit { .. }
            | StoreError::BadSchedule { .. }
            | StoreError::WrongDigest { .. }
            | StoreError::RowCount { .. } => Self::internal("store", chain),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn it_gives_every_cause_its_own_word_and_title() {
        let words: BTreeSet<_> = Cause::ALL.iter().map(|cause| cause.word()).collect();
        let titles: BTreeSet<_> = Cause::ALL.iter().map(|cause| cause.title()).collect();
        assert_eq!((words.len(), titles.len()), (Cause::ALL.len(), Cause::ALL.len()));
    }
}
