//! Compiled tables: what `policy.toml` becomes inside a policy file. Dates are resolved into segments; plans decode on first use.

pub mod dictionary;
mod screened;
mod signed;
mod when;

use std::borrow::Cow;

use adjudica_core::name_set::NameSet;
use adjudica_core::{Cents, Rounding};
use serde::{Deserialize, Serialize};

pub use dictionary::{Dictionary, Symbol};
pub use screened::{Screened, Triggered};
pub use when::{Case, Far, When};

/// Stands for "no such name" and "no such rule".
pub const NONE: u32 = u32::MAX;
/// Most names of one list, such as codes or roles: a position is written in two bytes, and the last stands for no name.
pub const NAMES_MAX: usize = 65_535;
/// Most modifiers: an answer writes those of a line as bits of 32.
pub const MODIFIERS_MAX: usize = 32;
/// Phases, and modes, that a policy can name; one more stands for every other.
pub const PHASES_MAX: usize = 7;

/// Everything an evaluation needs, borrowed from the image's bytes: reading it copies nothing but the plans in use.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Image<'a> {
    /// The names that rules speak of.
    #[serde(borrow)]
    pub dictionary: Dictionary<'a>,
    /// Number of procedure codes, in the order of the manifest.
    pub codes: u32,
    /// Codes of lines for minutes beyond another code's own.
    pub add_on_codes: NameSet,
    /// Effect of each rule of the manifest, by `Effect`'s position from the strongest.
    pub effects: &'a [u8],
    /// First days of the segments, rising; before the first the policy is not in force.
    #[serde(borrow)]
    pub segments: Words<'a>,
    /// For each segment, one entry for each code: the plan's position, or [`NONE`].
    #[serde(borrow)]
    pub plan_of: Words<'a>,
    /// Where each plan starts in `plans`, and where the last ends.
    #[serde(borrow)]
    pub plan_offsets: Words<'a>,
    /// The plans, each encoded on its own.
    pub plans: &'a [u8],
    /// Whether each segment is in force: 0 or 1.
    pub in_force: &'a [u8],
    /// Rules of the whole policy.
    pub general: GeneralRules,
    /// Where each field that the policy reads stands in the batch, by position in the catalogue; 255 where it is not read.
    pub column_of: &'a [u8],
    /// Ids of the rules that the policy's own code decides, one on each line, and the rules.
    pub custom_ids: &'a str,
    /// The rules of `custom_ids`.
    #[serde(borrow)]
    pub custom_rules: Words<'a>,
    /// Position among the manifest's subjects of each code.
    #[serde(borrow)]
    pub code_subjects: Words<'a>,
    /// Position among the manifest's subjects of each component.
    #[serde(borrow)]
    pub component_subjects: Words<'a>,
    /// Position among the manifest's subjects of each kind of day.
    #[serde(borrow)]
    pub date_subjects: Words<'a>,
    /// What each rule points at when its finding names nothing itself, or [`NONE`].
    #[serde(borrow)]
    pub rule_subjects: Words<'a>,
}

/// Not among the columns that the policy reads.
pub const NOT_READ: u8 = u8::MAX;

/// Numbers of 32 bits inside the image's bytes, which need not be aligned.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Words<'a>(&'a [u8]);

impl<'a> Words<'a> {
    /// The numbers that `bytes` are, the lowest byte of each first.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The bytes of `numbers`, for [`Words::new`].
    #[must_use]
    pub fn encode(numbers: impl IntoIterator<Item = u32>) -> Vec<u8> {
        numbers.into_iter().flat_map(u32::to_le_bytes).collect()
    }

    /// Number `index`.
    #[must_use]
    pub fn get(&self, index: u32) -> Option<u32> {
        let (words, _) = self.0.as_chunks::<4>();
        words.get(usize::try_from(index).ok()?).map(|word| u32::from_le_bytes(*word))
    }

    /// All numbers, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = u32> + ExactSizeIterator + use<'a> {
        let (words, _) = self.0.as_chunks::<4>();
        words.iter().map(|word| u32::from_le_bytes(*word))
    }
}

/// Rules that belong to no code; [`NONE`] where the policy has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GeneralRules {
    /// The date of service is outside the policy's dates.
    pub outside_dates: u32,
    /// The code is not the payer's.
    pub unknown_code: u32,
    /// Neither a code nor a kind of work with a code was given.
    pub unknown_service: u32,
    /// A modifier that no row knows.
    pub unknown_modifier: u32,
}

/// The rules of one code in one segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan<'a> {
    /// Kind of work that leads to the code, or [`NONE`].
    pub service: u32,
    /// Who may bill it.
    #[serde(borrow)]
    pub staff: Option<Staff<'a>>,
    /// Documented minutes.
    pub minutes: Vec<Bounds>,
    /// Patients in the group.
    pub group_size: Vec<Bounds>,
    /// Places of service.
    pub places: Vec<Places>,
    /// Diagnoses that the code needs.
    #[serde(borrow)]
    pub diagnoses: Vec<Diagnoses<'a>>,
    /// Kinds of work whose minutes count.
    pub components: Vec<Components>,
    /// Days that may lie between two days of the record.
    pub intervals: Vec<Interval>,
    /// Prior authorizations.
    pub authorizations: Vec<Authorization>,
    /// How units are counted.
    pub units: UnitRule,
    /// Lines for minutes beyond the code's own.
    pub add_ons: Vec<AddOn>,
    /// How often.
    pub limits: Vec<Limit>,
    /// What must not have been billed.
    pub exclusions: Vec<Relation>,
    /// What must have been billed.
    pub prerequisites: Vec<Relation>,
    /// What the record must, or must not, show.
    #[serde(borrow)]
    pub requirements: Screened<'a, Requirement>,
    /// Modifiers to add.
    #[serde(borrow)]
    pub modifiers: Screened<'a, (When, u32)>,
    /// What a unit is worth.
    pub rate: RateRule,
    /// Accepted and paid nothing.
    #[serde(borrow)]
    pub report_only: Screened<'a, (When, u32)>,
    /// How late the payer takes a claim.
    pub filing: Vec<Filing>,
    /// Things to know or look at.
    #[serde(borrow)]
    pub notices: Screened<'a, (When, u32)>,
}

/// Who may bill a code, when and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staff<'a> {
    /// For each role, and last for every other, eight bytes, the lowest first: bit `phase * 8 + mode` is set where it may.
    #[serde(borrow)]
    pub allowed: Cow<'a, [u8]>,
    /// What any role may.
    #[serde(with = "signed::bits")]
    pub by_anyone: u64,
    /// Rows that let the encounter through with a finding: roles, phases and modes, rule.
    pub conditional: Vec<(NameSet, u64, u32)>,
    /// The role is outside.
    pub role_rule: u32,
    /// The phase is outside.
    pub phase_rule: u32,
    /// The mode is outside.
    pub mode_rule: u32,
}

impl Staff<'_> {
    /// When and how the role at `position` may; a position that no role has stands for every other.
    #[must_use]
    pub fn allowed(&self, position: u32) -> u64 {
        let (roles, _) = self.allowed.as_chunks::<8>();
        let role = usize::try_from(position).ok().and_then(|position| roles.get(position));
        role.or(roles.last()).map_or(0, |bits| u64::from_le_bytes(*bits))
    }
}

/// A count that must lie within bounds, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// Lowest.
    pub min: u32,
    /// Highest.
    #[serde(with = "signed::bound")]
    pub max: u32,
    /// Outside the bounds.
    pub rule: u32,
    /// The count is not documented.
    pub missing_rule: u32,
    /// Whether being outside refuses, so that another code of the same kind of work may fit better.
    pub refuses: bool,
}

/// How units are counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitRule {
    /// From minutes.
    pub rounding: Rounding,
    /// Most units of a line.
    #[serde(with = "signed::bound")]
    pub max: u32,
    /// Minutes add up over a time before they are counted.
    pub accumulate: Option<Accumulate>,
    /// No unit is reached.
    #[serde(with = "signed::bound")]
    pub rule: u32,
    /// More units than allowed.
    #[serde(with = "signed::bound")]
    pub max_rule: u32,
    /// The minutes are needed and not documented.
    #[serde(with = "signed::bound")]
    pub missing_rule: u32,
}

/// Minutes of a code that add up over a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accumulate {
    /// Codes whose minutes add up.
    pub codes: NameSet,
    /// Over which days.
    pub window: Window,
    /// Lines of whom, besides the patient.
    pub per: u8,
    /// The minutes count and do not make a unit yet.
    pub rule: u32,
}

/// Places of service that fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Places {
    /// The places.
    pub places: NameSet,
    /// Another place.
    pub rule: u32,
    /// The place is not given.
    pub missing_rule: u32,
}

/// Diagnoses that a code needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnoses<'a> {
    /// Beginnings of the codes that fit, without dots, one on each line; none means any code.
    #[serde(borrow)]
    pub prefixes: Cow<'a, str>,
    /// How many different ones are needed.
    pub min: u32,
    /// Too few.
    pub rule: u32,
    /// No diagnosis is given.
    pub missing_rule: u32,
}

/// Kinds of work whose minutes count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Components {
    /// The kinds.
    pub counted: NameSet,
    /// Minutes of another kind are left out.
    pub rule: u32,
}

/// Days that may lie between two days of the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    /// In which cases.
    pub when: When,
    /// Kind of the first day, or [`NONE`] for the date of service.
    #[serde(with = "signed::bound")]
    pub start: u32,
    /// Kind of the last day, or [`NONE`] for the date of service.
    #[serde(with = "signed::bound")]
    pub end: u32,
    /// Fewest days.
    pub min: u32,
    /// Most days.
    #[serde(with = "signed::bound")]
    pub max: u32,
    /// Only business days are counted.
    pub business_days: bool,
    /// Too few or too many.
    pub rule: u32,
    /// One of the days is not known.
    pub missing_rule: u32,
}

/// A code that needs prior authorization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorization {
    /// In which cases.
    pub when: When,
    /// None covers the code on the day.
    pub rule: u32,
    /// No unit is left.
    pub spent_rule: u32,
    /// Fewer units are left than asked for.
    pub cut_rule: u32,
    /// Units that the code could use are taken by services of other codes.
    #[serde(with = "signed::bound")]
    pub shared_rule: u32,
}

/// A line for minutes beyond those of its primary code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddOn {
    /// The add-on's code.
    pub code: u32,
    /// Minutes that the primary covers.
    pub after: u32,
    /// How the rest is counted.
    pub rounding: Rounding,
    /// Most units.
    pub max: u32,
    /// More units than allowed.
    pub rule: u32,
}

/// What a unit is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RateRule {
    /// For one unit, by the policy's own table.
    Fixed(Cents),
    /// By the agency's terms.
    Terms(TermsRules),
    /// No row says; nothing is known and no rule speaks.
    Unknown,
}

/// What speaks about a rate of the agency's terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermsRules {
    /// There is none for the day.
    pub missing: u32,
    /// The rate is by the hour, and the minutes are not documented.
    pub unmeasured: u32,
    /// The case, or the month, is paid already.
    pub included: u32,
    /// The client is paid for by the month.
    pub capitated: u32,
}

/// How often a code may be billed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// In which cases.
    pub when: When,
    /// Most lines, units or minutes, where the agency's terms do not say.
    pub max: u32,
    /// The number of the terms that says, or [`NONE`].
    #[serde(with = "signed::bound")]
    pub parameter: u32,
    /// Over which days.
    pub window: Window,
    /// Lines of whom, besides the patient: bits of [`per`].
    pub per: u8,
    /// What is counted.
    pub counts: Counts,
    /// Codes that share the count.
    pub codes: NameSet,
    /// One more is too many.
    pub rule: u32,
}

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Counts {
    /// Lines.
    Lines,
    /// Units.
    Units,
    /// Documented minutes.
    Minutes,
}

/// Another code that matters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relation {
    /// In which cases.
    pub when: When,
    /// The other codes.
    pub codes: NameSet,
    /// Over which days.
    pub window: Window,
    /// Lines of whom, besides the patient.
    pub per: u8,
    /// The rule.
    pub rule: u32,
}

/// What the record must, or must not, show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// In which cases.
    pub when: When,
    /// The kinds of supporting information, of which one is enough.
    pub info: NameSet,
    /// It must not be there.
    pub absent: bool,
    /// The rule.
    pub rule: u32,
}

/// Where it must not be there, a record that shows none of it is content; one that shows it is not.
impl Triggered for Requirement {
    fn triggers(&self) -> Option<u64> {
        if self.absent { Some(self.info.bits()) } else { self.when.triggers() }
    }
}

/// How long after the service the payer takes a claim: to the same day so many years later, and so many days more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filing {
    /// Calendar years.
    pub years: u32,
    /// Days.
    pub days: u32,
    /// The claim comes later.
    pub rule: u32,
}

/// Bits that narrow a count to lines that share something with the encounter.
pub mod per {
    /// The same billing practice.
    pub const PRACTICE: u8 = 1;
    /// The same rendering provider.
    pub const PROVIDER: u8 = 2;
    /// The same principal diagnosis.
    pub const DIAGNOSIS: u8 = 4;
    /// The same payer.
    pub const PAYER: u8 = 8;
    /// As many units; not asked where [`MINUTES`] is and the minutes of both are known.
    pub const UNITS: u8 = 16;
    /// The same mode of contact, or one that is not known.
    pub const MODE: u8 = 32;
    /// As many minutes, or minutes that are not known.
    pub const MINUTES: u8 = 64;
}

/// The days that a count looks back over, up to the date of service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Window {
    /// The same day.
    Day,
    /// From the first of the month.
    CalendarMonth,
    /// From the first of January.
    CalendarYear,
    /// This many days, the date of service the last of them.
    RollingDays(u32),
    /// All days.
    Lifetime,
}

impl<'a> Image<'a> {
    /// Reads an image.
    /// # Errors
    /// [`ImageFault`] when the bytes are not an image that this release wrote.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ImageFault> {
        postcard::from_bytes(bytes).map_err(|_| ImageFault)
    }

    /// Plan number `position`.
    /// # Errors
    /// [`ImageFault`] when there is none, or it cannot be read.
    pub fn plan(&self, position: u32) -> Result<Plan<'a>, ImageFault> {
        let bound = |index: u32| self.plan_offsets.get(index).and_then(|offset| usize::try_from(offset).ok());
        let range = bound(position).zip(bound(position.saturating_add(1))).ok_or(ImageFault)?;
        let bytes = self.plans.get(range.0..range.1).ok_or(ImageFault)?;
        postcard::from_bytes(bytes).map_err(|_| ImageFault)
    }
}

/// The tables inside a policy file cannot be read: it was built by another release of the SDK or was damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageFault;
