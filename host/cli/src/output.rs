//! Standard output: tables and sentences for people, one JSON value for programs. Progress and errors go elsewhere.

use std::io::{BufWriter, Result, Write};

use serde::Serialize;

use crate::table::Table;

/// Who reads the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A person.
    Human,
    /// A program.
    Json,
}

/// Where a verb writes its answer.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    format: Format,
}

impl Output {
    /// Output in that format.
    pub fn new(format: Format) -> Self {
        Self { format }
    }

    /// Who reads it.
    pub fn format(&self) -> Format {
        self.format
    }

    /// A line for people; nothing in JSON.
    pub fn line(&self, text: &str) -> Result<()> {
        match self.format {
            Format::Human => writeln!(std::io::stdout().lock(), "{text}"),
            Format::Json => Ok(()),
        }
    }

    /// A table for people; nothing in JSON.
    pub fn table(&self, table: &Table) -> Result<()> {
        match self.format {
            Format::Human => write!(std::io::stdout().lock(), "{table}"),
            Format::Json => Ok(()),
        }
    }

    /// The answer for programs; nothing for people.
    pub fn answer<T: Serialize>(&self, value: &T) -> Result<()> {
        match self.format {
            Format::Human => Ok(()),
            Format::Json => self.json(value),
        }
    }

    /// Standard output for an answer in pieces.
    pub fn writer(&self) -> impl Write {
        BufWriter::with_capacity(1 << 18, std::io::stdout().lock())
    }

    /// A JSON value on one line, whatever the format.
    pub fn json<T: Serialize>(&self, value: &T) -> Result<()> {
        let mut stdout = self.writer();
        serde_json::to_writer(&mut stdout, value)?;
        writeln!(stdout)?;
        stdout.flush()
    }
}
