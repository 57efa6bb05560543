//! What is known and said of payment: what records say of it, and who pays what of a line. The arithmetic is not here.

use serde::{Deserialize, Serialize};

use crate::cents::Cents;
use crate::manifest::LiabilityGroup;
use crate::token::Token;

/// What the records say of an encounter's payment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PaymentFacts {
    /// What the practice charges for the encounter (X12 CLM02); without it the charge is what is allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charge_cents: Option<Cents>,
    /// What is left of the coverage's deductible, before lines of this ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deductible_cents: Option<Cents>,
    /// Copay for each encounter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copay_cents: Option<Cents>,
    /// The patient's share of what is allowed, in hundredths of a percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coinsurance_basis_points: Option<u32>,
    /// Maximums of the coverage.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub maximums: Vec<Maximum>,
    /// What payers that came before did with the encounter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior: Option<PriorPayment>,
    /// The patient pays: there is no claim to a payer.
    #[serde(default, skip_serializing_if = "is_false")]
    pub patient_pays: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// Most that a coverage pays over a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Maximum {
    /// The time.
    pub over: MaximumPeriod,
    /// The limit.
    pub limit_cents: Cents,
    /// What counted against it elsewhere: the sum of the accumulator's entries.
    pub used_cents: Cents,
}

/// The time that a maximum is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MaximumPeriod {
    /// All of the coverage.
    Lifetime,
    /// The calendar year of the date of service.
    CalendarYear,
}

/// What payers that came before did (X12 835; 837 loop 2320).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PriorPayment {
    /// The most that one of them allowed.
    pub allowed_cents: Cents,
    /// What they paid together.
    pub paid_cents: Cents,
}

/// Part of a charge that the payer does not pay (X12 CAS).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Adjustment {
    /// Who bears it.
    pub group: LiabilityGroup,
    /// Claim adjustment reason code.
    pub carc: Token,
    /// How much, above 0.
    pub cents: Cents,
}

/// Who pays what of one line. `charge = paid + the sum of the adjustments`, always.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LinePayment {
    /// What is charged.
    pub charge_cents: Cents,
    /// What the payer is expected to pay.
    pub paid_cents: Cents,
    /// What it does not pay, in the order that it was taken off.
    pub adjustments: Vec<Adjustment>,
}

/// The claim adjustment reason of a deductible.
const DEDUCTIBLE: &str = "1";

impl LinePayment {
    /// What the patient's deductible bears.
    #[must_use]
    pub fn deductible(&self) -> Cents {
        let borne = self.adjustments.iter().filter(|one| one.carc.as_str() == DEDUCTIBLE);
        borne.map(|one| one.cents).sum()
    }
}
