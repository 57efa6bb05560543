//! Policies and activations: upload, activate, refuse overlaps, cut, roll back, follow other hosts.

use adjudica_core::{Digest, Token};
use adjudica_store::PolicyFile;
use serde_json::{Value, json};

use crate::server::guest::{GOOD, Guest, manifest, policy};
use crate::server::harness::{Bench, encounter};

const SECOND: Guest = Guest { version: "2.0.0", cents: 3_000, ..GOOD };

fn activation(policy: &str, from: &str, replace: &str) -> Value {
    json!({"message": "a test", "payer_id": "acme", "policy": policy, "dos_from": from, "replace": replace})
}

async fn cents(bench: &Bench, day: &str) -> Value {
    let body = json!({"encounter": encounter("e1", "c1", day), "dry_run": true});
    let record = bench.post("/v1/decisions", &body).await.json();
    record["lines"][0]["amount_cents"].clone()
}

pub(crate) async fn it_keeps_and_shows_policy_files(bench: &Bench) {
    let digest = bench.upload(GOOD).await;
    let again = bench.send("POST", "/v1/policies", &[], policy(GOOD)).await;
    assert_eq!((again.status.as_u16(), again.json()["digest"].as_str()), (200, Some(digest.as_str())));
    let taken = bench.send("POST", "/v1/policies", &[], policy(Guest { cents: 1, ..GOOD })).await;
    assert_eq!(taken.problem().1, "policy_version_taken");
    let shown = bench.get(&format!("/v1/policies/{digest}")).await.json();
    assert_eq!(
        (shown["manifest"]["policy_id"].as_str(), shown["sources"]["policy.toml"].as_str()),
        (Some("test"), Some("[policy]"))
    );
    let listed = bench.get("/v1/policies").await.json();
    assert_eq!(
        (listed["items"][0]["version"].as_str(), listed["items"].as_array().map(Vec::len)),
        (Some("1.0.0"), Some(1))
    );
    let terms = json!({"rates": [{"procedure_code": "G9002", "from": "2026-01-01", "cents": 5}]});
    let digest = bench.put("/v1/terms", &terms).await.json()["digest"].as_str().expect("a digest").to_owned();
    assert_eq!(bench.get(&format!("/v1/terms/{digest}")).await.json(), terms);
}

pub(crate) async fn it_refuses_overlaps_and_lists_them_unless_told_to_cut(bench: &Bench) {
    let (first, second) = (bench.upload(GOOD).await, bench.upload(SECOND).await);
    assert_eq!(bench.post("/v1/activations", &activation(&first, "2020-01-01", "refuse")).await.status, 201);
    let refused = bench.post("/v1/activations", &activation("test@2.0.0", "2026-04-01", "refuse")).await;
    assert_eq!(refused.problem(), (409, "activation_overlap".to_owned(), vec!["dos_from".to_owned()]));
    assert_eq!(cents(bench, "2026-04-01").await, 2_500);
    let cut = bench.post("/v1/activations", &activation(&second, "2026-04-01", "cut")).await.json();
    assert_eq!(cut["replaced"][0]["dos_to"], Value::Null, "{cut}");
    assert_eq!(
        (cut["periods"][0]["dos_to"].as_str(), cut["periods"][1]["dos_from"].as_str()),
        (Some("2026-04-01"), Some("2026-04-01"))
    );
    assert_eq!((cents(bench, "2026-03-31").await, cents(bench, "2026-04-01").await), (json!(2_500), json!(3_000)));
    let gap = json!({"message": "m", "payer_id": "acme", "plan_id": "ppo", "policy": first, "dos_from": "2024-01-01", "dos_to": "2025-01-01"});
    assert_eq!(bench.post("/v1/activations", &gap).await.json()["gaps"], json!([]));
    let later =
        json!({"message": "m", "payer_id": "acme", "plan_id": "ppo", "policy": second, "dos_from": "2026-01-01"});
    assert_eq!(
        bench.post("/v1/activations", &later).await.json()["gaps"],
        json!([{"from": "2025-01-01", "to": "2026-01-01"}])
    );
    let other = json!({"message": "m", "payer_id": "other", "policy": first, "dos_from": "2024-01-01"});
    assert_eq!(
        bench.post("/v1/activations", &other).await.problem(),
        (422, "invalid_request".to_owned(), vec!["payer_id".to_owned()])
    );
}

pub(crate) async fn it_rolls_back_and_remembers_what_was_known(bench: &Bench) {
    let rollback = json!({"message": "it was wrong", "payer_id": "acme"});
    assert_eq!(bench.post("/v1/activations/rollback", &rollback).await.problem().1, "nothing_to_roll_back");
    bench.activate(GOOD).await;
    bench.clock.pass(60_000_000);
    bench.activate(SECOND).await;
    assert_eq!(cents(bench, "2026-03-02").await, 3_000);
    bench.clock.pass(60_000_000);
    let back = bench.post("/v1/activations/rollback", &rollback).await;
    assert_eq!(back.status, 201, "{}", back.text);
    assert_eq!(cents(bench, "2026-03-02").await, 2_500);
    let listed = bench.get("/v1/activations").await.json();
    assert_eq!((&listed["items"][0]["undoes"], &listed["items"][0]["message"]), (&json!(2), &json!("it was wrong")));
    let then = bench.get("/v1/activations?as_of=2026-05-01T12:01:30Z").await.json();
    assert_eq!(then["items"][0]["change_id"], 2);
    let body =
        json!({"encounter": encounter("e1", "c1", "2026-03-02"), "dry_run": true, "as_of": "2026-05-01T12:01:30Z"});
    assert_eq!(bench.post("/v1/decisions", &body).await.json()["lines"][0]["amount_cents"], 3_000);
    // Before the first activation there was nothing: that has to be meant.
    let refused = bench.post("/v1/activations/rollback", &rollback).await;
    assert_eq!(refused.problem(), (409, "leaves_nothing".to_owned(), vec!["to_nothing".to_owned()]));
    assert_eq!(refused.json()["errors"][0]["message"], "payer `acme` from 2020-01-01 to no end would have no policy");
    let said = "the schedule before the last change is empty, so it would answer for no day any more; if that is what you want, say so: `\"to_nothing\": true`, or `--to-nothing` on the command line";
    assert_eq!(refused.json()["detail"], said);
    assert_eq!(cents(bench, "2026-03-02").await, 2_500);
    let meant = json!({"message": "it was wrong", "payer_id": "acme", "to_nothing": true});
    let back = bench.post("/v1/activations/rollback", &meant).await;
    assert_eq!(back.status, 201, "{}", back.text);
    let unanswered =
        json!([{"payer_id": "acme", "plan_id": null, "service_line": null, "from": "2020-01-01", "to": null}]);
    assert_eq!((&back.json()["periods"], &back.json()["unanswered"]), (&json!([]), &unanswered));
    assert_eq!(cents(bench, "2026-03-02").await, Value::Null);
    assert_eq!(bench.post("/v1/activations/rollback", &meant).await.problem().1, "nothing_to_roll_back");
}

/// A version whose own case expects what it does not answer.
const WRONG: Guest = Guest { is_right: false, ..SECOND };

/// What is said of it.
const CASE_FAILS: &str = "counts_lines: expected billable, got not_billable; failed rules: limit";

#[tokio::test]
async fn it_keeps_the_old_set_when_the_policys_own_cases_fail() {
    let bench = Bench::start().await;
    bench.activate(GOOD).await;
    // No door lets it in; what a release before took without looking is looked at when it is to answer.
    let file = policy_file(WRONG);
    bench.store.insert_policy_file(&file).await.expect("it is stored");
    let wrong = file.digest.to_string();
    let refused = bench.post("/v1/activations", &activation(&wrong, "2020-01-01", "cut")).await;
    assert_eq!(refused.problem(), (422, "policy_cases_failed".to_owned(), vec!["policy".to_owned()]));
    assert_eq!(refused.json()["errors"][0]["message"], CASE_FAILS);
    assert_eq!(cents(&bench, "2026-03-02").await, 2_500);
    assert_eq!(bench.get("/v1/status").await.json()["change_id"], 1);
    let third = bench.upload(Guest { version: "3.0.0", ..GOOD }).await;
    assert_eq!(bench.post("/v1/activations", &activation(&third, "2020-01-01", "cut")).await.json()["cases_passed"], 1);
}

fn policy_file(guest: Guest) -> PolicyFile {
    let wasm = policy(guest);
    PolicyFile {
        digest: Digest::of(&wasm),
        policy_id: Token::parse("test").expect("a token"),
        version: guest.version.to_owned(),
        manifest_json: manifest(guest.version),
        wasm,
        uploaded_at: "2026-05-01T11:00:00Z".parse().expect("an instant"),
        uploaded_by: Token::parse("somebody").expect("a token"),
    }
}

#[tokio::test]
async fn it_stores_no_file_whose_own_cases_fail() {
    let bench = Bench::start().await;
    let refused = bench.send("POST", "/v1/policies", &[], policy(WRONG)).await;
    assert_eq!(refused.problem().1, "policy_cases_failed");
    assert_eq!(refused.json()["errors"][0]["message"], CASE_FAILS);
    assert_eq!(bench.get("/v1/policies").await.json()["items"], json!([]));
    // The version is still free for a file that mends it.
    bench.upload(SECOND).await;
}

pub(crate) async fn it_follows_activations_of_other_hosts(bench: &Bench) {
    let sibling = bench.sibling().await;
    bench.activate(GOOD).await;
    // It has not looked at the activations since, and notices when it reads the client.
    assert_eq!(cents(&sibling, "2026-03-02").await, 2_500);
    // The sibling changes activations on the newest set, even when it has not looked since.
    bench.activate(SECOND).await;
    sibling.activate(Guest { version: "3.0.0", cents: 4_000, ..GOOD }).await;
    assert_eq!(cents(bench, "2026-03-02").await, 4_000);
    let status = bench.get("/v1/status").await.json();
    assert_eq!((&status["change_id"], status["policies"][0]["policy"].as_str()), (&json!(3), Some("test@3.0.0")));
}

pub(crate) async fn it_starts_again_with_what_was_activated(bench: &Bench) {
    bench.activate(GOOD).await;
    assert_eq!(cents(&bench.sibling().await, "2026-03-02").await, 2_500);
}

pub(crate) async fn it_says_why_an_activation_is_refused_and_what_may_surprise(bench: &Bench) {
    let digest = bench.upload(GOOD).await;
    let refused = async |body: &Value| {
        let answer = bench.post("/v1/activations", body).await.json();
        let first = &answer["errors"][0];
        [&answer["detail"], &first["field"], &first["message"]].map(|text| text.as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(
        refused(&activation("nobody@1.0.0", "2024-01-01", "refuse")).await,
        [
            "there is no policy `nobody@1.0.0`; upload it first, or name one that `GET /v1/policies` lists",
            "policy",
            "is not stored"
        ]
    );
    let mut body = activation(&digest, "2024-01-01", "refuse");
    body["terms"] = json!("0".repeat(64));
    assert_eq!(
        refused(&body).await,
        [
            &format!("there are no terms `{}`; store them first with `PUT /v1/terms`", "0".repeat(64)),
            "terms",
            "are not stored"
        ]
    );
    let mut body = activation(&digest, "2024-01-01", "refuse");
    body["payer_id"] = json!("other");
    assert_eq!(
        refused(&body).await[1..],
        ["payer_id", "is not a payer that policy `test` speaks for; it speaks for acme"]
    );
    let rollback = json!({"message": "it was wrong", "payer_id": "acme"});
    let nothing = bench.post("/v1/activations/rollback", &rollback).await;
    assert_eq!(
        (nothing.problem().1.as_str(), nothing.json()["detail"].as_str()),
        ("nothing_to_roll_back", Some("this payer, plan and line of service has no activation to take back"))
    );
    let early = bench.post("/v1/activations", &activation(&digest, "2019-12-31", "refuse")).await.json();
    assert_eq!(
        early["warnings"],
        json!(["policy `test` is not in force on all of these days; it refuses dates of service outside its own"])
    );
    assert_eq!(
        refused(&activation(&digest, "2024-01-01", "refuse")).await,
        [
            "activations answer for some of these days already; choose other days, or send `\"replace\": \"cut\"` to cut them",
            "dos_from",
            &format!("overlaps the activation from 2019-12-31 to no end of test 1.0.0 ({digest})"),
        ]
    );
    let undecided = json!({"encounter": encounter("e1", "c1", "2019-12-30"), "dry_run": true});
    assert_eq!(
        bench.post("/v1/decisions", &undecided).await.json()["undetermined"]["message"],
        "no policy is in force for payer `acme` on 2019-12-30; activate one for that date of service"
    );
    let shipped = bench.send("POST", "/v1/policies", &[], crate::shipped::policy("self-pay-1.0.0")).await.json();
    let body = json!({"message": "m", "payer_id": "self-pay", "policy": shipped["digest"], "dos_from": "2024-01-01"});
    let warned = bench.post("/v1/activations", &body).await.json();
    assert!(
        warned["warnings"].as_array().is_some_and(|warnings| warnings.iter().any(|warning| warning
            == "the terms have no rate for G9001, G9002, G9012, T1016, T2022; lines of these codes stay incomplete")),
        "{warned}"
    );
}

/// Damaged terms, and a damaged file, answer for their own days alone; the host starts and serves the rest.
pub(crate) async fn it_starts_beside_a_policy_file_that_is_damaged(bench: &Bench) {
    let digest = bench.activate(GOOD).await;
    let rates = json!({ "rates": [{ "procedure_code": "G9002", "from": "2020-01-01", "cents": 100 }] });
    let mut with_terms = activation(&digest, "2020-01-01", "cut");
    with_terms["terms"] = rates;
    let answer = bench.post("/v1/activations", &with_terms).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let damage = async |statements: [(&'static str, &'static str); 2]| {
        let mut other = bench.database.hold().await;
        for (sqlite, postgres) in statements {
            other.write(sqlite, postgres).await;
        }
        other.release().await;
    };
    let unavailable = async || {
        let again = bench.sibling().await;
        let body = json!({ "encounter": encounter("e1", "c1", "2026-03-01"), "dry_run": true });
        let answer = again.post("/v1/decisions", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let decision = answer.json();
        assert_eq!(decision["undetermined"]["code"], "policy_unavailable", "{}", answer.text);
        // It says nothing about the encounter, so nothing is kept and no money is given back.
        let kept = again.post("/v1/decisions", &json!({ "encounter": encounter("e1", "c1", "2026-03-01") })).await;
        assert_eq!(
            (kept.status.as_u16(), kept.json()["code"].clone()),
            (503, json!("policy_unavailable")),
            "{}",
            kept.text
        );
        let message = decision["undetermined"]["message"].as_str().expect("a message");
        let end = "; nothing is recorded: ask again when the host can load it";
        assert_eq!(kept.json()["detail"], format!("{message}{end}"));
        let others = json!({ "encounter": encounter("e2", "c2", "2019-12-30") });
        assert_eq!(again.post("/v1/decisions", &others).await.json()["outcome"], "undetermined", "others are answered");
        assert_eq!(again.get("/v1/decisions?client=c1").await.json()["items"], json!([]));
        decision["undetermined"]["message"].as_str().expect("a message").to_owned()
    };
    damage([
        ("DROP TRIGGER terms_no_update", "DROP TRIGGER terms_append_only ON terms"),
        ("UPDATE terms SET json = '{'", "UPDATE terms SET json = '{'"),
    ])
    .await;
    let told = unavailable().await;
    let shown = told.split(' ').nth(1).expect("a digest").to_owned();
    assert_eq!(told, format!("terms {shown} are activated but cannot be read"));
    damage([
        ("DROP TRIGGER policy_file_no_update", "DROP TRIGGER policy_file_append_only ON policy_file"),
        ("UPDATE policy_file SET wasm = x'00'", "UPDATE policy_file SET wasm = '\\x00'"),
    ])
    .await;
    let told = unavailable().await;
    let why = "the stored file is damaged: bytes with digest 6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d; \
               restore its row from a backup";
    assert!(told.contains(why), "{told}");
}
