//! Commits decisions: one statement where nothing has moved since this host's last commit, else one transaction that holds
//! the agencies' chains and names what has moved. Few statements whatever the number of decisions.

mod quick;
mod write;

pub(super) use quick::KnownHeads;

use std::collections::BTreeSet;

use sqlx::PgConnection;

use crate::chain::chain_start;
use crate::commit::{self, ClientRef, Head, Snapshot};
use crate::decision::{CommittedDecision, NewCommit, NewIdempotency};
use crate::error::StoreError;
use crate::postgres::PostgresStore;
use crate::postgres::read::{self, column, ledger_columns};
use crate::postgres::transaction::{DEADLOCK_RETRIES, is_deadlock};
use crate::raw::digest;
use crate::raw::ledger::RawLedger;

/// In order, so that two commits about the same agencies wait for each other instead of forever.
const LOCK_HEADS: &str = "
    SELECT agency_id, length, head_hash, withdrawals, schedule_change FROM chain_head WHERE agency_id = ANY($1)
    ORDER BY agency_id FOR UPDATE";

const START_HEADS: &str = "
    INSERT INTO chain_head (agency_id, length, head_hash)
    SELECT k.agency_id, 0, $2 FROM unnest($1::text[]) AS k (agency_id)
    ORDER BY k.agency_id ON CONFLICT (agency_id) DO NOTHING";

const SUPERSEDED_LINES: &str = concat!(
    "SELECT ",
    ledger_columns!(),
    " FROM unnest($1::text[], $2::text[]) AS k (agency_id, decision_id)
      JOIN ledger l ON l.agency_id = k.agency_id AND l.decision_id = k.decision_id
      WHERE l.kind = 'line' ORDER BY l.agency_id, l.client_id, l.seq"
);

const INSERT_IDEMPOTENCY: &str = "
    INSERT INTO idempotency (agency_id, idempotency_key, body_digest, response, recorded_at)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::bigint[])
    ON CONFLICT (agency_id, idempotency_key) DO NOTHING RETURNING agency_id, idempotency_key";

pub(super) async fn commit(store: &PostgresStore, new: &NewCommit) -> Result<Vec<CommittedDecision>, StoreError> {
    commit::require_consistent(new)?;
    if let Some(committed) = quick::commit(store, new).await? {
        return Ok(committed);
    }
    for _ in 0..DEADLOCK_RETRIES {
        match try_commit(store, new).await {
            // Another system stored an encounter at the same moment as this: the next try sees it.
            Err(fault) if is_deadlock(&fault) || is_taken(&fault) => {}
            done => return done,
        }
    }
    try_commit(store, new).await
}

/// Whether an encounter to be stored was stored by another system in the meantime.
fn is_taken(fault: &StoreError) -> bool {
    let StoreError::Unavailable { source: sqlx::Error::Database(source), .. } = fault else { return false };
    source.constraint() == Some("encounter_pkey")
}

async fn try_commit(store: &PostgresStore, new: &NewCommit) -> Result<Vec<CommittedDecision>, StoreError> {
    let failed = StoreError::during("committing decisions");
    let agencies = commit::agencies(new);
    let mut transaction = store.begin().await.map_err(failed)?;
    let mut snapshot = Snapshot::default();
    if !lock_heads(&mut transaction, &agencies, &mut snapshot).await? {
        // An agency's first commit. Its chain is started outside, so that locks are only ever taken in order.
        transaction.rollback().await.map_err(failed)?;
        start_heads(store, &agencies).await?;
        transaction = store.begin().await.map_err(failed)?;
        lock_heads(&mut transaction, &agencies, &mut snapshot).await?;
    }
    keep_answers(&mut transaction, &new.idempotency).await?;
    snapshot.superseded_lines = superseded_lines(&mut transaction, new).await?;
    let clients = commit::clients(new, &snapshot.superseded_lines);
    let clients: Vec<&ClientRef> = clients.iter().collect();
    read::add_snapshot(&mut transaction, &clients, &commit::encounters(new), &mut snapshot).await?;
    commit::require_unmoved(new, &snapshot)?;
    let rows = commit::plan(new, &snapshot);
    write::write(&mut transaction, &rows).await?;
    transaction.commit().await.map_err(failed)?;
    store.heads.learn(&rows, &snapshot);
    Ok(rows.committed)
}

/// Whether every agency has a chain to lock.
async fn lock_heads(
    connection: &mut PgConnection,
    agencies: &BTreeSet<&str>,
    snapshot: &mut Snapshot,
) -> Result<bool, StoreError> {
    let failed = StoreError::during("locking chains");
    let ids: Vec<&str> = agencies.iter().copied().collect();
    let heads: Vec<(String, i64, String, i64, i64)> =
        sqlx::query_as(LOCK_HEADS).bind(ids).fetch_all(connection).await.map_err(failed)?;
    for (agency_id, length, hash, withdrawals, schedule_change) in heads {
        let hash = digest(&hash, "chain_head", &agency_id)?;
        snapshot.schedule_changes.insert(agency_id.clone(), schedule_change);
        snapshot.heads.insert(agency_id, Head { length, hash, withdrawals });
    }
    Ok(snapshot.heads.len() == agencies.len())
}

async fn start_heads(store: &PostgresStore, agencies: &BTreeSet<&str>) -> Result<(), StoreError> {
    let ids: Vec<&str> = agencies.iter().copied().collect();
    let query = sqlx::query(START_HEADS).bind(ids).bind(chain_start().to_string());
    query.execute(&store.pool).await.map_err(StoreError::during("starting chains"))?;
    Ok(())
}

async fn keep_answers(connection: &mut PgConnection, answers: &[NewIdempotency]) -> Result<(), StoreError> {
    if answers.is_empty() {
        return Ok(());
    }
    let query = write::bind_answers(sqlx::query_as(INSERT_IDEMPOTENCY), answers);
    let kept: Vec<(String, String)> =
        query.fetch_all(connection).await.map_err(StoreError::during("keeping answers"))?;
    let is_kept = |answer: &&NewIdempotency| {
        kept.iter().any(|(agency_id, key)| agency_id == answer.agency_id.as_str() && *key == answer.key)
    };
    match answers.iter().find(|answer| !is_kept(answer)) {
        Some(answer) => Err(StoreError::IdempotencyKeyUsed { key: answer.key.clone() }),
        None => Ok(()),
    }
}

async fn superseded_lines(connection: &mut PgConnection, new: &NewCommit) -> Result<Vec<RawLedger>, StoreError> {
    const DOING: &str = "reading lines to take back";
    let superseded = commit::superseded(new);
    if superseded.is_empty() {
        return Ok(Vec::new());
    }
    let query = sqlx::query(SUPERSEDED_LINES)
        .bind(column(&superseded, |key| key.agency_id))
        .bind(column(&superseded, |key| key.decision_id));
    let rows = query.fetch_all(connection).await.map_err(StoreError::during(DOING))?;
    read::all(&rows, read::ledger, DOING)
}
