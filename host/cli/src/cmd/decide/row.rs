//! An answer as a row of a spreadsheet.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use adjudica_core::{Decision, EncounterFacts};
use anyhow::Result;

use crate::cmd::decide::{amount, explain};

/// The header of a file of rows.
pub const HEADER: &str = "encounter_id,date_of_service,payer_id,outcome,lines,amount_cents,reason";

/// Writes rows, one at a time.
pub struct Rows {
    writer: csv::Writer<Text>,
    text: Text,
}

/// What was written, to be read where it is due: a writer of rows keeps what it writes to.
#[derive(Clone, Default)]
struct Text(Rc<RefCell<Vec<u8>>>);

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Default for Rows {
    fn default() -> Self {
        let text = Text::default();
        Self { writer: csv::Writer::from_writer(text.clone()), text }
    }
}

impl Rows {
    /// Puts the row about an encounter into `out`, without the end of its line.
    /// # Errors
    /// Never in practice: it is written into memory.
    pub fn write(&mut self, facts: &EncounterFacts, decision: &Decision, out: &mut Vec<u8>) -> Result<()> {
        self.writer.write_record([
            facts.encounter_id.as_str(),
            &facts.date_of_service.to_string(),
            facts.payer_id.as_str(),
            decision.outcome.as_str(),
            &explain::lines(decision),
            &amount(decision).map(|cents| cents.get().to_string()).unwrap_or_default(),
            &explain::reason(decision),
        ])?;
        self.writer.flush()?;
        let mut text = self.text.0.borrow_mut();
        out.extend_from_slice(text.strip_suffix(b"\n").unwrap_or(&text));
        text.clear();
        Ok(())
    }
}
