//! Opens a PostgreSQL database: its settings, its tables, and the checks that it can be trusted.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, Executor, PgConnection, PgPool, Row, raw_sql};

use crate::connect::{LAST_MIGRATION, require_known};
use crate::error::StoreError;
use crate::postgres::PostgresStore;
use crate::postgres::commit::KnownHeads;
use crate::postgres::statistics::Statistics;

const CONNECTIONS_MAX: u32 = 10;
const LISTERS_MAX: u32 = 3;
const ACQUIRE_TIMEOUT_MS: u64 = 30_000;
/// No statement, wait for a lock or pause within a transaction lasts longer. A host that is stopped in the middle of a transaction
/// holds its agencies' chains: others do not wait for it. Statements look up rows by their keys, so code made for one, or a plan
/// for each set of values, costs more than it saves. Said after connecting, since poolers pass no such options on.
const SESSION: &str = "
    SET statement_timeout = '120s'; SET lock_timeout = '20s'; SET idle_in_transaction_session_timeout = '5s';
    SET synchronous_commit = on; SET jit = off; SET plan_cache_mode = force_generic_plan";

const HAS_MIGRATIONS: &str = "SELECT to_regclass('_sqlx_migrations') IS NOT NULL";

/// Other tables may lie beside, but none of these names.
const HAS_SAME_NAMES: &str = "SELECT to_regclass('encounter') IS NOT NULL OR to_regclass('decision') IS NOT NULL";

const SETTINGS: &str = "
    SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')";

pub(crate) async fn open(url: &str) -> Result<PostgresStore, StoreError> {
    let failed = StoreError::during("opening the database");
    let options = PgConnectOptions::from_str(url).map_err(failed)?.statement_cache_capacity(200);
    require_own_connections(&options).await?;
    let pool_options = PgPoolOptions::new()
        .after_connect(|connection, _| Box::pin(async move { connection.execute(raw_sql(SESSION)).await.map(drop) }))
        .max_connections(CONNECTIONS_MAX)
        .acquire_timeout(Duration::from_millis(ACQUIRE_TIMEOUT_MS))
        .test_before_acquire(false);
    let pool = pool_options.clone().connect_with(options.clone()).await.map_err(failed)?;
    let listers = pool_options.max_connections(LISTERS_MAX).connect_lazy_with(options);
    let warnings = check_settings(&pool).await?;
    let migrations = sqlx::migrate!("migrations/postgres");
    let has_table: bool = sqlx::query_scalar(HAS_MIGRATIONS).fetch_one(&pool).await.map_err(failed)?;
    if has_table {
        let last: Option<i64> = sqlx::query_scalar(LAST_MIGRATION).fetch_one(&pool).await.map_err(failed)?;
        require_known(&migrations, last)?;
    } else if sqlx::query_scalar(HAS_SAME_NAMES).fetch_one(&pool).await.map_err(failed)? {
        return Err(StoreError::ForeignTables);
    }
    migrations.run(&pool).await.map_err(|source| StoreError::Migration { source })?;
    Ok(PostgresStore { pool, listers, warnings, heads: KnownHeads::default(), statistics: Statistics::default() })
}

/// Refuses a pooler that hands connections around: behind one, two connections that are open at once meet the same server process,
/// or one meets several.
async fn require_own_connections(options: &PgConnectOptions) -> Result<(), StoreError> {
    let failed = StoreError::during("opening the database");
    let mut one = PgConnection::connect_with(options).await.map_err(failed)?;
    let mut two = PgConnection::connect_with(options).await.map_err(failed)?;
    let mut seen = Vec::new();
    for turn in 0..6 {
        let connection = if turn % 2 == 0 { &mut one } else { &mut two };
        let row = connection.fetch_one(raw_sql("SELECT pg_backend_pid()")).await.map_err(failed)?;
        seen.push(row.try_get::<i32, _>(0).map_err(failed)?);
    }
    let is_own = seen.first() != seen.get(1) && seen.iter().zip(seen.iter().skip(2)).all(|(a, b)| a == b);
    one.close().await.map_err(failed)?;
    two.close().await.map_err(failed)?;
    if is_own { Ok(()) } else { Err(StoreError::Pooler) }
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
