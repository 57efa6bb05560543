//! A small real policy for tests: bills each encounter once, at most so many lines for one client.

use wasm_encoder::{ComponentSection, CustomSection};

const WIT: &str = include_str!("../../../../sdk/wit/policy.wit");

/// What makes one test policy differ from another.
#[derive(Clone, Copy)]
pub(crate) struct Guest {
    /// Its version.
    pub(crate) version: &'static str,
    /// Most lines of one client.
    pub(crate) lines_max: u32,
    /// Cents of each line.
    pub(crate) cents: u32,
    /// What stands at the start of `decide`, but for the policy's own case.
    pub(crate) first: &'static str,
    /// Whether its own case expects what it answers.
    pub(crate) is_right: bool,
}

/// The policy `test@1.0.0`.
pub(crate) const GOOD: Guest = Guest { version: "1.0.0", lines_max: 3, cents: 2_500, first: "", is_right: true };

const MODULE: &str = r#"(module
  (memory (export "memory") 32)
  (global $heap (mut i32) (i32.const 4096))
  (func $alloc (param $size i32) (result i32) (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
    (global.set $heap (i32.add (local.get $at) (local.get $size)))
    (local.get $at))
  (func $list (param $field i32) (param $bytes i32) (result i32) (local $at i32)
    (local.set $at (call $alloc (local.get $bytes)))
    (i32.store (i32.add (i32.const 1024) (i32.shl (local.get $field) (i32.const 3))) (local.get $at))
    (local.get $at))
  (func $length (param $field i32) (param $length i32)
    (i32.store offset=4 (i32.add (i32.const 1024) (i32.shl (local.get $field) (i32.const 3))) (local.get $length)))
  (func $at4 (param $list i32) (param $index i32) (result i32)
    (i32.load (i32.add (local.get $list) (i32.shl (local.get $index) (i32.const 2)))))
  (func $put4 (param $list i32) (param $index i32) (param $value i32)
    (i32.store (i32.add (local.get $list) (i32.shl (local.get $index) (i32.const 2))) (local.get $value)))
  (func $put8 (param $list i32) (param $index i32) (param $value i64)
    (i64.store (i32.add (local.get $list) (i32.shl (local.get $index) (i32.const 3))) (local.get $value)))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (call $alloc (local.get 3)))
  (func (export "adjudica:policy/policy@1.0.0#decide")
    (param i32 i32 i32 i32) (param $n i32) (param $timelines i32) (param $bounds i32) (param $columns i32) (param i32 i32) (result i32)
    (local $i i32) (local $t i32) (local $billed i32) (local $lines i32) (local $found i32) (local $ledger i32)
    (local $outcomes i32) (local $lineoffsets i32) (local $units i32) (local $cents i32)
    (local $offsets i32) (local $observed i32) (local $expected i32) (local $subjects i32) (local $n4 i32) (local $n8 i32)
    (local.set $ledger (i32.load offset=4 (local.get $columns)))
    (if (i32.ne (call $at4 (local.get $ledger) (i32.const 1)) (i32.const LINES_OF_CASE)) (then FIRST))
    (local.set $n4 (i32.shl (i32.add (local.get $n) (i32.const 1)) (i32.const 2)))
    (local.set $n8 (i32.shl (i32.add (local.get $n) (i32.const 1)) (i32.const 3)))
    (local.set $outcomes (call $list (i32.const 0) (local.get $n4)))
    (local.set $lineoffsets (call $list (i32.const 1) (local.get $n4)))
    (drop (call $list (i32.const 2) (local.get $n4)))
    (local.set $units (call $list (i32.const 3) (local.get $n4)))
    (local.set $cents (call $list (i32.const 4) (local.get $n8)))
    (drop (call $list (i32.const 5) (local.get $n4)))
    (local.set $offsets (call $list (i32.const 6) (local.get $n4)))
    (drop (call $list (i32.const 7) (local.get $n4)))
    (drop (call $list (i32.const 8) (local.get $n4)))
    (local.set $observed (call $list (i32.const 9) (local.get $n8)))
    (local.set $expected (call $list (i32.const 10) (local.get $n8)))
    (local.set $subjects (call $list (i32.const 11) (local.get $n4)))
    (block $done (loop $clients
      (br_if $done (i32.ge_u (i32.add (local.get $t) (i32.const 1)) (local.get $bounds)))
      (local.set $billed (i32.sub
        (call $at4 (local.get $ledger) (i32.add (local.get $t) (i32.const 1))) (call $at4 (local.get $ledger) (local.get $t))))
      (block $end (loop $encounters
        (br_if $end (i32.ge_u (local.get $i) (call $at4 (local.get $timelines) (i32.add (local.get $t) (i32.const 1)))))
        (if (i32.lt_u (local.get $billed) (i32.const LINES_MAX))
          (then
            (call $put4 (local.get $units) (local.get $lines) (i32.const 1))
            (call $put8 (local.get $cents) (local.get $lines) (i64.const CENTS))
            (local.set $lines (i32.add (local.get $lines) (i32.const 1)))
            (local.set $billed (i32.add (local.get $billed) (i32.const 1))))
          (else
            (i32.store8 (i32.add (local.get $outcomes) (local.get $i)) (i32.const 4))
            (call $put8 (local.get $observed) (local.get $found) (i64.extend_i32_u (local.get $billed)))
            (call $put8 (local.get $expected) (local.get $found) (i64.const LINES_MAX))
            (call $put4 (local.get $subjects) (local.get $found) (i32.const -1))
            (local.set $found (i32.add (local.get $found) (i32.const 1)))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (call $put4 (local.get $lineoffsets) (local.get $i) (local.get $lines))
        (call $put4 (local.get $offsets) (local.get $i) (local.get $found))
        (br $encounters)))
      (local.set $t (i32.add (local.get $t) (i32.const 1)))
      (br $clients)))
    (call $length (i32.const 0) (local.get $n))
    (call $length (i32.const 1) (i32.add (local.get $n) (i32.const 1)))
    (call $length (i32.const 2) (local.get $lines))
    (call $length (i32.const 3) (local.get $lines))
    (call $length (i32.const 4) (local.get $lines))
    (call $length (i32.const 5) (local.get $lines))
    (call $length (i32.const 6) (i32.add (local.get $n) (i32.const 1)))
    (call $length (i32.const 7) (local.get $found))
    (call $length (i32.const 8) (local.get $found))
    (call $length (i32.const 9) (local.get $found))
    (call $length (i32.const 10) (local.get $found))
    (call $length (i32.const 11) (local.get $found))
    (i32.const 1024)))"#;

/// The policy file of `guest`.
pub(crate) fn policy(guest: Guest) -> Vec<u8> {
    let text = MODULE
        .replace("FIRST", guest.first)
        .replace("LINES_OF_CASE", &LINES_OF_CASE.to_string())
        .replace("LINES_MAX", &guest.lines_max.to_string())
        .replace("CENTS", &guest.cents.to_string());
    let mut resolve = wit_parser::Resolve::default();
    let package = resolve.push_str("test.wit", WIT).expect("WIT");
    let world = resolve.select_world(&[package], Some("policy-world")).expect("a world");
    let mut module = wat::parse_str(text).expect("a module");
    wit_component::embed_component_metadata(&mut module, &resolve, world, wit_component::StringEncoding::UTF8)
        .expect("metadata");
    let mut encoder = wit_component::ComponentEncoder::default().validate(true).module(&module).expect("an encoder");
    let mut component = encoder.encode().expect("a component");
    for (name, data) in [("adjudica:manifest", manifest(guest.version)), ("adjudica:sources", sources(guest))] {
        CustomSection { name: name.into(), data: data.as_bytes().into() }.append_to_component(&mut component);
    }
    component
}

/// Lines of the client in the policy's own case, by which the guest knows it.
const LINES_OF_CASE: u32 = 77;

/// What it was built from: a case of a client with many lines.
fn sources(guest: Guest) -> String {
    let is_billable = (LINES_OF_CASE < guest.lines_max) == guest.is_right;
    let outcome = if is_billable { "billable" } else { "not_billable" };
    let line = r#"{ procedure_code = "G9002", date_of_service = 2024-01-02 },"#;
    let history = line.repeat(LINES_OF_CASE as usize);
    let case = format!(
        "[[case]]\nname = \"counts_lines\"\nencounter = {{ procedure_code = \"G9002\", date_of_service = 2024-03-04 }}\n\
         expect = {{ outcome = \"{outcome}\" }}\nhistory = [{history}]\n"
    );
    serde_json::json!({"policy.toml": "[policy]", "cases/lines.toml": case}).to_string()
}

pub(crate) fn manifest(version: &str) -> String {
    r#"{"policy_id":"test","version":"VERSION","interface_version":"1.0.0","title":"a test","payers":["acme"],
    "in_force":[{"from":"2020-01-01"}],"currency":"USD","reads":["ledger.offset"],
    "sources":[{"id":"manual","title":"the manual of a payer that does not exist","confidence":"high"}],"assumptions":[],
    "rules":[{"id":"limit","kind":"limit","effect":"not_billable","sentence":"{observed} lines are billed already, {expected} may be",
      "remedy":"wait","source":"manual","in_force":{"from":"2020-01-01"},"denial":{"carc":"119","group":"CO"}}],
    "codes":["G9002"],"modifiers":[],"subjects":[],"terms":{"rates":[]},"units_max":8}"#
        .replace("VERSION", version)
}
