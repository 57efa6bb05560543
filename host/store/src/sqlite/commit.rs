//! Commits decisions: one transaction under the write lock, a handful of statements whatever the number of decisions.

use sqlx::SqliteConnection;

use crate::commit::rows::{CommitRows, require_count};
use crate::commit::{self, Snapshot, SnapshotRow};
use crate::decision::{CommittedDecision, NewCommit, NewIdempotency};
use crate::encounter::PutMode;
use crate::error::StoreError;
use crate::instant::microseconds;
use crate::raw::json;
use crate::sqlite::ledger::superseded_lines;
use crate::sqlite::{SqliteStore, encounter_writes};

const STANDING: &str = "
    SELECT 'head', h.agency_id, '', h.length, h.head_hash
    FROM json_each(?1) k CROSS JOIN chain_head h ON h.agency_id = k.value
    UNION ALL
    SELECT 'schedule', h.agency_id, '', h.schedule_change, NULL
    FROM json_each(?1) k CROSS JOIN chain_head h ON h.agency_id = k.value
    UNION ALL
    SELECT 'end', k.value ->> 'agency_id', k.value ->> 'client_id',
        (SELECT coalesce(max(l.seq), 0) FROM ledger l
            WHERE l.agency_id = k.value ->> 'agency_id' AND l.client_id = k.value ->> 'client_id'), NULL
    FROM jsonb_each(?2) k
    UNION ALL
    SELECT 'latest', d.agency_id, d.encounter_id, NULL, d.decision_id
    FROM jsonb_each(?3) k CROSS JOIN decision_in_force d
        ON d.agency_id = k.value ->> 'agency_id' AND d.encounter_id = k.value ->> 'encounter_id'
    UNION ALL
    SELECT 'stored', e.agency_id, e.encounter_id, NULL, NULL
    FROM jsonb_each(?3) k CROSS JOIN encounter e
        ON e.agency_id = k.value ->> 'agency_id' AND e.encounter_id = k.value ->> 'encounter_id'";

const INSERT_IDEMPOTENCY: &str = "
    INSERT INTO idempotency (agency_id, idempotency_key, body_digest, response, recorded_at) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (agency_id, idempotency_key) DO NOTHING";

const INSERT_DECISIONS: &str = "
    INSERT INTO decision (agency_id, sequence, decision_id, client_id, encounter_id, encounter_revision, payer_id,
        date_of_service, outcome, policy_id, policy_version, policy_digest, terms_digest, decided_at, supersedes,
        record, previous_hash, hash)
    SELECT k.value ->> 'agency_id', k.value ->> 'sequence', k.value ->> 'decision_id', k.value ->> 'client_id',
        k.value ->> 'encounter_id', k.value ->> 'encounter_revision', k.value ->> 'payer_id',
        k.value ->> 'date_of_service', k.value ->> 'outcome', k.value ->> 'policy_id', k.value ->> 'policy_version',
        k.value ->> 'policy_digest', k.value ->> 'terms_digest', k.value ->> 'decided_at', k.value ->> 'supersedes',
        k.value ->> 'record', k.value ->> 'previous_hash', k.value ->> 'hash'
    FROM json_each(?1) k";

const INSERT_LINES: &str = "
    INSERT INTO decision_line (agency_id, decision_id, position, procedure_code, modifiers, units, amount_cents)
    SELECT k.value ->> 'agency_id', k.value ->> 'decision_id', k.value ->> 'position', k.value ->> 'procedure_code',
        k.value ->> 'modifiers', k.value ->> 'units', k.value ->> 'amount_cents'
    FROM json_each(?1) k";

const INSERT_FINDINGS: &str = "
    INSERT INTO decision_finding (agency_id, decision_id, position, rule_id, kind, effect, verdict, observed, expected,
        subject_kind, subject_name, carc, liability_group)
    SELECT k.value ->> 'agency_id', k.value ->> 'decision_id', k.value ->> 'position', k.value ->> 'rule_id',
        k.value ->> 'kind', k.value ->> 'effect', k.value ->> 'verdict', k.value ->> 'observed',
        k.value ->> 'expected', k.value ->> 'subject_kind', k.value ->> 'subject_name', k.value ->> 'carc',
        k.value ->> 'liability_group'
    FROM json_each(?1) k";

const INSERT_LEDGER: &str = "
    INSERT INTO ledger (agency_id, client_id, seq, kind, decision_id, encounter_id, payer_id, date_of_service,
        procedure_code, units, amount_cents, billing_provider_id, rendering_provider_id, diagnosis, reverses_seq,
        recorded_at, minutes, paid_cents, deductible_cents, mode)
    SELECT k.value ->> 'agency_id', k.value ->> 'client_id', k.value ->> 'seq', k.value ->> 'kind',
        k.value ->> 'decision_id', k.value ->> 'encounter_id', k.value ->> 'payer_id', k.value ->> 'date_of_service',
        k.value ->> 'procedure_code', k.value ->> 'units', k.value ->> 'amount_cents',
        k.value ->> 'billing_provider_id', k.value ->> 'rendering_provider_id', k.value ->> 'diagnosis',
        k.value ->> 'reverses_seq', k.value ->> 'recorded_at', k.value ->> 'minutes', k.value ->> 'paid_cents',
        k.value ->> 'deductible_cents', k.value ->> 'mode'
    FROM json_each(?1) k";

const PUT_HEADS: &str = "
    INSERT INTO chain_head (agency_id, length, head_hash)
    SELECT k.value ->> 'agency_id', k.value ->> 'length', k.value ->> 'head_hash' FROM json_each(?1) k WHERE true
    ON CONFLICT (agency_id) DO UPDATE SET length = excluded.length, head_hash = excluded.head_hash";

const PUT_IN_FORCE: &str = "
    INSERT INTO decision_in_force (agency_id, payer_id, date_of_service, encounter_id, plan_id, service_line, client_id,
        decision_id, encounter_revision, policy_digest, terms_digest)
    SELECT k.value ->> 'agency_id', k.value ->> 'payer_id', k.value ->> 'date_of_service', k.value ->> 'encounter_id',
        k.value ->> 'plan_id', k.value ->> 'service_line', k.value ->> 'client_id', k.value ->> 'decision_id',
        k.value ->> 'encounter_revision', k.value ->> 'policy_digest', k.value ->> 'terms_digest'
    FROM json_each(?1) k WHERE true
    ON CONFLICT (agency_id, encounter_id) DO UPDATE SET payer_id = excluded.payer_id,
        date_of_service = excluded.date_of_service, plan_id = excluded.plan_id, service_line = excluded.service_line,
        client_id = excluded.client_id, decision_id = excluded.decision_id,
        encounter_revision = excluded.encounter_revision, policy_digest = excluded.policy_digest,
        terms_digest = excluded.terms_digest";

const CONFIRM: &str = "
    UPDATE decision_in_force SET encounter_revision = k.value ->> 'encounter_revision' FROM json_each(?1) k
    WHERE decision_in_force.agency_id = k.value ->> 'agency_id'
        AND decision_in_force.encounter_id = k.value ->> 'encounter_id'";

/// A revision that has been raised since stays in the queue.
const UNQUEUE: &str = "
    DELETE FROM undecided WHERE position IN (
        SELECT u.position FROM json_each(?1) k CROSS JOIN undecided u
            ON u.agency_id = k.value ->> 'agency_id' AND u.encounter_id = k.value ->> 'encounter_id'
        WHERE u.revision <= k.value ->> 'revision')";

/// Decisions about later encounters counted a ledger that this commit changes. A key of two columns is looked for as one value:
/// SQLite makes an index for a list of those, and would walk a list of pairs for each later encounter.
const MAKE_STALE: &str = "
    INSERT INTO undecided (agency_id, encounter_id, client_id, revision)
    SELECT e.agency_id, e.encounter_id, e.client_id, e.revision FROM json_each(?1) k CROSS JOIN encounter e
        ON e.agency_id = k.value ->> 'agency_id' AND e.client_id = k.value ->> 'client_id'
            AND e.date_of_service >= k.value ->> 'after_day'
            AND (e.date_of_service, e.encounter_id) > (k.value ->> 'after_day', k.value ->> 'after_encounter')
    WHERE json_array(e.agency_id, e.encounter_id) NOT IN (
            SELECT json_array(d.value ->> 'agency_id', d.value ->> 'encounter_id') FROM json_each(?2) d)
        AND NOT EXISTS (SELECT 1 FROM encounter_fault f
            WHERE f.agency_id = e.agency_id AND f.encounter_id = e.encounter_id)
    ON CONFLICT (agency_id, encounter_id) DO NOTHING";

pub(super) async fn commit(store: &SqliteStore, new: &NewCommit) -> Result<Vec<CommittedDecision>, StoreError> {
    let failed = StoreError::during("committing decisions");
    commit::require_consistent(new)?;
    let mut transaction = store.begin().await.map_err(failed)?;
    for answer in &new.idempotency {
        keep_answer(&mut transaction, answer).await?;
    }
    let snapshot = snapshot(&mut transaction, new).await?;
    commit::require_unmoved(new, &snapshot)?;
    let rows = commit::plan(new, &snapshot);
    for (agency_id, encounters, now) in rows.stored_by_agency() {
        encounter_writes::write(&mut transaction, agency_id, &encounters, PutMode::InsertOnly, now).await?;
    }
    write(&mut transaction, &rows).await?;
    transaction.commit().await.map_err(failed)?;
    Ok(rows.committed)
}

async fn keep_answer(connection: &mut SqliteConnection, answer: &NewIdempotency) -> Result<(), StoreError> {
    let query = sqlx::query(INSERT_IDEMPOTENCY)
        .bind(answer.agency_id.as_str())
        .bind(answer.key.as_str())
        .bind(answer.body_digest.to_string())
        .bind(answer.response.as_slice())
        .bind(microseconds(answer.recorded_at));
    let done = query.execute(connection).await.map_err(StoreError::during("keeping an answer"))?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::IdempotencyKeyUsed { key: answer.key.clone() }) }
}

/// Ends of chains and ledgers and decisions in force, as of one moment: what a commit looks at.
async fn snapshot(connection: &mut SqliteConnection, new: &NewCommit) -> Result<Snapshot, StoreError> {
    let mut snapshot = Snapshot { superseded_lines: superseded_lines(connection, new).await?, ..Snapshot::default() };
    let clients = commit::clients(new, &snapshot.superseded_lines);
    let query = sqlx::query_as(STANDING)
        .bind(json(&commit::agencies(new))?)
        .bind(json(&clients)?)
        .bind(json(&commit::encounters(new))?);
    let rows: Vec<SnapshotRow> =
        query.fetch_all(connection).await.map_err(StoreError::during("reading what is in force"))?;
    snapshot.add(rows)?;
    Ok(snapshot)
}

async fn write(connection: &mut SqliteConnection, rows: &CommitRows<'_>) -> Result<(), StoreError> {
    let writes = [
        (INSERT_DECISIONS, json(&rows.decisions)?),
        (INSERT_LINES, json(&rows.lines)?),
        (INSERT_FINDINGS, json(&rows.findings)?),
        (INSERT_LEDGER, json(&rows.ledger)?),
        (PUT_HEADS, json(&rows.heads)?),
    ];
    for ((doing, expected), (sql, json)) in rows.counts().into_iter().zip(writes).filter(|((_, rows), _)| *rows > 0) {
        let query = sqlx::query(sql).bind(json).execute(&mut *connection);
        require_count(doing, expected, query.await.map_err(StoreError::during(doing))?.rows_affected())?;
    }
    let in_force = [
        ("putting decisions in force", PUT_IN_FORCE, json(&rows.in_force)?, rows.in_force.is_empty()),
        ("confirming decisions in force", CONFIRM, json(&rows.confirmed)?, rows.confirmed.is_empty()),
        ("taking decided encounters out of the queue", UNQUEUE, json(&rows.decided)?, rows.decided.is_empty()),
    ];
    for (doing, sql, json, _) in in_force.into_iter().filter(|(.., is_empty)| !is_empty) {
        sqlx::query(sql).bind(json).execute(&mut *connection).await.map_err(StoreError::during(doing))?;
    }
    if !rows.touched.is_empty() {
        let query = sqlx::query(MAKE_STALE).bind(json(&rows.touched)?).bind(json(&rows.settled)?);
        query.execute(&mut *connection).await.map_err(StoreError::during("finding stale decisions"))?;
    }
    Ok(())
}
