//! Opens a PostgreSQL database: its settings, its tables, and the checks that it can be trusted.

use std::str::FromStr;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::connect::{LAST_MIGRATION, require_known};
use crate::error::StoreError;
use crate::postgres::PostgresStore;
use crate::postgres::commit::KnownHeads;

const CONNECTIONS_MAX: u32 = 10;
const ACQUIRE_TIMEOUT_MS: u64 = 30_000;
/// No statement, wait for a lock or pause within a transaction lasts longer.
const SESSION: [(&str, &str); 5] = [
    ("statement_timeout", "120s"),
    ("lock_timeout", "20s"),
    ("idle_in_transaction_session_timeout", "60s"),
    ("synchronous_commit", "on"),
    // Statements here look up rows by their keys: code made for one costs more than it saves.
    ("jit", "off"),
];

const HAS_MIGRATIONS: &str = "SELECT to_regclass('_sqlx_migrations') IS NOT NULL";

const SETTINGS: &str = "
    SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')";

pub(crate) async fn open(url: &str) -> Result<PostgresStore, StoreError> {
    let failed = StoreError::during("opening the database");
    let options = PgConnectOptions::from_str(url).map_err(failed)?.options(SESSION).statement_cache_capacity(200);
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS_MAX)
        .acquire_timeout(Duration::from_millis(ACQUIRE_TIMEOUT_MS))
        .test_before_acquire(false)
        .connect_with(options)
        .await
        .map_err(failed)?;
    let warnings = check_settings(&pool).await?;
    let migrations = sqlx::migrate!("migrations/postgres");
    let has_table: bool = sqlx::query_scalar(HAS_MIGRATIONS).fetch_one(&pool).await.map_err(failed)?;
    if has_table {
        let last: Option<i64> = sqlx::query_scalar(LAST_MIGRATION).fetch_one(&pool).await.map_err(failed)?;
        require_known(&migrations, last)?;
    }
    migrations.run(&pool).await.map_err(|source| StoreError::Migration { source })?;
    Ok(PostgresStore { pool, warnings, heads: KnownHeads::default() })
}

/// Refuses a database that answers before it has written; warns of one that may lose what it wrote.
async fn check_settings(pool: &PgPool) -> Result<Vec<String>, StoreError> {
    let failed = StoreError::during("asking for settings");
    let settings: Vec<(String, String)> = sqlx::query_as(SETTINGS).fetch_all(pool).await.map_err(failed)?;
    let mut warnings = Vec::new();
    for (name, setting) in settings.iter().filter(|(_, setting)| setting == "off") {
        if name == "synchronous_commit" {
            let fault = format!("`{name}` is {setting}, so answered decisions can be lost; set it to on");
            return Err(StoreError::UnsafeDatabase { faults: vec![fault] });
        }
        warnings
            .push(format!("`{name}` is {setting}: a crash of the machine can lose or damage decisions; set it to on"));
    }
    Ok(warnings)
}
