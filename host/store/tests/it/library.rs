//! Policy files, terms, counts and signs of life.

use adjudica_core::Digest;
use adjudica_store::{Counts, PolicyFile, PolicyFileSummary, StoreError};

use crate::support::{Setup, at, encounter, not_billable, token};

fn file(version: &str, wasm: &[u8]) -> PolicyFile {
    PolicyFile {
        digest: Digest::of(wasm),
        policy_id: token("sim"),
        version: version.to_owned(),
        manifest_json: format!(r#"{{"version":"{version}"}}"#),
        wasm: wasm.to_vec(),
        uploaded_at: at(3),
        uploaded_by: token("author"),
    }
}

pub(crate) async fn it_keeps_policy_files_once(setup: &Setup) {
    let (one, two) = (file("1.0.0", b"\0asm one"), file("1.1.0", b"\0asm two, longer"));
    for file in [&one, &two, &one] {
        setup.store.insert_policy_file(file).await.expect("inserts");
    }
    let summary = |file: &PolicyFile, size_bytes| PolicyFileSummary {
        digest: file.digest,
        policy_id: file.policy_id.clone(),
        version: file.version.clone(),
        manifest_json: file.manifest_json.clone(),
        size_bytes,
        uploaded_at: at(3),
        uploaded_by: token("author"),
        yanked: None,
    };
    assert_eq!(setup.store.list_policy_files().await.expect("lists"), [summary(&one, 8), summary(&two, 16)]);
    assert_eq!(setup.store.load_policy_wasm(one.digest).await.expect("loads"), Some(one.wasm));
    assert_eq!(setup.store.load_policy_wasm(Digest::of(b"")).await.expect("loads"), None);
}

pub(crate) async fn it_refuses_another_file_for_a_version(setup: &Setup) {
    let first = file("1.0.0", b"one");
    setup.store.insert_policy_file(&first).await.expect("inserts");
    let refused = setup.store.insert_policy_file(&file("1.0.0", b"two")).await;
    let Err(StoreError::VersionTaken { policy_id, version, digest }) = refused else { panic!("{refused:?}") };
    assert_eq!((policy_id.as_str(), version.as_str(), digest), ("sim", "1.0.0", first.digest));
    let mut wrong = file("2.0.0", b"three");
    wrong.digest = Digest::of(b"four");
    let refused = setup.store.insert_policy_file(&wrong).await;
    assert!(matches!(refused, Err(StoreError::WrongDigest { .. })), "{refused:?}");
}

pub(crate) async fn it_notices_bytes_that_changed(setup: &Setup) {
    let first = file("1.0.0", b"one");
    setup.store.insert_policy_file(&first).await.expect("inserts");
    setup.raw.drop_guard("policy_file").await;
    let bytes = if matches!(setup.raw, crate::support::Raw::Sqlite(_)) { "x'6f6f'" } else { "'\\x6f6f'" };
    setup.raw.execute(format!("UPDATE policy_file SET wasm = {bytes}")).await.expect("updates");
    let read = setup.store.load_policy_wasm(first.digest).await;
    assert!(matches!(read, Err(StoreError::Corrupt { table: "policy_file", .. })), "{read:?}");
}

pub(crate) async fn it_keeps_terms_once(setup: &Setup) {
    let json = r#"{"rates":[]}"#;
    let digest = Digest::of(json.as_bytes());
    for _ in 0..2 {
        setup.store.insert_terms(digest, json).await.expect("inserts");
    }
    assert_eq!(setup.store.find_terms(digest).await.expect("finds").as_deref(), Some(json));
    assert_eq!(setup.store.find_terms(Digest::of(b"")).await.expect("finds"), None);
    let refused = setup.store.insert_terms(digest, "{}").await;
    assert!(matches!(refused, Err(StoreError::WrongDigest { .. })), "{refused:?}");
}

pub(crate) async fn it_counts_and_answers(setup: &Setup) {
    setup.store.ping().await.expect("answers");
    assert_eq!(setup.store.counts().await.expect("counts"), Counts::default());
    setup.put(&[encounter("e1", "c1", "2026-02-03"), encounter("e2", "c1", "2026-02-03")]).await;
    setup.commit("c1", 0, vec![not_billable("d1", "e9")]).await.expect("commits");
    crate::activations::record_one(setup).await;
    let expected =
        Counts { encounters: 2, undecided: 2, stale: 0, faults: 0, decisions: 1, policy_files: 1, changes: 1 };
    assert_eq!(setup.store.counts().await.expect("counts"), expected);
}
