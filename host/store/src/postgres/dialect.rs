//! What the statements of `alike` are told of PostgreSQL: how it names sets and indexes, how it keeps others away.

use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{PgConnection, PgPool, Postgres, Row as _};

use crate::error::StoreError;
use crate::raw::encounter::{RawEncounter, read_encounter};

pub(super) use sqlx::Postgres as Database;
pub(super) use sqlx::postgres::{PgConnection as Connection, PgRow as Row};

pub(super) use super::PostgresStore as Dialect;
pub(super) use super::statistics::Growth;
pub(super) use super::transaction::past_deadlocks;

/// A set of rows, given as JSON: its place among the parameters, and the columns with their types.
///
/// As arrays, of which the planner expects ten rows. Of a function over JSON it expects a hundred, and then reads whole tables
/// for the one row that a request asks for.
macro_rules! set_of {
    ($set:literal, $first:ident $first_type:ident $(, $column:ident $type:ident)*) => {
        concat!(
            "unnest(ARRAY(SELECT (x ->> '", stringify!($first), "')::", stringify!($first_type),
            " FROM jsonb_array_elements(", $set, "::jsonb) x)",
            $(", ARRAY(SELECT (x ->> '", stringify!($column), "')::", stringify!($type),
            " FROM jsonb_array_elements(", $set, "::jsonb) x)",)*
            ") AS k (", stringify!($first), $(", ", stringify!($column),)* ")"
        )
    };
}
pub(super) use set_of;

/// A set of names.
macro_rules! names {
    ($set:literal) => {
        concat!("unnest(ARRAY(SELECT jsonb_array_elements_text(", $set, "::jsonb))) AS k (value)")
    };
}
pub(super) use names;

/// Whether what stands before is in a set of names.
macro_rules! is_in {
    ($set:literal) => {
        concat!(" = ANY (ARRAY(SELECT jsonb_array_elements_text(", $set, "::jsonb)))")
    };
}
pub(super) use is_in;

/// Whether what stands before is in no set of names.
macro_rules! is_not_in {
    ($set:literal) => {
        concat!(" <> ALL (ARRAY(SELECT jsonb_array_elements_text(", $set, "::jsonb)))")
    };
}
pub(super) use is_not_in;

/// The columns of one encounter.
macro_rules! encounter_row {
    () => {
        encounter_columns!()
    };
}
pub(super) use encounter_row;

/// The columns of many encounters: see [`encounters`].
macro_rules! encounter_rows {
    () => {
        encounter_columns!()
    };
}
pub(super) use encounter_rows;

/// The planner chooses the index: it knows how often a value occurs.
macro_rules! by {
    ($index:literal) => {
        " "
    };
}
pub(super) use by;

/// Joins tables in the order that the planner finds best.
macro_rules! join {
    () => {
        " JOIN "
    };
}
pub(super) use join;

/// Looks the rows of a table up by an index for each row before. Of a table that was small when the plan was made, the planner
/// would read all.
macro_rules! each_of {
    ($table:literal, $name:literal, $condition:literal) => {
        concat!(" CROSS JOIN LATERAL (SELECT * FROM ", $table, " ", $name, " WHERE ", $condition, " OFFSET 0) ", $name)
    };
}
pub(super) use each_of;

/// As [`each_of`], by the index that is named.
macro_rules! each_by {
    ($table:literal, $name:literal, $index:literal, $condition:literal) => {
        concat!(" CROSS JOIN LATERAL (SELECT * FROM ", $table, " ", $name, " WHERE ", $condition, " OFFSET 0) ", $name)
    };
}
pub(super) use each_by;

/// A column that holds JSON.
macro_rules! json_of {
    ($column:literal) => {
        concat!("(", $column, "::jsonb)")
    };
}
pub(super) use json_of;

/// Names and texts of a part of a column that holds JSON.
macro_rules! texts_of {
    ($column:literal, $part:literal) => {
        concat!("jsonb_each_text((", $column, "::jsonb) -> '", $part, "')")
    };
}
pub(super) use texts_of;

/// 1 where the agency has claims that replace or void others.
macro_rules! has_corrections {
    ($agency:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM record r WHERE r.agency_id = ",
            $agency,
            " AND r.kind = 'claim' AND (r.body::jsonb) ->> 'frequency' IN ('7', '8'))::int::bigint"
        )
    };
}
pub(super) use has_corrections;

/// Locks the encounters that are read, but for those that somebody else is changing.
macro_rules! skip_locked {
    () => {
        " FOR UPDATE OF e SKIP LOCKED"
    };
}
pub(super) use skip_locked;

/// Locks the row that is read.
macro_rules! for_update {
    () => {
        " FOR UPDATE"
    };
}
pub(super) use for_update;

/// Writes down the server's own time.
pub(super) const SIGN_OF_LIFE: &str = "
    INSERT INTO sign_of_life (place, written_at) VALUES (1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
    ON CONFLICT (place) DO UPDATE SET written_at = excluded.written_at";

const HOLD_VERSIONS: &str = "SELECT pg_advisory_xact_lock(4242000002)";

const HOLD_CHANGES: &str = "SELECT pg_advisory_xact_lock(4242000001)";

const HOLD_ENCOUNTERS: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 4242))";

const HOLD_RECORDS: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 4244))";

/// Whoever takes something out of an agency's ledger holds its chain first.
const HOLD_CHAINS: &str = "SELECT hold_chains($1)";

/// Keeps others from storing a policy file until the transaction ends, so that one version cannot get two files at once.
pub(super) async fn hold_versions(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query(HOLD_VERSIONS).execute(connection).await.map(|_| ())
}

/// Keeps others from changing activations until the transaction ends, so that changes come one after the other.
pub(super) async fn hold_changes(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query(HOLD_CHANGES).execute(connection).await.map(|_| ())
}

/// Keeps others from putting the agency's encounters until the transaction ends, so that one put comes after the other.
pub(super) async fn hold_encounters(connection: &mut PgConnection, agency_id: &str) -> Result<(), sqlx::Error> {
    sqlx::query(HOLD_ENCOUNTERS).bind(agency_id).execute(connection).await.map(|_| ())
}

/// Keeps others from putting the agency's records until the transaction ends, so that one put comes after the other.
pub(super) async fn hold_records(connection: &mut PgConnection, agency_id: &str) -> Result<(), sqlx::Error> {
    sqlx::query(HOLD_RECORDS).bind(agency_id).execute(connection).await.map(|_| ())
}

/// Waits until nobody else appends to the agencies' chains, and keeps others from them until the transaction ends.
pub(super) async fn hold_chains(connection: &mut PgConnection, agencies: &[&str]) -> Result<(), sqlx::Error> {
    sqlx::query(HOLD_CHAINS).bind(agencies).execute(connection).await.map(|_| ())
}

/// The encounter of a row of `encounter_row`.
pub(super) fn encounter(row: &Row) -> Result<RawEncounter, sqlx::Error> {
    read_encounter!(row)
}

/// The encounters that a statement of `encounter_rows` finds.
pub(super) async fn encounters(
    connection: &mut PgConnection,
    query: Query<'_, Postgres, PgArguments>,
    doing: &'static str,
) -> Result<Vec<RawEncounter>, StoreError> {
    let failed = StoreError::during(doing);
    let rows = query.fetch_all(connection).await.map_err(failed)?;
    rows.iter().map(encounter).collect::<Result<_, _>>().map_err(failed)
}

impl Dialect {
    /// For whoever decides.
    pub(super) fn readers(&self) -> &PgPool {
        &self.pool
    }

    /// For whoever writes.
    pub(super) fn writer(&self) -> &PgPool {
        &self.pool
    }

    /// Notes that `rows` are durable now.
    pub(super) async fn grown_by(&self, rows: u64) {
        self.statistics.grown_by(rows, &self.pool).await;
    }

    /// Ends every connection.
    pub(super) async fn close_pools(&self) {
        self.listers.close().await;
        self.pool.close().await;
    }
}
