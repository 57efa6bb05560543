//! Who pays: coverage on the day, payers' order, network, exceptions, and what payment needs to know.

use super::super::corrections::Correction;
use super::super::coverage::AccumulatedAgainst;
use super::super::{Coverage, CoverageKind, NetworkStatus, holds};
use super::{Resolver, of_kind};
use crate::cents::Cents;
use crate::payment::{Maximum, MaximumPeriod, PaymentFacts, PriorPayment};

impl Resolver<'_> {
    pub(super) fn coverage(&mut self) {
        let client = self.client;
        let all: Vec<_> = of_kind!(client, Coverage).map(|(_, coverage)| coverage).collect();
        let active: Vec<_> =
            all.iter().filter(|coverage| holds(coverage.from, coverage.to, self.day)).copied().collect();
        for coverage in &active {
            self.note(coverage.coverage_kind.condition());
        }
        let (payer, plan) = (&self.facts.payer_id, self.facts.plan_id.as_ref());
        let own: Vec<_> = all.iter().filter(|coverage| coverage.is_of(payer, plan)).copied().collect();
        let current = own.iter().find(|coverage| holds(coverage.from, coverage.to, self.day)).copied();
        match current {
            Some(coverage) => self.current_coverage(coverage, &active),
            None if own.is_empty() => self.note_if(!client.is_empty(), "coverage.unknown"),
            None if own.iter().any(|coverage| coverage.from <= self.day) => self.note("coverage.ended"),
            None => self.note("coverage.not_started"),
        }
        self.network();
        self.residence_and_injury();
        self.programmes_and_episodes();
        self.claim(current);
    }

    fn current_coverage(&mut self, coverage: &Coverage, active: &[&Coverage]) {
        self.note("coverage.active");
        self.note_if(coverage.capitated, "coverage.capitated");
        let encounter = self.encounter;
        let has_answered =
            |other: &Coverage| of_kind!(encounter, PriorAnswer).any(|(_, answer)| answer.payer_id == other.payer_id);
        let comes_first = |other: &&&Coverage| {
            other.order < coverage.order
                && other.payer_id != coverage.payer_id
                && other.coverage_kind != CoverageKind::SelfPay
        };
        let waits = active.iter().filter(comes_first).any(|other| !has_answered(other));
        self.note_if(waits, "coverage.other_payer_first");
        let code = self.facts.procedure_code;
        if code.is_some_and(|code| coverage.excluded_codes.contains(&code)) {
            let client = self.client;
            let exception = of_kind!(client, BenefitException).find(|(_, exception)| {
                exception.payer_id == coverage.payer_id
                    && holds(exception.from, exception.to, self.day)
                    && (exception.procedure_codes.is_empty()
                        || code.is_some_and(|code| exception.procedure_codes.contains(&code)))
            });
            self.standing.exception_id = exception.map(|(id, _)| id.clone());
            self.note(if exception.is_some() { "coverage.exception" } else { "coverage.excluded" });
        }
    }

    fn network(&mut self) {
        let practice = self.practice;
        let (payer, plan) = (&self.facts.payer_id, self.facts.plan_id.as_ref());
        let stands: Vec<_> = of_kind!(practice, Network)
            .map(|(_, network)| network)
            .filter(|network| network.payer_id == *payer && holds(network.from, network.to, self.day))
            .filter(|network| network.plan_id.is_none() || plan.is_none() || network.plan_id.as_ref() == plan)
            .map(|network| network.status)
            .collect();
        // The carve-out list goes before the network.
        if stands.contains(&NetworkStatus::CarveOut) {
            self.note("coverage.carve_out");
        } else if stands.contains(&NetworkStatus::In) {
            self.note("coverage.in_network");
        } else if stands.contains(&NetworkStatus::Out) {
            self.note("coverage.out_of_network");
        }
    }

    fn residence_and_injury(&mut self) {
        let client = self.client;
        let home = of_kind!(client, Residence).find(|(_, home)| holds(home.from, home.to, self.day));
        if let Some((_, home)) = home {
            self.standing.region.clone_from(&home.region);
            self.note(&format!("state.{}", home.state));
        }
        let injuries = of_kind!(client, Injury).filter(|(_, injury)| injury.payer_id == self.facts.payer_id);
        let latest = injuries.filter(|(_, injury)| injury.on <= self.day).max_by_key(|(_, injury)| injury.on);
        if let Some((_, injury)) = latest {
            self.note("injury.date");
            self.date("injury", injury.on);
            self.note_if(injury.claim_number.is_some(), "injury.claim_number");
        }
    }

    fn programmes_and_episodes(&mut self) {
        let client = self.client;
        let own: Vec<_> = of_kind!(client, Programme)
            .map(|(_, programme)| programme)
            .filter(|programme| programme.payer_id == self.facts.payer_id)
            .collect();
        let current: Vec<_> = own.iter().filter(|programme| holds(programme.from, programme.to, self.day)).collect();
        self.note_if(!current.is_empty(), "program.enrolled");
        for programme in &current {
            self.note(&format!("program.{}", programme.program));
        }
        let ended = current.is_empty() && own.iter().any(|programme| programme.from <= self.day);
        self.note_if(ended, "program.ended");
        let open = of_kind!(client, Episode)
            .any(|(_, episode)| episode.payer_id == self.facts.payer_id && holds(episode.from, episode.to, self.day));
        self.note_if(open, "episode.open");
    }

    /// How the encounter is claimed, and what is needed to divide its amount.
    fn claim(&mut self, coverage: Option<&Coverage>) {
        let encounter = self.encounter;
        let mut payment = PaymentFacts::default();
        for (_, claim) in of_kind!(encounter, Claim) {
            payment.charge_cents = payment.charge_cents.or(claim.charge_cents);
            let frequency = claim.frequency.as_ref().map_or("1", |code| code.as_str());
            self.note_if(frequency == "7", "claim.replacement");
            self.note_if(frequency == "8", "claim.void");
            self.note_if(frequency != "1" && claim.payer_claim_number.is_none(), "claim.number_missing");
        }
        match self.correction() {
            Correction::Untouched => {}
            Correction::TakenBack => self.note("claim.taken_back"),
            Correction::Unclear => self.note("claim.replaces_unclear"),
        }
        for (_, answer) in of_kind!(encounter, PriorAnswer).filter(|(_, answer)| answer.payer_id != self.facts.payer_id)
        {
            let prior =
                payment.prior.get_or_insert(PriorPayment { allowed_cents: Cents::ZERO, paid_cents: Cents::ZERO });
            prior.allowed_cents = prior.allowed_cents.max(answer.allowed_cents);
            prior.paid_cents = prior.paid_cents.saturating_add(answer.paid_cents);
            self.date("primary_payment", answer.on);
        }
        if let Some(coverage) = coverage {
            self.benefits(coverage, &mut payment);
        }
        if payment != PaymentFacts::default() {
            self.standing.payment = Some(payment);
        }
    }

    fn benefits(&self, coverage: &Coverage, payment: &mut PaymentFacts) {
        let client = self.client;
        let entries = || {
            of_kind!(client, Accumulated).map(|(_, entry)| entry).filter(|entry| entry.payer_id == coverage.payer_id)
        };
        let sum = |against: AccumulatedAgainst, over: MaximumPeriod| {
            let counted = entries().filter(|entry| entry.against == against && entry.counts_for(over, self.day));
            counted.map(|entry| entry.cents).sum::<Cents>()
        };
        let deductible_used = sum(AccumulatedAgainst::Deductible, MaximumPeriod::CalendarYear);
        payment.deductible_cents =
            coverage.deductible_cents.map(|cents| cents.saturating_sub(deductible_used).or_zero());
        let exception = self.standing.exception_id.as_ref().and_then(|id| {
            of_kind!(client, BenefitException)
                .find(|(other, _)| *other == id)
                .and_then(|(_, body)| body.patient_share_cents)
        });
        payment.copay_cents = exception.or(coverage.copay_cents);
        payment.coinsurance_basis_points = coverage.coinsurance_basis_points;
        payment.patient_pays = coverage.coverage_kind == CoverageKind::SelfPay;
        let limits = [
            (MaximumPeriod::Lifetime, coverage.lifetime_maximum_cents),
            (MaximumPeriod::CalendarYear, coverage.annual_maximum_cents),
        ];
        for (over, limit) in limits {
            payment.maximums.extend(limit.map(|limit_cents| Maximum {
                over,
                limit_cents,
                used_cents: sum(AccumulatedAgainst::Paid, over),
            }));
        }
    }
}
