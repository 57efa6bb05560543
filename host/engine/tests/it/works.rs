//! Good guests: what an engine must do when nothing is wrong.

use adjudica_core::columns::{Column, Explain};
use adjudica_core::encode::encode_batch;
use adjudica_core::{Cents, Outcome, Terms, Units};
use adjudica_engine::{Limits, LoadFault, engine_version};

use crate::guest::{self, GOOD, Guest, WIT};

#[test]
fn it_decides_every_encounter_in_order() {
    let engine = guest::engine(Limits::default());
    let policy = engine.load(&guest::policy(&GOOD)).expect("policy");
    let decisions = policy.decide(&guest::timelines(300, 3), &Terms::default(), Explain::FailedOnly);
    assert_eq!(decisions.len(), 900);
    for decision in &decisions {
        assert_eq!(decision.outcome, Outcome::Billable);
        assert_eq!(decision.lines.len(), 1);
        assert_eq!((decision.lines[0].units, decision.lines[0].amount_cents), (Units(1), Some(Cents::new(2_500))));
    }
    assert!(policy.decide(&[], &Terms::default(), Explain::All).is_empty());
    assert!(policy.decide(&guest::timelines(2, 0), &Terms::default(), Explain::All).is_empty());
}

#[test]
fn it_reads_what_a_file_says_of_itself_without_compiling() {
    let engine = guest::engine(Limits::default());
    let wasm = guest::policy(&GOOD);
    let inspection = engine.inspect(&wasm).expect("inspection");
    assert_eq!(inspection.digest, guest::digest(&wasm));
    assert_eq!(inspection.manifest, guest::manifest());
    assert_eq!(inspection.sources.get("policy.toml").map(String::as_str), Some("[policy]"));
    assert_eq!(inspection.size_bytes, u64::try_from(wasm.len()).expect("size"));
}

#[test]
fn it_takes_a_later_patch_of_the_same_contract() {
    let engine = guest::engine(Limits::default());
    let (text, wit) = (guest::text(&GOOD).replace("@1.0.0", "@1.0.7"), WIT.replace("@1.0.0", "@1.0.7"));
    let decisions = guest::decide(&engine, &guest::signed(guest::component(&text, &wit)), 2);
    assert_eq!(decisions.iter().map(|decision| decision.outcome).collect::<Vec<_>>(), [Outcome::Billable; 2]);
}

#[test]
fn it_hands_over_the_columns_that_the_manifest_declares_and_no_other() {
    // Answers with a trap unless there are as many columns as declared and the words and days have their tags.
    let checked = Guest {
        decide: "(if (i32.ne (local.get 8) (i32.const 12)) (then (unreachable)))
                 (if (i32.ne (i32.load8_u (local.get 7)) (i32.const 1)) (then (unreachable)))
                 (if (i32.ne (i32.load8_u offset=12 (local.get 7)) (i32.const 0)) (then (unreachable)))
                 (if (i32.ne (i32.load offset=8 (local.get 7)) (local.get $encounters)) (then (unreachable)))
                 (if (i32.ne (i32.load (i32.load offset=4 (local.get 7))) (i32.const 19844)) (then (unreachable)))
                 (call $answer (local.get $encounters))",
        ..GOOD
    };
    let engine = guest::engine(Limits::default());
    let decisions = guest::decide(&engine, &guest::policy(&checked), 5);
    assert!(decisions.iter().all(|decision| decision.outcome == Outcome::Billable), "{decisions:?}");
    let batch = encode_batch(&guest::manifest(), &guest::timelines(1, 1), &Terms::default(), Explain::FailedOnly)
        .expect("batch");
    assert_eq!(batch.columns.len(), 12);
    assert_eq!(batch.columns.first(), Some(&Column::Days(vec![19_844])));
}

#[test]
fn it_takes_ordinary_features_of_compiled_rust() {
    // Sign extension, saturating conversion, bulk memory, many values, reference types in their plain use, a start function.
    let modern = Guest {
        extra: r#"(table 4 4 funcref) (elem (i32.const 0) $noop)
          (func $noop)
          (func $pair (result i32 i64) (i32.extend8_s (i32.const 255)) (i64.trunc_sat_f64_s (f64.const 1e300)))
          (func $start (drop (drop (call $pair))) (memory.fill (i32.const 0) (i32.const 0) (i32.const 64))
            (memory.copy (i32.const 0) (i32.const 64) (i32.const 64)) (call_indirect (i32.const 0)))
          (start $start)"#,
        ..GOOD
    };
    let engine = guest::engine(Limits::default());
    let text = guest::text(&modern).replace("(drop (drop (call $pair)))", "(call $pair) drop drop");
    let decisions = guest::decide(&engine, &guest::signed(guest::component(&text, WIT)), 1);
    assert_eq!(decisions[0].outcome, Outcome::Billable, "{decisions:?}");
}

#[test]
fn it_names_all_faults_of_a_manifest_at_once() {
    let engine = guest::engine(Limits::default());
    let json = guest::manifest_json()
        .replace(r#""units_max":8"#, r#""units_max":0"#)
        .replace(r#""codes":["G9002"]"#, r#""codes":["G9002","G9002"]"#)
        .replace(
            r#""kind":"notice","effect":"note""#,
            r#""kind":"role","effect":"not_billable","source":"gone","assumptions":["none"]"#,
        );
    let wasm = guest::with_section(guest::component(&guest::text(&GOOD), WIT), "adjudica:manifest", &json);
    let faults = guest::refusals(&engine, &wasm);
    assert_eq!(faults.len(), 4, "{faults:#?}");
    assert!(faults.iter().all(|fault| matches!(fault, LoadFault::Manifest { .. })), "{faults:#?}");
}

#[test]
fn it_names_itself_with_the_linked_wasmtime() {
    let lock = include_str!("../../../../Cargo.lock");
    let version = lock.split("name = \"wasmtime\"\nversion = \"").nth(1).and_then(|rest| rest.split('"').next());
    assert_eq!(
        Some(engine_version()),
        version.map(|version| format!("adjudica-engine 0.1.0 / wasmtime {version}")).as_deref()
    );
}
