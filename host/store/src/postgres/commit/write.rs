//! Writes the rows of a commit: every table in one statement, because each statement is a round trip to the server.

use adjudica_core::Cents;
use sqlx::postgres::PgArguments;
use sqlx::query::QueryAs;
use sqlx::{PgConnection, PgPool};

use crate::chain::hex;
use crate::commit::rows::{
    CommitRows, DecidedRow, DecisionRow, FindingRow, HeadRow, LedgerRow, LineRow, TouchedRow, require_count,
};
use crate::commit::{self, Snapshot};
use crate::decision::{NewCommit, NewIdempotency};
use crate::error::StoreError;
use crate::instant::microseconds;
use crate::postgres::commit::column;
use crate::raw::encounter::{EncounterRow, EncounterRows, PartRow};

/// The statement. `$first` are further steps before the others, `$when` is the condition under which anything is written,
/// `$last` a condition on the counts.
///
/// A revision that has been raised since stays in the queue; the condition is on the queue's own row, so that a change
/// made at the same moment is seen. Decisions about later encounters counted a ledger that this changes, so they are queued.
/// Encounters that are stored with the decisions about them are not: the setting tells their triggers.
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
    put_in_force AS (
        INSERT INTO decision_in_force (
            agency_id, payer_id, date_of_service, encounter_id, plan_id, service_line, client_id, decision_id,
            encounter_revision, policy_digest, terms_digest)
        SELECT k.agency_id, k.payer_id, k.date_of_service, k.encounter_id, k.plan_id, k.service_line, k.client_id,
            k.decision_id, coalesce(k.revision, 0), k.policy_digest, k.terms_digest
        FROM unnest($1::text[], $7::text[], $8::text[], $5::text[], $69::text[], $70::text[], $4::text[], $3::text[],
            $6::bigint[], $12::text[], $13::text[]) AS k (agency_id, payer_id, date_of_service, encounter_id, plan_id,
            service_line, client_id, decision_id, revision, policy_digest, terms_digest) WHERE ",
            $when,
            "
        ON CONFLICT (agency_id, encounter_id) DO UPDATE SET payer_id = excluded.payer_id,
            date_of_service = excluded.date_of_service, plan_id = excluded.plan_id,
            service_line = excluded.service_line, client_id = excluded.client_id, decision_id = excluded.decision_id,
            encounter_revision = excluded.encounter_revision, policy_digest = excluded.policy_digest,
            terms_digest = excluded.terms_digest
        RETURNING 1),
    confirmed AS (
        UPDATE decision_in_force d SET encounter_revision = k.revision
        FROM unnest($73::text[], $74::text[], $75::bigint[]) AS k (agency_id, encounter_id, revision)
        WHERE d.agency_id = k.agency_id AND d.encounter_id = k.encounter_id AND ",
            $when,
            " RETURNING 1),
    unqueued AS (
        DELETE FROM undecided u
        USING unnest($62::text[], $63::text[], $64::bigint[]) AS k (agency_id, encounter_id, revision)
        WHERE u.agency_id = k.agency_id AND u.encounter_id = k.encounter_id AND u.revision <= k.revision AND ",
            $when,
            " RETURNING 1),
    made_stale AS (
        INSERT INTO undecided (agency_id, encounter_id, client_id, revision)
        SELECT e.agency_id, e.encounter_id, e.client_id, e.revision
        FROM unnest($65::text[], $66::text[], $67::text[], $68::text[])
            AS k (agency_id, client_id, after_day, after_encounter)
        JOIN encounter e ON e.agency_id = k.agency_id AND e.client_id = k.client_id
            AND e.date_of_service >= k.after_day
            AND (e.date_of_service COLLATE \"C\", e.encounter_id COLLATE \"C\") > (k.after_day, k.after_encounter)
        WHERE NOT EXISTS (SELECT 1 FROM unnest($71::text[], $72::text[]) AS d (agency_id, encounter_id)
                WHERE d.agency_id = e.agency_id AND d.encounter_id = e.encounter_id)
            AND NOT EXISTS (SELECT 1 FROM encounter_fault f
                WHERE f.agency_id = e.agency_id AND f.encounter_id = e.encounter_id)
            AND ",
            $when,
            "
        ON CONFLICT (agency_id, encounter_id) DO NOTHING
        RETURNING 1),
    stored_modifiers AS (
        INSERT INTO encounter_modifier (agency_id, encounter_id, modifier)
        SELECT * FROM unnest($95::text[], $96::text[], $97::text[]) WHERE ",
            $when,
            " RETURNING 1),
    stored_diagnoses AS (
        INSERT INTO encounter_diagnosis (agency_id, encounter_id, position, diagnosis)
        SELECT * FROM unnest($98::text[], $99::text[], $100::bigint[], $101::text[]) WHERE ",
            $when,
            " RETURNING 1),
    stored_supporting_info AS (
        INSERT INTO encounter_supporting_info (agency_id, encounter_id, category)
        SELECT * FROM unnest($102::text[], $103::text[], $104::text[]) WHERE ",
            $when,
            " RETURNING 1),
    stored AS (
        INSERT INTO encounter (
            agency_id, encounter_id, client_id, payer_id, plan_id, service_line, date_of_service, procedure_code,
            service, minutes, rendering_provider_id, rendering_provider_role, billing_provider_id, phase, mode,
            place_of_service, group_size, received_on, revision, written_at)
        SELECT k.*, 1, $94::bigint FROM unnest(
            $76::text[], $77::text[], $78::text[], $79::text[], $80::text[], $81::text[], $82::text[], $83::text[],
            $84::text[], $85::bigint[], $86::text[], $87::text[], $88::text[], $89::text[], $90::text[], $91::text[],
            $92::bigint[], $93::text[]) AS k WHERE ",
            $when,
            " RETURNING 1),
    storing AS (
        SELECT set_config('adjudica.stored_as_decided',
            CASE WHEN cardinality($76::text[]) > 0 THEN 'on' ELSE 'off' END, true) AS word),
    written AS (
        SELECT (SELECT count(*) FROM decisions) AS decisions, (SELECT count(*) FROM lines) AS lines,
            (SELECT count(*) FROM findings) AS findings, (SELECT count(*) FROM billed) AS billed,
            (SELECT count(*) FROM heads) AS heads)
    SELECT decisions, lines, findings, billed, heads FROM written, storing WHERE word IS NOT NULL AND (",
            $last,
            ")"
        )
    };
}

const WRITE: &str = write_statement!("", "true", "true");

/// Writes everything where nothing has moved, and else nothing.
///
/// INVARIANT (one appender per agency): `locked` gives the ends of chains that are still those this host knows, with the
/// activations and the withdrawals that it knows. Nobody has committed for these agencies since, and nothing was taken out,
/// so what this statement sees of their ledgers and decisions is how they stand. A chain that was moved while the lock was
/// waited for is looked at again by the server and does not count.
///
/// A wrong count divides by zero: that takes the whole statement back.
const WRITE_IF_UNMOVED: &str = write_statement!(
    "
    locked AS (
        SELECT h.agency_id FROM unnest($59::text[], $105::bigint[], $106::text[], $107::bigint[], $108::bigint[])
            AS k (agency_id, length, head_hash, schedule_change, withdrawals)
        JOIN chain_head h ON h.agency_id = k.agency_id
        WHERE h.length = k.length AND h.head_hash = k.head_hash AND h.schedule_change = k.schedule_change
            AND h.withdrawals = k.withdrawals
        ORDER BY h.agency_id FOR UPDATE OF h),
    unmoved AS (
        SELECT (SELECT count(*) FROM locked) = cardinality($59::text[])
            AND NOT EXISTS (
                SELECT 1 FROM unnest($109::text[], $110::text[], $111::bigint[]) AS k (agency_id, client_id, seq)
                WHERE k.seq <> (SELECT coalesce(max(l.seq), 0) FROM ledger l
                    WHERE l.agency_id = k.agency_id AND l.client_id = k.client_id))
            AND NOT EXISTS (
                SELECT 1 FROM unnest($1::text[], $5::text[]) AS k (agency_id, encounter_id)
                JOIN decision_in_force d ON d.agency_id = k.agency_id AND d.encounter_id = k.encounter_id)
            AND (SELECT count(*) FROM unnest($120::text[], $121::text[], $122::text[]) AS k (agency_id, encounter_id, decision_id)
                CROSS JOIN LATERAL (SELECT 1 FROM decision_in_force d WHERE d.agency_id = k.agency_id
                    AND d.encounter_id = k.encounter_id AND d.decision_id = k.decision_id OFFSET 0) AS held)
                = cardinality($120::text[])
            AND (SELECT count(*) FROM unnest($118::text[], $119::text[]) AS k (agency_id, encounter_id)
                JOIN encounter e ON e.agency_id = k.agency_id AND e.encounter_id = k.encounter_id)
                = cardinality($118::text[]) AS yes),
    answers AS (
        INSERT INTO idempotency (agency_id, idempotency_key, body_digest, response, recorded_at)
        SELECT * FROM unnest($112::text[], $113::text[], $114::text[], $115::bytea[], $116::bigint[])
        WHERE (SELECT yes FROM unmoved)),",
    "(SELECT yes FROM unmoved)",
    "decisions = 0 OR 1 / (CASE WHEN ARRAY[decisions, lines, findings, billed, heads] = $117::bigint[] THEN 1 ELSE 0 END) = 1"
);

/// How many rows of each table were written, in the order of [`CommitRows::counts`].
type Written = (i64, i64, i64, i64, i64);
type Write<'q> = QueryAs<'q, sqlx::Postgres, Written, PgArguments>;

/// Writes all rows. The connection is in a transaction that holds the chains.
pub(super) async fn write(connection: &mut PgConnection, rows: &CommitRows<'_>) -> Result<(), StoreError> {
    const DOING: &str = "writing decisions";
    if rows.decisions.is_empty() && rows.confirmed.is_empty() {
        return Ok(());
    }
    let stored = Stored::of(rows);
    let query = bind_rows(sqlx::query_as(WRITE), rows, &stored);
    let (decisions, lines, findings, billed, heads) =
        query.fetch_one(connection).await.map_err(StoreError::during(DOING))?;
    let written = [decisions, lines, findings, billed, heads];
    rows.counts()
        .into_iter()
        .zip(written)
        .try_for_each(|((doing, expected), rows)| require_count(doing, expected, u64::try_from(rows).unwrap_or(0)))
}

/// Writes all rows, durably when this returns `true`, or none.
pub(super) async fn write_if_unmoved(
    pool: &PgPool,
    rows: &CommitRows<'_>,
    new: &NewCommit,
    snapshot: &Snapshot,
) -> Result<bool, sqlx::Error> {
    let before = |head: &HeadRow<'_>| snapshot.heads.get(head.agency_id);
    let schedule = |head: &HeadRow<'_>| snapshot.schedule_changes.get(head.agency_id).copied().unwrap_or(0);
    let counts: Vec<i64> = rows.counts().iter().map(|(_, count)| i64::try_from(*count).unwrap_or(i64::MAX)).collect();
    let stored = Stored::of(rows);
    let query = bind_rows(sqlx::query_as(WRITE_IF_UNMOVED), rows, &stored)
        .bind(column(&rows.heads, |head| before(head).map(|head| head.length)))
        .bind(column(&rows.heads, |head| before(head).map(|head| hex(head.hash))))
        .bind(column(&rows.heads, schedule))
        .bind(column(&rows.heads, |head| before(head).map(|head| head.withdrawals)))
        .bind(column(&new.clients, |client| client.agency_id.as_str()))
        .bind(column(&new.clients, |client| client.client_id.as_str()))
        .bind(column(&new.clients, |client| client.ledger_through));
    let (known, confirmed) = (commit::stored(new), commit::confirmed(new).collect::<Vec<_>>());
    let query = bind_answers(query, &new.idempotency)
        .bind(counts)
        .bind(column(&known, |key| key.agency_id))
        .bind(column(&known, |key| key.encounter_id))
        .bind(column(&confirmed, |(client, _)| client.agency_id.as_str()))
        .bind(column(&confirmed, |(_, confirmed)| confirmed.encounter_id.as_str()))
        .bind(column(&confirmed, |(_, confirmed)| confirmed.decision_id.as_str()));
    let (decisions, ..) = query.fetch_one(pool).await?;
    Ok(decisions > 0)
}

/// Encounters that are stored with the decisions about them, and what belongs to them; each row with its agency.
struct Stored<'a> {
    encounters: Vec<(&'a str, EncounterRow<'a>)>,
    modifiers: Vec<(&'a str, PartRow<'a>)>,
    diagnoses: Vec<(&'a str, PartRow<'a>)>,
    supporting_info: Vec<(&'a str, PartRow<'a>)>,
    now: i64,
}

impl<'a> Stored<'a> {
    fn of(rows: &CommitRows<'a>) -> Self {
        let mut stored =
            Self { encounters: vec![], modifiers: vec![], diagnoses: vec![], supporting_info: vec![], now: 0 };
        for (agency_id, of_agency, now) in rows.stored_by_agency() {
            let EncounterRows { encounters, modifiers, diagnoses, supporting_info } = of_agency;
            stored.encounters.extend(encounters.into_iter().map(|row| (agency_id, row)));
            stored.modifiers.extend(modifiers.into_iter().map(|row| (agency_id, row)));
            stored.diagnoses.extend(diagnoses.into_iter().map(|row| (agency_id, row)));
            stored.supporting_info.extend(supporting_info.into_iter().map(|row| (agency_id, row)));
            stored.now = now;
        }
        stored
    }
}

fn bind_rows<'q>(query: Write<'q>, rows: &'q CommitRows<'_>, stored: &'q Stored<'_>) -> Write<'q> {
    let query = bind_decisions(query, &rows.decisions);
    let query = bind_findings(bind_lines(query, &rows.lines), &rows.findings);
    let query = bind_ledger(query, &rows.ledger);
    let query = bind_touched(bind_decided(bind_heads(query, &rows.heads), &rows.decided), &rows.touched);
    let query = query
        .bind(column(&rows.in_force, |row| row.plan_id))
        .bind(column(&rows.in_force, |row| row.service_line))
        .bind(column(&rows.settled, |row| row.agency_id))
        .bind(column(&rows.settled, |row| row.encounter_id))
        .bind(column(&rows.confirmed, |row| row.agency_id))
        .bind(column(&rows.confirmed, |row| row.encounter_id))
        .bind(column(&rows.confirmed, |row| row.encounter_revision));
    bind_stored(query, stored)
}

fn bind_stored<'q>(query: Write<'q>, stored: &'q Stored<'_>) -> Write<'q> {
    let rows = &stored.encounters;
    let query = query
        .bind(column(rows, |row| row.0))
        .bind(column(rows, |row| row.1.encounter_id))
        .bind(column(rows, |row| row.1.client_id))
        .bind(column(rows, |row| row.1.payer_id))
        .bind(column(rows, |row| row.1.plan_id))
        .bind(column(rows, |row| row.1.service_line))
        .bind(column(rows, |row| row.1.date_of_service.as_str()))
        .bind(column(rows, |row| row.1.procedure_code))
        .bind(column(rows, |row| row.1.service))
        .bind(column(rows, |row| row.1.minutes))
        .bind(column(rows, |row| row.1.rendering_provider_id))
        .bind(column(rows, |row| row.1.rendering_provider_role))
        .bind(column(rows, |row| row.1.billing_provider_id))
        .bind(column(rows, |row| row.1.phase))
        .bind(column(rows, |row| row.1.mode))
        .bind(column(rows, |row| row.1.place_of_service))
        .bind(column(rows, |row| row.1.group_size))
        .bind(column(rows, |row| row.1.received_on.as_deref()))
        .bind(stored.now);
    let parts = |query: Write<'q>, rows: &'q [(&str, PartRow<'_>)]| {
        query.bind(column(rows, |row| row.0)).bind(column(rows, |row| row.1.encounter_id))
    };
    let query = parts(query, &stored.modifiers).bind(column(&stored.modifiers, |row| row.1.value));
    let query = parts(query, &stored.diagnoses)
        .bind(column(&stored.diagnoses, |row| row.1.position))
        .bind(column(&stored.diagnoses, |row| row.1.value));
    parts(query, &stored.supporting_info).bind(column(&stored.supporting_info, |row| row.1.value))
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
        .bind(column(rows, |row| row.amount_cents.get()))
        .bind(column(rows, |row| row.billing_provider_id))
        .bind(column(rows, |row| row.rendering_provider_id))
        .bind(column(rows, |row| row.diagnosis))
        .bind(column(rows, |row| row.reverses_seq))
        .bind(column(rows, |row| row.recorded_at))
        .bind(column(rows, |row| row.minutes))
        .bind(column(rows, |row| row.paid_cents.map(Cents::get)))
        .bind(column(rows, |row| row.deductible_cents.map(Cents::get)))
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
        .bind(column(rows, |row| row.after_encounter))
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
