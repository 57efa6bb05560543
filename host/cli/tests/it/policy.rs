//! `adjudica policy build | check | test` on a policy written here.

use crate::bench::{Bench, policy_toml};

const CASES: &str = r#"
[defaults]
payer_id = "acme"
date_of_service = "2026-03-02"
minutes = 30

[[case]]
name = "pays_a_visit"
encounter = { procedure_code = "G9002" }
expect = { outcome = "billable", lines = [{ procedure_code = "G9002", units = 1, amount_cents = 5000 }] }

[[case]]
name = "refuses_a_second_visit_that_day"
encounter = { procedure_code = "G9002" }
history = [{ procedure_code = "G9002", date_of_service = "2026-03-02", units = 1 }]
expect = { outcome = "not_billable", rules = ["limit.visit.day"] }

[[case]]
name = "refuses_an_assistant"
encounter = { procedure_code = "G9002", rendering_provider_role = "MA" }
expect = { outcome = "not_billable", rules = ["role.G9002"] }
"#;

fn folder(bench: &Bench) {
    bench.write("acme/policy.toml", &policy_toml("acme", "1.0.0", "{ from = 2020-01-01 }"));
    bench.write("acme/cases/visits.toml", CASES);
}

#[test]
fn it_builds_the_same_file_from_the_same_tables() {
    let bench = Bench::new();
    folder(&bench);
    let build = |out: &str| bench.json(&["policy", "build", "acme", "--out", out])["policies"][0].clone();
    let (first, second) = (build("one"), build("two"));
    assert_eq!(first["digest"], second["digest"]);
    assert_eq!(
        (&first["policy_id"], &first["version"], &first["written_in"]),
        (&"acme".into(), &"1.0.0".into(), &"tables".into())
    );
    assert!(bench.path("one/acme-1.0.0.wasm").is_file());
    let table = bench.ok(&["policy", "build", "acme", "--out", "one"]);
    assert!(table.contains("acme") && table.contains("1.0.0") && table.contains("digest"), "{table}");
}

#[test]
fn it_checks_folders_and_files_and_names_every_fault_with_its_place() {
    let bench = Bench::new();
    folder(&bench);
    assert!(bench.ok(&["policy", "check", "acme"]).contains("no faults"));
    bench.ok(&["policy", "build", "acme", "--out", "out"]);
    assert!(bench.ok(&["policy", "check", "out/acme-1.0.0.wasm"]).contains("no faults"));
    bench.write("out/no.wasm", "not wasm");
    assert_eq!(bench.run(&["policy", "check", "out/no.wasm"]).code, 3);

    let broken = policy_toml("acme", "1.0.0", "{ from = 2020-01-01 }")
        .replace("source = \"manual\"", "source = \"leaflet\"")
        .replace("min = 5", "min = 50");
    bench.write("acme/policy.toml", &broken);
    bench.write("acme/cases/visits.toml", "[[case]]\nname = \"nothing\"\n");
    let run = bench.run(&["policy", "check", "acme"]);
    assert_eq!(run.code, 3);
    let lines: Vec<&str> = run.stderr.lines().collect();
    assert!(lines.len() > 3, "{}", run.stderr);
    assert!(lines.iter().any(|line| line.contains("acme/policy.toml:") && line.contains("leaflet")), "{}", run.stderr);
    assert!(lines.iter().any(|line| line.contains("acme/cases/visits.toml:")), "{}", run.stderr);
}

#[test]
fn it_tests_natively_and_by_the_built_file() {
    let bench = Bench::new();
    folder(&bench);
    let text = bench.ok(&["policy", "test", "acme"]);
    assert!(text.contains("3 cases passed, 0 differ (native and built file)"), "{text}");
    bench.write("acme/cases/visits.toml", &CASES.replace("amount_cents = 5000", "amount_cents = 5001"));
    let run = bench.run(&["policy", "test", "acme"]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("it pays_a_visit") && run.stdout.contains("50.01"), "{}", run.stdout);
    assert!(run.stdout.contains("2 cases passed, 1 differ"), "{}", run.stdout);
}

#[test]
fn it_says_what_a_folder_lacks() {
    let run = Bench::new().run(&["policy", "test", "nowhere"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("nowhere/policy.toml: cannot be read"), "{}", run.stderr);
}

#[test]
fn it_asks_each_version_about_the_days_that_the_schedule_gives_it() {
    let bench = Bench::new();
    bench.build_policy("river", "1.0.0", "{ from = 2020-01-01 }");
    let newer = crate::bench::policy_toml("river", "1.1.0", "{ from = 2020-01-01 }");
    bench.write("newer/policy.toml", &newer.replace("cents = 5000", "cents = 6000"));
    bench.write("newer/cases/visit.toml", &crate::bench::case_toml("{ from = 2020-01-01 }"));
    bench.ok(&["policy", "build", "newer", "--out", "out"]);
    let (old, new, database) = ("out/river-1.0.0.wasm", "out/river-1.1.0.wasm", "sqlite:a.db");
    bench.ok(&[
        "activate",
        old,
        "--payer",
        "river",
        "--from",
        "2026-01-01",
        "--message",
        "first",
        "--database",
        database,
    ]);
    let row = |id: &str, day: &str| format!("{id},c-{id},river,{day},G9002,30,s1,RN,b1,implementation,in_person,\n");
    let rows: String = [("e1", "2025-12-31"), ("e2", "2026-01-05"), ("e3", "2026-02-05")]
        .iter()
        .map(|(id, day)| row(id, day))
        .collect();
    bench.write("e.csv", &format!("{}\n{rows}", crate::bench::HEADER));
    bench.ok(&["import", "encounters", "e.csv", "--database", database]);
    let over = ["policy", "diff", old, new, "--over-database", database];
    let scheduled = bench.run(&over).stdout;
    for line in [
        "the schedule gives river 1.0.0 2 of the encounters, from 2026-01-05 to 2026-02-05",
        "the schedule gives river 1.1.0 none of the encounters",
        "1 encounters lie on days of others; neither is asked about them",
        "each is asked about its own days, so nothing differs; `--as-if YYYY-MM-DD` shows a planned change",
        "on the stored encounters: 2 encounters asked about, 0 answered differently",
    ] {
        assert!(scheduled.lines().any(|said| said == line), "{line}\n{scheduled}");
    }
    let planned: Vec<&str> = over.iter().copied().chain(["--as-if", "2026-02-01"]).collect();
    let planned = bench.run(&planned).stdout;
    for line in [
        "compared with the schedule: the new policy answering from 2026-02-01 on",
        "on the stored encounters: 2 encounters asked about, 1 answered differently",
    ] {
        assert!(planned.lines().any(|said| said == line), "{line}\n{planned}");
    }
    assert!(planned.contains("$10.00"), "{planned}");
    // A claim that takes e3 back bills nothing, whichever version answers.
    let void = r#"{ "kind": "claim", "frequency": "8", "payer_claim_number": "P1" }"#;
    let record = format!(r#"[{{ "record_id": "r1", "subject_id": "e3", "body": {void} }}]"#);
    bench.write("records.json", &record);
    bench.ok(&["import", "records", "records.json", "--database", database]);
    let planned: Vec<&str> = over.iter().copied().chain(["--as-if", "2026-02-01"]).collect();
    let planned = bench.run(&planned).stdout;
    let line = "on the stored encounters: 2 encounters asked about, 0 answered differently";
    assert!(planned.lines().any(|said| said == line), "{planned}");
    let nobody: Vec<&str> = over.iter().copied().chain(["--agency", "nobody"]).collect();
    let refused = bench.run(&nobody);
    let said =
        "the database of `--over-database` has no encounters of agency `nobody`; check its address, and `--agency`";
    assert!(refused.code != 0 && refused.stderr.contains(said), "{}", refused.stderr);
}

#[test]
fn it_stores_nothing_when_it_only_looks_at_an_activation() {
    let bench = Bench::new();
    let made = |cents: &str| {
        let toml = crate::bench::policy_toml("river", "1.0.0", "{ from = 2020-01-01 }");
        bench.write("river/policy.toml", &toml.replace("cents = 5000", cents));
        bench.write("river/cases/visit.toml", &crate::bench::case_toml("{ from = 2020-01-01 }"));
        bench.ok(&["policy", "build", "river", "--out", "out"]);
    };
    let activate = |more: &[&'static str]| {
        let given = ["activate", "out/river-1.0.0.wasm", "--payer", "river", "--from", "2026-01-01", "--message", "m"];
        bench.ok(&given
            .iter()
            .copied()
            .chain(["--database", "sqlite:a.db"])
            .chain(more.iter().copied())
            .collect::<Vec<_>>())
    };
    made("cents = 6000");
    let looked = activate(&["--dry-run"]);
    assert!(looked.contains("2026-01-01  no end  river 1.0.0"), "{looked}");
    // The version is still free for the file that mends it.
    made("cents = 7000");
    let done = activate(&[]);
    assert!(done.starts_with("change 1"), "{done}");
    let again = activate(&["--overlaps", "cut"]);
    let warning =
        "warning: the schedule was so already, so nothing changes hands; taking this change back leaves it so too";
    assert!(again.lines().any(|line| line == warning), "{again}");
}
