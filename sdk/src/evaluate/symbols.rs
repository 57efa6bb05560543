//! What each text of a batch means to the policy, looked up once for each text.

use adjudica_core::columns::Batch;

use crate::image::{Dictionary, Symbol};

/// The meanings of every text of a batch.
pub(super) struct Symbols {
    symbols: Vec<Symbol>,
}

impl Symbols {
    pub(super) fn new(dictionary: Dictionary<'_>, batch: &Batch) -> Self {
        let texts = batch.dictionary_offsets.array_windows().map(|[from, to]| {
            let range = usize::try_from(*from).unwrap_or(usize::MAX)..usize::try_from(*to).unwrap_or(usize::MAX);
            batch.dictionary_bytes.get(range).unwrap_or_default()
        });
        Self { symbols: texts.map(|text| dictionary.find(text)).collect() }
    }

    /// What text number `text` means.
    pub(super) fn find(&self, text: u32) -> &Symbol {
        usize::try_from(text).ok().and_then(|text| self.symbols.get(text)).unwrap_or(&Symbol::UNKNOWN)
    }
}
