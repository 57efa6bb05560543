//! Queues the decisions that a change of activations makes stale.

use sqlx::PgConnection;

use crate::activation::reroute::{RawMonth, Reroute};
use crate::error::StoreError;
use crate::postgres::activations::{bind_reroute, rerouted};
use crate::postgres::dialect::is_not_in;
use crate::raw::json;

/// Queues and counts what one scan finds. In order of client, so that the indexes of the queue are filled page by page.
const QUEUE_STALE: &str = concat!(
    "WITH stale AS MATERIALIZED (
         SELECT f.agency_id, f.encounter_id, f.client_id, f.encounter_revision,
             substr(f.date_of_service, 1, 7) AS month ",
    rerouted!(),
    "), queued AS (
         INSERT INTO undecided (agency_id, encounter_id, client_id, revision)
         SELECT agency_id, encounter_id, client_id, encounter_revision FROM stale ORDER BY client_id, encounter_id
         ON CONFLICT (agency_id, encounter_id) DO NOTHING)
     SELECT month, count(*) FROM stale GROUP BY month ORDER BY month"
);

/// Queues and counts what a reroute makes stale.
pub(super) async fn queue_stale(connection: &mut PgConnection, reroute: &Reroute) -> Result<Vec<RawMonth>, StoreError> {
    let query = bind_reroute!(sqlx::query_as(QUEUE_STALE), reroute);
    query.fetch_all(connection).await.map_err(StoreError::during("finding stale decisions"))
}
