//! The engine: one sandbox for all policies of a process, and the way from bytes to a policy.

use std::sync::Arc;

use wasmtime::component::{Component, Linker};

use crate::artifact::OwnArtifact;
use crate::cache::Cache;
use crate::compile::compile;
use crate::config::{Compiler, EngineConfig, Limits};
use crate::deadline;
use crate::error::{EngineError, LoadError, LoadFault, plain};
use crate::inspect::{Inspection, inspect};
use crate::policy::Policy;
use crate::profile::{self, Ability};
use crate::self_test::prove_limits;

/// Version of the wasmtime that is linked, pinned in the workspace.
pub(crate) const WASMTIME_VERSION: &str = "48.0.8";

/// Loads policies. Cheap to clone; one for each process.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    wasmtime: wasmtime::Engine,
    limits: Limits,
    compiler: Compiler,
    cache: Option<Cache>,
}

/// The engine and its wasmtime, as a decision's record names them.
#[must_use]
pub fn engine_version() -> &'static str {
    concat!("adjudica-engine ", env!("CARGO_PKG_VERSION"), " / wasmtime 48.0.8")
}

impl Engine {
    /// Sets up the sandbox, starts the thread behind deadlines and proves with a looping program that they are kept.
    /// # Errors
    /// [`EngineError`] when the machine cannot hold the sandbox, the cache folder is not safe, or a limit is not kept.
    pub fn new(config: EngineConfig) -> Result<Self, EngineError> {
        let ability = match config.compiler {
            Compiler::Child { .. } => Ability::RunOnly,
            Compiler::InProcess => Ability::CompileAndRun,
        };
        let wasmtime = profile::engine(ability, &config.limits)
            .map_err(|error| EngineError::NoSandbox { detail: plain(&format!("{error:#}")) })?;
        let cache = config.cache_dir.map(|dir| Cache::open(&dir, &wasmtime)).transpose()?;
        deadline::start_ticker(&wasmtime)?;
        let engine =
            Self { inner: Arc::new(Inner { wasmtime, limits: config.limits, compiler: config.compiler, cache }) };
        prove_limits(&engine)?;
        Ok(engine)
    }

    /// Reads and checks a policy file without compiling or running it.
    /// # Errors
    /// [`LoadError`] with every fault found.
    pub fn inspect(&self, wasm: &[u8]) -> Result<Inspection, LoadError> {
        inspect(wasm, &self.inner.limits)
    }

    /// Reads, checks and compiles a policy file, or takes it from the cache. Nothing of the policy runs.
    /// # Errors
    /// [`LoadError`] with every fault found.
    pub fn load(&self, wasm: &[u8]) -> Result<Policy, LoadError> {
        let inspection = self.inspect(wasm)?;
        let component = self.component(wasm)?;
        Policy::link(self.clone(), inspection, &component)
    }

    /// The compiled form of `wasm`. Once compiled, it stays in the cache.
    pub(crate) fn component(&self, wasm: &[u8]) -> Result<Component, LoadError> {
        let digest = adjudica_core::Digest::of(wasm);
        if let Some(artifact) = self.inner.cache.as_ref().and_then(|cache| cache.find(digest)) {
            match artifact.load(&self.inner.wasmtime) {
                Ok(component) => return Ok(component),
                Err(error) => {
                    tracing::warn!(%digest, "compiled policy is of no use here and is compiled again: {error:#}");
                }
            }
            self.discard(digest);
        }
        let artifact = compile(&self.inner.compiler, &self.inner.wasmtime, wasm).map_err(LoadError::of)?;
        let component = artifact.load(&self.inner.wasmtime);
        let component = component
            .map_err(|error| LoadError::of(LoadFault::NotLoadable { detail: plain(&format!("{error:#}")) }))?;
        self.keep(digest, &artifact);
        Ok(component)
    }

    fn keep(&self, digest: adjudica_core::Digest, artifact: &OwnArtifact) {
        if let Some(Err(error)) = self.inner.cache.as_ref().map(|cache| cache.keep(digest, artifact)) {
            tracing::warn!(%digest, "compiled policy could not be kept and will be compiled again: {error}");
        }
    }

    fn discard(&self, digest: adjudica_core::Digest) {
        if let Some(cache) = &self.inner.cache {
            cache.discard(digest);
        }
    }

    pub(crate) fn wasmtime(&self) -> &wasmtime::Engine {
        &self.inner.wasmtime
    }

    /// A linker that offers nothing, because a policy imports nothing.
    pub(crate) fn empty_linker<T: 'static>(&self) -> Linker<T> {
        Linker::new(&self.inner.wasmtime)
    }

    /// What a policy may use.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.inner.limits
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("limits", &self.inner.limits).finish_non_exhaustive()
    }
}
