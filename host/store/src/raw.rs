//! Rows as the databases give them, made into facts, ledger lines and decisions. Every fault of a row is named.

pub(crate) mod decision;
pub(crate) mod encounter;
pub(crate) mod ledger;
pub(crate) mod lossy;

use std::ops::RangeInclusive;

use adjudica_core::{Digest, ServiceDate, Token, ValueError};
use serde::Serialize;

use crate::error::StoreError;

/// A set of rows as one parameter of a statement.
pub(crate) fn json(rows: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(rows).map_err(|fault| StoreError::Unavailable {
        doing: "writing parameters",
        source: sqlx::Error::Encode(Box::new(fault)),
    })
}

/// Collects the faults of one row while its columns are read.
#[derive(Default)]
pub(crate) struct Faults {
    found: Vec<String>,
}

impl Faults {
    /// The value of a column, or `None` and a fault.
    pub(crate) fn take<T>(&mut self, column: &str, value: Result<T, ValueError>) -> Option<T> {
        value.map_err(|fault| self.found.push(format!("{column}: {fault}"))).ok()
    }

    /// The value of a column that may be absent; the outer `None` is a fault.
    pub(crate) fn take_option<T>(
        &mut self,
        column: &str,
        text: Option<&str>,
        parse: impl Fn(&str) -> Result<T, ValueError>,
    ) -> Option<Option<T>> {
        match text {
            None => Some(None),
            Some(text) => self.take(column, parse(text)).map(Some),
        }
    }

    /// A count of a column that may be absent; the outer `None` is a fault.
    pub(crate) fn take_count(
        &mut self,
        column: &str,
        number: Option<i64>,
        range: &RangeInclusive<u32>,
    ) -> Option<Option<u32>> {
        let Some(number) = number else { return Some(None) };
        let count = u32::try_from(number).ok().filter(|count| range.contains(count));
        if count.is_none() {
            let (least, most) = (range.start(), range.end());
            self.found.push(format!("{column}: {number} is out of range; write a whole number from {least} to {most}"));
        }
        count.map(Some)
    }

    /// The values of a list column, each one checked.
    pub(crate) fn take_list<T, C: FromIterator<T>>(
        &mut self,
        column: &str,
        text: Option<&str>,
        parse: impl Fn(&str) -> Result<T, ValueError>,
    ) -> C {
        let text = text.unwrap_or_default();
        text.split(',').filter(|part| !part.is_empty()).filter_map(|part| self.take(column, parse(part))).collect()
    }

    /// Whether nothing was wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The faults.
    pub(crate) fn into_vec(self) -> Vec<String> {
        self.found
    }

    /// The faults as an error about a row that this store wrote itself.
    pub(crate) fn into_corrupt(self, table: &'static str, row: impl Into<String>) -> StoreError {
        StoreError::Corrupt { table, row: row.into(), fault: self.found.join("; ") }
    }
}

/// Reads a token of a row that this store wrote itself.
pub(crate) fn token(text: &str, table: &'static str, row: &str) -> Result<Token, StoreError> {
    Token::parse(text).map_err(|fault| corrupt(table, row, &fault))
}

/// Reads an optional token of a row that this store wrote itself.
pub(crate) fn optional_token(text: Option<&str>, table: &'static str, row: &str) -> Result<Option<Token>, StoreError> {
    text.map(|text| token(text, table, row)).transpose()
}

/// Reads a day of a row that this store wrote itself.
pub(crate) fn day(text: &str, table: &'static str, row: &str) -> Result<ServiceDate, StoreError> {
    ServiceDate::parse(text).map_err(|fault| corrupt(table, row, &fault))
}

/// Reads a digest of a row that this store wrote itself.
pub(crate) fn digest(text: &str, table: &'static str, row: &str) -> Result<Digest, StoreError> {
    Digest::parse(text).map_err(|fault| corrupt(table, row, &fault))
}

fn corrupt(table: &'static str, row: &str, fault: &ValueError) -> StoreError {
    StoreError::Corrupt { table, row: row.to_owned(), fault: fault.to_string() }
}
