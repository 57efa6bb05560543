//! A rule author's afternoon: from an empty folder to a policy that is tested, signed, published and taken back; and every refusal.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use crate::bench::Bench;

const CODE_REFUSED: i32 = 3;
const CODE_DIFFERS: i32 = 1;
const CODE_USAGE: i32 = 2;
const CODE_OVER_BUDGET: i32 = 4;

/// A folder made by `new`, in a bench of its own.
fn made() -> Bench {
    let bench = Bench::new();
    bench.ok(&["policy", "new", "lakeview", "--from", "2026-01-01"]);
    bench
}

/// The folder's tables with one text in the place of another.
pub(crate) fn edit(bench: &Bench, from: &str, to: &str) {
    let text = std::fs::read_to_string(bench.path("lakeview/policy.toml")).expect("tables");
    assert!(text.contains(from), "{from}");
    bench.write("lakeview/policy.toml", &text.replacen(from, to, 1));
}

/// The folder's cases without one of them.
fn without_case(bench: &Bench, name: &str) {
    let text = std::fs::read_to_string(bench.path("lakeview/cases/first.toml")).expect("cases");
    let cases: Vec<&str> = text.split("[[case]]").filter(|case| !case.contains(name)).collect();
    bench.write("lakeview/cases/first.toml", &cases.join("[[case]]"));
}

fn build(bench: &Bench) -> String {
    let built = bench.json(&["policy", "build", "lakeview", "--out", "out"]);
    built["policies"][0]["file"].as_str().expect("a file").to_owned()
}

/// What a refused run says.
#[track_caller]
fn refusal(bench: &Bench, code: i32, arguments: &[&str]) -> String {
    let run = bench.run(arguments);
    assert_eq!(run.code, code, "{arguments:?}\n{}\n{}", run.stdout, run.stderr);
    run.stderr.trim_end().to_owned()
}

#[test]
fn it_makes_a_folder_that_passes_and_is_reached_whole() {
    let bench = made();
    let text = bench.ok(&["policy", "test", "--coverage", "--threshold", "100", "lakeview"]);
    assert!(text.contains("14 cases passed, 0 differ (native and built file)"), "{text}");
    assert!(text.contains("table rows: 4 of 4 reached, 100 %"), "{text}");
    assert!(bench.ok(&["policy", "check", "--strict", "lakeview"]).contains("no faults"));
    let again = refusal(&bench, CODE_USAGE, &["policy", "new", "lakeview", "--from", "2026-01-01"]);
    assert_eq!(
        again,
        "adjudica: nothing was made\n  ./lakeview: is there already; take another name, nothing is written over"
    );
}

#[test]
fn it_lists_what_no_case_reaches_and_fails_below_the_threshold() {
    let bench = made();
    without_case(&bench, "asks_for_the_care_plan");
    let run =
        bench.run(&["policy", "test", "--coverage", "--threshold", "100", "--junit", "out/junit.xml", "lakeview"]);
    assert_eq!(run.code, CODE_DIFFERS, "{}", run.stdout);
    let line =
        "care_plan: wants a case in which it speaks: the record does not show `{subject}`; so far it is only kept";
    assert!(run.stdout.contains(line), "{}", run.stdout);
    let junit = std::fs::read_to_string(bench.path("out/junit.xml")).expect("a report");
    let suite = "<testsuite name=\"lakeview\" tests=\"13\" skipped=\"0\" errors=\"0\" failures=\"0\">";
    assert!(junit.contains(suite), "{junit}");
    let written = bench.run(&["policy", "test", "--coverage", "--write-cases", "lakeview"]);
    assert!(written.stdout.contains("cases written: 1; read what they say, then run the tests"), "{}", written.stdout);
    bench.ok(&["policy", "test", "--coverage", "--threshold", "100", "lakeview"]);
}

#[test]
fn it_finds_changes_that_no_case_notices_and_writes_the_cases_that_do() {
    let bench = made();
    bench.ok(&["policy", "mutate", "lakeview"]);
    without_case(&bench, "pays_a_social_worker_by_video");
    let before = bench.run(&["policy", "mutate", "lakeview"]);
    assert_eq!(before.code, CODE_DIFFERS, "{}", before.stdout);
    assert!(before.stdout.contains("visit.staff: `roles` without MSW"), "{}", before.stdout);
    assert!(before.stdout.contains("rendering_provider_role = \"MSW\""), "the case that would tell: {}", before.stdout);
    bench.ok(&["policy", "mutate", "--write-cases", "lakeview"]);
    let cases = std::fs::read_dir(bench.path("lakeview/pins")).expect("cases").map_while(Result::ok);
    let cases: String = cases.map(|file| std::fs::read_to_string(file.path()).expect("a text")).collect();
    assert!(cases.contains("tells the policy from: visit.staff: `modes` without video"), "{cases}");
    let text = bench.ok(&["policy", "mutate", "lakeview"]);
    assert!(text.contains(" 0 not (0 of them accepted)"), "{text}");
    bench.ok(&["policy", "test", "lakeview"]);
    bench.write(
        "lakeview/mutants.toml",
        "[[accepted]]\nid = \"visit.staff: `roles` without MSW\"\nreason = \"a reason\"\n",
    );
    assert_eq!(
        refusal(&bench, CODE_REFUSED, &["policy", "mutate", "lakeview"]),
        "adjudica: accepted changes that are none\n  lakeview/mutants.toml: `visit.staff: `roles` without MSW` is no change that survives; take it out"
    );
    bench.write("lakeview/mutants.toml", "[[accepted]]\nid = \"x\"\nreason = \" \"\n");
    assert_eq!(
        refusal(&bench, CODE_USAGE, &["policy", "mutate", "lakeview"]),
        "adjudica: no change was made\n  lakeview/mutants.toml: `x` has no reason; say why no case needs to notice it"
    );
    bench.write("lakeview/mutants.toml", "");
    bench.write("lakeview/cases/wrong.toml", "[[case]]\nname = \"is_wrong\"\nencounter = { payer_id = \"lakeview\", date_of_service = \"2026-01-01\" }\nexpect = { outcome = \"billable\" }\n");
    let said = refusal(&bench, CODE_REFUSED, &["policy", "mutate", "lakeview"]);
    assert!(
        said.starts_with("adjudica: cases fail without any change; run `adjudica policy test` first\n  lakeview/cases/wrong.toml:2:1: it is_wrong: "),
        "{said}"
    );
}

#[test]
fn it_prints_the_grid_that_the_policy_gives_and_compares_it_with_a_published_one() {
    let bench = made();
    let csv = bench.ok(&["policy", "matrix", "lakeview", "--form", "csv"]);
    assert!(csv.contains(",RN,T1016,B,"), "{csv}");
    assert!(csv.contains(",MA,T1016,N,role.T1016"), "{csv}");
    assert!(bench.ok(&["policy", "matrix", "lakeview", "--form", "html"]).contains("<table"));
    bench.write("grid.csv", "phase,role,code,outcome\nimplementation,RN,T1016,B\nimplementation,MSW,T1016,N\n");
    let run = bench.run(&["policy", "matrix", "lakeview", "--against", "grid.csv"]);
    assert_eq!(run.code, CODE_DIFFERS);
    assert_eq!(run.stdout, "implementation MSW T1016: published N, given B\n1 of 2 published cells differ\n");
    bench.write("grid.csv", "phase,role,code\n");
    let said = refusal(&bench, CODE_REFUSED, &["policy", "matrix", "lakeview", "--against", "grid.csv"]);
    assert!(said.starts_with("adjudica: the published grid has faults\n  grid.csv: "), "{said}");
}

#[test]
fn it_says_what_would_make_an_encounter_billable() {
    let bench = made();
    let facts = |more: &str| {
        format!(
            r#"[{{"encounter_id":"e1","client_id":"c1","payer_id":"lakeview","date_of_service":"2026-03-02","procedure_code":"T1016",
            "rendering_provider_id":"p1","rendering_provider_role":"RN","billing_provider_id":"b1","phase":"implementation",
            "mode":"in_person","minutes":30{more}}}]"#
        )
    };
    bench.write("one.json", &facts(""));
    let text = bench.ok(&["policy", "why-not", "one.json", "--policy", "lakeview"]);
    assert_eq!(text, "e1: way 1\n  document `care_plan`\n  then billable: T1016, 2 units, $30.00\n");
    bench.write("one.json", &facts(r#","supporting_info":["care_plan"]"#));
    assert_eq!(bench.ok(&["policy", "why-not", "one.json", "--policy", "lakeview"]), "e1: it is accepted as it is\n");
    bench.write("two.json", &facts("").replace("}]", "},{\"encounter_id\":\"e2\",\"client_id\":\"c1\",\"payer_id\":\"lakeview\",\"date_of_service\":\"2026-03-03\",\"rendering_provider_id\":\"p1\",\"rendering_provider_role\":\"RN\",\"billing_provider_id\":\"b1\",\"phase\":\"implementation\",\"mode\":\"in_person\"}]"));
    assert_eq!(
        refusal(&bench, CODE_USAGE, &["policy", "why-not", "two.json", "--policy", "lakeview"]),
        "adjudica: nothing was asked\n  two.json: name one of its encounters with `--encounter`: e1, e2"
    );
}

#[test]
fn it_compares_what_two_versions_answer_and_asks_for_the_version_that_fits() {
    let bench = made();
    let first = build(&bench);
    assert!(bench.ok(&["policy", "version", &first, "lakeview"]).contains("a patch change"));
    for (from, to, word, lowest) in [
        ("max = 4", "max = 3", "major", "2.0.0"),
        ("max = 4", "max = 5", "minor", "1.1.0"),
        ("cents = 1500", "cents = 1499", "major", "2.0.0"),
        ("cents = 1500", "cents = 1501", "minor", "1.1.0"),
        ("roles = [\"RN\", \"MSW\"]", "roles = [\"RN\"]", "major", "2.0.0"),
    ] {
        edit(&bench, from, to);
        let run = bench.run(&["policy", "diff", &first, "lakeview"]);
        assert_eq!(run.code, CODE_DIFFERS, "{from}: {}", run.stdout);
        assert!(run.stdout.contains(&format!("these differences ask for a {word} version")), "{from}: {}", run.stdout);
        let run = bench.run(&["policy", "version", &first, "lakeview", "--check"]);
        assert_eq!(run.code, CODE_REFUSED);
        assert!(
            run.stderr.contains(&format!("version 1.0.0 is too low after 1.0.0: the answers make it a {word} change")),
            "{}",
            run.stderr
        );
        assert!(run.stderr.contains(&format!("write `version = \"{lowest}\"` in `[policy]`")), "{}", run.stderr);
        edit(&bench, to, from);
    }
}

#[test]
fn it_signs_verifies_and_refuses_what_is_not_as_it_was_signed() {
    let bench = made();
    let file = build(&bench);
    let keygen =
        ["policy", "keygen", "northside", "--key", "k1", "--from", "2026-01-01", "--to", "2027-01-01", "--out", "keys"];
    bench.ok(&keygen);
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(bench.path("keys/northside-k1.secret.toml")).expect("a file").permissions(),
    );
    assert_eq!(mode & 0o077, 0, "nobody else reads the secret key");
    assert_eq!(
        refusal(&bench, CODE_USAGE, &keygen),
        "adjudica: no key was made\n  keys/northside-k1.secret.toml: is there already; take another `--key`, a key is never made over"
    );
    let publishers = "keys/northside-k1.public.toml";
    let verify = |day: &str| {
        ["policy", "verify", file.as_str(), "--publishers", publishers, "--on", day].map(str::to_owned).to_vec()
    };
    let verify_fails = |day: &str| {
        let arguments = verify(day);
        refusal(&bench, CODE_REFUSED, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let head = "adjudica: not every file is as a trusted publisher signed it\n  out/lakeview-1.0.0.wasm: ";
    assert_eq!(
        verify_fails("2026-05-01"),
        format!("{head}the policy file is not signed; sign it with `adjudica policy sign`")
    );
    let sign = ["policy", "sign", file.as_str(), "--key", "keys/northside-k1.secret.toml", "--on", "2026-04-30"];
    bench.ok(&sign);
    assert_eq!(
        refusal(&bench, CODE_REFUSED, &sign),
        "adjudica: nothing was signed\n  out/lakeview-1.0.0.wasm: the policy file is signed already; build it again and sign that"
    );
    let arguments = verify("2026-05-01");
    let text = bench.ok(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(text, "out/lakeview-1.0.0.wasm: lakeview 1.0.0, signed by northside with k1 on 2026-04-30\n");
    assert_eq!(
        verify_fails("2027-01-01"),
        format!("{head}the key `k1` held until 2027-01-01; sign with one that holds today")
    );
    assert_eq!(
        verify_fails("2025-12-31"),
        format!("{head}the key `k1` holds from 2026-01-01; sign with one that holds today")
    );
    assert_eq!(
        verify_fails("2026-04-29"),
        format!(
            "{head}the signature says that it was made on 2026-04-30, when the key `k1` does not hold or that day is still to come; sign the file again"
        )
    );
    assert_eq!(
        refusal(&bench, CODE_USAGE, &["policy", "sign", &file, "--key", publishers, "--on", "2026-04-30"]),
        "adjudica: the file is not a secret key\n  keys/northside-k1.public.toml: has another form; make one with `adjudica policy keygen`"
    );
    assert_eq!(
        refusal(
            &bench,
            CODE_USAGE,
            &["policy", "keygen", "a", "--key", "k", "--from", "2026-01-01", "--to", "2026-01-01"]
        ),
        "adjudica: no key was made\n  `--to` is not after `--from`; the key would never hold"
    );
}

#[test]
fn it_publishes_to_a_folder_and_holds_versions_to_what_they_answer() {
    let bench = made();
    // The case that pins the limit, which is changed below: a policy whose own cases fail is not published.
    without_case(&bench, "pays_the_fourth_of_the_month");
    let first = build(&bench);
    bench.ok(&["policy", "publish", &first, "--to", "catalog"]);
    assert!(bench.path("catalog/lakeview/1.0.0/policy.wasm").is_file());
    assert!(bench.ok(&["policy", "publish", &first, "--to", "catalog"]).contains("was published already"));
    edit(&bench, "max = 4", "max = 3");
    let changed = build(&bench);
    assert_eq!(
        refusal(&bench, CODE_REFUSED, &["policy", "publish", &changed, "--to", "catalog"]),
        "adjudica: nothing was published\n  out/lakeview-1.0.0.wasm: version 1.0.0 of `lakeview` is published with other bytes; raise the version"
    );
    edit(&bench, "version = \"1.0.0\"", "version = \"1.0.1\"");
    let low = build(&bench);
    let said = refusal(&bench, CODE_REFUSED, &["policy", "publish", &low, "--to", "catalog"]);
    assert_eq!(
        said,
        "adjudica: the version is too low\n  version 1.0.1 is too low after 1.0.0: the answers make it a major change, some encounters are newly refused; \
         write `version = \"2.0.0\"` in `[policy]`, or see what changed with `adjudica policy diff`"
    );
    edit(&bench, "version = \"1.0.1\"", "version = \"2.0.0\"");
    let second = build(&bench);
    bench.ok(&["policy", "publish", &second, "--to", "catalog"]);
    assert_eq!(
        refusal(&bench, CODE_REFUSED, &["policy", "publish", &low, "--to", "catalog"]),
        "adjudica: nothing was published\n  out/lakeview-1.0.1.wasm: version 1.0.1 comes before 2.0.0, which is published; raise the version"
    );
    bench.ok(&["policy", "yank", "lakeview@2.0.0", "--reason", "a wrong limit", "--to", "catalog"]);
    assert_eq!(
        refusal(&bench, CODE_REFUSED, &["policy", "yank", "lakeview@2.0.0", "--reason", "again", "--to", "catalog"]),
        "adjudica: nothing was changed\n  version 2.0.0 of `lakeview` was taken back before: a wrong limit"
    );
    assert_eq!(
        refusal(&bench, CODE_USAGE, &["policy", "yank", "lakeview@3.0.0", "--reason", "none", "--to", "catalog"]),
        "adjudica: nothing was taken back\n  `lakeview@3.0.0` is not published there; published are: lakeview@1.0.0, lakeview@2.0.0"
    );
    assert_eq!(
        refusal(&bench, CODE_USAGE, &["policy", "yank", "lakeview@1.0.0", "--reason", " ", "--to", "catalog"]),
        "adjudica: nothing was taken back\n  `--reason` is empty; say why the policy is taken back"
    );
}

#[test]
fn it_prints_schemas_for_editors_and_the_reference() {
    let bench = Bench::new();
    let schema = bench.json(&["policy", "schema"]);
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert!(schema["properties"]["limit"].is_object() && schema["properties"]["staff"].is_object());
    assert!(bench.json(&["policy", "schema", "--cases"])["properties"]["case"].is_object());
    let shown = bench.ok(&["policy", "schema", "--reference"]);
    assert_eq!(shown, include_str!("../../../../sdk/TABLES.md"));
}

#[test]
fn it_carries_policies_in_one_file() {
    let bench = made();
    let file = build(&bench);
    bench.ok(&["policy", "export", &file, "--out", "carry/policies.tar"]);
    bench.ok(&["policy", "export", &file, "--out", "carry/again.tar"]);
    let bytes = |name: &str| std::fs::read(bench.path(name)).expect("a bundle");
    assert_eq!(bytes("carry/policies.tar"), bytes("carry/again.tar"), "the same policies make the same bundle");
    bench.ok(&["policy", "import", "carry/policies.tar", "--to", "catalog"]);
    assert_eq!(bytes("catalog/lakeview/1.0.0/policy.wasm"), bytes(&file));
    let mut changed = bytes("carry/policies.tar");
    let at = changed.windows(8).position(|window| window == b"[policy]").expect("the sources");
    changed[at + 1] = b'P';
    std::fs::write(bench.path("carry/changed.tar"), changed).expect("writes");
    let said = refusal(&bench, CODE_REFUSED, &["policy", "import", "carry/changed.tar", "--to", "other"]);
    assert!(
        said.starts_with("adjudica: nothing was imported\n  carry/changed.tar: `lakeview/1.0.0` in it has digest "),
        "{said}"
    );
    assert!(said.ends_with("; it was changed"), "{said}");
    bench.write("carry/none.tar", "no bundle");
    let said = refusal(&bench, CODE_REFUSED, &["policy", "import", "carry/none.tar", "--to", "other"]);
    assert!(said.starts_with("adjudica: nothing was imported\n  carry/none.tar: "), "{said}");
    bench.ok(&["policy", "keygen", "northside", "--key", "k1", "--from", "2026-01-01", "--out", "keys"]);
    let import = [
        "policy",
        "import",
        "carry/policies.tar",
        "--to",
        "other",
        "--publishers",
        "keys/northside-k1.public.toml",
        "--on",
        "2026-05-01",
    ];
    assert_eq!(
        refusal(&bench, CODE_REFUSED, &import),
        "adjudica: nothing was imported\n  `lakeview/1.0.0`: the policy file is not signed; sign it with `adjudica policy sign`"
    );
}

#[test]
fn it_measures_and_tries_a_policy_against_the_contract() {
    let bench = made();
    let file = build(&bench);
    let text = bench.ok(&["policy", "conform", &file]);
    let kept = [
        "it imports nothing, exports `adjudica:policy@1`, and carries a manifest without faults",
        "it answers a batch of no encounters with no answers",
        "it answers an encounter of which only the day is known, once",
        "it answers whichever one or two facts are absent, with the outcome of the strongest failed rule",
        "it gives the same answers, number for number, when asked twice",
        "it answers each client alone as it answers many in one call",
        "it decides an encounter by what it billed before in the same call, as by the ledger",
        "it reports the failed rules alike when satisfied ones are asked for too",
        "it gives the answers that its cases expect",
    ];
    let kept: String = kept.iter().map(|promise| format!("kept    {promise}\n")).collect();
    assert_eq!(text, format!("{kept}{file}: 9 of 9 promises kept, 14 cases\n"));
    let told = bench.json(&["policy", "bench", &file]);
    assert_eq!(told["measured"][1]["encounters"], 1_000, "{told}");
    assert!(told["measured"][0]["fuel_each_max"].as_u64().is_some_and(|fuel| fuel > 0), "{told}");
    let again = bench.json(&["policy", "bench", &file]);
    assert_eq!(
        again["measured"][1]["fuel_each_max"], told["measured"][1]["fuel_each_max"],
        "fuel is the same each time"
    );
    let fuel = |row: usize| told["measured"][row]["fuel_each_max"].as_u64().expect("fuel");
    let over = |size: u32, fuel: u64| {
        format!(
            "  {file}: a call of {size} takes {fuel} fuel for a decision and its budget is 1; find what made it dearer, or raise `fuel_max`"
        )
    };
    let both = format!("adjudica: over budget\n{}\n{}", over(1, fuel(0)), over(1_000, fuel(1)));
    assert_eq!(refusal(&bench, CODE_OVER_BUDGET, &["policy", "bench", &file, "--fuel-max", "1"]), both);
    edit(&bench, "currency = \"USD\"", "currency = \"USD\"\nbudget = { fuel_max = 1, memory_bytes_max = 100_000_000 }");
    assert_eq!(build(&bench), file);
    assert_eq!(refusal(&bench, CODE_OVER_BUDGET, &["policy", "bench", &file]), both, "the policy's own budget");
    let memory = bench.run(&["policy", "bench", &file, "--fuel-max", "1000000", "--memory-bytes-max", "1"]);
    assert_eq!(memory.code, CODE_OVER_BUDGET, "{}", memory.stderr);
    assert!(
        memory
            .stderr
            .contains(" bytes of memory and its budget is 1; find what made it dearer, or raise `memory_bytes_max`"),
        "{}",
        memory.stderr
    );
}

#[test]
fn it_publishes_and_activates_nothing_whose_own_cases_fail_and_keeps_its_version_free() {
    let bench = made();
    edit(&bench, "cents = 1500", "cents = 1400");
    let file = build(&bench);
    let said = refusal(&bench, CODE_REFUSED, &["policy", "publish", &file, "--to", "catalog"]);
    let head = "adjudica: nothing was published: the policy's own cases do not pass\n  out/lakeview-1.0.0.wasm: ";
    assert!(said.starts_with(&format!("{head}pays_half_an_hour_as_two_units: ")), "{said}");
    let activate = [
        "activate",
        file.as_str(),
        "--payer",
        "lakeview",
        "--from",
        "2026-01-01",
        "--message",
        "m",
        "--database",
        "sqlite:a.db",
    ];
    let said = refusal(&bench, CODE_REFUSED, &activate);
    let head = "adjudica: `out/lakeview-1.0.0.wasm` is refused\n  policy: pays_half_an_hour_as_two_units: ";
    assert!(said.starts_with(head), "{said}");
    edit(&bench, "cents = 1400", "cents = 1500");
    build(&bench);
    bench.ok(&activate);
}

#[test]
fn it_activates_from_the_command_line_only_what_a_trusted_publisher_signed() {
    let bench = made();
    bench.ok(&["policy", "keygen", "northside", "--key", "k1", "--from", "2020-01-01", "--out", "keys"]);
    bench.write("adjudica.toml", "publishers_file = \"keys/northside-k1.public.toml\"\ndatabase = \"sqlite:a.db\"\n");
    let file = build(&bench);
    let activate = ["activate", file.as_str(), "--payer", "lakeview", "--from", "2026-01-01", "--message", "m"];
    let said = refusal(&bench, CODE_REFUSED, &activate);
    assert_eq!(
        said,
        "adjudica: `out/lakeview-1.0.0.wasm` is refused: the policy file is not signed; sign it with `adjudica policy sign`"
    );
    bench.ok(&["policy", "sign", &file, "--key", "keys/northside-k1.secret.toml", "--on", "2026-04-30"]);
    bench.ok(&activate);
}

#[test]
fn it_builds_one_file_from_one_folder() {
    let bench = made();
    bench.ok(&["policy", "new", "lakeview", "--from", "2026-01-01", "--into", "other"]);
    assert_eq!(
        refusal(&bench, CODE_REFUSED, &["policy", "build", "lakeview", "other/lakeview", "--out", "out"]),
        "adjudica: no policy was built: hosts would refuse it\n  other/lakeview: is of the same policy and version as another of these folders; give one of them"
    );
}

/// A host that trusts the keys of `keys/`, and its address.
fn serve(bench: &Bench) -> (Child, String) {
    let arguments = [
        "serve",
        "--json",
        "--database",
        "sqlite:a.db",
        "--listen",
        "127.0.0.1:0",
        "--log",
        "error",
        "--set",
        "publishers_file=keys/northside-k1.public.toml",
    ];
    let mut child = bench.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
    let answer: serde_json::Value = serde_json::from_str(&line).expect("one JSON value");
    (child, format!("http://{}", answer["listening"].as_str().expect("an address")))
}

#[test]
fn it_publishes_signed_policies_to_a_running_host() {
    let bench = made();
    bench.ok(&["policy", "keygen", "northside", "--key", "k1", "--from", "2020-01-01", "--out", "keys"]);
    let (mut child, url) = serve(&bench);
    let file = build(&bench);
    assert_eq!(
        refusal(&bench, CODE_REFUSED, &["policy", "publish", &file, "--host", &url]),
        "adjudica: the host refuses it: policy_untrusted\n  the policy file is not signed; sign it with `adjudica policy sign`"
    );
    bench.ok(&["policy", "sign", &file, "--key", "keys/northside-k1.secret.toml", "--on", "2026-04-30"]);
    assert!(bench.ok(&["policy", "publish", &file, "--host", &url]).contains("lakeview 1.0.0 published"));
    assert!(bench.ok(&["policy", "publish", &file, "--host", &url]).contains("was published already"));
    bench.ok(&["policy", "yank", "lakeview@1.0.0", "--reason", "a wrong limit", "--host", &url]);
    child.kill().expect("stops");
    child.wait().expect("ends");
    let said = refusal(&bench, 3, &["policy", "publish", &file, "--host", &url]);
    assert!(said.contains("does not answer; is the host running there?"), "{said}");
}

#[test]
fn it_runs_the_cases_again_when_a_table_is_edited() {
    let bench = made();
    let mut watch = bench.command(&["policy", "test", "--watch", "lakeview"]);
    let mut child = watch.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the binary starts");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines().map_while(Result::ok);
    let mut next = |wanted: &str| lines.find(|line| line.contains(wanted)).unwrap_or_else(|| panic!("no `{wanted}`"));
    next("14 cases passed, 0 differ");
    next("watching for changes; end with Ctrl-C");
    edit(&bench, "cents = 1500", "cents = 1400");
    next("13 cases passed, 1 differ");
    edit(&bench, "cents = 1400", "cents = 15OO");
    next("no case was run");
    edit(&bench, "cents = 15OO", "cents = 1500");
    next("14 cases passed, 0 differ");
    child.kill().expect("stops");
    child.wait().expect("ends");
}

#[test]
fn it_says_what_is_wrong_with_keys_bundles_grids_and_names() {
    let bench = made();
    let file = build(&bench);
    bench.write("keys/short.toml", "publisher = \"a\"\nkey_id = \"k\"\nsecret_key = \"12\"\n");
    let sign = |key: &str| refusal(&bench, CODE_USAGE, &["policy", "sign", &file, "--key", key, "--on", "2026-01-01"]);
    let head = "adjudica: the file is not a secret key\n  ";
    assert_eq!(
        sign("keys/short.toml"),
        format!("{head}keys/short.toml: holds no secret key; make one with `adjudica policy keygen`")
    );
    assert!(sign("keys/none.toml").starts_with(&format!("{head}keys/none.toml: cannot be read: ")));
    bench.write(
        "publishers.toml",
        "[[publisher]]\nid = \"a\"\n[[publisher.key]]\nid = \"k\"\npublic_key = \"12\"\nfrom = \"2026-01-01\"\n",
    );
    assert_eq!(
        refusal(
            &bench,
            CODE_USAGE,
            &["policy", "verify", &file, "--publishers", "publishers.toml", "--on", "2026-01-01"]
        ),
        "adjudica: the publishers cannot be read\n  the file of publishers `publishers.toml`: `a`, key `k`: `public_key` is not 64 hexadecimal digits; copy it from the publisher"
    );
    bench.write("empty.tar", &"\0".repeat(1_024));
    assert_eq!(
        refusal(&bench, CODE_REFUSED, &["policy", "import", "empty.tar", "--to", "catalog"]),
        "adjudica: nothing was imported\n  empty.tar: is no bundle of policies; make one with `adjudica policy export`"
    );
    let said = refusal(&bench, CODE_USAGE, &["policy", "diff", "nowhere.wasm", "lakeview"]);
    assert!(said.starts_with("adjudica: no policy was read\n  nowhere.wasm: cannot be read: "), "{said}");
    let said = refusal(&bench, CODE_USAGE, &["policy", "new", "two words", "--from", "2026-01-01"]);
    assert!(said.contains("two words"), "{said}");
    bench.write("not.toml", "[[case]]\nname = 1\n");
    let said = refusal(&bench, CODE_REFUSED, &["policy", "conform", &file, "--cases", "not.toml"]);
    assert!(said.starts_with("adjudica: the cases have faults\n  not.toml:"), "{said}");
    let run = bench.run(&["policy", "check", "--strict", "lakeview"]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    edit(&bench, "[[source]]", "[sets]\nunused = [\"RN\"]\n\n[[source]]");
    let run = bench.run(&["policy", "check", "--strict", "lakeview"]);
    assert_eq!(run.code, CODE_DIFFERS);
    assert!(
        run.stdout.contains("no faults, 1 hint\n`--strict` takes no hints; mend them, or leave it out"),
        "{}",
        run.stdout
    );
}

#[test]
fn it_explains_a_decision_with_every_rule_and_source() {
    let bench = made();
    bench.write("one.json", r#"[{"encounter_id":"e1","client_id":"c1","payer_id":"lakeview","date_of_service":"2026-03-02","procedure_code":"T1016",
        "rendering_provider_id":"p1","rendering_provider_role":"RN","billing_provider_id":"b1","phase":"implementation","mode":"in_person","minutes":30}]"#);
    let text = bench.ok(&["policy", "explain", "one.json", "--policy", "lakeview"]);
    assert!(text.contains("e1  2026-03-02  lakeview: incomplete"), "{text}");
    assert!(text.contains("lacks  care_plan: the record does not show `care_plan`"), "{text}");
    assert!(text.contains("source: The payer's manual: its title and date, the section"), "{text}");
    assert!(text.contains("ok     visit.month: this is number 1 of T1016 where 4 may be billed"), "{text}");
}

#[test]
fn it_does_not_take_a_run_of_nothing_for_a_pass() {
    let bench = made();
    std::fs::rename(bench.path("lakeview/cases/first.toml"), bench.path("lakeview/cases/first.TOML")).expect("renames");
    bench.write("lakeview/cases/notes.md", "what was asked of the payer");
    bench.write("lakeview/cases/first.toml.bak", "[[case]]");
    let left_out =
        "looks like cases and is not read; cases are files of `cases/` and `pins/` whose names end in `.toml`";
    let said = refusal(&bench, CODE_REFUSED, &["policy", "test", "lakeview"]);
    assert_eq!(said, format!("adjudica: no case was run\n  lakeview/cases/first.TOML: {left_out}"));
    refusal(&bench, CODE_REFUSED, &["policy", "check", "lakeview"]);
    refusal(&bench, CODE_REFUSED, &["policy", "build", "lakeview", "--out", "out"]);
    for name in ["first.TOML", "missing.toml"] {
        std::fs::remove_file(bench.path(&format!("lakeview/cases/{name}"))).expect("removes");
    }
    let run = bench.run(&["policy", "test", "lakeview"]);
    let nothing =
        "  there is no case in `lakeview/cases`, so nothing was tested: write one (`adjudica policy new` shows how)";
    assert_eq!(run.code, 1, "{}", run.stdout);
    assert!(run.stdout.contains(nothing), "{}", run.stdout);
    let file = build(&bench);
    let no_case = "the policy carries no case, so nothing shows that it answers as its payer's text says; write cases and build it again";
    let said = refusal(&bench, CODE_REFUSED, &["policy", "publish", &file, "--to", "catalog"]);
    assert!(said.contains(no_case), "{said}");
    let activate = [
        "activate",
        &file,
        "--payer",
        "lakeview",
        "--from",
        "2026-01-01",
        "--message",
        "m",
        "--database",
        "sqlite:a.db",
    ];
    assert!(refusal(&bench, CODE_REFUSED, &activate).contains(no_case));
}

#[test]
fn it_loses_no_rule_that_only_code_makes_speak() {
    let bench = made();
    let custom = "\n[[custom]]\nid = \"weekend\"\neffect = \"not_billable\"\nsentence = \"not on a weekend\"\nsource = \"manual\"\n";
    let tables = std::fs::read_to_string(bench.path("lakeview/policy.toml")).expect("reads");
    bench.write("lakeview/policy.toml", &format!("{tables}{custom}"));
    let said = refusal(&bench, CODE_REFUSED, &["policy", "check", "lakeview"]);
    let unspoken = "nothing makes the `custom` rule `weekend` speak: the policy has no code of its own; say it in other tables, or add the code";
    assert!(said.contains(unspoken), "{said}");
    // The same beside code is for that to speak; and a policy that extends it would lose what it says.
    bench.write("lakeview/Cargo.toml", "[package]\nname = \"lakeview\"\n");
    bench.ok(&["policy", "check", "lakeview"]);
    let child = "[policy]\nid = \"pond\"\nversion = \"1.0.0\"\ntitle = \"Pond\"\npayers = [\"pond\"]\ncurrency = \"USD\"\n\
        in_force = [{ from = 2026-01-01 }]\nextends = \"../lakeview\"\n";
    bench.write("pond/policy.toml", child);
    let said = refusal(&bench, CODE_REFUSED, &["policy", "check", "pond"]);
    let lost = "`../lakeview` has code of its own, which does not run in a policy that extends it: its rules would be lost; \
        write this policy in code that calls that one's, or leave `extends` out";
    assert!(said.contains(&format!("pond/policy.toml:8:11: {lost}")), "{said}");
}
