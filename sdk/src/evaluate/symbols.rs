//! What each text of a batch's dictionary means to the policy: which role, phase, code, ... it names.

use adjudica_core::columns::Batch;

use crate::image::{NONE, Names, PHASES_MAX};

/// No such name.
const ABSENT: u8 = u8::MAX;

/// The meanings of one text; the same text may name a mode and a kind of work.
#[derive(Debug, Clone, Copy)]
pub(super) struct Symbol {
    code: u8,
    role: u8,
    phase: u8,
    mode: u8,
    place: u8,
    info: u8,
    service: u8,
    modifier: u8,
}

const UNKNOWN: Symbol = Symbol {
    code: ABSENT,
    role: ABSENT,
    phase: ABSENT,
    mode: ABSENT,
    place: ABSENT,
    info: ABSENT,
    service: ABSENT,
    modifier: ABSENT,
};

/// The meanings of every text of a batch.
pub(super) struct Symbols {
    symbols: Vec<Symbol>,
}

impl Symbols {
    pub(super) fn new(names: &Names<'_>, batch: &Batch) -> Self {
        let known = KnownNames::new(names);
        let texts = batch.dictionary_offsets.array_windows().map(|[from, to]| {
            let range = usize::try_from(*from).unwrap_or(usize::MAX)..usize::try_from(*to).unwrap_or(usize::MAX);
            batch.dictionary_bytes.get(range).unwrap_or_default()
        });
        Self { symbols: texts.map(|text| known.find(text)).collect() }
    }

    fn find(&self, text: u32) -> Symbol {
        usize::try_from(text).ok().and_then(|text| self.symbols.get(text)).copied().unwrap_or(UNKNOWN)
    }

    /// The code's position in the manifest, or [`NONE`].
    pub(super) fn code(&self, text: u32) -> u32 {
        widen(self.find(text).code)
    }

    /// The kind of work's position, or [`NONE`].
    pub(super) fn service(&self, text: u32) -> u32 {
        widen(self.find(text).service)
    }

    /// The role's position, or [`NONE`].
    pub(super) fn role(&self, text: u32) -> u32 {
        widen(self.find(text).role)
    }

    /// 0 to 7, 7 standing for every phase that the policy does not name.
    pub(super) fn phase(&self, text: u32) -> u32 {
        other_if_absent(self.find(text).phase)
    }

    /// 0 to 7, 7 standing for every mode that the policy does not name.
    pub(super) fn mode(&self, text: u32) -> u32 {
        other_if_absent(self.find(text).mode)
    }

    /// One bit; the highest stands for every place that the policy does not name.
    pub(super) fn place_bit(&self, text: u32) -> u64 {
        bit_or_last(self.find(text).place)
    }

    /// One bit, or none for information that the policy does not name.
    pub(super) fn info_bit(&self, text: u32) -> u64 {
        bit_or_none(self.find(text).info)
    }

    /// One bit, or none for a modifier that the policy does not name.
    pub(super) fn modifier_bit(&self, text: u32) -> u32 {
        1_u32.checked_shl(u32::from(self.find(text).modifier)).unwrap_or(0)
    }
}

fn widen(symbol: u8) -> u32 {
    if symbol == ABSENT { NONE } else { u32::from(symbol) }
}

fn other_if_absent(symbol: u8) -> u32 {
    // INVARIANT (eight phases, eight modes): compile refuses more than PHASES_MAX names.
    u32::from(symbol).min(u32::try_from(PHASES_MAX).unwrap_or(7))
}

fn bit_or_last(symbol: u8) -> u64 {
    1_u64.checked_shl(u32::from(symbol)).unwrap_or(1 << 63)
}

fn bit_or_none(symbol: u8) -> u64 {
    1_u64.checked_shl(u32::from(symbol)).unwrap_or(0)
}

/// Every name that the policy knows, sorted by text.
struct KnownNames<'n> {
    names: Vec<(&'n str, Symbol)>,
}

impl<'n> KnownNames<'n> {
    fn new(names: &'n Names<'_>) -> Self {
        let mut known = Vec::with_capacity(128);
        let mut add = |list: &'n [&str], set: fn(&mut Symbol, u8)| {
            for (index, name) in list.iter().enumerate() {
                let mut symbol = UNKNOWN;
                set(&mut symbol, u8::try_from(index).unwrap_or(ABSENT));
                known.push((*name, symbol));
            }
        };
        add(&names.codes, |symbol, index| symbol.code = index);
        add(&names.roles, |symbol, index| symbol.role = index);
        add(&names.phases, |symbol, index| symbol.phase = index);
        add(&names.modes, |symbol, index| symbol.mode = index);
        add(&names.places, |symbol, index| symbol.place = index);
        add(&names.info, |symbol, index| symbol.info = index);
        add(&names.services, |symbol, index| symbol.service = index);
        add(&names.modifiers, |symbol, index| symbol.modifier = index);
        known.sort_unstable_by_key(|(name, _)| *name);
        known.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                earlier.1 = earlier.1.joined(later.1);
            }
            same
        });
        Self { names: known }
    }

    fn find(&self, text: &[u8]) -> Symbol {
        let found = self.names.binary_search_by(|(name, _)| name.as_bytes().cmp(text)).ok();
        found.and_then(|index| self.names.get(index)).map_or(UNKNOWN, |(_, symbol)| *symbol)
    }
}

impl Symbol {
    /// The meanings of both; each list names a text once, so at most one side says something.
    fn joined(self, other: Self) -> Self {
        Self {
            code: self.code.min(other.code),
            role: self.role.min(other.role),
            phase: self.phase.min(other.phase),
            mode: self.mode.min(other.mode),
            place: self.place.min(other.place),
            info: self.info.min(other.info),
            service: self.service.min(other.service),
            modifier: self.modifier.min(other.modifier),
        }
    }
}
