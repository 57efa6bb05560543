//! The store on SQLite: one file, one writer, many readers. What differs from the other database is in the folder beside this
//! file, what does not in `alike`.

mod commit;
mod dialect;
mod encounter_writes;
mod open;
mod record_writes;
mod reroutes;
mod waiting;

#[path = "alike/activations.rs"]
mod activations;
#[path = "alike/decisions.rs"]
mod decisions;
#[path = "alike/encounters.rs"]
mod encounters;
#[path = "alike/faults.rs"]
mod faults;
#[path = "alike/ledger.rs"]
mod ledger;
#[path = "alike/library.rs"]
mod library;
#[path = "alike/methods.rs"]
mod methods;
#[path = "alike/on_file.rs"]
mod on_file;
#[path = "alike/records.rs"]
mod records;
#[path = "alike/rows.rs"]
mod rows;
#[path = "alike/schedules.rs"]
mod schedules;
#[path = "alike/status.rs"]
mod status;
#[path = "alike/withdrawals.rs"]
mod withdrawals;
#[path = "alike/work.rs"]
mod work;

use sqlx::SqlitePool;

/// INVARIANT (one writer): every write goes through `writer`, a pool of one connection, in a `BEGIN IMMEDIATE`
/// transaction.
pub(crate) struct SqliteStore {
    writer: SqlitePool,
    /// For whoever decides.
    readers: SqlitePool,
    /// For whoever looks at lists, history and counts: these can take long, and no decision waits for them.
    listers: SqlitePool,
    warnings: Vec<String>,
}

pub(crate) use open::open;
