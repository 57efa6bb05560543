//! Reads changes of activations, each with the schedules that it made.

use crate::activation::Change;
use crate::activation::rows::{ChangeRow, PeriodRow, ScheduleRow, changes};
use crate::error::StoreError;

use super::dialect::{Database, Dialect};

const CHANGES: &str = "
    SELECT change_id, recorded_at, recorded_by, message, undoes FROM activation_change WHERE change_id > $1
    ORDER BY change_id";

const SCHEDULES: &str = "
    SELECT change_id, position, agency_id, payer_id, plan_id, service_line FROM activation_schedule WHERE change_id > $1
    ORDER BY change_id, position";

const PERIODS: &str = "
    SELECT change_id, schedule_position, position, dos_from, dos_to, policy_digest, terms_digest FROM activation_period
    WHERE change_id > $1 ORDER BY change_id, schedule_position, position";

const LATEST: &str = "SELECT max(change_id) FROM activation_change";

pub(super) async fn load(store: &Dialect, after_change_id: i64) -> Result<Vec<Change>, StoreError> {
    let failed = StoreError::during("reading changes");
    // Changes first: a change that comes in after this read only adds schedules that no change claims.
    let rows: Vec<ChangeRow> =
        sqlx::query_as(CHANGES).bind(after_change_id).fetch_all(store.readers()).await.map_err(failed)?;
    let schedules: Vec<ScheduleRow> =
        sqlx::query_as(SCHEDULES).bind(after_change_id).fetch_all(store.readers()).await.map_err(failed)?;
    let periods: Vec<PeriodRow> =
        sqlx::query_as(PERIODS).bind(after_change_id).fetch_all(store.readers()).await.map_err(failed)?;
    changes(rows, &schedules, &periods)
}

pub(super) async fn latest(store: &Dialect) -> Result<Option<i64>, StoreError> {
    latest_of(store.readers()).await
}

/// The latest change as whoever asks sees it: inside a transaction, what it has written itself.
pub(super) async fn latest_of<'a>(
    executor: impl sqlx::Executor<'a, Database = Database>,
) -> Result<Option<i64>, StoreError> {
    let failed = StoreError::during("reading the latest change");
    sqlx::query_scalar(LATEST).fetch_one(executor).await.map_err(failed)
}
