//! Dated contract data of one agency with one payer. Benchmarks and averages never enter here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cents::Cents;
use crate::code::{Modifier, PlaceOfService, ProcedureCode};
use crate::date::{DateRange, ServiceDate};
use crate::digest::Digest;
use crate::manifest::Manifest;
use crate::standing::RenderingSource;
use crate::token::Token;

/// What an agency and a payer agreed on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Contracted rates.
    #[serde(default)]
    pub rates: Vec<Rate>,
    /// ISO 4217 code of every amount; without it they are in the policy's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Token>,
    /// How far the negotiation is. Only signed terms can be used; terms without it are taken to be in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
    /// Numbers that the policy lets an agency set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Parameter>,
    /// Where the rendering provider is looked for, the first that is known wins; without it, who did the work.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rendering_sources: Vec<RenderingSource>,
}

/// How far a negotiation is (FHIR Contract.legalState).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// The state.
    pub state: AgreementState,
    /// The day of the last signature; only with `signed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_on: Option<ServiceDate>,
}

/// States of a negotiation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AgreementState {
    /// Being written.
    Draft,
    /// Sent to the other side.
    Proposed,
    /// Answered with another proposal.
    Countered,
    /// Settled and not signed.
    Agreed,
    /// Signed by both.
    Signed,
}

/// What a code is worth over a range of days, in the cases that its selectors name. The rate with the most selectors wins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// The code.
    pub procedure_code: ProcedureCode,
    /// First day.
    pub from: ServiceDate,
    /// First day after; absent means no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ServiceDate>,
    /// Cents by the method, 0 or more.
    pub cents: Cents,
    /// What the cents are for.
    #[serde(default, skip_serializing_if = "PricingMethod::is_per_unit")]
    pub method: PricingMethod,
    /// Only for this plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<Token>,
    /// Only for this line of service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_line: Option<Token>,
    /// Only where the client lives in this region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Token>,
    /// Only for work of this role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Token>,
    /// Only in this setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place_of_service: Option<PlaceOfService>,
    /// Only with this modifier asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modifier: Option<Modifier>,
}

/// What a rate's cents are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PricingMethod {
    /// One unit.
    #[default]
    PerUnit,
    /// One hour of documented minutes; the sum is rounded half up to the cent.
    Hourly,
    /// The whole case: the first line of the code pays, later ones are included in it.
    PerCase,
    /// The calendar month: the first line of the code in the month pays, later ones are included in it.
    Monthly,
    /// Paid by the month for each member, whatever is done: the line is reported and pays nothing.
    Capitation,
}

impl PricingMethod {
    /// Every method.
    pub const ALL: [Self; 5] = [Self::PerUnit, Self::Hourly, Self::PerCase, Self::Monthly, Self::Capitation];

    /// The word used in JSON and in the contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PerUnit => "per_unit",
            Self::Hourly => "hourly",
            Self::PerCase => "per_case",
            Self::Monthly => "monthly",
            Self::Capitation => "capitation",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_per_unit(&self) -> bool {
        *self == Self::PerUnit
    }
}

/// A number that the policy's manifest lets an agency set, over a range of days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Its name in the manifest.
    pub parameter: Token,
    /// First day.
    pub from: ServiceDate,
    /// First day after; absent means no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ServiceDate>,
    /// The number.
    pub value: u32,
}

impl Rate {
    /// Cents for one unit from a day on, whatever the case.
    #[must_use]
    pub fn per_unit(procedure_code: ProcedureCode, from: ServiceDate, cents: Cents) -> Self {
        Self {
            procedure_code,
            from,
            to: None,
            cents,
            method: PricingMethod::PerUnit,
            plan_id: None,
            service_line: None,
            region: None,
            role: None,
            place_of_service: None,
            modifier: None,
        }
    }

    fn range(&self) -> DateRange {
        DateRange { from: self.from, to: self.to }
    }

    /// The selectors, absent ones too, as texts.
    fn selectors(&self) -> [Option<&str>; 6] {
        [
            self.plan_id.as_ref().map(Token::as_str),
            self.service_line.as_ref().map(Token::as_str),
            self.region.as_ref().map(Token::as_str),
            self.role.as_ref().map(Token::as_str),
            self.place_of_service.as_ref().map(PlaceOfService::as_str),
            self.modifier.as_ref().map(Modifier::as_str),
        ]
    }

    /// How many selectors are given.
    #[must_use]
    pub fn specificity(&self) -> usize {
        self.selectors().iter().flatten().count()
    }

    /// Whether an encounter can be in the cases of both. Two modifiers can stand on one encounter.
    fn can_meet(&self, other: &Self) -> bool {
        let [plan, line, region, role, place, _] = self.selectors();
        let [other_plan, other_line, other_region, other_role, other_place, _] = other.selectors();
        let pairs =
            [(plan, other_plan), (line, other_line), (region, other_region), (role, other_role), (place, other_place)];
        pairs.iter().all(|(a, b)| a.is_none() || b.is_none() || a == b)
    }
}

impl Terms {
    /// Every fault of these terms: empty ranges, negative rates, two rates of which neither is more specific.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (index, rate) in self.rates.iter().enumerate() {
            let place = format!("rates[{index}]");
            match DateRange::new(rate.from, rate.to) {
                Err(fault) => faults.push(format!("{place}: {fault}")),
                Ok(range) => {
                    let twin = self.rates.iter().take(index).position(|other| {
                        other.procedure_code == rate.procedure_code
                            && other.range().overlaps(&range)
                            && other.specificity() == rate.specificity()
                            && other.can_meet(rate)
                    });
                    if let Some(twin) = twin {
                        let code = rate.procedure_code;
                        faults.push(format!("{place}: `{code}` has another rate for some of these days in rates[{twin}]; end one of them, or give one of them more selectors"));
                    }
                }
            }
            if let Err(fault) = rate.cents.require_not_below_zero() {
                faults.push(format!("{place}: `cents`: {fault}"));
            }
            if rate.method == PricingMethod::Capitation && rate.cents != Cents::ZERO {
                faults.push(format!("{place}: a line under capitation pays nothing; write 0 cents here and the monthly amount in the roster"));
            }
        }
        faults.extend(self.agreement_fault());
        self.add_parameter_faults(&mut faults);
        faults
    }

    fn agreement_fault(&self) -> Option<String> {
        let agreement = self.agreement.as_ref()?;
        match (agreement.state, agreement.signed_on) {
            (AgreementState::Signed, Some(_)) => None,
            (AgreementState::Signed, None) => Some("agreement: signed terms need the day; give `signed_on`".to_owned()),
            (state, _) => Some(format!(
                "agreement: terms that are {} cannot price; use them once they are signed",
                serde_json::to_string(&state).unwrap_or_default().trim_matches('"')
            )),
        }
    }

    fn add_parameter_faults(&self, faults: &mut Vec<String>) {
        let mut ranges: BTreeMap<&Token, Vec<(usize, DateRange)>> = BTreeMap::new();
        for (index, parameter) in self.parameters.iter().enumerate() {
            match DateRange::new(parameter.from, parameter.to) {
                Err(fault) => faults.push(format!("parameters[{index}]: {fault}")),
                Ok(range) => {
                    let known = ranges.entry(&parameter.parameter).or_default();
                    if let Some((twin, _)) = known.iter().find(|(_, other)| other.overlaps(&range)) {
                        let name = &parameter.parameter;
                        faults.push(format!(
                            "parameters[{index}]: `{name}` has another value for some of these days in parameters[{twin}]; end one of them"
                        ));
                    }
                    known.push((index, range));
                }
            }
        }
    }

    /// Every way in which these terms do not fit the policy of `manifest`.
    #[must_use]
    pub fn faults_with(&self, manifest: &Manifest) -> Vec<String> {
        let mut faults = Vec::new();
        if let Some(currency) = self.currency.as_ref().filter(|currency| **currency != manifest.currency) {
            let theirs = &manifest.currency;
            faults
                .push(format!("currency: the terms are in `{currency}`, the policy in `{theirs}`; convert the rates"));
        }
        for (index, given) in self.parameters.iter().enumerate() {
            let name = &given.parameter;
            match manifest.terms.parameters.iter().find(|known| known.id == *name) {
                None => faults.push(format!(
                    "parameters[{index}]: the policy has no number `{name}` to set; take it out or name one that it has"
                )),
                Some(known) if !(known.min..=known.max).contains(&given.value) => faults.push(format!(
                    "parameters[{index}]: `{name}` is {}; write {} to {}",
                    given.value, known.min, known.max
                )),
                Some(_) => {}
            }
        }
        let reads_selectors = manifest.reads.contains(&crate::field::Field::RateRole);
        for (index, rate) in self.rates.iter().enumerate() {
            let is_plain = rate.specificity() == 0 && rate.method == PricingMethod::PerUnit;
            if !is_plain && !reads_selectors {
                faults.push(format!("rates[{index}]: the policy prices by code and day only; build it with this release to price by method, role, place, region, plan or modifier"));
            }
        }
        faults
    }

    /// The canonical JSON and its digest.
    #[must_use]
    pub fn canonical(&self) -> (String, Digest) {
        let json = serde_json::to_string(self).unwrap_or_default();
        let digest = Digest::of(json.as_bytes());
        (json, digest)
    }
}

#[cfg(test)]
mod tests;
