//! A file of rows, opened: its form, its columns, and the text of any row by its place. Reads no row by itself.

use std::fs::File;
use std::io::{Read, Seek as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use crate::exit::Fault;
use crate::intake::columns::Column;

/// How rows are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// A list, or one of what it would hold.
    Json,
    /// A JSON value on each line.
    Ndjson,
    /// A header, then a row on each line, with its columns.
    Csv(Vec<Column>),
}

/// Where something stands in a file, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// Its first byte.
    pub offset: u64,
    /// Its bytes.
    pub length: u32,
}

/// A file of rows.
#[derive(Debug)]
pub struct Source {
    /// Its name, as it was given.
    pub name: String,
    /// How its rows are written.
    pub form: Form,
    /// Where its text begins: behind the mark that some programs put first.
    pub start: u64,
    /// Whether lines end with `\n`; else with `\r`.
    pub line_end: u8,
    /// Its bytes.
    pub bytes: u64,
    file: Arc<File>,
}

/// The mark that some programs put before UTF-8.
const MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];
/// Bytes that are looked at together.
const PIECE: usize = 1 << 20;

impl Source {
    /// Opens a file and looks whether it is text, and which. The columns of a CSV are read later.
    /// # Errors
    /// A [`Fault`] of the file as a whole.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        let mut file = open(path).map_err(unreadable)?;
        let looked = Looked::at(&mut file)?;
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
        let form = match (ending.as_str(), looked.first) {
            ("json", _) | ("", Some('[')) => Form::Json,
            ("ndjson" | "jsonl", _) | ("", Some('{')) => Form::Ndjson,
            _ => Form::Csv(Vec::new()),
        };
        let line_end = if looked.has_newline { b'\n' } else { b'\r' };
        let name = path.display().to_string();
        Ok(Self { name, form, start: looked.start, line_end, bytes: looked.bytes, file: Arc::new(file) })
    }

    /// A reader from the beginning of the text, with a place of its own in the file.
    pub fn reader(&self) -> Reader {
        Reader { file: Arc::clone(&self.file), at: self.start }
    }

    /// The file itself.
    pub fn file(&self) -> &File {
        &self.file
    }
}

/// The file at `path`. What can be read once only, such as the output of another program, is kept in a file of its own.
fn open(path: &Path) -> std::io::Result<File> {
    let mut file = File::open(path)?;
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    let mut kept = tempfile::tempfile()?;
    std::io::copy(&mut file, &mut kept)?;
    kept.rewind()?;
    Ok(kept)
}

/// Reads a source from a place on.
pub struct Reader {
    file: Arc<File>,
    at: u64,
}

impl Read for Reader {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read_at(bytes, self.at)?;
        self.at = self.at.saturating_add(u64::try_from(read).unwrap_or(0));
        Ok(read)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that map_err asks for")]
pub fn unreadable(error: std::io::Error) -> Fault {
    Fault::new(format!("cannot be read: {error}"))
}

/// What a first look at a file finds.
struct Looked {
    start: u64,
    bytes: u64,
    /// The first character that is no space.
    first: Option<char>,
    has_newline: bool,
}

impl Looked {
    /// Reads the file once from end to end, a piece at a time.
    fn at(file: &mut File) -> Result<Self, Fault> {
        let mut looked = Self { start: 0, bytes: 0, first: None, has_newline: false };
        let mut piece = vec![0; PIECE];
        let mut kept = 0;
        loop {
            let read = file.read(piece.get_mut(kept..).unwrap_or_default()).map_err(unreadable)?;
            let end = kept + read;
            let bytes = piece.get(..end).unwrap_or_default();
            let valid = match std::str::from_utf8(bytes) {
                Ok(_) => end,
                // A character that the piece cuts in two is looked at with the next.
                Err(fault) if fault.error_len().is_none() && read > 0 => fault.valid_up_to(),
                Err(fault) => {
                    let at = looked.bytes.saturating_add(u64::try_from(fault.valid_up_to()).unwrap_or(0));
                    return Err(Fault::new(format!("it is not UTF-8 text from byte {at} on; save it as UTF-8")));
                }
            };
            looked.take(bytes.get(..valid).unwrap_or_default());
            if read == 0 {
                return Ok(looked);
            }
            piece.copy_within(valid..end, 0);
            kept = end - valid;
        }
    }

    /// Looks at the next valid bytes.
    fn take(&mut self, bytes: &[u8]) {
        let mut text = bytes;
        if self.bytes == 0 && text.starts_with(&MARK) {
            self.start = 3;
            text = text.get(3..).unwrap_or_default();
        }
        if self.first.is_none() {
            self.first = std::str::from_utf8(text).unwrap_or_default().trim_start().chars().next();
        }
        self.has_newline = self.has_newline || text.contains(&b'\n');
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(0));
    }
}
