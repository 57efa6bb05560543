//! Rows in CSV files beside the tables: a spreadsheet's fees and pairs in a policy, what is wrong with them, and that they travel.

use crate::bench::Bench;

const FEES: &str = "[[rate]]\nid = \"fee\"\nfile = \"fees.csv\"\nsource = \"manual\"\n";

/// A folder made by `new`, whose rate stands in a file.
fn made(fees: &str) -> Bench {
    let bench = Bench::new();
    bench.ok(&["policy", "new", "lakeview", "--from", "2026-01-01"]);
    let text = std::fs::read_to_string(bench.path("lakeview/policy.toml")).expect("tables");
    let (before, rest) = text.split_once("[[rate]]").expect("a rate");
    let after = rest.split_once("\n\n").map_or("", |(_, after)| after);
    bench.write("lakeview/policy.toml", &format!("{before}{FEES}\n{after}"));
    bench.write("lakeview/fees.csv", fees);
    bench
}

#[test]
fn it_answers_by_rows_of_a_spreadsheet_wherever_the_policy_goes() {
    let bench = made("\u{FEFF}codes;cents\r\nT1016;1500\r\n");
    assert!(bench.ok(&["policy", "check", "--strict", "lakeview"]).contains("no faults"));
    let text = bench.ok(&["policy", "test", "--coverage", "--threshold", "100", "lakeview"]);
    assert!(text.contains("0 differ (native and built file)") && text.contains("table rows: 4 of 4 reached"), "{text}");
    let mutants = bench.ok(&["policy", "mutate", "lakeview"]);
    assert!(mutants.contains("noticed by cases"), "{mutants}");
    let built = bench.json(&["policy", "build", "lakeview", "--out", "out"]);
    let file = built["policies"][0]["file"].as_str().expect("a file").to_owned();
    // The file carries its rows: it is checked, published and compared without the folder.
    std::fs::remove_dir_all(bench.path("lakeview")).expect("a folder");
    assert!(bench.ok(&["policy", "check", &file]).contains("lakeview"));
    bench.ok(&["policy", "publish", &file, "--to", "catalog"]);
    let same = bench.ok(&["policy", "diff", &file, &file]);
    assert!(same.contains("encounters asked about, 0 answered differently"), "{same}");
}

#[test]
fn it_says_what_is_wrong_with_a_spreadsheet() {
    let bench = made("codes,cents\nT1016,15.00\nT1061,1\n");
    let run = bench.run(&["policy", "check", "lakeview"]);
    let cell = "in `fees.csv` at 2:2: `cents`: `15.00` is not a whole number; write one without points, commas or signs of a currency";
    assert!(run.stderr.contains(cell), "{}", run.stderr);
    bench.write("lakeview/fees.csv", "codes,cents\nT1016,1500\nT1061,1\n");
    let run = bench.run(&["policy", "check", "lakeview"]);
    let code = "in `fees.csv` at 3:1: the code `T1061` has no `[[code]]` row; add one or correct the code";
    assert!(run.stderr.contains(code), "{}", run.stderr);
    bench.write("lakeview/fees.csv", "codes,cents\nT1016,1500\n");
    bench.write("lakeview/pairs.csv", "codes,with\nT1016,T1016\n");
    let run = bench.run(&["policy", "check", "lakeview"]);
    let unread = "lakeview/pairs.csv: no row names this file of rows, so it is not read; write `file` in a row, or take the file out of the folder";
    assert!(run.code != 0 && run.stderr.contains(unread), "{}", run.stderr);
}
