//! Records changes of activations, and whom they concern.

use sqlx::SqliteConnection;

use crate::activation::NewChange;
use crate::activation::reroute::{RecordedChange, Reroute, StaleMonth, add_months};
use crate::activation::rows::{period_rows, require_recordable, schedule_rows};
use crate::chain::chain_start;
use crate::error::StoreError;
use crate::instant::microseconds;
use crate::sqlite::schedules::latest_of;
use crate::sqlite::{SqliteStore, json};

const INSERT_CHANGE: &str = "
    INSERT INTO activation_change (change_id, recorded_at, recorded_by, message, undoes) VALUES (?1, ?2, ?3, ?4, ?5)";

const INSERT_SCHEDULES: &str = "
    INSERT INTO activation_schedule (change_id, position, agency_id, payer_id, plan_id, service_line)
    SELECT k.value ->> 0, k.value ->> 1, k.value ->> 2, k.value ->> 3, k.value ->> 4, k.value ->> 5
    FROM jsonb_each(?1) k";

const INSERT_PERIODS: &str = "
    INSERT INTO activation_period (change_id, schedule_position, position, dos_from, dos_to, policy_digest,
        terms_digest)
    SELECT k.value ->> 0, k.value ->> 1, k.value ->> 2, k.value ->> 3, k.value ->> 4, k.value ->> 5, k.value ->> 6
    FROM jsonb_each(?1) k";

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

/// Decisions in force that a reroute is about and that were not made by its answer.
macro_rules! rerouted {
    () => {
        "FROM decision_in_force f
         WHERE f.agency_id = ?1 AND f.payer_id = ?2 AND f.date_of_service >= ?3 AND f.date_of_service < ?4
            AND (?5 IS NULL AND coalesce(f.plan_id, '') NOT IN (SELECT value FROM json_each(?6)) OR f.plan_id = ?5)
            AND (?7 IS NULL AND coalesce(f.service_line, '') NOT IN (SELECT value FROM json_each(?8)) OR f.service_line = ?7)
            AND (f.policy_digest IS NOT ?9 OR f.terms_digest IS NOT ?10)"
    };
}

const COUNT_STALE: &str = concat!(
    "SELECT substr(f.date_of_service, 1, 7) AS month, count(*) ",
    rerouted!(),
    " GROUP BY month ORDER BY month"
);

const QUEUE_STALE: &str = concat!(
    "INSERT INTO undecided (agency_id, encounter_id, client_id, revision)
     SELECT f.agency_id, f.encounter_id, f.client_id, f.encounter_revision ",
    rerouted!(),
    " ON CONFLICT (agency_id, encounter_id) DO NOTHING"
);

/// Whoever commits decisions of the agencies by an earlier change is refused from now on.
const RAISE_CHANGE: &str = "
    INSERT INTO chain_head (agency_id, length, head_hash, schedule_change)
    SELECT k.value, 0, ?2, ?3 FROM json_each(?1) k WHERE true
    ON CONFLICT (agency_id) DO UPDATE SET schedule_change = excluded.schedule_change";

const YANK: &str = "
    INSERT INTO policy_yank (digest, reason, yanked_at, yanked_by) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (digest) DO NOTHING";

pub(super) async fn count_stale(store: &SqliteStore, reroutes: &[Reroute]) -> Result<Vec<StaleMonth>, StoreError> {
    let mut connection = store.readers.acquire().await.map_err(StoreError::during(COUNTING))?;
    count(&mut connection, reroutes).await
}

const COUNTING: &str = "counting stale decisions";

async fn count(connection: &mut SqliteConnection, reroutes: &[Reroute]) -> Result<Vec<StaleMonth>, StoreError> {
    let mut months = Vec::new();
    for reroute in reroutes {
        let found = bind_reroute!(sqlx::query_as(COUNT_STALE), reroute).fetch_all(&mut *connection);
        add_months(&mut months, &reroute.payer_id, found.await.map_err(StoreError::during(COUNTING))?);
    }
    Ok(months)
}

async fn make_stale(
    connection: &mut SqliteConnection,
    change_id: i64,
    change: &NewChange,
) -> Result<Vec<StaleMonth>, StoreError> {
    let failed = StoreError::during("finding stale decisions");
    let months = count(connection, &change.reroutes).await?;
    for reroute in &change.reroutes {
        bind_reroute!(sqlx::query(QUEUE_STALE), reroute).execute(&mut *connection).await.map_err(failed)?;
    }
    let query =
        sqlx::query(RAISE_CHANGE).bind(json(&change.agencies())?).bind(chain_start().to_string()).bind(change_id);
    query.execute(&mut *connection).await.map_err(failed)?;
    if let Some((digest, yank)) = &change.yank {
        let query = sqlx::query(YANK).bind(digest.to_string()).bind(yank.reason.as_str());
        let query = query.bind(microseconds(yank.yanked_at)).bind(yank.yanked_by.as_str());
        query.execute(&mut *connection).await.map_err(StoreError::during("yanking a policy"))?;
    }
    Ok(months)
}

pub(super) async fn record(store: &SqliteStore, change: &NewChange) -> Result<RecordedChange, StoreError> {
    let failed = StoreError::during("recording a change");
    require_recordable(change)?;
    let mut transaction = store.begin().await.map_err(failed)?;
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

async fn write(connection: &mut SqliteConnection, change_id: i64, change: &NewChange) -> Result<(), sqlx::Error> {
    let query = sqlx::query(INSERT_CHANGE)
        .bind(change_id)
        .bind(microseconds(change.recorded_at))
        .bind(change.recorded_by.as_str())
        .bind(change.message.as_str())
        .bind(change.undoes);
    query.execute(&mut *connection).await?;
    let schedules = json(&schedule_rows(change_id, change)).map_err(|fault| sqlx::Error::Encode(Box::new(fault)))?;
    sqlx::query(INSERT_SCHEDULES).bind(schedules).execute(&mut *connection).await?;
    let periods = json(&period_rows(change_id, change)).map_err(|fault| sqlx::Error::Encode(Box::new(fault)))?;
    sqlx::query(INSERT_PERIODS).bind(periods).execute(&mut *connection).await?;
    Ok(())
}
