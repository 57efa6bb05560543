//! Rows of files, read again by their places.

use std::fs::File;
use std::io::{Cursor, SeekFrom};

use anyhow::Result;
use csv::{Position, Reader, ReaderBuilder, StringRecord};

use crate::intake::source::Span;
use crate::intake::window::Window;

/// What reading rows again needs.
pub struct Again {
    window: Window,
    /// Reads the cells of one row at a time; to make it costs more than to read a row.
    cells: Reader<Cursor<Vec<u8>>>,
    row: StringRecord,
}

impl Default for Again {
    fn default() -> Self {
        let mut options = ReaderBuilder::new();
        let cells = options.flexible(true).has_headers(false).from_reader(Cursor::default());
        Self { window: Window::default(), cells, row: StringRecord::new() }
    }
}

impl Again {
    /// The text of a row of file number `of`.
    /// # Errors
    /// When the file is shorter than it was, or can be read no more.
    pub fn text(&mut self, of: usize, file: &File, span: Span) -> Result<&[u8]> {
        Ok(self.window.read(of, file, span)?)
    }

    /// The cells of a row of file number `of`, which is a CSV.
    /// # Errors
    /// As [`Again::text`], and where the row is none any more.
    pub fn cells(&mut self, of: usize, file: &File, span: Span) -> Result<&StringRecord> {
        let text = self.window.read(of, file, span)?;
        let held = self.cells.get_mut().get_mut();
        held.clear();
        held.extend_from_slice(text);
        self.cells.seek_raw(SeekFrom::Start(0), Position::new())?;
        self.cells.read_record(&mut self.row)?;
        Ok(&self.row)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn it_reads_rows_one_after_the_other() {
        let mut file = tempfile::tempfile().expect("a file");
        let rows = ["a,b\n", "\"c\nd\",\"e\"\"f\"\r\n", ",\n", "last,x"];
        let mut again = Again::default();
        let mut spans = Vec::new();
        for row in rows {
            let offset = spans.last().map_or(0, |span: &Span| span.offset + u64::from(span.length));
            spans.push(Span { offset, length: u32::try_from(row.len()).expect("short") });
            file.write_all(row.as_bytes()).expect("writes");
        }
        let expected = [["a", "b"], ["c\nd", "e\"f"], ["", ""], ["last", "x"]];
        for at in [0, 1, 2, 3, 3, 1, 0] {
            let cells: Vec<&str> = again.cells(0, &file, spans[at]).expect("reads").iter().collect();
            assert_eq!(cells, expected[at], "row {at}");
            assert_eq!(again.text(0, &file, spans[at]).expect("reads"), rows[at].as_bytes());
        }
    }
}
