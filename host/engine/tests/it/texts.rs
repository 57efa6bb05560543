//! The words of every refusal and fault, so that a change of them is seen, and no two read the same.

use std::collections::BTreeSet;

use adjudica_core::decision::UndeterminedCode;
use adjudica_core::{ServiceDate, Token};
use adjudica_engine::{EngineError, LoadError, LoadFault, PolicyFault, SignatureFault};

fn load_faults() -> Vec<LoadFault> {
    let text = |text: &str| text.to_owned();
    vec![
        LoadFault::NotAComponent { found: text("a core module") },
        LoadFault::Malformed { detail: text("unexpected end (at offset 0x40)") },
        LoadFault::OverLimit { what: "functions", found: 20_001, max: 20_000 },
        LoadFault::Import { import: text("wasi:clocks/wall-clock@0.2.6") },
        LoadFault::StringEncoding { encoding: "utf16" },
        LoadFault::NotPure { what: text("async functions") },
        LoadFault::ManifestMissing { section: "adjudica:manifest" },
        LoadFault::SectionTwice { section: "adjudica:manifest" },
        LoadFault::SectionUnreadable {
            section: "adjudica:manifest",
            detail: text("EOF while parsing an object at line 1 column 1"),
        },
        LoadFault::Manifest { detail: text("`units_max` is 0; give the most units that one line may have") },
        LoadFault::InterfaceVersion { what: text("policy `sim`"), found: text("2.0.0"), accepted: text("1.0 to 1.4") },
        LoadFault::ExportMissing { expected: text("adjudica:policy/policy@1.0.0"), found: text("nothing") },
        LoadFault::ExportType { expected: text("func(batch: record{})"), found: text("func()") },
        LoadFault::NotCompilable { detail: text("function too large") },
        LoadFault::CompileTooSlow { limit_s: 30, clock: "wall-clock time" },
        LoadFault::CompilerDied { signal: 6, limit_mib: 2_048 },
        LoadFault::NoCompiler {
            program: text("/opt/adjudica"),
            detail: text("No such file or directory (os error 2)"),
        },
        LoadFault::NotLoadable { detail: text("compiled with another version") },
    ]
}

fn policy_faults() -> Vec<PolicyFault> {
    let text = |text: &str| text.to_owned();
    vec![
        PolicyFault::OutOfFuel { fuel: 50_000_000 },
        PolicyFault::TimedOut { deadline_ms: 250 },
        PolicyFault::OutOfMemory { detail: text("asked for 33619968 bytes of memory, 33554432 are allowed") },
        PolicyFault::StackExhausted,
        PolicyFault::Trapped { trap: text("wasm `unreachable` instruction executed") },
        PolicyFault::AnswerTooLarge { bytes_max: 73_728 },
        PolicyFault::AnswerInvalid { detail: text("the answer's `outcomes` has length 1 where 2 is due") },
        PolicyFault::Unavailable { detail: text("out of address space") },
    ]
}

fn signature_faults() -> Vec<SignatureFault> {
    let token = |text: &str| Token::parse(text).expect("a name");
    let (publisher, key_id) = (token("northside"), token("k1"));
    let day = ServiceDate::new(2026, 4, 30).expect("a day");
    vec![
        SignatureFault::Unsigned,
        SignatureFault::SignedAlready,
        SignatureFault::NotLast,
        SignatureFault::Unreadable { detail: "missing field `key_id`".to_owned() },
        SignatureFault::UnknownPublisher { publisher: publisher.clone() },
        SignatureFault::UnknownKey { publisher: publisher.clone(), key_id: key_id.clone() },
        SignatureFault::NotYetValid { key_id: key_id.clone(), from: day },
        SignatureFault::Expired { key_id: key_id.clone(), to: day },
        SignatureFault::Revoked { key_id: key_id.clone(), on: day },
        SignatureFault::WrongDay { key_id, on: day },
        SignatureFault::Mismatch,
        SignatureFault::NotTheirs { publisher, policy_id: token("test") },
    ]
}

fn engine_errors() -> Vec<EngineError> {
    let source = || std::io::Error::other("no");
    vec![
        EngineError::NoSandbox { detail: "no signals".to_owned() },
        EngineError::NoTicker { source: source() },
        EngineError::DeadlineNotKept { stopped_by: "its fuel".to_owned() },
        EngineError::SelfTestNotCompiled {
            source: LoadError::of(LoadFault::NotCompilable { detail: "no".to_owned() }),
        },
        EngineError::CacheUnusable { path: "/var/cache/adjudica".into(), source: source() },
        EngineError::CacheOpenToOthers { path: "/var/cache/adjudica".into(), mode: 0o775 },
    ]
}

#[test]
fn it_says_what_is_wrong_and_what_to_do() {
    let texts: Vec<String> = load_faults()
        .iter()
        .map(ToString::to_string)
        .chain(policy_faults().iter().map(ToString::to_string))
        .chain(engine_errors().iter().map(ToString::to_string))
        .chain(signature_faults().iter().map(ToString::to_string))
        .collect();
    assert_eq!(texts.join("\n"), include_str!("texts.txt").trim_end());
    assert_eq!(texts.iter().collect::<BTreeSet<_>>().len(), texts.len(), "two texts are the same");
    for text in &texts {
        assert!(!text.contains('\n') && !text.ends_with('.'), "{text}");
        assert!(text.starts_with(|first: char| first.is_lowercase() || first == '`'), "{text}");
    }
}

#[test]
fn it_gives_each_fault_its_own_code() {
    let codes: BTreeSet<UndeterminedCode> = policy_faults().iter().map(PolicyFault::code).collect();
    assert_eq!(codes.len(), policy_faults().len());
}

#[test]
fn it_prints_one_line_for_each_fault() {
    let engine = crate::guest::engine(adjudica_engine::Limits::default());
    let wasm = wat::parse_str(r#"(component (import "a" (func)) (import "b" (func)))"#).expect("component");
    let refused = engine.inspect(&wasm).expect_err("a refusal");
    let lines: Vec<String> = refused.to_string().lines().map(str::to_owned).collect();
    assert_eq!(lines, refused.faults().iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(lines.len(), 4, "two imports, no manifest, no export: {refused}");
}
