//! Records that histories file: what they are about and what they say. Says nothing of what they mean.

#![expect(clippy::indexing_slicing, reason = "the bodies are objects that this file makes")]

use serde_json::{Value, json};

use crate::simulation::chance::Chance;
use crate::simulation::visit::{client_id, day, encounter_id, practice_id, provider_id};

/// Records that there may be.
pub const RECORDS: u8 = 12;

/// Days at which records begin and end.
const DAYS_OF_RECORDS: [u8; 7] = [0, 4, 5, 18, 31, 35, 61];
/// Identifiers of which only the first keeps its check digit.
const NPIS: [&str; 2] = ["1234567893", "1234567890"];

/// What a record is about, and its body.
pub fn paper(chance: &mut Chance) -> (String, Value) {
    let client = if chance.one_in(2) { client_id(1) } else { client_id(chance.between(1, 3)) };
    let encounter = encounter_id(chance.below(22));
    let provider = provider_id(chance.between(1, 3));
    let practice = practice_id(chance.between(1, 2));
    match chance.below(40) {
        0..=6 => (client, authorization(chance)),
        7..=11 => (client, coverage(chance)),
        12..=14 => (client, assignment(chance)),
        15..=16 => (client, stay(chance)),
        17..=18 => (client, document(chance)),
        19 => (client, care_plan(chance)),
        20 => (client, one_day(chance)),
        21 => (client, program(chance)),
        22 => (client, residence(chance)),
        23 => (client, accumulated(chance)),
        24..=25 => (provider, practitioner(chance)),
        26..=27 => (provider, enrolment(chance)),
        28 => (provider, credential(chance)),
        29 => (practice, network(chance)),
        30 => (encounter, signature(chance)),
        31..=32 => (encounter, component(chance)),
        33..=38 => (encounter, claim(chance)),
        _ => (encounter, of_encounter(chance)),
    }
}

/// A span of days: `from`, and most often `to`.
fn span(chance: &mut Chance) -> (Value, Value) {
    let from = chance.pick(&DAYS_OF_RECORDS);
    let to = chance.pick(&DAYS_OF_RECORDS);
    let to = chance.but_for(3, to).filter(|to| *to > from).map(day);
    (json!(day(from)), json!(to))
}

fn payer(chance: &mut Chance) -> &'static str {
    chance.pick(&["river", "river", "river", "hill", "bcbsm", "medicare"])
}

fn authorization(chance: &mut Chance) -> Value {
    let (from, to) = span(chance);
    let codes: &[&str] = chance.pick(&[&["T1016"][..], &["T1017"], &["T1016", "T1017"]]);
    let units = chance.between(1, 8);
    let status = chance.pick(&["approved", "approved", "approved", "partial", "pended", "denied"]);
    let mut body = json!({"kind": "authorization", "payer_id": payer(chance), "status": status, "procedure_codes": codes, "units": units, "from": from, "to": to});
    if chance.one_in(3) {
        let mut team = serde_json::Map::new();
        team.insert(day(chance.pick(&DAYS_OF_RECORDS)).to_string(), json!(provider_id(chance.between(1, 3))));
        body["rendering_from"] = Value::Object(team);
    }
    if chance.one_in(5) {
        body["requester"] = json!("family");
        body["level_of_care"] = json!("high");
    }
    body
}

fn coverage(chance: &mut Chance) -> Value {
    let (from, to) = span(chance);
    let kind = chance.pick(&["commercial", "commercial", "medicaid", "medicare_b", "self_pay"]);
    let mut body = json!({"kind": "coverage", "payer_id": payer(chance), "coverage_kind": kind, "order": chance.between(1, 2), "from": from, "to": to});
    if chance.one_in(2) {
        body["deductible_cents"] = json!(chance.pick(&[1_000_i64, 2_500]));
    }
    if chance.one_in(2) {
        body["copay_cents"] = json!(500);
    }
    if chance.one_in(3) {
        body["coinsurance_basis_points"] = json!(2_000);
    }
    if chance.one_in(2) {
        body["annual_maximum_cents"] = json!(chance.pick(&[2_000_i64, 4_000]));
    }
    if chance.one_in(3) {
        body["lifetime_maximum_cents"] = json!(chance.pick(&[3_000_i64, 7_000]));
    }
    if chance.one_in(6) {
        body["excluded_codes"] = json!(["G9002"]);
    }
    if chance.one_in(8) {
        body["capitated"] = json!(true);
    }
    body
}

/// An instant on a day of records.
fn instant(chance: &mut Chance) -> String {
    format!("{}T0{}:00:00-05:00", day(chance.pick(&DAYS_OF_RECORDS)), chance.between(1, 9))
}

fn assignment(chance: &mut Chance) -> Value {
    if chance.one_in(6) {
        return json!({"kind": "first_appointment", "service_line": "ABA", "at": instant(chance)});
    }
    let role = if chance.one_in(3) { "stand_in" } else { "primary" };
    let start = instant(chance);
    let end = instant(chance);
    let end = chance.but_for(2, end).filter(|end| *end > start);
    json!({"kind": "assignment", "service_line": "ABA", "provider_id": provider_id(chance.between(1, 3)), "role": role, "start_at": start, "end_at": end})
}

fn stay(chance: &mut Chance) -> Value {
    let (from, to) = span(chance);
    if chance.one_in(4) {
        return json!({"kind": "episode", "payer_id": payer(chance), "from": from, "to": to});
    }
    json!({"kind": "stay", "stay_kind": chance.pick(&["inpatient", "skilled_nursing", "home_health"]), "from": from, "to": to})
}

fn document(chance: &mut Chance) -> Value {
    let (from, to) = span(chance);
    let category = chance.pick(&["consent", "consent", "care_plan", "repeat_service"]);
    let encounter = chance.one_in(4).then(|| encounter_id(chance.below(22)));
    json!({"kind": "document", "category": category, "from": from, "to": to, "encounter_id": encounter})
}

fn care_plan(chance: &mut Chance) -> Value {
    let (from, to) = span(chance);
    let mut body = json!({"kind": "care_plan", "from": from, "to": to});
    if chance.one_in(2) {
        body["approved_by"] = json!(provider_id(chance.between(1, 3)));
        body["approved_on"] = json!(day(chance.pick(&DAYS_OF_RECORDS)));
    }
    if chance.one_in(2) {
        body["goals"] =
            json!([{"goal_id": "walk", "has_objective": chance.one_in(2), "from": body["from"], "to": body["to"]}]);
    }
    if chance.one_in(3) {
        body["interventions"] = json!(["planning"]);
    }
    if chance.one_in(3) {
        body["service_line"] = json!("ABA");
    }
    body
}

fn one_day(chance: &mut Chance) -> Value {
    let on = day(chance.pick(&DAYS_OF_RECORDS));
    match chance.below(4) {
        0 => json!({"kind": "assessment", "on": on, "can_self_manage": chance.one_in(2)}),
        1 => json!({"kind": "contact", "on": on, "initiating_visit": chance.one_in(2)}),
        2 => json!({"kind": "collaboration", "on": on, "with_role": "MD"}),
        _ => json!({"kind": "order", "ordered_by": provider_id(chance.between(1, 3)), "from": on}),
    }
}

fn program(chance: &mut Chance) -> Value {
    let (from, to) = span(chance);
    json!({"kind": "program", "payer_id": payer(chance), "program": "attributed", "from": from, "to": to})
}

fn residence(chance: &mut Chance) -> Value {
    let (from, to) = span(chance);
    json!({"kind": "residence", "state": chance.pick(&["MI", "OH"]), "from": from, "to": to})
}

fn accumulated(chance: &mut Chance) -> Value {
    let on = day(chance.pick(&DAYS_OF_RECORDS));
    let against = chance.pick(&["paid", "deductible", "lifetime", "annual"]);
    json!({"kind": "accumulated", "payer_id": payer(chance), "against": against, "on": on, "cents": 1_000})
}

fn practitioner(chance: &mut Chance) -> Value {
    if chance.one_in(4) {
        return json!({"kind": "absence", "from": day(4), "to": day(35), "reason": "vacation"});
    }
    let npi = chance.pick(&NPIS);
    let npi = chance.but_for(4, npi);
    let scope: &[&str] = chance.pick(&[&[][..], &["planning"], &["planning", "documentation"]]);
    let employer = chance.pick(&["agency", "agency", "hospital"]);
    json!({"kind": "practitioner", "npi": npi, "scope": scope, "employer": employer})
}

fn enrolment(chance: &mut Chance) -> Value {
    let (from, to) = span(chance);
    let status = chance.pick(&["applied", "pending", "approved", "approved", "denied", "terminated"]);
    let plan = chance.one_in(4).then_some("gold");
    json!({"kind": "enrolment", "payer_id": payer(chance), "plan_id": plan, "status": status, "from": from, "to": to})
}

fn credential(chance: &mut Chance) -> Value {
    let (from, to) = span(chance);
    let state = chance.one_in(2).then_some("MI");
    json!({"kind": "credential", "credential_kind": "license", "code": "RN", "state": state, "from": from, "to": to})
}

fn network(chance: &mut Chance) -> Value {
    let (from, to) = span(chance);
    if chance.one_in(2) {
        return json!({"kind": "practice", "npi": chance.pick(&NPIS), "tin": chance.pick(&["123456789", "12345"])});
    }
    json!({"kind": "network", "payer_id": payer(chance), "status": chance.pick(&["in", "out", "carve_out"]), "from": from, "to": to})
}

fn signature(chance: &mut Chance) -> Value {
    if chance.one_in(2) {
        return json!({"kind": "signature"});
    }
    json!({"kind": "signature", "signed_by": provider_id(chance.between(1, 3)), "on": day(chance.pick(&DAYS_OF_RECORDS))})
}

fn component(chance: &mut Chance) -> Value {
    let component = chance.pick(&["planning", "coordination", "documentation"]);
    json!({"kind": "component", "component": component, "minutes": chance.pick(&[5_u8, 15, 30, 45])})
}

fn claim(chance: &mut Chance) -> Value {
    let mut body = json!({"kind": "claim", "charge_cents": chance.pick(&[1_500_i64, 4_000, 9_000])});
    if !chance.one_in(4) {
        body["frequency"] = json!(chance.pick(&["1", "1", "7", "7", "8"]));
        let number = chance.pick(&["P1", "P1", "P2"]);
        body["payer_claim_number"] = json!(chance.but_for(4, number));
    }
    body
}

fn of_encounter(chance: &mut Chance) -> Value {
    match chance.below(4) {
        0 => json!({"kind": "level_of_care", "level": chance.pick(&["high", "low"])}),
        1 => json!({"kind": "goal", "goal_id": chance.pick(&["walk", "talk"])}),
        2 => {
            json!({"kind": "prior_answer", "payer_id": payer(chance), "on": day(40), "allowed_cents": 3_000, "paid_cents": chance.pick(&[0_i64, 1_200])})
        }
        _ => {
            json!({"kind": "necessity", "reasonable": true, "accepted_standard": true, "not_for_convenience": chance.one_in(2), "least_costly": true})
        }
    }
}
