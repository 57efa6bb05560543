//! Files that are not policies, damaged ones, and ones made to hurt the compiler (H13, H14, H15). Refused by reading alone.

use adjudica_engine::{Engine, Limits, LoadFault};
use wasm_encoder::{Component, ComponentSection, Module, NestedComponentSection, RawSection};

use crate::guest::{self, Chance, GOOD, Guest, WIT};

fn kind(engine: &Engine, bytes: &[u8]) -> String {
    match &guest::refusals(engine, bytes)[..] {
        [LoadFault::NotAComponent { found }] => found.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_says_what_another_kind_of_file_is() {
    let engine = guest::engine(Limits::default());
    let wasm = guest::policy(&GOOD);
    let elf = std::fs::read("/proc/self/exe").expect("this program");
    let compiled = wasmtime::Engine::default().precompile_component(&wasm).expect("compiled");
    let module = wat::parse_str(guest::text(&GOOD)).expect("module");
    let table: [(&[u8], &str); 8] = [
        (b"", "an empty file"),
        (b"\0asm", "the first bytes of a WebAssembly file"),
        (&elf[..10_000], "a native program (ELF)"),
        (&compiled, "machine code compiled for a wasmtime"),
        (&module, "a core module"),
        (b"(component)", "a text"),
        (b"PK\x03\x04and so on", "a zip archive"),
        (&[0xff; 12], "12 bytes of something else"),
    ];
    for (bytes, words) in table {
        assert_eq!(kind(&engine, bytes), words);
    }
    assert!(
        matches!(&guest::refusals(&engine, b"\0asm\x0e\0\x01\0")[..], [LoadFault::Malformed { .. }]),
        "an unknown version"
    );
}

#[test]
fn it_refuses_a_file_cut_off_anywhere() {
    let engine = guest::engine(Limits::default());
    let wasm = guest::policy(&GOOD);
    for length in (0..wasm.len()).step_by(64) {
        assert!(engine.inspect(&wasm[..length]).is_err(), "{length}");
    }
    assert!(engine.inspect(&wasm).is_ok());
}

#[test]
fn it_outlives_ten_thousand_damaged_files() {
    let engine = guest::engine(guest::limits());
    let good = guest::policy(&GOOD);
    let mut chance = Chance::new(7);
    let (mut refused, mut loaded) = (0, 0);
    for number in 0..10_000 {
        let mut wasm = good.clone();
        for _ in 0..=chance.below(3) {
            let at = chance.below(wasm.len());
            wasm[at] ^= 1 << chance.below(8);
        }
        // Every file is looked at; compiling is the slow part, so one in five is taken further.
        if engine.inspect(&wasm).is_err() {
            refused += 1;
        } else if number % 5 == 0
            && let Ok(policy) = engine.load(&wasm)
        {
            // Whatever it is now, it answers or fails; it does not take the host along.
            assert_ne!(policy.digest(), guest::digest(&good));
            let timelines = guest::timelines(2, 1);
            let (terms, explain) = (adjudica_core::Terms::default(), adjudica_core::columns::Explain::All);
            assert_eq!(policy.decide(&timelines, &terms, explain).len(), 2);
            loaded += 1;
        }
    }
    assert!(refused > 1_000 && loaded > 20, "{refused} refused, {loaded} loaded");
}

fn over_limit(engine: &Engine, wasm: &[u8]) -> Vec<&'static str> {
    let faults = guest::refusals(engine, wasm);
    faults
        .iter()
        .filter_map(|fault| match fault {
            LoadFault::OverLimit { what, .. } => Some(*what),
            _ => None,
        })
        .collect()
}

#[test]
fn it_counts_before_it_compiles() {
    let engine = guest::engine(Limits::default());
    let locals = format!("(func {})", "(local i64) ".repeat(3_000));
    let long = format!("(func {})", "(drop (i32.const 1000000))".repeat(60_000));
    let table = [
        ("(func) ".repeat(20_001), "functions"),
        (locals, "locals in one function"),
        (long, "bytes in one function"),
        ((0..10_001).map(|n| format!("(type (func (param{})))", " i32".repeat(n % 30))).collect(), "core types"),
        ((0..10_001).map(|n| format!("(export \"{n}\" (func $decide))")).collect(), "exports"),
        ("(table 10001 funcref)".to_owned(), "table entries at the start"),
        ("(table 1 funcref)".repeat(5), "tables"),
    ];
    for (extra, words) in table {
        let wasm = guest::signed(guest::component(&guest::text(&Guest { extra: extra.leak(), ..GOOD }), WIT));
        assert_eq!(over_limit(&engine, &wasm), [words]);
    }
    let memory = guest::text(&GOOD).replace("(export \"memory\") 2", "(export \"memory\") 513");
    assert_eq!(over_limit(&engine, &guest::signed(guest::component(&memory, WIT))), ["bytes of memory at the start"]);
    let small = guest::engine(Limits { upload_bytes_max: 1_000, ..Limits::default() });
    assert_eq!(over_limit(&small, &guest::policy(&GOOD)), ["bytes"]);
}

/// `depth` components, each inside the one before.
fn nested(depth: usize) -> Vec<u8> {
    let mut inner = Component::new().finish();
    for _ in 1..depth {
        let mut outer = Component::new().finish();
        RawSection { id: 4, data: &inner }.append_to_component(&mut outer);
        inner = outer;
    }
    inner
}

#[test]
fn it_refuses_nesting_without_following_it() {
    let engine = guest::engine(Limits::default());
    assert!(
        matches!(&guest::refusals(&engine, &nested(9))[..], [LoadFault::ManifestMissing { .. }, ..]),
        "eight levels inside are legal"
    );
    for depth in [10, 100, 2_000, 5_000] {
        assert_eq!(over_limit(&engine, &nested(depth)), ["levels of nesting"], "{depth}");
    }
    let mut wide = Component::new();
    for _ in 0..1_000 {
        wide.section(&NestedComponentSection(&Component::new()));
    }
    assert_eq!(over_limit(&engine, &wide.finish()), ["modules and components"]);
}

#[test]
fn it_refuses_types_and_instances_by_the_thousand() {
    let engine = guest::engine(Limits::default());
    let types = format!("(component {})", "(type (list u8)) ".repeat(1_001));
    assert_eq!(over_limit(&engine, &wat::parse_str(types).expect("component")), ["component types"]);
    let instances = format!("(component (core module $m) {})", "(core instance (instantiate $m)) ".repeat(65));
    assert_eq!(over_limit(&engine, &wat::parse_str(instances).expect("component")), ["instances"]);
    // A type that doubles at each step: small to write, 2^18 large.
    let doubling: String = (1..=18).map(|n| format!("(type $t{n} (tuple $t{} $t{})) ", n - 1, n - 1)).collect();
    let bomb = format!("(component (type $t0 (tuple u8 u8)) {doubling} (import \"f\" (func (param \"p\" $t18))))");
    assert!(!guest::refusals(&engine, &wat::parse_str(bomb).expect("component")).is_empty());
}

#[test]
fn it_refuses_what_policies_do_not_need() {
    let engine = guest::engine(Limits::default());
    let table = [
        "(func (drop (i32x4.splat (i32.const 0))))",
        "(memory 1)",
        "(memory i64 1)",
        "(memory 1 1 shared)",
        "(tag)",
        "(type (struct))",
        "(func $f (return_call $f))",
        "(func (param externref))  (func (drop (ref.i31 (i32.const 1))))",
    ];
    for extra in table {
        // Put behind the tools' back: their own validation would not let some of it pass.
        let module = wat::parse_str(format!(
            "(module {extra} {})",
            if extra.starts_with("(memory") { "(memory 1)" } else { "" }
        ))
        .expect("module");
        let mut component = guest::component(&guest::text(&GOOD), WIT);
        RawSection { id: 1, data: &module }.append_to_component(&mut component);
        let faults = guest::refusals(&engine, &guest::signed(component));
        assert!(
            matches!(&faults[..], [LoadFault::Malformed { .. } | LoadFault::OverLimit { what: "memories", .. }]),
            "{extra}: {faults:?}"
        );
    }
}

#[test]
fn it_refuses_other_string_encodings_and_async() {
    let engine = guest::engine(Limits::default());
    let lift = |options: &str| {
        let text = format!(
            "(component (core module $m (memory (export \"m\") 1) (func (export \"f\")) (func (export \"c\") (param i32 i32 i32) (result i32) (i32.const 0)) (func (export \"a\") (result i32) (i32.const 0)))
             (core instance $i (instantiate $m)) (alias core export $i \"m\" (core memory $mem))
             {options})"
        );
        guest::signed(wat::parse_str(text).expect("component"))
    };
    let table = [
        (
            "(func (canon lift (core func $i \"f\") string-encoding=utf16 (memory $mem)))",
            LoadFault::StringEncoding { encoding: "utf16" },
        ),
        (
            "(func (canon lift (core func $i \"f\") string-encoding=latin1+utf16 (memory $mem)))",
            LoadFault::StringEncoding { encoding: "latin1+utf16" },
        ),
        (
            "(func async (canon lift (core func $i \"a\") async (callback (func $i \"c\"))))",
            LoadFault::NotPure { what: "async functions".to_owned() },
        ),
        ("(core func (canon task.cancel))", LoadFault::NotPure { what: "the built-in `TaskCancel`".to_owned() }),
    ];
    for (options, fault) in table {
        let faults = guest::refusals(&engine, &lift(options));
        assert!(faults.contains(&fault), "{options}: {faults:?}");
    }
}

#[test]
fn it_refuses_missing_double_and_unreadable_sections() {
    let engine = guest::engine(Limits::default());
    let bare = guest::component(&guest::text(&GOOD), WIT);
    assert!(matches!(&guest::refusals(&engine, &bare)[..], [LoadFault::ManifestMissing { .. }]));
    let twice = guest::with_section(guest::policy(&GOOD), "adjudica:manifest", &guest::manifest_json());
    assert!(matches!(
        &guest::refusals(&engine, &twice)[..],
        [LoadFault::SectionTwice { section: "adjudica:manifest" }]
    ));
    let deep = "[".repeat(100_000);
    for (section, data) in
        [("adjudica:manifest", "{"), ("adjudica:manifest", &deep), ("adjudica:manifest", "{\"policy_id\":1}")]
    {
        let faults = guest::refusals(&engine, &guest::with_section(bare.clone(), section, data));
        assert!(
            matches!(&faults[..], [LoadFault::SectionUnreadable { section: "adjudica:manifest", .. }]),
            "{faults:?}"
        );
    }
    let sources = guest::with_section(
        guest::with_section(bare, "adjudica:manifest", &guest::manifest_json()),
        "adjudica:sources",
        "[1]",
    );
    assert!(matches!(
        &guest::refusals(&engine, &sources)[..],
        [LoadFault::SectionUnreadable { section: "adjudica:sources", .. }]
    ));
    // A manifest hidden in a nested module does not count.
    let mut module = Module::new().finish();
    module.extend(wasm_encoder_custom("adjudica:manifest", &guest::manifest_json()));
    let mut hidden = guest::component(&guest::text(&GOOD), WIT);
    RawSection { id: 1, data: &module }.append_to_component(&mut hidden);
    assert!(matches!(&guest::refusals(&engine, &hidden)[..], [LoadFault::ManifestMissing { .. }]));
}

/// A custom section of a core module, in bytes.
fn wasm_encoder_custom(name: &str, data: &str) -> Vec<u8> {
    let mut module = Module::new();
    module.section(&wasm_encoder::CustomSection { name: name.into(), data: data.as_bytes().into() });
    module.finish()[8..].to_vec()
}

#[test]
fn it_refuses_a_component_that_starts_by_itself() {
    // A component with one function of no parameters, and a start section that calls it.
    let starts = b"\x00asm\x0d\x00\x01\x00\x01\x1f\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x07\x05\x01\x01f\x00\x00\x0a\x04\x01\x02\x00\x0b\x02\x04\x01\x00\x00\x00\x07\x05\x01\x40\x00\x01\x00\x06\x07\x01\x00\x00\x01\x00\x01f\x08\x06\x01\x00\x00\x00\x00\x00\x09\x03\x00\x00\x00";
    let said: Vec<String> =
        guest::refusals(&guest::engine(Limits::default()), starts).iter().map(ToString::to_string).collect();
    assert_eq!(
        said.first().map(String::as_str),
        Some("the policy uses a component start function, which a pure function does not need; build it with the sdk")
    );
}
