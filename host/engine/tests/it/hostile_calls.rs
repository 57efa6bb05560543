//! Guests that misbehave while they run: loops, recursion, memory, traps, oversize answers, smuggled state. Each must end
//! as the right reason, and the next call must find nothing of it.

use adjudica_core::columns::Explain;
use adjudica_core::decision::UndeterminedCode;
use adjudica_core::{Outcome, Terms};
use adjudica_engine::{Engine, Limits};

use crate::guest::{self, GOOD, Guest};

/// The code under which `guest` fails, with that engine.
fn code(engine: &Engine, guest: &Guest) -> UndeterminedCode {
    code_of_file(engine, &guest::policy(guest))
}

fn code_of_file(engine: &Engine, wasm: &[u8]) -> UndeterminedCode {
    let decisions = guest::decide(engine, wasm, 1);
    assert_eq!(decisions.len(), 1);
    assert_eq!(decisions[0].outcome, Outcome::Undetermined, "{decisions:?}");
    assert!(decisions[0].lines.is_empty() && decisions[0].findings.is_empty());
    // The same engine still decides with another policy.
    assert_eq!(guest::decide(engine, &guest::policy(&GOOD), 1)[0].outcome, Outcome::Billable);
    decisions[0].undetermined.as_ref().expect("a reason").code
}

/// H1: loops wherever guest code runs.
fn loops() -> [(&'static str, Guest); 4] {
    [
        ("in decide", Guest { decide: "(loop $l (br $l)) (unreachable)", ..GOOD }),
        ("in start", Guest { extra: "(func $s (loop $l (br $l))) (start $s)", ..GOOD }),
        ("in realloc", Guest { realloc: "(loop $l (br $l)) (unreachable)", ..GOOD }),
        (
            "in post-return",
            Guest {
                extra: r#"(func (export "cabi_post_adjudica:policy/policy@1.0.0#decide") (param i32) (loop $l (br $l)))"#,
                ..GOOD
            },
        ),
    ]
}

#[test]
fn it_ends_loops_by_fuel_wherever_they_are() {
    let engine = guest::engine(guest::limits());
    for (place, guest) in loops() {
        assert_eq!(code(&engine, &guest), UndeterminedCode::PolicyOutOfFuel, "{place}");
    }
}

#[test]
fn it_ends_loops_by_the_deadline_where_fuel_is_plenty() {
    let engine = guest::engine(Limits { fuel_per_call: u64::MAX / 2, deadline_ms: 10, ..Limits::default() });
    for (place, guest) in loops() {
        assert_eq!(code(&engine, &guest), UndeterminedCode::PolicyTimedOut, "{place}");
    }
}

#[test]
fn it_ends_recursion_by_the_stack() {
    let engine = guest::engine(Limits { fuel_per_call: u64::MAX / 2, ..Limits::default() });
    let params = "i64 ".repeat(200);
    let wide = format!("(func $wide (param {params}) (call $wide {}))", "(local.get 0) ".repeat(200));
    let table = [
        ("itself", "(call $f (i32.const 0)) (unreachable)", "(func $f (param i32) (call $f (local.get 0)))".to_owned()),
        ("each other", "(call $a) (unreachable)", "(func $a (call $b)) (func $b (call $a))".to_owned()),
        (
            "through a table",
            "(call $t) (unreachable)",
            "(table 1 1 funcref) (elem (i32.const 0) $t) (func $t (call_indirect (i32.const 0)))".to_owned(),
        ),
    ];
    for (how, decide, extra) in table {
        let guest = Guest { decide, extra: extra.leak(), ..GOOD };
        assert_eq!(code(&engine, &guest), UndeterminedCode::PolicyStackExhausted, "{how}");
    }
    let zeros = "(i64.const 0) ".repeat(200);
    let guest = Guest { decide: format!("(call $wide {zeros}) (unreachable)").leak(), extra: wide.leak(), ..GOOD };
    assert_eq!(code(&engine, &guest), UndeterminedCode::PolicyStackExhausted, "with wide frames");
}

#[test]
fn it_ends_the_hunger_for_memory_and_tables() {
    let engine = guest::engine(Limits::default());
    let table = [
        (
            "page by page",
            Guest { decide: "(loop $l (drop (memory.grow (i32.const 1))) (br $l)) (unreachable)", ..GOOD },
        ),
        ("at once", Guest { decide: "(drop (memory.grow (i32.const 60000))) (unreachable)", ..GOOD }),
        ("in start", Guest { extra: "(func $s (drop (memory.grow (i32.const 511)))) (start $s)", ..GOOD }),
        (
            "for a table",
            Guest {
                decide: "(drop (table.grow (ref.null func) (i32.const 10000000))) (unreachable)",
                extra: "(table 1 funcref)",
                ..GOOD
            },
        ),
    ];
    for (how, guest) in table {
        assert_eq!(code(&engine, &guest), UndeterminedCode::PolicyOutOfMemory, "{how}");
    }
    // All memory that is allowed can be had.
    let full = Guest { decide: "(drop (memory.grow (i32.const 500))) (call $answer (local.get $encounters))", ..GOOD };
    assert_eq!(guest::decide(&engine, &guest::policy(&full), 1)[0].outcome, Outcome::Billable);
}

#[test]
fn it_counts_bulk_operations_by_the_byte() {
    let engine = guest::engine(guest::limits());
    let fill = Guest {
        decide: "(loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.const 131072)) (br $l)) (unreachable)",
        ..GOOD
    };
    assert_eq!(code(&engine, &fill), UndeterminedCode::PolicyOutOfFuel);
    let copy = Guest {
        decide: "(loop $l (memory.copy (i32.const 0) (i32.const 1) (i32.const 131000)) (br $l)) (unreachable)",
        ..GOOD
    };
    assert_eq!(code(&engine, &copy), UndeterminedCode::PolicyOutOfFuel);
}

#[test]
fn it_names_every_kind_of_trap() {
    let engine = guest::engine(Limits::default());
    let table: [(&'static str, &'static str, &str); 7] = [
        ("(unreachable)", "", "unreachable"),
        ("(i32.div_u (i32.const 1) (i32.const 0))", "", "divide by zero"),
        ("(i32.div_s (i32.const -2147483648) (i32.const -1))", "", "overflow"),
        ("(i32.load (i32.const -8))", "", "out of bounds memory access"),
        ("(call_indirect (i32.const 9)) (i32.const 0)", "(table 1 1 funcref)", "undefined element"),
        ("(call_indirect (i32.const 0)) (i32.const 0)", "(table 1 1 funcref)", "uninitialized element"),
        (
            "(call_indirect (i32.const 0)) (i32.const 0)",
            "(table 1 1 funcref) (elem (i32.const 0) $x) (func $x (result i64) (i64.const 0))",
            "indirect call type mismatch",
        ),
    ];
    for (decide, extra, words) in table {
        let policy = engine.load(&guest::policy(&Guest { decide, extra, ..GOOD })).expect("policy");
        let decisions = policy.decide(&guest::timelines(1, 1), &Terms::default(), Explain::FailedOnly);
        let reason = decisions[0].undetermined.as_ref().expect("a reason");
        assert_eq!(reason.code, UndeterminedCode::PolicyTrapped, "{decide}");
        assert!(reason.message.contains(words), "{decide}: {}", reason.message);
    }
}

/// H18: what a processor leaves to chance, or to its maker, reads the same everywhere.
#[test]
fn it_makes_every_not_a_number_the_same() {
    let engine = guest::engine(Limits::default());
    for (make, read, bits) in [
        ("(f64.div (f64.const 0) (f64.const 0))", "i64.reinterpret_f64", "(i64.const 0x7ff8000000000000)"),
        ("(f64.sub (f64.const inf) (f64.const inf))", "i64.reinterpret_f64", "(i64.const 0x7ff8000000000000)"),
        ("(f32.sqrt (f32.const -1))", "i32.reinterpret_f32", "(i32.const 0x7fc00000)"),
        ("(f32.add (f32.const nan:0x200001) (f32.const 1))", "i32.reinterpret_f32", "(i32.const 0x7fc00000)"),
    ] {
        let compare = if read.starts_with("i64") { "i64.ne" } else { "i32.ne" };
        let decide = format!(
            "(if ({compare} ({read} {make}) {bits}) (then (unreachable))) (call $answer (local.get $encounters))"
        );
        let guest = Guest { decide: decide.leak(), ..GOOD };
        assert_eq!(guest::decide(&engine, &guest::policy(&guest), 1)[0].outcome, Outcome::Billable, "{make}");
    }
}

/// H9: answers that claim to be large.
#[test]
fn it_refuses_answers_that_are_too_large() {
    let engine = guest::engine(Limits::default());
    let large = Guest {
        decide: "(drop (memory.grow (i32.const 200))) (local.set $r (call $answer (local.get $encounters)))
                 (i32.store offset=4 (local.get $r) (i32.const 10000000)) (local.get $r)",
        ..GOOD
    };
    assert_eq!(code(&engine, &large), UndeterminedCode::PolicyAnswerTooLarge);
    // The same list over and over is no cheaper.
    let twice = Guest {
        decide: "(local.set $r (call $answer (local.get $encounters)))
                 (i32.store offset=4 (local.get $r) (i32.const 40000)) (i32.store offset=68 (local.get $r) (i32.const 40000)) (local.get $r)",
        ..GOOD
    };
    assert_eq!(code(&engine, &twice), UndeterminedCode::PolicyAnswerTooLarge);
}

#[test]
fn it_asks_one_timeline_at_a_time_when_a_batch_fails() {
    // Traps when the first day of the first timeline's column is an odd one; alone, the others are decided.
    let guest = Guest {
        decide: "(if (i32.and (i32.load (i32.load offset=4 (local.get 7))) (i32.const 1)) (then (unreachable)))
                 (call $answer (local.get $encounters))",
        ..GOOD
    };
    let engine = guest::engine(Limits::default());
    let policy = engine.load(&guest::policy(&guest)).expect("policy");
    let mut timelines = guest::timelines(5, 1);
    for (index, days) in [(0, 1), (3, 1)] {
        timelines[index].encounters[0].date_of_service = timelines[index].encounters[0].date_of_service.plus_days(days);
    }
    let decisions = policy.decide(&timelines, &Terms::default(), Explain::FailedOnly);
    let undetermined: Vec<bool> = decisions.iter().map(|decision| decision.outcome == Outcome::Undetermined).collect();
    assert_eq!(undetermined, [true, false, false, true, false]);
}

#[test]
fn it_gives_a_batch_up_when_everything_loops() {
    let engine = guest::engine(guest::limits());
    let policy = engine.load(&guest::policy(&loops()[0].1)).expect("policy");
    let decisions = policy.decide(&guest::timelines(2_000, 2), &Terms::default(), Explain::FailedOnly);
    assert_eq!(decisions.len(), 4_000);
    assert!(decisions.iter().all(|decision| {
        decision.undetermined.as_ref().is_some_and(|reason| reason.code == UndeterminedCode::PolicyOutOfFuel)
    }));
}

/// H16: what a call wrote is not there for the next.
#[test]
fn it_shows_no_call_the_memory_of_another() {
    let engine = guest::engine(Limits::default());
    // Traps if any byte of high memory is not 0, then fills it, in memory that is there and in memory that is grown.
    let scan = "(drop (memory.grow (i32.const 30)))
        (local.set $r (i32.const 65536))
        (loop $l
          (if (i64.ne (i64.load (local.get $r)) (i64.const 0)) (then (unreachable)))
          (local.set $r (i32.add (local.get $r) (i32.const 8)))
          (br_if $l (i32.lt_u (local.get $r) (i32.const 2000000))))
        (memory.fill (i32.const 65536) (i32.const 0xa5) (i32.const 1934464))
        (call $answer (local.get $encounters))";
    let policy = engine.load(&guest::policy(&Guest { decide: scan, ..GOOD })).expect("policy");
    let other = engine
        .load(&guest::policy(&Guest { decide: scan, extra: "(global i32 (i32.const 7))", ..GOOD }))
        .expect("policy");
    assert_ne!(policy.digest(), other.digest());
    for round in 0..200 {
        for policy in [&policy, &other] {
            let decisions = policy.decide(&guest::timelines(1, 1), &Terms::default(), Explain::FailedOnly);
            assert_eq!(decisions[0].outcome, Outcome::Billable, "round {round}: {decisions:?}");
        }
    }
}

/// H17: a counter in a global, in a table and in memory starts anew.
#[test]
fn it_keeps_no_state_between_calls() {
    let engine = guest::engine(Limits::default());
    let counting = Guest {
        decide: "(global.set $calls (i32.add (global.get $calls) (i32.const 1)))
                 (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (global.get $calls)))
                 (table.set (i32.const 0) (ref.func $decide))
                 (local.set $r (call $answer (local.get $encounters)))
                 (i32.store (i32.load offset=24 (local.get $r)) (i32.load (i32.const 8)))
                 (local.get $r)",
        extra: "(global $calls (mut i32) (i32.const 0)) (table 1 1 funcref) (elem declare func $decide)",
        ..GOOD
    };
    let policy = engine.load(&guest::policy(&counting)).expect("policy");
    let first = policy.decide(&guest::timelines(1, 2), &Terms::default(), Explain::FailedOnly);
    assert_eq!(first[0].lines[0].units.0, 1);
    for _ in 0..1_000 {
        assert_eq!(policy.decide(&guest::timelines(1, 2), &Terms::default(), Explain::FailedOnly), first);
    }
}

/// H19: fuel is the same in every run, so a call just inside its budget stays inside.
#[test]
fn it_spends_the_same_fuel_in_every_run() {
    let wasm = guest::policy(&GOOD);
    let answers_with = |fuel: u64| {
        let engine = guest::engine(Limits { fuel_per_call: fuel, fuel_per_encounter: 0, ..Limits::default() });
        guest::decide(&engine, &wasm, 1)[0].outcome == Outcome::Billable
    };
    let (mut too_little, mut enough) = (0, 100_000);
    while enough - too_little > 1 {
        let middle = (too_little + enough) / 2;
        if answers_with(middle) { enough = middle } else { too_little = middle }
    }
    for _ in 0..20 {
        assert!(answers_with(enough) && !answers_with(too_little), "{enough}");
    }
}
