//! Builds the table interpreter for wasm and puts it where the binary includes it. Builds nothing else.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const TARGET: &str = "wasm32-unknown-unknown";
const MODULE: &str = "adjudica_interpreter.wasm";
/// What the interpreter is made of, from the root of the repository.
const INPUTS: [&str; 7] = [
    "sdk/interpreter/src",
    "sdk/interpreter/Cargo.toml",
    "sdk/src",
    "sdk/wit",
    "sdk/Cargo.toml",
    "core/src",
    "core/Cargo.toml",
];
/// Variables of the outer build that must reach the inner one; every other `CARGO_*` must not.
const KEPT: [&str; 5] = ["CARGO", "CARGO_HOME", "CARGO_NET_OFFLINE", "CARGO_HTTP_PROXY", "CARGO_HTTP_CAINFO"];
/// Variables of the outer build, under other names, that would change the inner one.
const DROPPED: [&str; 7] =
    ["RUSTFLAGS", "RUSTDOCFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "CLIPPY_ARGS", "TARGET", "HOST"];

fn main() -> ExitCode {
    match build_interpreter() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            println!("cargo::error={message}");
            ExitCode::FAILURE
        }
    }
}

fn build_interpreter() -> Result<(), String> {
    let manifest_dir = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let root = manifest_dir.join("../..").canonicalize().map_err(|error| format!("the repository's root: {error}"))?;
    for input in INPUTS {
        // From the package's folder, not from the disk's root: a build cache that serves several checkouts would watch the
        // files of the first and take its interpreter for every other.
        println!("cargo::rerun-if-changed=../../{input}");
    }
    // Files of another checkout may be newer than ours: then only this says that the interpreter is not of our sources.
    println!("cargo::rerun-if-env-changed=ADJUDICA_CHECKOUT");
    require_target()?;
    let out_dir = PathBuf::from(variable("OUT_DIR")?);
    // <target>/<profile>/build/<package>/out: one folder beside the profiles serves them all, with a lock of its own.
    let target_dir = out_dir.ancestors().nth(4).unwrap_or(&out_dir).join("guest");
    let built = run_cargo(&root.join("sdk/interpreter/Cargo.toml"), &target_dir)?;
    let copy = std::fs::copy(&built, out_dir.join(MODULE));
    copy.map_err(|error| format!("`{}` could not be copied: {error}", built.display()))?;
    Ok(())
}

fn require_target() -> Result<(), String> {
    let rustc = variable("RUSTC")?;
    let output = Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]).output();
    let folder = output.map_err(|error| format!("rustc could not be run: {error}"))?.stdout;
    if Path::new(String::from_utf8_lossy(&folder).trim()).is_dir() {
        return Ok(());
    }
    Err(format!("the target {TARGET} is missing: run `rustup target add {TARGET}`"))
}

fn run_cargo(manifest: &Path, target_dir: &Path) -> Result<PathBuf, String> {
    let mut cargo = Command::new(variable("CARGO")?);
    cargo.args(["build", "--quiet", "--release", "--target", TARGET, "--manifest-path"]).arg(manifest);
    if manifest.with_file_name("Cargo.lock").is_file() {
        cargo.arg("--locked");
    }
    for name in outer_variables() {
        cargo.env_remove(name);
    }
    let output = cargo.env("CARGO_TARGET_DIR", target_dir).output();
    let output = output.map_err(|error| format!("cargo could not be run: {error}"))?;
    if output.status.success() {
        return Ok(target_dir.join(TARGET).join("release").join(MODULE));
    }
    for line in String::from_utf8_lossy(&output.stderr).lines() {
        println!("cargo::warning={line}");
    }
    Err(format!("the table interpreter `{}` does not build", manifest.display()))
}

fn outer_variables() -> Vec<String> {
    let is_outer = |name: &String| {
        (name.starts_with("CARGO_") && !KEPT.contains(&name.as_str())) || DROPPED.contains(&name.as_str())
    };
    std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).filter(is_outer).collect()
}

#[expect(clippy::disallowed_methods, reason = "a build script is told everything by the environment")]
fn variable(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|_| format!("cargo did not set {name}"))
}
