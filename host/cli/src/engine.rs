//! Starts the engine for a verb: where compiled code is kept, and that compiling happens in a child of this binary.

use std::path::PathBuf;

use adjudica_engine::{Compiler, Engine, EngineConfig};
use anyhow::{Context as _, Result};

/// An engine whose compiler is this binary, with the cache of this user.
/// # Errors
/// When the engine does not start; its message says why.
pub fn start(cache_dir: Option<PathBuf>) -> Result<Engine> {
    let program = std::env::current_exe().context("the path of this binary is not known")?;
    let config = EngineConfig {
        cache_dir: cache_dir.or_else(default_cache_dir),
        compiler: Compiler::Child { program },
        ..EngineConfig::default()
    };
    Engine::new(config).context("the engine could not be started")
}

fn default_cache_dir() -> Option<PathBuf> {
    std::env::home_dir().map(|home| home.join(".cache/adjudica/compiled"))
}
