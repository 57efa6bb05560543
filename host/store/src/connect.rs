//! Opens the database that an address names.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;

use crate::error::StoreError;
use crate::store::Store;
use crate::{postgres, sqlite};

/// Opens `sqlite:PATH`, `sqlite::memory:` or `postgres://…` and brings its tables up to date.
/// # Errors
/// [`StoreError::BadAddress`], [`StoreError::UnsafeDatabase`], [`StoreError::Migration`], [`StoreError::Unavailable`].
pub async fn connect(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("sqlite") => Ok(Arc::new(sqlite::open(url).await?)),
        Some("postgres" | "postgresql") => Ok(Arc::new(postgres::open(url).await?)),
        Some(_) | None => {
            // Only what stands before the first colon, and little of it: an address may hold a password.
            let scheme = url.split(':').next().unwrap_or_default().chars().take(16).collect();
            Err(StoreError::BadAddress { scheme })
        }
    }
}

/// The file of a SQLite database's address; `None` where it is in memory, or of another database.
#[must_use]
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    let options = url.starts_with("sqlite:").then(|| SqliteConnectOptions::from_str(url).ok()).flatten()?;
    let is_file = !url.contains(":memory:") && !url.contains("mode=memory");
    is_file.then(|| options.get_filename().to_path_buf())
}

/// The number of the last change that was made to a database's tables.
pub(crate) const LAST_MIGRATION: &str = "SELECT max(version) FROM _sqlx_migrations";

/// Refuses tables that a newer release has changed: what their columns hold may not be what this release takes it for.
pub(crate) fn require_known(migrations: &Migrator, last: Option<i64>) -> Result<(), StoreError> {
    let known = migrations.iter().map(|migration| migration.version).max().unwrap_or(0);
    match last {
        Some(found) if found > known => Err(StoreError::NewerSchema { found, known }),
        Some(_) | None => Ok(()),
    }
}
