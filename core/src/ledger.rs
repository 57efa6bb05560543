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
        first.minutes = decision.counted_minutes(facts.documented_minutes());
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_keeps_the_minutes_that_the_policy_was_shown() {
        let minutes = |over: serde_json::Value| {
            let mut facts = json!({
                "encounter_id": "e1", "client_id": "c1", "payer_id": "acme", "date_of_service": "2026-03-02",
                "rendering_provider_id": "s1", "rendering_provider_role": "RN", "billing_provider_id": "b1",
                "phase": "implementation", "mode": "in_person"
            });
            facts.as_object_mut().expect("an object").extend(over.as_object().expect("an object").clone());
            let facts: EncounterFacts = serde_json::from_value(facts).expect("facts");
            let line = json!({ "procedure_code": "T1016", "units": 1, "amount_cents": 100 });
            let decision = json!({ "outcome": "billable", "lines": [line], "findings": [] });
            let decision: Decision = serde_json::from_value(decision).expect("a decision");
            ledger_lines(&facts, &decision).first().and_then(|line| line.minutes)
        };
        let parts = json!({ "standing": { "components": { "planning": 20, "monitoring": 10 } } });
        assert_eq!(minutes(json!({})), None);
        assert_eq!(minutes(json!({ "minutes": 45 })).map(|minutes| minutes.0), Some(45));
        assert_eq!(
            minutes(parts).map(|minutes| minutes.0),
            Some(30),
            "the record documents them by kind of work alone"
        );
    }
}
