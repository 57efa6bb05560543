//! Pieces of files by their places. What lies behind a piece is read with it as long as the next ones follow.

use std::fs::File;
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::FileExt as _;

use crate::intake::source::Span;

/// Bytes that are read ahead.
const AHEAD: usize = 1 << 16;
/// A piece that begins so soon behind the last one follows it: between rows stand a line end or a comma.
const GAP: u64 = 64;

/// What was read last.
#[derive(Default)]
pub struct Window {
    /// Which file.
    of: usize,
    /// Where it begins.
    from: u64,
    bytes: Vec<u8>,
    /// Behind the last piece that was asked for.
    asked_to: u64,
}

impl Window {
    /// The bytes of a piece of file number `of`.
    /// # Errors
    /// When the file is shorter than it was, or can be read no more.
    pub fn read(&mut self, of: usize, file: &File, span: Span) -> Result<&[u8]> {
        let length = usize::try_from(span.length).map_err(Error::other)?;
        if self.place(of, span.offset, length).is_none() {
            let follows = self.of == of && (self.asked_to..=self.asked_to.saturating_add(GAP)).contains(&span.offset);
            self.fill(file, span.offset, [length, if follows { length.max(AHEAD) } else { length }])?;
            self.of = of;
        }
        self.asked_to = span.offset.saturating_add(u64::from(span.length));
        let place = self.place(of, span.offset, length);
        place.and_then(|place| self.bytes.get(place)).ok_or_else(|| Error::from(ErrorKind::UnexpectedEof))
    }

    fn place(&self, of: usize, offset: u64, length: usize) -> Option<std::ops::Range<usize>> {
        let from = usize::try_from(offset.checked_sub(self.from).filter(|_| self.of == of)?).ok()?;
        let to = from.checked_add(length).filter(|to| *to <= self.bytes.len())?;
        Some(from..to)
    }

    /// Reads what is there from `offset` on: the first number of bytes at least, and no more than the second.
    fn fill(&mut self, file: &File, offset: u64, [least, most]: [usize; 2]) -> Result<()> {
        self.bytes.resize(most, 0);
        self.from = offset;
        let mut filled = 0;
        while filled < least {
            let at = offset.saturating_add(u64::try_from(filled).map_err(Error::other)?);
            match file.read_at(self.bytes.get_mut(filled..).unwrap_or_default(), at) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.bytes.truncate(filled);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn it_gives_each_piece_of_each_file_in_any_order() {
        let file = |letter: u8| {
            let mut file = tempfile::tempfile().expect("a file");
            let bytes: Vec<u8> =
                (0..200_000_u32).map(|at| letter.wrapping_add(u8::try_from(at % 191).expect("small"))).collect();
            file.write_all(&bytes).expect("writes");
            (file, bytes)
        };
        let files = [file(0), file(7)];
        let mut window = Window::default();
        let in_turn = (0..199_000_u64).step_by(900).map(|offset| (0, offset, 899));
        let here_and_there = [(1, 150_000, 10), (0, 5, 0), (1, 0, 200_000), (0, 199_999, 1), (1, 199_990, 10)];
        for (of, offset, length) in in_turn.chain(here_and_there) {
            let (file, bytes) = &files[of];
            let from = usize::try_from(offset).expect("small");
            let expected = &bytes[from..from + usize::try_from(length).expect("small")];
            assert_eq!(window.read(of, file, Span { offset, length }).expect("reads"), expected, "{of} {offset}");
        }
        let beyond = window.read(0, &files[0].0, Span { offset: 199_999, length: 2 });
        assert_eq!(beyond.expect_err("shorter").kind(), ErrorKind::UnexpectedEof);
    }
}
