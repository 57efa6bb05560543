//! Records: their versions, what they make stale, and what the tables themselves refuse.

use adjudica_core::ServiceDate;
use adjudica_core::records::{Days, Record, RecordBody, RecordSubject};
use adjudica_store::{PutMode, RecordKey, StoreError};
use serde_json::{Value, json};

use crate::support::{Setup, at, billable, encounter, token};

fn record(id: &str, subject_id: &str, body: &Value) -> Record {
    let body: RecordBody = serde_json::from_value(body.clone()).unwrap_or_else(|fault| panic!("{body}: {fault}"));
    Record { record_id: token(id), subject_id: token(subject_id), body }
}

fn coverage(id: &str, client: &str, from: &str, to: Option<&str>) -> Record {
    let body = json!({ "kind": "coverage", "payer_id": "p", "coverage_kind": "commercial", "order": 1, "from": from, "to": to });
    record(id, client, &body)
}

fn assignment(id: &str, provider: &str, start: &str, end: Option<&str>) -> Record {
    let body = json!({ "kind": "assignment", "service_line": "ABA", "provider_id": provider, "role": "primary", "start_at": start, "end_at": end });
    record(id, "c1", &body)
}

fn client(id: &str) -> RecordKey {
    RecordKey { agency_id: token("a"), subject: RecordSubject::Client, subject_id: token(id) }
}

impl Setup {
    async fn put_all(&self, records: &[Record]) -> Result<(u64, u64, u64), StoreError> {
        let report = self.store.put_records(&token("a"), records, "tester", at(5)).await?;
        Ok((report.inserted, report.updated, report.unchanged))
    }

    /// Puts encounters and takes them out of the queue.
    async fn settled(&self, encounters: &[(&str, &str, &str)]) {
        let facts: Vec<_> = encounters.iter().map(|(id, client, day)| encounter(id, client, day)).collect();
        self.store.put_encounters(&token("a"), &facts, PutMode::InsertOnly, at(0)).await.expect("puts");
        self.raw.execute("DELETE FROM undecided").await.expect("settles");
    }

    /// Encounters that wait, and afterwards none.
    async fn waiting(&self) -> Vec<String> {
        let waiting = self.raw.texts("SELECT encounter_id FROM undecided ORDER BY encounter_id").await;
        self.raw.execute("DELETE FROM undecided").await.expect("settles");
        waiting
    }
}

pub(crate) async fn it_keeps_every_version_of_a_record(setup: &Setup) {
    assert_eq!(setup.put_all(&[coverage("r1", "c1", "2026-01-01", None)]).await.expect("puts"), (1, 0, 0));
    assert_eq!(setup.put_all(&[coverage("r1", "c1", "2026-01-01", None)]).await.expect("puts"), (0, 0, 1));
    assert_eq!(
        setup.put_all(&[coverage("r1", "c1", "2026-01-01", Some("2026-02-01"))]).await.expect("puts"),
        (0, 1, 0)
    );
    let stored = setup.store.find_record(&token("a"), &token("r1")).await.expect("reads").expect("is there");
    assert_eq!((stored.version, stored.written_by.as_deref()), (2, Some("tester")));
    assert!(stored.record == coverage("r1", "c1", "2026-01-01", Some("2026-02-01")));
    assert!(setup.store.remove_record(&token("a"), &token("r1")).await.expect("removes"));
    assert!(!setup.store.remove_record(&token("a"), &token("r1")).await.expect("removes"));
    let versions = setup.store.record_history(&token("a"), &token("r1")).await.expect("reads");
    let told: Vec<_> = versions.iter().map(|version| (version.version, version.operation.as_str())).collect();
    assert_eq!(told, [(1, "insert"), (2, "update"), (2, "delete")]);
    assert!(versions[0].body == coverage("r1", "c1", "2026-01-01", None).body, "what it said before stays");
    setup.put_all(&[coverage("r1", "c1", "2026-01-01", None)]).await.expect("the same id may come again");
    assert!(setup.raw.execute("UPDATE record_version SET body = '{}'").await.is_err());
    assert!(setup.raw.execute("DELETE FROM record_version").await.is_err());
}

pub(crate) async fn it_makes_stale_what_a_record_can_touch(setup: &Setup) {
    setup.settled(&[("e1", "c1", "2026-01-10"), ("e2", "c1", "2026-03-10"), ("e3", "c2", "2026-03-10")]).await;
    let home = |from: &str| record("r1", "c1", &json!({ "kind": "residence", "state": "MI", "from": from }));
    setup.put_all(&[home("2026-01-01")]).await.expect("puts");
    assert_eq!(setup.waiting().await, ["e1", "e2"], "another client's encounters are left alone");
    setup.put_all(&[home("2026-02-01")]).await.expect("puts");
    assert_eq!(setup.waiting().await, ["e1", "e2"], "the days before and after a change");
    setup.put_all(&[home("2026-02-01")]).await.expect("puts");
    assert_eq!(setup.waiting().await, [""; 0], "the same again is no news");
    setup.store.remove_record(&token("a"), &token("r1")).await.expect("removes");
    assert_eq!(setup.waiting().await, ["e2"]);
    setup.put_all(&[coverage("r2", "c1", "2026-02-01", None)]).await.expect("puts");
    assert_eq!(setup.waiting().await, ["e1", "e2"], "a coverage that begins later says something of the days before");
    let signature = record("s1", "e3", &json!({ "kind": "signature", "signed_by": "s", "on": "2026-03-11" }));
    setup.put_all(&[signature]).await.expect("puts");
    assert_eq!(setup.waiting().await, ["e3"]);
    let enrolment = |id: &str, provider: &str| {
        record(
            id,
            provider,
            &json!({ "kind": "enrolment", "payer_id": "p", "status": "approved", "from": "2026-01-01" }),
        )
    };
    let rendering = encounter("e9", "c1", "2026-01-01").rendering_provider_id;
    setup.put_all(&[enrolment("n1", rendering.as_str())]).await.expect("puts");
    assert_eq!(setup.waiting().await, ["e1", "e2", "e3"], "encounters that the provider rendered");
    setup.put_all(&[assignment("m1", "manager", "2026-01-01T09:00:00Z", None)]).await.expect("puts");
    setup.waiting().await;
    setup.put_all(&[enrolment("n2", "manager")]).await.expect("puts");
    assert_eq!(setup.waiting().await, ["e1", "e2"], "encounters of clients whose case manager the provider is");
    let away = record(
        "v1",
        "manager",
        &json!({ "kind": "absence", "from": "2026-01-01", "to": "2026-12-31", "reason": "leave" }),
    );
    setup.put_all(&[away]).await.expect("puts");
    assert_eq!(setup.waiting().await, [""; 0], "an absence changes nothing");
    let away = json!({ "kind": "absence", "from": "2026-01-01", "to": "2026-12-31", "reason": "leave" });
    setup.put_all(&[record("n1", rendering.as_str(), &away)]).await.expect("puts");
    assert_eq!(setup.waiting().await, ["e1", "e2", "e3"], "what becomes an absence is not on file any more");
    setup.put_all(&[enrolment("n1", rendering.as_str())]).await.expect("puts");
    assert_eq!(setup.waiting().await, ["e1", "e2", "e3"], "and comes back");
}

pub(crate) async fn it_revises_each_encounter_once_for_records_that_come_together(setup: &Setup) {
    setup.settled(&[("e1", "c1", "2026-01-10"), ("e2", "c1", "2026-02-10"), ("e3", "c1", "2026-03-10")]).await;
    let home = |id: &str, from: &str, to: Option<&str>| {
        record(id, "c1", &json!({ "kind": "residence", "state": "MI", "from": from, "to": to }))
    };
    let homes = [
        home("r1", "2026-01-01", Some("2026-01-31")),
        home("r2", "2026-01-05", Some("2026-01-20")),
        home("r3", "2026-03-01", None),
        home("r4", "2026-03-05", Some("2026-04-01")),
    ];
    setup.put_all(&homes).await.expect("puts");
    assert_eq!(setup.waiting().await, ["e1", "e3"], "the days between are not reached");
    let revisions = "SELECT encounter_id || ' ' || revision FROM encounter ORDER BY encounter_id";
    assert_eq!(setup.raw.texts(revisions).await, ["e1 2", "e2 1", "e3 2"], "once for all of them");
    let moved = homes.clone().map(|home| {
        let state = json!({ "kind": "residence", "state": "OH", "from": "2026-02-01" });
        record(home.record_id.as_str(), "c1", &state)
    });
    setup.put_all(&moved).await.expect("puts");
    assert_eq!(setup.raw.texts(revisions).await, ["e1 3", "e2 2", "e3 3"], "the days before and after a change");
    setup.waiting().await;
    setup.raw.execute("DELETE FROM record WHERE record_id <> 'r1'").await.expect("another system takes them out");
    assert_eq!(setup.waiting().await, ["e2", "e3"]);
}

pub(crate) async fn it_allows_one_case_manager_for_a_line_at_a_time(setup: &Setup) {
    let first = assignment("m1", "one", "2026-01-01T09:00:00-05:00", Some("2026-02-01T12:00:00-05:00"));
    setup.put_all(&[first]).await.expect("puts");
    let early = assignment("m2", "two", "2026-02-01T11:59:59-05:00", None);
    let refused = setup.put_all(&[early]).await.expect_err("is refused");
    assert!(matches!(&refused, StoreError::BadRecords { faults } if faults.len() == 1), "{refused}");
    let sql = "INSERT INTO record (agency_id, record_id, kind, subject, subject_id, body) VALUES ('a', 'm2', 'assignment', 'client', 'c1',
        '{\"kind\":\"assignment\",\"service_line\":\"ABA\",\"provider_id\":\"two\",\"role\":\"primary\",\"start_at\":\"2026-01-15T00:00:00Z\"}')";
    let refused = setup.raw.execute(sql).await.expect_err("the table itself refuses it");
    assert!(refused.to_string().contains("another case manager"), "{refused}");
    setup.put_all(&[assignment("m2", "two", "2026-02-01T17:00:00Z", None)]).await.expect("the next one starts then");
}

pub(crate) async fn it_lets_one_of_two_case_managers_win(setup: &Setup) {
    let put = |id: &'static str| async move {
        setup.put_all(&[assignment(id, id, "2026-01-01T09:00:00-05:00", None)]).await.is_ok()
    };
    let (a, b, c, d) = tokio::join!(put("m1"), put("m2"), put("m3"), put("m4"));
    assert_eq!([a, b, c, d].into_iter().filter(|won| *won).count(), 1);
}

pub(crate) async fn it_loads_what_decisions_need(setup: &Setup) {
    let manager = record("p1", "manager", &json!({ "kind": "practitioner", "npi": "1234567893" }));
    let team = record("p2", "team", &json!({ "kind": "practitioner", "npi": "1234567893" }));
    let authorization = json!({ "kind": "authorization", "payer_id": "p", "status": "approved", "procedure_codes": ["G9002"], "units": 1, "from": "2026-01-01", "rendering_from": { "2026-01-01": "team" } });
    let all = [
        coverage("r1", "c1", "2026-01-01", None),
        coverage("r2", "c2", "2026-01-01", None),
        assignment("m1", "manager", "2026-01-01T09:00:00Z", None),
        record("u1", "c1", &authorization),
        manager,
        team,
    ];
    setup.put_all(&all).await.expect("puts");
    let loaded = setup.store.load_records(&[client("c1")]).await.expect("loads");
    let mut ids: Vec<_> =
        loaded.agency_to_records[&token("a")].iter().map(|record| record.record_id.as_str()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["m1", "p1", "p2", "r1", "u1"], "the client's, and those of the people whom they name");
    assert_eq!(loaded.bad, []);
    let listed = setup.store.list_records(&client("c2")).await.expect("lists");
    assert_eq!(listed.len(), 1);
    setup
        .raw
        .execute("UPDATE record SET body = '{\"kind\":\"coverage\",\"order\":1}' WHERE record_id = 'r1'")
        .await
        .expect("another system");
    let loaded = setup.store.load_records(&[client("c1")]).await.expect("loads");
    assert!(loaded.bad[0].fault.contains("`r1` cannot be read: missing field"), "{:?}", loaded.bad);
    assert_eq!(loaded.bad[0].days, Days::default(), "a coverage can matter on every day");
    let sql = "UPDATE record SET from_day = '2026-02-01', to_day = '2026-03-01' WHERE record_id = 'r1'";
    setup.raw.execute(sql).await.expect("another system");
    let loaded = setup.store.load_records(&[client("c1")]).await.expect("loads");
    let day = |text: &str| ServiceDate::parse(text).expect("a date");
    assert_eq!(loaded.bad[0].days, Days { from: Some(day("2026-02-01")), to: Some(day("2026-03-01")) });
}

pub(crate) async fn it_makes_later_decisions_stale_when_an_earlier_day_is_billed(setup: &Setup) {
    setup
        .settled(&[
            ("e1", "c1", "2026-02-01"),
            ("e2", "c1", "2026-02-03"),
            ("e3", "c1", "2026-02-09"),
            ("e4", "c2", "2026-02-09"),
        ])
        .await;
    let on = |id: &str, encounter: &str, day: &str| {
        let mut decision = billable(id, encounter);
        decision.date_of_service = adjudica_core::ServiceDate::parse(day).expect("a date");
        for line in &mut decision.ledger_lines {
            line.date_of_service = decision.date_of_service;
        }
        decision
    };
    setup.commit("c1", 0, vec![on("d3", "e3", "2026-02-09")]).await.expect("commits");
    assert_eq!(setup.waiting().await, [""; 0], "nothing comes later");
    setup.commit("c1", 1, vec![on("d1", "e1", "2026-02-01"), on("d2", "e2", "2026-02-03")]).await.expect("commits");
    assert_eq!(setup.waiting().await, ["e3"], "those of the same commit have seen each other");
}
