//! Ways out of refusals by real tables, each decided again. The search itself is the core's.

use std::sync::LazyLock;

use adjudica_core::columns::Explain;
use adjudica_core::{Cents, Outcome, PlaceOfService, Terms, Timeline, Token, Units};
use adjudica_questions::why_not::{Candidates, Change, ChangeKind, FactChange, Question, WayOut, why_not};
use adjudica_sdk::tables::{Compiled, compile};

use crate::subject::decide;

const TABLES: &str = r#"
[policy]
id = "riverside"
version = "1.0.0"
title = "Riverside case management"
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
id = "code.G9001"
code = "G9001"
source = "manual"

[[code]]
id = "code.98966"
code = "98966"
service = "telephone"
source = "manual"

[[code]]
id = "code.98967"
code = "98967"
service = "telephone"
source = "manual"

[[staff]]
id = "staff.G9001"
codes = ["G9001"]
roles = ["RN", "LMSW"]
phases = ["assessment"]
source = "manual"

[[staff]]
id = "staff.telephone"
codes = ["98966", "98967"]
roles = ["RN", "LMSW", "CHW"]
phases = ["implementation"]
modes = ["telephone"]
source = "manual"

[[minutes]]
id = "98966.minutes"
codes = ["98966"]
min = 5
max = 10
source = "manual"

[[minutes]]
id = "98967.minutes"
codes = ["98967"]
min = 11
max = 20
source = "manual"

[[units]]
id = "G9001.units"
codes = ["G9001"]
rounding = { rule = "floor", step = 20 }
source = "manual"

[[limit]]
id = "month"
codes = ["G9001"]
max = 1
window = "calendar_month"
source = "manual"

[[limit]]
id = "again"
codes = ["98966"]
max = 1
window = "day"
per = ["practice", "provider", "payer", "mode", "minutes", "units"]
when = { without = ["claim.replacement", "claim.void", "repeat_service"] }
source = "manual"

[[exclude]]
id = "beside"
codes = ["98966"]
with = ["98967"]
window = "day"
when = { without = ["distinct_service"] }
source = "manual"

[[prerequisite]]
id = "after"
codes = ["98966"]
any_of = ["G9001"]
window = "calendar_year"
when = { info = ["follow_up"], without = ["known_client"] }
source = "manual"

[[notice]]
id = "letter"
effect = "review"
when = { info = ["by_letter"], without = ["letter_kept"] }
sentence = "the letter is not kept"

[[require]]
id = "care_plan"
info = "care_plan"
source = "manual"

[[require]]
id = "consent"
codes = ["G9001"]
any_of = ["consent", "consent_by_telephone"]
source = "manual"

[[require]]
id = "signed"
info = "signature.missing"
absent = true
effect = "incomplete"
source = "manual"

[[authorization]]
id = "authorized"
codes = ["G9001"]
when = { info = ["by_authorization"] }
source = "manual"

[[place]]
id = "place"
codes = ["G9001"]
places = ["11", "12"]
source = "manual"

[[filing]]
id = "filing"
days = 90
source = "manual"

[[interval]]
id = "after_discharge"
codes = ["G9001"]
start = "discharge"
end = "date_of_service"
min = 0
max = 14
when = { info = ["transition"] }
source = "manual"

[[rate]]
id = "rate.G9001"
codes = ["G9001"]
cents = 6000
source = "manual"

[[rate]]
id = "rate.telephone"
codes = ["98966", "98967"]
cents = 1500
source = "manual"
"#;

static COMPILED: LazyLock<Compiled> = LazyLock::new(|| compile(TABLES).unwrap_or_else(|faults| panic!("{faults:?}")));

/// The one encounter of a case file: billable as it stands, `given` put over it.
fn case(given: &str) -> Timeline {
    let text = format!(
        r#"
        [defaults]
        date_of_service = "2026-03-02"
        phase = "assessment"
        procedure_code = "G9001"
        minutes = 45
        place_of_service = "11"
        supporting_info = ["care_plan", "consent"]

        [[case]]
        name = "asks"
        {given}
        expect = {{ outcome = "billable" }}
        "#
    );
    let file = adjudica_cases::parse("why_not.toml", &text).unwrap_or_else(|faults| panic!("{faults:?}"));
    file.cases.first().expect("a case").timeline.clone()
}

fn candidates() -> Candidates {
    let tokens = |names: &[&str]| names.iter().map(|name| Token::parse(name).expect("a token")).collect();
    Candidates {
        roles: tokens(&["CHW", "LMSW", "RN"]),
        phases: tokens(&["assessment", "implementation"]),
        modes: tokens(&["in_person", "telephone"]),
        places: vec![PlaceOfService::parse("11").expect("a place"), PlaceOfService::parse("99").expect("a place")],
    }
}

fn ways(timeline: &Timeline) -> Option<Vec<WayOut>> {
    let (compiled, terms, candidates) = (&*COMPILED, Terms::default(), candidates());
    let question =
        Question { manifest: &compiled.manifest, timeline, encounter: 0, terms: &terms, candidates: &candidates };
    why_not(&question, &mut |timelines, terms| decide(compiled, timelines, terms, Explain::FailedOnly))
}

fn outcome_with(timeline: &Timeline, changes: &[&FactChange]) -> Outcome {
    let mut changed = timeline.clone();
    let facts = changed.encounters.first_mut().expect("an encounter");
    changes.iter().for_each(|lever| lever.change.apply(facts));
    let answers = decide(&COMPILED, std::slice::from_ref(&changed), &Terms::default(), Explain::FailedOnly);
    answers.first().and_then(|answers| answers.first()).expect("an answer").outcome
}

/// Each way out is billable when decided again, and no part of it is.
fn check(timeline: &Timeline, ways: &[WayOut]) {
    for way in ways {
        let all: Vec<&FactChange> = way.changes.iter().collect();
        assert_eq!(outcome_with(timeline, &all), Outcome::Billable, "{way:?}");
        assert_eq!(way.decision.outcome, Outcome::Billable);
        for bits in 0..(1_u32 << all.len()) - 1 {
            let part: Vec<&FactChange> =
                all.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1).map(|(_, lever)| *lever).collect();
            assert_ne!(outcome_with(timeline, &part), Outcome::Billable, "{part:?} suffices of {way:?}");
        }
    }
}

fn told(timeline: &Timeline) -> Vec<(ChangeKind, Vec<String>)> {
    let ways = ways(timeline).expect("an open encounter");
    check(timeline, &ways);
    let sentences = |way: &WayOut| way.changes.iter().map(FactChange::sentence).collect();
    let kind = |way: &WayOut| way.changes.iter().map(|lever| lever.kind).max().unwrap_or(ChangeKind::Missing);
    ways.iter().map(|way| (kind(way), sentences(way))).collect()
}

/// The sentences of the first way out.
fn first(given: &str) -> (ChangeKind, Vec<String>) {
    told(&case(given)).into_iter().next().unwrap_or_else(|| panic!("a way out for {given}"))
}

fn missing(sentences: &[&str]) -> (ChangeKind, Vec<String>) {
    (ChangeKind::Missing, sentences.iter().map(|sentence| (*sentence).to_owned()).collect())
}

fn otherwise(sentences: &[&str]) -> (ChangeKind, Vec<String>) {
    (ChangeKind::Otherwise, missing(sentences).1)
}

#[test]
fn it_names_the_one_missing_document_and_what_follows() {
    let timeline = case(r#"encounter = { supporting_info = ["consent"] }"#);
    let ways = ways(&timeline).expect("an open encounter");
    let way = ways.first().expect("a way out");
    let category = Token::parse("care_plan").expect("a token");
    let change = Change::AddSupportingInfo { category };
    assert_eq!(way.changes, [FactChange { kind: ChangeKind::Missing, change }]);
    let line = way.decision.lines.first().expect("a line");
    assert_eq!(
        (line.procedure_code.as_str(), line.units, line.amount_cents),
        ("G9001", Units(2), Some(Cents::new(12_000)))
    );
}

#[test]
fn it_names_two_missing_documents_together() {
    let told = told(&case("encounter = { supporting_info = [] }"));
    assert_eq!(told.first(), Some(&missing(&["document `care_plan`", "document `consent`"])));
    assert!(told.iter().all(|(_, sentences)| sentences.len() == 2), "{told:?}");
}

#[test]
fn it_names_a_role_or_another_code_as_another_encounter() {
    let told = told(&case(r#"encounter = { rendering_provider_role = "CHW" }"#));
    assert_eq!(
        told,
        [otherwise(&["have the work done by role `LMSW`"]), otherwise(&["have the work done by role `RN`"]),]
    );
    let both = first(r#"encounter = { rendering_provider_role = "CHW", phase = "implementation" }"#);
    assert_eq!(both.0, ChangeKind::Otherwise);
    assert_eq!(both.1.len(), 2, "{both:?}");
}

#[test]
fn it_names_the_code_that_fits_the_minutes_before_other_minutes() {
    let call = r#"procedure_code = "98966", phase = "implementation", mode = "telephone""#;
    let told = told(&case(&format!("encounter = {{ {call}, minutes = 12 }}")));
    let fewer = otherwise(&["have at most 10 documented minutes, if the record bears them out"]);
    assert_eq!(told, [missing(&["ask for 98967"]), fewer]);
    let short = first(&format!("encounter = {{ {call}, minutes = 3 }}"));
    assert_eq!(short, otherwise(&["have at least 5 documented minutes, if the record bears them out"]));
    let units = first("encounter = { minutes = 7 }");
    assert_eq!(units, otherwise(&["have at least 20 documented minutes, if the record bears them out"]));
}

#[test]
fn it_finds_minutes_that_are_not_documented() {
    let unknown = case("encounter = {}");
    let mut unknown = unknown;
    unknown.encounters.first_mut().expect("an encounter").minutes = None;
    let least = missing(&["have at least 20 documented minutes, if the record bears them out"]);
    assert_eq!(told(&unknown), [least]);
}

#[test]
fn it_finds_what_the_records_lack_besides_documents() {
    let table = [
        (
            r#"encounter = { standing = { conditions = ["signature.missing"] } }"#,
            missing(&["have the records not say that the record of the encounter is kept and not signed"]),
        ),
        (
            r#"encounter = { supporting_info = ["care_plan", "consent", "by_authorization"] }"#,
            missing(&["obtain a prior authorization of G9001 for the day, at least 2 of its units"]),
        ),
        (r#"encounter = { place_of_service = "99" }"#, otherwise(&["do the work at place of service 11"])),
        (r#"encounter = { received_on = "2026-07-01" }"#, otherwise(&["have the claim reach the payer by 2026-05-31"])),
        (
            r#"encounter = { supporting_info = ["care_plan", "consent", "transition"] }"#,
            missing(&["record the day of the latest discharge; 2026-03-02 would do"]),
        ),
    ];
    for (given, expected) in table {
        assert_eq!(first(given), expected, "{given}");
    }
}

#[test]
fn it_finds_no_way_past_a_limit() {
    let used_up = case(
        r#"history = [{ procedure_code = "G9001", date_of_service = "2026-03-01" }]
        encounter = {}"#,
    );
    assert_eq!(ways(&used_up), Some(Vec::new()));
}

/// A call of 8 minutes after lines of these codes by the same mode and minutes, with these words besides.
fn call(billed: &[&str], words: &[&str]) -> String {
    let line = |code: &&str| {
        format!(r#"{{ procedure_code = "{code}", date_of_service = "2026-03-02", mode = "telephone", minutes = 8 }}"#)
    };
    let lines: Vec<String> = billed.iter().map(line).collect();
    let words: Vec<String> = words.iter().map(|word| format!(r#", "{word}""#)).collect();
    format!(
        r#"history = [{}]
        encounter = {{ procedure_code = "98966", phase = "implementation", mode = "telephone", minutes = 8, supporting_info = ["care_plan"{}] }}"#,
        lines.join(", "),
        words.concat(),
    )
}

#[test]
fn it_names_the_words_that_lift_a_rule() {
    let word = |word: &str| otherwise(&[&format!("have the record show `{word}`, if that is so")]);
    let replaced =
        otherwise(&["have the records show that the claim replaces an earlier one (frequency code 7), if that is so"]);
    let voided =
        otherwise(&["have the records show that the claim voids an earlier one (frequency code 8), if that is so"]);
    let table = [
        (call(&["98966"], &[]), vec![word("repeat_service"), replaced, voided]),
        (call(&["98967"], &[]), vec![word("distinct_service")]),
        (call(&[], &["follow_up"]), vec![word("known_client")]),
        (call(&[], &["by_letter"]), vec![word("letter_kept")]),
    ];
    for (given, expected) in table {
        assert_eq!(told(&case(&given)), expected, "{given}");
    }
    let both =
        ["repeat_service", "distinct_service"].map(|word| format!("have the record show `{word}`, if that is so"));
    let (kind, sentences) = first(&call(&["98966", "98967"], &[]));
    assert_eq!(kind, ChangeKind::Otherwise);
    assert!(sentences.len() == 2 && both.iter().all(|sentence| sentences.contains(sentence)), "{sentences:?}");
}

#[test]
fn it_asks_for_as_many_authorized_units_as_are_billed() {
    let spent = case(
        r#"history = [{ procedure_code = "G9001", date_of_service = "2026-02-02", units = 2 }]
        encounter = { supporting_info = ["care_plan", "consent", "by_authorization"], standing = { authorizations = [
            { authorization_id = "a1", procedure_codes = ["G9001"], from = "2026-01-01", units = 2 },
        ] } }"#,
    );
    let whole = missing(&["obtain a prior authorization of G9001 for the day, at least 2 of its units"]);
    assert_eq!(told(&spent), [whole]);
}

#[test]
fn it_says_nothing_of_a_billable_encounter() {
    assert_eq!(ways(&case("encounter = {}")), None);
}

/// What is wrong with an encounter, in every combination of at most four.
#[test]
fn every_way_out_is_billable_and_no_part_of_it_is() {
    let mut found = 0;
    for bits in (0_u32..128).filter(|bits| bits.count_ones() <= 4) {
        let is = |bit: u32| bits >> bit & 1 == 1;
        let mut timeline = case("encounter = {}");
        let facts = timeline.encounters.first_mut().expect("an encounter");
        let token = |name: &str| Token::parse(name).expect("a token");
        if is(0) {
            facts.supporting_info.remove(&token("care_plan"));
        }
        if is(1) {
            facts.supporting_info.remove(&token("consent"));
        }
        if is(2) {
            facts.rendering_provider_role = token("CHW");
        }
        if is(3) {
            facts.phase = token("implementation");
        }
        if is(4) {
            facts.minutes = None;
        }
        if is(5) {
            facts.mode = token("telephone");
            facts.procedure_code = adjudica_core::ProcedureCode::parse("98967").ok();
        }
        if is(6) {
            facts.place_of_service = None;
        }
        let before = outcome_with(&timeline, &[]);
        match ways(&timeline) {
            None => assert!(before.is_accepted()),
            Some(ways) => {
                assert!(!before.is_accepted() && ways.len() <= 3);
                let sizes: std::collections::BTreeSet<usize> = ways.iter().map(|way| way.changes.len()).collect();
                assert!(sizes.len() <= 1, "{ways:?}");
                check(&timeline, &ways);
                found += usize::from(!ways.is_empty());
            }
        }
    }
    assert!(found > 90, "{found} of 99 have a way out");
}

#[test]
fn it_tells_the_same_ways_every_time() {
    let timeline = case(r#"encounter = { supporting_info = [], rendering_provider_role = "CHW" }"#);
    assert_eq!(ways(&timeline), ways(&timeline));
}

#[test]
fn it_asks_for_another_code_only_if_that_was_the_work() {
    let short = r#"encounter = { phase = "implementation", mode = "telephone", minutes = 8 }"#;
    assert_eq!(told(&case(short)), [otherwise(&["ask for 98966, if that is the work that was done"])]);
}
