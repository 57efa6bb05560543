//! Tells the server's planner of tables that have just grown: its plans were made when there was nothing to count.

use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::{AssertSqlSafe, Executor, PgConnection, PgPool, raw_sql};

/// Rows that a host writes before it looks for the first time; then it looks when it has written twice as many.
const FIRST_LOOK: u64 = 1_000;

/// Tables that have grown tenfold since they were counted. One that is nearly empty is not counted: the planner would take it to
/// stay so, and look through it.
const GROWN: &str = "
    SELECT string_agg(oid::regclass::text, ', ') FROM pg_class
    WHERE oid = ANY (ARRAY['encounter', 'encounter_modifier', 'encounter_diagnosis', 'encounter_supporting_info', 'undecided',
            'decision', 'decision_line', 'decision_finding', 'decision_in_force', 'ledger', 'record', 'record_version']::regclass[])
        AND pg_relation_size(oid) >= greatest(100000, 10 * relpages::bigint * current_setting('block_size')::bigint)";

/// Rows that this host has written, and from how many on it looks whether the planner knows of them.
///
/// The server counts by itself within a minute. Until then the checks of a fresh database's foreign keys take any index that
/// begins with the agency, and read all of its encounters for each row that is written.
pub(super) struct Statistics {
    written: AtomicU64,
    next_look: AtomicU64,
}

impl Default for Statistics {
    fn default() -> Self {
        Self { written: AtomicU64::new(0), next_look: AtomicU64::new(FIRST_LOOK) }
    }
}

impl Statistics {
    /// Notes that `rows` are durable now. What is not counted now is counted by the server: no fault is told.
    pub(super) async fn grown_by(&self, rows: u64, pool: &PgPool) {
        let written = self.written.fetch_add(rows, Ordering::Relaxed).saturating_add(rows);
        let next = self.next_look.load(Ordering::Relaxed);
        let is_mine = written >= next
            && self
                .next_look
                .compare_exchange(next, next.saturating_mul(2), Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if is_mine && let Ok(mut connection) = pool.acquire().await {
            let _ = count_grown(&mut connection).await;
        }
    }
}

/// Counts the tables that have grown. Every session makes its plans anew after it. A table that the server is counting already is left
/// to it.
async fn count_grown(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let tables: Option<String> = sqlx::query_scalar(GROWN).fetch_one(&mut *connection).await?;
    let Some(tables) = tables else { return Ok(()) };
    connection.execute(raw_sql(AssertSqlSafe(format!("ANALYZE (SKIP_LOCKED) {tables}")))).await.map(drop)
}

/// Rows that one transaction has written, and from how many on it looks whether the planner knows of them: nobody else sees them, and
/// its plans were made when there were none.
pub(super) struct Growth {
    written: u64,
    next_look: u64,
}

impl Default for Growth {
    fn default() -> Self {
        Self { written: 0, next_look: FIRST_LOOK }
    }
}

impl Growth {
    /// Notes that the transaction of `connection` has written `rows` more.
    pub(super) async fn by(&mut self, rows: usize, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        self.written = self.written.saturating_add(u64::try_from(rows).unwrap_or(u64::MAX));
        if self.written < self.next_look {
            return Ok(());
        }
        self.next_look = self.written.saturating_mul(2);
        count_grown(connection).await
    }
}
