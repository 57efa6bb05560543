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

async fn decide(bench: &Bench, id: &str, shown: &[&str]) -> Value {
    let encounter = json!({
        "encounter_id": id, "client_id": id, "payer_id": "bcbsm", "date_of_service": "2024-05-15",
        "procedure_code": "G9002", "minutes": 30, "rendering_provider_id": "p1", "rendering_provider_role": "RN",
        "billing_provider_id": "b1", "phase": "implementation", "mode": "in_person", "supporting_info": shown,
    });
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
