//! What the author's verbs say when they refuse what they are given: each refusal whole, and its exit code.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use crate::author::edit;
use crate::bench::Bench;

const CODE_USAGE: i32 = 2;
const CODE_REFUSED: i32 = 3;
const FILE: &str = "out/lakeview-1.0.0.wasm";
const NO_FILE: &str = "cannot be read: No such file or directory (os error 2)";

/// A bench with the folder of a new policy, its built file, and a file with one encounter before the policy's days.
fn bench() -> Bench {
    let bench = Bench::new();
    bench.ok(&["policy", "new", "lakeview", "--from", "2026-01-01"]);
    bench.ok(&["policy", "build", "lakeview", "--out", "out"]);
    bench.write(
        "early.json",
        r#"[{"encounter_id":"e1","client_id":"c1","payer_id":"lakeview","date_of_service":"2025-12-31","procedure_code":"T1016",
            "rendering_provider_id":"p1","rendering_provider_role":"RN","billing_provider_id":"b1","phase":"implementation","mode":"in_person"}]"#,
    );
    bench
}

/// A refused run: its arguments, its exit code, and all that it says after `adjudica: `.
type Refused<'a> = (&'a [&'a str], i32, &'a str);

#[track_caller]
fn check(bench: &Bench, refused: &[Refused<'_>]) {
    let said: Vec<(i32, String)> = refused
        .iter()
        .map(|(arguments, ..)| {
            let run = bench.run(arguments);
            (run.code, run.stderr.trim_end().to_owned())
        })
        .collect();
    let meant: Vec<(i32, String)> =
        refused.iter().map(|(_, code, text)| (*code, format!("adjudica: {text}"))).collect();
    assert_eq!(said, meant);
}

#[test]
fn it_says_what_is_no_policy() {
    let bench = bench();
    bench.write("empty.wasm", "");
    let mut foreign = std::fs::read(bench.path(FILE)).expect("a file");
    // The same file, whose sources have no tables by the name that is looked for.
    let name = b"\"policy.toml\"";
    let at = foreign.windows(name.len()).position(|bytes| bytes == name).expect("the sources");
    foreign[at + 7] = b'_';
    std::fs::write(bench.path("foreign.wasm"), foreign).expect("a file");
    let empty =
        "empty.wasm: this is an empty file, not a policy file; give the `.wasm` that `adjudica policy build` wrote";
    check(
        &bench,
        &[
            (
                &["policy", "test", "nowhere"],
                CODE_USAGE,
                &format!("`nowhere` is not a policy's folder\n  nowhere/policy.toml: {NO_FILE}"),
            ),
            (
                &["policy", "explain", "early.json", "--policy", "nowhere.wasm"],
                CODE_USAGE,
                &format!("no policy was read\n  nowhere.wasm: {NO_FILE}"),
            ),
            (
                &["policy", "explain", "early.json", "--policy", "empty.wasm"],
                CODE_REFUSED,
                &format!("hosts would refuse the file\n  {empty}"),
            ),
            (
                &["policy", "bench", "foreign.wasm"],
                CODE_REFUSED,
                "the policy was not made from tables: there is no `policy.toml` in it",
            ),
            (
                &["policy", "export", "nowhere.wasm", "empty.wasm", "--out", "all.tar"],
                CODE_REFUSED,
                &format!("nothing was exported\n  nowhere.wasm: {NO_FILE}\n  {empty}"),
            ),
        ],
    );
}

#[test]
fn it_names_the_faults_of_tables_and_cases_whatever_was_asked() {
    let bench = bench();
    edit(&bench, "currency = \"USD\"", "currency = \"USD\"\ncolour = \"red\"");
    bench.write("lakeview/cases/more.toml", "[[case]]\nname = 1\n");
    let tables = "\n  lakeview/policy.toml:10:1: unknown field `colour`, expected one of `id`, `version`, `title`, `payers`, `currency`, \
        `in_force`, `extends`, `includes`, `without`, `reads`, `rates_from_terms`, `newer_denial_codes`, `cents_max`, `budget`";
    let both = format!("{tables}\n  lakeview/cases/more.toml:1:1: the case has no `name`; give it one in quotes");
    let asked: [(&[&str], &str, &str); 6] = [
        (&["policy", "test", "lakeview"], "no case was run", &both),
        (&["policy", "matrix", "lakeview"], "no grid was made", &both),
        (&["policy", "mutate", "lakeview"], "nothing was changed", &both),
        (&["policy", "check", "lakeview"], "2 faults", &both),
        (&["policy", "build", "lakeview", "--out", "out"], "no policy was built", tables),
        (&["policy", "explain", "early.json", "--policy", "lakeview"], "the tables have faults", tables),
    ];
    for (arguments, headline, faults) in asked {
        check(&bench, &[(arguments, CODE_REFUSED, &format!("{headline}{faults}"))]);
    }
    edit(&bench, "colour = \"red\"\n", "");
    check(
        &bench,
        &[(
            &["policy", "diff", "lakeview", "lakeview"],
            CODE_REFUSED,
            "the policy's tables or cases have faults\n  lakeview/cases/more.toml:1:1: the case has no `name`; give it one in quotes",
        )],
    );
}

#[test]
fn it_says_what_keeps_it_from_asking() {
    let bench = bench();
    bench.write("terms.json", "{\"rates\": 1}");
    let terms = "\n  terms.json: rates: is a number; give a list of at most 10000 rates";
    check(
        &bench,
        &[
            (
                &["policy", "explain", "early.json", "--policy", "lakeview", "--terms", "terms.json"],
                CODE_REFUSED,
                &format!("nothing was decided{terms}"),
            ),
            (
                &["policy", "why-not", "early.json", "--policy", "lakeview", "--terms", "terms.json"],
                CODE_REFUSED,
                &format!("nothing was asked{terms}"),
            ),
            (
                &["policy", "why-not", "early.json", "--policy", "lakeview", "--encounter", "e9"],
                CODE_USAGE,
                "nothing was asked\n  early.json: name one of its encounters with `--encounter`: e1",
            ),
            (
                &["policy", "diff", "lakeview", FILE, "--over", "early.json", "--terms", "terms.json"],
                CODE_REFUSED,
                &format!("no encounter was asked about{terms}"),
            ),
        ],
    );
    let run = bench.run(&["policy", "diff", "lakeview", "lakeview", "--over-database", "sqlite:nowhere/a.db"]);
    let told = "adjudica: the database is not there\n  nowhere: is no folder, so that no database can be in it; correct the path, or make the folder\n";
    assert_eq!((run.code, run.stderr.as_str()), (CODE_USAGE, told));
}

#[test]
fn it_says_that_no_way_out_was_found() {
    let bench = bench();
    let text = bench.ok(&["policy", "why-not", "early.json", "--policy", "lakeview"]);
    assert_eq!(text.trim_end(), "e1: nothing was found that would make it billable");
}

#[test]
fn it_says_which_policies_hosts_would_refuse() {
    let bench = bench();
    let payers: Vec<String> = (0..10_000).map(|payer| format!("\"p{payer}\"")).collect();
    edit(&bench, "payers = [\"lakeview\"]", &format!("payers = [\"lakeview\", {}]", payers.join(", ")));
    let many = "\n  lakeview: manifest: `payers` has 10001 entries; give 1 to 10000";
    check(
        &bench,
        &[
            (
                &["policy", "test", "lakeview"],
                CODE_REFUSED,
                &format!("no case was run: hosts would refuse the file{many}"),
            ),
            (
                &["policy", "explain", "early.json", "--policy", "lakeview"],
                CODE_REFUSED,
                &format!("hosts would refuse the file{many}"),
            ),
            (
                &["policy", "build", "lakeview", "--out", "out"],
                CODE_REFUSED,
                &format!("no policy was built: hosts would refuse it{many}"),
            ),
        ],
    );
}

#[test]
fn it_says_what_is_wrong_with_a_bundle() {
    let bench = bench();
    bench.ok(&["policy", "export", FILE, "--out", "all.tar"]);
    let bundle = std::fs::read(bench.path("all.tar")).expect("a bundle");
    let digest = bundle.windows(10).position(|bytes| bytes == b"digest.txt").expect("its header");
    let body = digest - digest % 512 + 512;
    let is = String::from_utf8(bundle[body..body + 64].to_vec()).expect("a digest");
    let mut changed = bundle.clone();
    changed[body..body + 64].fill(b'0');
    std::fs::write(bench.path("changed.tar"), changed).expect("a file");
    let mut cut = bundle.clone();
    cut.truncate(700);
    std::fs::write(bench.path("cut.tar"), cut).expect("a file");
    let mut unnamed = bundle.clone();
    unnamed[0..3].fill(0xFF);
    reckon(&mut unnamed);
    std::fs::write(bench.path("unnamed.tar"), unnamed).expect("a file");
    let mut large = bundle;
    large[124..136].copy_from_slice(b"00100000001\0");
    reckon(&mut large);
    std::fs::write(bench.path("large.tar"), large).expect("a file");
    bench.write("text.tar", &"no bundle".repeat(100));
    let import = |name: &str| bench.run(&["policy", "import", name, "--to", "catalog"]).stderr.trim_end().to_owned();
    let said = ["nowhere", "changed", "cut", "unnamed", "large", "text"].map(|name| import(&format!("{name}.tar")));
    // The reader goes on with the bytes that it found.
    let said = said.map(|text| text.split("  when getting").next().unwrap_or_default().to_owned());
    let head = "adjudica: nothing was imported\n  ";
    assert_eq!(
        said,
        [
            format!("{head}nowhere.tar: {NO_FILE}"),
            format!(
                "{head}changed.tar: `lakeview/1.0.0` in it has digest {is} and should have {}; it was changed",
                "0".repeat(64)
            ),
            format!("{head}cut.tar: is no bundle: unexpected EOF during skip"),
            format!("{head}unnamed.tar: holds a name that is no text"),
            format!("{head}large.tar: `lakeview/1.0.0/policy.wasm` in it is larger than 16777216 bytes"),
            format!("{head}text.tar: is no bundle: numeric field was not a number: undleno"),
        ]
    );
    bench.ok(&["policy", "import", "all.tar", "--to", "catalog"]);
    assert!(bench.ok(&["policy", "import", "all.tar", "--to", "catalog"]).contains("was there already"));
}

/// Puts the sum of the first header of a bundle right.
fn reckon(bundle: &mut [u8]) {
    bundle[148..156].fill(b' ');
    let sum: u32 = bundle[..512].iter().map(|byte| u32::from(*byte)).sum();
    bundle[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

#[test]
fn it_says_what_is_wrong_with_a_place_for_keys_and_with_taking_back_twice() {
    let bench = bench();
    bench.ok(&["policy", "keygen", "northside", "--key", "k1", "--from", "2020-01-01", "--out", "keys"]);
    bench.ok(&["policy", "publish", FILE, "--to", "catalog"]);
    bench.write("file", "");
    let yank = ["policy", "yank", "lakeview@1.0.0", "--to", "catalog", "--reason"];
    let with = |reason: &'static str| yank.iter().copied().chain([reason]).collect::<Vec<_>>();
    bench.ok(&with("wrong"));
    assert!(bench.ok(&with("wrong")).contains("lakeview@1.0.0 is taken back: wrong"), "sent again");
    check(
        &bench,
        &[
            (
                &["policy", "keygen", "northside", "--key", "k1", "--from", "2020-01-01", "--out", "keys"],
                CODE_USAGE,
                "no key was made\n  keys/northside-k1.secret.toml: is there already; take another `--key`, a key is never made over",
            ),
            (
                &["policy", "keygen", "northside", "--key", "k1", "--from", "2020-01-01", "--out", "file"],
                CODE_REFUSED,
                "`file` cannot be made: File exists (os error 17)",
            ),
            (
                &with("other"),
                CODE_REFUSED,
                "nothing was changed\n  version 1.0.0 of `lakeview` was taken back before: wrong",
            ),
        ],
    );
}

/// An address that answers one request with this.
fn answering(body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("an address");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a request");
        let mut request = [0; 4_096];
        let _ = stream.read(&mut request).expect("a request");
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        stream.write_all(format!("{head}{body}").as_bytes()).expect("an answer");
    });
    url
}

#[test]
fn it_says_what_is_wrong_with_the_answers_of_a_host() {
    let bench = bench();
    let publish = |url: &str| bench.run(&["policy", "publish", FILE, "--host", url]).stderr.trim_end().to_owned();
    let said = ["no list", "{}", "{\"items\": [{}]}", "{\"items\": [{\"policy_id\": \"a\", \"version\": \"one\"}]}"]
        .map(|body| publish(&answering(body)));
    assert_eq!(
        said,
        [
            "adjudica: the host's list of policies is no JSON: expected ident at line 1 column 2",
            "adjudica: the host's list of policies has no items",
            "adjudica: an item of the host's list has no `policy_id`",
            "adjudica: an item of the host's list has no version: unexpected character 'o' while parsing major version number",
        ]
    );
    let nobody = TcpListener::bind("127.0.0.1:0").expect("an address").local_addr().expect("an address");
    let said = publish(&format!("http://{nobody}"));
    assert!(
        said.starts_with(&format!("adjudica: `http://{nobody}` does not answer; is the host running there?: ")),
        "{said}"
    );
}

#[test]
fn it_says_what_keeps_a_policy_with_rust_from_being_built() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = bench();
    let sdk = std::path::Path::new(env!("ADJUDICA_CHECKOUT")).join("sdk");
    let sdk = sdk.to_str().expect("a path");
    bench.ok(&["policy", "new", "hooked", "--from", "2026-01-01", "--rust", "--sdk", sdk]);
    let build = |cargo: Option<&str>| {
        let mut command = bench.command(&["policy", "build", "hooked", "--out", "out"]);
        if let Some(script) = cargo {
            bench.write("bin/cargo", script);
            let executable = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(bench.path("bin/cargo"), executable).expect("a program");
            command.env("PATH", bench.path("bin"));
        }
        let output = command.output().expect("the binary starts");
        assert_eq!(output.status.code(), Some(CODE_REFUSED));
        String::from_utf8(output.stderr).expect("text").trim_end().to_owned()
    };
    let said = [
        build(None),
        build(Some("#!/bin/sh\nexit 1\n")),
        build(Some("#!/bin/sh\n")),
        build(Some(
            "#!/bin/sh\necho '{\"filenames\": [\"Cargo.toml\", \"hooked/bad.wasm\"]}'\nprintf bad > bad.wasm\n",
        )),
    ];
    assert_eq!(
        said,
        [
            "adjudica: cargo could not be run; a policy with Rust needs a Rust toolchain: No such file or directory (os error 2)",
            "adjudica: `hooked` does not build; its faults are above (a missing target: `rustup target add wasm32-unknown-unknown`)",
            "adjudica: `hooked` makes no module; its crate-type must be [\"cdylib\"]",
            "adjudica: `hooked` could not be built: the guest is not a readable core module: unexpected end-of-file (at offset 0x0); build the policy's crate for wasm32-unknown-unknown",
        ]
    );
}

#[test]
fn it_tells_the_publishers_file_and_the_grid_by_name() {
    let bench = bench();
    bench.write("grid.csv", "phase,role,code,outcome\nimplementation,RN,G9999,B\n");
    let run = bench.run(&["policy", "matrix", "lakeview", "--against", "grid.csv"]);
    assert_eq!(
        (run.code, run.stdout.as_str()),
        (1, "implementation RN G9999: published B, given not in the policy\n1 of 1 published cells differ\n")
    );
    check(
        &bench,
        &[(
            &["policy", "verify", FILE, "--publishers", "none.toml", "--on", "2026-01-01"],
            CODE_USAGE,
            "the publishers cannot be read\n  the file of publishers `none.toml` cannot be read: No such file or directory (os error 2)",
        )],
    );
    let told = bench.ok(&["policy", "diff", "lakeview", FILE, "--over", "early.json"]);
    assert!(told.contains("on the encounters given: 1 encounters asked about, 0 answered differently"), "{told}");
}
