//! What a contract pays beside claims: an amount a member and month, and rewards for measures. Benchmarks pay nothing: they
//! are only compared with. No part of a decision reads anything of this file.

use serde::{Deserialize, Serialize};

use adjudica_core::cents::Cents;
use adjudica_core::date::ServiceDate;
use adjudica_core::terms::{Agreement, AgreementState, PricingMethod, Rate, Terms};
use adjudica_core::token::Token;

/// A payment for each member and month, and who the members are (FHIR Group; X12 835 PLB).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roster {
    /// The contract.
    pub contract_id: Token,
    /// Any day of the month.
    pub month: ServiceDate,
    /// Cents for a member's whole month.
    pub cents: Cents,
    /// What a member is worth who joins or leaves within the month.
    pub part_month: PartMonth,
    /// The members.
    pub members: Vec<Member>,
}

/// What a part of a month is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartMonth {
    /// The whole month for whoever is a member on its first day, nothing for the others.
    FirstDay,
    /// The whole month for whoever is a member on any day of it.
    AnyDay,
    /// The month's part by days, each member's amount rounded half up to the cent.
    ByDay,
}

/// One member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// The client, opaque.
    pub client_id: Token,
    /// First day of membership.
    pub from: ServiceDate,
    /// First day after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ServiceDate>,
}

/// What a roster is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RosterAccrual {
    /// Members with the whole month.
    pub whole: u32,
    /// Members with a part of it.
    pub part: u32,
    /// The sum.
    pub cents: Cents,
}

impl Roster {
    /// Every fault: an amount below zero, a member twice on one day, an empty membership.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if let Err(fault) = self.cents.require_not_below_zero() {
            faults.push(format!("`cents`: {fault}"));
        }
        for (index, member) in self.members.iter().enumerate() {
            let range = adjudica_core::date::DateRange { from: member.from, to: member.to };
            if let Err(fault) = adjudica_core::date::DateRange::new(member.from, member.to) {
                faults.push(format!("members[{index}]: {fault}"));
            }
            let is_twin = |other: &&Member| {
                other.client_id == member.client_id
                    && adjudica_core::date::DateRange { from: other.from, to: other.to }.overlaps(&range)
            };
            if let Some(twin) = self.members.iter().take(index).position(|other| is_twin(&other)) {
                faults.push(format!(
                    "members[{index}]: is on the roster already for some of these days, in members[{twin}]; end one of them"
                ));
            }
        }
        faults
    }

    /// What the month is worth.
    #[must_use]
    pub fn accrue(&self) -> RosterAccrual {
        let first = self.month.month_start();
        let end = first.plus_days(31).month_start();
        let days_of_month = i64::from(end.days().saturating_sub(first.days()));
        let mut accrual = RosterAccrual { whole: 0, part: 0, cents: Cents::ZERO };
        for member in &self.members {
            let from = member.from.max(first);
            let to = member.to.map_or(end, |to| to.min(end));
            let days = i64::from(to.days().saturating_sub(from.days())).max(0);
            let share = match self.part_month {
                PartMonth::FirstDay if days > 0 && member.from <= first => days_of_month,
                PartMonth::AnyDay if days > 0 => days_of_month,
                PartMonth::ByDay => days,
                PartMonth::FirstDay | PartMonth::AnyDay => 0,
            };
            match share {
                0 => continue,
                share if share == days_of_month => accrual.whole = accrual.whole.saturating_add(1),
                _ => accrual.part = accrual.part.saturating_add(1),
            }
            accrual.cents = accrual.cents.saturating_add(self.cents.share_half_up(share, days_of_month));
        }
        accrual
    }
}

/// A contract that rewards measures (FHIR Measure).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incentive {
    /// The contract.
    pub contract_id: Token,
    /// How far the negotiation is; only a signed one accrues.
    pub agreement: Agreement,
    /// What is measured.
    pub measures: Vec<Measure>,
    /// What was found (FHIR `MeasureReport`).
    pub results: Vec<MeasureResult>,
}

/// One measure: outcomes, hospital stays, cost, or the clients' engagement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// Its name.
    pub measure_id: Token,
    /// What must be reached, in hundredths of a percent.
    pub threshold_basis_points: u32,
    /// Whether more or less is better.
    pub better: Better,
    /// The least denominator that says anything.
    pub denominator_min: u32,
    /// What reaching it pays.
    pub payout_cents: Cents,
}

/// Which way a measure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// The threshold or more.
    Higher,
    /// The threshold or less.
    Lower,
}

/// What was found of a measure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasureResult {
    /// The measure.
    pub measure_id: Token,
    /// Those who met it.
    pub numerator: u32,
    /// Those who were counted.
    pub denominator: u32,
}

/// One measure's line of an accrual.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IncentiveLine {
    /// The measure.
    pub measure_id: Token,
    /// What was reached, in hundredths of a percent, rounded down.
    pub reached_basis_points: Option<u32>,
    /// What had to be reached.
    pub threshold_basis_points: u32,
    /// Why it pays, or does not.
    pub reason: IncentiveReason,
    /// What it pays.
    pub cents: Cents,
}

/// Why a measure pays, or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IncentiveReason {
    /// The threshold is reached.
    Reached,
    /// It is not.
    NotReached,
    /// Too few were counted to say anything.
    TooFewCounted,
    /// Nothing was reported.
    NotReported,
}

impl Incentive {
    /// Every fault: no signature, names that lead nowhere or stand twice, numerators above denominators.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.agreement.state != AgreementState::Signed || self.agreement.signed_on.is_none() {
            faults.push(
                "agreement: only a signed contract pays; write `signed` as its `state` and give `signed_on`".to_owned(),
            );
        }
        for (index, measure) in self.measures.iter().enumerate() {
            if self.measures.iter().take(index).any(|other| other.measure_id == measure.measure_id) {
                faults.push(format!("measures[{index}]: `{}` is there twice; keep one", measure.measure_id));
            }
            if let Err(fault) = measure.payout_cents.require_not_below_zero() {
                faults.push(format!("measures[{index}]: `payout_cents`: {fault}"));
            }
        }
        for (index, result) in self.results.iter().enumerate() {
            let name = &result.measure_id;
            if !self.measures.iter().any(|measure| measure.measure_id == *name) {
                faults
                    .push(format!("results[{index}]: the contract has no measure `{name}`; name one of its measures"));
            }
            if self.results.iter().take(index).any(|other| other.measure_id == *name) {
                faults.push(format!("results[{index}]: `{name}` is reported twice; keep one"));
            }
            if result.numerator > result.denominator {
                faults.push(format!(
                    "results[{index}]: {} of {} is more than all; count at most as many as there are",
                    result.numerator, result.denominator
                ));
            }
        }
        faults
    }

    /// One line for each measure, in the contract's order.
    #[must_use]
    pub fn accrue(&self) -> Vec<IncentiveLine> {
        self.measures.iter().map(|measure| self.line(measure)).collect()
    }

    fn line(&self, measure: &Measure) -> IncentiveLine {
        let result = self.results.iter().find(|result| result.measure_id == measure.measure_id);
        let reached = result.filter(|result| result.denominator > 0).map(|result| {
            let share = u64::from(result.numerator) * 10_000 / u64::from(result.denominator);
            u32::try_from(share).unwrap_or(u32::MAX)
        });
        let threshold = measure.threshold_basis_points;
        let reason = match (result, reached) {
            (None, _) => IncentiveReason::NotReported,
            (Some(result), _) if result.denominator < measure.denominator_min.max(1) => IncentiveReason::TooFewCounted,
            (Some(result), _) => {
                // Compared as whole numbers, so that no rounding moves the threshold.
                let found = u64::from(result.numerator) * 10_000;
                let asked = u64::from(threshold) * u64::from(result.denominator);
                let is_reached = match measure.better {
                    Better::Higher => found >= asked,
                    Better::Lower => found <= asked,
                };
                if is_reached { IncentiveReason::Reached } else { IncentiveReason::NotReached }
            }
        };
        IncentiveLine {
            measure_id: measure.measure_id.clone(),
            reached_basis_points: reached,
            threshold_basis_points: threshold,
            reason,
            cents: if reason == IncentiveReason::Reached { measure.payout_cents } else { Cents::ZERO },
        }
    }
}

/// A published average of a region: to be compared with, never to be paid by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Benchmark {
    /// The region.
    pub region: Token,
    /// Least cents an hour.
    pub low_cents: Cents,
    /// Most cents an hour.
    pub high_cents: Cents,
    /// Where it was read.
    pub source: String,
}

/// An hourly rate of the terms beside the benchmark of its region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BenchmarkLine {
    /// The place of the rate in the terms.
    pub rate: usize,
    /// The region.
    pub region: Token,
    /// What was agreed.
    pub cents: Cents,
    /// Least of the benchmark.
    pub low_cents: Cents,
    /// Most of the benchmark.
    pub high_cents: Cents,
    /// What lies between the rate and the benchmark: below zero where the rate is lower, 0 within.
    pub outside_cents: Cents,
}

/// The hourly rates of `terms` that name a region, each beside the region's benchmark.
#[must_use]
pub fn compare(terms: &Terms, benchmarks: &[Benchmark]) -> Vec<BenchmarkLine> {
    let hourly = |(_, rate): &(usize, &Rate)| rate.method == PricingMethod::Hourly;
    let beside = |(place, rate): (usize, &Rate)| {
        let region = rate.region.as_ref()?;
        let benchmark = benchmarks.iter().find(|benchmark| benchmark.region == *region)?;
        let (low, high) = (benchmark.low_cents, benchmark.high_cents);
        Some(BenchmarkLine {
            rate: place,
            region: region.clone(),
            cents: rate.cents,
            low_cents: benchmark.low_cents,
            high_cents: benchmark.high_cents,
            outside_cents: rate.cents.saturating_sub(rate.cents.clamp(low.min(high), high.max(low))),
        })
    };
    terms.rates.iter().enumerate().filter(hourly).filter_map(beside).collect()
}

#[cfg(test)]
mod tests;
