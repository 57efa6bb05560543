//! Why an engine could not start and why a policy file was refused. Failures of calls are in `fault`.

use std::path::PathBuf;

use thiserror::Error;

/// An engine could not start.
#[derive(Debug, Error)]
pub enum EngineError {
    /// wasmtime does not take the configuration or the machine.
    #[error(
        "the sandbox cannot be set up on this machine: {detail}; run on x86-64 or aarch64 Linux with virtual memory to spare"
    )]
    NoSandbox {
        /// What wasmtime says.
        detail: String,
    },
    /// The thread behind deadlines did not start.
    #[error("the thread that keeps deadlines could not be started; raise the limit on threads")]
    NoTicker {
        /// What the system says.
        source: std::io::Error,
    },
    /// A looping program was not stopped.
    #[error(
        "a looping program was not stopped by its deadline but by {stopped_by}; the host would not be safe, report this"
    )]
    DeadlineNotKept {
        /// What stopped it.
        stopped_by: String,
    },
    /// The program of the self-test could not be compiled.
    #[error("the start-up test could not be compiled; check that the compile program can be run")]
    SelfTestNotCompiled {
        /// Why.
        source: LoadError,
    },
    /// The cache folder could not be used.
    #[error("the cache folder `{path}` cannot be used; make it a folder that this user can write")]
    CacheUnusable {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Others may write to the cache folder.
    #[error(
        "other users may write to the cache folder `{path}` (mode {mode:04o}); choose another folder or run `chmod 700` on an empty one"
    )]
    CacheOpenToOthers {
        /// The folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
}

/// A policy file was refused: every reason found, not the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadError {
    faults: Vec<LoadFault>,
}

impl LoadError {
    /// A refusal for one reason.
    #[must_use]
    pub fn of(fault: LoadFault) -> Self {
        Self { faults: vec![fault] }
    }

    /// A refusal for all of `faults`, or nothing to refuse.
    pub(crate) fn of_all(faults: Vec<LoadFault>) -> Result<(), Self> {
        if faults.is_empty() { Ok(()) } else { Err(Self { faults }) }
    }

    /// The reasons, in the order they were found.
    #[must_use]
    pub fn faults(&self) -> &[LoadFault] {
        &self.faults
    }
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for LoadError {}

/// One reason why a policy file was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LoadFault {
    /// Another kind of file.
    #[error("this is {found}, not a policy file; give the `.wasm` that `adjudica policy build` wrote")]
    NotAComponent {
        /// What it is.
        found: String,
    },
    /// Bytes that are not a component by the rules of WebAssembly, or use what a policy may not use.
    #[error("the file is damaged or uses what a policy may not use: {detail}; build it again")]
    Malformed {
        /// What is wrong, and at which byte.
        detail: String,
    },
    /// More of something than a policy needs.
    #[error("the file has {found} {what}, at most {max} are allowed; make the policy smaller")]
    OverLimit {
        /// Of what.
        what: &'static str,
        /// How many.
        found: u64,
        /// How many are allowed.
        max: u64,
    },
    /// Something is imported.
    #[error(
        "the policy imports `{import}`; a policy imports nothing, build it for wasm32-unknown-unknown with `adjudica policy build`"
    )]
    Import {
        /// Name of what is imported.
        import: String,
    },
    /// Another string encoding than UTF-8.
    #[error("the policy passes strings as {encoding}; only utf8 is allowed, build it with the sdk")]
    StringEncoding {
        /// The encoding.
        encoding: &'static str,
    },
    /// A part of the component model that a pure function does not need.
    #[error("the policy uses {what}, which a pure function does not need; build it with the sdk")]
    NotPure {
        /// What it uses.
        what: String,
    },
    /// No manifest.
    #[error("the file has no manifest (custom section `{section}`); build it with `adjudica policy build`")]
    ManifestMissing {
        /// The section looked for.
        section: &'static str,
    },
    /// Two manifests, or two bundles of sources.
    #[error("the file has the custom section `{section}` more than once; build it again from its sources")]
    SectionTwice {
        /// The section.
        section: &'static str,
    },
    /// A section that is not the JSON it should be.
    #[error("the custom section `{section}` cannot be read: {detail}; build the file with an sdk of this release")]
    SectionUnreadable {
        /// The section.
        section: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// A manifest that contradicts itself.
    #[error("manifest: {detail}")]
    Manifest {
        /// What is wrong and what to do.
        detail: String,
    },
    /// Built for another contract.
    #[error(
        "{what} is for interface adjudica:policy@{found}, this host offers {accepted}; rebuild the policy with a matching sdk or update the host"
    )]
    InterfaceVersion {
        /// What says so.
        what: String,
        /// The version found.
        found: String,
        /// The range that is accepted.
        accepted: String,
    },
    /// The contract is not exported.
    #[error("the policy does not export `{expected}` but {found}; build it with the sdk")]
    ExportMissing {
        /// The export looked for.
        expected: String,
        /// What it exports.
        found: String,
    },
    /// The contract is exported with another type.
    #[error(
        "the policy's `decide` has another type than the contract; expected `{expected}`, found `{found}`; rebuild it with a matching sdk"
    )]
    ExportType {
        /// The contract's type, from where they differ.
        expected: String,
        /// The policy's type, from where they differ.
        found: String,
    },
    /// The compiler refused it.
    #[error("the policy cannot be compiled: {detail}; build it again")]
    NotCompilable {
        /// What the compiler says.
        detail: String,
    },
    /// Compiling took too long.
    #[error(
        "the policy was not compiled within {limit_s} seconds of {clock}; make it smaller, or try again when the machine is less busy"
    )]
    CompileTooSlow {
        /// The limit.
        limit_s: u64,
        /// Whose seconds.
        clock: &'static str,
    },
    /// Compiling took too much memory, or the compiler died.
    #[error(
        "the compiler died of signal {signal} on this policy, most likely out of {limit_mib} MiB of memory; make the policy smaller"
    )]
    CompilerDied {
        /// The signal.
        signal: i32,
        /// The memory it had.
        limit_mib: u64,
    },
    /// The compiler could not be run; says nothing about the policy.
    #[error("the compile program `{program}` cannot be used: {detail}; this is a fault of the host, not of the policy")]
    NoCompiler {
        /// The program.
        program: String,
        /// What is wrong.
        detail: String,
    },
    /// Compiled code that wasmtime does not take.
    #[error("the compiled policy does not fit this host: {detail}; restart the host with one version of its program")]
    NotLoadable {
        /// What wasmtime says.
        detail: String,
    },
}

/// At most 300 characters of a text that a hostile file may have chosen, in one line, without control characters.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
}
