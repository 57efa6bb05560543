//! Empty databases for the tests, and another system's connection to them.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};

/// An empty database.
pub(crate) struct Database {
    pub(crate) url: String,
    kind: Kind,
}

enum Kind {
    Sqlite { _folder: tempfile::TempDir },
    Postgres { server: String, name: String },
}

/// Another system that keeps every commit of decisions waiting until it is done.
pub(crate) enum Holder {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

static DATABASES: AtomicU32 = AtomicU32::new(0);

#[expect(clippy::disallowed_methods, reason = "the one place where tests learn where PostgreSQL is")]
pub(crate) fn postgres_server() -> String {
    std::env::var("ADJUDICA_TEST_POSTGRES_URL")
        .unwrap_or_else(|_| panic!("no PostgreSQL for the tests; run `cargo xtask test`, which starts one"))
}

impl Database {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}", folder.path().join("adjudica.db").display());
        Self { url, kind: Kind::Sqlite { _folder: folder } }
    }

    pub(crate) async fn postgres() -> Self {
        let server = postgres_server();
        let name = format!("adjudica_host_{}_{}", std::process::id(), DATABASES.fetch_add(1, Ordering::Relaxed));
        execute(&server, format!("CREATE DATABASE {name}")).await;
        Self { url: database_url(&server, &name), kind: Kind::Postgres { server, name } }
    }

    pub(crate) async fn remove(&self) {
        if let Kind::Postgres { server, name } = &self.kind {
            execute(server, format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }

    /// Takes the lock that a commit of decisions needs. Agencies that have no decisions yet are not held.
    pub(crate) async fn hold(&self) -> Holder {
        match &self.kind {
            Kind::Sqlite { .. } => {
                let options: SqliteConnectOptions = self.url.parse().expect("an address");
                let mut connection = SqliteConnection::connect_with(&options).await.expect("opens");
                connection.execute("BEGIN IMMEDIATE").await.expect("a lock");
                Holder::Sqlite(connection)
            }
            Kind::Postgres { .. } => {
                let mut connection = PgConnection::connect(&self.url).await.expect("opens");
                connection.execute("BEGIN").await.expect("begins");
                connection.execute("SELECT * FROM chain_head FOR UPDATE").await.expect("locks");
                Holder::Postgres(connection)
            }
        }
    }
}

impl Holder {
    /// Runs one of the statements, the one for this database.
    pub(crate) async fn write(&mut self, sqlite: &'static str, postgres: &'static str) {
        match self {
            Self::Sqlite(connection) => connection.execute(sqlite).await.map(drop).expect("writes"),
            Self::Postgres(connection) => connection.execute(postgres).await.map(drop).expect("writes"),
        }
    }

    /// Commits what was written and lets go.
    pub(crate) async fn release(mut self) {
        self.write("COMMIT", "COMMIT").await;
    }
}

/// The address of another database on the same server.
fn database_url(server: &str, name: &str) -> String {
    let (address, query) = server.split_once('?').map_or((server, ""), |(address, query)| (address, query));
    let (scheme, rest) = address.split_once("://").expect("an address with a scheme");
    let host = format!("{scheme}://{}", rest.split('/').next().unwrap_or_default());
    if query.is_empty() { format!("{host}/{name}") } else { format!("{host}/{name}?{query}") }
}

async fn execute(server: &str, sql: String) {
    let mut connection = PgConnection::connect(server).await.expect("a server");
    connection.execute(AssertSqlSafe(sql)).await.expect("runs");
    connection.close().await.expect("closes");
}
