//! A text in TOML: where things stand in it, and what its reader says in an author's words.

mod bytes;
mod typed;

use std::ops::Range;

use toml::de::DeTable;

use crate::Fault;

pub use bytes::decode;

/// A text whose places are asked for.
pub struct Text<'t> {
    text: &'t str,
    /// Where each line starts, in bytes.
    lines: Vec<usize>,
}

impl<'t> Text<'t> {
    /// `text`, ready to be asked for places.
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, lines }
    }

    /// The tables, and every fault of spelling.
    #[must_use]
    pub fn read(&self) -> (DeTable<'t>, Vec<Fault>) {
        let (root, errors) = DeTable::parse_recoverable(self.text);
        let mut faults: Vec<Fault> =
            errors.into_iter().map(|error| self.fault(error.span(), error.message())).collect();
        faults.sort();
        // What follows a mark that is none is read as nonsense, so only the mark is told of its line.
        let marks: Vec<(usize, usize)> = self
            .lines
            .iter()
            .enumerate()
            .filter_map(|(line, _)| {
                let column = typed::column_of_mark(self.line(line))?;
                faults
                    .iter()
                    .any(|fault| fault.line == line + 1 && fault.column >= column)
                    .then_some((line + 1, column))
            })
            .collect();
        faults.retain(|fault| !marks.iter().any(|(line, _)| *line == fault.line));
        faults.extend(marks.into_iter().map(|(line, column)| Fault { line, column, message: typed::MARK.to_owned() }));
        faults.sort();
        (root.into_inner(), faults)
    }

    /// Line and column, from 1.
    #[must_use]
    pub fn place(&self, offset: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= offset);
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
        (line, self.text.get(start..offset).map_or(0, |before| before.chars().count()) + 1)
    }

    /// The text of a line, counted from 0.
    fn line(&self, line: usize) -> &'t str {
        let start = self.lines.get(line).copied().unwrap_or(self.text.len());
        self.text.get(start..).unwrap_or_default().lines().next().unwrap_or_default()
    }

    /// What the reader of `span` said, at the place where it begins.
    #[must_use]
    pub fn fault(&self, span: Option<Range<usize>>, said: &str) -> Fault {
        let span = span.unwrap_or(0..0);
        let (line, column) = self.place(span.start);
        let before = self.text.get(..span.start).unwrap_or_default();
        let written = self.line(line - 1);
        let (column, message) = typed::fault(written, column, said)
            .unwrap_or_else(|| (column, in_plain_words(said, before, self.text.get(span).unwrap_or_default())));
        Fault { line, column, message }
    }
}

/// What a reader said, for the author: `written` is what it read, behind `before`, where these are known.
#[must_use]
pub fn in_plain_words(said: &str, before: &str, written: &str) -> String {
    let said = said.trim().replace('\n', "; ");
    if let Some((what @ ("invalid type" | "invalid value"), told)) = said.split_once(": ")
        && let Some((given, wanted)) = told.rsplit_once(", expected ")
    {
        return misfit(what, given, wanted, written);
    }
    match said.as_str() {
        "duplicate key" if before.ends_with('[') => {
            format!("`{written}` is given twice; keep one, or write `[[{written}]]` if it is a list of rows")
        }
        "duplicate key" => format!("`{written}` is given twice; keep one"),
        "string values must be quoted, expected literal string" => {
            "a value is missing, or is a text without quotes; write it as `\"...\"`".to_owned()
        }
        "wanted string or table" => format!("`{written}` is not a word; write a word in quotes"),
        _ if said.starts_with("missing field ") => format!("{said}; add it"),
        _ => said.replace("unknown variant ", "unknown word ").replace(", there are no fields", "; take it out"),
    }
}

/// A value of another type than its field's, or outside its type's range.
fn misfit(what: &str, given: &str, wanted: &str, written: &str) -> String {
    let value = given.split_once('`').and_then(|(_, rest)| rest.split('`').next()).unwrap_or(written);
    let is_too_large = given.ends_with(" as i128") || given.ends_with(" as u128");
    let given = match given.split([' ', '`']).next() {
        Some("integer") if what == "invalid value" => format!("`{value}` is out of range"),
        Some("integer") if is_too_large => format!("`{value}` is too large"),
        Some("integer") => format!("`{value}` is a number"),
        Some("floating") => format!("`{value}` is a number with a fraction"),
        Some("boolean") => format!("`{value}` is a yes or no"),
        Some("string") => {
            format!("`{}` is a text", given.trim_start_matches("string ").trim_matches('"').replace('`', "'"))
        }
        Some("map") if written.starts_with(|letter: char| letter.is_ascii_digit()) => format!("`{written}` is a date"),
        Some("map") => "this is a table".to_owned(),
        Some("sequence") => "this is a list".to_owned(),
        _ => format!("{given} does not fit"),
    };
    let wanted = match wanted {
        "a string" => "a text in quotes",
        "u32" => "a whole number from 0 to 4294967295",
        _ if is_too_large => "a smaller number",
        "i64" => "a whole number",
        "a boolean" => "`true` or `false`, without quotes",
        "a sequence" => "a list, `[...]`",
        "a TOML datetime" => "a date such as `2026-03-31`, without quotes",
        "string or map" => "a word in quotes",
        "a map" => "a table, `{ ... }`",
        _ if wanted.starts_with("struct ") || wanted.starts_with("internally tagged enum ") => "a table, `{ ... }`",
        _ => wanted,
    };
    format!("{given}; write {wanted}")
}
