//! Tells the server's planner of tables that have just grown: its plans were made when there was nothing to count.

use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::{AssertSqlSafe, Executor, PgPool, raw_sql};

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
        if is_mine && let Ok(Some(tables)) = sqlx::query_scalar::<_, Option<String>>(GROWN).fetch_one(pool).await {
            // Every session makes its plans anew after it. A table that the server is counting already is left to it.
            let count = format!("ANALYZE (SKIP_LOCKED) {tables}");
            let _ = pool.execute(raw_sql(AssertSqlSafe(count))).await;
        }
    }
}
