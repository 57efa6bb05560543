//! What is paid and what is not, cent by cent, and that no cent is lost or paid twice.

use adjudica_core::payment::PriorPayment;
use proptest::prelude::*;

use super::*;

fn allowed(cents: i64) -> Allowed {
    Allowed { cents: Cents::new(cents), pays_nothing: None }
}

fn maximum(over: MaximumPeriod, limit: i64, used: i64) -> Maximum {
    Maximum { over, limit_cents: Cents::new(limit), used_cents: Cents::new(used) }
}

/// Paid cents, and each adjustment as `GROUP CARC cents`.
fn told(payment: &LinePayment) -> (i64, Vec<String>) {
    let group = |group| serde_json::to_string(&group).expect("json").replace('"', "");
    let adjustment =
        |adjustment: &Adjustment| format!("{} {} {}", group(adjustment.group), adjustment.carc, adjustment.cents.get());
    (payment.paid_cents.get(), payment.adjustments.iter().map(adjustment).collect())
}

#[test]
fn it_pays_what_a_maximum_leaves_and_gives_it_back_when_nothing_is_counted() {
    for (over, limit, used, counted, paid, adjustments) in [
        (MaximumPeriod::Lifetime, 500_000, 495_000, 0, 5_000, vec!["PR 35 5000"]),
        (MaximumPeriod::CalendarYear, 500_000, 495_000, 0, 5_000, vec!["PR 119 5000"]),
        (MaximumPeriod::Lifetime, 500_000, 490_000, 10_000, 0, vec!["PR 35 10000"]),
        (MaximumPeriod::Lifetime, 500_000, 490_000, 0, 10_000, vec![]),
        (MaximumPeriod::Lifetime, 0, 0, 0, 0, vec!["PR 35 10000"]),
    ] {
        let facts = PaymentFacts { maximums: vec![maximum(over, limit, used)], ..PaymentFacts::default() };
        let counted = Cents::new(counted);
        let counted = Counted { paid_lifetime: counted, paid_year: counted, ..Counted::default() };
        let payments = divide(&facts, &[allowed(10_000)], counted);
        let adjustments: Vec<String> = adjustments.into_iter().map(str::to_owned).collect();
        assert_eq!(told(&payments[0]), (paid, adjustments), "{over:?} of {limit}, {used} used");
    }
}

#[test]
fn it_takes_the_patients_share_in_the_order_of_deductible_copay_and_coinsurance() {
    let facts = PaymentFacts {
        charge_cents: Some(Cents::new(15_000)),
        deductible_cents: Some(Cents::new(2_000)),
        copay_cents: Some(Cents::new(1_000)),
        coinsurance_basis_points: Some(2_000),
        ..PaymentFacts::default()
    };
    let payments =
        divide(&facts, &[allowed(10_000)], Counted { deductible_year: Cents::new(500), ..Counted::default() });
    let expected = ["CO 45 5000", "PR 1 1500", "PR 3 1000", "PR 2 1700"].map(str::to_owned).to_vec();
    assert_eq!(told(&payments[0]), (5_800, expected));
}

#[test]
fn it_lets_a_second_payer_pay_up_to_the_higher_allowed_amount_only() {
    let prior = |allowed, paid| Some(PriorPayment { allowed_cents: Cents::new(allowed), paid_cents: Cents::new(paid) });
    for (prior, paid) in [(prior(10_000, 8_000), 2_000), (prior(6_000, 6_000), 4_000), (prior(0, 0), 10_000)] {
        let facts = PaymentFacts { prior, ..PaymentFacts::default() };
        assert_eq!(divide(&facts, &[allowed(10_000)], Counted::default())[0].paid_cents, Cents::new(paid));
    }
}

#[test]
fn it_asks_no_payer_where_the_patient_pays() {
    let facts = PaymentFacts { patient_pays: true, ..PaymentFacts::default() };
    assert_eq!(told(&divide(&facts, &[allowed(7_500)], Counted::default())[0]), (0, vec!["PR 96 7500".to_owned()]));
}

fn facts() -> impl Strategy<Value = PaymentFacts> {
    let cents = || proptest::option::of(0_i64..200_000).prop_map(|cents| cents.map(Cents::new));
    let maximums = proptest::collection::vec((0_i64..300_000, 0_i64..300_000, any::<bool>()), 0..3).prop_map(|all| {
        let of = |(limit, used, lifetime)| {
            maximum(if lifetime { MaximumPeriod::Lifetime } else { MaximumPeriod::CalendarYear }, limit, used)
        };
        all.into_iter().map(of).collect()
    });
    let prior = proptest::option::of((0_i64..200_000, 0_i64..200_000)).prop_map(|prior| {
        prior.map(|(allowed, paid)| PriorPayment {
            allowed_cents: Cents::new(allowed),
            paid_cents: Cents::new(paid.min(allowed)),
        })
    });
    (cents(), cents(), cents(), proptest::option::of(0_u32..=10_000), maximums, prior, any::<bool>()).prop_map(
        |(charge_cents, deductible_cents, copay_cents, coinsurance_basis_points, maximums, prior, patient_pays)| {
            PaymentFacts {
                charge_cents,
                deductible_cents,
                copay_cents,
                coinsurance_basis_points,
                maximums,
                prior,
                patient_pays,
            }
        },
    )
}

proptest! {
    #[test]
    fn charge_is_paid_and_adjustments(
        facts in facts(),
        lines in proptest::collection::vec((0_i64..150_000, any::<bool>()), 1..6),
        paid in 0_i64..200_000,
    ) {
        let lines: Vec<_> = lines
            .into_iter()
            .map(|(cents, capitated)| Allowed { pays_nothing: capitated.then(|| Token::parse("24").expect("a code")), ..allowed(cents) })
            .collect();
        let paid = Cents::new(paid);
        let counted = Counted { paid_lifetime: paid, paid_year: paid, deductible_year: paid };
        let payments = divide(&facts, &lines, counted);
        let charge: Cents = payments.iter().map(|payment| payment.charge_cents).sum();
        let due = facts.charge_cents.unwrap_or_else(|| lines.iter().map(|line| line.cents).sum());
        prop_assert_eq!(charge, due, "the lines' charges are the encounter's");
        for payment in &payments {
            let adjusted: Cents = payment.adjustments.iter().map(|adjustment| adjustment.cents).sum();
            prop_assert_eq!(Ok(payment.charge_cents), payment.paid_cents.plus(adjusted));
            prop_assert!(payment.paid_cents >= Cents::ZERO && payment.adjustments.iter().all(|one| one.cents > Cents::ZERO));
        }
        if let Some(prior) = &facts.prior {
            let all: Cents = payments.iter().map(|payment| payment.paid_cents).chain([prior.paid_cents]).sum();
            let sum: Cents = lines.iter().map(|line| line.cents).sum();
            prop_assert!(all <= prior.allowed_cents.max(sum), "payers together pay at most the higher allowed amount");
        }
    }
}
