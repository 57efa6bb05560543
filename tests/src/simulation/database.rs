//! Databases for histories, each a copy of one template, and another system's connection to them.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row, SqliteConnection};
use tempfile::TempDir;

use crate::simulation::visit::{COLUMNS, Visit, encounter_id};

/// Where databases come from.
pub enum Source {
    /// Files of SQLite in a folder.
    Sqlite {
        /// The folder, which goes when the source does.
        folder: TempDir,
    },
    /// Databases of a PostgreSQL server.
    Postgres {
        /// The address of the server.
        server: String,
        /// The name of the template.
        template: String,
    },
}

/// One database.
pub struct Database {
    /// Its address.
    pub url: String,
    place: Place,
}

enum Place {
    File(PathBuf),
    Named { server: String, name: String },
}

/// Another system, which writes and reads with SQL.
pub enum Other {
    /// On SQLite.
    Sqlite(SqliteConnection),
    /// On PostgreSQL.
    Postgres(PgConnection),
}

const OTHERS_BUSY: &str = "SELECT EXISTS (SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle')";

static DATABASES: AtomicU32 = AtomicU32::new(0);

fn next_number() -> u32 {
    DATABASES.fetch_add(1, Ordering::Relaxed)
}

impl Source {
    /// SQLite.
    /// # Errors
    /// When no folder can be made.
    pub fn sqlite() -> Result<Self> {
        Ok(Self::Sqlite { folder: tempfile::tempdir()? })
    }

    /// PostgreSQL, with an empty template.
    /// # Errors
    /// When the server does not answer.
    pub async fn postgres(server: &str) -> Result<Self> {
        let template = format!("adjudica_sim_{}_template_{}", std::process::id(), next_number());
        execute(server, format!("CREATE DATABASE {template}")).await?;
        Ok(Self::Postgres { server: server.to_owned(), template })
    }

    /// The name of the database, as reports have it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "sqlite",
            Self::Postgres { .. } => "postgres",
        }
    }

    /// The address of the template.
    #[must_use]
    pub fn template_url(&self) -> String {
        match self {
            Self::Sqlite { folder } => format!("sqlite:{}", folder.path().join("template.db").display()),
            Self::Postgres { server, template } => database_url(server, template),
        }
    }

    /// A copy of the template.
    /// # Errors
    /// When it cannot be copied.
    pub async fn copy(&self) -> Result<Database> {
        match self {
            Self::Sqlite { folder } => {
                let file = folder.path().join(format!("{}.db", next_number()));
                std::fs::copy(folder.path().join("template.db"), &file).context("cannot copy the template")?;
                Ok(Database { url: format!("sqlite:{}", file.display()), place: Place::File(file) })
            }
            Self::Postgres { server, template } => {
                let name = format!("adjudica_sim_{}_{}", std::process::id(), next_number());
                execute(server, format!("CREATE DATABASE {name} TEMPLATE {template}")).await?;
                let url = database_url(server, &name);
                Ok(Database { url, place: Place::Named { server: server.clone(), name } })
            }
        }
    }

    /// Removes the template of a server.
    /// # Errors
    /// When the server does not answer.
    pub async fn remove(self) -> Result<()> {
        match self {
            Self::Sqlite { .. } => Ok(()),
            Self::Postgres { server, template } => {
                execute(&server, format!("DROP DATABASE {template} WITH (FORCE)")).await
            }
        }
    }
}

impl Database {
    /// Another system's connection.
    /// # Errors
    /// When the database does not answer.
    pub async fn other(&self) -> Result<Other> {
        match &self.place {
            Place::File(_) => {
                let options: SqliteConnectOptions = self.url.parse()?;
                let mut connection = SqliteConnection::connect_with(&options).await?;
                connection.execute("PRAGMA foreign_keys = ON").await?;
                connection.execute("PRAGMA busy_timeout = 5000").await?;
                connection.execute("PRAGMA synchronous = OFF").await?;
                Ok(Other::Sqlite(connection))
            }
            Place::Named { .. } => Ok(Other::Postgres(PgConnection::connect(&self.url).await?)),
        }
    }

    /// Removes it.
    /// # Errors
    /// When the server does not answer.
    pub async fn remove(self) -> Result<()> {
        match self.place {
            Place::File(file) => {
                for ending in ["", "-wal", "-shm"] {
                    let mut name = file.clone().into_os_string();
                    name.push(ending);
                    // The log and its index are gone already where the last connection was closed.
                    let _ = std::fs::remove_file(name);
                }
                Ok(())
            }
            Place::Named { server, name } => execute(&server, format!("DROP DATABASE {name} WITH (FORCE)")).await,
        }
    }
}

impl Other {
    /// A text in SQL that nobody can read as what it should be: `text`, and for odd numbers on SQLite bytes that are no text at all.
    #[must_use]
    pub fn unreadable_text(&self, text: &str, number: u8) -> String {
        match self {
            Self::Sqlite(_) if number % 2 == 1 => "CAST(x'69e96e' AS TEXT)".to_owned(),
            Self::Sqlite(_) | Self::Postgres(_) => format!("'{text}'"),
        }
    }

    /// Runs a statement that this simulation wrote.
    /// # Errors
    /// When the database refuses it.
    pub async fn run(&mut self, sql: String) -> Result<()> {
        match self {
            Self::Sqlite(connection) => {
                connection.execute(AssertSqlSafe(sql)).await?;
            }
            Self::Postgres(connection) => {
                connection.execute(AssertSqlSafe(sql)).await?;
            }
        }
        Ok(())
    }

    /// What another system runs to write an encounter whole, whether one is there or not, as its database has it.
    #[must_use]
    pub fn replace_sql(&self, visit: &Visit, agency: &str) -> Vec<String> {
        let mut statements = visit.insert_sql(agency);
        let Some(first) = statements.first_mut() else { return statements };
        match self {
            Self::Sqlite(_) => *first = first.replacen("INSERT", "INSERT OR REPLACE", 1),
            Self::Postgres(_) => {
                let values: Vec<String> = COLUMNS.iter().map(|name| format!("{name} = excluded.{name}")).collect();
                first.push_str(" ON CONFLICT (agency_id, encounter_id) DO UPDATE SET ");
                first.push_str(&values.join(", "));
                let id = encounter_id(visit.id);
                let whose = format!("agency_id = '{agency}' AND encounter_id = '{id}'");
                statements.insert(1, format!("DELETE FROM encounter_supporting_info WHERE {whose}"));
            }
        }
        statements
    }

    /// Waits until nobody else has a transaction open that writes.
    /// # Errors
    /// When the database refuses to say.
    pub async fn wait_for_writers(&mut self) -> Result<()> {
        match self {
            Self::Sqlite(connection) => {
                // There is one writer at a time, and whoever comes waits for it.
                connection.execute("BEGIN IMMEDIATE; ROLLBACK").await?;
            }
            Self::Postgres(connection) => {
                while sqlx::query_scalar::<_, bool>(OTHERS_BUSY).fetch_one(&mut *connection).await? {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
        }
        Ok(())
    }

    /// The one column of texts that a query gives.
    /// # Errors
    /// When the database refuses it.
    pub async fn texts(&mut self, sql: String) -> Result<Vec<String>> {
        match self {
            Self::Sqlite(connection) => {
                let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(connection).await?;
                rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
            }
            Self::Postgres(connection) => {
                let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(connection).await?;
                rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
            }
        }
    }

    /// Lets go of the database.
    /// # Errors
    /// When it does not answer.
    pub async fn close(self) -> Result<()> {
        match self {
            Self::Sqlite(connection) => connection.close().await?,
            Self::Postgres(connection) => connection.close().await?,
        }
        Ok(())
    }
}

/// The address of another database on the same server.
fn database_url(server: &str, name: &str) -> String {
    let (address, query) = server.split_once('?').unwrap_or((server, ""));
    let (scheme, rest) = address.split_once("://").unwrap_or(("postgres", address));
    let host = rest.split('/').next().unwrap_or_default();
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    format!("{scheme}://{host}/{name}{query}")
}

async fn execute(server: &str, sql: String) -> Result<()> {
    let mut connection = PgConnection::connect(server).await?;
    connection.execute(AssertSqlSafe(sql)).await?;
    connection.close().await?;
    Ok(())
}
