//! Takes encounters out, and finds those that were.

use adjudica_core::Token;

use crate::error::StoreError;
use crate::in_force::{NewWithdrawal, RawWithdrawal, Withdrawal, parse_withdrawal};
use crate::raw::lossy::Lossy;
use crate::store::Withdrawn;

use super::dialect::{Dialect, by, hold_chains, past_deadlocks};
use super::encounters::revision;

/// Triggers do what belongs to it: see the migrations.
const DELETE: &str = "DELETE FROM encounter WHERE agency_id = $1 AND encounter_id = $2";

const SIGN_WITHDRAWAL: &str = "
    UPDATE withdrawal SET withdrawn_by = $3, reason = $4 WHERE position =
        (SELECT max(position) FROM withdrawal WHERE agency_id = $1 AND encounter_id = $2)";

const FIND_WITHDRAWAL: &str = "
    SELECT encounter_id, date_of_service, decision_id, withdrawn_at, withdrawn_by, reason FROM withdrawal
    WHERE agency_id = $1 AND encounter_id = $2 ORDER BY position DESC LIMIT 1";

/// Lines that were given back for a decision, and encounters of its client that wait.
const GIVEN_BACK: &str = concat!(
    "SELECT (SELECT count(*) FROM ledger l ",
    by!("ledger_by_decision"),
    " WHERE l.agency_id = $1 AND l.decision_id = $2 AND l.kind = 'reversal'),
        (SELECT count(*) FROM undecided u WHERE u.agency_id = $1 AND u.client_id = $3)"
);

const CLIENT: &str = "SELECT client_id FROM encounter WHERE agency_id = $1 AND encounter_id = $2";

const WAITS: &str = "SELECT count(*) FROM undecided WHERE agency_id = $1 AND encounter_id = $2";

pub(super) async fn withdraw(
    store: &Dialect,
    agency_id: &Token,
    encounter_id: &Token,
    new: &NewWithdrawal,
) -> Result<Option<Withdrawn>, StoreError> {
    past_deadlocks(|| try_withdraw(store, agency_id, encounter_id, new)).await
}

async fn try_withdraw(
    store: &Dialect,
    agency_id: &Token,
    encounter_id: &Token,
    new: &NewWithdrawal,
) -> Result<Option<Withdrawn>, StoreError> {
    let failed = StoreError::during("taking an encounter out");
    let (agency, encounter) = (agency_id.as_str(), encounter_id.as_str());
    let mut transaction = store.begin().await.map_err(failed)?;
    hold_chains(&mut transaction, &[agency]).await.map_err(failed)?;
    let query = sqlx::query_scalar(CLIENT).bind(agency).bind(encounter);
    let client_id: Option<Lossy> = query.fetch_optional(&mut *transaction).await.map_err(failed)?;
    let Some(Lossy(client_id)) = client_id else { return Ok(None) };
    new.expected.require(revision(&mut transaction, agency_id, encounter_id).await?)?;
    let query = sqlx::query_as(GIVEN_BACK).bind(agency).bind("").bind(&client_id);
    let (_, waiting): (i64, i64) = query.fetch_one(&mut *transaction).await.map_err(failed)?;
    let query = sqlx::query_scalar(WAITS).bind(agency).bind(encounter);
    let own_place: i64 = query.fetch_one(&mut *transaction).await.map_err(failed)?;
    sqlx::query(DELETE).bind(agency).bind(encounter).execute(&mut *transaction).await.map_err(failed)?;
    let query = sqlx::query(SIGN_WITHDRAWAL).bind(agency).bind(encounter);
    let query = query.bind(new.withdrawn_by.as_str()).bind(new.reason.as_str());
    query.execute(&mut *transaction).await.map_err(failed)?;
    let query = sqlx::query_as(FIND_WITHDRAWAL).bind(agency).bind(encounter);
    let withdrawal: RawWithdrawal = query.fetch_one(&mut *transaction).await.map_err(failed)?;
    let withdrawal = parse_withdrawal(withdrawal)?;
    let decision_id = withdrawal.decision_id.as_deref().unwrap_or_default();
    let query = sqlx::query_as(GIVEN_BACK).bind(agency).bind(decision_id).bind(&client_id);
    let (lines, waits): (i64, i64) = query.fetch_one(&mut *transaction).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(Some(Withdrawn::new(withdrawal, lines, waits.saturating_sub(waiting.saturating_sub(own_place)))))
}

pub(super) async fn find(
    store: &Dialect,
    agency_id: &Token,
    encounter_id: &Token,
) -> Result<Option<Withdrawal>, StoreError> {
    let query = sqlx::query_as(FIND_WITHDRAWAL).bind(agency_id.as_str()).bind(encounter_id.as_str());
    let row: Option<RawWithdrawal> =
        query.fetch_optional(store.readers()).await.map_err(StoreError::during("looking for a withdrawal"))?;
    row.map(parse_withdrawal).transpose()
}
