//! Cuts a file into rows, one after the other: an array, one value per line, or CSV with a header. Holds one row at a time.

use std::io::{BufRead as _, BufReader, Read as _};

use serde_json::value::RawValue;

use adjudica_service::intake::json::parse_json as parse_strict;

use crate::exit::Fault;
use crate::intake::columns::Column;
use crate::intake::item::Item;
use crate::intake::source::{Form, Reader, Source, Span, unreadable};

/// A row of a file.
pub struct Cut<'t> {
    /// CSV: the row with the header as row 1. NDJSON: the line. JSON array: the item, from 1.
    pub number: u64,
    /// Where it stands.
    pub span: Span,
    /// What it says, or why it could not be cut.
    pub text: Result<Text<'t>, Fault>,
}

/// What a row says.
#[derive(Clone, Copy)]
pub enum Text<'t> {
    /// A JSON value.
    Json(&'t [u8]),
    /// Cells of the columns.
    Cells(&'t csv::StringRecord),
}

/// Largest JSON list that is read, in bytes: it is held whole. Lines and CSV are not, however long.
const LIST_BYTES_MAX: u64 = 1 << 30;

/// Cuts a file into rows and gives each to `take`; gives back how many were passed over because they have no value.
/// # Errors
/// A [`Fault`] when the file as a whole cannot be read as what it is.
pub fn cut<I: Item>(source: &mut Source, take: &mut dyn FnMut(&Source, Cut<'_>)) -> Result<usize, Fault> {
    match source.form {
        Form::Json => cut_json::<I>(source, take),
        Form::Ndjson => cut_lines(source, take),
        Form::Csv(_) => cut_csv::<I>(source, take),
    }
}

fn span(offset: u64, length: usize) -> Span {
    Span { offset, length: u32::try_from(length).unwrap_or(u32::MAX) }
}

fn cut_json<I: Item>(source: &Source, take: &mut dyn FnMut(&Source, Cut<'_>)) -> Result<usize, Fault> {
    if source.bytes > LIST_BYTES_MAX {
        let bytes = source.bytes;
        let message = format!(
            "it has {bytes} bytes and at most {LIST_BYTES_MAX} are read as one list; write one value per line (.ndjson)"
        );
        return Err(Fault::new(message));
    }
    let mut text = String::new();
    source.reader().read_to_string(&mut text).map_err(unreadable)?;
    let items: Vec<&RawValue> = match serde_json::from_str(&text) {
        Ok(items) => items,
        Err(_) => vec![only_item::<I>(&text)?],
    };
    for (number, item) in (1..).zip(items) {
        let place = item.get().as_ptr().addr().saturating_sub(text.as_ptr().addr());
        let offset = source.start.saturating_add(u64::try_from(place).unwrap_or(0));
        let bytes = item.get().as_bytes();
        take(source, Cut { number, span: span(offset, bytes.len()), text: Ok(Text::Json(bytes)) });
    }
    Ok(0)
}

/// The one item of a file that is no list.
fn only_item<I: Item>(text: &str) -> Result<&RawValue, Fault> {
    let neither = || Fault::new(format!("it holds neither {} nor a list of {}", I::ONE, I::MANY));
    match serde_json::from_str::<&RawValue>(text) {
        Ok(item) if item.get().starts_with('{') => Ok(item),
        Ok(_) => Err(neither()),
        Err(_) => Err(parse_strict(text.as_bytes()).err().map_or_else(neither, |fault| Fault::new(fault.message))),
    }
}

fn cut_lines(source: &Source, take: &mut dyn FnMut(&Source, Cut<'_>)) -> Result<usize, Fault> {
    let mut reader = BufReader::with_capacity(1 << 18, source.reader());
    let (mut line, mut offset) = (Vec::new(), source.start);
    for number in 1.. {
        line.clear();
        let read = reader.read_until(b'\n', &mut line).map_err(unreadable)?;
        if read == 0 {
            break;
        }
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if !std::str::from_utf8(text).unwrap_or_default().trim().is_empty() {
            take(source, Cut { number, span: span(offset, text.len()), text: Ok(Text::Json(text)) });
        }
        offset = offset.saturating_add(u64::try_from(read).unwrap_or(0));
    }
    Ok(0)
}

fn cut_csv<I: Item>(source: &mut Source, take: &mut dyn FnMut(&Source, Cut<'_>)) -> Result<usize, Fault> {
    if I::COLUMNS.is_empty() {
        let message =
            format!("{} are read as a JSON list (.json) or as one JSON object per line (.ndjson), not as CSV", I::MANY);
        return Err(Fault::new(message));
    }
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(true)
        .buffer_capacity(1 << 18)
        .from_reader(source.reader());
    let header = reader.headers().map_err(|error| Fault::new(format!("the header cannot be read: {error}")))?.clone();
    let columns = parse_header::<I>(&header)?;
    let count = columns.len();
    source.form = Form::Csv(columns);
    let mut places = Places::of(source, &header);
    let mut empty = 0;
    let mut record = csv::StringRecord::new();
    loop {
        let start = reader.position().byte();
        let read = reader.read_record(&mut record);
        if let Ok(false) = read {
            return Ok(empty);
        }
        let start = match &read {
            Ok(_) => record.position().map_or(start, csv::Position::byte),
            Err(error) => error.position().map_or(start, csv::Position::byte),
        };
        let number = places.next(start, read.as_ref().ok().map(|_| &record))?;
        let length = usize::try_from(reader.position().byte().saturating_sub(start)).unwrap_or(usize::MAX);
        let text = match read {
            Ok(_) if record.iter().all(|cell| cell.trim().is_empty()) => {
                empty += 1;
                continue;
            }
            Err(error) => Err(Fault::of_row(number, error.to_string())),
            Ok(_) if record.len() != count => {
                let message = format!("it has {} cells where the header has {count}", record.len());
                Err(Fault::of_row(number, message))
            }
            Ok(_) => Ok(Text::Cells(&record)),
        };
        take(source, Cut { number, span: span(source.start.saturating_add(start), length), text });
    }
}

/// Numbers rows as a spreadsheet does: empty lines count, and a line break inside a cell does not.
struct Places {
    /// Reads the text once more, behind the rows.
    text: BufReader<Reader>,
    line_end: u8,
    /// How far lines were counted, in bytes.
    counted: u64,
    lines: u64,
    /// Line breaks inside the cells of earlier rows.
    inside: u64,
}

impl Places {
    fn of(source: &Source, header: &csv::StringRecord) -> Self {
        let text = BufReader::with_capacity(1 << 18, source.reader());
        let mut places = Self { text, line_end: source.line_end, counted: 0, lines: 0, inside: 0 };
        places.inside = places.breaks(header);
        places
    }

    fn breaks(&self, record: &csv::StringRecord) -> u64 {
        let line_end = char::from(self.line_end);
        let breaks: usize = record.iter().map(|cell| cell.matches(line_end).count()).sum();
        u64::try_from(breaks).unwrap_or(u64::MAX)
    }

    /// The number of the row that begins at `start`; rows come in order.
    fn next(&mut self, start: u64, record: Option<&csv::StringRecord>) -> Result<u64, Fault> {
        while self.counted < start {
            let left = usize::try_from(start.saturating_sub(self.counted)).unwrap_or(usize::MAX);
            let piece = self.text.fill_buf().map_err(unreadable)?;
            let piece = piece.get(..piece.len().min(left)).unwrap_or_default();
            if piece.is_empty() {
                break;
            }
            let length = piece.len();
            let lines = piece.iter().filter(|byte| **byte == self.line_end).count();
            self.take(length, lines);
        }
        // A row's place is before the ends of lines that stand before it.
        loop {
            let piece = self.text.fill_buf().map_err(unreadable)?;
            let Some(first @ (b'\r' | b'\n')) = piece.first().copied() else { break };
            self.take(1, usize::from(first == self.line_end));
        }
        let number = self.lines.saturating_sub(self.inside).saturating_add(1);
        self.inside = self.inside.saturating_add(record.map_or(0, |record| self.breaks(record)));
        Ok(number)
    }

    fn take(&mut self, length: usize, lines: usize) {
        self.text.consume(length);
        self.counted = self.counted.saturating_add(u64::try_from(length).unwrap_or(0));
        self.lines = self.lines.saturating_add(u64::try_from(lines).unwrap_or(0));
    }
}

/// The columns of a header; unknown and repeated names are refused together.
fn parse_header<I: Item>(header: &csv::StringRecord) -> Result<Vec<Column>, Fault> {
    let mut found: Vec<Column> = Vec::new();
    let mut wrong = Vec::new();
    for name in header.iter().map(str::trim) {
        match I::COLUMNS.iter().find(|(column, _)| *column == name) {
            None => wrong.push(format!(
                "`{}` is not a column",
                name.chars().filter(|c| !c.is_control()).take(24).collect::<String>()
            )),
            Some(column) if found.contains(column) => wrong.push(format!("`{name}` is there twice")),
            Some(column) => found.push(*column),
        }
    }
    if wrong.is_empty() {
        return Ok(found);
    }
    let names: Vec<&str> = I::COLUMNS.iter().map(|(name, _)| *name).collect();
    Err(Fault::of_row(1, format!("{}; the columns are {}", wrong.join(", "), names.join(", "))))
}
