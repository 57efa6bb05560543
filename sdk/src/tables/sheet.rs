//! Rows that stand in a CSV file beside the tables, as a spreadsheet opens it, or as pairs of codes in the row itself: each becomes a
//! row of its table, with what the naming row says for all of them.

mod cell;

use std::collections::{BTreeMap, BTreeSet};

use adjudica_cases::Fault;
use toml::{Table, Value};

use super::document::path_in;
use cell::Cell;

/// The key of a row that names a file of rows.
pub(super) const FILE: &str = "file";
/// The key of a row of `[[exclude]]` that lists pairs of codes.
pub(super) const PAIRS: &str = "pairs";
/// The table whose rows may be pairs.
const OF_PAIRS: &str = "exclude";

/// A row that a file or a pair makes.
#[derive(Debug, Clone)]
pub(super) struct SheetRow {
    /// All its columns, those of the naming row included.
    pub values: Table,
    /// Line of the file; 0 for a pair.
    pub line: usize,
    /// Columns that stand in the file, each with its place in the line, from 1.
    pub cells: BTreeMap<String, usize>,
}

/// Whether a row names a file of rows, or lists pairs.
pub(super) fn is_many(table: &str, row: &toml::de::DeTable<'_>) -> bool {
    row.contains_key(FILE) || table == OF_PAIRS && row.contains_key(PAIRS)
}

/// The rows of a file. `naming` is the row that names it.
pub(super) fn of_file(table: &str, naming: &Table, text: &str) -> (Vec<SheetRow>, Vec<Fault>) {
    let mut sheet = Sheet { table, naming, rows: Vec::new(), faults: Vec::new() };
    sheet.read(text);
    sheet.name_rows();
    (sheet.rows, sheet.faults)
}

/// The rows of pairs: the first code of each may not stand beside the second, or beside each of the second.
/// # Errors
/// What is wrong with the pairs.
pub(super) fn of_pairs(table: &str, naming: &Table) -> Result<Vec<SheetRow>, String> {
    let wrong = || {
        "`pairs` is a list of pairs; write `[[\"99490\", \"99487\"], ...]`, the code that is refused first".to_owned()
    };
    if ["codes", "with"].into_iter().any(|column| naming.contains_key(column)) {
        return Err("a row of `pairs` has no `codes` and no `with` of its own; leave them out".to_owned());
    }
    let pairs = naming.get(PAIRS).and_then(Value::as_array).filter(|pairs| !pairs.is_empty()).ok_or_else(wrong)?;
    let mut sheet = Sheet { table, naming, rows: Vec::new(), faults: Vec::new() };
    for pair in pairs {
        let Some([Value::String(code), with]) = pair.as_array().map(Vec::as_slice) else { return Err(wrong()) };
        let with = match with {
            Value::String(_) => Value::Array(vec![with.clone()]),
            Value::Array(_) => with.clone(),
            _ => return Err(wrong()),
        };
        let mut values = sheet.shared();
        values.insert("codes".to_owned(), Value::Array(vec![Value::String(code.clone())]));
        values.insert("with".to_owned(), with);
        sheet.rows.push(SheetRow { values, line: 0, cells: BTreeMap::new() });
    }
    sheet.name_rows();
    Ok(sheet.rows)
}

/// The rows that a row of `table` stands for: itself, or those of the file or the pairs that it names.
pub(super) fn spell_out(
    table: &str,
    row: Value,
    folder: &str,
    read: &mut dyn FnMut(&str) -> Option<String>,
) -> Vec<Value> {
    let Value::Table(naming) = &row else { return vec![row] };
    let rows = match naming.get(FILE) {
        Some(Value::String(file)) => match read(&path_in(folder, file)) {
            Some(text) => of_file(table, naming, &text).0,
            None => Vec::new(),
        },
        Some(_) => Vec::new(),
        None if table == OF_PAIRS && naming.contains_key(PAIRS) => of_pairs(table, naming).unwrap_or_default(),
        None => return vec![row],
    };
    rows.into_iter().map(|row| Value::Table(row.values)).collect()
}

struct Sheet<'s> {
    table: &'s str,
    naming: &'s Table,
    rows: Vec<SheetRow>,
    faults: Vec<Fault>,
}

impl Sheet<'_> {
    fn fault(&mut self, line: usize, column: usize, message: String) {
        self.faults.push(Fault { line, column, message });
    }

    /// What every row has of the naming row.
    fn shared(&self) -> Table {
        let own = |key: &str| ![FILE, PAIRS, "id"].contains(&key);
        self.naming.iter().filter(|(key, _)| own(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    fn read(&mut self, text: &str) {
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        let head = text.lines().next().unwrap_or_default();
        // Where commas divide the cents, spreadsheets divide the columns differently.
        let count = |mark: char| head.matches(mark).count();
        let delimiter = [(';', b';'), ('\t', b'\t')].into_iter().filter(|(mark, _)| count(*mark) > count(','));
        let delimiter = delimiter.max_by_key(|(mark, _)| count(*mark)).map_or(b',', |(_, byte)| byte);
        if let Some((line, column, message)) = find_open_quote(text, char::from(delimiter)) {
            return self.fault(line, column, message.to_owned());
        }
        let mut reader = csv::ReaderBuilder::new();
        reader.delimiter(delimiter).has_headers(false).flexible(true);
        let mut columns: Option<Vec<Option<String>>> = None;
        for record in reader.from_reader(text.as_bytes()).records() {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    let line = error.position().map_or(1, |at| usize::try_from(at.line()).unwrap_or(1));
                    return self.fault(line, 1, "the line cannot be read; save the file as CSV in UTF-8".to_owned());
                }
            };
            let line = record.position().map_or(1, |at| usize::try_from(at.line()).unwrap_or(1));
            match &columns {
                None => columns = Some(self.columns(&record)),
                Some(columns) => self.add_row(line, columns, &record),
            }
        }
        if columns.is_none() {
            self.fault(
                1,
                1,
                "the file is empty; name the columns in its first line, then a row on each line".to_owned(),
            );
        } else if self.rows.is_empty() && self.faults.is_empty() {
            self.fault(1, 1, "the file has columns and no row; add one on each line, or leave the file out".to_owned());
        }
    }

    /// The columns by their place; `None` for one that there is not.
    fn columns(&mut self, record: &csv::StringRecord) -> Vec<Option<String>> {
        let mut seen = BTreeSet::new();
        let mut columns = Vec::new();
        let names: Vec<String> = record.iter().map(|name| name.trim().to_owned()).collect();
        // A spreadsheet leaves commas behind where cells were emptied.
        let last = names.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1);
        for (index, name) in names.into_iter().take(last).enumerate() {
            let is_known = Cell::find(self.table, &name).is_some() && name != FILE && name != PAIRS;
            if !is_known {
                let known = Cell::columns(self.table).join("`, `");
                let message = format!("`{name}` is no column of `{}`; there are `{known}`", self.table);
                self.fault(1, index + 1, message);
            } else if !seen.insert(name.clone()) {
                self.fault(1, index + 1, format!("the column `{name}` is there twice; keep one"));
            }
            columns.push(is_known.then_some(name));
        }
        columns
    }

    fn add_row(&mut self, line: usize, columns: &[Option<String>], record: &csv::StringRecord) {
        if record.iter().all(|cell| cell.trim().is_empty()) {
            return;
        }
        let mut row = SheetRow { values: self.shared(), line, cells: BTreeMap::new() };
        for (index, text) in record.iter().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
            let Some(column) = columns.get(index) else {
                let message = format!("`{}` stands under no column; name the column in the first line", text.trim());
                self.fault(line, index + 1, message);
                continue;
            };
            let Some(name) = column else { continue };
            match Cell::find(self.table, name).map(|cell| cell.read(text.trim())) {
                Some(Ok(value)) => put(&mut row.values, name, value),
                Some(Err(message)) => self.fault(line, index + 1, format!("`{name}`: {message}")),
                None => {}
            }
            row.cells.insert(name.clone(), index + 1);
        }
        self.rows.push(row);
    }

    /// Gives each row an id where it has none: that of the naming row, with the code behind; where several rows are about the same
    /// codes, with the first day too. Rows of `exclude` that differ in `with` alone are one.
    fn name_rows(&mut self) {
        if self.table == OF_PAIRS {
            self.join_pairs();
        }
        let Some(id) = self.naming.get("id").and_then(Value::as_str) else { return };
        let name = |row: &SheetRow| {
            let code = row.values.get("codes").and_then(Value::as_array).map(|codes| names_of(codes));
            let code = code.or_else(|| row.values.get("code").and_then(Value::as_str).map(str::to_owned));
            code.map_or_else(|| format!("{id}.{}", row.line), |code| format!("{id}.{code}"))
        };
        let names: Vec<String> = self.rows.iter().map(name).collect();
        for (row, name) in self.rows.iter_mut().zip(&names).filter(|(row, _)| !row.values.contains_key("id")) {
            let is_one_of_several = names.iter().filter(|other| *other == name).count() > 1;
            let from = row.values.get("from").and_then(Value::as_datetime).map(ToString::to_string);
            let name = match from.filter(|_| is_one_of_several) {
                Some(from) => format!("{name}.{from}"),
                None => name.clone(),
            };
            row.values.insert("id".to_owned(), Value::String(name));
        }
    }

    fn join_pairs(&mut self) {
        let mut joined: Vec<SheetRow> = Vec::new();
        for row in std::mem::take(&mut self.rows) {
            let apart = |row: &SheetRow| {
                let mut values = row.values.clone();
                values.remove("with");
                values
            };
            let own = apart(&row);
            let Some(earlier) = joined.iter_mut().find(|other| apart(other) == own) else {
                joined.push(row);
                continue;
            };
            let more = row.values.get("with").and_then(Value::as_array).cloned().unwrap_or_default();
            if let Some(with) = earlier.values.get_mut("with").and_then(Value::as_array_mut) {
                with.extend(more);
            }
        }
        self.rows = joined;
    }
}

/// The line and cell where a quote swallows what follows, and what is wrong there. A reader would take the lines behind for a text.
fn find_open_quote(text: &str, delimiter: char) -> Option<(usize, usize, &'static str)> {
    let (mut line, mut cell, mut is_quoted, mut is_begin) = (1, 1, false, true);
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '"' if is_quoted && signs.peek() == Some(&'"') => drop(signs.next()),
            '"' if is_quoted => {
                is_quoted = false;
                let ends = signs.peek().is_none_or(|next| *next == delimiter || ['\r', '\n'].contains(next));
                if !ends {
                    let message = "text stands behind the closing quote; write a quote inside a cell twice";
                    return Some((line, cell, message));
                }
            }
            '"' if is_begin => is_quoted = true,
            '\r' | '\n' if is_quoted => {
                return Some((
                    line,
                    cell,
                    "the cell has a quote that is not closed on its line; close it or leave it out",
                ));
            }
            '\n' => (line, cell) = (line + 1, 1),
            sign if sign == delimiter && !is_quoted => cell += 1,
            _ => {}
        }
        is_begin = !is_quoted && (sign == delimiter || sign == '\n');
    }
    is_quoted.then_some((line, cell, "the cell has a quote that is not closed on its line; close it or leave it out"))
}

/// The codes of a list, as an id has them: the first, and the last of several.
fn names_of(codes: &[Value]) -> String {
    let names: Vec<&str> = codes.iter().filter_map(Value::as_str).map(|name| name.trim_start_matches('@')).collect();
    match names.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first, .., last] => format!("{first}-{last}"),
    }
}

/// Puts a value under a name, which may lead into a table: `when.roles`.
fn put(values: &mut Table, name: &str, value: Value) {
    match name.split_once('.') {
        None => drop(values.insert(name.to_owned(), value)),
        Some((outer, inner)) => {
            let table = values.entry(outer.to_owned()).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(table) = table {
                put(table, inner, value);
            }
        }
    }
}

#[cfg(test)]
mod tests;
