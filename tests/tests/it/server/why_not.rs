//! What would have made a recorded decision billable, as a shipped policy answers it.

use serde_json::{Value, json};

use crate::server::harness::Bench;
use crate::shipped::policy;

async fn activate(bench: &Bench) {
    let answer = bench.send("POST", "/v1/policies", &[], policy("bcbsm-2.0.0")).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let body = json!({
        "message": "a test", "payer_id": "bcbsm", "policy": answer.json()["digest"], "dos_from": "2022-01-01",
        "terms": {"rates": [{"procedure_code": "G9002", "from": "2022-01-01", "cents": 5_500}]},
    });
    assert_eq!(bench.post("/v1/activations", &body).await.status, 201);
}

fn encounter(id: &str, shown: &[&str]) -> Value {
    json!({
        "encounter_id": id, "client_id": id, "payer_id": "bcbsm", "date_of_service": "2024-05-15",
        "procedure_code": "G9002", "minutes": 30, "rendering_provider_id": "p1", "rendering_provider_role": "RN",
        "billing_provider_id": "b1", "phase": "implementation", "mode": "in_person", "supporting_info": shown,
    })
}

async fn decide(bench: &Bench, id: &str, shown: &[&str]) -> Value {
    let encounter = encounter(id, shown);
    bench.post("/v1/decisions", &json!({ "encounter": encounter })).await.json()
}

pub(crate) async fn it_names_what_is_missing_and_what_follows(bench: &Bench) {
    activate(bench).await;
    let ask = |record: &Value| format!("/v1/decisions/{}/why-not", record["decision_id"].as_str().expect("an id"));
    let refused = decide(bench, "e1", &["contact_documented", "group_participates"]).await;
    assert_eq!(refused["outcome"], "incomplete", "{refused}");
    let told = bench.get(&ask(&refused)).await.json();
    assert_eq!(told["ways"][0]["sentences"], json!(["document `care_plan`"]), "{told}");
    let follows = &told["ways"][0]["decision"];
    assert_eq!(
        (&follows["outcome"], &follows["lines"][0]["amount_cents"], &follows["lines"][0]["units"]),
        (&json!("billable"), &json!(5_500), &json!(1)),
        "{told}"
    );
    let with = decide(bench, "e1", &["care_plan", "contact_documented", "group_participates"]).await;
    assert_eq!(with["outcome"], "billable", "adding it makes the same request billable: {with}");
    assert_eq!(bench.get(&ask(&with)).await.json()["ways"], json!([]));
    assert_eq!(bench.get("/v1/decisions/none/why-not").await.problem().1, "not_found");
}

pub(crate) async fn it_tells_the_ways_out_with_the_refusal(bench: &Bench) {
    activate(bench).await;
    let lacking = ["contact_documented", "group_participates"];
    let asked = json!({ "encounter": encounter("e1", &lacking), "why_not": true });
    let refused = bench.post("/v1/decisions", &asked).await.json();
    let id = refused["decision_id"].as_str().expect("an id");
    let recorded = bench.get(&format!("/v1/decisions/{id}")).await.json();
    let asked_later = bench.get(&format!("/v1/decisions/{id}/why-not")).await.json();
    assert_eq!(refused["why_not"], asked_later["ways"], "the field says what the resource says");
    assert_eq!(refused["why_not"][0]["sentences"], json!(["document `care_plan`"]), "{refused}");
    assert_eq!(recorded.get("why_not"), None, "it is no part of the record");
    let mut without = refused.clone();
    without.as_object_mut().expect("an object").remove("why_not");
    assert_eq!(without, recorded);
    let dry = json!({ "encounter": encounter("e1", &lacking), "why_not": true, "dry_run": true });
    assert_eq!(bench.post("/v1/decisions", &dry).await.json()["why_not"], refused["why_not"]);
    let whole = ["care_plan", "contact_documented", "group_participates"];
    let good = json!({ "encounter": encounter("e2", &whole), "why_not": true });
    assert_eq!(bench.post("/v1/decisions", &good).await.json().get("why_not"), None, "nothing to tell");
    let key = [("idempotency-key", "k")];
    let body = json!({ "encounter": encounter("e3", &lacking), "why_not": true }).to_string();
    let first = bench.send("POST", "/v1/decisions", &key, body.clone()).await.json();
    assert_eq!(bench.send("POST", "/v1/decisions", &key, body).await.json(), first, "the same answer again");
}

pub(crate) async fn it_tells_no_way_out_that_counts_nothing_of_its_own_batch(bench: &Bench) {
    activate(bench).await;
    let whole = ["care_plan", "contact_documented", "group_participates"];
    let line = |id: &str, is_dry: bool| {
        let mut facts = encounter(id, &whole);
        facts["client_id"] = json!("c1");
        format!("{}\n", json!({ "encounter": facts, "why_not": true, "dry_run": is_dry }))
    };
    let answer = async |is_dry: bool| {
        let body = line("b1", is_dry) + &line("b2", is_dry);
        let answer = bench.send("POST", "/v1/decisions/batch", &[], body).await;
        let lines = answer.text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        lines.map(|line| line["decision"].clone()).collect::<Vec<_>>()
    };
    let dry = answer(true).await;
    assert_eq!((&dry[0]["outcome"], &dry[1]["outcome"]), (&json!("billable"), &json!("not_billable")), "{dry:?}");
    assert_eq!(dry[1]["why_not"], json!(null), "what was not recorded cannot be counted again");
    assert!(dry[1].get("why_not").is_some());
    let recorded = answer(false).await;
    assert_eq!(recorded[1]["outcome"], "not_billable", "{recorded:?}");
    assert!(recorded[1]["why_not"].is_array(), "{recorded:?}");
}
