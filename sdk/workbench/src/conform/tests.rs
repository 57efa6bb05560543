//! Policies that break one promise each, and the words in which that is said.

use std::cell::Cell;

use adjudica_cases as cases;
use adjudica_core::columns::{Answers, Batch, Column};
use adjudica_core::field::Field;
use adjudica_core::{Effect, Outcome};
use adjudica_sdk::tables::{Compiled, compile};
use adjudica_sdk::{NoHooks, native};

use super::{Callee, promises};

const TABLES: &str = r#"
[policy]
id = "riverside"
version = "1.0.0"
title = "Riverside"
payers = ["riverside"]
currency = "USD"
in_force = [{ from = 2026-01-01 }]

[[source]]
id = "manual"
title = "Riverside provider manual"
confidence = "high"

[unknown_code]
id = "unknown_code"
source = "manual"

[[code]]
id = "visit"
code = "T1016"
source = "manual"

[[staff]]
id = "staff"
codes = ["T1016"]
roles = ["RN"]
source = "manual"

[[minutes]]
id = "minutes"
codes = ["T1016"]
min = 15
source = "manual"

[[limit]]
id = "limit"
codes = ["T1016"]
max = 1
window = "day"
source = "manual"

[[rate]]
id = "rate"
codes = ["T1016"]
cents = 1500
source = "manual"
"#;

const CASES: &str = r#"
[defaults]
date_of_service = "2026-03-02"
procedure_code = "T1016"
rendering_provider_role = "RN"
minutes = 30

[[case]]
name = "pays_a_visit"
encounter = {}
expect = { outcome = "billable", rules = [] }

[[case]]
name = "refuses_another_role"
encounter = { rendering_provider_role = "CHW" }
expect = { outcome = "not_billable", rules = ["role.T1016"] }

[[case]]
name = "pays_one_visit_a_day"
encounters = [{}, {}]
expect_each = [{ outcome = "billable", rules = [] }, { outcome = "not_billable", rules = ["limit"] }]
"#;

/// What a wrong policy answers: the tables' own answer, the batch, and how many calls there were before.
type Wrong = fn(right: Answers, batch: &Batch, calls: u32) -> Result<Answers, String>;

/// The faults that the promises find in a policy that answers so.
fn faults(wrong: Wrong) -> Vec<String> {
    let policy = policy();
    let files = [cases::parse("riverside.toml", CASES).expect("no faults")];
    let calls = Cell::new(0);
    let call = |batch: &Batch| {
        let right = native::call(&policy, &NoHooks, batch).map_err(|fault| fault.to_string())?;
        wrong(right, batch, calls.replace(calls.get() + 1))
    };
    let promises = promises(&Callee { manifest: &policy.manifest, call: &call }, &files);
    assert_eq!(promises.len(), 8);
    promises.into_iter().filter_map(|promise| promise.fault).collect()
}

fn policy() -> Compiled {
    compile(TABLES).expect("no faults")
}

/// Every line for so many cents more.
fn dearer(mut right: Answers, cents: i64) -> Answers {
    right.line_cents.iter_mut().for_each(|of_line| *of_line += cents);
    right
}

/// Where several rules fail, the outcome is that of the weakest.
fn weakest_rule_wins(mut right: Answers) -> Answers {
    let manifest = policy().manifest;
    for (outcome, rules) in right.outcomes.iter_mut().zip(right.finding_offsets.array_windows()) {
        let [from, to] = rules.map(|at| usize::try_from(at).expect("a position"));
        let effects = right.finding_rules[from..to]
            .iter()
            .map(|rule| manifest.rules[usize::try_from(*rule).expect("a position")].effect);
        if effects.clone().any(|effect| effect == Effect::Incomplete) {
            *outcome = Outcome::Incomplete.number().expect("a number");
        }
    }
    right
}

/// Each encounter answered as if it were of a client of its own.
fn forgets_the_call(batch: &Batch) -> Result<Answers, String> {
    let policy = policy();
    let mut apart = batch.clone();
    apart.timelines = (0..=batch.encounters).collect();
    for (field, column) in policy.manifest.reads.iter().zip(&mut apart.columns) {
        if let (Field::LedgerOffset, Column::Words(offsets)) = (field, column)
            && offsets.iter().all(|offset| *offset == 0)
        {
            *offsets = vec![0; apart.timelines.len()];
        }
    }
    native::call(&policy, &NoHooks, &apart).map_err(|fault| fault.to_string())
}

const STRONGEST: &str = "without encounter.minutes: the answer calls encounter 1 `incomplete`, but its findings and lines say `not_billable`";
const TWICE: &str = "two calls with one batch gave two answers; keep nothing from call to call";
const ALONE: &str = "the client of encounter `e1` is answered differently alone than in a call of 3; look at each client's own rows only";
const IN_STEPS: &str = "encounter `e1` is decided differently in its own call than in one with those before it; count lines billed earlier in the call with those of the ledger";
const FORGOTTEN: &str = "encounter `e2` is decided differently in its own call than in one with those before it; count lines billed earlier in the call with those of the ledger";
const EXPLAINED: &str = "with an explanation the failed rules, lines or outcome are others than without; let `explain` add satisfied rules only";
const EXPECTED: &str = "cases that differ: 1; the first: it pays_one_visit_a_day: encounter 2: expected not_billable, got billable; encounter 2: rules that should have spoken and did not: limit";

#[test]
fn it_says_which_promise_is_broken_and_by_what() {
    let wrongs: [(Wrong, &[&str]); 8] = [
        (|right, _, _| Ok(right), &[]),
        (
            |right, batch, _| if batch.encounters == 0 { Err("it divided by zero".to_owned()) } else { Ok(right) },
            &["it divided by zero"],
        ),
        (
            |right, batch, _| {
                let is_bare = batch.dictionary_bytes.is_empty() && batch.encounters > 0;
                if is_bare { Err("it looked up no role".to_owned()) } else { Ok(right) }
            },
            &["it looked up no role"],
        ),
        (|right, _, _| Ok(weakest_rule_wins(right)), &[STRONGEST]),
        (|right, _, calls| Ok(dearer(right, i64::from(calls % 2 == 1))), &[TWICE, ALONE, IN_STEPS, EXPLAINED]),
        (|right, batch, _| Ok(dearer(right, i64::from(batch.timelines.len() > 2))), &[ALONE]),
        (|_, batch, _| forgets_the_call(batch), &[FORGOTTEN, EXPECTED]),
        (|right, batch, _| Ok(dearer(right, i64::from(batch.explain))), &[EXPLAINED]),
    ];
    let said: Vec<Vec<String>> = wrongs.iter().map(|(wrong, _)| faults(*wrong)).collect();
    let meant: Vec<Vec<String>> =
        wrongs.iter().map(|(_, texts)| texts.iter().map(|text| (*text).to_owned()).collect()).collect();
    assert_eq!(said, meant);
}

#[test]
fn it_asks_for_cases_where_there_are_none() {
    let policy = policy();
    let call = |batch: &Batch| native::call(&policy, &NoHooks, batch).map_err(|fault| fault.to_string());
    let promises = promises(&Callee { manifest: &policy.manifest, call: &call }, &[]);
    let faults: Vec<String> = promises.into_iter().filter_map(|promise| promise.fault).collect();
    assert_eq!(faults, ["it has no cases; give some with `--cases`"]);
}
