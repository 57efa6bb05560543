//! Which terms are refused: rates that tie, agreements that are not signed.

use super::*;

fn rate(from: &str, to: Option<&str>, cents: i64) -> Rate {
    let day = |text| ServiceDate::parse(text).expect("a date");
    let code = ProcedureCode::parse("G9001").expect("a code");
    Rate { to: to.map(day), ..Rate::per_unit(code, day(from), Cents(cents)) }
}

fn rates(rates: Vec<Rate>) -> Vec<String> {
    Terms { rates, ..Terms::default() }.faults()
}

#[test]
fn it_names_every_fault_at_once() {
    let faults = rates(vec![
        rate("2026-01-01", None, 5),
        rate("2026-06-01", None, -1),
        rate("2026-06-02", Some("2026-06-01"), 1),
    ]);
    assert_eq!(faults.len(), 3, "{faults:?}");
    assert_eq!(rates(vec![rate("2026-01-01", Some("2026-02-01"), 5), rate("2026-02-01", None, 6)]), [""; 0]);
}

#[test]
fn it_refuses_two_rates_of_which_neither_is_more_specific() {
    let plain = || rate("2026-01-01", None, 5);
    let role = |role| Rate { role: Some(Token::parse(role).expect("a name")), ..plain() };
    let place = |place| Rate { place_of_service: PlaceOfService::parse(place).ok(), ..plain() };
    for (first, second, faults) in [
        (plain(), role("RN"), 0),
        (role("RN"), role("CHW"), 0),
        (role("RN"), place("11"), 1),
        (role("RN"), role("RN"), 1),
        (role("RN"), Rate { place_of_service: PlaceOfService::parse("11").ok(), ..role("RN") }, 0),
    ] {
        assert_eq!(rates(vec![first, second]).len(), faults);
    }
}

#[test]
fn it_lets_only_signed_terms_price() {
    for (state, signed_on, faults) in [
        (AgreementState::Draft, None, 1),
        (AgreementState::Proposed, None, 1),
        (AgreementState::Countered, None, 1),
        (AgreementState::Agreed, None, 1),
        (AgreementState::Signed, None, 1),
        (AgreementState::Signed, ServiceDate::parse("2026-01-02").ok(), 0),
    ] {
        let terms = Terms { agreement: Some(Agreement { state, signed_on }), ..Terms::default() };
        assert_eq!(terms.faults().len(), faults, "{state:?}");
    }
}
