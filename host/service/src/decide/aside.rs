//! Clients who wait although nobody can decide about them: rows of theirs can be neither read nor written. Others go on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use adjudica_core::Token;
use adjudica_store::{ClientWork, RoundPlace};

/// Those set aside in one run over what waits.
#[derive(Default)]
pub(crate) struct Aside {
    /// With what is wrong.
    clients: BTreeMap<RoundPlace, String>,
    /// Agencies for whom nothing could be written at all.
    agencies: BTreeSet<Token>,
    /// Whether the ledgers of some of the clients kept moving.
    is_contended: bool,
    /// Where turns ended that decided nothing, since the last one that did.
    idle: BTreeSet<RoundPlace>,
}

/// Those of the last run, for whoever asks.
#[derive(Default)]
pub(crate) struct SetAside {
    faults: Mutex<BTreeMap<RoundPlace, String>>,
}

impl Aside {
    /// Adds a client.
    pub(crate) fn add(&mut self, client: RoundPlace, fault: String) {
        self.clients.insert(client, fault);
    }

    /// Adds a client whose ledger does not stand still, as far as can be seen: others may be busy with it, or what is in force for
    /// an encounter of it is not what its rows say.
    pub(crate) fn add_contended(&mut self, client: RoundPlace) {
        self.is_contended = true;
        let fault =
            "the ledger kept changing, or the decision in force is not the one that its encounters were billed by";
        self.clients.insert(client, fault.to_owned());
    }

    /// Whether a client was set aside because its ledger kept moving.
    pub(crate) fn is_contended(&self) -> bool {
        self.is_contended
    }

    /// Adds an agency for whom nothing can be written in this run.
    pub(crate) fn add_agency(&mut self, agency_id: Token) {
        self.agencies.insert(agency_id);
    }

    /// Whether nothing can be decided about the client in this run.
    pub(crate) fn holds(&self, work: &ClientWork) -> bool {
        self.agencies.contains(&work.agency_id)
            || self.clients.contains_key(&RoundPlace::of(&work.agency_id, &work.client_id))
    }

    /// Takes note of a turn that decided something.
    pub(crate) fn went_on(&mut self) {
        self.idle.clear();
    }

    /// Takes note of a turn that decided nothing; says whether the round has come back to one like it.
    pub(crate) fn has_come_round(&mut self, last: &RoundPlace) -> bool {
        !self.idle.insert(last.clone())
    }
}

impl SetAside {
    /// Keeps what a run set aside, and tells the log what is new.
    pub(crate) fn keep(&self, aside: Aside) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        for fault in aside.clients.iter().filter(|(client, _)| !faults.contains_key(*client)).map(|(_, fault)| fault) {
            tracing::error!(fault, "nothing can be decided about a client; their encounters wait, others go on");
        }
        *faults = aside.clients;
    }

    /// How many clients, and what is wrong with the first of them.
    pub(crate) fn told(&self) -> Option<(usize, String)> {
        let faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.values().next().map(|fault| (faults.len(), fault.clone()))
    }
}
