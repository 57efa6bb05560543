//! Putting, finding and listing encounters.

use std::borrow::Cow;

use adjudica_core::{EncounterFacts, Minutes};
use adjudica_store::{EncounterFilter, Parts, PutMode, PutReport, StoreError};

use crate::support::{Raw, Setup, at, day, encounter, full_encounter, token};

pub(crate) async fn it_gives_every_fact_back(setup: &Setup) {
    let all = [full_encounter("e1", "c1", "2026-02-03"), encounter("e2", "c1", "2024-02-29")];
    setup.put(&all).await;
    for facts in &all {
        let stored =
            setup.store.find_encounter(&token("a"), &facts.encounter_id).await.expect("reads").expect("is there");
        assert!(stored.facts == *facts, "{:?}", stored.facts);
        assert_eq!((stored.revision, stored.written_at), (1, at(0)));
        assert_eq!(stored.agency_id, token("a"));
    }
    assert_eq!(setup.store.find_encounter(&token("a"), &token("e3")).await.expect("reads"), None);
    let asked = ["e2", "e3", "e1"].map(token);
    let clients = setup.store.find_clients(&token("a"), &asked).await.expect("reads");
    assert_eq!(
        clients,
        [("e1", "c1"), ("e2", "c1")].map(|(encounter, client)| (token(encounter), token(client))).into()
    );
    assert_eq!(setup.store.find_clients(&token("other"), &asked).await.expect("reads").len(), 0);
}

pub(crate) async fn it_inserts_all_or_none_and_names_every_duplicate(setup: &Setup) {
    setup.put(&[encounter("e1", "c1", "2026-02-03"), encounter("e3", "c1", "2026-02-03")]).await;
    let again = ["e1", "e2", "e3", "e4"].map(|id| encounter(id, "c1", "2026-02-04"));
    let refused = setup.store.put_encounters(&token("a"), &again, PutMode::InsertOnly, at(1)).await;
    let Err(StoreError::EncountersExist { encounter_ids }) = refused else { panic!("{refused:?}") };
    assert_eq!(encounter_ids, ["e1", "e3"]);
    assert_eq!(setup.store.find_encounter(&token("a"), &token("e2")).await.expect("reads"), None);
    assert_eq!(setup.store.counts().await.expect("counts").encounters, 2);
}

pub(crate) async fn it_names_ids_given_twice(setup: &Setup) {
    let twice = ["e1", "e2", "e1", "e2", "e3"].map(|id| encounter(id, "c1", "2026-02-04"));
    for mode in [PutMode::InsertOnly, PutMode::Upsert] {
        let refused = setup.store.put_encounters(&token("a"), &twice, mode, at(1)).await;
        let Err(StoreError::EncountersExist { encounter_ids }) = refused else { panic!("{refused:?}") };
        assert_eq!(encounter_ids, ["e1", "e2"]);
    }
}

pub(crate) async fn it_refuses_counts_that_rows_cannot_hold(setup: &Setup) {
    let long = EncounterFacts { minutes: Some(Minutes(1_441)), ..encounter("e1", "c1", "2026-02-03") };
    let crowd = EncounterFacts { group_size: Some(u32::MAX), ..encounter("e2", "c1", "2026-02-03") };
    let refused = setup.store.put_encounters(&token("a"), &[long, crowd], PutMode::Upsert, at(0)).await;
    let Err(StoreError::BadEncounters { faults }) = refused else { panic!("{refused:?}") };
    assert_eq!(faults.len(), 2, "{faults:?}");
}

pub(crate) async fn it_upserts_and_reports_what_changed(setup: &Setup) {
    setup.put(&[full_encounter("e1", "c1", "2026-02-03"), full_encounter("e2", "c1", "2026-02-03")]).await;
    let mut changed = full_encounter("e1", "c2", "2026-02-04");
    changed.diagnoses = vec![token("B00")];
    changed.supporting_info.clear();
    changed.minutes = None;
    let put = [changed.clone(), full_encounter("e2", "c1", "2026-02-03"), encounter("e3", "c1", "2026-02-03")];
    let report = setup.store.put_encounters(&token("a"), &put, PutMode::Upsert, at(5)).await.expect("puts");
    assert_eq!(report, PutReport { inserted: 1, updated: 1, unchanged: 1 });
    let stored = setup.store.find_encounter(&token("a"), &token("e1")).await.expect("reads").expect("is there");
    assert!(stored.facts == changed);
    assert!(stored.revision > 1);
    assert_eq!(stored.written_at, at(5));
}

pub(crate) async fn it_raises_the_revision_only_for_changes(setup: &Setup) {
    let facts = full_encounter("e1", "c1", "2026-02-03");
    setup.put(std::slice::from_ref(&facts)).await;
    let report = setup.store.put_encounters(&token("a"), &[facts], PutMode::Upsert, at(9)).await.expect("puts");
    assert_eq!(report, PutReport { inserted: 0, updated: 0, unchanged: 1 });
    let stored = setup.store.find_encounter(&token("a"), &token("e1")).await.expect("reads").expect("is there");
    assert_eq!((stored.revision, stored.written_at), (1, at(0)));
}

pub(crate) async fn it_lists_in_pages_and_by_filter(setup: &Setup) {
    let mut all: Vec<_> = (10..20).map(|n| encounter(&format!("e{n}"), "c1", &format!("2026-02-{n}"))).collect();
    all.push(encounter("e30", "c2", "2026-02-15"));
    all[3].payer_id = token("payer2");
    setup.put(&all).await;
    let mut after = None;
    let mut seen = Vec::new();
    loop {
        let page = setup
            .store
            .list_encounters(&token("a"), &EncounterFilter::default(), after.as_deref(), 4)
            .await
            .expect("lists");
        seen.extend(page.encounters.into_iter().map(|stored| stored.facts));
        let Some(next) = page.next_after else { break };
        after = Some(next);
    }
    assert!(seen == all);
    let filters = [
        (EncounterFilter { client_id: Some(token("c2")), ..Default::default() }, vec!["e30"]),
        (EncounterFilter { payer_id: Some(token("payer2")), ..Default::default() }, vec!["e13"]),
        (
            EncounterFilter { from: Some(day("2026-02-15")), to: Some(day("2026-02-17")), ..Default::default() },
            vec!["e15", "e16", "e30"],
        ),
    ];
    for (filter, expected) in filters {
        let page = setup.store.list_encounters(&token("a"), &filter, None, 50).await.expect("lists");
        let ids: Vec<_> = page.encounters.iter().map(|stored| stored.facts.encounter_id.as_str()).collect();
        assert_eq!(ids, expected);
        assert_eq!(page.next_after, None);
    }
}

/// However many encounters there are, a page looks at a bounded number of them and says where to go on.
pub(crate) async fn it_looks_at_a_bounded_number_of_encounters_for_a_page(setup: &Setup) {
    let mut rare = encounter("e00000", "c1", "2026-02-03");
    rare.payer_id = token("rare");
    let mut late = encounter("e30000", "c1", "2026-02-03");
    late.payer_id = token("rare");
    setup.put(&[rare, late]).await;
    let numbers = match &setup.raw {
        Raw::Sqlite(_) => "WITH RECURSIVE n (i) AS (SELECT 10001 UNION ALL SELECT i + 1 FROM n WHERE i < 29999)",
        Raw::Postgres(_) => "WITH n AS (SELECT i FROM generate_series(10001, 29999) AS i)",
    };
    let copies = format!(
        "{numbers} INSERT INTO encounter (agency_id, encounter_id, client_id, payer_id, date_of_service, rendering_provider_id,
             rendering_provider_role, billing_provider_id, phase, mode, revision, written_at)
         SELECT agency_id, 'e' || i, 'c2', 'common', date_of_service, rendering_provider_id, rendering_provider_role,
             billing_provider_id, phase, mode, revision, written_at FROM encounter, n WHERE encounter_id = 'e00000'"
    );
    setup.raw.execute(copies).await.expect("copies");
    let list = async |filter: &EncounterFilter, after: Option<&str>| {
        let page = setup.store.list_encounters(&token("a"), filter, after, 5).await.expect("lists");
        let ids = page.encounters.iter().map(|stored| stored.facts.encounter_id.as_str().to_owned());
        (ids.collect::<Vec<_>>(), page.next_after)
    };
    let text = |text: &str| Some(text.to_owned());
    let rare = EncounterFilter { payer_id: Some(token("rare")), ..EncounterFilter::default() };
    assert_eq!(list(&rare, None).await, (vec!["e00000".to_owned()], text("e19999")));
    assert_eq!(list(&rare, Some("e19999")).await, (vec![], text("e29999")), "the second ten thousand");
    assert_eq!(list(&rare, Some("e29999")).await, (vec!["e30000".to_owned()], None));
    // An index finds those of a client, wherever they are.
    let client = EncounterFilter { client_id: Some(token("c1")), ..EncounterFilter::default() };
    assert_eq!(list(&client, None).await, (vec!["e00000".to_owned(), "e30000".to_owned()], None));
}

pub(crate) async fn it_reports_bad_rows_in_lists(setup: &Setup) {
    setup.put(&[encounter("e1", "c1", "2026-02-03"), encounter("e2", "c1", "2026-02-03")]).await;
    setup
        .raw
        .execute("UPDATE encounter SET procedure_code = 'g9001' WHERE encounter_id = 'e1'")
        .await
        .expect("updates");
    let page = setup.store.list_encounters(&token("a"), &EncounterFilter::default(), None, 10).await.expect("lists");
    assert_eq!((page.encounters.len(), page.bad.len()), (1, 1));
    let found = setup.store.find_encounter(&token("a"), &token("e1")).await;
    let Err(StoreError::UnreadableEncounter { encounter_id, faults }) = found else { panic!("{found:?}") };
    assert_eq!(encounter_id, "e1");
    assert!(faults.len() == 1 && faults[0].contains("procedure_code: `g9001`"), "{faults:?}");
}

pub(crate) async fn it_keeps_agencies_apart(setup: &Setup) {
    setup.put(&[encounter("e1", "c1", "2026-02-03")]).await;
    let other = encounter("e1", "c9", "2026-02-05");
    setup
        .store
        .put_encounters(&token("b"), std::slice::from_ref(&other), PutMode::InsertOnly, at(0))
        .await
        .expect("puts");
    let stored = setup.store.find_encounter(&token("b"), &token("e1")).await.expect("reads").expect("is there");
    assert!(stored.facts == other);
    let page = setup.store.list_encounters(&token("a"), &EncounterFilter::default(), None, 10).await.expect("lists");
    assert_eq!(page.encounters.len(), 1);
}

/// Whoever writes a hundred thousand rows in one transaction is not to go by plans that were made for an empty table.
pub(crate) async fn it_counts_what_a_long_import_writes_before_it_ends(setup: &Setup) {
    const PART: usize = 1_000;
    let of_part = |part: usize| -> Vec<EncounterFacts> {
        let id = |number: usize| (format!("e{part}-{number}"), format!("c{}", number % 50));
        (0..PART).map(id).map(|(id, client)| encounter(&id, &client, "2026-02-03")).collect()
    };
    let all: Vec<Vec<EncounterFacts>> = (0..3).map(of_part).collect();
    let parts: &Parts<'_, EncounterFacts> = &|| Box::new(all.iter().map(|part| Ok(Cow::Borrowed(part.as_slice()))));
    if matches!(setup.raw, Raw::Postgres(_)) {
        // The server itself does not count here.
        setup.raw.execute("ALTER TABLE encounter SET (autovacuum_enabled = false)").await.expect("is set");
    }
    let report = setup.store.import_encounters(&token("a"), parts, PutMode::InsertOnly, at(0)).await.expect("imports");
    assert_eq!(report, PutReport { inserted: 3_000, updated: 0, unchanged: 0 });
    if matches!(setup.raw, Raw::Postgres(_)) {
        // After the first part; the others made it no tenfold.
        let counted = setup.raw.texts("SELECT reltuples::bigint::text FROM pg_class WHERE relname = 'encounter'").await;
        assert_eq!(counted, [PART.to_string()]);
    }
}
