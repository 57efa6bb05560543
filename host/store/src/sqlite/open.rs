//! Opens a SQLite database: its settings, its tables, and the checks that it can be trusted.

use std::str::FromStr;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, SqliteConnection, SqlitePool};

use crate::connect::{LAST_MIGRATION, require_known};
use crate::error::StoreError;
use crate::sqlite::SqliteStore;
use crate::sqlite::dialect::BEGIN;

const BUSY_TIMEOUT_MS: u64 = 5_000;
const ACQUIRE_TIMEOUT_MS: u64 = 30_000;
const READERS_MAX: u32 = 4;
const LISTERS_MAX: u32 = 2;
/// Pages of 4 KiB in the log before they are copied into the database.
const CHECKPOINT_PAGES: &str = "8000";
/// The log file is cut back to this after a checkpoint.
const JOURNAL_BYTES_MAX: &str = "67108864";
/// Rows that SQLite's thread may be ahead of their reader.
const ROWS_BUFFERED: usize = 1_000;
/// Negative: in KiB. Each connection has a cache of its own, and together they stay a small part of a host's memory; pages
/// that do not fit are still in the system's cache.
const WRITER_CACHE_SIZE: &str = "-16384";
const READER_CACHE_SIZE: &str = "-8192";
/// From 3.7.0 to 3.51.2 a write-ahead log could be corrupted when it was reset.
const VERSION_MIN: (u32, u32, u32) = (3, 51, 3);

const VERSION: &str = "SELECT sqlite_version()";

const HAS_MIGRATIONS: &str = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations'";

const OTHER_TABLES: &str = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'";

pub(crate) async fn open(url: &str) -> Result<SqliteStore, StoreError> {
    let failed = StoreError::during("opening the database");
    let in_memory = url.contains(":memory:");
    let options = SqliteConnectOptions::from_str(url)
        .map_err(failed)?
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_millis(BUSY_TIMEOUT_MS))
        .pragma("journal_size_limit", JOURNAL_BYTES_MAX)
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
        .row_buffer_size(ROWS_BUFFERED)
        .statement_cache_capacity(200);
    let writer = options.clone().pragma("cache_size", WRITER_CACHE_SIZE);
    let writer = pool_options(1).connect_with(writer).await.map_err(failed)?;
    require_version(&writer).await?;
    migrate(&writer).await?;
    // An in-memory database lives in its one connection, so readers share it.
    let (readers, listers) = if in_memory {
        (writer.clone(), writer.clone())
    } else {
        let reader = options.pragma("cache_size", READER_CACHE_SIZE).pragma("query_only", "ON");
        let readers = pool_options(READERS_MAX).connect_with(reader.clone()).await.map_err(failed)?;
        (readers, pool_options(LISTERS_MAX).connect_with(reader).await.map_err(failed)?)
    };
    Ok(SqliteStore { writer, readers, listers, warnings: Vec::new() })
}

fn pool_options(connections_max: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .min_connections(1)
        .max_connections(connections_max)
        .acquire_timeout(Duration::from_millis(ACQUIRE_TIMEOUT_MS))
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .before_acquire(|connection, _| Box::pin(is_at_rest(connection)))
}

/// Whether a connection is in no transaction. SQLite ends one by itself where the disk is full or fails, and the connection, which
/// was told to end it, goes on counting it: such a one is thrown away, and its next user gets another.
async fn is_at_rest(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        // Whoever was cut off has asked for the end of its transaction; the answer comes after it.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

async fn require_version(pool: &SqlitePool) -> Result<(), StoreError> {
    let failed = StoreError::during("asking for the version of SQLite");
    let version: String = sqlx::query_scalar(VERSION).fetch_one(pool).await.map_err(failed)?;
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    if (next(), next(), next()) < VERSION_MIN {
        let fault = format!("SQLite {version} can corrupt its log; build with 3.51.3 or later");
        return Err(StoreError::UnsafeDatabase { faults: vec![fault] });
    }
    Ok(())
}

/// Under the write lock, so that two hosts starting at once do not both create the tables.
async fn migrate(pool: &SqlitePool) -> Result<(), StoreError> {
    let failed = StoreError::during("bringing the tables up to date");
    let mut connection = pool.acquire().await.map_err(failed)?;
    let mut transaction = connection.begin_with(BEGIN).await.map_err(failed)?;
    let migrations = sqlx::migrate!("migrations/sqlite");
    let has_table: i64 = sqlx::query_scalar(HAS_MIGRATIONS).fetch_one(&mut *transaction).await.map_err(failed)?;
    if has_table > 0 {
        let last: Option<i64> =
            sqlx::query_scalar(LAST_MIGRATION).fetch_one(&mut *transaction).await.map_err(failed)?;
        require_known(&migrations, last)?;
    } else {
        let others: i64 = sqlx::query_scalar(OTHER_TABLES).fetch_one(&mut *transaction).await.map_err(failed)?;
        if others > 0 {
            return Err(StoreError::ForeignTables);
        }
    }
    migrations.run(&mut *transaction).await.map_err(|source| StoreError::Migration { source })?;
    transaction.commit().await.map_err(failed)
}
