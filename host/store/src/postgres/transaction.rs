//! Begins transactions so that none stays open when whoever asked for it stops waiting, and runs again what another one stood in
//! the way of.

use sqlx::{Postgres, Transaction};

use crate::error::StoreError;
use crate::postgres::PostgresStore;

/// How often a transaction is tried again after another one and it waited for each other.
pub(super) const DEADLOCK_RETRIES: u32 = 3;

/// Whether the server ended the transaction because another one and it waited for each other. It can simply run again.
pub(super) fn is_deadlock(fault: &StoreError) -> bool {
    let StoreError::Unavailable { source: sqlx::Error::Database(source), .. } = fault else { return false };
    source.code().is_some_and(|code| code == "40P01" || code == "40001")
}

/// What `attempt` comes to, tried again a few times where another transaction and it waited for each other.
pub(super) async fn past_deadlocks<T, Attempt>(mut attempt: impl FnMut() -> Attempt + Send) -> Result<T, StoreError>
where
    Attempt: Future<Output = Result<T, StoreError>> + Send,
{
    for _ in 0..DEADLOCK_RETRIES {
        match attempt().await {
            Err(fault) if is_deadlock(&fault) => {}
            done => return done,
        }
    }
    attempt().await
}

impl PostgresStore {
    /// Begins a transaction, in a task of its own, which ends even when nobody waits for it any more.
    ///
    /// The driver knows of a transaction when the server has acknowledged its beginning. A caller that is cut off before
    /// (a client that hangs up, a worker that is stopped) would leave it open on a connection of the pool, and what others
    /// wrote over that connection would be acknowledged and not be there.
    pub(super) async fn begin(&self) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let pool = self.pool.clone();
        #[expect(clippy::disallowed_methods, reason = "the one place where a transaction begins")]
        let beginning = tokio::spawn(async move { pool.begin().await });
        beginning.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }
}
