//! Who pays what of a line: charge, what each payer and the patient bear, and why. Pure; the policy has said what is allowed.

use adjudica_core::payment::{Adjustment, LinePayment, Maximum, MaximumPeriod, PaymentFacts};
use adjudica_core::{Cents, Decision, Effect, EncounterFacts, LedgerLine, LiabilityGroup, Outcome, Token};

/// What the ledger has counted before this encounter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// Paid over the client's life.
    pub paid_lifetime: i64,
    /// Paid in the calendar year.
    pub paid_year: i64,
    /// Deductible borne in the calendar year.
    pub deductible_year: i64,
}

/// A line as the policy allowed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    /// Cents for all units.
    pub cents: i64,
    /// The claim adjustment reason of a line that pays nothing though it has a charge.
    pub pays_nothing: Option<Token>,
}

/// A code that is reported and not paid.
const REPORTED_ONLY: &str = "246";
const CONTRACTUAL_OVER_SCHEDULE: &str = "45";
const DEDUCTIBLE: &str = "1";
const COINSURANCE: &str = "2";
const COPAY: &str = "3";
const PRIOR_PAYER: &str = "23";
const LIFETIME_MAXIMUM: &str = "35";
const PERIOD_MAXIMUM: &str = "119";
/// Not covered by a payer: the patient pays by agreement.
const PATIENT_AGREED: &str = "96";
const BASIS_POINTS: i64 = 10_000;

/// Divides the amounts of `decision` where the records say anything of payment; `ledger` is what was billed before.
pub fn divide_decision(decision: &mut Decision, facts: &EncounterFacts, ledger: &[LedgerLine]) {
    let Some(payment) = &facts.standing().payment else { return };
    if !decision.outcome.is_accepted() || decision.lines.iter().any(|line| line.amount_cents.is_none()) {
        return;
    }
    let reported = (decision.outcome == Outcome::ReportOnly).then(|| {
        let finding = decision.findings.iter().find(|finding| finding.effect == Effect::ReportOnly);
        let carc = finding.and_then(|finding| finding.denial.as_ref()).map(|denial| denial.carc.clone());
        carc.or_else(|| Token::parse(REPORTED_ONLY).ok())
    });
    let allowed = decision.lines.iter().map(|line| Allowed {
        cents: line.amount_cents.map_or(0, |cents| cents.0),
        pays_nothing: reported.clone().flatten(),
    });
    let payments = divide(payment, &allowed.collect::<Vec<_>>(), count(facts, ledger));
    for (line, payment) in decision.lines.iter_mut().zip(payments) {
        line.payment = Some(payment);
    }
}

/// What the payer's lines count against maximums and deductible. Later days count too: a dollar is paid once.
fn count(facts: &EncounterFacts, ledger: &[LedgerLine]) -> Counted {
    let year = facts.date_of_service.civil().0;
    let mut counted = Counted::default();
    for line in ledger.iter().filter(|line| line.payer_id == facts.payer_id) {
        let paid = line.paid_cents.unwrap_or(line.amount_cents).0;
        counted.paid_lifetime = counted.paid_lifetime.saturating_add(paid);
        if line.date_of_service.civil().0 == year {
            counted.paid_year = counted.paid_year.saturating_add(paid);
            let deductible = line.deductible_cents.map_or(0, |cents| cents.0);
            counted.deductible_year = counted.deductible_year.saturating_add(deductible);
        }
    }
    counted
}

/// Divides the lines of an encounter between payer, patient and contract. Coinsurance is rounded half up to the cent.
#[must_use]
pub fn divide(facts: &PaymentFacts, lines: &[Allowed], counted: Counted) -> Vec<LinePayment> {
    let allowed_sum: i64 = lines.iter().map(|line| line.cents).sum();
    let charges = spread_charge(facts, lines, allowed_sum);
    let mut state = State::new(facts, counted, allowed_sum);
    lines.iter().zip(charges).map(|(line, charge)| state.line(line, charge)).collect()
}

/// The encounter's charge over its lines by what each is allowed; the last line takes what rounding leaves.
fn spread_charge(facts: &PaymentFacts, lines: &[Allowed], allowed_sum: i64) -> Vec<i64> {
    let total = facts.charge_cents.map_or(allowed_sum, |charge| charge.0);
    let mut left = total;
    let mut charges = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        let share = match allowed_sum {
            _ if index + 1 == lines.len() => left,
            0 => 0,
            sum => i64::try_from(i128::from(total) * i128::from(line.cents) / i128::from(sum)).unwrap_or(0),
        };
        left = left.saturating_sub(share);
        charges.push(share);
    }
    charges
}

/// What is left of each bound while the lines of an encounter are divided.
struct State<'f> {
    facts: &'f PaymentFacts,
    deductible_left: i64,
    copay_left: i64,
    maximum_left: Vec<(&'static str, i64)>,
    prior_left: i64,
}

impl<'f> State<'f> {
    fn new(facts: &'f PaymentFacts, counted: Counted, allowed_sum: i64) -> Self {
        let deductible = facts.deductible_cents.map_or(0, |cents| cents.0);
        let maximum = |maximum: &Maximum| {
            let (carc, counted) = match maximum.over {
                MaximumPeriod::Lifetime => (LIFETIME_MAXIMUM, counted.paid_lifetime),
                MaximumPeriod::CalendarYear => (PERIOD_MAXIMUM, counted.paid_year),
            };
            (carc, (maximum.limit_cents.0 - maximum.used_cents.0).saturating_sub(counted).max(0))
        };
        // All payers together pay no more than the higher of the allowed amounts.
        let prior_left = facts
            .prior
            .as_ref()
            .map_or(i64::MAX, |prior| prior.allowed_cents.0.max(allowed_sum).saturating_sub(prior.paid_cents.0).max(0));
        Self {
            facts,
            deductible_left: deductible.saturating_sub(counted.deductible_year).max(0),
            copay_left: facts.copay_cents.map_or(0, |cents| cents.0),
            maximum_left: facts.maximums.iter().map(maximum).collect(),
            prior_left,
        }
    }

    fn line(&mut self, line: &Allowed, charge: i64) -> LinePayment {
        let mut division = Division { left: charge.max(0), adjustments: Vec::new() };
        if let Some(carc) = &line.pays_nothing {
            division.take_off(LiabilityGroup::Contractual, carc.as_str(), charge);
        } else if self.facts.patient_pays {
            division.take_off(LiabilityGroup::Patient, PATIENT_AGREED, charge);
        } else {
            self.divide_line(line.cents, charge, &mut division);
        }
        LinePayment {
            charge_cents: Cents(charge.max(0)),
            paid_cents: Cents(division.left),
            adjustments: division.adjustments,
        }
    }

    fn divide_line(&mut self, allowed: i64, charge: i64, division: &mut Division) {
        division.take_off(LiabilityGroup::Contractual, CONTRACTUAL_OVER_SCHEDULE, charge.saturating_sub(allowed));
        let deductible = division.take_off(LiabilityGroup::Patient, DEDUCTIBLE, self.deductible_left);
        self.deductible_left -= deductible;
        let copay = division.take_off(LiabilityGroup::Patient, COPAY, self.copay_left);
        self.copay_left -= copay;
        let share = self.facts.coinsurance_basis_points.map_or(0, i64::from);
        let after_deductible = allowed.saturating_sub(deductible);
        let coinsurance = after_deductible.saturating_mul(share).saturating_add(BASIS_POINTS / 2) / BASIS_POINTS;
        division.take_off(LiabilityGroup::Patient, COINSURANCE, coinsurance);
        let over_prior = division.left.saturating_sub(self.prior_left);
        division.take_off(LiabilityGroup::Other, PRIOR_PAYER, over_prior);
        for (carc, left) in &self.maximum_left {
            let over = division.left.saturating_sub(*left);
            division.take_off(LiabilityGroup::Patient, carc, over);
        }
        self.prior_left = self.prior_left.saturating_sub(division.left);
        for (_, left) in &mut self.maximum_left {
            *left = left.saturating_sub(division.left);
        }
    }
}

/// A charge while it is divided: what is left of it is paid.
struct Division {
    left: i64,
    adjustments: Vec<Adjustment>,
}

impl Division {
    /// Takes off at most what is left; gives back how much that was.
    fn take_off(&mut self, group: LiabilityGroup, carc: &str, cents: i64) -> i64 {
        let cents = cents.clamp(0, self.left);
        if let (true, Ok(carc)) = (cents > 0, Token::parse(carc)) {
            self.left -= cents;
            self.adjustments.push(Adjustment { group, carc, cents: Cents(cents) });
        }
        cents
    }
}

#[cfg(test)]
mod tests;
