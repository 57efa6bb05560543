//! Who answers for an encounter: a policy with the terms it is asked with, or nobody and why.

use std::sync::Arc;

use adjudica_core::columns::Explain;
use adjudica_core::decision::UndeterminedCode;
use adjudica_core::{Decision, Digest, EncounterFacts, Terms, Timeline, Token};
use adjudica_engine::Policy;
use serde::{Deserialize, Serialize};

/// What runs a policy: a decision for each encounter, in order.
pub type PolicyRun = Arc<dyn Fn(&[Timeline], &Terms, Explain) -> Vec<Decision> + Send + Sync>;

/// A policy with the terms it is asked with.
pub struct Answerer {
    /// Name of the policy.
    pub policy_id: Token,
    /// Its version.
    pub version: semver::Version,
    /// Digest of its file.
    pub digest: Digest,
    /// Currency of its amounts.
    pub currency: Token,
    /// How it was chosen.
    pub chosen: Chosen,
    /// The terms.
    pub terms: Arc<Terms>,
    /// Digest of the terms.
    pub terms_digest: Digest,
    /// Runs it.
    pub run: PolicyRun,
}

/// Who answers for an encounter.
#[derive(Clone)]
pub enum Routed {
    /// A policy.
    To(Arc<Answerer>),
    /// Nobody, and why.
    Nobody(UndeterminedCode, String),
}

/// How a policy was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PolicyChosen)]
pub enum Chosen {
    /// It was in force for the date of service.
    InForce,
    /// The request named it.
    Pinned,
}

impl Answerer {
    /// `policy` with its terms.
    #[must_use]
    pub fn new(policy: &Policy, terms: Arc<Terms>, terms_digest: Digest, chosen: Chosen) -> Self {
        let manifest = policy.manifest();
        let run = policy.clone();
        Self {
            policy_id: manifest.policy_id.clone(),
            version: manifest.version.clone(),
            digest: policy.digest(),
            currency: manifest.currency.clone(),
            chosen,
            terms,
            terms_digest,
            run: Arc::new(move |timelines, terms, explain| run.decide(timelines, terms, explain)),
        }
    }

    /// `id@version`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}@{}", self.policy_id, self.version)
    }
}

impl Routed {
    /// The policy; `None` where nobody answers.
    #[must_use]
    pub fn answerer(&self) -> Option<&Arc<Answerer>> {
        match self {
            Self::To(answerer) => Some(answerer),
            Self::Nobody(..) => None,
        }
    }

    /// That no activation covers the encounter.
    #[must_use]
    pub fn no_policy(facts: &EncounterFacts) -> Self {
        let message = format!(
            "no policy is in force for payer `{}` on {}; activate one for that date of service",
            facts.payer_id, facts.date_of_service
        );
        Self::Nobody(UndeterminedCode::NoPolicyInForce, message)
    }
}
