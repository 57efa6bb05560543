//! Guests that answer nonsense (H10). Every answer that does not keep the contract is a fault that names the column, and
//! never a decision.

use adjudica_core::Outcome;
use adjudica_core::decision::UndeterminedCode;
use adjudica_engine::Limits;

use crate::guest::{self, GOOD, Guest};

/// A change of a good answer of two encounters at `$r`, and words of the fault it must give.
const LIES: [(&str, &str); 21] = [
    ("(i32.store (i32.load offset=24 (local.get $r)) (i32.const 0))", "`line-units` says 0"),
    ("(i32.store (i32.load offset=24 (local.get $r)) (i32.const -1))", "`line-units` says 4294967295"),
    ("(i32.store (i32.load offset=24 (local.get $r)) (i32.const 9))", "`line-units` says 9 in row 0, outside 1 to 8"),
    ("(i64.store (i32.load offset=32 (local.get $r)) (i64.const -1))", "`line-cents` says -1"),
    (
        "(i64.store (i32.load offset=32 (local.get $r)) (i64.const 9223372036854775807))",
        "`line-cents` says 9223372036854775807",
    ),
    ("(i32.store (i32.load offset=16 (local.get $r)) (i32.const 1))", "`line-codes` says 1"),
    ("(i32.store (i32.load offset=40 (local.get $r)) (i32.const 2))", "`line-modifiers` says 2"),
    ("(i32.store8 (i32.load (local.get $r)) (i32.const 5))", "`outcomes` says 5"),
    ("(i32.store8 (i32.load (local.get $r)) (i32.const 4))", "calls encounter 0 `not_billable`"),
    ("(i32.store (i32.load offset=8 (local.get $r)) (i32.const 1))", "`line-offsets` does not rise"),
    ("(i32.store offset=4 (i32.load offset=8 (local.get $r)) (i32.const 3))", "`line-offsets` does not rise"),
    ("(i32.store offset=8 (i32.load offset=8 (local.get $r)) (i32.const 0))", "`line-offsets` does not rise"),
    ("(i32.store offset=8 (i32.load offset=8 (local.get $r)) (i32.const -1))", "`line-offsets` does not rise"),
    ("(i32.store offset=8 (i32.load offset=48 (local.get $r)) (i32.const 7))", "`finding-offsets` does not rise"),
    ("(i32.store offset=4 (local.get $r) (i32.const 1))", "`outcomes` has length 1 where 2 is due"),
    ("(i32.store offset=4 (local.get $r) (i32.const 3))", "`outcomes` has length 3 where 2 is due"),
    ("(i32.store offset=20 (local.get $r) (i32.const 1))", "where 1 is due"),
    ("(i32.store offset=12 (local.get $r) (i32.const 0))", "`line-offsets` has length 0"),
    ("(i32.store (local.get $r) (i32.const -4))", "out of bounds"),
    ("(i32.store offset=12 (local.get $r) (i32.const -1))", "out of bounds"),
    ("(local.set $r (i32.const -16))", "out of bounds"),
];

#[test]
fn it_refuses_every_lie_and_says_which() {
    let engine = guest::engine(Limits::default());
    for (lie, words) in LIES {
        let decide = format!("(local.set $r (call $answer (local.get $encounters))) {lie} (local.get $r)");
        let policy = engine.load(&guest::policy(&Guest { decide: decide.leak(), ..GOOD })).expect("policy");
        let timelines = guest::timelines(1, 2);
        let decisions =
            policy.decide(&timelines, &adjudica_core::Terms::default(), adjudica_core::columns::Explain::All);
        assert_eq!(decisions.len(), 2, "{lie}");
        for decision in &decisions {
            assert_eq!(decision.outcome, Outcome::Undetermined, "{lie}");
            let reason = decision.undetermined.as_ref().expect("a reason");
            assert_eq!(reason.code, UndeterminedCode::PolicyAnswerInvalid, "{lie}: {}", reason.message);
            assert!(reason.message.contains(words), "{lie}: {}", reason.message);
        }
    }
}

#[test]
fn it_refuses_findings_that_the_manifest_does_not_declare() {
    // One finding for the first of two encounters, well formed but for one number each time.
    let table = [
        ("(i32.store (i32.const 256) (i32.const 1))", "`finding-rules` says 1"),
        ("(i32.store8 (i32.const 260) (i32.const 2))", "`finding-verdicts` says 2"),
        ("(i32.store (i32.const 264) (i32.const 0))", "`finding-subjects` says 0"),
        ("(i32.store offset=60 (local.get $r) (i32.const 2))", "has length"),
    ];
    let engine = guest::engine(Limits::default());
    let finding = "(local.set $r (call $answer (local.get $encounters)))
        (i32.store offset=4 (i32.load offset=48 (local.get $r)) (i32.const 1)) (i32.store offset=8 (i32.load offset=48 (local.get $r)) (i32.const 1))
        (i32.store (i32.const 264) (i32.const -1))
        (i32.store offset=56 (local.get $r) (i32.const 256)) (i32.store offset=60 (local.get $r) (i32.const 1))
        (i32.store offset=64 (local.get $r) (i32.const 260)) (i32.store offset=68 (local.get $r) (i32.const 1))
        (i32.store offset=72 (local.get $r) (i32.const 272)) (i32.store offset=76 (local.get $r) (i32.const 1))
        (i32.store offset=80 (local.get $r) (i32.const 272)) (i32.store offset=84 (local.get $r) (i32.const 1))
        (i32.store offset=88 (local.get $r) (i32.const 264)) (i32.store offset=92 (local.get $r) (i32.const 1))";
    let answer = |lie: &str| {
        let decide = format!("{finding} {lie} (local.get $r)");
        let policy = engine.load(&guest::policy(&Guest { decide: decide.leak(), ..GOOD })).expect("policy");
        policy.decide(&guest::timelines(1, 2), &adjudica_core::Terms::default(), adjudica_core::columns::Explain::All)
    };
    let good = answer("");
    assert_eq!((good[0].outcome, good[0].findings.len()), (Outcome::Billable, 1), "{good:?}");
    for (lie, words) in table {
        let decisions = answer(lie);
        let reason = decisions[0].undetermined.as_ref().expect("a reason");
        assert_eq!(reason.code, UndeterminedCode::PolicyAnswerInvalid, "{lie}");
        assert!(reason.message.contains(words), "{lie}: {}", reason.message);
    }
}
