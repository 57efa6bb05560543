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

impl Dictionary<'_> {
    /// What `text` means; nothing at all for a name that no rule speaks of.
    #[must_use]
    pub fn find(&self, text: &[u8]) -> Symbol {
        let (symbols, _) = self.symbols.as_chunks::<{ 2 * KINDS }>();
        let (mut low, mut high) = (0, symbols.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            let name = self.name(middle);
            match name.len().cmp(&text.len()).then_with(|| name.cmp(text)) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => {
                    return symbols.get(middle).map_or(Symbol::UNKNOWN, |symbol| Symbol::new(*symbol));
                }
            }
        }
        Symbol::UNKNOWN
    }

    fn name(&self, index: usize) -> &[u8] {
        let bound = |index: usize| {
            let offset = u32::try_from(index).ok().and_then(|index| self.offsets.get(index));
            offset.and_then(|offset| usize::try_from(offset).ok()).unwrap_or(0)
        };
        self.bytes.get(bound(index)..bound(index + 1)).unwrap_or_default()
    }
}

/// The meanings of one text; the same text may name a mode and a kind of work. In the form that rules compare with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Symbol {
    /// The code's position in the manifest, or [`NONE`].
    pub code: u32,
    /// The role's position, or [`NONE`].
    pub role: u32,
    /// 0 to 7, 7 standing for every phase that the policy does not name.
    pub phase: u32,
    /// 0 to 7, 7 standing for every mode that the policy does not name.
    pub mode: u32,
    /// The kind of work's position, or [`NONE`].
    pub service: u32,
    /// One bit, or none for a modifier that the policy does not name.
    pub modifier_bit: u32,
    /// The place's position, or [`NONE`].
    pub place: u32,
    /// The information's position, or [`NONE`].
    pub info: u32,
    /// The component's position, or [`NONE`].
    pub component: u32,
    /// Position of a kind of day, or [`NONE`].
    pub date: u32,
    /// Position of a number of the terms, or [`NONE`].
    pub parameter: u32,
}

impl Symbol {
    /// Names nothing.
    pub const UNKNOWN: Self = Self {
        code: NONE,
        role: NONE,
        phase: OTHER,
        mode: OTHER,
        service: NONE,
        modifier_bit: 0,
        place: NONE,
        info: NONE,
        component: NONE,
        date: NONE,
        parameter: NONE,
    };

    fn new(meanings: [u8; 2 * KINDS]) -> Self {
        let (positions, _) = meanings.as_chunks::<2>();
        let position = |kind: usize| positions.get(kind).map_or(ABSENT, |bytes| u16::from_le_bytes(*bytes));
        let widen = |kind: usize| Some(position(kind)).filter(|position| *position != ABSENT).map_or(NONE, u32::from);
        Self {
            code: widen(0),
            role: widen(1),
            // INVARIANT (eight phases, eight modes): compile refuses more than PHASES_MAX names.
            phase: u32::from(position(2)).min(OTHER),
            mode: u32::from(position(3)).min(OTHER),
            place: widen(4),
            info: widen(5),
            service: widen(6),
            modifier_bit: 1_u32.checked_shl(u32::from(position(7))).unwrap_or(0),
            component: widen(8),
            date: widen(9),
            parameter: widen(10),
        }
    }
}
