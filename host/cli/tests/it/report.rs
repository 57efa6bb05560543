//! `adjudica report`: rosters, measures and benchmarks from files.

use crate::bench::Bench;

const ROSTER: &str = r#"{ "contract_id": "k1", "month": "2026-02-01", "cents": 300, "part_month": "any_day",
    "members": [{ "client_id": "a", "from": "2025-01-01" }, { "client_id": "b", "from": "2026-02-15" }] }"#;

const INCENTIVE: &str = r#"{ "contract_id": "k1", "agreement": { "state": "signed", "signed_on": "2026-01-02" },
    "measures": [{ "measure_id": "follow_up", "threshold_basis_points": 8000, "better": "higher", "denominator_min": 20, "payout_cents": 100000 },
                 { "measure_id": "engagement", "threshold_basis_points": 5000, "better": "higher", "denominator_min": 20, "payout_cents": 25000 }],
    "results": [{ "measure_id": "follow_up", "numerator": 85, "denominator": 100 }] }"#;

/// Averages by region as an article about case managers gives them, without a source of its own.
const BENCHMARKS: &str = r#"[
    { "region": "northeast", "low_cents": 5000, "high_cents": 7500, "source": "article on reimbursement, no author or date" },
    { "region": "midwest", "low_cents": 4000, "high_cents": 6000, "source": "article on reimbursement, no author or date" },
    { "region": "south", "low_cents": 3500, "high_cents": 5500, "source": "article on reimbursement, no author or date" },
    { "region": "west", "low_cents": 6000, "high_cents": 8000, "source": "article on reimbursement, no author or date" }]"#;

const TERMS: &str = r#"{ "rates": [
    { "procedure_code": "T1016", "from": "2026-01-01", "cents": 4500, "method": "hourly", "region": "northeast" },
    { "procedure_code": "T1016", "from": "2026-01-01", "cents": 7000, "method": "hourly", "region": "west" }] }"#;

#[test]
fn it_reports_what_contracts_pay_beside_claims() {
    let bench = Bench::new();
    for (file, text) in
        [("roster.json", ROSTER), ("contract.json", INCENTIVE), ("averages.json", BENCHMARKS), ("terms.json", TERMS)]
    {
        bench.write(file, text);
    }
    let roster = bench.json(&["report", "capitation", "roster.json"]);
    assert_eq!((&roster["accrual"]["whole"], &roster["accrual"]["cents"]), (&2.into(), &600.into()), "{roster}");
    let incentive = bench.ok(&["report", "incentive", "contract.json"]);
    let lines: Vec<&str> = incentive.lines().collect();
    assert_eq!(
        lines,
        ["follow_up: 85.00 % of 80.00 %, reached, $1000.00", "engagement: - of 50.00 %, not_reported, $0.00"]
    );
    let benchmark = bench.json(&["report", "benchmark", "--terms", "terms.json", "averages.json"]);
    let outside: Vec<_> =
        benchmark["lines"].as_array().expect("lines").iter().map(|line| line["outside_cents"].as_i64()).collect();
    assert_eq!(outside, [Some(-500), Some(0)]);
}

#[test]
fn it_reports_nothing_of_an_unsigned_contract_and_names_every_fault() {
    let bench = Bench::new();
    bench.write(
        "contract.json",
        &INCENTIVE.replace("\"signed\", \"signed_on\": \"2026-01-02\"", "\"agreed\"").replace("85", "185"),
    );
    let run = bench.run(&["report", "incentive", "contract.json"]);
    assert_eq!(run.code, 3, "{}", run.stderr);
    for part in ["only a signed contract pays", "185 of 100 is more than all"] {
        assert!(run.stderr.contains(part), "{part} is not in\n{}", run.stderr);
    }
    assert_eq!(bench.run(&["report", "capitation", "nowhere.json"]).code, 2);
}
