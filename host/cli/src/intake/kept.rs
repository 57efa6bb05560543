//! What the first rows of files say, kept until it is asked for. What is not kept is read again.

/// Rows that are kept, and how much text they may be in all: as facts they take some four times as much, or 80 MB.
const ROWS_MAX: usize = 80_000;
const BYTES_MAX: u64 = 32 << 20;

/// What rows say, from the first row on without a gap.
pub struct Kept<I> {
    /// For each row, what it says where it can be taken.
    items: Vec<Option<I>>,
    /// Text of the rows.
    bytes: u64,
    is_full: bool,
}

impl<I> Default for Kept<I> {
    fn default() -> Self {
        Self { items: Vec::new(), bytes: 0, is_full: false }
    }
}

impl<I> Kept<I> {
    /// Keeps what the next row says, whose text has so many bytes, as long as there is room. Once a row was not kept, no later one is.
    pub fn add(&mut self, item: Option<I>, bytes: u32) {
        let with_this = self.bytes.saturating_add(u64::from(bytes));
        self.is_full = self.is_full || self.items.len() >= ROWS_MAX || with_this > BYTES_MAX;
        if !self.is_full {
            self.bytes = with_this;
            self.items.push(item);
        }
    }

    /// Gives away what the row at `index` says, if that is still kept.
    pub fn take(&mut self, index: usize) -> Option<I> {
        self.items.get_mut(index)?.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_rows_from_the_first_without_a_gap_and_gives_each_once() {
        let half = u32::try_from(BYTES_MAX / 2).expect("small");
        let mut kept = Kept::default();
        for (row, bytes) in [("a", 1), ("b", half), ("too much", half), ("small, behind what was not kept", 1)] {
            kept.add(Some(row), bytes);
        }
        assert_eq!([0, 1, 2, 3, 0].map(|row| kept.take(row)), [Some("a"), Some("b"), None, None, None]);
        let mut kept = Kept::default();
        (0..=ROWS_MAX).for_each(|row| kept.add(Some(row), 1));
        assert_eq!([ROWS_MAX - 1, ROWS_MAX].map(|row| kept.take(row)), [Some(ROWS_MAX - 1), None]);
    }
}
