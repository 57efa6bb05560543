//! A worker's turn: the next of the waiting clients, round after round, and no more of their encounters than one transaction bears.

use adjudica_core::Token;
use sqlx::{Postgres, Transaction};

use crate::commit::ClientRef;
use crate::encounter::{BadEncounter, StoredEncounter};

/// Where a worker is in its round of the waiting clients.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoundPlace {
    pub(crate) agency_id: String,
    pub(crate) client_id: String,
}

impl RoundPlace {
    /// The place of a client.
    #[must_use]
    pub fn of(agency_id: &Token, client_id: &Token) -> Self {
        Self { agency_id: agency_id.as_str().to_owned(), client_id: client_id.as_str().to_owned() }
    }
}

/// What a worker takes at a time.
///
/// INVARIANT (a turn is bounded): it holds no more encounters than this, however many a client has waiting. The rest of a client
/// waits for its next turn, when others have had theirs; since a decision counts what stands before its encounter, and the
/// earliest are taken, what is decided is the same.
///
/// Hosts that share a PostgreSQL share the work: what one of them has taken and not let go of, the others pass by. It is let go of
/// by the next take, when the turn is dropped, and by the server where a host stands still for some seconds; a commit is refused
/// where two have decided the same all the same.
#[derive(Debug)]
pub struct Turn {
    /// Most encounters, 1 or more.
    pub encounters_max: u32,
    /// The last client of the turn before; `None` begins a round.
    pub after: Option<RoundPlace>,
    /// Holds the place at which what was taken begins; nothing on SQLite, where writers come one after the other.
    pub(crate) hold: Option<Transaction<'static, Postgres>>,
}

impl Turn {
    /// The first turn of a round.
    #[must_use]
    pub fn first(encounters_max: u32) -> Self {
        Self { encounters_max: encounters_max.max(1), after: None, hold: None }
    }

    /// Lets go of what was taken.
    pub(crate) async fn let_go(&mut self) {
        if let Some(hold) = self.hold.take() {
            // Where the server has ended it, it is let go of too.
            let _ = hold.rollback().await;
        }
    }
}

/// The clients of a turn.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Chosen {
    /// Clients of whom everything that waits is taken.
    pub(crate) whole: Vec<ClientRef>,
    /// The last client, of whom so many of the earliest encounters are taken.
    pub(crate) cut: Option<(ClientRef, u32)>,
}

impl Chosen {
    /// `waiting` has a client for each of the next places in the queue, in order, and at most as many as the turn takes.
    pub(crate) fn of(waiting: Vec<ClientRef>, turn: &Turn) -> Self {
        let is_full = u32::try_from(waiting.len()).is_ok_and(|places| places >= turn.encounters_max);
        let mut clients: Vec<(ClientRef, u32)> = Vec::new();
        for client in waiting {
            match clients.last_mut() {
                Some((last, places)) if *last == client => *places = places.saturating_add(1),
                _ => clients.push((client, 1)),
            }
        }
        // More of the last one may wait behind the places that were looked at.
        let cut = if is_full { clients.pop() } else { None };
        Self { whole: clients.into_iter().map(|(client, _)| client).collect(), cut }
    }

    /// All of them, in order.
    pub(crate) fn clients(&self) -> Vec<ClientRef> {
        self.whole.iter().chain(self.cut.iter().map(|(client, _)| client)).cloned().collect()
    }
}

/// What waits of the clients of a turn.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) encounters: Vec<StoredEncounter>,
    pub(crate) bad: Vec<BadEncounter>,
    /// Places of the queue whose keys cannot be read.
    pub(crate) unreadable: Vec<i64>,
}

/// Who comes next.
#[derive(Default)]
pub(crate) struct Waiting {
    /// A client whose keys can be read for each place, in order.
    pub(crate) clients: Vec<ClientRef>,
    /// Places whose keys are no UTF-8.
    pub(crate) unreadable: Vec<i64>,
}

impl Waiting {
    pub(crate) fn is_empty(&self) -> bool {
        self.clients.is_empty() && self.unreadable.is_empty()
    }
}

impl From<&ClientRef> for RoundPlace {
    fn from(client: &ClientRef) -> Self {
        Self { agency_id: client.agency_id.clone(), client_id: client.client_id.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(id: &str) -> ClientRef {
        ClientRef { agency_id: "a".to_owned(), client_id: id.to_owned() }
    }

    #[test]
    fn it_takes_clients_whole_but_for_the_last_of_a_full_turn() {
        let waiting = || ["c1", "c1", "c2", "c3", "c3"].map(client).to_vec();
        let roomy = Chosen::of(waiting(), &Turn::first(6));
        assert_eq!((roomy.clients().len(), &roomy.cut), (3, &None));
        let full = Chosen::of(waiting(), &Turn::first(5));
        assert_eq!(full, Chosen { whole: vec![client("c1"), client("c2")], cut: Some((client("c3"), 2)) });
        assert_eq!(full.clients(), roomy.clients());
        assert_eq!(Chosen::of(Vec::new(), &Turn::first(1)), Chosen::default());
    }
}
