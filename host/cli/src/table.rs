//! Tables of text for a terminal: aligned columns under a header.

use std::fmt;

use adjudica_core::Cents;

/// A number with its noun: `1 unit`, `2 units`.
pub fn counted<N: fmt::Display + PartialEq + From<u8> + Copy>(count: N, one: &str, many: &str) -> String {
    format!("{count} {}", if count == N::from(1) { one } else { many })
}

/// How the cells of a column are aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Rows under a header.
#[derive(Debug, Clone)]
pub struct Table {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Vec<String>>,
}

/// Spaces between two columns.
const GAP: &str = "  ";

impl Table {
    /// A table with no rows yet.
    pub fn new(columns: &[(&'static str, Align)]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row; control characters in cells are left out, so that no cell can move the cursor.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| cell.chars().filter(|c| !c.is_control()).collect()).collect());
    }

    fn widths(&self) -> Vec<usize> {
        let width = |(index, (title, _)): (usize, &(&str, Align))| {
            let cells = self.rows.iter().filter_map(|row| row.get(index)).map(|cell| cell.chars().count());
            cells.max().unwrap_or(0).max(title.chars().count())
        };
        self.columns.iter().enumerate().map(width).collect()
    }

    fn write_row<'a>(
        &self,
        f: &mut fmt::Formatter<'_>,
        widths: &[usize],
        cells: impl Iterator<Item = &'a str>,
    ) -> fmt::Result {
        let mut line = String::new();
        for ((cell, (_, align)), width) in cells.zip(&self.columns).zip(widths.iter().copied()) {
            if !line.is_empty() {
                line.push_str(GAP);
            }
            match align {
                Align::Left => line.push_str(&format!("{cell:<width$}")),
                Align::Right => line.push_str(&format!("{cell:>width$}")),
            }
        }
        writeln!(f, "{}", line.trim_end())
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        self.write_row(f, &widths, self.columns.iter().map(|(title, _)| *title))?;
        let rules: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
        self.write_row(f, &widths, rules.iter().map(String::as_str))?;
        self.rows.iter().try_for_each(|row| self.write_row(f, &widths, row.iter().map(String::as_str)))
    }
}

/// `1234567` as `1,234,567`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// An amount as dollars: `$1,234.50`.
pub fn dollars(cents: Cents) -> String {
    let sign = if cents < Cents::ZERO { "-" } else { "" };
    let whole = cents.get().unsigned_abs();
    format!("{sign}${}.{:02}", thousands(whole / 100), whole % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_aligns_words_left_and_numbers_right() {
        let mut table = Table::new(&[("payer", Align::Left), ("count", Align::Right)]);
        table.row(["bcbsm".to_owned(), "7".to_owned()]);
        table.row(["s\u{1b}im".to_owned(), thousands(1_234_567)]);
        assert_eq!(table.to_string(), "payer      count\n─────  ─────────\nbcbsm          7\nsim    1,234,567\n");
    }

    #[test]
    fn it_prints_dollars_from_cents() {
        for (cents, text) in [(0, "$0.00"), (5, "$0.05"), (-123_456, "-$1,234.56"), (100_000_000, "$1,000,000.00")] {
            assert_eq!(dollars(Cents::new(cents)), text);
        }
        assert_eq!((thousands(999), thousands(1_000)), ("999".to_owned(), "1,000".to_owned()));
    }
}
