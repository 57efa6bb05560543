//! Files that import something, speak another contract or export something else (H11, H12). Refused before anything is
//! compiled, with the import or the difference named.

use adjudica_engine::{Limits, LoadFault};

use crate::guest::{self, GOOD, WIT};

/// A world with one more import, of every kind that a smuggler would like.
const IMPORTS: [&str; 22] = [
    "wasi:sockets/tcp@0.2.6",
    "wasi:sockets/udp@0.2.6",
    "wasi:sockets/ip-name-lookup@0.2.6",
    "wasi:filesystem/preopens@0.2.6",
    "wasi:filesystem/types@0.2.6",
    "wasi:clocks/wall-clock@0.2.6",
    "wasi:clocks/monotonic-clock@0.2.6",
    "wasi:random/random@0.2.6",
    "wasi:random/insecure@0.2.6",
    "wasi:cli/environment@0.2.6",
    "wasi:cli/exit@0.2.6",
    "wasi:cli/stdin@0.2.6",
    "wasi:cli/stdout@0.2.6",
    "wasi:cli/stderr@0.2.6",
    "wasi:http/outgoing-handler@0.2.6",
    "wasi:io/poll@0.2.6",
    "wasi:io/streams@0.2.6",
    "wasi:keyvalue/store@0.2.0",
    "acme:host/log@1.0.0",
    "adjudica:policy/policy@1.0.0",
    "adjudica:policy/policy@2.0.0",
    "adjudica:policy/types@0.9.0",
];

/// A good component with imports put in front by hand, because the tools would not make one.
fn importing(imports: &str) -> Vec<u8> {
    let inner = guest::component(&guest::text(&GOOD), WIT);
    let mut text = format!("(component {imports} (component $inner ");
    text.push_str("))");
    // The text gives a component that only imports; the good one is nested after it, so that both are there.
    let mut outer = wat::parse_str(&text).expect("component");
    wasm_encoder::ComponentSection::append_to_component(&wasm_encoder::RawSection { id: 4, data: &inner }, &mut outer);
    guest::signed(outer)
}

#[test]
fn it_refuses_every_import_by_name() {
    let engine = guest::engine(Limits::default());
    for import in IMPORTS {
        let wasm = importing(&format!(r#"(import "{import}" (instance (export "f" (func))))"#));
        let faults = guest::refusals(&engine, &wasm);
        assert!(faults.contains(&LoadFault::Import { import: import.to_owned() }), "{import}: {faults:?}");
    }
    let empty = importing(r#"(import "wasi:cli/run@0.2.6" (instance))"#);
    assert!(guest::refusals(&engine, &empty).contains(&LoadFault::Import { import: "wasi:cli/run@0.2.6".to_owned() }));
    let function = importing(r#"(import "now" (func (result u64)))"#);
    assert!(guest::refusals(&engine, &function).contains(&LoadFault::Import { import: "now".to_owned() }));
}

#[test]
fn it_names_all_imports_at_once() {
    let engine = guest::engine(Limits::default());
    let wasm = importing(r#"(import "a" (func)) (import "b" (func)) (import "c" (core module))"#);
    let imports =
        guest::refusals(&engine, &wasm).iter().filter(|fault| matches!(fault, LoadFault::Import { .. })).count();
    assert_eq!(imports, 3);
}

#[test]
fn it_refuses_what_the_tools_make_of_a_guest_that_imports() {
    // The same by the tools themselves: a world with an import, used by the module.
    let wit = WIT.replace("export policy;", "import now: func() -> u64; export policy;");
    let text = guest::text(&GOOD).replace("(module\n", "(module (import \"$root\" \"now\" (func $now (result i64)))\n");
    let text = text
        .replace("(call $answer (local.get $encounters))", "(drop (call $now)) (call $answer (local.get $encounters))");
    let engine = guest::engine(Limits::default());
    let faults = guest::refusals(&engine, &guest::signed(guest::component(&text, &wit)));
    assert_eq!(faults, [LoadFault::Import { import: "now".to_owned() }]);
}

fn interface_version(found: &str) -> LoadFault {
    LoadFault::InterfaceVersion {
        what: "the exported interface".to_owned(),
        found: found.to_owned(),
        accepted: "1.0".to_owned(),
    }
}

#[test]
fn it_refuses_other_versions_of_the_contract() {
    let engine = guest::engine(Limits::default());
    for version in ["0.9.0", "2.0.0", "1.1.0", "1.0.0-rc.1"] {
        let at = format!("@{version}");
        let (text, wit) = (guest::text(&GOOD).replace("@1.0.0", &at), WIT.replace("@1.0.0", &at));
        let faults = guest::refusals(&engine, &guest::signed(guest::component(&text, &wit)));
        assert_eq!(faults, [interface_version(version)]);
    }
    let (text, wit) = (guest::text(&GOOD).replace("@1.0.0", ""), WIT.replace("@1.0.0", ""));
    assert_eq!(
        guest::refusals(&engine, &guest::signed(guest::component(&text, &wit))),
        [interface_version("no version")]
    );
}

#[test]
fn it_refuses_a_manifest_of_another_contract_by_its_version() {
    let engine = guest::engine(Limits::default());
    for version in ["0.9.0", "2.0.0", "1.1.0"] {
        // Such a manifest has fields that this host has never heard of; the version is still the reason.
        let json = guest::manifest_json()
            .replace(r#""interface_version":"1.0.0""#, &format!(r#""interface_version":"{version}","novelty":true"#));
        let wasm = guest::with_section(guest::component(&guest::text(&GOOD), WIT), "adjudica:manifest", &json);
        let fault = LoadFault::InterfaceVersion {
            what: "policy `test`".to_owned(),
            found: version.to_owned(),
            accepted: "1.0".to_owned(),
        };
        assert_eq!(guest::refusals(&engine, &wasm), [fault]);
    }
}

#[test]
fn it_refuses_another_export_and_says_which() {
    let engine = guest::engine(Limits::default());
    let (text, wit) = (
        guest::text(&GOOD).replace("policy/policy@", "policy/rules@"),
        WIT.replace("interface policy {", "interface rules {"),
    );
    let wit = wit.replace("export policy;", "export rules;");
    let faults = guest::refusals(&engine, &guest::signed(guest::component(&text, &wit)));
    let fault = LoadFault::ExportMissing {
        expected: "adjudica:policy/policy@1.0.0".to_owned(),
        found: "`adjudica:policy/rules@1.0.0`".to_owned(),
    };
    assert_eq!(faults, [fault]);
    let (text, wit) = (guest::text(&GOOD).replace("#decide", "#judge"), WIT.replace(" decide: func", " judge: func"));
    let faults = guest::refusals(&engine, &guest::signed(guest::component(&text, &wit)));
    assert!(
        matches!(&faults[..], [LoadFault::ExportMissing { expected, found }] if expected.ends_with("#decide") && found.contains("`judge`")),
        "{faults:?}"
    );
    let nothing = guest::signed(wat::parse_str("(component)").expect("component"));
    assert!(
        matches!(&guest::refusals(&engine, &nothing)[..], [LoadFault::ExportMissing { found, .. }] if found == "nothing")
    );
}

#[test]
fn it_refuses_another_type_and_shows_where_it_differs() {
    let engine = guest::engine(Limits::default());
    let many = "(param i32 i32 i32 i32) (param $encounters i32) (param i32 i32 i32 i32 i32)";
    let table = [
        (
            "decide: func(batch: batch) -> answers",
            "decide: func(batch: batch, seed: u32) -> answers",
            "seed: u32",
            "(param i32)",
        ),
        ("encounters: u32,", "encounters: s32,", "encounters: s32", ""),
        ("outcomes: list<u8>", "outcomes: list<s8>", "outcomes: list<s8>", ""),
        ("cents(list<s64>)", "cents(list<u64>)", "list<u64>", ""),
    ];
    for (before, after, words, param) in table {
        assert!(WIT.contains(before), "{before}");
        let (text, wit) = (guest::text(&GOOD).replace(many, &format!("{many} {param}")), WIT.replace(before, after));
        let faults = guest::refusals(&engine, &guest::signed(guest::component(&text, &wit)));
        assert!(
            matches!(&faults[..], [LoadFault::ExportType { expected, found }] if found.contains(words) && !expected.contains(words)),
            "{after}: {faults:?}"
        );
    }
}
