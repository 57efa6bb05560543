//! Makes the image's dictionary out of the names that rules speak of. Looking up is the image's.

use std::collections::BTreeMap;

use crate::image::dictionary::{ABSENT, Dictionary, KINDS};
use crate::image::{ImageFault, Words};

use super::names::Vocabularies;

/// A dictionary's parts while it is made.
#[derive(Debug, Default)]
pub(super) struct DictionaryBytes {
    offsets: Vec<u8>,
    bytes: Vec<u8>,
    symbols: Vec<u8>,
}

impl DictionaryBytes {
    /// The dictionary of `names`.
    /// # Errors
    /// [`ImageFault`] when a list has more names than a symbol can tell apart.
    pub(super) fn of(names: &Vocabularies) -> Result<Self, ImageFault> {
        let lists = [
            &names.codes,
            &names.roles,
            &names.phases,
            &names.modes,
            &names.places,
            &names.info,
            &names.services,
            &names.modifiers,
            &names.components,
            &names.dates,
            &names.parameters,
        ];
        let mut known: BTreeMap<(usize, &str), [u16; KINDS]> = BTreeMap::new();
        for (kind, list) in lists.into_iter().enumerate() {
            for (index, name) in list.names().iter().enumerate() {
                let symbol = known.entry((name.len(), name.as_str())).or_insert([ABSENT; KINDS]);
                let meaning = symbol.get_mut(kind).ok_or(ImageFault)?;
                *meaning = u16::try_from(index).ok().filter(|index| *index != ABSENT).ok_or(ImageFault)?;
            }
        }
        let mut offsets = vec![0];
        let mut made = Self::default();
        for ((_, name), symbol) in known {
            made.bytes.extend_from_slice(name.as_bytes());
            offsets.push(u32::try_from(made.bytes.len()).map_err(|_| ImageFault)?);
            made.symbols.extend(symbol.iter().flat_map(|position| position.to_le_bytes()));
        }
        made.offsets = Words::encode(offsets);
        Ok(made)
    }

    pub(super) fn borrowed(&self) -> Dictionary<'_> {
        Dictionary { offsets: Words::new(&self.offsets), bytes: &self.bytes, symbols: &self.symbols }
    }
}
