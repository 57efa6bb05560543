//! Records changes of activations, and whom they concern.

use crate::activation::NewChange;
use crate::activation::reroute::{RawMonth, RecordedChange, Reroute, StaleMonth, add_months};
use crate::activation::rows::{period_rows, require_recordable, schedule_rows};
use crate::chain::chain_start;
use crate::error::StoreError;
use crate::instant::microseconds;
use crate::raw::json;

use super::dialect::{Connection, Dialect, hold_chains, hold_changes, is_not_in, names, past_deadlocks, set_of};
use super::reroutes::queue_stale;
use super::schedules::latest_of;

const INSERT_CHANGE: &str = "
    INSERT INTO activation_change (change_id, recorded_at, recorded_by, message, undoes) VALUES ($1, $2, $3, $4, $5)";

const INSERT_SCHEDULES: &str = concat!(
    "INSERT INTO activation_schedule (change_id, position, agency_id, payer_id, plan_id, service_line)
     SELECT k.change_id, k.position, k.agency_id, k.payer_id, k.plan_id, k.service_line FROM ",
    set_of!("$1", change_id BIGINT, position BIGINT, agency_id TEXT, payer_id TEXT, plan_id TEXT, service_line TEXT)
);

const INSERT_PERIODS: &str = concat!(
    "INSERT INTO activation_period (change_id, schedule_position, position, dos_from, dos_to, policy_digest, terms_digest)
     SELECT k.change_id, k.schedule_position, k.position, k.dos_from, k.dos_to, k.policy_digest, k.terms_digest FROM ",
    set_of!("$1", change_id BIGINT, schedule_position BIGINT, position BIGINT, dos_from TEXT, dos_to TEXT,
        policy_digest TEXT, terms_digest TEXT)
);

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
            .bind(json(&reroute.plan.all_but())?)
            .bind(reroute.service_line.only())
            .bind(json(&reroute.service_line.all_but())?)
            .bind(reroute.answer.map(|(policy, _)| policy.to_string()))
            .bind(reroute.answer.map(|(_, terms)| terms.to_string()))
    }};
}
pub(super) use bind_reroute;

/// Decisions in force that a reroute is about and that were not made by its answer.
macro_rules! rerouted {
    () => {
        concat!(
            "FROM decision_in_force f
             WHERE f.agency_id = $1 AND f.payer_id = $2 AND f.date_of_service >= $3 AND f.date_of_service < $4
                AND (CAST($5 AS TEXT) IS NULL AND coalesce(f.plan_id, '')",
            is_not_in!("$6"),
            " OR f.plan_id = $5) AND (CAST($7 AS TEXT) IS NULL AND coalesce(f.service_line, '')",
            is_not_in!("$8"),
            " OR f.service_line = $7)
                AND (f.policy_digest IS DISTINCT FROM $9 OR f.terms_digest IS DISTINCT FROM $10)"
        )
    };
}
pub(super) use rerouted;

const COUNT_STALE: &str = concat!(
    "SELECT substr(f.date_of_service, 1, 7) AS month, count(*) ",
    rerouted!(),
    " GROUP BY month ORDER BY month"
);

/// Whoever commits decisions of the agencies by an earlier change is refused from now on.
const RAISE_CHANGE: &str = concat!(
    "INSERT INTO chain_head (agency_id, length, head_hash, schedule_change) SELECT k.value, 0, $2, $3 FROM ",
    names!("$1"),
    " WHERE true ON CONFLICT (agency_id) DO UPDATE SET schedule_change = excluded.schedule_change"
);

const YANK: &str = "
    INSERT INTO policy_yank (digest, reason, yanked_at, yanked_by) VALUES ($1, $2, $3, $4)
    ON CONFLICT (digest) DO NOTHING";

pub(super) async fn count_stale(store: &Dialect, reroutes: &[Reroute]) -> Result<Vec<StaleMonth>, StoreError> {
    let mut connection = store.readers().acquire().await.map_err(StoreError::during(COUNTING))?;
    let mut months = Vec::new();
    for reroute in reroutes {
        add_months(&mut months, &reroute.payer_id, count(&mut connection, reroute).await?);
    }
    Ok(months)
}

const COUNTING: &str = "counting stale decisions";

/// Decisions that the reroute makes stale, by month.
pub(super) async fn count(connection: &mut Connection, reroute: &Reroute) -> Result<Vec<RawMonth>, StoreError> {
    let query = bind_reroute!(sqlx::query_as(COUNT_STALE), reroute);
    query.fetch_all(connection).await.map_err(StoreError::during(COUNTING))
}

pub(super) async fn record(store: &Dialect, change: &NewChange) -> Result<RecordedChange, StoreError> {
    require_recordable(change)?;
    past_deadlocks(|| try_record(store, change)).await
}

async fn try_record(store: &Dialect, change: &NewChange) -> Result<RecordedChange, StoreError> {
    let failed = StoreError::during("recording a change");
    let mut transaction = store.begin().await.map_err(failed)?;
    hold_changes(&mut transaction).await.map_err(failed)?;
    let found = latest_of(&mut *transaction).await?;
    if found != change.expected_change_id {
        return Err(StoreError::ActivationMoved { expected: change.expected_change_id, found });
    }
    let change_id = found.unwrap_or(0).saturating_add(1);
    write(&mut transaction, change_id, change).await?;
    let stale = make_stale(&mut transaction, change_id, change).await?;
    transaction.commit().await.map_err(failed)?;
    Ok(RecordedChange { change_id, stale })
}

async fn write(connection: &mut Connection, change_id: i64, change: &NewChange) -> Result<(), StoreError> {
    let failed = StoreError::during("recording a change");
    let query = sqlx::query(INSERT_CHANGE)
        .bind(change_id)
        .bind(microseconds(change.recorded_at))
        .bind(change.recorded_by.as_str())
        .bind(change.message.as_str())
        .bind(change.undoes);
    query.execute(&mut *connection).await.map_err(failed)?;
    let schedules = json(&schedule_rows(change_id, change))?;
    sqlx::query(INSERT_SCHEDULES).bind(schedules).execute(&mut *connection).await.map_err(failed)?;
    let periods = json(&period_rows(change_id, change))?;
    sqlx::query(INSERT_PERIODS).bind(periods).execute(connection).await.map_err(failed)?;
    Ok(())
}

async fn make_stale(
    connection: &mut Connection,
    change_id: i64,
    change: &NewChange,
) -> Result<Vec<StaleMonth>, StoreError> {
    let failed = StoreError::during("finding stale decisions");
    let agencies: Vec<&str> = change.agencies().into_iter().collect();
    // Whatever was committed before is seen by the statements after this; whatever comes after waits, and is refused.
    hold_chains(connection, &agencies).await.map_err(failed)?;
    let mut months = Vec::new();
    for reroute in &change.reroutes {
        add_months(&mut months, &reroute.payer_id, queue_stale(connection, reroute).await?);
    }
    let query = sqlx::query(RAISE_CHANGE).bind(json(&agencies)?).bind(chain_start().to_string()).bind(change_id);
    query.execute(&mut *connection).await.map_err(failed)?;
    if let Some((digest, yank)) = &change.yank {
        let query = sqlx::query(YANK).bind(digest.to_string()).bind(yank.reason.as_str());
        let query = query.bind(microseconds(yank.yanked_at)).bind(yank.yanked_by.as_str());
        query.execute(&mut *connection).await.map_err(StoreError::during("yanking a policy"))?;
    }
    Ok(months)
}
