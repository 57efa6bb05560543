//! Begins transactions so that none stays open when whoever asked for it stops waiting.

use sqlx::{Postgres, Transaction};

use crate::postgres::PostgresStore;

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
