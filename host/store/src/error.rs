//! Why the store could not do what was asked. A missing row is no error.

use thiserror::Error;

use crate::work::ClientKey;

/// What went wrong, with the remedy in the message.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The address is of neither database.
    #[error(
        "`{scheme}` is not a database address; write `sqlite:PATH`, `sqlite::memory:` or `postgres://HOST/DATABASE`"
    )]
    BadAddress {
        /// What stands before the first colon.
        scheme: String,
    },
    /// The database would lose decisions that were answered.
    #[error("the database cannot be trusted with decisions: {}", faults.join("; "))]
    UnsafeDatabase {
        /// Every reason.
        faults: Vec<String>,
    },
    /// The schema could not be brought up to date.
    #[error(
        "the tables could not be brought up to date; restore the migrations that were applied or use an empty database"
    )]
    Migration {
        /// The cause.
        #[source]
        source: sqlx::migrate::MigrateError,
    },
    /// The database is another program's.
    #[error("the database holds tables of another program; give the address of an empty one")]
    ForeignTables,
    /// A newer release has changed the tables.
    #[error(
        "the tables are of version {found} and this release knows them up to {known}: a newer one has changed them, and what \
         they hold may not mean what it did; run that release, or restore the copy that was made before it"
    )]
    NewerSchema {
        /// The version of the tables.
        found: i64,
        /// The last one that this release knows.
        known: i64,
    },
    /// Something between this host and the database hands connections around.
    #[error(
        "a pooler such as PgBouncer stands before the database and gives each transaction another connection: settings, locks and \
         prepared statements get lost there; set `pool_mode = session` for this database, or give the address of PostgreSQL itself"
    )]
    Pooler,
    /// The database did not answer, or refused.
    #[error("the database failed while {doing}; check that it is up, reachable and has room")]
    Unavailable {
        /// What was being done.
        doing: &'static str,
        /// The cause.
        #[source]
        source: sqlx::Error,
    },
    /// Encounters to insert are already there, or are named twice in one put.
    #[error(
        "{} of the encounters are already there, nothing was written: {}; leave them out or put them with upsert",
        encounter_ids.len(),
        shorten(encounter_ids)
    )]
    EncountersExist {
        /// Every one of them.
        encounter_ids: Vec<String>,
    },
    /// An encounter is not as its writer expected.
    #[error("the encounter {}, nothing was written; read it and send the change for that revision", stands_at(*revision))]
    Unexpected {
        /// Its revision; `None` where it is not stored.
        revision: Option<i64>,
    },
    /// Encounters hold values that the tables refuse.
    #[error("the encounters cannot be kept, nothing was written: {}", faults.join("; "))]
    BadEncounters {
        /// Every fault.
        faults: Vec<String>,
    },
    /// Records hold faults, or cannot be so beside those on file.
    #[error("the records cannot be kept, nothing was written: {}", faults.join("; "))]
    BadRecords {
        /// Every fault.
        faults: Vec<String>,
    },
    /// Another decision came between reading the ledger and writing.
    #[error(
        "decisions about {} of the clients came in between, nothing was written; read them again and decide again",
        clients.len()
    )]
    LedgerMoved {
        /// Every such client.
        clients: Vec<ClientKey>,
    },
    /// Another activation came between choosing who answers and writing.
    #[error(
        "the activations that {} of the clients were decided by have changed, nothing was written; read them and decide again",
        clients.len()
    )]
    ScheduleMoved {
        /// Every such client.
        clients: Vec<ClientKey>,
    },
    /// What was to be committed contradicts itself.
    #[error("the decisions cannot be committed, nothing was written: {}", faults.join("; "))]
    BadCommit {
        /// Every fault.
        faults: Vec<String>,
    },
    /// Another change was recorded in between.
    #[error(
        "the activations were changed in between: expected change {}, found {}; look at them again",
        number(*expected),
        number(*found)
    )]
    ActivationMoved {
        /// What the caller had seen.
        expected: Option<i64>,
        /// What is there.
        found: Option<i64>,
    },
    /// Schedules hold faults.
    #[error("the schedules cannot be recorded: {}", faults.join("; "))]
    BadSchedule {
        /// Every fault.
        faults: Vec<String>,
    },
    /// The policy has another file under this version.
    #[error("policy `{policy_id}` {version} is already there with digest {digest}; raise the version")]
    VersionTaken {
        /// The policy.
        policy_id: String,
        /// The version.
        version: String,
        /// The digest of the file that is there.
        digest: adjudica_core::Digest,
    },
    /// The bytes do not have the digest that they come under.
    #[error("the {what} has digest {actual}, not {given}; send it again")]
    WrongDigest {
        /// A policy file or terms.
        what: &'static str,
        /// The digest given.
        given: adjudica_core::Digest,
        /// The digest of the bytes.
        actual: adjudica_core::Digest,
    },
    /// The key has been used before.
    #[error("idempotency key `{key}` has been used; look its answer up")]
    IdempotencyKeyUsed {
        /// The key.
        key: String,
    },
    /// A stored row is not what was written.
    #[error("table `{table}`, row `{row}` holds {fault}; restore it from a backup")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// Its key.
        row: String,
        /// What it holds.
        fault: String,
    },
    /// An encounter, which other systems write, is not valid facts.
    #[error("encounter `{encounter_id}` is stored with {}; mend its row", faults.join("; "))]
    UnreadableEncounter {
        /// Its id.
        encounter_id: String,
        /// Every fault, each naming its column.
        faults: Vec<String>,
    },
    /// A statement changed another number of rows than it must.
    #[error("{doing} changed {found} rows instead of {expected}, nothing was written; report this as a defect")]
    RowCount {
        /// What was being done.
        doing: &'static str,
        /// How many rows it must change.
        expected: u64,
        /// How many it changed.
        found: u64,
    },
}

fn stands_at(revision: Option<i64>) -> String {
    revision.map_or_else(|| "is not stored".to_owned(), |revision| format!("stands at revision {revision}"))
}

impl StoreError {
    /// Whether the cause may lie in a part of what was to be written, so that the rest could be written without it. `false`
    /// where the database did not answer: then nothing else can be written either, and nobody knows what was.
    #[must_use]
    pub fn may_spare_the_rest(&self) -> bool {
        !matches!(self, Self::Unavailable { source, .. } if !matches!(source, sqlx::Error::Database(_)))
    }

    /// Whether rows that are there cannot be read: others may be.
    #[must_use]
    pub fn is_about_rows(&self) -> bool {
        match self {
            Self::Corrupt { .. } | Self::UnreadableEncounter { .. } => true,
            Self::Unavailable { source, .. } => {
                matches!(source, sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_))
            }
            _ => false,
        }
    }

    /// What is wrong, with its cause, for the one who runs the host.
    #[must_use]
    pub fn told_in_full(&self) -> String {
        match std::error::Error::source(self) {
            Some(cause) => format!("{self}: {cause}"),
            None => self.to_string(),
        }
    }

    /// Makes a database error one of ours, saying what was being done.
    pub(crate) fn during(doing: &'static str) -> impl Fn(sqlx::Error) -> Self + Copy {
        move |source| Self::Unavailable { doing, source }
    }
}

fn number(change_id: Option<i64>) -> String {
    change_id.map_or_else(|| "none".to_owned(), |id| id.to_string())
}

/// The first ten ids: enough to start with, short enough for a line.
fn shorten(ids: &[String]) -> String {
    let mut text = ids.iter().take(10).map(String::as_str).collect::<Vec<_>>().join(", ");
    if ids.len() > 10 {
        text.push_str(", ..");
    }
    text
}

#[cfg(test)]
mod tests;
