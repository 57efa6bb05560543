//! What is asked of the decision service, and how it is to answer.

use adjudica_core::columns::Explain;
use adjudica_core::{Digest, EncounterFacts, Token};
use jiff::Timestamp;

use crate::asking::{Keep, PolicyName};

/// What happens to an encounter whose decision in force holds: nothing that it rests on has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// It keeps its decision, which is the answer.
    IfStale,
    /// It is decided and recorded once more.
    Always,
}

/// Whether a refusal comes with the smallest changes that would make it billable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaysOut {
    /// The answer is the record alone.
    LeftOut,
    /// The answer of a refusal has the field `why_not` besides.
    Told,
}

/// What to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// An encounter of the store.
    Stored(Token),
    /// An encounter that came with the request.
    Inline(Box<EncounterFacts>),
}

/// An encounter to decide, and the caller's own number for it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The encounter.
    pub subject: Subject,
    /// The caller's number.
    pub tag: usize,
}

/// How to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Whether decisions are kept.
    pub keep: Keep,
    /// Which rules they list.
    pub explain: Explain,
    /// The policy to ask instead of the one in force.
    pub policy: Option<PolicyName>,
    /// The instant whose knowledge of activations is used instead of the present.
    pub as_of: Option<Timestamp>,
    /// Whether refusals come with their ways out.
    pub ways_out: WaysOut,
    /// Whether an encounter whose decision in force holds is decided once more.
    pub repeat: Repeat,
}

/// A key under which an answer is kept, and the request that it belongs to.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    /// The key.
    pub key: String,
    /// Digest of the request's body.
    pub body_digest: Digest,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The decision's id.
    pub decision_id: String,
    /// The canonical record; for a refusal whose ways out were asked for, with the field `why_not` after it.
    pub text: String,
    /// The policy that answered.
    pub policy_digest: Option<Digest>,
    /// Whether it was decided for this request.
    pub made: Made,
}

/// When a decision was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// For this request.
    Now,
    /// Before; it is in force, and nothing that it rests on has changed since.
    Before,
}
