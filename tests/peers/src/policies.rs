//! The policies that are measured: the comparison, and those of `plugins/`. Built from their tables, not taken from a server.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use adjudica_core::{Effect, RuleKind};
use adjudica_engine::{Compiler, Engine, EngineConfig, Limits, Policy};
use adjudica_sdk::tables::{Compiled, compile_with};
use anyhow::{Context, Result, anyhow, bail};

/// The tables of the comparison.
const COMPARISON: &str = include_str!("../policies/comparison.toml");
/// What each answers to: no host takes a policy without a case.
const CASES: &str = include_str!("../../src/simulation/policies/cases.toml");
/// Variables of cargo that must not reach the cargo that builds the interpreter.
const OUTER: [&str; 3] = ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "RUSTFLAGS"];

/// One policy, to be run in this process and in the sandbox.
pub(crate) struct Subject {
    /// Its tables, for the native run.
    pub(crate) compiled: Compiled,
    /// The bytes of its file.
    pub(crate) file: Vec<u8>,
    /// The same, loaded.
    pub(crate) policy: Policy,
}

/// Builds policies and loads them.
pub(crate) struct Workshop {
    engine: Engine,
    interpreter: Vec<u8>,
}

impl Workshop {
    /// Builds the table interpreter and starts an engine with the product's limits.
    pub(crate) fn open() -> Result<Self> {
        let config = EngineConfig { cache_dir: None, limits: Limits::default(), compiler: Compiler::InProcess };
        Ok(Self { engine: Engine::new(config)?, interpreter: build_interpreter()? })
    }

    /// The engine, for a host in this process.
    pub(crate) fn engine(&self) -> Engine {
        self.engine.clone()
    }

    /// The policy of the comparison.
    pub(crate) fn comparison(&self) -> Result<Subject> {
        self.build(COMPARISON, Path::new("."))
    }

    /// The policy of the comparison with the rules about records that every payer's policy holds.
    pub(crate) fn with_records(&self) -> Result<Subject> {
        let tables = COMPARISON.replacen("title = ", "includes = [\"shared/standing.toml\"]\ntitle = ", 1);
        self.build(&tables, &root().join("plugins"))
    }

    /// A policy of `plugins/`.
    pub(crate) fn plugin(&self, folder: &str) -> Result<Subject> {
        let folder = root().join("plugins").join(folder);
        let path = folder.join("policy.toml");
        let tables = std::fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        self.build(&tables, &folder)
    }

    /// The comparison under another id, for a host with many policies.
    pub(crate) fn renamed(&self, policy_id: &str) -> Result<Vec<u8>> {
        let tables = COMPARISON.replacen("id = \"comparison\"", &format!("id = \"{policy_id}\""), 1);
        self.assemble(&tables, Path::new(".")).map(|(_, file)| file)
    }

    fn build(&self, tables: &str, folder: &Path) -> Result<Subject> {
        let (compiled, file) = self.assemble(tables, folder)?;
        let policy = self.engine.load(&file)?;
        Ok(Subject { compiled, file, policy })
    }

    /// `folder` is where the tables lie, for those that they include.
    fn assemble(&self, tables: &str, folder: &Path) -> Result<(Compiled, Vec<u8>)> {
        let mut read = |path: &str| std::fs::read_to_string(folder.join(path)).ok();
        let compiled = compile_with(tables, &mut read).map_err(|faults| {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            anyhow!("{}", faults.join("\n"))
        })?;
        let mut outside = compiled.manifest.rules.iter().filter(|rule| rule.kind == RuleKind::InForce);
        let outcome = if outside.any(|rule| rule.effect == Effect::Review) { "review" } else { "not_billable" };
        let cases = CASES.replace("review", outcome);
        let sources = [("policy.toml", tables), ("cases/own.toml", cases.as_str())];
        let sources: BTreeMap<_, _> = sources.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        let file = adjudica_sdk::build::assemble(&compiled, &sources, &self.interpreter)?;
        Ok((compiled, file))
    }
}

/// The checkout that this crate belongs to.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn build_interpreter() -> Result<Vec<u8>> {
    let target_dir =
        std::env::current_exe()?.ancestors().nth(2).context("the program lies in no build folder")?.join("guest");
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--quiet", "--release", "--target", "wasm32-unknown-unknown", "--manifest-path"]);
    cargo.arg(root().join("sdk/interpreter/Cargo.toml")).env("CARGO_TARGET_DIR", &target_dir);
    for name in OUTER {
        cargo.env_remove(name);
    }
    if !cargo.status().context("cargo could not be run")?.success() {
        bail!("the table interpreter does not build; run `rustup target add wasm32-unknown-unknown`")
    }
    let module = target_dir.join("wasm32-unknown-unknown/release/adjudica_interpreter.wasm");
    std::fs::read(&module).with_context(|| format!("cannot read `{}`", module.display()))
}
