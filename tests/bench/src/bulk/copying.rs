//! The other side of the bulk figure: takes the rows that deciding wrote, and writes them elsewhere after reading the same
//! encounters. Nothing is encoded while the clock runs: rows are JSON for SQLite and COPY text for PostgreSQL beforehand.

use anyhow::{Context, Result};
use futures_util::TryStreamExt;
use sqlx::postgres::PgPoolCopyExt;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, Row, SqliteConnection, SqlitePool};

use crate::database::Plain;

/// The tables that a decision writes.
const WRITTEN: [&str; 4] = ["decision", "decision_line", "decision_finding", "ledger"];
/// The tables that deciding reads, each with the name that its rows have for their client.
const READ: [&str; 6] =
    ["encounter", "encounter_modifier", "encounter_diagnosis", "encounter_supporting_info", "ledger", "record"];

/// What one transaction read and wrote.
pub(super) struct Rows {
    clients: Vec<String>,
    encounters: Vec<String>,
    written: Vec<(&'static str, Vec<u8>)>,
}

/// The rows of the decisions after `through`, cut into transactions of `encounters_max`, and the last decision.
pub(super) async fn take_rows(from: &Plain, through: i64, encounters_max: u32) -> Result<(Vec<Rows>, i64)> {
    const DECISIONS: &str =
        "SELECT sequence, client_id, encounter_id FROM decision WHERE sequence > $1 ORDER BY sequence";
    let decisions: Vec<(i64, String, String)> = match from {
        Plain::Sqlite(pool) => sqlx::query_as(DECISIONS).bind(through).fetch_all(pool).await?,
        Plain::Postgres(pool) => sqlx::query_as(DECISIONS).bind(through).fetch_all(pool).await?,
    };
    let encounters_max = usize::try_from(encounters_max)?;
    let mut parts: Vec<(i64, i64, Rows)> = Vec::new();
    for (sequence, client, encounter) in decisions {
        let begins = parts.last().is_none_or(|(_, _, rows)| rows.encounters.len() >= encounters_max);
        if begins {
            parts.push((sequence, sequence, Rows { clients: Vec::new(), encounters: Vec::new(), written: Vec::new() }));
        }
        let (_, last, rows) = parts.last_mut().context("a part was begun")?;
        *last = sequence;
        if rows.clients.last() != Some(&client) {
            rows.clients.push(client);
        }
        rows.encounters.push(encounter);
    }
    let mut taken = Vec::new();
    let mut through = through;
    for (first, last, mut rows) in parts {
        for table in WRITTEN {
            let bytes = match from {
                Plain::Sqlite(pool) => take_json(pool, table, [first, last]).await?,
                Plain::Postgres(pool) => take_copy(pool, table, [first, last]).await?,
            };
            rows.written.push((table, bytes));
        }
        taken.push(rows);
        through = last;
    }
    Ok((taken, through))
}

async fn columns(pool: &SqlitePool, table: &str) -> Result<Vec<String>> {
    const COLUMNS: &str = "SELECT name FROM pragma_table_info($1) ORDER BY cid";
    Ok(sqlx::query_scalar(COLUMNS).bind(table).fetch_all(pool).await?)
}

async fn take_json(pool: &SqlitePool, table: &str, [first, last]: [i64; 2]) -> Result<Vec<u8>> {
    let sql = format!(
        "SELECT json_group_array(json_array({})) FROM {table} \
         WHERE decision_id IN (SELECT decision_id FROM decision WHERE sequence BETWEEN {first} AND {last})",
        columns(pool, table).await?.join(", ")
    );
    let json: String = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(pool).await?;
    Ok(json.into_bytes())
}

async fn take_copy(pool: &PgPool, table: &str, [first, last]: [i64; 2]) -> Result<Vec<u8>> {
    let sql = format!(
        "COPY (SELECT * FROM {table} WHERE decision_id IN \
         (SELECT decision_id FROM decision WHERE sequence BETWEEN {first} AND {last})) TO STDOUT"
    );
    let mut stream = pool.copy_out_raw(&sql).await?;
    let mut bytes = Vec::new();
    while let Some(piece) = stream.try_next().await? {
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// Reads the encounters of each part and writes its rows, one durable transaction for each.
pub(super) async fn copy_rows(to: &Plain, parts: &[Rows]) -> Result<()> {
    match to {
        Plain::Sqlite(pool) => {
            let mut inserts = Vec::new();
            for table in WRITTEN {
                inserts.push((table, insert_json(table, columns(pool, table).await?.len())));
            }
            for rows in parts {
                copy_sqlite(&mut *pool.acquire().await?, rows, &inserts).await?;
            }
        }
        Plain::Postgres(pool) => {
            for rows in parts {
                copy_postgres(&mut *pool.acquire().await?, rows).await?;
            }
        }
    }
    Ok(())
}

fn insert_json(table: &str, columns: usize) -> String {
    let values: Vec<String> = (0..columns).map(|column| format!("value ->> {column}")).collect();
    format!("INSERT INTO {table} SELECT {} FROM json_each($1)", values.join(", "))
}

fn select(table: &str, clients: &str) -> String {
    match table {
        "encounter" | "ledger" => format!("SELECT * FROM {table} WHERE agency_id = 'bench' AND client_id {clients}"),
        "record" => format!(
            "SELECT * FROM record WHERE agency_id = 'bench' AND (subject = 'client' AND subject_id {clients} \
             OR subject = 'provider')"
        ),
        child => format!(
            "SELECT child.* FROM encounter JOIN {child} AS child USING (agency_id, encounter_id) \
             WHERE encounter.agency_id = 'bench' AND encounter.client_id {clients}"
        ),
    }
}

async fn copy_sqlite(connection: &mut SqliteConnection, rows: &Rows, inserts: &[(&'static str, String)]) -> Result<()> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let clients = serde_json::to_string(&rows.clients)?;
    for table in READ {
        let sql = select(table, "IN (SELECT value FROM json_each($1))");
        let found = sqlx::query(AssertSqlSafe(sql)).bind(&clients).fetch_all(&mut *transaction).await?;
        std::hint::black_box(found.first().map(Row::len));
    }
    for (table, bytes) in &rows.written {
        let insert = inserts.iter().find(|(name, _)| name == table).map(|(_, sql)| sql.clone()).context("an insert")?;
        sqlx::query(AssertSqlSafe(insert)).bind(std::str::from_utf8(bytes)?).execute(&mut *transaction).await?;
    }
    const DECIDED: &str =
        "DELETE FROM undecided WHERE agency_id = 'bench' AND encounter_id IN (SELECT value FROM json_each($1))";
    sqlx::query(DECIDED).bind(serde_json::to_string(&rows.encounters)?).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(())
}

async fn copy_postgres(connection: &mut PgConnection, rows: &Rows) -> Result<()> {
    let mut transaction = connection.begin().await?;
    for table in READ {
        let sql = select(table, "= ANY($1)");
        let found = sqlx::query(AssertSqlSafe(sql)).bind(&rows.clients).fetch_all(&mut *transaction).await?;
        std::hint::black_box(found.first().map(Row::len));
    }
    for (table, bytes) in &rows.written {
        let mut copy = transaction.copy_in_raw(&format!("COPY {table} FROM STDIN")).await?;
        copy.send(bytes.as_slice()).await?;
        copy.finish().await?;
    }
    const DECIDED: &str = "DELETE FROM undecided WHERE agency_id = 'bench' AND encounter_id = ANY($1)";
    sqlx::query(DECIDED).bind(&rows.encounters).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(())
}
