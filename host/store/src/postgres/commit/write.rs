//! Writes the rows of a commit: every table in one statement, because each statement is a journey to the server.

use sqlx::postgres::PgArguments;
use sqlx::query::QueryAs;
use sqlx::{PgConnection, PgPool};

use crate::chain::hex;
use crate::commit::Standing;
use crate::commit::rows::{
    CommitRows, DecidedRow, DecisionRow, FindingRow, HeadRow, LedgerRow, LineRow, TouchedRow, require_count,
};
use crate::decision::{NewCommit, NewIdempotency};
use crate::error::StoreError;
use crate::instant::microseconds;
use crate::postgres::read::column;

/// The statement. `$first` are further steps before the others, `$when` is the condition under which anything is written,
/// `$last` a condition on the counts.
///
/// A revision that has been raised since stays in the queue; the condition is on the queue's own row, so that a change
/// made at the same moment is seen. Decisions about later days counted a ledger that this changes, so they become stale.
macro_rules! write_statement {
    ($first:literal, $when:literal, $last:literal) => {
        concat!(
            "WITH ",
            $first,
            "
    decisions AS (
        INSERT INTO decision (
            agency_id, sequence, decision_id, client_id, encounter_id, encounter_revision, payer_id,
            date_of_service, outcome, policy_id, policy_version, policy_digest, terms_digest, decided_at,
            supersedes, record, previous_hash, hash)
        SELECT * FROM unnest(
            $1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[],
            $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bigint[],
            $15::text[], $16::text[], $17::text[], $18::text[]) WHERE ",
            $when,
            " RETURNING 1),
    lines AS (
        INSERT INTO decision_line (
            agency_id, decision_id, position, procedure_code, modifiers, units, amount_cents)
        SELECT * FROM unnest(
            $19::text[], $20::text[], $21::bigint[], $22::text[], $23::text[], $24::bigint[],
            $25::bigint[]) WHERE ",
            $when,
            " RETURNING 1),
    findings AS (
        INSERT INTO decision_finding (
            agency_id, decision_id, position, rule_id, kind, effect, verdict, observed, expected,
            subject_kind, subject_name, carc, liability_group)
        SELECT * FROM unnest(
            $26::text[], $27::text[], $28::bigint[], $29::text[], $30::text[], $31::text[], $32::text[],
            $33::bigint[], $34::bigint[], $35::text[], $36::text[], $37::text[], $38::text[]) WHERE ",
            $when,
            " RETURNING 1),
    billed AS (
        INSERT INTO ledger (
            agency_id, client_id, seq, kind, decision_id, encounter_id, payer_id, date_of_service,
            procedure_code, units, amount_cents, billing_provider_id, rendering_provider_id, diagnosis,
            reverses_seq, recorded_at, minutes, paid_cents, deductible_cents, mode)
        SELECT * FROM unnest(
            $39::text[], $40::text[], $41::bigint[], $42::text[], $43::text[], $44::text[], $45::text[],
            $46::text[], $47::text[], $48::bigint[], $49::bigint[], $50::text[], $51::text[], $52::text[],
            $53::bigint[], $54::bigint[], $55::bigint[], $56::bigint[], $57::bigint[], $58::text[]) WHERE ",
            $when,
            " RETURNING 1),
    heads AS (
        UPDATE chain_head h SET length = k.length, head_hash = k.head_hash
        FROM unnest($59::text[], $60::bigint[], $61::text[]) AS k (agency_id, length, head_hash)
        WHERE h.agency_id = k.agency_id AND ",
            $when,
            " RETURNING 1),
    unqueued AS (
        DELETE FROM undecided u
        USING unnest($62::text[], $63::text[], $64::bigint[]) AS k (agency_id, encounter_id, revision)
        WHERE u.agency_id = k.agency_id AND u.encounter_id = k.encounter_id AND u.revision = k.revision AND ",
            $when,
            " RETURNING 1),
    made_stale AS (
        UPDATE encounter e SET revision = e.revision + 1
        FROM unnest($65::text[], $66::text[], $67::text[]) AS k (agency_id, client_id, after_day)
        WHERE e.agency_id = k.agency_id AND e.client_id = k.client_id AND e.date_of_service > k.after_day
            AND NOT EXISTS (SELECT 1 FROM unnest($1::text[], $5::text[]) AS d (agency_id, encounter_id)
                WHERE d.agency_id = e.agency_id AND d.encounter_id = e.encounter_id)
            AND NOT EXISTS (SELECT 1 FROM undecided u
                WHERE u.agency_id = e.agency_id AND u.encounter_id = e.encounter_id)
            AND ",
            $when,
            " RETURNING 1),
    written AS (
        SELECT (SELECT count(*) FROM decisions) AS decisions, (SELECT count(*) FROM lines) AS lines,
            (SELECT count(*) FROM findings) AS findings, (SELECT count(*) FROM billed) AS billed,
            (SELECT count(*) FROM heads) AS heads)
    SELECT decisions, lines, findings, billed, heads FROM written WHERE ",
            $last
        )
    };
}

const WRITE: &str = write_statement!("", "true", "true");

/// Writes everything where nothing has moved, and else nothing.
///
/// INVARIANT (one appender per agency): `locked` gives the ends of chains that are still those this host knows. Nobody has
/// committed for these agencies since, so what this statement sees of their ledgers and decisions is how they stand. A
/// chain that was moved while the lock was waited for is looked at again by the server and does not count.
///
/// A wrong count divides by zero: that takes the whole statement back.
const WRITE_IF_UNMOVED: &str = write_statement!(
    "
    locked AS (
        SELECT h.agency_id FROM unnest($59::text[], $68::bigint[], $69::text[]) AS k (agency_id, length, head_hash)
        JOIN chain_head h ON h.agency_id = k.agency_id
        WHERE h.length = k.length AND h.head_hash = k.head_hash ORDER BY h.agency_id FOR UPDATE OF h),
    unmoved AS (
        SELECT (SELECT count(*) FROM locked) = cardinality($59::text[])
            AND NOT EXISTS (
                SELECT 1 FROM unnest($70::text[], $71::text[], $72::bigint[]) AS k (agency_id, client_id, seq)
                WHERE k.seq <> (SELECT coalesce(max(l.seq), 0) FROM ledger l
                    WHERE l.agency_id = k.agency_id AND l.client_id = k.client_id))
            AND NOT EXISTS (
                SELECT 1 FROM unnest($1::text[], $5::text[]) AS k (agency_id, encounter_id)
                JOIN decision d ON d.agency_id = k.agency_id AND d.encounter_id = k.encounter_id) AS yes),
    answers AS (
        INSERT INTO idempotency (agency_id, idempotency_key, body_digest, response, recorded_at)
        SELECT * FROM unnest($73::text[], $74::text[], $75::text[], $76::bytea[], $77::bigint[])
        WHERE (SELECT yes FROM unmoved)),",
    "(SELECT yes FROM unmoved)",
    "decisions = 0 OR 1 / (CASE WHEN ARRAY[decisions, lines, findings, billed, heads] = $78::bigint[] THEN 1 ELSE 0 END) = 1"
);

/// How many rows of each table were written, in the order of [`CommitRows::counts`].
type Written = (i64, i64, i64, i64, i64);
type Write<'q> = QueryAs<'q, sqlx::Postgres, Written, PgArguments>;

/// Writes all rows. The connection is in a transaction that holds the chains.
pub(super) async fn write(connection: &mut PgConnection, rows: &CommitRows<'_>) -> Result<(), StoreError> {
    const DOING: &str = "writing decisions";
    if rows.decisions.is_empty() {
        return Ok(());
    }
    let query = bind_rows(sqlx::query_as(WRITE), rows);
    let (decisions, lines, findings, billed, heads) =
        query.fetch_one(connection).await.map_err(StoreError::during(DOING))?;
    let written = [decisions, lines, findings, billed, heads];
    rows.counts()
        .into_iter()
        .zip(written)
        .try_for_each(|(count, rows)| require_count(count, u64::try_from(rows).unwrap_or(0)))
}

/// Writes all rows, durably when this returns `true`, or none.
pub(super) async fn write_if_unmoved(
    pool: &PgPool,
    rows: &CommitRows<'_>,
    new: &NewCommit,
    standing: &Standing,
) -> Result<bool, sqlx::Error> {
    let before = |head: &HeadRow<'_>| standing.heads.get(head.agency_id);
    let counts: Vec<i64> = rows.counts().iter().map(|(_, count)| i64::try_from(*count).unwrap_or(i64::MAX)).collect();
    let query = bind_rows(sqlx::query_as(WRITE_IF_UNMOVED), rows)
        .bind(column(&rows.heads, |head| before(head).map(|head| head.length)))
        .bind(column(&rows.heads, |head| before(head).map(|head| hex(head.hash))))
        .bind(column(&new.clients, |client| client.agency_id.as_str()))
        .bind(column(&new.clients, |client| client.client_id.as_str()))
        .bind(column(&new.clients, |client| client.ledger_through));
    let query = bind_answers(query, &new.idempotency).bind(counts);
    let (decisions, ..) = query.fetch_one(pool).await?;
    Ok(decisions > 0)
}

fn bind_rows<'q>(query: Write<'q>, rows: &'q CommitRows<'_>) -> Write<'q> {
    let query = bind_decisions(query, &rows.decisions);
    let query = bind_findings(bind_lines(query, &rows.lines), &rows.findings);
    let query = bind_ledger(query, &rows.ledger);
    bind_touched(bind_decided(bind_heads(query, &rows.heads), &rows.decided), &rows.touched)
}

fn bind_decisions<'q>(query: Write<'q>, rows: &'q [DecisionRow<'_>]) -> Write<'q> {
    query
        .bind(column(rows, |row| row.agency_id))
        .bind(column(rows, |row| row.sequence))
        .bind(column(rows, |row| row.decision_id))
        .bind(column(rows, |row| row.client_id))
        .bind(column(rows, |row| row.encounter_id))
        .bind(column(rows, |row| row.encounter_revision))
        .bind(column(rows, |row| row.payer_id))
        .bind(column(rows, |row| row.date_of_service.as_str()))
        .bind(column(rows, |row| row.outcome))
        .bind(column(rows, |row| row.policy_id))
        .bind(column(rows, |row| row.policy_version))
        .bind(column(rows, |row| row.policy_digest.as_deref()))
        .bind(column(rows, |row| row.terms_digest.as_deref()))
        .bind(column(rows, |row| row.decided_at))
        .bind(column(rows, |row| row.supersedes))
        .bind(column(rows, |row| row.record))
        .bind(column(rows, |row| row.previous_hash.as_str()))
        .bind(column(rows, |row| row.hash.as_str()))
}

fn bind_lines<'q>(query: Write<'q>, rows: &'q [LineRow<'_>]) -> Write<'q> {
    query
        .bind(column(rows, |row| row.agency_id))
        .bind(column(rows, |row| row.decision_id))
        .bind(column(rows, |row| row.position))
        .bind(column(rows, |row| row.procedure_code))
        .bind(column(rows, |row| row.modifiers.as_str()))
        .bind(column(rows, |row| row.units))
        .bind(column(rows, |row| row.amount_cents))
}

fn bind_findings<'q>(query: Write<'q>, rows: &'q [FindingRow<'_>]) -> Write<'q> {
    query
        .bind(column(rows, |row| row.agency_id))
        .bind(column(rows, |row| row.decision_id))
        .bind(column(rows, |row| row.position))
        .bind(column(rows, |row| row.rule_id))
        .bind(column(rows, |row| row.kind.as_str()))
        .bind(column(rows, |row| row.effect.as_str()))
        .bind(column(rows, |row| row.verdict.as_str()))
        .bind(column(rows, |row| row.observed))
        .bind(column(rows, |row| row.expected))
        .bind(column(rows, |row| row.subject_kind.as_deref()))
        .bind(column(rows, |row| row.subject_name))
        .bind(column(rows, |row| row.carc))
        .bind(column(rows, |row| row.liability_group.as_deref()))
}

fn bind_ledger<'q>(query: Write<'q>, rows: &'q [LedgerRow<'_>]) -> Write<'q> {
    query
        .bind(column(rows, |row| row.agency_id))
        .bind(column(rows, |row| row.client_id))
        .bind(column(rows, |row| row.seq))
        .bind(column(rows, |row| row.kind))
        .bind(column(rows, |row| row.decision_id))
        .bind(column(rows, |row| row.encounter_id))
        .bind(column(rows, |row| row.payer_id))
        .bind(column(rows, |row| row.date_of_service.as_str()))
        .bind(column(rows, |row| row.procedure_code))
        .bind(column(rows, |row| row.units))
        .bind(column(rows, |row| row.amount_cents))
        .bind(column(rows, |row| row.billing_provider_id))
        .bind(column(rows, |row| row.rendering_provider_id))
        .bind(column(rows, |row| row.diagnosis))
        .bind(column(rows, |row| row.reverses_seq))
        .bind(column(rows, |row| row.recorded_at))
        .bind(column(rows, |row| row.minutes))
        .bind(column(rows, |row| row.paid_cents))
        .bind(column(rows, |row| row.deductible_cents))
        .bind(column(rows, |row| row.mode))
}

fn bind_heads<'q>(query: Write<'q>, rows: &'q [HeadRow<'_>]) -> Write<'q> {
    query
        .bind(column(rows, |row| row.agency_id))
        .bind(column(rows, |row| row.length))
        .bind(column(rows, |row| row.head_hash.as_str()))
}

fn bind_decided<'q>(query: Write<'q>, rows: &'q [DecidedRow<'_>]) -> Write<'q> {
    query
        .bind(column(rows, |row| row.agency_id))
        .bind(column(rows, |row| row.encounter_id))
        .bind(column(rows, |row| row.revision))
}

fn bind_touched<'q>(query: Write<'q>, rows: &'q [TouchedRow<'_>]) -> Write<'q> {
    query
        .bind(column(rows, |row| row.agency_id))
        .bind(column(rows, |row| row.client_id))
        .bind(column(rows, |row| row.after_day.as_str()))
}

/// The rows of `idempotency`, in the order of its columns.
pub(super) fn bind_answers<'q, O>(
    query: QueryAs<'q, sqlx::Postgres, O, PgArguments>,
    answers: &'q [NewIdempotency],
) -> QueryAs<'q, sqlx::Postgres, O, PgArguments> {
    query
        .bind(column(answers, |answer| answer.agency_id.as_str()))
        .bind(column(answers, |answer| answer.key.as_str()))
        .bind(column(answers, |answer| answer.body_digest.to_string()))
        .bind(column(answers, |answer| answer.response.as_slice()))
        .bind(column(answers, |answer| microseconds(answer.recorded_at)))
}
