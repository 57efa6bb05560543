//! Commits decisions: one statement where nothing has moved since this host's last commit, else one transaction that holds
//! the agencies' chains and names what has moved. Few statements whatever the number of decisions.

mod quick;
mod write;

pub(super) use quick::KnownHeads;

use std::collections::BTreeSet;

use sqlx::PgConnection;

use crate::chain::chain_start;
use crate::commit::{self, ClientRef, Head, Snapshot, SnapshotRow};
use crate::decision::{CommittedDecision, NewCommit, NewIdempotency};
use crate::error::StoreError;
use crate::postgres::PostgresStore;
use crate::postgres::ledger::superseded_lines;
use crate::postgres::transaction::{DEADLOCK_RETRIES, is_deadlock};
use crate::raw::digest;

/// In order, so that two commits about the same agencies wait for each other instead of forever.
const LOCK_HEADS: &str = "
    SELECT agency_id, length, head_hash, withdrawals, schedule_change FROM chain_head WHERE agency_id = ANY($1)
    ORDER BY agency_id FOR UPDATE";

const START_HEADS: &str = "
    INSERT INTO chain_head (agency_id, length, head_hash)
    SELECT k.agency_id, 0, $2 FROM unnest($1::text[]) AS k (agency_id)
    ORDER BY k.agency_id ON CONFLICT (agency_id) DO NOTHING";

const STANDING: &str = "
    SELECT 'end', k.agency_id, k.client_id,
        (SELECT coalesce(max(l.seq), 0) FROM ledger l
            WHERE l.agency_id = k.agency_id AND l.client_id = k.client_id), NULL
    FROM unnest($1::text[], $2::text[]) AS k (agency_id, client_id)
    UNION ALL
    SELECT 'latest', d.agency_id, d.encounter_id, NULL, d.decision_id
    FROM unnest($3::text[], $4::text[]) AS k (agency_id, encounter_id)
    JOIN decision_in_force d ON d.agency_id = k.agency_id AND d.encounter_id = k.encounter_id
    UNION ALL
    SELECT 'stored', e.agency_id, e.encounter_id, NULL, NULL
    FROM unnest($3::text[], $4::text[]) AS k (agency_id, encounter_id)
    JOIN encounter e ON e.agency_id = k.agency_id AND e.encounter_id = k.encounter_id";

const INSERT_IDEMPOTENCY: &str = "
    INSERT INTO idempotency (agency_id, idempotency_key, body_digest, response, recorded_at)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::bigint[])
    ON CONFLICT (agency_id, idempotency_key) DO NOTHING RETURNING agency_id, idempotency_key";

pub(super) async fn commit(store: &PostgresStore, new: &NewCommit) -> Result<Vec<CommittedDecision>, StoreError> {
    let committed = commit_new(store, new).await?;
    store.grown_by(u64::try_from(committed.len()).unwrap_or(u64::MAX)).await;
    Ok(committed)
}

async fn commit_new(store: &PostgresStore, new: &NewCommit) -> Result<Vec<CommittedDecision>, StoreError> {
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
    add_snapshot(&mut transaction, new, &mut snapshot).await?;
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

/// Adds the ends of ledgers and the decisions in force, as of one moment.
async fn add_snapshot(
    connection: &mut PgConnection,
    new: &NewCommit,
    snapshot: &mut Snapshot,
) -> Result<(), StoreError> {
    let clients: Vec<ClientRef> = commit::clients(new, &snapshot.superseded_lines).into_iter().collect();
    let encounters = commit::encounters(new);
    let query = sqlx::query_as(STANDING)
        .bind(column(&clients, |key| key.agency_id.as_str()))
        .bind(column(&clients, |key| key.client_id.as_str()))
        .bind(column(&encounters, |key| key.agency_id))
        .bind(column(&encounters, |key| key.encounter_id));
    let rows: Vec<SnapshotRow> =
        query.fetch_all(connection).await.map_err(StoreError::during("reading what is in force"))?;
    snapshot.add(rows)
}

/// One column of a set of rows, for `unnest`.
pub(super) fn column<'a, R, T>(rows: &'a [R], value: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}
