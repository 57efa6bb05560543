//! Compiling in a child process: the same result, and failures that are told apart.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use adjudica_core::columns::Explain;
use adjudica_core::{Outcome, Terms};
use adjudica_engine::{Compiler, Engine, EngineConfig, EngineError, LoadFault};

use crate::guest::{self, GOOD};

/// The example `compile_policy`, which cargo builds beside the tests.
fn compile_program() -> PathBuf {
    let this = std::env::current_exe().expect("this program");
    let program =
        this.parent().and_then(std::path::Path::parent).expect("target folder").join("examples/compile_policy");
    assert!(program.exists(), "build it with `cargo build --examples -p adjudica-engine`");
    program
}

fn engine_with(program: PathBuf, cache_dir: Option<PathBuf>) -> Result<Engine, EngineError> {
    Engine::new(EngineConfig { compiler: Compiler::Child { program }, cache_dir, ..EngineConfig::default() })
}

#[test]
fn it_compiles_in_a_child_and_runs_without_a_compiler() {
    let engine = engine_with(compile_program(), None).expect("engine");
    assert_eq!(guest::decide(&engine, &guest::policy(&GOOD), 3)[2].outcome, Outcome::Billable);
}

#[test]
fn it_needs_no_child_once_all_is_in_the_cache() {
    let dir = tempfile::tempdir().expect("folder");
    let wasm = guest::policy(&GOOD);
    engine_with(compile_program(), Some(dir.path().to_owned())).expect("engine").load(&wasm).expect("policy");
    let engine = engine_with(PathBuf::from("/nonexistent/program"), Some(dir.path().to_owned())).expect("engine");
    assert_eq!(guest::decide(&engine, &wasm, 1)[0].outcome, Outcome::Billable);
    let other = guest::policy(&guest::Guest { extra: "(func)", ..GOOD });
    let faults = engine.load(&other).expect_err("a refusal").faults().to_vec();
    assert!(
        matches!(&faults[..], [LoadFault::NoCompiler { program, .. }] if program == "/nonexistent/program"),
        "{faults:?}"
    );
}

#[test]
fn it_refuses_to_start_with_a_program_that_does_not_compile() {
    for program in ["/nonexistent/program", "/bin/false", "/bin/true", "/bin/echo"] {
        let refused = engine_with(PathBuf::from(program), None).expect_err("a refusal");
        assert!(matches!(refused, EngineError::SelfTestNotCompiled { .. }), "{program}: {refused}");
    }
}

/// A program that compiles until the file `armed` lies beside it, and from then on does `deed` instead.
fn program_that_turns(dir: &Path, deed: &str) -> PathBuf {
    let program = dir.join("compiler");
    let (armed, compiler) = (dir.join("armed"), compile_program());
    let script =
        format!("#!/bin/sh\nif [ -e '{}' ]; then {deed}; fi\nexec '{}' \"$@\"\n", armed.display(), compiler.display());
    std::fs::write(&program, script).expect("a script");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("a program");
    program
}

#[test]
fn it_outlives_a_compiler_that_is_killed_and_says_what_killed_it() {
    let table = [
        ("kill -XCPU $$", "processor time"),
        ("kill -KILL $$", "signal 9"),
        ("kill -SEGV $$", "signal 11"),
        ("echo no memory >&2; exit 3", "no memory"),
        ("echo lost >&2; exit 7", "code 7"),
        ("exit 0", "code 0"),
    ];
    for (deed, said) in table {
        let dir = tempfile::tempdir().expect("folder");
        let engine = engine_with(program_that_turns(dir.path(), deed), None).expect("engine");
        let before = engine.load(&guest::policy(&GOOD)).expect("policy");
        std::fs::write(dir.path().join("armed"), "").expect("a file");
        let refused = engine.load(&guest::policy(&guest::Guest { extra: "(func)", ..GOOD })).expect_err("a refusal");
        assert!(refused.to_string().contains(said), "`{deed}`: {refused}");
        // What was loaded before goes on answering.
        let decisions = before.decide(&guest::timelines(1, 1), &Terms::default(), Explain::FailedOnly);
        assert_eq!(decisions[0].outcome, Outcome::Billable, "{deed}");
    }
}
