//! Reads ledgers: a client's own, and the lines that a commit takes back.

use adjudica_core::Token;

use crate::commit;
use crate::decision::{LedgerEntry, NewCommit};
use crate::error::StoreError;
use crate::raw::json;
use crate::raw::ledger::RawLedger;

use super::dialect::{Connection, Dialect, each_by, set_of};
use super::rows::{all, ledger, ledger_columns};

const LIST: &str = concat!(
    "SELECT ",
    ledger_columns!(),
    " FROM ledger l WHERE l.agency_id = $1 AND l.client_id = $2 AND (CAST($3 AS BIGINT) IS NULL OR l.seq <= $3) ORDER BY l.seq"
);

const SUPERSEDED_LINES: &str = concat!(
    "SELECT ",
    ledger_columns!(),
    " FROM ",
    set_of!("$1", agency_id TEXT, decision_id TEXT),
    each_by!(
        "ledger",
        "l",
        "ledger_by_decision",
        "l.agency_id = k.agency_id AND l.decision_id = k.decision_id AND l.kind = 'line'"
    ),
    " ORDER BY l.agency_id, l.client_id, l.seq"
);

pub(super) async fn list(
    store: &Dialect,
    agency_id: &Token,
    client_id: &Token,
    through: Option<i64>,
) -> Result<Vec<LedgerEntry>, StoreError> {
    const DOING: &str = "reading a ledger";
    let query = sqlx::query(LIST).bind(agency_id.as_str()).bind(client_id.as_str()).bind(through);
    let rows = query.fetch_all(store.readers()).await.map_err(StoreError::during(DOING))?;
    all(&rows, ledger, DOING)?.iter().map(RawLedger::parse).collect()
}

/// The lines billed by the decisions that a commit supersedes.
pub(super) async fn superseded_lines(
    connection: &mut Connection,
    new: &NewCommit,
) -> Result<Vec<RawLedger>, StoreError> {
    const DOING: &str = "reading lines to take back";
    let superseded = commit::superseded(new);
    if superseded.is_empty() {
        return Ok(Vec::new());
    }
    let query = sqlx::query(SUPERSEDED_LINES).bind(json(&superseded)?);
    let rows = query.fetch_all(connection).await.map_err(StoreError::during(DOING))?;
    all(&rows, ledger, DOING)
}
