//! What the statements of `alike` are told of SQLite: how it names sets and indexes. Its one writer keeps everybody else away.

use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Row as _, Sqlite, SqliteConnection, SqlitePool, Transaction};

use crate::error::StoreError;
use crate::raw::encounter::RawEncounter;
use crate::raw::lossy::lossy;

pub(super) use sqlx::Sqlite as Database;
pub(super) use sqlx::sqlite::{SqliteConnection as Connection, SqliteRow as Row};

pub(super) use super::SqliteStore as Dialect;

/// A set of rows, given as JSON: its place among the parameters, and the columns with their types.
macro_rules! set_of {
    ($set:literal, $first:ident $first_type:ident $(, $column:ident $type:ident)*) => {
        concat!(
            "(SELECT value ->> '", stringify!($first), "' AS ", stringify!($first),
            $(", value ->> '", stringify!($column), "' AS ", stringify!($column),)*
            " FROM jsonb_each(", $set, ")) k"
        )
    };
}
pub(super) use set_of;

/// A set of names.
macro_rules! names {
    ($set:literal) => {
        concat!("jsonb_each(", $set, ") k")
    };
}
pub(super) use names;

/// Whether what stands before is in a set of names.
macro_rules! is_in {
    ($set:literal) => {
        concat!(" IN (SELECT value FROM json_each(", $set, "))")
    };
}
pub(super) use is_in;

/// Whether what stands before is in no set of names.
macro_rules! is_not_in {
    ($set:literal) => {
        concat!(" NOT IN (SELECT value FROM json_each(", $set, "))")
    };
}
pub(super) use is_not_in;

/// The columns of one encounter, as one text: see [`RawEncounter`].
macro_rules! encounter_row {
    () => {
        concat!("json_array(", encounter_columns!(), ")")
    };
}
pub(super) use encounter_row;

/// The columns of many encounters, all in one text: see [`encounters`].
macro_rules! encounter_rows {
    () => {
        concat!("json_group_array(json_array(", encounter_columns!(), "))")
    };
}
pub(super) use encounter_rows;

/// The planner knows no numbers of a fresh database, so it is told the index.
macro_rules! by {
    ($index:literal) => {
        concat!(" INDEXED BY ", $index, " ")
    };
}
pub(super) use by;

/// Joins tables in the order in which they are written: the planner would choose by numbers that it does not have.
macro_rules! join {
    () => {
        " CROSS JOIN "
    };
}
pub(super) use join;

/// Looks the rows of a table up for each row before.
macro_rules! each_of {
    ($table:literal, $name:literal, $condition:literal) => {
        concat!(" CROSS JOIN ", $table, " ", $name, " ON ", $condition)
    };
}
pub(super) use each_of;

/// As [`each_of`], by the index that is named.
macro_rules! each_by {
    ($table:literal, $name:literal, $index:literal, $condition:literal) => {
        concat!(" CROSS JOIN ", $table, " ", $name, " INDEXED BY ", $index, " ON ", $condition)
    };
}
pub(super) use each_by;

/// A column that holds JSON.
macro_rules! json_of {
    ($column:literal) => {
        $column
    };
}
pub(super) use json_of;

/// Names and texts of a part of a column that holds JSON.
macro_rules! texts_of {
    ($column:literal, $part:literal) => {
        concat!("json_each(", $column, ", '$.", $part, "')")
    };
}
pub(super) use texts_of;

/// 1 where the agency has claims that replace or void others.
macro_rules! has_corrections {
    ($agency:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM record r INDEXED BY record_correction WHERE r.agency_id = ",
            $agency,
            " AND r.kind = 'claim' AND r.body ->> 'frequency' IN ('7', '8'))"
        )
    };
}
pub(super) use has_corrections;

/// Nobody else writes.
macro_rules! skip_locked {
    () => {
        ""
    };
}
pub(super) use skip_locked;

/// Nobody else writes.
macro_rules! for_update {
    () => {
        ""
    };
}
pub(super) use for_update;

/// Writes down the machine's own time.
pub(super) const SIGN_OF_LIFE: &str = "
    INSERT INTO sign_of_life (place, written_at) VALUES (1, CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER))
    ON CONFLICT (place) DO UPDATE SET written_at = excluded.written_at";

/// Starts every write: the lock is taken at once, so a read that the write rests on cannot be overtaken.
pub(super) const BEGIN: &str = "BEGIN IMMEDIATE";

/// Keeps others from storing a policy file until the transaction ends: the transaction itself does.
pub(super) async fn hold_versions(_: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    Ok(())
}

/// Keeps others from changing activations until the transaction ends: the transaction itself does.
pub(super) async fn hold_changes(_: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    Ok(())
}

/// Keeps others from putting encounters until the transaction ends: the transaction itself does.
pub(super) async fn hold_encounters(_: &mut SqliteConnection, _: &str) -> Result<(), sqlx::Error> {
    Ok(())
}

/// Keeps others from putting records until the transaction ends: the transaction itself does.
pub(super) async fn hold_records(_: &mut SqliteConnection, _: &str) -> Result<(), sqlx::Error> {
    Ok(())
}

/// Keeps others from the agencies' chains until the transaction ends: the transaction itself does.
pub(super) async fn hold_chains(_: &mut SqliteConnection, _: &[&str]) -> Result<(), sqlx::Error> {
    Ok(())
}

/// The encounter of a row of `encounter_row`.
pub(super) fn encounter(row: &Row) -> Result<RawEncounter, sqlx::Error> {
    let columns: Vec<u8> = row.try_get(0)?;
    serde_json::from_str(&lossy(columns)).map_err(|fault| sqlx::Error::Decode(Box::new(fault)))
}

/// The encounters that a statement of `encounter_rows` finds.
pub(super) async fn encounters(
    connection: &mut SqliteConnection,
    query: Query<'_, Sqlite, SqliteArguments>,
    doing: &'static str,
) -> Result<Vec<RawEncounter>, StoreError> {
    let failed = StoreError::during(doing);
    let row = query.fetch_one(connection).await.map_err(failed)?;
    let rows: Vec<u8> = row.try_get(0).map_err(failed)?;
    serde_json::from_str(&lossy(rows)).map_err(corrupt)
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that map_err asks for")]
pub(super) fn corrupt(fault: serde_json::Error) -> StoreError {
    StoreError::Corrupt {
        table: "encounter",
        row: "of a set".to_owned(),
        fault: format!("values of another type than their columns: {fault}"),
    }
}

/// What `attempt` comes to: there is one writer, so no two transactions wait for each other.
pub(super) async fn past_deadlocks<T, Attempt>(mut attempt: impl FnMut() -> Attempt + Send) -> Result<T, StoreError>
where
    Attempt: Future<Output = Result<T, StoreError>> + Send,
{
    attempt().await
}

/// Rows that one transaction has written: nothing to do, a statement names its indexes.
#[derive(Default)]
pub(super) struct Growth(());

impl Growth {
    pub(super) fn by(&mut self, _: usize, _: &mut SqliteConnection) -> std::future::Ready<Result<(), sqlx::Error>> {
        std::future::ready(Ok(()))
    }
}

impl Dialect {
    /// For whoever decides.
    pub(super) fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    /// For whoever writes.
    pub(super) fn writer(&self) -> &SqlitePool {
        &self.writer
    }

    /// Begins a transaction that writes.
    pub(super) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        self.writer.begin_with(BEGIN).await
    }

    /// Nothing to do: a statement names its indexes.
    pub(super) fn grown_by(&self, _rows: u64) -> std::future::Ready<()> {
        std::future::ready(())
    }

    /// Ends every connection.
    pub(super) async fn close_pools(&self) {
        self.listers.close().await;
        self.readers.close().await;
        self.writer.close().await;
    }
}
