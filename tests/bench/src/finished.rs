//! Finished rows of tables, taken from one database and written to another by the fastest means that it has: prepared statements over
//! many rows on SQLite, COPY on PostgreSQL, in one transaction and without triggers. Nothing is encoded while the clock runs.

use anyhow::Result;
use futures_util::TryStreamExt as _;
use sqlx::postgres::PgPoolCopyExt as _;
use sqlx::{AssertSqlSafe, Connection as _, PgPool, SqlitePool};

use crate::database::Plain;

/// Rows of one statement on SQLite.
const AT_ONCE: i64 = 2_000;
/// Bytes that are sent at a time to PostgreSQL.
const PIECE: usize = 1 << 20;

/// The rows of a table, in pieces as its database takes them.
pub(crate) struct Finished {
    table: &'static str,
    /// JSON lists of rows, or the text of COPY.
    pieces: Vec<Vec<u8>>,
}

/// All rows of the tables.
pub(crate) async fn take(from: &Plain, tables: &[&'static str]) -> Result<Vec<Finished>> {
    let mut taken = Vec::new();
    for table in tables {
        let pieces = match from {
            Plain::Sqlite(pool) => take_json(pool, table).await?,
            Plain::Postgres(pool) => take_copy(pool, table).await?,
        };
        taken.push(Finished { table, pieces });
    }
    Ok(taken)
}

async fn columns(pool: &SqlitePool, table: &str) -> Result<Vec<String>> {
    const COLUMNS: &str = "SELECT name FROM pragma_table_info($1) ORDER BY cid";
    Ok(sqlx::query_scalar(COLUMNS).bind(table).fetch_all(pool).await?)
}

async fn take_json(pool: &SqlitePool, table: &str) -> Result<Vec<Vec<u8>>> {
    let sql = format!(
        "SELECT json_group_array(json_array({})) FROM (SELECT * FROM {table} LIMIT {AT_ONCE} OFFSET $1)",
        columns(pool, table).await?.join(", ")
    );
    let rows: i64 = sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {table}"))).fetch_one(pool).await?;
    let mut pieces = Vec::new();
    let mut taken = 0;
    while taken < rows {
        let json: String = sqlx::query_scalar(AssertSqlSafe(sql.clone())).bind(taken).fetch_one(pool).await?;
        pieces.push(json.into_bytes());
        taken += AT_ONCE;
    }
    Ok(pieces)
}

async fn take_copy(pool: &PgPool, table: &str) -> Result<Vec<Vec<u8>>> {
    let mut stream = pool.copy_out_raw(&format!("COPY {table} TO STDOUT")).await?;
    let mut pieces = vec![Vec::new()];
    while let Some(row) = stream.try_next().await? {
        if pieces.last().is_none_or(|piece| piece.len() + row.len() > PIECE) {
            pieces.push(Vec::new());
        }
        if let Some(piece) = pieces.last_mut() {
            piece.extend_from_slice(&row);
        }
    }
    Ok(pieces)
}

/// Writes them into the same tables of another database, which are empty: all or none.
pub(crate) async fn write(to: &Plain, rows: &[Finished]) -> Result<()> {
    match to {
        Plain::Sqlite(pool) => write_json(pool, rows).await,
        Plain::Postgres(pool) => write_copy(pool, rows).await,
    }
}

async fn write_json(pool: &SqlitePool, rows: &[Finished]) -> Result<()> {
    const TRIGGERS: &str = "SELECT name FROM sqlite_master WHERE type = 'trigger'";
    let triggers: Vec<String> = sqlx::query_scalar(TRIGGERS).fetch_all(pool).await?;
    let mut inserts = Vec::new();
    for Finished { table, .. } in rows {
        let values: Vec<String> = (0..columns(pool, table).await?.len()).map(|at| format!("value ->> {at}")).collect();
        inserts.push(format!("INSERT INTO {table} SELECT {} FROM json_each($1)", values.join(", ")));
    }
    let mut connection = pool.acquire().await?;
    for trigger in triggers {
        sqlx::query(AssertSqlSafe(format!("DROP TRIGGER {trigger}"))).execute(&mut *connection).await?;
    }
    sqlx::query("PRAGMA foreign_keys = OFF").execute(&mut *connection).await?;
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    for (finished, insert) in rows.iter().zip(inserts) {
        for piece in &finished.pieces {
            let query = sqlx::query(AssertSqlSafe(insert.clone())).bind(std::str::from_utf8(piece)?);
            query.execute(&mut *transaction).await?;
        }
    }
    transaction.commit().await?;
    Ok(())
}

async fn write_copy(pool: &PgPool, rows: &[Finished]) -> Result<()> {
    let mut connection = pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    // Neither triggers nor foreign keys.
    sqlx::query("SET LOCAL session_replication_role = replica").execute(&mut *transaction).await?;
    for Finished { table, pieces } in rows {
        let mut copy = transaction.copy_in_raw(&format!("COPY {table} FROM STDIN")).await?;
        for piece in pieces {
            copy.send(piece.as_slice()).await?;
        }
        copy.finish().await?;
    }
    transaction.commit().await?;
    Ok(())
}
