//! `adjudica import encounters`: all or nothing, and every fault named.

use crate::bench::{Bench, HEADER};

const GOOD: &str = "e1,c1,acme,2026-03-02,G9002,30,s1,RN,b1,implementation,in_person,care_plan;order";

fn import<'a>(file: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    ["import", "encounters", file, "--database", "sqlite:a.db", "--agency", "agency_1"]
        .into_iter()
        .chain(more.iter().copied())
        .collect()
}

#[test]
fn it_imports_nothing_when_a_row_has_a_fault_and_names_them_all() {
    let bench = Bench::new();
    let bad = "e 2,c1,acme,2026-02-30,g9002,half,s1,RN,b1,implementation,in_person,=1+1";
    let short = "e3,c1";
    let doubled = GOOD;
    bench.write("week.csv", &format!("{HEADER}\n{GOOD}\n{bad}\n{short}\n{doubled}\n"));
    let run = bench.run(&import("week.csv", &[]));
    assert_eq!(run.code, 3, "{}", run.stderr);
    assert!(run.stderr.contains("3 of 4 rows have faults; none was taken"), "{}", run.stderr);
    let parts = [
        "row 3: encounter_id:",
        "row 3: date_of_service:",
        "row 3: procedure_code:",
        "row 3: minutes:",
        "row 3: supporting_info",
        "row 4: it has 2 cells where the header has 12",
        "row 5: encounter_id: is the id of row 2 too",
    ];
    for part in parts {
        assert!(run.stderr.contains(part), "{part} is not in\n{}", run.stderr);
    }
    let answer = bench.json(&import("week.csv", &["--partial"]));
    assert_eq!((&answer["rows"], &answer["inserted"]), (&4.into(), &1.into()), "nothing was stored before: {answer}");
    let rows: Vec<_> = answer["faults"].as_array().expect("faults").iter().map(|fault| fault["row"].as_u64()).collect();
    assert_eq!(rows, [3, 3, 3, 3, 3, 4, 5].map(Some));
}

#[test]
fn it_refuses_ids_that_are_stored_unless_told_to_update() {
    let bench = Bench::new();
    bench.write("week.csv", &format!("{HEADER}\n{GOOD}\n"));
    bench.ok(&import("week.csv", &[]));
    let run = bench.run(&import("week.csv", &[]));
    assert_eq!(run.code, 3);
    assert!(run.stderr.contains("e1"), "{}", run.stderr);
    assert_eq!(bench.json(&import("week.csv", &["--update"]))["unchanged"], 1);
    bench.write("week.csv", &format!("{HEADER}\n{}\n", GOOD.replace(",30,", ",31,")));
    assert_eq!(bench.json(&import("week.csv", &["--update"]))["updated"], 1);
}

/// A file is stored a part at a time, and is there whole or not at all.
#[test]
fn it_imports_files_of_many_parts_as_one() {
    let bench = Bench::new();
    let row = |number: usize| GOOD.replacen("e1", &format!("e{number}"), 1);
    let rows = |from: usize, to: usize| {
        let rows: Vec<String> = (from..to).map(row).collect();
        format!("{HEADER}\n{}\n", rows.join("\n"))
    };
    bench.write("some.csv", &format!("{HEADER}\n{}\n{}\n", row(3), row(4_321)));
    bench.ok(&import("some.csv", &[]));
    bench.write("all.csv", &rows(1, 5_001));
    let run = bench.run(&import("all.csv", &[]));
    assert_eq!(run.code, 3);
    for id in ["`e3`", "`e4321`"] {
        assert!(run.stderr.contains(&format!("encounter {id} is stored already")), "{}", run.stderr);
    }
    let answer = bench.json(&import("all.csv", &["--partial"]));
    assert_eq!((&answer["rows"], &answer["inserted"]), (&5_000.into(), &4_998.into()), "nothing was stored before");
    let faults: Vec<_> = answer["faults"].as_array().expect("faults").iter().collect();
    let places: Vec<_> = faults.iter().map(|fault| fault["row"].as_u64()).collect();
    assert_eq!(places, [Some(4), Some(4_322)]);
    assert_eq!(faults[0]["message"], "is stored already; give `--update` to replace it");
    bench.write("all.csv", &rows(1, 5_001).replacen(",30,", ",31,", 1));
    let answer = bench.json(&import("all.csv", &["--update"]));
    assert_eq!((&answer["updated"], &answer["unchanged"]), (&1.into(), &4_999.into()));
}

#[test]
fn it_reads_json_and_ndjson_like_csv() {
    let bench = Bench::new();
    let object = |id: &str| {
        format!(
            r#"{{"encounter_id":"{id}","client_id":"c1","payer_id":"acme","date_of_service":"2026-03-02","minutes":30,
            "rendering_provider_id":"s1","rendering_provider_role":"RN","billing_provider_id":"b1","phase":"implementation","mode":"video"}}"#
        )
        .replace('\n', "")
    };
    bench.write("a.json", &format!("[{},{}]", object("e1"), object("e2")));
    bench.write("b.ndjson", &format!("{}\n\n{}\n", object("e3"), object("e4")));
    assert_eq!(
        bench.json(&["import", "encounters", "a.json", "b.ndjson", "--database", "sqlite:a.db", "--agency", "x"])["inserted"],
        4
    );
    bench.write("c.ndjson", &format!("{}\n{{\"minutes\":\n{}\n", object("e5"), object("e5")));
    let run = bench.run(&import("c.ndjson", &[]));
    assert_eq!(run.code, 3);
    assert!(
        run.stderr.contains("row 2: line 1, column") && run.stderr.contains("row 3: encounter_id:"),
        "{}",
        run.stderr
    );
}

#[test]
fn it_refuses_a_misspelt_header_and_a_file_that_is_not_there() {
    let bench = Bench::new();
    bench.write("week.csv", &format!("{}\n{GOOD}\n", HEADER.replace("minutes", "minuts")));
    let run = bench.run(&import("week.csv", &[]));
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("`minuts` is not a column"), "{}", run.stderr);
    let run = bench.run(&import("nowhere.csv", &[]));
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("nowhere.csv: cannot be read"), "{}", run.stderr);
    assert!(!bench.path("a.db").exists());
}

#[test]
fn it_imports_records_with_their_versions_and_names_every_fault() {
    let bench = Bench::new();
    let import = ["import", "records", "records.json", "--database", "sqlite:a.db", "--actor", "clerk"];
    let coverage = |to: &str| {
        format!(
            r#"[{{ "record_id": "cov", "subject_id": "c1", "body": {{ "kind": "coverage", "payer_id": "acme",
                "coverage_kind": "commercial", "order": 1, "from": "2026-01-01"{to} }} }}]"#
        )
    };
    bench.write("records.json", &coverage(""));
    assert_eq!(bench.json(&import)["inserted"], 1);
    assert_eq!(bench.json(&import)["unchanged"], 1);
    bench.write("records.json", &coverage(r#", "to": "2026-03-01""#));
    assert_eq!(bench.json(&import)["updated"], 1);
    let bad = r#"[{ "record_id": "a b", "subject_id": "c1", "body": { "kind": "goal" } },
        { "record_id": "x", "subject_id": "c1", "body": { "kind": "coverage", "payer_id": "p", "coverage_kind": "commercial", "order": 0, "from": "2026-01-01", "to": "2025-01-01" } }]"#;
    bench.write("records.json", bad);
    let run = bench.run(&import);
    assert_eq!(run.code, 3, "{}", run.stderr);
    for part in [
        "2 of 2 rows have faults; none was taken",
        "records.json: row 1: record_id: ",
        "records.json: row 1: body.goal_id: is missing; give 1 to 64 letters",
        "the first payer is 1",
        "records.json: row 2: body: `to`",
    ] {
        assert!(run.stderr.contains(part), "{part} is not in\n{}", run.stderr);
    }
    bench.write("records.csv", "record_id,subject_id\nr1,c1\n");
    let run = bench.run(&["import", "records", "records.csv", "--database", "sqlite:a.db"]);
    let said =
        "records.csv: records are read as a JSON list (.json) or as one JSON object per line (.ndjson), not as CSV";
    assert!(run.code == 2 && run.stderr.contains(said), "{}", run.stderr);
}

#[test]
fn it_imports_any_number_of_records_all_or_none() {
    const RECORDS: usize = 25_000;
    let bench = Bench::new();
    let import = ["import", "records", "records.ndjson", "--database", "sqlite:a.db"];
    let coverage = |id: usize, client: usize, from: &str| {
        format!(
            r#"{{"record_id":"cov-{id}","subject_id":"c{client}","body":{{"kind":"coverage","payer_id":"acme","coverage_kind":"commercial","order":1,"from":"{from}"}}}}"#
        )
    };
    let with = |last: &[String]| {
        let all = (0..RECORDS).map(|id| coverage(id, id, "2026-01-01"));
        bench.write("records.ndjson", &all.chain(last.iter().cloned()).collect::<Vec<_>>().join("\n"));
    };
    // Far from the first coverage of its client, and still beside it.
    with(&[coverage(RECORDS, 7, "2026-05-01")]);
    let run = bench.run(&import);
    assert_eq!(run.code, 3, "{}", run.stderr);
    assert!(
        run.stderr.starts_with("adjudica: nothing was imported\n  `cov-25000`: overlaps `cov-7`, "),
        "{}",
        run.stderr
    );
    with(&[coverage(3, 9, "2026-05-01")]);
    let run = bench.run(&import);
    let said = "records.ndjson: row 25001: record_id: is the id of row 4 too; give each record once";
    assert!(run.code == 3 && run.stderr.contains(said), "{}", run.stderr);
    with(&[]);
    assert_eq!(bench.json(&import)["inserted"], RECORDS);
    assert_eq!(bench.json(&import)["unchanged"], RECORDS);
    // What is stored is in the way of what is new, unless the same file replaces it.
    bench.write("records.ndjson", &coverage(RECORDS, 7, "2026-05-01"));
    let run = bench.run(&import);
    assert!(run.code == 3 && run.stderr.contains("`cov-25000`: overlaps `cov-7`, "), "{}", run.stderr);
    bench.write(
        "records.ndjson",
        &[coverage(RECORDS, 7, "2026-05-01"), coverage(7, 9_999_999, "2026-01-01")].join("\n"),
    );
    let told = bench.json(&import);
    assert_eq!((&told["inserted"], &told["updated"]), (&1.into(), &1.into()));
}
