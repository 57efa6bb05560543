//! The policies that ship, as files: built by `cargo xtask test`, which says where they are.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use adjudica_engine::{Engine, EngineConfig};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("ADJUDICA_CHECKOUT"))
}

/// The bytes of a built policy, `name` being its id and version.
pub(crate) fn policy(name: &str) -> Vec<u8> {
    let folder = folder();
    let file = folder.join(format!("{name}.wasm"));
    std::fs::read(&file).unwrap_or_else(|fault| panic!("{}: {fault}; run `cargo xtask test`", file.display()))
}

/// The folder of the built policies.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(built())
}

#[expect(clippy::disallowed_methods, reason = "the folder of built policies is told by `cargo xtask test`")]
fn built() -> String {
    std::env::var("POLICIES")
        .expect("POLICIES is not set; run `cargo xtask test`, which builds the policies and sets it")
}

/// The policy file of a `policy.toml` that is written for the test, which answers `outcome` before its time: no host takes a policy
/// without a case.
pub(crate) fn build(policy_toml: &str, outcome: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("policy.toml"), policy_toml).expect("a file");
    std::fs::create_dir(folder.path().join("cases")).expect("a folder");
    let cases = include_str!("../../src/simulation/policies/cases.toml").replace("review", outcome);
    std::fs::write(folder.path().join("cases/own.toml"), cases).expect("a file");
    let mut adjudica = Command::new("adjudica");
    adjudica.args(["policy", "build"]).arg(folder.path()).arg("--out").arg(folder.path());
    let output = adjudica.output().expect("`adjudica` on PATH; run `cargo xtask test`");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let built = std::fs::read_dir(folder.path()).expect("a folder").filter_map(Result::ok).map(|entry| entry.path());
    let file = built.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "wasm"));
    std::fs::read(file.expect("a policy file")).expect("bytes")
}

/// One engine for all tests: there may be one in a process.
pub(crate) fn engine() -> Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::new(EngineConfig::default()).expect("an engine")).clone()
}
