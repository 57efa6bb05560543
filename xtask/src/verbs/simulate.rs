//! `cargo xtask simulate`: random histories on real hosts, compared with a plain model. Builds, starts PostgreSQL, reports.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::artifacts::Artifacts;
use crate::postgres::{Durability, PostgresServer};
use crate::workspace::Workspace;
use crate::{process, toolchain};

/// Builds the program with the features that the artifacts are built with, so that nothing is compiled twice.
const BUILD: [&str; 7] = ["build", "--release", "--workspace", "--bin", "adjudica", "--bin", "simulate"];

/// What to play.
pub(crate) struct Asked {
    /// The first seed.
    pub(crate) seed: u64,
    /// How many.
    pub(crate) seeds: u64,
    /// On which databases.
    pub(crate) databases: Vec<Database>,
}

/// A database that histories are played on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Database {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Asked {
    /// The first so many seeds on both databases.
    pub(crate) fn first(seeds: u64) -> Self {
        Self { seed: 1, seeds, databases: vec![Database::Sqlite, Database::Postgres] }
    }

    fn parse(arguments: &[String]) -> Result<Self> {
        let mut asked = Self::first(100);
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().with_context(|| format!("`{word}` needs a value"));
            match word.as_str() {
                "--seeds" => asked.seeds = value()?.parse().context("`--seeds` needs a number")?,
                "--seed" => {
                    asked.seed = value()?.parse().context("`--seed` needs a number")?;
                    if !arguments.iter().any(|other| other == "--seeds") {
                        asked.seeds = 1;
                    }
                }
                "--database" => {
                    asked.databases = match value()?.as_str() {
                        "sqlite" => vec![Database::Sqlite],
                        "postgres" => vec![Database::Postgres],
                        "both" => vec![Database::Sqlite, Database::Postgres],
                        other => bail!("`--database {other}` is not known; give sqlite, postgres or both"),
                    };
                }
                other => bail!("`simulate` does not know `{other}`; it takes --seeds, --seed and --database"),
            }
        }
        Ok(asked)
    }
}

/// Plays what the arguments ask for.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    play(workspace, &Asked::parse(arguments)?)
}

/// Plays; fails when a history differs.
pub(crate) fn play(workspace: &Workspace, asked: &Asked) -> Result<()> {
    toolchain::add_wasm_target(workspace)?;
    let artifacts = Artifacts::build(workspace)?;
    process::run(&mut workspace.cargo(&BUILD))?;
    let mut failures = Vec::new();
    for database in &asked.databases {
        let mut simulate = Command::new(workspace.target_dir.join("release/simulate"));
        simulate.arg("--adjudica").arg(&artifacts.binary).arg("--policies").arg(&artifacts.policies_dir);
        simulate.arg("--cache").arg(workspace.target_dir.join("simulation-cache"));
        simulate.args(["--seed", &asked.seed.to_string(), "--seeds", &asked.seeds.to_string()]);
        let outcome = match database {
            Database::Sqlite => process::run(&mut simulate),
            Database::Postgres => {
                let postgres = PostgresServer::start(Durability::ThrowAway)?;
                process::run(simulate.arg("--postgres").arg(postgres.url()))
            }
        };
        process::keep_failure(outcome, &mut failures);
    }
    process::refuse_failures(&failures)
}
