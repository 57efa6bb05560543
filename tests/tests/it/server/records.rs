//! What an agency's records do to decisions: coverage, case managers, enrolment, authorizations, proof, payment.

use adjudica_core::Token;
use axum::body::Body;
use serde_json::{Value, json};

use crate::server::harness::{Bench, encounter};
use crate::shipped;

const POLICY: &str = r#"
[policy]
id = "acme"
version = "1.0.0"
title = "A payer of the tests"
payers = ["acme"]
currency = "USD"
in_force = [{ from = 2020-01-01 }]

[[source]]
id = "manual"
title = "Manual of the tests"
confidence = "high"

[unknown_code]
id = "code.unknown"
source = "manual"

[[code]]
id = "follow-up"
code = "G9002"
roles = "any"
source = "manual"

[[code]]
id = "coordination"
code = "99487"
roles = "any"
source = "manual"

[[rate]]
id = "rates"
codes = ["G9002", "99487"]
terms = true
source = "manual"

[[limit]]
id = "two-a-month"
codes = ["99487"]
max = 2
window = "calendar_month"
source = "manual"

[[authorization]]
id = "authorized"
codes = ["G9002"]
when = { modes = ["video"] }
source = "manual"

[[require]]
id = "covered"
info = "coverage.ended"
absent = true
effect = "not_billable"
denial = { carc = "27", group = "PR", rarc = ["N30"] }
source = "manual"

[[require]]
id = "first-payer"
info = "coverage.other_payer_first"
absent = true
effect = "incomplete"
source = "manual"

[[require]]
id = "enrolled"
info = "enrolment.pending"
absent = true
effect = "incomplete"
source = "manual"

[[require]]
id = "consent"
info = "consent"
when = { modes = ["telephone"] }
source = "manual"
"#;

/// What another system writes by mistake.
const UNREADABLE: &str = "UPDATE record SET body = '{\"kind\":\"coverage\",\"order\":1}' WHERE record_id = 'cov'";

impl Bench {
    /// Lets the policy of these tests answer, with terms that look for the rendering provider among `sources`.
    async fn with_policy(&self, sources: &[&str]) {
        let answer = self.send("POST", "/v1/policies", &[], shipped::build(POLICY, "review")).await;
        assert!(answer.status.is_success(), "{}", answer.text);
        let digest = answer.json()["digest"].as_str().expect("a digest").to_owned();
        let rate = |code: &str| json!({ "procedure_code": code, "from": "2020-01-01", "cents": 10_000 });
        let terms = json!({ "rates": [rate("G9002"), rate("99487")], "rendering_sources": sources });
        let body = json!({ "message": "a test", "payer_id": "acme", "policy": digest, "terms": terms, "dos_from": "2020-01-01", "replace": "cut" });
        let answer = self.post("/v1/activations", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
    }

    async fn records(&self, list: &[(&str, &str, Value)]) {
        let named = |(id, subject_id, body): &(&str, &str, Value)| json!({ "record_id": id, "subject_id": subject_id, "body": body });
        let records: Vec<Value> = list.iter().map(named).collect();
        let answer = self.put("/v1/records", &json!({ "records": records })).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    /// Stores an encounter, `over` laid over a good one, and decides it.
    async fn decided(&self, id: &str, client: &str, day: &str, over: Value) -> Value {
        let mut facts = encounter(id, client, day);
        facts.as_object_mut().expect("an object").extend(over.as_object().expect("an object").clone());
        let answer = self.put(&format!("/v1/encounters/{id}"), &facts).await;
        assert!(answer.status.is_success(), "{}", answer.text);
        let answer = self.post("/v1/decisions", &json!({ "encounter_id": id })).await;
        assert!(answer.status.is_success(), "{}", answer.text);
        answer.json()
    }

    /// Lets the worker decide what waits; gives back how many that were.
    async fn work(&self) -> u64 {
        self.app.host.service.decisions.decide_undecided(32, &|_| ()).await.expect("a tally").decided
    }

    async fn latest(&self, encounter: &str) -> Value {
        let page = self.get(&format!("/v1/decisions?encounter={encounter}&limit=100")).await.json();
        let last = page["items"].as_array().and_then(|items| items.last()).expect("a decision").clone();
        self.get(&format!("/v1/decisions/{}", last["decision_id"].as_str().expect("an id"))).await.json()
    }

    async fn replays(&self, record: &Value) {
        let path = format!("/v1/decisions/{}/replay", record["decision_id"].as_str().expect("an id"));
        let replay = self.post(&path, &Value::Null).await;
        assert_eq!(replay.json()["identical"], true, "{}", replay.text);
    }
}

fn coverage(order: u32, payer: &str, to: Option<&str>) -> Value {
    json!({ "kind": "coverage", "payer_id": payer, "coverage_kind": "commercial", "order": order, "from": "2026-01-01", "to": to })
}

fn failed(record: &Value) -> Vec<&str> {
    let findings = record["findings"].as_array().expect("findings").iter();
    findings
        .filter(|finding| finding["verdict"] == "failed")
        .filter_map(|finding| finding["rule_id"].as_str())
        .collect()
}

pub(crate) async fn it_keeps_records_and_their_versions(bench: &Bench) {
    bench.records(&[("cov", "c1", coverage(1, "acme", None))]).await;
    let ended = json!({ "records": [{ "record_id": "cov", "subject_id": "c1", "body": coverage(1, "acme", Some("2026-03-01")) }] });
    let answer = bench.send("PUT", "/v1/records", &[("adjudica-actor", "clerk")], ended.to_string()).await;
    assert_eq!(answer.json(), json!({ "inserted": 0, "updated": 1, "unchanged": 0 }), "{}", answer.text);
    let stored = bench.get("/v1/records/cov").await.json();
    assert_eq!(
        (&stored["version"], &stored["body"]["to"], &stored["written_by"]),
        (&json!(2), &json!("2026-03-01"), &json!("clerk"))
    );
    let listed = bench.get("/v1/records?subject=client&subject_id=c1").await.json();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(bench.send("DELETE", "/v1/records/cov", &[], Body::empty()).await.status, 204);
    assert_eq!(bench.get("/v1/records/cov").await.status, 404);
    let versions = bench.get("/v1/records/cov/versions").await.json();
    let told: Vec<_> = versions["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| item["operation"].as_str().expect("a word"))
        .collect();
    assert_eq!(told, ["insert", "update", "delete"], "who wrote what stays");
}

pub(crate) async fn it_names_every_fault_of_records_and_keeps_none(bench: &Bench) {
    let bad = json!({ "records": [
        { "record_id": "a b", "subject_id": "c1", "body": coverage(0, "acme", Some("2025-01-01")) },
        { "record_id": "ok", "subject_id": "c1", "body": { "kind": "coverages" } },
        { "record_id": "no", "body": { "kind": "goal", "goal_id": "g", "gaol": 1 } },
    ] });
    let (status, code, fields) = bench.put("/v1/records", &bad).await.problem();
    assert_eq!((status, code.as_str()), (422, "invalid_record"));
    let expected = [
        "records[0].record_id",
        "records[0].body",
        "records[0].body",
        "records[1].body.kind",
        "records[2].subject_id",
        "records[2].body.gaol",
    ];
    assert_eq!(fields, expected);
    let manager = |id: &str| json!({ "record_id": id, "subject_id": "c1", "body": { "kind": "assignment", "service_line": "ABA", "provider_id": id, "role": "primary", "start_at": "2026-01-01T09:00:00-05:00" } });
    let two = bench.put("/v1/records", &json!({ "records": [manager("m1"), manager("m2")] })).await;
    assert_eq!(two.problem().1, "invalid_record");
    assert_eq!(bench.get("/v1/records?subject=client&subject_id=c1").await.json(), json!({ "items": [] }));
    assert_eq!(bench.get("/v1/records?subject=patient").await.problem().2, ["query.subject", "query.subject_id"]);
}

pub(crate) async fn it_decides_again_when_coverage_ends_retroactively(bench: &Bench) {
    bench.with_policy(&[]).await;
    bench.records(&[("cov", "c1", coverage(1, "acme", None))]).await;
    let other = bench.decided("e2", "c1", "2026-02-02", json!({})).await;
    let before = bench.decided("e1", "c1", "2026-03-02", json!({})).await;
    assert_eq!(before["outcome"], "billable", "{before}");
    let path = format!("/v1/decisions/{}", before["decision_id"].as_str().expect("an id"));
    let answer = bench.get(&path).await;
    assert_eq!(answer.headers["decision-stale"], "false");
    bench.records(&[("cov", "c1", coverage(1, "acme", Some("2026-03-02")))]).await;
    assert_eq!(bench.get(&path).await.headers["decision-stale"], "true");
    assert_eq!(bench.get(&path).await.text, answer.text, "nothing recorded is changed");
    assert!(bench.work().await >= 1);
    let after = bench.latest("e1").await;
    assert_eq!((after["outcome"].as_str(), failed(&after)), (Some("not_billable"), vec!["covered"]));
    assert_eq!(after["supersedes"], before["decision_id"]);
    assert_eq!(after["findings"][0]["denial"], json!({ "carc": "27", "group": "PR", "rarc": ["N30"] }));
    assert_eq!(bench.latest("e2").await["outcome"], "billable", "the day before is covered");
    for record in [&before, &other, &after] {
        bench.replays(record).await;
    }
}

pub(crate) async fn it_holds_while_enrolment_is_pending_and_pays_when_it_is_approved_with_a_back_date(bench: &Bench) {
    bench.with_policy(&[]).await;
    let enrolment =
        |status: &str| json!({ "kind": "enrolment", "payer_id": "acme", "status": status, "from": "2026-01-01" });
    bench.records(&[("enr", "s1", enrolment("pending"))]).await;
    let held = bench.decided("e1", "c1", "2026-03-02", json!({})).await;
    assert_eq!((held["outcome"].as_str(), failed(&held)), (Some("incomplete"), vec!["enrolled"]), "held, not refused");
    bench.records(&[("enr", "s1", enrolment("approved"))]).await;
    bench.work().await;
    assert_eq!(bench.latest("e1").await["outcome"], "billable");
}

pub(crate) async fn it_names_a_missing_document_and_pays_once_it_is_on_file(bench: &Bench) {
    bench.with_policy(&[]).await;
    let missing = bench.decided("e1", "c1", "2026-03-02", json!({ "mode": "telephone" })).await;
    assert_eq!((missing["outcome"].as_str(), failed(&missing)), (Some("incomplete"), vec!["consent"]));
    assert_eq!(missing["findings"][0]["subject"], json!({ "kind": "document", "name": "consent" }));
    bench.records(&[("doc", "c1", json!({ "kind": "document", "category": "consent", "from": "2026-03-02" }))]).await;
    bench.work().await;
    assert_eq!(bench.latest("e1").await["outcome"], "billable");
}

pub(crate) async fn it_says_who_renders_and_from_where_that_is_known(bench: &Bench) {
    bench.with_policy(&["assignment", "session_staff"]).await;
    let line = json!({ "service_line": "ABA" });
    let assignment = json!({ "kind": "assignment", "service_line": "ABA", "provider_id": "manager", "role": "primary", "start_at": "2026-03-01T09:00:00-05:00" });
    bench.records(&[("m1", "c1", assignment)]).await;
    let rendering = |record: &Value| record["facts"]["standing"]["rendering"].clone();
    let early = bench.decided("e2", "c1", "2026-02-28", line.clone()).await;
    assert_eq!(rendering(&early), json!({ "provider_id": "s1", "source": "session_staff" }));
    let managed = bench.decided("e1", "c1", "2026-03-02", line.clone()).await;
    assert_eq!(rendering(&managed), json!({ "provider_id": "manager", "source": "assignment" }));
    let away = json!({ "kind": "absence", "from": "2026-03-01", "to": "2026-04-01", "reason": "vacation" });
    bench.records(&[("v1", "manager", away)]).await;
    assert_eq!(bench.work().await, 0, "an absence makes nothing stale");
    bench.with_policy(&["session_staff"]).await;
    let switched = bench.decided("e3", "c1", "2026-03-02", line).await;
    assert_eq!(
        rendering(&switched),
        json!({ "provider_id": "s1", "source": "session_staff" }),
        "the terms' switch alone"
    );
}

pub(crate) async fn it_lets_exactly_one_of_a_hundred_have_the_last_authorized_unit(bench: &Bench) {
    bench.with_policy(&[]).await;
    let authorization = json!({ "kind": "authorization", "payer_id": "acme", "status": "approved", "procedure_codes": ["G9002"], "units": 10, "from": "2026-01-01", "to": "2027-01-01" });
    bench.records(&[("pa", "c1", authorization)]).await;
    let ask = |host: &Bench, number: usize| {
        let mut facts = encounter(&format!("e{number}"), "c1", &format!("2026-03-{:02}", 1 + number % 28));
        facts["mode"] = json!("video");
        let router = host.app.router.clone();
        let body = json!({ "encounter": facts }).to_string();
        async move {
            let request = axum::http::Request::post("/v1/decisions").header("content-type", "application/json");
            let request = request.body(Body::from(body)).expect("a request");
            let answer = tower::ServiceExt::oneshot(router, request).await.expect("an answer");
            let status = answer.status().as_u16();
            let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await.expect("a body");
            (status, serde_json::from_slice::<Value>(&bytes).expect("JSON"))
        }
    };
    for number in 0..9 {
        assert_eq!(ask(bench, number).await.1["outcome"], "billable", "unit {number}");
    }
    let sibling = bench.sibling().await;
    let asked = (9..109).map(|number| ask(if number % 2 == 0 { bench } else { &sibling }, number));
    let answers = futures_util::future::join_all(asked).await;
    let count = |outcome: &str| answers.iter().filter(|(_, record)| record["outcome"] == outcome).count();
    // A request that lost against others too often is told to come again; it has spent nothing.
    let contended =
        answers.iter().filter(|(status, record)| *status != 201 && record["code"] == "ledger_contended").count();
    // Whoever stands before those that are billed takes the unit of the last of them, in one transaction.
    assert_eq!(count("billable") + count("not_billable") + contended, 100, "{:?}", answers.last());
    let spent = answers.iter().find(|(_, record)| record["outcome"] == "not_billable").expect("a refusal");
    assert_eq!(failed(&spent.1), ["authorized.spent"]);
    let ledger = bench.store.ledger_of(&token("default"), &token("c1"), None).await.expect("a ledger");
    let mut held = 0_i64;
    for entry in &ledger {
        let units = i64::from(entry.line.units.0);
        held += if entry.reverses_seq.is_some() { -units } else { units };
    }
    assert_eq!(held, 10, "no unit is spent twice");
    bench.app.host.service.decisions.decide_undecided(8, &|_| ()).await.expect("a tally");
    let mut billed = Vec::new();
    for number in 0..109 {
        let answer = bench.post("/v1/decisions", &json!({ "encounter_id": format!("e{number}") })).await;
        billed.extend((answer.json()["outcome"] == "billable").then(|| (1 + number % 28, format!("e{number}"))));
    }
    let mut first: Vec<_> = (0..109).map(|number| (1 + number % 28, format!("e{number}"))).collect();
    first.sort();
    billed.sort();
    assert_eq!(billed, first[..10], "the first by day and id");
    sibling.store.close().await;
}

fn token(text: &str) -> Token {
    Token::parse(text).expect("a name")
}

pub(crate) async fn it_divides_amounts_between_payers_and_patient(bench: &Bench) {
    bench.with_policy(&[]).await;
    let mut plan = coverage(1, "acme", None);
    plan["copay_cents"] = json!(1_500);
    plan["lifetime_maximum_cents"] = json!(500_000);
    let used =
        json!({ "kind": "accumulated", "payer_id": "acme", "against": "paid", "on": "2025-06-01", "cents": 490_000 });
    let claim = json!({ "kind": "claim", "charge_cents": 12_000 });
    bench.records(&[("cov", "c1", plan), ("used", "c1", used), ("claim", "e1", claim)]).await;
    let first = bench.decided("e1", "c1", "2026-03-02", json!({})).await;
    let adjustment = |group: &str, carc: &str, cents: i64| json!({ "group": group, "carc": carc, "cents": cents });
    let expected = json!({ "charge_cents": 12_000, "paid_cents": 8_500, "adjustments": [adjustment("CO", "45", 2_000), adjustment("PR", "3", 1_500)] });
    assert_eq!(first["lines"][0]["payment"], expected, "{first}");
    let second = bench.decided("e2", "c1", "2026-03-03", json!({})).await;
    let expected = json!({ "charge_cents": 10_000, "paid_cents": 1_500, "adjustments": [adjustment("PR", "3", 1_500), adjustment("PR", "35", 7_000)] });
    assert_eq!(second["lines"][0]["payment"], expected, "85.00 of the 100.00 left are paid already");
    bench.replays(&first).await;
    bench.replays(&second).await;
    bench.records(&[("cov1", "c2", coverage(1, "first", None)), ("cov2", "c2", coverage(2, "acme", None))]).await;
    let early = bench.decided("e3", "c2", "2026-03-02", json!({})).await;
    assert_eq!((early["outcome"].as_str(), failed(&early)), (Some("incomplete"), vec!["first-payer"]));
    let answer = json!({ "kind": "prior_answer", "payer_id": "first", "on": "2026-04-01", "allowed_cents": 9_000, "paid_cents": 7_000 });
    bench.records(&[("ans", "e3", answer)]).await;
    bench.work().await;
    let late = bench.latest("e3").await;
    assert_eq!(
        late["lines"][0]["payment"]["paid_cents"], 3_000,
        "both pay no more than the higher allowed amount: {late}"
    );
}

pub(crate) async fn it_gives_the_same_payable_set_in_any_order(bench: &Bench) {
    bench.with_policy(&[]).await;
    let days = ["2026-03-02", "2026-03-05", "2026-03-09", "2026-03-20"];
    let orders = [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2], [3, 0, 2, 1], [2, 3, 1, 0]];
    for (round, order) in orders.iter().enumerate() {
        let client = format!("c{round}");
        for place in order {
            let (id, day) = (format!("r{round}e{place}"), days[*place]);
            bench.decided(&id, &client, day, json!({ "procedure_code": "99487" })).await;
        }
        while bench.work().await > 0 {}
        let mut outcomes = Vec::new();
        for place in 0..days.len() {
            outcomes
                .push(bench.latest(&format!("r{round}e{place}")).await["outcome"].as_str().expect("a word").to_owned());
        }
        assert_eq!(outcomes, ["billable", "billable", "not_billable", "not_billable"], "in the order {order:?}");
    }
}

pub(crate) async fn it_leaves_undetermined_what_rests_on_a_record_that_cannot_be_read(bench: &Bench) {
    bench.with_policy(&[]).await;
    bench.records(&[("cov", "c1", coverage(1, "acme", None))]).await;
    let mut other_system = bench.database.hold().await;
    other_system.write(UNREADABLE, UNREADABLE).await;
    other_system.release().await;
    let record = bench.decided("e1", "c1", "2026-03-02", json!({})).await;
    assert_eq!(record["outcome"], "undetermined", "never a refusal");
    assert_eq!(record["undetermined"]["code"], "record_unreadable");
    assert!(record["undetermined"]["message"].as_str().is_some_and(|message| message.contains("`cov`")), "{record}");
    bench.records(&[("cov", "c1", coverage(1, "acme", None))]).await;
    bench.work().await;
    assert_eq!(bench.latest("e1").await["outcome"], "billable", "mended, it is decided again");
}
