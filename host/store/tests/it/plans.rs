//! No statement looks through a table that grows with what is stored: asked of both databases, for every statement in the sources
//! and for what the triggers do.

use std::collections::BTreeMap;

use crate::statements::{Statement, statements};
use crate::support::{Raw, Setup, encounter};

/// Tables that grow with what an agency does.
const GROWING: [&str; 9] = [
    "encounter",
    "decision",
    "decision_in_force",
    "decision_line",
    "decision_finding",
    "ledger",
    "record",
    "record_version",
    "undecided",
];

/// Statements that may look through one: by file and name, and why.
const ALLOWED: [(&str, &str, &str); 4] = [
    ("status.rs", "COUNTS", "counting is looking at all; a host keeps large counts"),
    ("waiting.rs", "FIRST_PLACES", "reads the first of an index, and as many as a turn takes"),
    ("work.rs", "LOADED", "looks for the first of an index of corrections alone"),
    ("alike/records.rs", "CLAIMED", "the index has corrections alone"),
];

/// What a statement calls its tables, and which they are.
fn tables_by_name(sql: &str) -> BTreeMap<String, String> {
    let words: Vec<&str> =
        sql.split(|sign: char| !(sign.is_alphanumeric() || sign == '_')).filter(|word| !word.is_empty()).collect();
    let mut names = BTreeMap::new();
    for (at, word) in words.iter().enumerate().filter(|(_, word)| GROWING.contains(word)) {
        names.insert((*word).to_owned(), (*word).to_owned());
        if let Some(next) = words.get(at + 1).filter(|next| next.len() <= 2) {
            names.insert((*next).to_owned(), (*word).to_owned());
        }
    }
    names
}

fn is_allowed(statement: &Statement) -> bool {
    ALLOWED.iter().any(|(file, name, _)| statement.file.ends_with(file) && statement.name == *name)
}

#[tokio::test]
async fn no_statement_looks_through_a_growing_table_of_sqlite() {
    let setup = crate::support::sqlite().await;
    let Raw::Sqlite(pool) = &setup.raw else { panic!("is SQLite") };
    let mut found = Vec::new();
    let all = statements("sqlite");
    assert!(all.len() > 60, "{} statements were found", all.len());
    for statement in all.iter().filter(|statement| !is_allowed(statement)) {
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", statement.sql)))
                .fetch_all(pool)
                .await
                .unwrap_or_else(|fault| panic!("{} in {}: {fault}\n{}", statement.name, statement.file, statement.sql));
        let names = tables_by_name(&statement.sql);
        let steps = plan.into_iter().map(|(.., step)| step).filter(|step| looks_through(step, &names));
        found.extend(steps.map(|step| format!("{} {}: {step}", statement.file, statement.name)));
    }
    setup.drop_database().await;
    assert_eq!(found, Vec::<String>::new());
}

/// The statements of the triggers, their row's values as parameters.
#[tokio::test]
async fn no_trigger_looks_through_a_growing_table_of_sqlite() {
    let setup = crate::support::sqlite().await;
    let Raw::Sqlite(pool) = &setup.raw else { panic!("is SQLite") };
    let triggers: Vec<(String, String)> =
        sqlx::query_as("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name")
            .fetch_all(pool)
            .await
            .expect("reads");
    let (mut found, mut count) = (Vec::new(), 0);
    for (name, sql) in &triggers {
        let body = sql.split_once("BEGIN").map_or("", |(_, body)| body);
        let body = body.trim().trim_end_matches("END");
        for statement in body.split(";\n").map(str::trim).filter(|statement| !statement.is_empty()) {
            if statement.starts_with("SELECT RAISE") {
                continue;
            }
            count += 1;
            let asked = with_parameters(statement);
            let plan: Vec<(i64, i64, i64, String)> =
                sqlx::query_as(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {asked}")))
                    .fetch_all(pool)
                    .await
                    .unwrap_or_else(|fault| panic!("{name}: {fault}\n{asked}"));
            let names = tables_by_name(&asked);
            found.extend(
                plan.iter()
                    .filter(|(.., step)| looks_through(step, &names))
                    .map(|(.., step)| format!("{name}: {step}")),
            );
        }
    }
    assert!(count > 40, "{count} statements were found");
    setup.drop_database().await;
    assert_eq!(found, Vec::<String>::new());
}

/// `NEW.name` and `OLD.name` as `?`.
fn with_parameters(statement: &str) -> String {
    let mut asked = String::new();
    let mut rest = statement;
    while let Some(at) = ["NEW.", "OLD."].iter().filter_map(|row| rest.find(row)).min() {
        asked.push_str(rest.get(..at).unwrap_or_default());
        asked.push('?');
        rest = rest
            .get(at + 4..)
            .unwrap_or_default()
            .trim_start_matches(|sign: char| sign.is_alphanumeric() || sign == '_');
    }
    asked.push_str(rest);
    asked
}

/// Whether a step of a plan reads a growing table from end to end.
fn looks_through(step: &str, names: &BTreeMap<String, String>) -> bool {
    let mut words = step.split(' ');
    let (how, table) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    // An agency has all of them: to look by the agency alone is to look through the table.
    let is_scan = how == "SCAN" || step.ends_with("(agency_id=?)");
    is_scan && names.contains_key(table) && !step.contains("VIRTUAL TABLE")
}

/// Every kind of write once, beside tables that are filled, before and after the server has counted them.
#[tokio::test]
async fn no_trigger_looks_through_a_growing_table_of_postgres() {
    let setup: Setup = crate::support::postgres().await;
    let Raw::Postgres(pool) = &setup.raw else { panic!("is PostgreSQL") };
    let mut connection = pool.acquire().await.expect("a connection");
    let run = async |connection: &mut sqlx::PgConnection, sql: &str| {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
            .execute(connection)
            .await
            .unwrap_or_else(|fault| panic!("{fault}\n{sql}"));
    };
    run(&mut connection, "SET session_replication_role = replica").await;
    for sql in FILL {
        run(&mut connection, sql).await;
    }
    run(&mut connection, "SET session_replication_role = origin").await;
    let mut found = Vec::new();
    for counted in ["", "ANALYZE"] {
        run(&mut connection, counted).await;
        for write in WRITES {
            run(&mut connection, "BEGIN").await;
            // Plans that are kept are made in the first few calls.
            for number in 0..8 {
                run(&mut connection, &write.replace("{n}", &number.to_string())).await;
            }
            let read =
                "SELECT relname || ' ' || seq_scan FROM pg_stat_xact_user_tables WHERE seq_scan > 0 ORDER BY relname";
            let read: Vec<String> = sqlx::query_scalar(read).fetch_all(&mut *connection).await.expect("reads");
            run(&mut connection, "ROLLBACK").await;
            let growing = read.into_iter().filter(|line| GROWING.contains(&line.split(' ').next().unwrap_or_default()));
            found.extend(growing.map(|line| format!("{counted} {write}: {line}")));
        }
    }
    drop(connection);
    setup.drop_database().await;
    assert_eq!(found, Vec::<String>::new());
}

/// What other systems and the host write, `{n}` another number each time.
const WRITES: [&str; 12] = [
    "INSERT INTO encounter (agency_id, encounter_id, client_id, payer_id, date_of_service, rendering_provider_id,
         rendering_provider_role, billing_provider_id, phase, mode)
     VALUES ('a', 'new{n}', 'c7', 'p', '2026-01-01', 's1', 'RN', 'b', 'assessment', 'in_person')",
    "UPDATE encounter SET minutes = 30 + {n} WHERE agency_id = 'a' AND encounter_id = 'e{n}'",
    "INSERT INTO encounter_modifier VALUES ('a', 'e{n}', 'GT')",
    "INSERT INTO encounter_supporting_info VALUES ('a', 'e{n}', 'repeat_service')",
    "DELETE FROM encounter WHERE agency_id = 'a' AND encounter_id = 'e{n}'",
    "INSERT INTO record (agency_id, record_id, kind, subject, subject_id, body)
     VALUES ('a', 'n{n}', 'residence', 'client', 'c7', '{}')",
    "INSERT INTO record (agency_id, record_id, kind, subject, subject_id, body)
     VALUES ('a', 'n{n}', 'claim', 'encounter', 'e7', '{\"frequency\":\"7\",\"payer_claim_number\":\"x\"}')",
    "INSERT INTO record (agency_id, record_id, kind, subject, subject_id, body)
     VALUES ('a', 'n{n}', 'practice', 'practice', 'nobody{n}', '{}')",
    "INSERT INTO record (agency_id, record_id, kind, subject, subject_id, body)
     VALUES ('a', 'n{n}', 'credential', 'provider', 'nobody{n}', '{}')",
    "INSERT INTO record (agency_id, record_id, kind, subject, subject_id, body)
     VALUES ('a', 'n{n}', 'credential', 'provider', 's{n}', '{}')",
    "UPDATE record SET body = '{\"n\":{n}}' WHERE agency_id = 'a' AND record_id = 'r{n}'",
    "DELETE FROM record WHERE agency_id = 'a' AND record_id = 'r{n}'",
];

#[tokio::test]
async fn no_statement_looks_through_a_growing_table_of_postgres() {
    let setup: Setup = crate::support::postgres().await;
    let Raw::Postgres(pool) = &setup.raw else { panic!("is PostgreSQL") };
    let mut connection = pool.acquire().await.expect("a connection");
    // Filled, and without statistics: so a host meets it after a first import.
    for sql in ["SET session_replication_role = replica"].into_iter().chain(FILL) {
        sqlx::raw_sql(sql).execute(&mut *connection).await.unwrap_or_else(|fault| panic!("{fault}\n{sql}"));
    }
    for setting in ["ANALYZE", "SET plan_cache_mode = force_generic_plan", "SET enable_bitmapscan = off"] {
        sqlx::query(setting).execute(&mut *connection).await.expect("sets");
    }
    let mut found = Vec::new();
    let all = statements("postgres");
    assert!(all.len() > 60, "{} statements were found", all.len());
    for (number, statement) in all.iter().enumerate().filter(|(_, statement)| !is_allowed(statement)) {
        let name = format!("asked_{number}");
        let parameters = (1..200).take_while(|place| statement.sql.contains(&format!("${place}"))).count();
        let prepare = format!("PREPARE {name} AS {}", statement.sql);
        sqlx::raw_sql(sqlx::AssertSqlSafe(prepare))
            .execute(&mut *connection)
            .await
            .unwrap_or_else(|fault| panic!("{} in {}: {fault}\n{}", statement.name, statement.file, statement.sql));
        let nulls = vec!["NULL"; parameters].join(", ");
        let nulls = if nulls.is_empty() { String::new() } else { format!("({nulls})") };
        let explain = format!("EXPLAIN EXECUTE {name}{nulls}");
        let plan: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(explain))
            .fetch_all(&mut *connection)
            .await
            .unwrap_or_else(|fault| panic!("{} in {}: {fault}", statement.name, statement.file));
        for (at, step) in plan.iter().enumerate() {
            let of_table = |start: &str| {
                let rest = step.trim_start_matches([' ', '-', '>']).strip_prefix(start)?;
                let table = rest.split(' ').next().unwrap_or_default();
                GROWING.contains(&table).then(|| table.to_owned())
            };
            let scans = of_table("Seq Scan on ").is_some();
            // An index that is read from end to end has no condition under it, or the agency's alone.
            let by_index = step.contains("Index Scan using ") || step.contains("Index Only Scan using ");
            let table = step.split(" on ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_default();
            let condition = plan.get(at + 1).map(|next| next.trim()).filter(|next| next.starts_with("Index Cond:"));
            let is_whole = by_index && GROWING.contains(&table) && condition.is_none_or(is_of_agency_alone);
            if scans || is_whole {
                found.push(format!("{} {}: {}", statement.file, statement.name, step.trim()));
            }
        }
    }
    drop(connection);
    setup.drop_database().await;
    assert_eq!(found, Vec::<String>::new());
}

/// Rows as an agency has them, four encounters for each client.
const FILL: [&str; 9] = [
    "INSERT INTO encounter (agency_id, encounter_id, client_id, payer_id, date_of_service, rendering_provider_id,
         rendering_provider_role, billing_provider_id, phase, mode)
     SELECT 'a', 'e' || i, 'c' || i / 4, 'p', '2026-01-01', 's' || i % 50, 'RN', 'b', 'assessment', 'in_person'
     FROM generate_series(1, 20000) AS i",
    "INSERT INTO undecided (agency_id, encounter_id, client_id, revision)
     SELECT 'a', 'e' || i, 'c' || i / 4, 1 FROM generate_series(1, 20000) AS i",
    "INSERT INTO decision (agency_id, sequence, decision_id, client_id, encounter_id, payer_id, date_of_service, outcome,
         decided_at, record, previous_hash, hash)
     SELECT 'a', i, 'd' || i, 'c' || i / 4, 'e' || i, 'p', '2026-01-01', 'billable', 0, '{}', '', ''
     FROM generate_series(1, 20000) AS i",
    "INSERT INTO decision_line SELECT 'a', 'd' || i, 1, 'T1016', '', 1, 100 FROM generate_series(1, 20000) AS i",
    "INSERT INTO decision_finding (agency_id, decision_id, position, rule_id, kind, effect, verdict)
     SELECT 'a', 'd' || i, 1, 'r', 'limit', 'note', 'failed' FROM generate_series(1, 20000) AS i",
    "INSERT INTO decision_in_force (agency_id, payer_id, date_of_service, encounter_id, client_id, decision_id, encounter_revision)
     SELECT 'a', 'p', '2026-01-01', 'e' || i, 'c' || i / 4, 'd' || i, 1 FROM generate_series(1, 20000) AS i",
    "INSERT INTO ledger (agency_id, client_id, seq, kind, decision_id, encounter_id, payer_id, date_of_service, procedure_code, units,
         amount_cents, billing_provider_id, rendering_provider_id, recorded_at)
     SELECT 'a', 'c' || i / 4, i, 'line', 'd' || i, 'e' || i, 'p', '2026-01-01', 'T1016', 1, 100, 'b', 's', 0
     FROM generate_series(1, 20000) AS i",
    "INSERT INTO record (agency_id, record_id, kind, subject, subject_id, body)
     SELECT 'a', 'r' || i, 'document', 'client', 'c' || i / 4, '{}' FROM generate_series(1, 20000) AS i",
    "INSERT INTO record_version (agency_id, record_id, version, operation, kind, subject, subject_id, body, recorded_at)
     SELECT 'a', 'r' || i, 1, 'insert', 'document', 'client', 'c' || i / 4, '{}', 0 FROM generate_series(1, 20000) AS i",
];

fn is_of_agency_alone(condition: &str) -> bool {
    condition.contains("agency_id") && !condition.contains(" AND ") && !condition.contains("ROW(")
}

/// Rows come faster than the server counts: until it does, a plan that was made over an empty table is kept.
#[tokio::test]
async fn the_planner_is_told_of_a_thousand_rows_at_once() {
    let setup = crate::support::postgres().await;
    setup.raw.execute("ALTER TABLE encounter SET (autovacuum_enabled = false)").await.expect("alters");
    let known = "SELECT greatest(reltuples, 0)::bigint::text FROM pg_class WHERE oid = 'encounter'::regclass";
    let put = async |from: u32, to: u32| {
        let all: Vec<_> =
            (from..to).map(|at| encounter(&format!("e{at}"), &format!("c{}", at / 4), "2026-02-03")).collect();
        setup.put(&all).await;
        setup.raw.texts(known).await.concat()
    };
    assert_eq!(put(0, 900).await, "0");
    assert_eq!(put(900, 1_100).await, "1100");
    assert_eq!(put(1_100, 2_000).await, "1100");
    setup.drop_database().await;
}
