//! What is asked of the registry: that a policy answers, or that the last change is taken back.

use adjudica_core::{Digest, ServiceDate, Terms, Token};

use crate::asking::{Keep, PolicyName};

/// Whom an activation is for, within an agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The payer.
    pub payer_id: Token,
    /// One plan of the payer; absent means every plan.
    pub plan_id: Option<Token>,
    /// One line of service; absent means every line.
    pub service_line: Option<Token>,
}

/// A request to activate a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivationRequest {
    /// Why.
    pub message: String,
    /// For whom.
    pub scope: Scope,
    /// Which policy.
    pub policy: PolicyName,
    /// With which terms.
    pub terms: TermsChoice,
    /// First date of service.
    pub dos_from: ServiceDate,
    /// First date of service after.
    pub dos_to: Option<ServiceDate>,
    /// What happens to activations that answer for some of these days already.
    pub replace: Replace,
    /// Whether it is recorded, or only looked at beforehand.
    pub keep: Keep,
}

/// How a request gives terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TermsChoice {
    /// Terms stored before.
    Stored(Digest),
    /// Terms in the request itself.
    Inline(Terms),
}

/// What happens to activations that answer for some of the days already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replace {
    /// The request is refused and they are listed.
    Refuse,
    /// They are cut to the days that are left.
    Cut,
}

/// A request to go back to the state before the last change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollbackRequest {
    /// Why.
    pub message: String,
    /// For whom.
    pub scope: Scope,
    /// What happens where the state before was empty.
    pub to_nothing: ToNothing,
    /// Whether it is recorded, or only looked at beforehand.
    pub keep: Keep,
}

/// What happens to a rollback after which no day has a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToNothing {
    /// It is refused, and the days are named.
    Refuse,
    /// It is meant.
    Accept,
}
