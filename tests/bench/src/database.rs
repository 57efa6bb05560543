//! Empty databases to measure on: a SQLite file of its own, and a PostgreSQL database of its own. No figures here.

use std::path::Path;

use anyhow::{Context, Result};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, SqlitePool};
use tempfile::TempDir;

/// The PostgreSQL server to make databases on.
const URL_VARIABLE: &str = "ADJUDICA_TEST_POSTGRES_URL";

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One file.
    Sqlite,
    /// A server.
    Postgres,
}

impl Kind {
    /// The word in names of figures.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// The kinds that can be measured here.
pub(crate) fn kinds() -> Vec<Kind> {
    let postgres = postgres_url().map(|_| Kind::Postgres);
    std::iter::once(Kind::Sqlite).chain(postgres).collect()
}

#[expect(clippy::disallowed_methods, reason = "the one place where the database server is told")]
fn postgres_url() -> Option<String> {
    std::env::var(URL_VARIABLE).ok().filter(|url| !url.is_empty())
}

/// An empty database; gone when dropped, as far as it is a file.
pub(crate) struct Database {
    /// The address that a store connects to.
    pub(crate) url: String,
    kind: Kind,
    _folder: TempDir,
}

/// A plain connection to a database, for what is measured against.
#[derive(Clone)]
pub(crate) enum Plain {
    /// The one writer of a SQLite file.
    Sqlite(SqlitePool),
    /// A pool.
    Postgres(PgPool),
}

impl Database {
    /// Makes an empty database; `name` tells it from the others of this run.
    pub(crate) async fn create(kind: Kind, name: &str) -> Result<Self> {
        // Beside the build, on a real disk: the folder for temporary files may be memory.
        let folder = TempDir::new_in(std::env::current_exe()?.parent().unwrap_or(Path::new(".")))?;
        let url = match kind {
            Kind::Sqlite => format!("sqlite:{}", folder.path().join(format!("{name}.db")).display()),
            Kind::Postgres => create_postgres(&format!("bench_{}_{name}", std::process::id())).await?,
        };
        Ok(Self { url, kind, _folder: folder })
    }

    /// Removes it from its server.
    pub(crate) async fn remove(self) -> Result<()> {
        if let (Kind::Postgres, Some(url), Some((_, name))) = (self.kind, postgres_url(), self.url.rsplit_once('/')) {
            let server = PgPoolOptions::new().max_connections(1).connect(&url).await?;
            let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            sqlx::raw_sql(sqlx::AssertSqlSafe(drop)).execute(&server).await?;
        }
        Ok(())
    }

    /// Connects to it plainly, with the durability that the store asks for.
    pub(crate) async fn plain(&self) -> Result<Plain> {
        Ok(match self.kind {
            Kind::Sqlite => {
                let options: SqliteConnectOptions = self.url.parse()?;
                let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
                Plain::Sqlite(SqlitePoolOptions::new().max_connections(1).connect_with(options).await?)
            }
            Kind::Postgres => {
                let options = PgPoolOptions::new().max_connections(16).test_before_acquire(false);
                Plain::Postgres(options.connect(&self.url).await?)
            }
        })
    }
}

async fn create_postgres(name: &str) -> Result<String> {
    let url = postgres_url().with_context(|| format!("{URL_VARIABLE} is not set"))?;
    let server = PgPoolOptions::new().max_connections(1).connect(&url).await?;
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name}"))).execute(&server).await?;
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&server).await?;
    server.close().await;
    let options: PgConnectOptions = url.parse()?;
    let old = options.get_database().unwrap_or("postgres");
    let base = url.strip_suffix(old).with_context(|| format!("{URL_VARIABLE} does not end in its database `{old}`"))?;
    Ok(format!("{base}{name}"))
}
