//! Compiles policies, in a child process that may die without harm or in this one. Keeps nothing.

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Resource, Rlimit};

use crate::artifact::OwnArtifact;
use crate::config::{Compiler, Limits};
use crate::error::{LoadFault, plain};
use crate::profile::{self, Ability};

/// What the child may use. A policy of the tools compiles in well under a second and 100 MiB.
const MEMORY_MIB_MAX: u64 = 2_048;
const CPU_S_MAX: u64 = 20;
const WALL_S_MAX: u64 = 30;
/// Machine code is three to ten times its wasm.
const ARTIFACT_BYTES_MAX: u64 = 256 << 20;
const MESSAGE_BYTES_MAX: u64 = 4 << 10;
/// How much the child lets others go first.
const NICENESS: i32 = 10;
/// Exit code of a child whose policy does not compile.
const EXIT_REFUSED: u8 = 3;
/// The signal for too much CPU time.
const SIGXCPU: i32 = 24;

/// Verb of the program that compiles.
const VERB: &str = "compile-policy";

/// Compiles `wasm`, which was inspected before.
pub(crate) fn compile(compiler: &Compiler, engine: &wasmtime::Engine, wasm: &[u8]) -> Result<OwnArtifact, LoadFault> {
    match compiler {
        Compiler::InProcess => precompile(engine, wasm).map(OwnArtifact::vouch),
        Compiler::Child { program } => compile_in_child(program, wasm).map(OwnArtifact::vouch),
    }
}

fn precompile(engine: &wasmtime::Engine, wasm: &[u8]) -> Result<Vec<u8>, LoadFault> {
    engine.precompile_component(wasm).map_err(|error| LoadFault::NotCompilable { detail: plain(&format!("{error:#}")) })
}

fn compile_in_child(program: &Path, wasm: &[u8]) -> Result<Vec<u8>, LoadFault> {
    let unusable = |detail: String| LoadFault::NoCompiler { program: program.display().to_string(), detail };
    let mut child = Command::new(program)
        .arg(VERB)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| unusable(error.to_string()))?;
    let output = exchange(&mut child, wasm);
    if output.is_none() {
        // Over the wall-clock limit. The threads of `exchange` end with the pipes.
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| unusable(error.to_string()))?;
    let Some(Output { artifact, message }) = output else {
        return Err(LoadFault::CompileTooSlow { limit_s: WALL_S_MAX, clock: "wall-clock time" });
    };
    match (status.code(), status.signal()) {
        (Some(0), _) if !artifact.is_empty() => Ok(artifact),
        (Some(code), _) if code == i32::from(EXIT_REFUSED) => Err(LoadFault::NotCompilable { detail: plain(&message) }),
        (_, Some(SIGXCPU)) => Err(LoadFault::CompileTooSlow { limit_s: CPU_S_MAX, clock: "processor time" }),
        (_, Some(signal)) => Err(LoadFault::CompilerDied { signal, limit_mib: MEMORY_MIB_MAX }),
        (code, None) => {
            Err(unusable(format!("it ended with code {} and said `{}`", code.unwrap_or_default(), plain(&message))))
        }
    }
}

struct Output {
    artifact: Vec<u8>,
    message: String,
}

/// Writes the policy and reads what comes back, each pipe on its own thread, so that none can block another. `None` once
/// the wall-clock limit has passed.
fn exchange(child: &mut Child, wasm: &[u8]) -> Option<Output> {
    let (send, receive) = mpsc::channel();
    if let Some(mut stdin) = child.stdin.take() {
        let wasm = wasm.to_vec();
        // A child that dies early closes the pipe; its status says why.
        std::thread::spawn(move || stdin.write_all(&wasm));
    }
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    std::thread::spawn(move || {
        let message = std::thread::spawn(move || read_up_to(stderr, MESSAGE_BYTES_MAX));
        let artifact = read_up_to(stdout, ARTIFACT_BYTES_MAX);
        let message = String::from_utf8_lossy(&message.join().unwrap_or_default()).into_owned();
        // Nobody listens any more once the limit has passed.
        let _ = send.send(Output { artifact, message });
    });
    receive.recv_timeout(Duration::from_secs(WALL_S_MAX)).ok()
}

fn read_up_to(pipe: Option<impl Read>, bytes_max: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        // A broken pipe leaves a part; the child's status tells whether it was all.
        let _ = pipe.take(bytes_max).read_to_end(&mut bytes);
    }
    bytes
}

/// What `adjudica compile-policy` does: reads a policy from standard input, writes machine code to standard output.
///
/// It limits itself first. For the engine's own use; exit code 0 is done, 3 is a policy that does not compile.
#[must_use]
pub fn compile_child_main() -> ExitCode {
    match compile_standard_input() {
        Ok(()) => ExitCode::SUCCESS,
        Err(ChildFailure::Policy(detail)) => {
            let _ = std::io::stderr().write_all(detail.as_bytes());
            ExitCode::from(EXIT_REFUSED)
        }
        Err(ChildFailure::Child(detail)) => {
            let _ = std::io::stderr().write_all(detail.as_bytes());
            ExitCode::FAILURE
        }
    }
}

enum ChildFailure {
    Policy(String),
    Child(String),
}

fn compile_standard_input() -> Result<(), ChildFailure> {
    let failed = |what: &str, error: &dyn std::fmt::Display| ChildFailure::Child(format!("{what}: {error}"));
    limit_this_process().map_err(|error| failed("limits cannot be set", &error))?;
    let mut wasm = Vec::new();
    std::io::stdin().lock().read_to_end(&mut wasm).map_err(|error| failed("the policy cannot be read", &error))?;
    let engine = profile::engine(Ability::CompileOnly, &Limits::default())
        .map_err(|error| failed("the compiler cannot be set up", &error))?;
    let artifact = match precompile(&engine, &wasm) {
        Ok(artifact) => artifact,
        Err(LoadFault::NotCompilable { detail }) => return Err(ChildFailure::Policy(detail)),
        Err(other) => return Err(ChildFailure::Policy(other.to_string())),
    };
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(&artifact)
        .and_then(|()| stdout.flush())
        .map_err(|error| failed("the result cannot be written", &error))
}

fn limit_this_process() -> rustix::io::Result<()> {
    let both = |limit: u64| Rlimit { current: Some(limit), maximum: Some(limit) };
    rustix::process::setrlimit(Resource::As, both(MEMORY_MIB_MAX << 20))?;
    // The soft limit ends the process by its own signal; the hard one, a second later, would look like any kill.
    rustix::process::setrlimit(Resource::Cpu, Rlimit { current: Some(CPU_S_MAX), maximum: Some(CPU_S_MAX + 1) })?;
    rustix::process::setrlimit(Resource::Core, both(0))?;
    rustix::process::setrlimit(Resource::Fsize, both(0))?;
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    rustix::process::nice(NICENESS)?;
    Ok(())
}
