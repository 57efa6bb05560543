//! The store on PostgreSQL, shared by many hosts and other systems. What differs from the other database is in the folder beside
//! this file, what does not in `alike`.

mod commit;
mod dialect;
mod encounter_writes;
mod open;
mod record_writes;
mod reroutes;
mod statistics;
mod transaction;
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

use sqlx::PgPool;

use crate::postgres::commit::KnownHeads;
use crate::postgres::statistics::Statistics;

/// INVARIANT (one appender per agency): a commit holds the agency's row of `chain_head` from before it reads the
/// ledgers until it ends, or finds that row as it knew it. That also keeps two decisions about one client apart: a lock
/// for each of the thousands of clients of a bulk commit would not fit the server's table of locks.
pub(crate) struct PostgresStore {
    /// For whoever decides and writes.
    pool: PgPool,
    /// For whoever looks at lists, history and counts: these can take long, and no decision waits for them.
    listers: PgPool,
    warnings: Vec<String>,
    heads: KnownHeads,
    statistics: Statistics,
}

pub(crate) use open::open;
