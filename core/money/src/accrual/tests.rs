//! What months and measures are worth, at their boundaries, and that a benchmark is only compared with.

use serde_json::{Value, json};

use super::*;
use crate::fault_tests::{assert_says, said_of};

#[test]
fn it_names_every_fault_of_rosters_and_contracts() {
    assert_says(
        include_str!("texts/faults.toml"),
        &[
            ("roster", &|given| said_of(given, Roster::faults)),
            ("incentive", &|given| said_of(given, Incentive::faults)),
        ],
    );
}

fn roster(part_month: &str, members: &Value) -> Roster {
    let roster = json!({ "contract_id": "k1", "month": "2026-02-01", "cents": 300, "part_month": part_month, "members": members });
    serde_json::from_value(roster).expect("a roster")
}

#[test]
fn it_accrues_a_month_by_the_named_rule_for_those_who_join_or_leave_in_it() {
    let members = json!([
        { "client_id": "all", "from": "2025-01-01" },
        { "client_id": "joins", "from": "2026-02-15" },
        { "client_id": "leaves", "from": "2026-01-01", "to": "2026-02-08" },
        { "client_id": "before", "from": "2025-01-01", "to": "2026-02-01" },
        { "client_id": "after", "from": "2026-03-01" },
    ]);
    for (rule, whole, part, cents) in [("first_day", 2, 0, 600), ("any_day", 3, 0, 900), ("by_day", 1, 2, 525)] {
        let accrual = roster(rule, &members).accrue();
        assert_eq!(accrual, RosterAccrual { whole, part, cents: Cents::new(cents) }, "{rule}");
    }
}

fn incentive(results: &Value) -> Incentive {
    let measure = |id: &str, threshold: u32, better: &str, payout: i64| json!({ "measure_id": id, "threshold_basis_points": threshold, "better": better, "denominator_min": 20, "payout_cents": payout });
    let contract = json!({
        "contract_id": "k1", "agreement": { "state": "signed", "signed_on": "2026-01-02" },
        "measures": [measure("follow_up", 8_000, "higher", 100_000), measure("readmission", 1_500, "lower", 50_000), measure("engagement", 5_000, "higher", 25_000)],
        "results": results
    });
    serde_json::from_value(contract).expect("a contract")
}

#[test]
fn it_pays_each_measure_that_is_reached_and_says_of_every_other_why_not() {
    let result = |id: &str, numerator: u32, denominator: u32| json!({ "measure_id": id, "numerator": numerator, "denominator": denominator });
    for (results, expected) in [
        (
            json!([result("follow_up", 80, 100), result("readmission", 15, 100), result("engagement", 50, 100)]),
            [("reached", 100_000), ("reached", 50_000), ("reached", 25_000)],
        ),
        (
            json!([result("follow_up", 79, 100), result("readmission", 16, 100)]),
            [("not_reached", 0), ("not_reached", 0), ("not_reported", 0)],
        ),
        (
            json!([result("follow_up", 19, 19), result("readmission", 0, 0), result("engagement", 20, 20)]),
            [("too_few_counted", 0), ("too_few_counted", 0), ("reached", 25_000)],
        ),
    ] {
        let contract = incentive(&results);
        assert_eq!(contract.faults(), [""; 0]);
        let word = |line: &IncentiveLine| {
            serde_json::to_value(line.reason).expect("a word").as_str().expect("a text").to_owned()
        };
        let told: Vec<_> = contract.accrue().iter().map(|line| (word(line), line.cents.get())).collect();
        assert_eq!(told, expected.map(|(reason, cents)| (reason.to_owned(), cents)));
    }
}

#[test]
fn it_compares_hourly_rates_with_benchmarks_and_lets_no_benchmark_be_terms() {
    let terms: Terms = serde_json::from_value(json!({ "rates": [
        { "procedure_code": "T1016", "from": "2026-01-01", "cents": 4_500, "method": "hourly", "region": "northeast" },
        { "procedure_code": "T1016", "from": "2026-01-01", "cents": 8_500, "method": "hourly", "region": "west" },
        { "procedure_code": "T1017", "from": "2026-01-01", "cents": 9_999, "region": "west" },
    ] }))
    .expect("terms");
    let benchmark = |region: &str, low: i64, high: i64| json!({ "region": region, "low_cents": low, "high_cents": high, "source": "an article" });
    let table: Vec<Benchmark> =
        serde_json::from_value(json!([benchmark("northeast", 5_000, 7_500), benchmark("west", 6_000, 8_000)]))
            .expect("a table");
    let told: Vec<_> = compare(&terms, &table).iter().map(|line| (line.rate, line.outside_cents.get())).collect();
    assert_eq!(told, [(0, -500), (1, 500)]);
    assert!(serde_json::from_value::<Terms>(json!({ "benchmarks": [] })).is_err(), "terms have no place for one");
}
