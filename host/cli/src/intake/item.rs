//! What rows of files may be: encounters, and records. Reads one row.

use adjudica_core::records::Record;
use adjudica_core::{EncounterFacts, Token};
use adjudica_service::intake::Given;
use adjudica_service::intake::encounter::read_encounter;
use adjudica_service::intake::record::read_record;

use crate::intake::columns::{COLUMNS, Column};

/// What a row may be.
pub trait Item: Sized {
    /// One of them, with its article.
    const ONE: &'static str;
    /// One of them, without it.
    const WORD: &'static str;
    /// Several.
    const MANY: &'static str;
    /// The field of its id.
    const ID: &'static str;
    /// The columns of a CSV; none where such a file is not read.
    const COLUMNS: &'static [Column];

    /// Reads one from its JSON text.
    fn read(json: &[u8]) -> Given<Self>;

    /// Its id.
    fn id(&self) -> &Token;

    /// Whose it is, or what it is about: those of one are taken together.
    fn of(&self) -> &Token;
}

impl Item for EncounterFacts {
    const ONE: &'static str = "an encounter";
    const WORD: &'static str = "encounter";
    const MANY: &'static str = "encounters";
    const ID: &'static str = "encounter_id";
    const COLUMNS: &'static [Column] = &COLUMNS;

    fn read(json: &[u8]) -> Given<Self> {
        read_encounter(json)
    }

    fn id(&self) -> &Token {
        &self.encounter_id
    }

    fn of(&self) -> &Token {
        &self.client_id
    }
}

impl Item for Record {
    const ONE: &'static str = "a record";
    const WORD: &'static str = "record";
    const MANY: &'static str = "records";
    const ID: &'static str = "record_id";
    const COLUMNS: &'static [Column] = &[];

    fn read(json: &[u8]) -> Given<Self> {
        read_record(json)
    }

    fn id(&self) -> &Token {
        &self.record_id
    }

    fn of(&self) -> &Token {
        &self.subject_id
    }
}
