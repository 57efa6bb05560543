//! Other terms under which a policy answers: no rate agreed, and each way to agree one. Made-up amounts.

use adjudica_core::terms::{PricingMethod, Rate};
use adjudica_core::{Cents, Manifest, ServiceDate, Terms};

/// A made-up rate: a dollar.
const CENTS: Cents = Cents::new(100);

/// Terms with no rates, and terms with a rate of each method for every code whose rate is agreed. None where nothing is.
pub(super) fn other_terms(terms: &Terms, manifest: &Manifest) -> Vec<Terms> {
    if manifest.terms.rates.is_empty() {
        return Vec::new();
    }
    let without = Terms { rates: Vec::new(), ..terms.clone() };
    let first = manifest.in_force.iter().map(|period| period.from).min().unwrap_or(ServiceDate::from_days(0));
    let by = |method: PricingMethod| {
        let rate = |code: &adjudica_core::ProcedureCode| Rate {
            procedure_code: *code,
            from: first,
            to: None,
            cents: if method == PricingMethod::Capitation { Cents::new(0) } else { CENTS },
            method,
            plan_id: None,
            service_line: None,
            region: None,
            role: None,
            place_of_service: None,
            modifier: None,
        };
        Terms { rates: manifest.terms.rates.iter().map(rate).collect(), ..terms.clone() }
    };
    std::iter::once(without).chain(PricingMethod::ALL.into_iter().map(by)).collect()
}
