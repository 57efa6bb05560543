//! What a decision leaves in its client's ledger. Keeps nothing.

use crate::cents::Cents;
use crate::code::ProcedureCode;
use crate::decision::{Decision, DecisionLine};
use crate::facts::{EncounterFacts, LedgerLine};
use crate::payment::LinePayment;
use crate::quantity::Units;

/// The ledger lines of a decision about `facts`; empty unless its outcome is accepted.
#[must_use]
pub fn ledger_lines(facts: &EncounterFacts, decision: &Decision) -> Vec<LedgerLine> {
    if !decision.outcome.is_accepted() {
        return Vec::new();
    }
    let line = |procedure_code: ProcedureCode, units: Units, amount_cents: Cents| LedgerLine {
        payer_id: facts.payer_id.clone(),
        date_of_service: facts.date_of_service,
        procedure_code,
        units,
        amount_cents,
        billing_provider_id: facts.billing_provider_id.clone(),
        rendering_provider_id: facts.rendering_provider_id.clone(),
        diagnosis: facts.diagnoses.first().cloned(),
        mode: Some(facts.mode.clone()),
        minutes: None,
        paid_cents: None,
        deductible_cents: None,
    };
    let billed = |billed: &DecisionLine| LedgerLine {
        paid_cents: billed.payment.as_ref().map(|payment| payment.paid_cents),
        deductible_cents: billed.payment.as_ref().map(LinePayment::deductible),
        ..line(billed.procedure_code, billed.units, billed.amount_cents.unwrap_or(Cents::ZERO))
    };
    let mut lines: Vec<_> = decision.lines.iter().map(billed).collect();
    lines.extend(decision.counted_only().map(|code| line(code, Units(0), Cents::ZERO)));
    if let Some(first) = lines.first_mut() {
        first.minutes = decision.counted_minutes(facts.minutes);
    }
    lines
}
