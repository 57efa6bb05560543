//! `adjudica decide`: files of encounters against policy files.

use crate::bench::{Bench, HEADER};

fn bench() -> Bench {
    let bench = Bench::new();
    bench.build_policy("acme", "1.0.0", "{ from = 2020-01-01, to = 2026-04-01 }");
    bench.build_policy("acme", "2.0.0", "{ from = 2026-04-01 }");
    let rows = [
        "e1,c1,acme,2026-03-02,G9002,30,s1,RN,b1,implementation,in_person,",
        "e2,c1,acme,2026-03-02,G9002,30,s1,RN,b1,implementation,in_person,",
        "e3,c1,acme,2026-04-01,98966,7,s1,RN,b1,implementation,telephone,",
        "e4,c2,acme,2026-04-02,98966,11,s1,MA,b1,implementation,telephone,",
        "e5,c2,other,2026-04-02,98966,11,s1,MA,b1,implementation,telephone,",
    ];
    bench.write("week.csv", &format!("{HEADER}\n{}\n", rows.join("\n")));
    bench.write("terms.json", r#"{"rates":[{"procedure_code":"98966","from":"2026-01-01","cents":1500}]}"#);
    bench
}

const DECIDE: [&str; 8] = [
    "decide",
    "week.csv",
    "--policy",
    "out/acme-1.0.0.wasm",
    "--policy",
    "out/acme-2.0.0.wasm",
    "--terms",
    "acme=terms.json",
];

#[test]
fn it_chooses_the_policy_by_date_and_counts_what_it_billed() {
    let bench = bench();
    let answer = bench.json(&DECIDE);
    let decisions = answer["decisions"].as_array().expect("decisions");
    let got: Vec<_> = decisions
        .iter()
        .map(|one| {
            let version = one["policy"]["version"].as_str().unwrap_or("none");
            (
                one["encounter_id"].as_str().unwrap_or_default(),
                version,
                one["decision"]["outcome"].as_str().unwrap_or_default(),
            )
        })
        .collect();
    let expected = [
        ("e1", "1.0.0", "billable"),
        ("e2", "1.0.0", "not_billable"),
        ("e3", "2.0.0", "billable"),
        ("e4", "2.0.0", "not_billable"),
        ("e5", "none", "undetermined"),
    ];
    assert_eq!(got, expected);
    assert_eq!(decisions[2]["decision"]["lines"][0]["amount_cents"], 1500);
    assert_eq!(decisions[1]["decision"]["findings"][0]["message"], "visits that day: 2 of 1");
    assert_eq!(answer["counts"]["not_billable"], 2);
}

#[test]
fn it_prints_a_table_and_explains_when_asked() {
    let bench = bench();
    let table = bench.ok(&DECIDE);
    assert!(table.contains("5 encounters: 2 billable, 2 not_billable, 1 undetermined"), "{table}");
    assert!(table.contains("$15.00"), "{table}");
    let arguments: Vec<&str> = DECIDE.into_iter().chain(["--explain"]).collect();
    let text = bench.ok(&arguments);
    for part in ["limit.visit.day", "source: Manual made up for tests", "as a denial: CO", "G9002, 1 unit, $50.00"] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

/// What a program reads on standard output, and what a file of answers holds, are the same answers in the order of the rows.
#[test]
fn it_writes_answers_into_a_file() {
    let bench = bench();
    let answers = bench.json(&DECIDE);
    let out = |file: &'static str| DECIDE.into_iter().chain(["--out", file]).collect::<Vec<&str>>();
    let told = bench.ok(&out("answers.ndjson"));
    assert_eq!(
        told.trim_end(),
        "5 answers are in answers.ndjson\n5 encounters: 2 billable, 2 not_billable, 1 undetermined"
    );
    let lines = std::fs::read_to_string(bench.path("answers.ndjson")).expect("answers");
    let lines: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("a JSON value")).collect();
    assert_eq!(answers["decisions"], serde_json::Value::Array(lines));
    bench.ok(&out("answers.csv"));
    let rows = std::fs::read_to_string(bench.path("answers.csv")).expect("answers");
    let rows: Vec<&str> = rows.lines().collect();
    assert_eq!(rows[0], "encounter_id,date_of_service,payer_id,outcome,lines,amount_cents,reason");
    assert_eq!(rows[1], "e1,2026-03-02,acme,billable,G9002,5000,");
    assert_eq!(rows[2], "e2,2026-03-02,acme,not_billable,,,visits that day: 2 of 1");
    let run = bench.run(&out("week.csv"));
    let told = "the answers would stand in the place of the encounters; give another name";
    assert_eq!((run.code, run.stderr.contains(told)), (2, true), "{}", run.stderr);
    let run = bench.run(&out("answers.txt"));
    let told = "answers are written as `.ndjson` or `.csv`; end the name with one of these";
    assert_eq!((run.code, run.stderr.contains(told)), (2, true), "{}", run.stderr);
}

#[test]
fn it_refuses_files_with_faults_and_policies_that_overlap() {
    let bench = bench();
    bench.write("empty.csv", &format!("{HEADER}\n,,,,,,,,,,,\n"));
    let run = bench.run(&["decide", "empty.csv", "--policy", "out/acme-1.0.0.wasm"]);
    assert_eq!(
        (run.code, run.stderr.trim_end()),
        (3, "adjudica: no encounter was read\n  empty.csv: holds no encounters")
    );
    bench.write("bad.csv", &format!("{HEADER}\n,c1,,,,,,,,,,\n"));
    let run = bench.run(&["decide", "bad.csv", "--policy", "out/acme-1.0.0.wasm"]);
    assert_eq!(run.code, 3);
    assert!(run.stderr.contains("bad.csv: row 2: encounter_id:"), "{}", run.stderr);
    bench.write("bad.json", r#"{"rates":[{"procedure_code":"x","from":"2026-01-01","cents":-1}]}"#);
    let run = bench.run(&[
        "decide",
        "week.csv",
        "--policy",
        "out/acme-1.0.0.wasm",
        "--policy",
        "out/acme-1.0.0.wasm",
        "--terms",
        "bad.json",
    ]);
    assert_eq!(run.code, 3);
    for part in ["both answer for `acme`", "rates[0].procedure_code", "rates[0].cents"] {
        assert!(run.stderr.contains(part), "{part} is not in\n{}", run.stderr);
    }
}
