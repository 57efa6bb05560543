//! The command line and the configuration.

use crate::bench::Bench;

#[test]
fn it_ends_with_2_when_the_command_line_is_wrong() {
    let bench = Bench::new();
    for arguments in
        [&["fly"][..], &[], &["decide"], &["policy"], &["import", "encounters"], &["serve", "--lissten", "x"]]
    {
        assert_eq!(bench.run(arguments).code, 2, "{arguments:?}");
    }
    assert_eq!(bench.run(&["--version"]).code, 0);
}

#[test]
fn it_lists_every_verb_and_hides_the_compiler() {
    let help = Bench::new().ok(&["--help"]);
    for verb in ["serve", "demo", "decide", "policy", "import", "replay", "--json"] {
        assert!(help.contains(verb), "{verb} is not in\n{help}");
    }
    assert!(!help.contains("compile-policy"), "{help}");
}

#[test]
fn it_reports_every_fault_of_the_configuration_at_once() {
    let bench = Bench::new();
    bench.write("adjudica.toml", "databse = \"x\"\nagency = \"an agency\"\n");
    let run = bench.run(&["import", "encounters", "none.csv"]);
    assert_eq!(run.code, 2);
    for part in [
        "`databse` is not a setting",
        "`agency`: `an agency` is not a name",
        "`database` is not set; give `--database`, ADJUDICA_DATABASE",
    ] {
        assert!(run.stderr.contains(part), "{part}\n{}", run.stderr);
    }
    let run = bench.run(&["import", "encounters", "none.csv", "--json"]);
    let answer: serde_json::Value = serde_json::from_str(&run.stdout).expect("json");
    assert_eq!(answer["error"]["code"], "usage");
    assert_eq!(answer["error"]["faults"].as_array().map(Vec::len), Some(3), "{answer}");
}

#[test]
fn it_takes_the_flag_before_the_environment_before_the_file() {
    let bench = Bench::new();
    bench.write("adjudica.toml", "database = \"sqlite:file.db\"\nagency = \"from_file\"\n");
    bench.write("one.json", r#"[{"encounter_id":"e1","client_id":"c1","payer_id":"acme","date_of_service":"2026-03-02","rendering_provider_id":"s1","rendering_provider_role":"RN","billing_provider_id":"b1","phase":"implementation","mode":"in_person"}]"#);
    let stored = |bench: &Bench, name: &str| bench.path(name).exists();
    bench.ok(&["import", "encounters", "one.json"]);
    assert!(stored(&bench, "file.db"));
    let status = bench
        .command(&["import", "encounters", "one.json", "--create"])
        .env("ADJUDICA_DATABASE", "sqlite:env.db")
        .output();
    assert!(status.expect("a run").status.success() && stored(&bench, "env.db"));
    let mut both = bench.command(&["import", "encounters", "one.json", "--create", "--database", "sqlite:flag.db"]);
    assert!(both.env("ADJUDICA_DATABASE", "sqlite:other.db").output().expect("a run").status.success());
    assert!(stored(&bench, "flag.db") && !stored(&bench, "other.db"));
}

#[test]
fn it_refuses_to_serve_where_other_machines_can_reach() {
    let bench = Bench::new();
    let run =
        bench.run(&["serve", "--database", "sqlite:a.db", "--listen", "0.0.0.0:0", "--set", "activation_poll_ms=9000"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("loopback") || run.stderr.contains("127.0.0.1"), "{}", run.stderr);
    assert!(run.stderr.contains("activation_poll_ms"), "{}", run.stderr);
    assert!(!bench.path("a.db").exists());
}
