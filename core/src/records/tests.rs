//! What records say of an encounter, at the boundaries of their days. Which records cannot be is in `fault_tests`.

use serde_json::{Value, json};

use super::resolve::{CareDays, RecordBook, resolve};
use super::*;
use crate::facts::EncounterFacts;
use crate::standing::{RenderingSource, Standing};

/// Records written as `(subject, body)`, named by their place.
fn records(list: &[(&str, Value)]) -> Vec<Record> {
    let named = list.iter().enumerate().map(|(index, (subject_id, body))| {
        let body: RecordBody = serde_json::from_value(body.clone()).unwrap_or_else(|fault| panic!("{body}: {fault}"));
        assert_eq!(body.faults(), [""; 0], "{body:?}");
        Record { record_id: token(&format!("r{index}")), subject_id: token(subject_id), body }
    });
    named.collect()
}

fn token(text: &str) -> Token {
    Token::parse(text).expect("a name")
}

fn encounter(over: &Value) -> EncounterFacts {
    let mut facts = json!({
        "encounter_id": "e1", "client_id": "c1", "payer_id": "payer", "service_line": "ABA",
        "date_of_service": "2026-03-10", "procedure_code": "G9002", "rendering_provider_id": "staff",
        "rendering_provider_role": "RN", "billing_provider_id": "practice", "phase": "implementation", "mode": "in_person"
    });
    let fields = facts.as_object_mut().expect("an object");
    fields.extend(over.as_object().expect("an object").clone());
    serde_json::from_value(facts).expect("facts")
}

fn standing_of(list: &[(&str, Value)], over: &Value, sources: &[RenderingSource]) -> Standing {
    let resolved = resolve(&RecordBook::new(records(list)), &encounter(over), sources, &CareDays::new());
    *resolved.expect("records")
}

/// Whether the standing has exactly those conditions of a table (`coverage`, `enrolment`, ...).
fn assert_conditions(list: &[(&str, Value)], over: &Value, table: &str, expected: &[&str]) {
    let standing = standing_of(list, over, &[]);
    let prefix = format!("{table}.");
    let found: Vec<&str> =
        standing.conditions.iter().map(Token::as_str).filter(|name| name.starts_with(&prefix)).collect();
    assert_eq!(found, expected, "{list:?} {over}");
}

#[test]
fn it_says_the_same_of_an_encounter_whoever_else_has_records() {
    let others =
        [("c2", coverage(1, "payer", "commercial", "2026-01-01", None)), ("other", json!({ "kind": "practitioner" }))];
    let of = |list: &[(&str, Value)]| {
        resolve(&RecordBook::new(records(list)), &encounter(&json!({})), &[], &CareDays::new())
    };
    assert_eq!(of(&others), None, "nothing is on file about this one");
    let own = [("staff", json!({ "kind": "practitioner", "npi": "1234567893" }))];
    let both: Vec<_> = own.iter().chain(&others).cloned().collect();
    assert_eq!(of(&own), of(&both));
    let conditions = of(&own).expect("records").conditions;
    assert!(!conditions.contains(&token("coverage.unknown")), "no records are kept of the client: {conditions:?}");
}

fn coverage(order: u32, payer: &str, kind: &str, from: &str, to: Option<&str>) -> Value {
    json!({ "kind": "coverage", "payer_id": payer, "coverage_kind": kind, "order": order, "from": from, "to": to })
}

#[test]
fn it_knows_coverage_on_each_day_of_its_spans() {
    let span = ("c1", coverage(1, "payer", "commercial", "2026-03-01", Some("2026-04-01")));
    for (day, expected) in [
        ("2026-02-28", "coverage.not_started"),
        ("2026-03-01", "coverage.active"),
        ("2026-03-31", "coverage.active"),
        ("2026-04-01", "coverage.ended"),
    ] {
        assert_conditions(std::slice::from_ref(&span), &json!({ "date_of_service": day }), "coverage", &[expected]);
    }
    assert_conditions(&[span], &json!({ "payer_id": "other" }), "coverage", &["coverage.unknown"]);
    assert_eq!(
        resolve(&RecordBook::default(), &encounter(&json!({})), &[], &CareDays::new()),
        None,
        "no records, no claims"
    );
}

#[test]
fn it_asks_the_payer_that_comes_first_before_the_second() {
    let both = [
        ("c1", coverage(1, "first", "employer", "2026-01-01", None)),
        ("c1", coverage(2, "payer", "medicaid", "2026-01-01", None)),
    ];
    assert_conditions(&both, &json!({}), "coverage", &["coverage.active", "coverage.other_payer_first"]);
    assert_conditions(&both, &json!({}), "covered_by", &["covered_by.employer", "covered_by.medicaid"]);
    let answer = json!({ "kind": "prior_answer", "payer_id": "first", "on": "2026-04-01", "allowed_cents": 9000, "paid_cents": 6000 });
    let answered = [both[0].clone(), both[1].clone(), ("e1", answer)];
    assert_conditions(&answered, &json!({}), "coverage", &["coverage.active"]);
    let prior = standing_of(&answered, &json!({}), &[]).payment.and_then(|payment| payment.prior).expect("an answer");
    assert_eq!((prior.allowed_cents.get(), prior.paid_cents.get()), (9_000, 6_000));
}

#[test]
fn it_covers_what_is_excluded_by_an_exception_for_that_client_only() {
    let mut plan = coverage(1, "payer", "commercial", "2026-01-01", None);
    plan["excluded_codes"] = json!(["G9002"]);
    let exception = json!({ "kind": "benefit_exception", "payer_id": "payer", "procedure_codes": ["G9002"], "from": "2026-03-01", "to": "2026-04-01", "approver": "a1", "patient_share_cents": 500 });
    let list = [("c1", plan.clone()), ("c1", exception.clone())];
    assert_conditions(&list[..1], &json!({}), "coverage", &["coverage.active", "coverage.excluded"]);
    assert_conditions(&list, &json!({}), "coverage", &["coverage.active", "coverage.exception"]);
    assert_conditions(
        &list,
        &json!({ "date_of_service": "2026-04-01" }),
        "coverage",
        &["coverage.active", "coverage.excluded"],
    );
    let standing = standing_of(&list, &json!({}), &[]);
    assert_eq!(standing.exception_id, Some(token("r1")), "the decision names the exception");
    assert_eq!(standing.payment.and_then(|payment| payment.copay_cents).map(|cents| cents.get()), Some(500));
    assert_conditions(
        &[("c1", plan), ("c2", exception)],
        &json!({}),
        "coverage",
        &["coverage.active", "coverage.excluded"],
    );
}

#[test]
fn it_adds_up_what_counts_against_maximums_and_deductible() {
    let mut plan = coverage(1, "payer", "commercial", "2020-01-01", None);
    plan["lifetime_maximum_cents"] = json!(500_000);
    plan["annual_maximum_cents"] = json!(100_000);
    plan["deductible_cents"] = json!(50_000);
    let entry = |against: &str, on: &str, cents: i64| {
        ("c1", json!({ "kind": "accumulated", "payer_id": "payer", "against": against, "on": on, "cents": cents }))
    };
    let list = [
        ("c1", plan),
        entry("paid", "2025-06-01", 400_000),
        entry("paid", "2026-02-01", 95_000),
        entry("paid", "2026-02-02", -5_000),
        entry("deductible", "2026-01-15", 20_000),
        entry("deductible", "2025-01-15", 50_000),
    ];
    let payment = standing_of(&list, &json!({}), &[]).payment.expect("payment");
    let used: Vec<_> =
        payment.maximums.iter().map(|maximum| (maximum.limit_cents.get(), maximum.used_cents.get())).collect();
    assert_eq!(used, [(500_000, 490_000), (100_000, 90_000)]);
    assert_eq!(payment.deductible_cents.map(|cents| cents.get()), Some(30_000), "a deductible is the year's");
}

fn assignment(line: &str, provider: &str, role: &str, start: &str, end: Option<&str>) -> (&'static str, Value) {
    (
        "c1",
        json!({ "kind": "assignment", "service_line": line, "provider_id": provider, "role": role, "start_at": start, "end_at": end }),
    )
}

#[test]
fn it_asks_for_a_case_manager_of_each_line() {
    let aba = assignment("ABA", "cm1", "primary", "2026-01-01T09:00:00-05:00", None);
    assert_conditions(std::slice::from_ref(&aba), &json!({}), "assignment", &[]);
    assert_conditions(
        std::slice::from_ref(&aba),
        &json!({ "service_line": "ST" }),
        "assignment",
        &["assignment.missing"],
    );
    assert_conditions(&[aba], &json!({ "date_of_service": "2025-12-31" }), "assignment", &["assignment.missing"]);
    assert_conditions(
        &[("c1", coverage(1, "payer", "commercial", "2026-01-01", None))],
        &json!({}),
        "assignment",
        &["assignment.unknown"],
    );
}

#[test]
fn it_counts_24_elapsed_hours_to_the_first_appointment_over_a_change_of_clocks() {
    for (start, appointment, day, late) in [
        ("2026-06-09T09:00:00-04:00", "2026-06-10T09:00:00-04:00", "2026-06-10", false),
        ("2026-06-09T09:01:00-04:00", "2026-06-10T09:00:00-04:00", "2026-06-10", true),
        ("2026-03-07T09:00:00-05:00", "2026-03-08T09:00:00-04:00", "2026-03-08", true),
        ("2026-03-07T08:00:00-05:00", "2026-03-08T09:00:00-04:00", "2026-03-08", false),
        ("2026-06-09T09:01:00-04:00", "2026-06-10T09:00:00-04:00", "2026-06-11", false),
    ] {
        let list = [
            assignment("ABA", "cm1", "primary", start, None),
            ("c1", json!({ "kind": "first_appointment", "service_line": "ABA", "at": appointment })),
        ];
        let expected: &[&str] = if late { &["assignment.late"] } else { &[] };
        assert_conditions(&list, &json!({ "date_of_service": day }), "assignment", expected);
    }
}

#[test]
fn it_resolves_who_renders_by_the_order_of_the_terms() {
    use RenderingSource::{Assignment, AuthorizationTeam, SessionStaff};
    let list = [
        assignment("ABA", "cm1", "primary", "2026-01-01T09:00:00-05:00", Some("2026-04-01T12:00:00-04:00")),
        assignment("ABA", "cm2", "primary", "2026-04-01T12:00:00-04:00", None),
        (
            "c1",
            json!({ "kind": "authorization", "payer_id": "payer", "status": "approved", "procedure_codes": ["G9002"], "units": 10, "from": "2026-01-01", "rendering_from": { "2026-01-01": "team1", "2026-03-20": "team2" } }),
        ),
        ("cm1", json!({ "kind": "absence", "from": "2026-03-01", "to": "2026-03-31", "reason": "vacation" })),
    ];
    for (day, sources, provider) in [
        ("2026-03-10", vec![Assignment, SessionStaff], "cm1"),
        ("2026-03-31", vec![Assignment], "cm1"),
        ("2026-04-01", vec![Assignment], "cm2"),
        ("2026-03-19", vec![AuthorizationTeam, Assignment], "team1"),
        ("2026-03-20", vec![AuthorizationTeam, Assignment], "team2"),
        ("2025-12-31", vec![AuthorizationTeam, Assignment, SessionStaff], "staff"),
        ("2026-03-10", vec![SessionStaff, Assignment], "staff"),
    ] {
        let standing = standing_of(&list, &json!({ "date_of_service": day }), &sources);
        let rendering = standing.rendering.expect("somebody renders");
        assert_eq!(rendering.provider_id.as_str(), provider, "{day} {sources:?}");
    }
    let with = standing_of(&list, &json!({}), &[Assignment]);
    assert_eq!(with, standing_of(&list[..3], &json!({}), &[Assignment]), "an absence changes nothing");
}

#[test]
fn it_warns_of_a_stand_in_who_gave_no_care_in_the_month_before() {
    let list = [assignment("ABA", "cm2", "stand_in", "2026-01-20T09:00:00-05:00", None)];
    let book = RecordBook::new(records(&list));
    let care = |days: &[&str]| -> CareDays {
        days.iter().map(|day| (token("cm2"), ServiceDate::parse(day).expect("a date"))).collect()
    };
    for (day, days, warned) in [
        ("2026-01-25", vec![], false),
        ("2026-02-10", vec![], true),
        ("2026-02-10", vec!["2026-01-31"], false),
        ("2026-03-10", vec!["2026-01-31", "2026-03-01"], true),
    ] {
        let facts = encounter(&json!({ "date_of_service": day }));
        let standing = resolve(&book, &facts, &[RenderingSource::Assignment], &care(&days)).expect("records");
        assert_eq!(
            standing.conditions.contains(&token("assignment.stand_in_no_monthly_care")),
            warned,
            "{day} {days:?}"
        );
        assert_eq!(standing.rendering.map(|by| by.provider_id), Some(token("cm2")), "the stand-in renders");
    }
}

#[test]
fn it_holds_while_an_enrolment_is_pending_and_pays_once_it_is_approved() {
    let enrolment = |payer: &str, status: &str, from: &str, to: Option<&str>| {
        ("staff", json!({ "kind": "enrolment", "payer_id": payer, "status": status, "from": from, "to": to }))
    };
    for (list, expected) in [
        (vec![enrolment("payer", "approved", "2026-01-01", None)], "enrolment.approved"),
        (vec![enrolment("payer", "pending", "2026-01-01", None)], "enrolment.pending"),
        (vec![enrolment("payer", "applied", "2026-03-10", None)], "enrolment.pending"),
        (vec![enrolment("payer", "approved", "2026-01-01", Some("2026-03-10"))], "enrolment.ended"),
        (vec![enrolment("payer", "approved", "2026-01-01", Some("2026-03-11"))], "enrolment.approved"),
        (vec![enrolment("other", "approved", "2026-01-01", None)], "enrolment.missing"),
        (vec![enrolment("payer", "denied", "2026-01-01", None)], "enrolment.missing"),
        (vec![("c1", coverage(1, "payer", "commercial", "2026-01-01", None))], "enrolment.unknown"),
    ] {
        assert_conditions(&list, &json!({}), "enrolment", &[expected]);
    }
    let cm = [
        assignment("ABA", "cm1", "primary", "2026-01-01T09:00:00-05:00", None),
        ("cm1", enrolment("payer", "pending", "2026-01-01", None).1),
        enrolment("payer", "approved", "2026-01-01", None),
    ];
    let of = |sources: &[RenderingSource]| standing_of(&cm, &json!({}), sources).conditions;
    assert!(of(&[RenderingSource::Assignment]).contains(&token("enrolment.pending")), "the name on the claim counts");
    assert!(of(&[RenderingSource::SessionStaff]).contains(&token("enrolment.approved")));
}

#[test]
fn it_judges_licences_by_state_and_date() {
    let licence = |state: Option<&str>, to: Option<&str>| {
        (
            "staff",
            json!({ "kind": "credential", "credential_kind": "license", "code": "RN", "state": state, "from": "2020-01-01", "to": to }),
        )
    };
    let home =
        |state: &str| ("c1", json!({ "kind": "residence", "state": state, "from": "2020-01-01", "region": "west" }));
    for (list, expected) in [
        (vec![home("MI"), licence(Some("MI"), None)], "licence.active"),
        (vec![home("MI"), licence(Some("OH"), None)], "licence.other_state"),
        (vec![home("MI"), licence(Some("MI"), Some("2026-03-10"))], "licence.ended"),
        (vec![home("MI"), licence(Some("MI"), Some("2026-03-11"))], "licence.active"),
        (vec![home("MI"), licence(None, None)], "licence.active"),
        (vec![licence(Some("OH"), None)], "licence.active"),
        (vec![home("MI")], "licence.unknown"),
    ] {
        assert_conditions(&list, &json!({}), "licence", &[expected]);
    }
    let certified = |state: &str| {
        (
            "staff",
            json!({ "kind": "credential", "credential_kind": "certification", "code": "CCM", "state": "CA", "from": "2020-01-01", "experience_months": 11, "experience_months_min": 12, "to": state }),
        )
    };
    let standing = standing_of(&[home("CA"), certified("2027-01-01")], &json!({}), &[]);
    assert!(
        standing.conditions.contains(&token("certification.CCM")) && standing.conditions.contains(&token("state.CA"))
    );
    assert!(standing.conditions.contains(&token("provider.experience_short")), "11 months of 12");
    assert!(
        !standing_of(&[home("MA"), certified("2027-01-01")], &json!({}), &[])
            .conditions
            .contains(&token("certification.CCM"))
    );
    assert_eq!(standing.region, Some(token("west")));
}

#[test]
fn it_checks_identifiers_employers_and_scope() {
    let person = |over: Value| {
        let mut body = json!({ "kind": "practitioner", "npi": "1234567893" });
        body.as_object_mut().expect("an object").extend(over.as_object().expect("an object").clone());
        ("staff", body)
    };
    let part = ("e1", json!({ "kind": "component", "component": "assessment", "minutes": 20 }));
    for (list, expected) in [
        (vec![person(json!({}))], vec![]),
        (vec![person(json!({ "npi": "1234567890" }))], vec!["provider.npi_invalid"]),
        (vec![person(json!({ "npi": null }))], vec!["provider.npi_missing"]),
        (vec![person(json!({ "taxonomy": "163WC0400" }))], vec!["provider.taxonomy_invalid"]),
        (vec![person(json!({ "scope": ["monitoring"] })), part.clone()], vec!["provider.scope_outside"]),
        (vec![person(json!({ "scope": ["assessment"] })), part], vec![]),
    ] {
        assert_conditions(&list, &json!({}), "provider", &expected);
    }
    assert_conditions(&[person(json!({ "employer": "insurer" }))], &json!({}), "employer", &["employer.insurer"]);
    let practice = ("practice", json!({ "kind": "practice", "npi": "1", "tin": "12-3456789" }));
    assert_conditions(&[practice], &json!({}), "practice", &["practice.npi_invalid", "practice.tin_invalid"]);
}

#[test]
fn it_sees_what_proves_the_work_on_its_day() {
    let plan = |over: Value| {
        let mut body = json!({ "kind": "care_plan", "service_line": "ABA", "from": "2026-01-01", "approved_by": "doctor", "approved_on": "2026-01-05",
            "goals": [{ "goal_id": "g1", "has_objective": true, "from": "2026-01-01", "to": "2026-04-01" }], "interventions": ["follow_up"] });
        body.as_object_mut().expect("an object").extend(over.as_object().expect("an object").clone());
        ("c1", body)
    };
    let all = ["care_plan.active", "care_plan.approved", "care_plan.goal"];
    assert_conditions(&[plan(json!({}))], &json!({}), "care_plan", &all);
    assert_conditions(
        &[plan(json!({ "approved_on": "2026-03-11" }))],
        &json!({}),
        "care_plan",
        &["care_plan.active", "care_plan.goal"],
    );
    assert_conditions(&[plan(json!({}))], &json!({ "date_of_service": "2026-04-01" }), "care_plan", &all[..2]);
    assert_conditions(&[plan(json!({ "service_line": "ST" }))], &json!({}), "care_plan", &["care_plan.unknown"]);
    assert_conditions(
        &[plan(json!({ "approved_by": "staff" }))],
        &json!({}),
        "rendering",
        &["rendering.is_supervising"],
    );
    assert_conditions(
        &[plan(json!({})), ("e1", json!({ "kind": "goal", "goal_id": "g1" }))],
        &json!({ "service": "follow_up" }),
        "plan",
        &["plan.goal_linked"],
    );
    assert_conditions(&[plan(json!({}))], &json!({ "service": "transport" }), "plan", &["plan.service_outside"]);
    let signed = |by: &str| ("e1", json!({ "kind": "signature", "signed_by": by, "on": "2026-03-12" }));
    assert_conditions(&[signed("staff")], &json!({}), "signature", &["signature.present"]);
    assert_conditions(&[signed("clerk")], &json!({}), "signature", &["signature.other", "signature.present"]);
    assert_conditions(&[("e1", json!({ "kind": "signature" }))], &json!({}), "signature", &["signature.missing"]);
    let document = ("c1", json!({ "kind": "document", "category": "consent", "from": "2026-03-10" }));
    assert!(standing_of(std::slice::from_ref(&document), &json!({}), &[]).conditions.contains(&token("consent")));
    assert!(
        !standing_of(&[document, plan(json!({}))], &json!({ "date_of_service": "2026-03-09" }), &[])
            .conditions
            .contains(&token("consent"))
    );
}

#[test]
fn it_finds_days_that_rules_measure_from() {
    let stay = |from: &str, to: Option<&str>| {
        ("c1", json!({ "kind": "stay", "stay_kind": "inpatient", "from": from, "to": to }))
    };
    let contact = |on: &str| ("c1", json!({ "kind": "contact", "on": on }));
    let list =
        [stay("2026-02-20", Some("2026-03-05")), contact("2026-03-01"), contact("2026-03-06"), contact("2026-03-09")];
    let day = |standing: &Standing, kind: &str| standing.dates.get(&token(kind)).map(ToString::to_string);
    let standing = standing_of(&list, &json!({}), &[]);
    assert_eq!(day(&standing, "discharge").as_deref(), Some("2026-03-05"));
    assert_eq!(day(&standing, "contact").as_deref(), Some("2026-03-06"), "the first after the discharge");
    assert_conditions(&[stay("2026-03-10", None)], &json!({}), "stay", &["stay.inpatient"]);
    assert_conditions(&[stay("2026-03-01", Some("2026-03-10"))], &json!({}), "stay", &[]);
}
