//! What the statements of `alike` are told of PostgreSQL.

use sqlx::{PgConnection, PgPool};

pub(super) use sqlx::Postgres as Database;
pub(super) use sqlx::postgres::PgRow as Row;

pub(super) use super::PostgresStore as Dialect;
pub(super) use super::transaction::past_deadlocks;
use super::work::HOLD_CHAINS;

/// The planner chooses the index: it knows how often a value occurs.
macro_rules! by_client {
    () => {
        ""
    };
}
pub(super) use by_client;

/// As `by_client`.
macro_rules! by_encounter {
    () => {
        ""
    };
}
pub(super) use by_encounter;

/// As `by_client`.
macro_rules! by_subject {
    () => {
        ""
    };
}
pub(super) use by_subject;

/// As `by_client`.
macro_rules! by_decision {
    () => {
        ""
    };
}
pub(super) use by_decision;

/// Writes down the server's own time.
pub(super) const SIGN_OF_LIFE: &str = "
    INSERT INTO sign_of_life (place, written_at) VALUES (1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
    ON CONFLICT (place) DO UPDATE SET written_at = excluded.written_at";

const HOLD_VERSIONS: &str = "SELECT pg_advisory_xact_lock(4242000002)";

/// Keeps others from storing a policy file until the transaction ends, so that one version cannot get two files at once.
pub(super) async fn hold_versions(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query(HOLD_VERSIONS).execute(connection).await.map(|_| ())
}

/// Waits until nobody else appends to the agency's chain, and keeps others from it until the transaction ends.
pub(super) async fn hold_chain(connection: &mut PgConnection, agency_id: &str) -> Result<(), sqlx::Error> {
    sqlx::query(HOLD_CHAINS).bind([agency_id].as_slice()).execute(connection).await.map(|_| ())
}

impl Dialect {
    /// For whoever decides.
    pub(super) fn readers(&self) -> &PgPool {
        &self.pool
    }

    /// For whoever writes.
    pub(super) fn writer(&self) -> &PgPool {
        &self.pool
    }

    /// Ends every connection.
    pub(super) async fn close_pools(&self) {
        self.listers.close().await;
        self.pool.close().await;
    }
}
