//! Commits in one round trip to the server, on what this host knows from its last commit. Explains no refusal.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::commit::rows::CommitRows;
use crate::commit::{self, ClientRef, Head, Snapshot};
use crate::decision::{CommittedDecision, NewCommit};
use crate::error::StoreError;
use crate::postgres::PostgresStore;
use crate::postgres::commit::write;

/// The ends of chains after this host's last commits. Others may have moved them since: a hint, never a fact.
#[derive(Default)]
pub(in crate::postgres) struct KnownHeads(Mutex<BTreeMap<String, Head>>);

impl KnownHeads {
    /// Remembers the ends that `rows`, now durable, gave to their chains, which stood as in `snapshot` before.
    pub(super) fn learn(&self, rows: &CommitRows<'_>, snapshot: &Snapshot) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (row, committed) in rows.decisions.iter().zip(&rows.committed) {
            let before = snapshot.heads.get(row.agency_id);
            let withdrawals = before.map_or(0, |head| head.withdrawals);
            let head = Head { length: committed.sequence, hash: committed.hash, withdrawals };
            match known.get_mut(row.agency_id) {
                Some(known) => *known = head,
                None => drop(known.insert(row.agency_id.to_owned(), head)),
            }
        }
    }

    /// The ends of the chains of these agencies, if all are known.
    fn of<'a>(&self, agencies: impl Iterator<Item = &'a str>) -> Option<BTreeMap<String, Head>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        agencies.map(|agency_id| Some((agency_id.to_owned(), *known.get(agency_id)?))).collect()
    }
}

/// Most decisions that are committed so. Of more, what is written costs so much that the round trips count for little; and where another
/// host has moved the chain meanwhile, all of it was written for nothing.
const DECISIONS_MAX: usize = 64;

/// Commits `new` if nothing has moved; `None` when nothing was written and the whole transaction must find out why.
pub(super) async fn commit(
    store: &PostgresStore,
    new: &NewCommit,
) -> Result<Option<Vec<CommittedDecision>>, StoreError> {
    let Some(snapshot) = expected(store, new) else { return Ok(None) };
    let rows = commit::plan(new, &snapshot);
    match write::write_if_unmoved(&store.pool, &rows, new, &snapshot).await {
        Ok(true) => {
            store.heads.learn(&rows, &snapshot);
            Ok(Some(rows.committed))
        }
        // The server has taken the statement back.
        Ok(false) | Err(sqlx::Error::Database(_)) => Ok(None),
        Err(source) => Err(StoreError::during("writing decisions")(source)),
    }
}

/// How everything stands if nothing has moved. `None` where more must be read first: a chain that is not known, or lines
/// of an earlier decision that are taken back; and where an agency's chain is not moved, which is what the statement locks.
fn expected(store: &PostgresStore, new: &NewCommit) -> Option<Snapshot> {
    let agencies = commit::agencies(new);
    let moves = |agency_id: &str| {
        let mut of_agency = new.clients.iter().filter(|client| client.agency_id.as_str() == agency_id);
        of_agency.any(|client| !client.decisions.is_empty())
    };
    let decisions: usize = new.clients.iter().map(|client| client.decisions.len()).sum();
    let are_all_moved = agencies.iter().all(|agency_id| moves(agency_id));
    if agencies.is_empty() || decisions > DECISIONS_MAX || !are_all_moved || !commit::superseded(new).is_empty() {
        return None;
    }
    let heads = store.heads.of(agencies.into_iter())?;
    let end = |client: &crate::decision::ClientCommit| {
        let (agency_id, client_id) = (client.agency_id.as_str().to_owned(), client.client_id.as_str().to_owned());
        (ClientRef { agency_id, client_id }, client.ledger_through)
    };
    let mut schedule_changes = BTreeMap::new();
    for client in &new.clients {
        let agency_id = client.agency_id.as_str().to_owned();
        let change = *schedule_changes.entry(agency_id).or_insert(client.schedule_change);
        if change != client.schedule_change {
            return None;
        }
    }
    let ledger_ends = new.clients.iter().map(end).collect();
    Some(Snapshot { heads, schedule_changes, ledger_ends, ..Snapshot::default() })
}
