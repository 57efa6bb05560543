//! Records about who pays: coverage, exceptions, maximums, injuries, residence, answers of other payers.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Body, Days, below_zero, ends_first};
use crate::cents::Cents;
use crate::code::ProcedureCode;
use crate::date::{DateRange, ServiceDate};
use crate::payment::MaximumPeriod;
use crate::token::Token;

/// Sorts of coverage, with the claim filing indicator of X12 2000B SBR09.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CoverageKind {
    /// Commercial insurance.
    Commercial,
    /// A plan of an employer.
    Employer,
    /// Medicare Part A.
    MedicareA,
    /// Medicare Part B.
    MedicareB,
    /// Medicare Advantage.
    MedicareC,
    /// Medicaid, fee for service.
    Medicaid,
    /// A Medicaid health plan.
    MedicaidManagedCare,
    /// Workers' compensation.
    WorkersCompensation,
    /// Disability insurance.
    Disability,
    /// The client pays.
    SelfPay,
}

impl CoverageKind {
    /// The condition that active coverage of this kind gives.
    #[must_use]
    pub fn condition(self) -> &'static str {
        match self {
            Self::Commercial => "covered_by.commercial",
            Self::Employer => "covered_by.employer",
            Self::MedicareA => "covered_by.medicare_a",
            Self::MedicareB => "covered_by.medicare_b",
            Self::MedicareC => "covered_by.medicare_c",
            Self::Medicaid => "covered_by.medicaid",
            Self::MedicaidManagedCare => "covered_by.medicaid_managed_care",
            Self::WorkersCompensation => "covered_by.workers_compensation",
            Self::Disability => "covered_by.disability",
            Self::SelfPay => "covered_by.self_pay",
        }
    }

    /// Claim filing indicator code (X12 SBR09); none where no claim is filed.
    #[must_use]
    pub fn filing_indicator(self) -> Option<&'static str> {
        match self {
            Self::Commercial | Self::Employer => Some("CI"),
            Self::MedicareA => Some("MA"),
            Self::MedicareB => Some("MB"),
            Self::MedicareC => Some("16"),
            Self::Medicaid | Self::MedicaidManagedCare => Some("MC"),
            Self::WorkersCompensation => Some("WC"),
            Self::Disability => Some("DS"),
            Self::SelfPay => None,
        }
    }
}

/// Coverage of a client by a payer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// The payer.
    pub payer_id: Token,
    /// The plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<Token>,
    /// What sort of coverage it is. Named `coverage_kind`, because `kind` is the record's.
    pub coverage_kind: CoverageKind,
    /// 1 pays first, 2 second (X12 SBR01).
    pub order: u32,
    /// First day.
    pub from: ServiceDate,
    /// First day after; a coverage that ends retroactively gets an earlier one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ServiceDate>,
    /// Codes that the plan excludes.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub excluded_codes: BTreeSet<ProcedureCode>,
    /// The payer pays for the client by the month.
    #[serde(default)]
    pub capitated: bool,
    /// Most that is paid over all of the coverage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_maximum_cents: Option<Cents>,
    /// Most that is paid in a calendar year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annual_maximum_cents: Option<Cents>,
    /// Deductible of a calendar year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deductible_cents: Option<Cents>,
    /// Copay for an encounter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copay_cents: Option<Cents>,
    /// The patient's share in hundredths of a percent, at most 10,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coinsurance_basis_points: Option<u32>,
}

impl Coverage {
    /// Why both cannot be so, if they cannot.
    pub(super) fn clashes_with(&self, other: &Self) -> Option<&'static str> {
        let overlap =
            DateRange { from: self.from, to: self.to }.overlaps(&DateRange { from: other.from, to: other.to });
        (overlap && self.order == other.order)
            .then_some("which is at the same place in the payers' order; end one of them")
    }

    /// Whether it is the coverage that an encounter names.
    pub(super) fn is_of(&self, payer_id: &Token, plan_id: Option<&Token>) -> bool {
        self.payer_id == *payer_id && (self.plan_id.is_none() || plan_id.is_none() || self.plan_id.as_ref() == plan_id)
    }
}

impl Body for Coverage {
    fn days(&self) -> Days {
        // One that begins later, or ended, says more than none on file.
        Days::default()
    }

    fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> = ends_first(self.from, self.to).into_iter().collect();
        if self.order == 0 {
            faults.push("`order`: is 0; the first payer is 1".to_owned());
        }
        if self.coinsurance_basis_points.is_some_and(|share| share > 10_000) {
            faults.push(
                "`coinsurance_basis_points`: is more than 10000, which is all of it; write 10000 or less".to_owned(),
            );
        }
        let amounts = [
            ("lifetime_maximum_cents", self.lifetime_maximum_cents),
            ("annual_maximum_cents", self.annual_maximum_cents),
            ("deductible_cents", self.deductible_cents),
            ("copay_cents", self.copay_cents),
        ];
        faults.extend(amounts.into_iter().filter_map(|(name, cents)| below_zero(name, cents?)));
        faults
    }
}

/// A negotiated exception from what a plan covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BenefitException {
    /// The payer that agreed.
    pub payer_id: Token,
    /// The codes; none listed means every code.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub procedure_codes: BTreeSet<ProcedureCode>,
    /// First day.
    pub from: ServiceDate,
    /// First day after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ServiceDate>,
    /// Who approved it at the payer, as an id.
    pub approver: Token,
    /// What the patient bears of each encounter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient_share_cents: Option<Cents>,
}

impl Body for BenefitException {
    fn days(&self) -> Days {
        Days { from: Some(self.from), to: self.to }
    }

    fn faults(&self) -> Vec<String> {
        self.patient_share_cents.and_then(|cents| below_zero("patient_share_cents", cents)).into_iter().collect()
    }
}

/// What counted against a maximum or deductible elsewhere. Entries add up; one below zero takes another back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Accumulated {
    /// The payer.
    pub payer_id: Token,
    /// What it counts against.
    pub against: AccumulatedAgainst,
    /// The day it counts for.
    pub on: ServiceDate,
    /// How much.
    pub cents: Cents,
}

/// What an amount counts against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AccumulatedAgainst {
    /// The most that is paid: of the year of its day, and of all.
    Paid,
    /// The deductible of its day's year.
    Deductible,
}

impl Accumulated {
    /// Whether it counts for a maximum over that time, seen from `day`.
    pub(super) fn counts_for(&self, over: MaximumPeriod, day: ServiceDate) -> bool {
        over == MaximumPeriod::Lifetime || self.on.civil().0 == day.civil().0
    }
}

impl Body for Accumulated {
    fn days(&self) -> Days {
        Days { from: Some(self.on.year_start()), to: None }
    }
}

/// An injury or accident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Injury {
    /// The payer that has the claim.
    pub payer_id: Token,
    /// The day of the injury.
    pub on: ServiceDate,
    /// The claim number, as an opaque id of the agency; no policy sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim_number: Option<Token>,
    /// The state, as two letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Token>,
}

impl Body for Injury {
    fn days(&self) -> Days {
        Days { from: Some(self.on), to: None }
    }
}

/// Where the client lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Residence {
    /// The state, as two letters.
    pub state: Token,
    /// The region that rates name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Token>,
    /// First day.
    pub from: ServiceDate,
    /// First day after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ServiceDate>,
}

impl Body for Residence {
    fn days(&self) -> Days {
        Days { from: Some(self.from), to: self.to }
    }
}

/// What a payer that came before did with an encounter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PriorAnswer {
    /// The payer.
    pub payer_id: Token,
    /// The day of its answer (X12 835 DTM*405).
    pub on: ServiceDate,
    /// What it allowed.
    pub allowed_cents: Cents,
    /// What it paid.
    pub paid_cents: Cents,
}

impl Body for PriorAnswer {
    fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> = [("allowed_cents", self.allowed_cents), ("paid_cents", self.paid_cents)]
            .into_iter()
            .filter_map(|(name, cents)| below_zero(name, cents))
            .collect();
        if self.paid_cents > self.allowed_cents {
            faults.push("`paid_cents`: is more than `allowed_cents`; check the payer's answer".to_owned());
        }
        faults
    }
}
