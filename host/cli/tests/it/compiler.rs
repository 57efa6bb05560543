//! Policies are compiled in a child of the binary, which may die without harm, and never in the process that decides.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::{Bench, HEADER};

/// Runs the binary after its file is gone, so that it works but cannot be started as its own child.
fn run_without_child(bench: &Bench, arguments: &[&str]) -> (i32, String) {
    const RUN: &str = r#"exec 3<"$0" && rm "$0" && exec /proc/self/fd/3 "$@""#;
    let program = Path::new(env!("CARGO_BIN_EXE_adjudica"));
    // Beside the binary: a link cannot reach into another file system.
    let link: PathBuf = program.with_file_name(format!("adjudica-{}-{}", std::process::id(), arguments[0]));
    std::fs::hard_link(program, &link).expect("a link");
    let mut command = Command::new("/bin/sh");
    command.args(["-c", RUN]).arg(&link).args(arguments).current_dir(bench.path(".")).env_clear();
    let output = command.env("PATH", "/usr/bin:/bin").env("HOME", bench.path("home")).output().expect("it runs");
    (output.status.code().unwrap_or(-1), String::from_utf8(output.stderr).expect("text"))
}

fn require_no_compiler(bench: &Bench, arguments: &[&str]) {
    let (code, stderr) = run_without_child(bench, arguments);
    assert_ne!(code, 0, "{arguments:?} did without a child");
    assert!(stderr.contains("the compile program `"), "{arguments:?}: {stderr}");
}

#[test]
fn it_decides_with_policies_that_a_child_compiled() {
    let bench = Bench::new();
    bench.build_policy("acme", "1.0.0", "{ from = 2020-01-01 }");
    let row = "e1,c1,acme,2026-03-02,G9002,30,s1,RN,b1,implementation,in_person,";
    bench.write("day.csv", &format!("{HEADER}\n{row}\n"));
    let decide = ["decide", "day.csv", "--policy", "out/acme-1.0.0.wasm", "--cache-dir", "empty"];
    require_no_compiler(&bench, &decide);
    bench.ok(&decide);
}

#[test]
fn it_serves_with_policies_that_a_child_compiled() {
    let bench = Bench::new();
    let database = ["--database", "sqlite:a.db", "--listen", "127.0.0.1:0", "--cache-dir", "empty"];
    let serve: Vec<&str> = ["serve"].into_iter().chain(database).collect();
    require_no_compiler(&bench, &serve);
}
