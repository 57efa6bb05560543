//! Who pays what of a line: charge, what each payer and the patient bear, and why. Pure; the policy has said what is allowed.

use adjudica_core::payment::{Adjustment, LinePayment, Maximum, MaximumPeriod, PaymentFacts};
use adjudica_core::{Cents, Decision, Effect, EncounterFacts, LedgerLine, LiabilityGroup, Outcome, Token};

/// What the ledger has counted before this encounter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// Paid over the client's life.
    pub paid_lifetime: Cents,
    /// Paid in the calendar year.
    pub paid_year: Cents,
    /// Deductible borne in the calendar year.
    pub deductible_year: Cents,
}

/// A line as the policy allowed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    /// For all units.
    pub cents: Cents,
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
    let allowed = decision
        .lines
        .iter()
        .map(|line| Allowed { cents: line.amount_cents.unwrap_or_default(), pays_nothing: reported.clone().flatten() });
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
        let paid = line.paid_cents.unwrap_or(line.amount_cents);
        counted.paid_lifetime = counted.paid_lifetime.saturating_add(paid);
        if line.date_of_service.civil().0 == year {
            counted.paid_year = counted.paid_year.saturating_add(paid);
            let deductible = line.deductible_cents.unwrap_or_default();
            counted.deductible_year = counted.deductible_year.saturating_add(deductible);
        }
    }
    counted
}

/// Divides the lines of an encounter between payer, patient and contract. Coinsurance is rounded half up to the cent.
#[must_use]
pub fn divide(facts: &PaymentFacts, lines: &[Allowed], counted: Counted) -> Vec<LinePayment> {
    let allowed_sum: Cents = lines.iter().map(|line| line.cents).sum();
    let charges = spread_charge(facts, lines, allowed_sum);
    let mut state = State::new(facts, counted, allowed_sum);
    lines.iter().zip(charges).map(|(line, charge)| state.line(line, charge)).collect()
}

/// The encounter's charge over its lines by what each is allowed; the last line takes what rounding leaves.
fn spread_charge(facts: &PaymentFacts, lines: &[Allowed], allowed_sum: Cents) -> Vec<Cents> {
    let total = facts.charge_cents.unwrap_or(allowed_sum);
    let mut left = total;
    let mut charges = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        let is_last = index + 1 == lines.len();
        let share = if is_last { left } else { total.share(line.cents, allowed_sum) };
        left = left.saturating_sub(share);
        charges.push(share);
    }
    charges
}

/// What is left of each bound while the lines of an encounter are divided.
struct State<'f> {
    facts: &'f PaymentFacts,
    deductible_left: Cents,
    copay_left: Cents,
    maximum_left: Vec<(&'static str, Cents)>,
    prior_left: Cents,
}

impl<'f> State<'f> {
    fn new(facts: &'f PaymentFacts, counted: Counted, allowed_sum: Cents) -> Self {
        let deductible = facts.deductible_cents.unwrap_or_default();
        let maximum = |maximum: &Maximum| {
            let (carc, counted) = match maximum.over {
                MaximumPeriod::Lifetime => (LIFETIME_MAXIMUM, counted.paid_lifetime),
                MaximumPeriod::CalendarYear => (PERIOD_MAXIMUM, counted.paid_year),
            };
            (carc, maximum.limit_cents.saturating_sub(maximum.used_cents).saturating_sub(counted).or_zero())
        };
        // All payers together pay no more than the higher of the allowed amounts.
        let prior_left = facts.prior.as_ref().map_or(Cents::MAX, |prior| {
            prior.allowed_cents.max(allowed_sum).saturating_sub(prior.paid_cents).or_zero()
        });
        Self {
            facts,
            deductible_left: deductible.saturating_sub(counted.deductible_year).or_zero(),
            copay_left: facts.copay_cents.unwrap_or_default(),
            maximum_left: facts.maximums.iter().map(maximum).collect(),
            prior_left,
        }
    }

    fn line(&mut self, line: &Allowed, charge: Cents) -> LinePayment {
        let mut division = Division { left: charge.or_zero(), adjustments: Vec::new() };
        if let Some(carc) = &line.pays_nothing {
            division.take_off(LiabilityGroup::Contractual, carc.as_str(), charge);
        } else if self.facts.patient_pays {
            division.take_off(LiabilityGroup::Patient, PATIENT_AGREED, charge);
        } else {
            self.divide_line(line.cents, charge, &mut division);
        }
        LinePayment { charge_cents: charge.or_zero(), paid_cents: division.left, adjustments: division.adjustments }
    }

    fn divide_line(&mut self, allowed: Cents, charge: Cents, division: &mut Division) {
        division.take_off(LiabilityGroup::Contractual, CONTRACTUAL_OVER_SCHEDULE, charge.saturating_sub(allowed));
        let deductible = division.take_off(LiabilityGroup::Patient, DEDUCTIBLE, self.deductible_left);
        self.deductible_left = self.deductible_left.saturating_sub(deductible);
        let copay = division.take_off(LiabilityGroup::Patient, COPAY, self.copay_left);
        self.copay_left = self.copay_left.saturating_sub(copay);
        let share = self.facts.coinsurance_basis_points.map_or(0, i64::from);
        let after_deductible = allowed.saturating_sub(deductible);
        let coinsurance = after_deductible.share_half_up(share, BASIS_POINTS);
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
    left: Cents,
    adjustments: Vec<Adjustment>,
}

impl Division {
    /// Takes off at most what is left; gives back how much that was.
    fn take_off(&mut self, group: LiabilityGroup, carc: &str, cents: Cents) -> Cents {
        let cents = cents.clamp(Cents::ZERO, self.left);
        if let (true, Ok(carc)) = (cents > Cents::ZERO, Token::parse(carc)) {
            self.left = self.left.saturating_sub(cents);
            self.adjustments.push(Adjustment { group, carc, cents });
        }
        cents
    }
}

#[cfg(test)]
mod tests;
