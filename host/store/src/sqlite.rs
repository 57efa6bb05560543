//! The store on SQLite: one file, one writer, many readers. What differs from the other database is in the folder beside this
//! file, what does not in `alike`.

mod activations;
mod commit;
mod dialect;
mod encounters;
mod faults;
mod open;
mod read;
mod records;
mod waiting;
mod work;

#[path = "alike/decisions.rs"]
mod decisions;
#[path = "alike/ledger.rs"]
mod ledger;
#[path = "alike/library.rs"]
mod library;
#[path = "alike/methods.rs"]
mod methods;
#[path = "alike/on_file.rs"]
mod on_file;
#[path = "alike/schedules.rs"]
mod schedules;
#[path = "alike/status.rs"]
mod status;
#[path = "alike/withdrawals.rs"]
mod withdrawals;

use serde::Serialize;
use sqlx::SqlitePool;

use crate::error::StoreError;

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

/// A set of rows as one parameter, for `json_each`.
fn json(rows: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(rows).map_err(|fault| StoreError::Unavailable {
        doing: "writing parameters",
        source: sqlx::Error::Encode(Box::new(fault)),
    })
}
