//! The policies that are measured: the comparison, and those of `plugins/`. Built from their tables, not taken from a server.

use std::path::{Path, PathBuf};

use adjudica_engine::{Compiler, Engine, EngineConfig, Limits, Policy};
use adjudica_sdk::tables::{Compiled, compile_with};
use anyhow::{Context, Result, anyhow, ensure};

use crate::process::{BINARY, disk_folder, program};

/// The tables of the comparison.
const COMPARISON: &str = include_str!("../policies/comparison.toml");
/// What each answers to.
const CASES: &str = r#"
[[case]]
name = "pays_nothing_before_its_time"
encounter = { procedure_code = "G9002", date_of_service = 1990-01-02 }
expect = { outcome = "not_billable", rules = ["dates"] }
"#;

/// One policy, to be run in this process and in the sandbox.
pub(crate) struct Subject {
    /// Its tables, for the native run.
    pub(crate) compiled: Compiled,
    /// The bytes of its file.
    pub(crate) file: Vec<u8>,
    /// The same, loaded.
    pub(crate) policy: Policy,
}

/// Builds policies with the product's binary and loads them.
pub(crate) struct Workshop {
    engine: Engine,
    folder: tempfile::TempDir,
}

impl Workshop {
    /// Starts an engine with the product's limits.
    pub(crate) fn open() -> Result<Self> {
        let config = EngineConfig { cache_dir: None, limits: Limits::default(), compiler: Compiler::InProcess };
        Ok(Self { engine: Engine::new(config)?, folder: disk_folder()? })
    }

    /// The engine, for a host in this process.
    pub(crate) fn engine(&self) -> Engine {
        self.engine.clone()
    }

    /// The policy of the comparison.
    pub(crate) fn comparison(&self) -> Result<Subject> {
        self.load(&self.made(COMPARISON, "comparison")?)
    }

    /// The policy of the comparison with the rules about records that every payer's policy holds.
    pub(crate) fn with_records(&self) -> Result<Subject> {
        let tables = COMPARISON.replacen("title = ", "includes = [\"shared/standing.toml\"]\ntitle = ", 1);
        let folder = self.made(&tables, "with_records")?;
        std::fs::create_dir_all(folder.join("shared"))?;
        std::fs::copy(root().join("plugins/shared/standing.toml"), folder.join("shared/standing.toml"))?;
        self.load(&folder)
    }

    /// A policy of `plugins/`.
    pub(crate) fn plugin(&self, folder: &str) -> Result<Subject> {
        self.load(&root().join("plugins").join(folder))
    }

    /// The comparison under another id, for a host with many policies.
    pub(crate) fn renamed(&self, policy_id: &str) -> Result<Vec<u8>> {
        let tables = COMPARISON.replacen("id = \"comparison\"", &format!("id = \"{policy_id}\""), 1);
        self.build(&self.made(&tables, policy_id)?)
    }

    /// A folder with these tables and a case: no host takes a policy without one.
    fn made(&self, tables: &str, name: &str) -> Result<PathBuf> {
        let folder = self.folder.path().join(name);
        std::fs::create_dir_all(folder.join("cases"))?;
        std::fs::write(folder.join("policy.toml"), tables)?;
        std::fs::write(folder.join("cases/own.toml"), CASES)?;
        Ok(folder)
    }

    fn load(&self, folder: &Path) -> Result<Subject> {
        let path = folder.join("policy.toml");
        let tables = std::fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let mut read = |path: &str| std::fs::read_to_string(folder.join(path)).ok();
        let compiled = compile_with(&tables, &mut read).map_err(|faults| {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            anyhow!("{}", faults.join("\n"))
        })?;
        let file = self.build(folder)?;
        let policy = self.engine.load(&file)?;
        Ok(Subject { compiled, file, policy })
    }

    /// The policy file of a folder.
    fn build(&self, folder: &Path) -> Result<Vec<u8>> {
        let out = tempfile::TempDir::new_in(self.folder.path())?;
        let built = program(BINARY)?.args(["policy", "build"]).arg(folder).arg("--out").arg(out.path()).output()?;
        ensure!(built.status.success(), "`{}`: {}", folder.display(), String::from_utf8_lossy(&built.stderr));
        let file = out.path().read_dir()?.next().context("a policy file was built")??;
        Ok(std::fs::read(file.path())?)
    }
}

/// The checkout that this crate belongs to.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("ADJUDICA_CHECKOUT"))
}
