//! Makes policies for tests out of WebAssembly text and the contract's WIT. Good ones, and with a part replaced bad ones.

use std::collections::BTreeSet;

use adjudica_core::columns::Explain;
use adjudica_core::{
    Decision, Digest, EncounterFacts, Manifest, Minutes, ProcedureCode, ServiceDate, Terms, Timeline, Token,
};
use adjudica_engine::{Engine, EngineConfig, Limits, LoadFault};
use wasm_encoder::{ComponentSection, CustomSection};

/// The contract.
pub(crate) const WIT: &str = include_str!("../../../../sdk/wit/policy.wit");

/// The parts of a guest that tests replace.
pub(crate) struct Guest {
    /// Body of `decide`; `$encounters` is their number, `$r` a free local, the result is the address of the answer.
    pub(crate) decide: &'static str,
    /// Body of the allocator that the host calls.
    pub(crate) realloc: &'static str,
    /// More fields of the module.
    pub(crate) extra: &'static str,
}

/// Calls every encounter billable, with one line of one unit.
pub(crate) const GOOD: Guest =
    Guest { decide: "(call $answer (local.get $encounters))", realloc: "(call $alloc (local.get 3))", extra: "" };

const MODULE: &str = r#"(module
  (memory (export "memory") 2)
  (global $heap (mut i32) (i32.const 4096))
  (func $alloc (param $size i32) (result i32) (local $at i32) (local $end i32)
    (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
    (local.set $end (i32.add (local.get $at) (local.get $size)))
    (if (i32.gt_u (local.get $end) (i32.shl (memory.size) (i32.const 16)))
      (then (drop (memory.grow (i32.add (i32.shr_u (i32.sub (local.get $end) (i32.shl (memory.size) (i32.const 16))) (i32.const 16)) (i32.const 1))))))
    (global.set $heap (local.get $end))
    (local.get $at))
  (func $list (param $field i32) (param $length i32) (param $bytes i32) (result i32) (local $at i32)
    (local.set $at (call $alloc (local.get $bytes)))
    (i32.store (i32.add (i32.const 1024) (i32.shl (local.get $field) (i32.const 3))) (local.get $at))
    (i32.store offset=4 (i32.add (i32.const 1024) (i32.shl (local.get $field) (i32.const 3))) (local.get $length))
    (local.get $at))
  (func $answer (param $n i32) (result i32)
    (local $i i32) (local $offsets i32) (local $units i32) (local $cents i32) (local $n4 i32)
    (local.set $n4 (i32.shl (local.get $n) (i32.const 2)))
    (drop (call $list (i32.const 0) (local.get $n) (local.get $n)))
    (local.set $offsets (call $list (i32.const 1) (i32.add (local.get $n) (i32.const 1)) (i32.add (local.get $n4) (i32.const 4))))
    (drop (call $list (i32.const 2) (local.get $n) (local.get $n4)))
    (local.set $units (call $list (i32.const 3) (local.get $n) (local.get $n4)))
    (local.set $cents (call $list (i32.const 4) (local.get $n) (i32.shl (local.get $n) (i32.const 3))))
    (drop (call $list (i32.const 5) (local.get $n) (local.get $n4)))
    (drop (call $list (i32.const 6) (i32.add (local.get $n) (i32.const 1)) (i32.add (local.get $n4) (i32.const 4))))
    (loop $each
      (i32.store (i32.add (local.get $offsets) (i32.shl (local.get $i) (i32.const 2))) (local.get $i))
      (if (i32.lt_u (local.get $i) (local.get $n))
        (then
          (i32.store (i32.add (local.get $units) (i32.shl (local.get $i) (i32.const 2))) (i32.const 1))
          (i64.store (i32.add (local.get $cents) (i32.shl (local.get $i) (i32.const 3))) (i64.const 2500))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br $each))))
    (drop (call $list (i32.const 7) (i32.const 0) (i32.const 0)))
    (drop (call $list (i32.const 8) (i32.const 0) (i32.const 0)))
    (drop (call $list (i32.const 9) (i32.const 0) (i32.const 0)))
    (drop (call $list (i32.const 10) (i32.const 0) (i32.const 0)))
    (drop (call $list (i32.const 11) (i32.const 0) (i32.const 0)))
    (i32.const 1024))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) REALLOC)
  EXTRA
  (func $decide (export "adjudica:policy/policy@1.0.0#decide")
    (param i32 i32 i32 i32) (param $encounters i32) (param i32 i32 i32 i32 i32) (result i32) (local $r i32)
    DECIDE))"#;

/// The text of a guest's core module.
pub(crate) fn text(guest: &Guest) -> String {
    MODULE.replace("REALLOC", guest.realloc).replace("EXTRA", guest.extra).replace("DECIDE", guest.decide)
}

/// A component for the world `policy-world` of `wit`.
pub(crate) fn component(text: &str, wit: &str) -> Vec<u8> {
    let mut resolve = wit_parser::Resolve::default();
    let package = resolve.push_str("test.wit", wit).expect("WIT");
    let world = resolve.select_world(&[package], Some("policy-world")).expect("world");
    let mut module = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    wit_component::embed_component_metadata(&mut module, &resolve, world, wit_component::StringEncoding::UTF8)
        .expect("metadata");
    wit_component::ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .expect("module")
        .encode()
        .expect("component")
}

/// A component with one more custom section at its end.
pub(crate) fn with_section(mut component: Vec<u8>, name: &str, data: &str) -> Vec<u8> {
    CustomSection { name: name.into(), data: data.as_bytes().into() }.append_to_component(&mut component);
    component
}

/// A whole policy file.
pub(crate) fn policy(guest: &Guest) -> Vec<u8> {
    signed(component(&text(guest), WIT))
}

/// A component with the test manifest and sources.
pub(crate) fn signed(component: Vec<u8>) -> Vec<u8> {
    let component = with_section(component, "adjudica:sources", r#"{"policy.toml":"[policy]"}"#);
    with_section(component, "adjudica:manifest", &manifest_json())
}

/// The manifest of every test guest.
pub(crate) fn manifest_json() -> String {
    r#"{"policy_id":"test","version":"1.0.0","interface_version":"1.0.0","title":"a test","payers":["acme"],
    "in_force":[{"from":"2020-01-01"}],"currency":"USD",
    "reads":["encounter.date_of_service","encounter.procedure_code","encounter.minutes","encounter.rendering_provider_role",
      "encounter.phase","encounter.mode","supporting_info.offset","supporting_info.category","ledger.offset",
      "ledger.date_of_service","ledger.procedure_code","ledger.units"],
    "sources":[],"assumptions":[],
    "rules":[{"id":"seen","kind":"notice","effect":"note","sentence":"it was seen","in_force":{"from":"2020-01-01"}}],
    "codes":["G9002"],"modifiers":["2P"],"subjects":[],"terms":{"rates":[]},"units_max":8}"#
        .to_owned()
}

/// The manifest, read.
pub(crate) fn manifest() -> Manifest {
    serde_json::from_str(&manifest_json()).expect("manifest")
}

/// Small budgets, so that a loop ends in milliseconds.
pub(crate) fn limits() -> Limits {
    Limits { fuel_per_call: 2_000_000, ..Limits::default() }
}

/// An engine that compiles in this process and keeps nothing.
pub(crate) fn engine(limits: Limits) -> Engine {
    Engine::new(EngineConfig { limits, ..EngineConfig::default() }).expect("engine")
}

/// Every reason why `wasm` is refused.
pub(crate) fn refusals(engine: &Engine, wasm: &[u8]) -> Vec<LoadFault> {
    engine.inspect(wasm).expect_err("a refusal").faults().to_vec()
}

/// `clients` timelines of `each` encounters.
pub(crate) fn timelines(clients: usize, each: usize) -> Vec<Timeline> {
    let encounter = |client: usize, number: usize| EncounterFacts {
        encounter_id: Token::parse(&format!("e{client}.{number}")).expect("id"),
        client_id: Token::parse(&format!("c{client}")).expect("id"),
        payer_id: Token::parse("acme").expect("id"),
        plan_id: None,
        service_line: None,
        date_of_service: ServiceDate::parse("2024-05-01")
            .expect("date")
            .plus_days(i32::try_from(number).expect("small")),
        procedure_code: Some(ProcedureCode::parse("G9002").expect("code")),
        service: None,
        minutes: Some(Minutes(30)),
        rendering_provider_id: Token::parse("p1").expect("id"),
        rendering_provider_role: Token::parse("RN").expect("role"),
        billing_provider_id: Token::parse("b1").expect("id"),
        phase: Token::parse("implementation").expect("phase"),
        mode: Token::parse("in_person").expect("mode"),
        place_of_service: None,
        group_size: None,
        modifiers: BTreeSet::new(),
        diagnoses: Vec::new(),
        supporting_info: [Token::parse("care_plan").expect("info")].into(),
        received_on: None,
        standing: None,
    };
    let timeline = |client| Timeline {
        ledger: Vec::new(),
        encounters: (0..each).map(|number| encounter(client, number)).collect(),
    };
    (0..clients).map(timeline).collect()
}

/// What a guest answers to `clients` timelines of one encounter.
pub(crate) fn decide(engine: &Engine, wasm: &[u8], clients: usize) -> Vec<Decision> {
    let policy = engine.load(wasm).expect("policy");
    policy.decide(&timelines(clients, 1), &Terms::default(), Explain::FailedOnly)
}

/// Numbers that look like chance and are the same in every run.
pub(crate) struct Chance(u64);

impl Chance {
    /// Starts anew from `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % end
    }
}

/// The digest of a file.
pub(crate) fn digest(wasm: &[u8]) -> Digest {
    Digest::of(wasm)
}
