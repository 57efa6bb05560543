//! The one place that takes compiled machine code into the process.

use wasmtime::Engine;
use wasmtime::component::Component;

/// Machine code that this host compiled. Only [`crate::compile`] (fresh from the compiler) and [`crate::cache`] (after its
/// MAC was checked) make one; nothing uploaded or read from a shared database can become one.
pub(crate) struct OwnArtifact(Vec<u8>);

impl OwnArtifact {
    /// Vouches for `bytes`. Call it only where the invariant above is kept.
    pub(crate) fn vouch(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes, to write them down.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The component, ready to run. Refused when it was compiled by another wasmtime or with other settings.
    #[expect(unsafe_code, reason = "the only way to load compiled code; sound by INVARIANT (own machine code)")]
    pub(crate) fn load(&self, engine: &Engine) -> wasmtime::Result<Component> {
        // SAFETY: INVARIANT (own machine code): the bytes are the unchanged output of `Engine::precompile_component`,
        // because `vouch` is called on the compiler's own output or behind a checked MAC only.
        unsafe { Component::deserialize(engine, &self.0) }
    }
}
