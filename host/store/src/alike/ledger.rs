//! Lists a client's ledger.

use adjudica_core::Token;

use crate::decision::LedgerEntry;
use crate::error::StoreError;
use crate::raw::ledger::RawLedger;

use super::dialect::Dialect;
use super::read::{self, ledger_columns};

const LIST: &str = concat!(
    "SELECT ",
    ledger_columns!(),
    " FROM ledger l WHERE l.agency_id = $1 AND l.client_id = $2 AND (CAST($3 AS BIGINT) IS NULL OR l.seq <= $3) ORDER BY l.seq"
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
    read::all(&rows, read::ledger, DOING)?.iter().map(RawLedger::parse).collect()
}
