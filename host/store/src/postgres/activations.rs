//! Records changes of activations, and whom they concern.

use sqlx::PgConnection;

use crate::activation::NewChange;
use crate::activation::reroute::{RecordedChange, Reroute, StaleMonth, add_months};
use crate::activation::rows::{period_rows, require_recordable, schedule_rows};
use crate::error::StoreError;
use crate::instant::microseconds;
use crate::postgres::PostgresStore;
use crate::postgres::read::column;
use crate::postgres::schedules::latest_of;
use crate::postgres::transaction::past_deadlocks;
use crate::postgres::work::HOLD_CHAINS;

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

/// The parameters of [`rerouted`], in order.
macro_rules! bind_reroute {
    ($query:expr, $reroute:expr) => {{
        let reroute: &Reroute = $reroute;
        $query
            .bind(reroute.agency_id.as_str())
            .bind(reroute.payer_id.as_str())
            .bind(reroute.from.to_string())
            .bind(reroute.to_text())
            .bind(reroute.plan.only())
            .bind(reroute.plan.all_but())
            .bind(reroute.service_line.only())
            .bind(reroute.service_line.all_but())
            .bind(reroute.answer.map(|(policy, _)| policy.to_string()))
            .bind(reroute.answer.map(|(_, terms)| terms.to_string()))
    }};
}

/// Decisions in force that a reroute is about and that were not made by its answer.
macro_rules! rerouted {
    () => {
        "FROM decision_in_force f
         WHERE f.agency_id = $1 AND f.payer_id = $2 AND f.date_of_service >= $3 AND f.date_of_service < $4
            AND ($5::text IS NULL AND coalesce(f.plan_id, '') <> ALL ($6::text[]) OR f.plan_id = $5)
            AND ($7::text IS NULL AND coalesce(f.service_line, '') <> ALL ($8::text[]) OR f.service_line = $7)
            AND (f.policy_digest IS DISTINCT FROM $9 OR f.terms_digest IS DISTINCT FROM $10)"
    };
}

const COUNT_STALE: &str = concat!(
    "SELECT substr(f.date_of_service, 1, 7) AS month, count(*) ",
    rerouted!(),
    " GROUP BY month ORDER BY month"
);

/// Queues and counts what one scan finds. In order of client, so that the indexes of the queue are filled page by page.
const QUEUE_STALE: &str = concat!(
    "WITH stale AS MATERIALIZED (
         SELECT f.agency_id, f.encounter_id, f.client_id, f.encounter_revision,
             substr(f.date_of_service, 1, 7) AS month ",
    rerouted!(),
    "), queued AS (
         INSERT INTO undecided (agency_id, encounter_id, client_id, revision)
         SELECT agency_id, encounter_id, client_id, encounter_revision FROM stale ORDER BY client_id, encounter_id
         ON CONFLICT (agency_id, encounter_id) DO NOTHING)
     SELECT month, count(*) FROM stale GROUP BY month ORDER BY month"
);

/// Whoever commits decisions of the agencies by an earlier change is refused from now on.
const RAISE_CHANGE: &str = "UPDATE chain_head SET schedule_change = $2 WHERE agency_id = ANY($1)";

const YANK: &str = "
    INSERT INTO policy_yank (digest, reason, yanked_at, yanked_by) VALUES ($1, $2, $3, $4)
    ON CONFLICT (digest) DO NOTHING";

pub(super) async fn count_stale(store: &PostgresStore, reroutes: &[Reroute]) -> Result<Vec<StaleMonth>, StoreError> {
    let mut connection = store.pool.acquire().await.map_err(StoreError::during(COUNTING))?;
    count(&mut connection, reroutes).await
}

const COUNTING: &str = "counting stale decisions";

async fn count(connection: &mut PgConnection, reroutes: &[Reroute]) -> Result<Vec<StaleMonth>, StoreError> {
    let mut months = Vec::new();
    for reroute in reroutes {
        let found = bind_reroute!(sqlx::query_as(COUNT_STALE), reroute).fetch_all(&mut *connection);
        add_months(&mut months, &reroute.payer_id, found.await.map_err(StoreError::during(COUNTING))?);
    }
    Ok(months)
}

async fn make_stale(
    connection: &mut PgConnection,
    change_id: i64,
    change: &NewChange,
) -> Result<Vec<StaleMonth>, StoreError> {
    let failed = StoreError::during("finding stale decisions");
    let agencies: Vec<&str> = change.agencies().into_iter().collect();
    // Whatever was committed before is seen by the statements after this; whatever comes after waits, and is refused.
    sqlx::query(HOLD_CHAINS).bind(&agencies).execute(&mut *connection).await.map_err(failed)?;
    let mut months = Vec::new();
    for reroute in &change.reroutes {
        let found = bind_reroute!(sqlx::query_as(QUEUE_STALE), reroute).fetch_all(&mut *connection);
        add_months(&mut months, &reroute.payer_id, found.await.map_err(failed)?);
    }
    let query = sqlx::query(RAISE_CHANGE).bind(agencies).bind(change_id);
    query.execute(&mut *connection).await.map_err(failed)?;
    if let Some((digest, yank)) = &change.yank {
        let query = sqlx::query(YANK).bind(digest.to_string()).bind(yank.reason.as_str());
        let query = query.bind(microseconds(yank.yanked_at)).bind(yank.yanked_by.as_str());
        query.execute(&mut *connection).await.map_err(StoreError::during("yanking a policy"))?;
    }
    Ok(months)
}

pub(super) async fn record(store: &PostgresStore, change: &NewChange) -> Result<RecordedChange, StoreError> {
    require_recordable(change)?;
    past_deadlocks(|| try_record(store, change)).await
}

async fn try_record(store: &PostgresStore, change: &NewChange) -> Result<RecordedChange, StoreError> {
    let failed = StoreError::during("recording a change");
    let mut transaction = store.begin().await.map_err(failed)?;
    sqlx::query(LOCK).execute(&mut *transaction).await.map_err(failed)?;
    let found = latest_of(&mut *transaction).await?;
    if found != change.expected_change_id {
        return Err(StoreError::ActivationMoved { expected: change.expected_change_id, found });
    }
    let change_id = found.unwrap_or(0).saturating_add(1);
    write(&mut transaction, change_id, change).await.map_err(failed)?;
    let stale = make_stale(&mut transaction, change_id, change).await?;
    transaction.commit().await.map_err(failed)?;
    Ok(RecordedChange { change_id, stale })
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
