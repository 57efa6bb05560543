//! A folder and the binary to run in it, and the small policy that the tests write.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder that is removed at the end, and the binary working in it.
pub struct Bench {
    folder: tempfile::TempDir,
}

/// What a run left behind.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Bench {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    /// The binary with these arguments, ready to start.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_adjudica"));
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        // Compiled policies are kept between tests; nothing else of this machine reaches the binary.
        command.env("HOME", Path::new(env!("CARGO_TARGET_TMPDIR")));
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        let output: Output = self.command(arguments).output().expect("the binary starts");
        Run {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("text"),
            stderr: String::from_utf8(output.stderr).expect("text"),
        }
    }

    /// Runs, expects success, gives standard output.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let run = self.run(arguments);
        assert_eq!(run.code, 0, "{arguments:?}\n{}\n{}", run.stdout, run.stderr);
        run.stdout
    }

    /// Runs with `--json`, expects success, gives the answer.
    pub fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
        serde_json::from_str(&self.ok(&arguments)).expect("one JSON value")
    }

    /// Writes the folder of a small policy and builds it into `out/`.
    pub fn build_policy(&self, id: &str, version: &str, in_force: &str) {
        self.write(&format!("{id}-{version}/policy.toml"), &policy_toml(id, version, in_force));
        self.write(&format!("{id}-{version}/cases/visit.toml"), &case_toml(in_force));
        self.ok(&["policy", "build", &format!("{id}-{version}"), "--out", "out"]);
    }
}

/// A case of the small policy, on its first day.
pub fn case_toml(in_force: &str) -> String {
    let first = in_force.split_once("from = ").map_or("", |(_, rest)| rest.get(..10).unwrap_or_default());
    format!(
        "[[case]]\nname = \"pays_a_visit\"\nencounter = {{ procedure_code = \"G9002\", date_of_service = {first}, minutes = 30 }}\n\
         expect = {{ outcome = \"billable\" }}\n"
    )
}

/// A payer that pays a visit and a call, by nurses, once a day.
pub fn policy_toml(id: &str, version: &str, in_force: &str) -> String {
    format!(
        r#"
[policy]
id = "{id}"
version = "{version}"
title = "A payer made up for tests"
payers = ["{id}"]
currency = "USD"
in_force = [{in_force}]

[[source]]
id = "manual"
title = "Manual made up for tests"
locator = "made up"
confidence = "high"

[[code]]
id = "code.visit"
code = "G9002"
source = "manual"

[[code]]
id = "code.call"
code = "98966"
service = "telephone"
source = "manual"

[unknown_code]
id = "code.unknown"
source = "manual"

[outside_dates]
id = "in-force"
source = "manual"

[[staff]]
id = "staff.nurses"
codes = ["G9002", "98966"]
roles = ["RN"]
phases = ["implementation"]
source = "manual"

[[minutes]]
id = "minutes.call"
codes = ["98966"]
min = 5
max = 10
source = "manual"

[[limit]]
id = "limit.visit.day"
codes = ["G9002"]
max = 1
window = "day"
source = "manual"
sentence = "visits that day: {{observed}} of {{expected}}"

[[rate]]
id = "rate.visit"
codes = ["G9002"]
cents = 5000
source = "manual"

[[rate]]
id = "rate.call"
codes = ["98966"]
terms = true
source = "manual"
"#
    )
}

/// The header of the tests' CSV files.
pub const HEADER: &str = "encounter_id,client_id,payer_id,date_of_service,procedure_code,minutes,rendering_provider_id,rendering_provider_role,billing_provider_id,phase,mode,supporting_info";
