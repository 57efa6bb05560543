//! What a policy file says of itself, readable without running it. The JSON form of [`Manifest`] is part of the contract.

use serde::{Deserialize, Serialize};

use crate::code::{Modifier, ProcedureCode};
use crate::date::{DateRange, ServiceDate};
use crate::field::Field;
use crate::token::Token;

/// Name of the custom section that holds the manifest as JSON.
pub const MANIFEST_SECTION: &str = "adjudica:manifest";
/// Name of the custom section that holds the sources: a JSON object from path to text.
pub const SOURCES_SECTION: &str = "adjudica:sources";

/// A policy's own description.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Name of the policy, the same over all its versions.
    pub policy_id: Token,
    /// Its version.
    pub version: semver::Version,
    /// The contract version it was built for.
    pub interface_version: semver::Version,
    /// What it is, in a line.
    pub title: String,
    /// The payers it speaks for.
    pub payers: Vec<Token>,
    /// Dates of service it can answer for.
    pub in_force: Vec<DateRange>,
    /// ISO 4217 code of every amount.
    pub currency: Token,
    /// The facts it reads, in the order of the batch's columns.
    pub reads: Vec<Field>,
    /// Where its rules come from.
    pub sources: Vec<Source>,
    /// What no source settles and the policy takes to be so.
    pub assumptions: Vec<Assumption>,
    /// Its rules; findings name them by position.
    pub rules: Vec<Rule>,
    /// Codes it can answer with; lines name them by position.
    pub codes: Vec<ProcedureCode>,
    /// Modifiers it can add, at most 32; lines name them by bit.
    pub modifiers: Vec<Modifier>,
    /// Names that findings point at (documents, codes, ...); findings name them by position.
    pub subjects: Vec<Subject>,
    /// What the agency's terms must give.
    pub terms: TermsSchema,
    /// Most units that one line may have.
    pub units_max: u32,
    /// The conditions and documents of the agency's records that it asks for; no other is shown to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Token>,
    /// What its author means a decision to cost at most. Hosts keep limits of their own and do not look at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
}

/// Bounds that the author's measurements are held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Most fuel that one decision takes, decided alone or in a call of 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fuel_max: Option<u32>,
    /// Most bytes of memory that a call of up to 1,000 encounters takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes_max: Option<u32>,
}

/// A document that rules cite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Short name, cited by rules.
    pub id: Token,
    /// Title of the document.
    pub title: String,
    /// Where it can be found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locator: Option<String>,
    /// How sure we are of what it says.
    pub confidence: Confidence,
}

/// How sure a source makes us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Read in the payer's own text or the regulator's data.
    High,
    /// Read in a secondary source or a part of the official text.
    Medium,
    /// Nothing official read: may warn, never refuse.
    Low,
}

/// Something that no source settles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assumption {
    /// Short name, cited by rules.
    pub id: Token,
    /// The date taken, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<ServiceDate>,
    /// What is taken to be so, and why.
    pub sentence: String,
}

/// One rule: what a finding of it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Name, unique in the policy and kept over its versions.
    pub id: Token,
    /// What it looks at.
    pub kind: RuleKind,
    /// What its failing does to the answer.
    pub effect: Effect,
    /// One plain sentence. `{observed}`, `{expected}` and `{subject}` stand for the finding's arguments.
    pub sentence: String,
    /// What it says where it is satisfied and an explanation is asked for; the same placeholders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub satisfied_sentence: Option<String>,
    /// What to do about it, one plain sentence; the same placeholders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// The source it rests on; `None` only where the effect is `review` or `note`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Token>,
    /// Where in the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    /// Dates of service it holds for.
    pub in_force: DateRange,
    /// How a payer would write the refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denial: Option<Denial>,
    /// Assumptions it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assumptions: Vec<Token>,
}

/// What a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RuleKind {
    /// The date of service is outside the dates the policy answers for.
    InForce,
    /// The code asked for is not one of this payer's.
    Code,
    /// No code could be found from the kind of work.
    Service,
    /// The role may not bill the code.
    Role,
    /// The code does not belong to that phase.
    Phase,
    /// The code may not be done that way.
    Mode,
    /// The place of service does not fit.
    PlaceOfService,
    /// The group is too small or too large.
    GroupSize,
    /// The minutes do not reach, or exceed, the code.
    Minutes,
    /// The code has been billed as often as allowed.
    Limit,
    /// Units of a prior authorization are missing or spent.
    Authorization,
    /// The diagnoses do not bear the code.
    Diagnosis,
    /// Too many or too few days lie between two days of the record.
    Interval,
    /// Minutes of some kinds of work do not count.
    Component,
    /// Another billed code excludes this one.
    Exclusion,
    /// Another code must have been billed before.
    Prerequisite,
    /// A document or documented condition is required.
    Requirement,
    /// A modifier was added, or does not belong.
    Modifier,
    /// No rate is known for the code on that day.
    Rate,
    /// The claim is past the filing limit.
    Filing,
    /// The code is reported and pays nothing.
    ReportOnly,
    /// Something to know or to look at.
    Notice,
    /// A rule that the policy's own code decides.
    Custom,
}

/// What a failing rule does to the answer, from the strongest to the weakest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The encounter cannot be billed.
    NotBillable,
    /// It could be if something named were supplied.
    Incomplete,
    /// A person must look.
    Review,
    /// Accepted and paid nothing.
    ReportOnly,
    /// The answer stays as it is.
    Note,
}

/// A refusal in the payers' terms: X12 claim adjustment reason, group, remark codes. Codes only; the texts are X12's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Denial {
    /// Claim adjustment reason code.
    pub carc: Token,
    /// Who is liable.
    pub group: LiabilityGroup,
    /// Remittance advice remark codes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rarc: Vec<Token>,
}

/// X12 claim adjustment group code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum LiabilityGroup {
    /// Contractual obligation: the provider bears it.
    #[serde(rename = "CO")]
    Contractual,
    /// Patient responsibility.
    #[serde(rename = "PR")]
    Patient,
    /// Other adjustment.
    #[serde(rename = "OA")]
    Other,
    /// Payer initiated reduction.
    #[serde(rename = "PI")]
    PayerInitiated,
}

/// Something a finding points at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = FindingSubject))]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// What sort of thing.
    pub kind: SubjectKind,
    /// Its name: a kind of supporting information, a code, a modifier.
    pub name: Token,
}

/// Sorts of things that findings point at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// A document to add to the record.
    Document,
    /// A fact to supply.
    Information,
    /// A procedure code.
    ProcedureCode,
    /// A modifier.
    Modifier,
}

/// What an agency's terms with the payer must give.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermsSchema {
    /// Codes whose rate per unit comes from the terms.
    #[serde(default)]
    pub rates: Vec<ProcedureCode>,
    /// Numbers that an agency may set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<ParameterSchema>,
}

/// A number of the policy that an agency may set in its terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterSchema {
    /// Its name.
    pub id: Token,
    /// What it is where the terms do not say.
    pub default: u32,
    /// Least that may be set.
    pub min: u32,
    /// Most that may be set.
    pub max: u32,
    /// What it means.
    pub sentence: String,
}

#[cfg(test)]
pub(crate) mod tests;
