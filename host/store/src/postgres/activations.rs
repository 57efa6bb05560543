//! Records and loads changes of activations.

use sqlx::PgConnection;

use crate::activation::rows::{
    ChangeRow, PeriodRow, ScheduleRow, changes, period_rows, require_recordable, schedule_rows,
};
use crate::activation::{Change, NewChange};
use crate::error::StoreError;
use crate::instant::microseconds;
use crate::postgres::PostgresStore;
use crate::postgres::read::column;

const LATEST: &str = "SELECT max(change_id) FROM activation_change";

/// Held until the change is recorded, so that changes come one after the other.
const LOCK: &str = "SELECT pg_advisory_xact_lock(4242000001)";

const INSERT_CHANGE: &str = "
    INSERT INTO activation_change (change_id, recorded_at, recorded_by, message, undoes) VALUES ($1, $2, $3, $4, $5)";

const INSERT_SCHEDULES: &str = "
    INSERT INTO activation_schedule (change_id, position, agency_id, payer_id, plan_id, service_line)
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[])";

const INSERT_PERIODS: &str = "
    INSERT INTO activation_period (change_id, schedule_position, position, dos_from, dos_to, policy_digest,
        terms_digest)
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[])";

const CHANGES: &str = "
    SELECT change_id, recorded_at, recorded_by, message, undoes FROM activation_change WHERE change_id > $1
    ORDER BY change_id";

const SCHEDULES: &str = "
    SELECT change_id, position, agency_id, payer_id, plan_id, service_line FROM activation_schedule WHERE change_id > $1
    ORDER BY change_id, position";

const PERIODS: &str = "
    SELECT change_id, schedule_position, position, dos_from, dos_to, policy_digest, terms_digest FROM activation_period
    WHERE change_id > $1 ORDER BY change_id, schedule_position, position";

pub(super) async fn latest<'a>(
    executor: impl sqlx::Executor<'a, Database = sqlx::Postgres>,
) -> Result<Option<i64>, StoreError> {
    let failed = StoreError::during("reading the latest change");
    sqlx::query_scalar(LATEST).fetch_one(executor).await.map_err(failed)
}

pub(super) async fn record(store: &PostgresStore, change: &NewChange) -> Result<i64, StoreError> {
    let failed = StoreError::during("recording a change");
    require_recordable(change)?;
    let mut transaction = store.pool.begin().await.map_err(failed)?;
    sqlx::query(LOCK).execute(&mut *transaction).await.map_err(failed)?;
    let found = latest(&mut *transaction).await?;
    if found != change.expected_change_id {
        return Err(StoreError::ActivationMoved { expected: change.expected_change_id, found });
    }
    let change_id = found.unwrap_or(0).saturating_add(1);
    write(&mut transaction, change_id, change).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(change_id)
}

async fn write(connection: &mut PgConnection, change_id: i64, change: &NewChange) -> Result<(), sqlx::Error> {
    let query = sqlx::query(INSERT_CHANGE)
        .bind(change_id)
        .bind(microseconds(change.recorded_at))
        .bind(change.recorded_by.as_str())
        .bind(change.message.as_str())
        .bind(change.undoes);
    query.execute(&mut *connection).await?;
    let rows = schedule_rows(change_id, change);
    let query = sqlx::query(INSERT_SCHEDULES)
        .bind(column(&rows, |row| row.0))
        .bind(column(&rows, |row| row.1))
        .bind(column(&rows, |row| row.2.as_str()))
        .bind(column(&rows, |row| row.3.as_str()))
        .bind(column(&rows, |row| row.4.as_deref()))
        .bind(column(&rows, |row| row.5.as_deref()));
    query.execute(&mut *connection).await?;
    let rows = period_rows(change_id, change);
    let query = sqlx::query(INSERT_PERIODS)
        .bind(column(&rows, |row| row.0))
        .bind(column(&rows, |row| row.1))
        .bind(column(&rows, |row| row.2))
        .bind(column(&rows, |row| row.3.as_str()))
        .bind(column(&rows, |row| row.4.as_deref()))
        .bind(column(&rows, |row| row.5.as_str()))
        .bind(column(&rows, |row| row.6.as_str()));
    query.execute(connection).await?;
    Ok(())
}

pub(super) async fn load(store: &PostgresStore, after_change_id: i64) -> Result<Vec<Change>, StoreError> {
    let failed = StoreError::during("reading changes");
    // Changes first: a change that comes in after this read only adds schedules that no change claims.
    let rows: Vec<ChangeRow> =
        sqlx::query_as(CHANGES).bind(after_change_id).fetch_all(&store.pool).await.map_err(failed)?;
    let schedules: Vec<ScheduleRow> =
        sqlx::query_as(SCHEDULES).bind(after_change_id).fetch_all(&store.pool).await.map_err(failed)?;
    let periods: Vec<PeriodRow> =
        sqlx::query_as(PERIODS).bind(after_change_id).fetch_all(&store.pool).await.map_err(failed)?;
    changes(rows, &schedules, &periods)
}
