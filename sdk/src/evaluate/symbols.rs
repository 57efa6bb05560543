//! What each text of a batch means to the policy, looked up when it is first asked for: names of people mean nothing to it.

use std::cell::Cell;

use adjudica_core::columns::Batch;

use super::columns::text_bytes;
use crate::image::{Dictionary, Symbol};

/// The meanings of the texts of a batch.
pub(super) struct Symbols<'s> {
    dictionary: Dictionary<'s>,
    batch: &'s Batch,
    found: &'s [Cell<Option<Symbol<'s>>>],
}

impl<'s> Symbols<'s> {
    /// `found` has a place for each text of the batch: see [`room_for_symbols`].
    pub(super) fn new(dictionary: Dictionary<'s>, batch: &'s Batch, found: &'s mut [Option<Symbol<'s>>]) -> Self {
        Self { dictionary, batch, found: Cell::from_mut(found).as_slice_of_cells() }
    }

    /// What text number `text` means.
    #[inline]
    pub(super) fn find(&self, text: u32) -> Symbol<'s> {
        let place = usize::try_from(text).ok().and_then(|text| self.found.get(text));
        let Some(place) = place else { return Symbol::UNKNOWN };
        place.get().unwrap_or_else(|| self.look_up(text, place))
    }

    #[cold]
    fn look_up(&self, text: u32, place: &Cell<Option<Symbol<'s>>>) -> Symbol<'s> {
        let symbol = self.dictionary.find(text_bytes(self.batch, text).unwrap_or_default());
        place.set(Some(symbol));
        symbol
    }
}

/// Places for the meanings of the texts of a batch, of which none has been asked for.
pub(super) fn room_for_symbols<'s>(batch: &Batch) -> Vec<Option<Symbol<'s>>> {
    vec![None; batch.dictionary_offsets.len().saturating_sub(1)]
}
