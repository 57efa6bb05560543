//! The names that rules speak of and what each means, sorted when the tables are compiled so that a call only looks up.

use serde::{Deserialize, Serialize};

use super::{NONE, Words};

/// No such name.
pub const ABSENT: u16 = u16::MAX;
/// Stands for every phase, or mode, that the policy does not name.
const OTHER: u32 = 7;
/// Kinds of names: codes, roles, phases, modes, places, supporting information, kinds of work, modifiers, components, days,
/// numbers of the terms.
pub const KINDS: usize = 11;

/// Every name once, by length and then by bytes, each with its meanings.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Dictionary<'a> {
    /// Where each name starts in `bytes`, and where the last ends.
    #[serde(borrow)]
    pub offsets: Words<'a>,
    /// The names, one after the other.
    pub bytes: &'a [u8],
    /// For each name its position in the list of each kind, or [`ABSENT`], in two bytes, the lowest first.
    pub symbols: &'a [u8],
}

impl<'a> Dictionary<'a> {
    /// What `text` means; nothing at all for a name that no rule speaks of.
    #[must_use]
    pub fn find(&self, text: &[u8]) -> Symbol<'a> {
        let (symbols, _) = self.symbols.as_chunks::<SYMBOL_BYTES>();
        let (mut low, mut high) = (0, symbols.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            let name = self.name(middle);
            match name.len().cmp(&text.len()).then_with(|| name.cmp(text)) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return symbols.get(middle).map_or(Symbol::UNKNOWN, Symbol),
            }
        }
        Symbol::UNKNOWN
    }

    fn name(&self, index: usize) -> &'a [u8] {
        let bound = |index: usize| {
            let offset = u32::try_from(index).ok().and_then(|index| self.offsets.get(index));
            offset.and_then(|offset| usize::try_from(offset).ok()).unwrap_or(0)
        };
        self.bytes.get(bound(index)..bound(index + 1)).unwrap_or_default()
    }
}

/// Bytes of a symbol: a position in each list.
const SYMBOL_BYTES: usize = 2 * KINDS;

/// The meanings of one text; the same text may name a mode and a kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Symbol<'a>(&'a [u8; SYMBOL_BYTES]);

impl Symbol<'_> {
    /// Names nothing.
    pub const UNKNOWN: Self = Self(&[u8::MAX; SYMBOL_BYTES]);

    /// The code's position in the manifest, or [`NONE`].
    #[must_use]
    pub fn code(self) -> u32 {
        self.position(0)
    }

    /// The role's position, or [`NONE`].
    #[must_use]
    pub fn role(self) -> u32 {
        self.position(1)
    }

    /// 0 to 7, 7 standing for every phase that the policy does not name.
    #[must_use]
    pub fn phase(self) -> u32 {
        // INVARIANT (eight phases, eight modes): compile refuses more than PHASES_MAX names.
        self.position(2).min(OTHER)
    }

    /// 0 to 7, 7 standing for every mode that the policy does not name.
    #[must_use]
    pub fn mode(self) -> u32 {
        self.position(3).min(OTHER)
    }

    /// The place's position, or [`NONE`].
    #[must_use]
    pub fn place(self) -> u32 {
        self.position(4)
    }

    /// The information's position, or [`NONE`].
    #[must_use]
    pub fn info(self) -> u32 {
        self.position(5)
    }

    /// The kind of work's position, or [`NONE`].
    #[must_use]
    pub fn service(self) -> u32 {
        self.position(6)
    }

    /// One bit, or none for a modifier that the policy does not name.
    #[must_use]
    pub fn modifier_bit(self) -> u32 {
        1_u32.checked_shl(self.position(7)).unwrap_or(0)
    }

    /// The component's position, or [`NONE`].
    #[must_use]
    pub fn component(self) -> u32 {
        self.position(8)
    }

    /// Position of a kind of day, or [`NONE`].
    #[must_use]
    pub fn date(self) -> u32 {
        self.position(9)
    }

    /// Position of a number of the terms, or [`NONE`].
    #[must_use]
    pub fn parameter(self) -> u32 {
        self.position(10)
    }

    #[inline]
    fn position(self, kind: usize) -> u32 {
        let (positions, _) = self.0.as_chunks::<2>();
        let position = positions.get(kind).map_or(ABSENT, |bytes| u16::from_le_bytes(*bytes));
        if position == ABSENT { NONE } else { u32::from(position) }
    }
}
