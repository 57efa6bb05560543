//! What the statements of `alike` are told of SQLite.

use sqlx::{Sqlite, SqliteConnection, SqlitePool, Transaction};

use crate::error::StoreError;

pub(super) use sqlx::Sqlite as Database;
pub(super) use sqlx::sqlite::SqliteRow as Row;

pub(super) use super::SqliteStore as Dialect;

/// The planner knows no numbers of a fresh database, so it is told the index.
macro_rules! by_client {
    () => {
        "INDEXED BY decision_by_client"
    };
}
pub(super) use by_client;

/// As `by_client`.
macro_rules! by_encounter {
    () => {
        "INDEXED BY decision_by_encounter"
    };
}
pub(super) use by_encounter;

/// As `by_client`.
macro_rules! by_subject {
    () => {
        "INDEXED BY record_by_subject"
    };
}
pub(super) use by_subject;

/// As `by_client`.
macro_rules! by_decision {
    () => {
        "INDEXED BY ledger_by_decision"
    };
}
pub(super) use by_decision;

/// Writes down the machine's own time.
pub(super) const SIGN_OF_LIFE: &str = "
    INSERT INTO sign_of_life (place, written_at) VALUES (1, CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER))
    ON CONFLICT (place) DO UPDATE SET written_at = excluded.written_at";

/// Starts every write: the lock is taken at once, so a read that the write rests on cannot be overtaken.
pub(super) const BEGIN: &str = "BEGIN IMMEDIATE";

/// Keeps others from storing a policy file until the transaction ends: the transaction itself does.
pub(super) async fn hold_versions(_: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    Ok(())
}

/// Keeps others from the agency's chain until the transaction ends: the transaction itself does.
pub(super) async fn hold_chain(_: &mut SqliteConnection, _: &str) -> Result<(), sqlx::Error> {
    Ok(())
}

/// What `attempt` comes to: there is one writer, so no two transactions wait for each other.
pub(super) async fn past_deadlocks<T, Attempt>(mut attempt: impl FnMut() -> Attempt + Send) -> Result<T, StoreError>
where
    Attempt: Future<Output = Result<T, StoreError>> + Send,
{
    attempt().await
}

impl Dialect {
    /// For whoever decides.
    pub(super) fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    /// For whoever writes.
    pub(super) fn writer(&self) -> &SqlitePool {
        &self.writer
    }

    /// Begins a transaction that writes.
    pub(super) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        self.writer.begin_with(BEGIN).await
    }

    /// Ends every connection.
    pub(super) async fn close_pools(&self) {
        self.listers.close().await;
        self.readers.close().await;
        self.writer.close().await;
    }
}
