//! `adjudica demo --once`, and what can be done with the database that it keeps.

use crate::bench::Bench;

fn bench() -> Bench {
    let bench = Bench::new();
    bench.build_policy("sim", "1.0.0", "{ from = 2017-01-01, to = 2020-01-01 }");
    bench.build_policy("bcbsm", "1.0.0", "{ from = 2012-04-01, to = 2022-01-01 }");
    bench.build_policy("bcbsm", "2.0.0", "{ from = 2022-01-01 }");
    bench
}

#[test]
fn it_decides_the_sample_agency_and_prints_the_tables() {
    let bench = bench();
    let text = bench.ok(&["demo", "--policies", "out", "--once"]);
    for part in [
        "payer",
        "outcome",
        "dollars",
        "Top reasons",
        "bcbsm",
        "sim",
        "not_billable",
        "Manual made up for tests",
        "made-up",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(!text.contains("curl"), "{text}");
    let run = bench.run(&["demo", "--policies", "out", "--once", "--json"]);
    let summary: serde_json::Value = serde_json::from_str(&run.stdout).expect("one JSON value");
    assert!(summary["encounters"].as_u64() > Some(4_000), "{summary}");
}

/// Ids of the first decisions in a database.
fn decision_ids(bench: &Bench, file: &str) -> Vec<String> {
    let url = format!("sqlite:{}", bench.path(file).display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let store = adjudica_store::connect(&url).await.expect("a store");
        let agency = adjudica_core::Token::parse("default").expect("a name");
        let decisions = store.load_decisions(&agency, 0, 200).await.expect("decisions");
        store.close().await;
        decisions.into_iter().map(|stored| stored.summary.decision_id).collect()
    })
}

#[test]
fn it_keeps_the_database_when_told_to_and_replays_its_decisions_to_the_same_bytes() {
    let bench = bench();
    bench.ok(&["demo", "--policies", "out", "--once", "--database", "demo.db"]);
    let again = bench.run(&["demo", "--policies", "out", "--once", "--database", "demo.db"]);
    assert_eq!(again.code, 2, "{}", again.stderr);
    let ids = decision_ids(&bench, "demo.db");
    assert_eq!(ids.len(), 200);
    for id in ids.iter().step_by(50) {
        let replay = bench.json(&["replay", id, "--database", "sqlite:demo.db"]);
        assert_eq!((&replay["identical"], &replay["differences"]), (&true.into(), &serde_json::json!([])), "{replay}");
    }
    assert!(bench.ok(&["replay", &ids[0], "--database", "sqlite:demo.db"]).starts_with("identical: "));
    let run = bench.run(&["replay", "0198c0de-0000-7000-8000-000000000000", "--database", "sqlite:demo.db"]);
    assert_eq!(run.code, 3);
    assert!(run.stderr.contains("there is no decision"), "{}", run.stderr);
}

#[test]
fn it_activates_and_goes_back() {
    let bench = bench();
    let common = ["--payer", "sim", "--message", "for the test", "--database", "sqlite:a.db"];
    let with = |words: &[&'static str]| -> Vec<&'static str> { words.iter().chain(&common).copied().collect() };
    let activate = with(&["activate", "out/sim-1.0.0.wasm", "--from", "2017-01-01", "--to", "2020-01-01"]);
    assert_eq!(bench.json(&activate)["periods"].as_array().map(Vec::len), Some(1));
    let overlap = bench.run(&activate);
    assert_eq!(overlap.code, 3);
    assert!(overlap.stderr.contains("overlaps the activation from 2017-01-01 to 2020-01-01"), "{}", overlap.stderr);
    let refused = bench.run(&with(&["rollback"]));
    assert_eq!(refused.code, 3);
    let days = "payer `sim` from 2017-01-01 to 2020-01-01 would have no policy";
    assert!(refused.stderr.contains(days), "{}", refused.stderr);
    let looked = bench.ok(&with(&["rollback", "--dry-run"]));
    assert!(looked.contains(&format!("{days} any more")), "{looked}");
    assert_eq!(bench.json(&with(&["rollback", "--to-nothing"]))["periods"].as_array().map(Vec::len), Some(0));
    assert_eq!(bench.run(&with(&["rollback", "--to-nothing"])).code, 3);
}

#[test]
fn it_says_what_to_build_when_there_is_no_policy() {
    let bench = Bench::new();
    bench.write("out/readme.txt", "nothing here");
    let run = bench.run(&["demo", "--policies", "out", "--once"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("adjudica policy build"), "{}", run.stderr);
}
