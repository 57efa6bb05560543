//! Conditional requests about one encounter: nobody overwrites what they have not seen, and nobody is sent what they have.

use axum::body::Body;

use crate::server::harness::{Bench, encounter};

pub(crate) async fn it_writes_only_what_is_as_the_caller_saw_it(bench: &Bench) {
    let mut facts = encounter("e1", "c1", "2026-03-01");
    let put = async |name: &str, value: &str, minutes: i64| {
        let mut facts = encounter("e1", "c1", "2026-03-01");
        facts["minutes"] = minutes.into();
        let answer = bench.send("PUT", "/v1/encounters/e1", &[(name, value)], facts.to_string()).await;
        let tag = answer.headers.get("etag").map(|tag| tag.to_str().expect("a text").to_owned());
        (answer.status.as_u16(), tag)
    };
    assert_eq!(put("If-Match", "*", 30).await, (412, None), "there is none yet");
    assert_eq!(put("If-None-Match", "*", 30).await, (201, Some("\"1\"".to_owned())));
    assert_eq!(put("If-None-Match", "*", 31).await, (412, None), "now there is one");
    assert_eq!(put("If-Match", "\"1\"", 31).await, (200, Some("\"2\"".to_owned())));
    assert_eq!(put("If-Match", "\"1\"", 32).await, (412, None), "it was changed since");
    assert_eq!(put("If-Match", "\"1\", \"2\"", 32).await, (200, Some("\"3\"".to_owned())));
    facts["minutes"] = 32.into();
    assert_eq!(bench.get("/v1/encounters/e1").await.json()["minutes"], 32);
    let told = bench.send("PUT", "/v1/encounters/e1", &[("If-Match", "\"9\"")], facts.to_string()).await;
    let (status, code, _) = told.problem();
    assert_eq!((status, code.as_str()), (412, "precondition_failed"));
    assert!(told.text.contains("stands at revision 3"), "{}", told.text);
    let unread = bench.send("PUT", "/v1/encounters/e1", &[("If-Match", "3")], facts.to_string()).await;
    assert_eq!(unread.problem(), (400, "invalid_parameter".to_owned(), vec!["header.If-Match".to_owned()]));
}

pub(crate) async fn it_takes_out_only_what_is_as_the_caller_saw_it(bench: &Bench) {
    bench.put("/v1/encounters/e1", &encounter("e1", "c1", "2026-03-01")).await;
    let reason = "{\"reason\":\"entered twice\"}";
    let refused = bench.send("DELETE", "/v1/encounters/e1", &[("If-Match", "\"2\"")], reason).await;
    assert_eq!(refused.status, 412, "{}", refused.text);
    assert_eq!(bench.get("/v1/encounters/e1").await.status, 200);
    let taken = bench.send("DELETE", "/v1/encounters/e1", &[("If-Match", "\"1\"")], reason).await;
    assert_eq!(taken.status, 200, "{}", taken.text);
}

pub(crate) async fn it_sends_nothing_that_the_caller_has(bench: &Bench) {
    bench.put("/v1/encounters/e1", &encounter("e1", "c1", "2026-03-01")).await;
    let ask = async |name: &str, value: &str| {
        let answer = bench.send("GET", "/v1/encounters/e1", &[(name, value)], Body::empty()).await;
        (answer.status.as_u16(), answer.text.is_empty())
    };
    assert_eq!(ask("If-None-Match", "\"1\"").await, (304, true));
    assert_eq!(ask("If-None-Match", "\"0\"").await, (200, false));
    assert_eq!(ask("If-Match", "\"0\"").await, (412, false));
}

pub(crate) async fn it_refuses_conditions_where_they_decide_nothing(bench: &Bench) {
    let body = serde_json::json!({ "encounter": encounter("e1", "c1", "2026-03-01") });
    let answer = bench.send("POST", "/v1/decisions", &[("If-Match", "\"1\"")], body.to_string()).await;
    assert_eq!(answer.problem(), (400, "invalid_parameter".to_owned(), vec!["header.If-Match".to_owned()]));
    assert_eq!(bench.get("/v1/encounters/e1").await.status, 404);
}
