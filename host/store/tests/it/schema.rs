//! The tables themselves: the same on both databases, and safe to open twice.

use adjudica_core::records::RecordBody;
use adjudica_store::{PutMode, StoreError, Turn};

use crate::support::{Raw, Setup, at, encounter, postgres, sqlite, token};

pub(crate) async fn it_opens_the_same_database_twice(setup: &Setup) {
    let (one, two) = tokio::join!(adjudica_store::connect(&setup.url), adjudica_store::connect(&setup.url));
    let (one, two) = (one.expect("opens"), two.expect("opens"));
    one.put_encounters(&token("a"), &[encounter("e1", "c1", "2026-02-03")], PutMode::InsertOnly, at(0))
        .await
        .expect("puts");
    assert!(two.find_encounter(&token("a"), &token("e1")).await.expect("reads").is_some());
    one.close().await;
    two.close().await;
}

/// But for what SQLite holds back while many records are put, because its triggers see one row at a time.
#[tokio::test]
async fn it_has_the_same_tables_and_columns_on_both() {
    let sqlite = sqlite().await;
    let postgres = postgres().await;
    let one = sqlite
        .raw
        .texts(
            "SELECT t.name || '.' || c.name || ' ' || lower(c.type)
                 || CASE WHEN c.\"notnull\" OR c.pk THEN '' ELSE '?' END
             FROM sqlite_schema t JOIN pragma_table_info(t.name) c
             WHERE t.type = 'table' AND t.name NOT LIKE '%sqlx%' AND t.name NOT LIKE 'sqlite%'
                 AND t.name NOT LIKE 'record\\_reach\\_%' ESCAPE '\\'
             ORDER BY 1",
        )
        .await;
    let two = postgres
        .raw
        .texts(
            "SELECT table_name || '.' || column_name || ' '
                 || CASE data_type WHEN 'bigint' THEN 'integer' WHEN 'bytea' THEN 'blob' ELSE data_type END
                 || CASE is_nullable WHEN 'YES' THEN '?' ELSE '' END
             FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
             WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name NOT LIKE '\\_sqlx%'
             ORDER BY 1",
        )
        .await;
    let sorted = |mut list: Vec<String>| {
        list.sort();
        list
    };
    assert_eq!(sorted(one), sorted(two));
    sqlite.drop_database().await;
    postgres.drop_database().await;
}

pub(crate) async fn it_has_the_kinds_of_records_as_rows(setup: &Setup) {
    let mut kinds: Vec<String> =
        RecordBody::KINDS.iter().map(|(kind, subject, _)| format!("{kind} {}", subject.as_str())).collect();
    kinds.sort();
    let mut rows = setup.raw.texts("SELECT kind || ' ' || subject FROM record_kind").await;
    rows.sort();
    assert_eq!(rows, kinds);
    let insert = "INSERT INTO record (agency_id, record_id, kind, subject, subject_id, body)
        VALUES ('a', 'r1', 'visit_plan', 'client', 'c1', '{\"kind\":\"visit_plan\"}')";
    let refused = setup.raw.execute(insert).await.expect_err("no such kind").to_string();
    assert!(refused.contains("record_kind"), "{refused}");
    setup.raw.execute("INSERT INTO record_kind VALUES ('visit_plan', 'client')").await.expect("a kind more");
    setup.raw.execute(insert).await.expect("inserts");
}

/// The table of records was made anew once: what other systems had written before is there, and triggers see it.
#[tokio::test]
async fn it_keeps_records_that_were_written_before_their_kinds_were_rows() {
    let directory = tempfile::tempdir().expect("a directory");
    let url = format!("sqlite:{}", directory.path().join("store.db").display());
    let earlier = directory.path().join("migrations");
    std::fs::create_dir(&earlier).expect("a folder");
    let all = std::path::Path::new(env!("ADJUDICA_CHECKOUT")).join("host/store/migrations/sqlite");
    for file in all.read_dir().expect("a folder").map(|entry| entry.expect("an entry")) {
        if file.file_name().to_string_lossy().as_ref() < "0013" {
            std::fs::copy(file.path(), earlier.join(file.file_name())).expect("copies");
        }
    }
    let options = url.parse::<sqlx::sqlite::SqliteConnectOptions>().expect("an address").create_if_missing(true);
    let pool = sqlx::SqlitePool::connect_with(options).await.expect("opens");
    sqlx::migrate::Migrator::new(earlier).await.expect("reads").run(&pool).await.expect("migrates");
    let raw = Raw::Sqlite(pool);
    raw.execute(
        "INSERT INTO record (agency_id, record_id, kind, subject, subject_id, body) VALUES ('a', 'r1', 'residence',
             'client', 'c1', '{\"kind\":\"residence\",\"state\":\"MI\",\"from\":\"2026-01-01\"}')",
    )
    .await
    .expect("inserts");
    let store = adjudica_store::connect(&url).await.expect("opens and migrates");
    let record = store.find_record(&token("a"), &token("r1")).await.expect("reads").expect("is there");
    assert_eq!((record.version, record.record.body.kind()), (1, "residence"));
    raw.execute("UPDATE record SET from_day = '2026-01-01' WHERE record_id = 'r1'").await.expect("updates");
    assert!(store.remove_record(&token("a"), &token("r1")).await.expect("removes"));
    let history = store.record_history(&token("a"), &token("r1")).await.expect("reads");
    let versions: Vec<_> = history.iter().map(|version| (version.version, version.operation.as_str())).collect();
    assert_eq!(versions, [(1, "insert"), (2, "update"), (2, "delete")]);
    store.close().await;
}

#[tokio::test]
async fn it_keeps_sqlite_durable_and_strict() {
    let setup = sqlite().await;
    assert_eq!(setup.raw.texts("SELECT journal_mode FROM pragma_journal_mode").await, ["wal"]);
    let loose = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0
        AND name NOT LIKE 'sqlite%' AND name NOT LIKE '%sqlx%'";
    assert_eq!(setup.raw.texts(loose).await, [""; 0]);
    setup.drop_database().await;
}

#[tokio::test]
async fn it_keeps_an_in_memory_database() {
    let store = adjudica_store::connect("sqlite::memory:").await.expect("opens");
    store
        .put_encounters(&token("a"), &[encounter("e1", "c1", "2026-02-03")], PutMode::InsertOnly, at(0))
        .await
        .expect("puts");
    let work = store.take_undecided(&mut Turn::first(10), at(1)).await.expect("takes");
    assert_eq!(work.clients.len(), 1);
}

#[tokio::test]
async fn it_refuses_other_addresses_without_repeating_them() {
    for url in ["mysql://user:secret@host/db", "", "user:secret"] {
        let refused = adjudica_store::connect(url).await.map(drop).expect_err("is refused");
        assert!(matches!(refused, StoreError::BadAddress { .. }), "{refused}");
        assert!(!refused.to_string().contains("secret"), "{refused}");
    }
}

pub(crate) async fn it_refuses_tables_that_a_newer_release_has_changed(setup: &Setup) {
    let newer =
        "INSERT INTO _sqlx_migrations SELECT max(version) + 1, 'amounts are in mills now', max(installed_on), true,
        max(checksum), 0 FROM _sqlx_migrations";
    let newer = match &setup.raw {
        Raw::Sqlite(_) => newer.to_owned(),
        Raw::Postgres(_) => newer.replace("max(checksum)", "decode('00', 'hex')"),
    };
    setup.raw.execute(&newer).await.expect("inserts");
    let refused = adjudica_store::connect(&setup.url).await.map(drop).expect_err("is refused");
    let StoreError::NewerSchema { found, known } = refused else { panic!("{refused}") };
    assert_eq!(found, known + 1);
    setup
        .raw
        .execute("DELETE FROM _sqlx_migrations WHERE description = 'amounts are in mills now'")
        .await
        .expect("deletes");
    adjudica_store::connect(&setup.url).await.expect("opens").close().await;
}

/// A disk that is full ends the transaction in the middle, and the program's count of it stays behind: `RAISE(ROLLBACK)` does the same.
#[tokio::test]
async fn it_writes_on_after_sqlite_ended_a_transaction_by_itself() {
    let setup = sqlite().await;
    let full = "CREATE TRIGGER disk_is_full BEFORE INSERT ON encounter WHEN NEW.encounter_id = 'e1'
        BEGIN SELECT RAISE(ROLLBACK, 'database or disk is full'); END";
    setup.raw.execute(full).await.expect("a trigger");
    for minute in 0..10 {
        let put = [encounter("e1", "c1", "2026-02-03")];
        setup
            .store
            .put_encounters(&token("a"), &put, PutMode::InsertOnly, at(minute))
            .await
            .map(drop)
            .expect_err("full");
        let put = [encounter(&format!("e1{minute}"), "c1", "2026-02-03")];
        setup.store.put_encounters(&token("a"), &put, PutMode::InsertOnly, at(minute)).await.expect("puts");
    }
    assert_eq!(setup.raw.texts("SELECT count(*) || '' FROM encounter").await, ["10"]);
    setup.drop_database().await;
}

pub(crate) async fn it_leaves_the_tables_of_another_program_alone(setup: &Setup) {
    // As if another program had made tables of these names.
    setup.raw.execute("DROP TABLE _sqlx_migrations").await.expect("drops");
    let refused = adjudica_store::connect(&setup.url).await.map(drop).expect_err("is refused");
    assert_eq!(refused.to_string(), "the database holds tables of another program; give the address of an empty one");
}
