//! Queues the decisions that a change of activations makes stale.

use sqlx::SqliteConnection;

use crate::activation::reroute::{RawMonth, Reroute};
use crate::error::StoreError;
use crate::raw::json;
use crate::sqlite::activations::{bind_reroute, count, rerouted};
use crate::sqlite::dialect::is_not_in;

const QUEUE_STALE: &str = concat!(
    "INSERT INTO undecided (agency_id, encounter_id, client_id, revision)
     SELECT f.agency_id, f.encounter_id, f.client_id, f.encounter_revision ",
    rerouted!(),
    " ON CONFLICT (agency_id, encounter_id) DO NOTHING"
);

/// Queues and counts what a reroute makes stale.
pub(super) async fn queue_stale(
    connection: &mut SqliteConnection,
    reroute: &Reroute,
) -> Result<Vec<RawMonth>, StoreError> {
    let months = count(connection, reroute).await?;
    let query = bind_reroute!(sqlx::query(QUEUE_STALE), reroute);
    query.execute(connection).await.map_err(StoreError::during("finding stale decisions"))?;
    Ok(months)
}
