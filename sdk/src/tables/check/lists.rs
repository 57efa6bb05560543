//! Every list of codes or names in a document, with its row and its key, so that a check of names looks at all of them.

use crate::tables::document::{Document, Located, Place};

/// Whether a list holds codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AreCodes {
    Yes,
    No,
}

/// A list in a row.
pub(super) struct Listed<'d> {
    /// Where the row stands.
    pub place: Place,
    /// Keys from the row to the list.
    pub path: &'static str,
    pub names: &'d [String],
    pub are_codes: AreCodes,
}

impl Document {
    /// Every list of codes or names.
    pub(super) fn all_lists(&self) -> Vec<Listed<'_>> {
        let mut lists = Lists { all: Vec::new() };
        for Located { row, place } in &self.staff {
            lists.codes(*place, &row.codes);
            lists.names(*place, "roles", row.roles.as_deref());
            lists.names(*place, "phases", row.phases.as_deref());
            lists.names(*place, "modes", row.modes.as_deref());
        }
        for Located { row, place } in self.minutes.iter().chain(&self.group_sizes) {
            lists.codes(*place, &row.codes);
        }
        for Located { row, place } in &self.units {
            lists.codes(*place, &row.codes);
            lists.add(*place, "with", &row.with, AreCodes::Yes);
        }
        for Located { row, place } in &self.diagnoses {
            lists.codes(*place, &row.codes);
            lists.names(*place, "any_of", Some(&row.any_of));
        }
        for Located { row, place } in &self.components {
            lists.codes(*place, &row.codes);
            lists.names(*place, "counts", Some(&row.counts));
            lists.names(*place, "leaves_out", Some(&row.leaves_out));
        }
        for Located { row, place } in &self.exclusions {
            lists.codes(*place, &row.codes);
            lists.add(*place, "with", &row.with, AreCodes::Yes);
        }
        for Located { row, place } in &self.prerequisites {
            lists.codes(*place, &row.codes);
            lists.add(*place, "any_of", &row.any_of, AreCodes::Yes);
        }
        for Located { row, place } in &self.requirements {
            lists.codes(*place, row.codes.as_deref().unwrap_or_default());
            lists.names(*place, "any_of", Some(&row.any_of));
        }
        self.intervals.iter().for_each(|row| lists.codes(row.place, &row.row.codes));
        self.authorizations.iter().for_each(|row| lists.codes(row.place, &row.row.codes));
        self.places.iter().for_each(|row| lists.codes(row.place, &row.row.codes));
        self.modifiers.iter().for_each(|row| lists.codes(row.place, &row.row.codes));
        self.rates.iter().for_each(|row| lists.codes(row.place, &row.row.codes));
        let limits = self.limits.iter().map(|row| (row.place, &row.row.codes));
        let rest = self.report_only.iter().chain(&self.notices).map(|row| (row.place, &row.row.codes));
        let filing = self.filing.iter().map(|row| (row.place, &row.row.codes));
        for (place, codes) in limits.chain(rest).chain(filing) {
            lists.codes(place, codes.as_deref().unwrap_or_default());
        }
        for (place, when) in self.placed_whens() {
            lists.names(place, "when.roles", when.roles.as_deref());
            lists.names(place, "when.phases", when.phases.as_deref());
            lists.names(place, "when.modes", when.modes.as_deref());
            lists.names(place, "when.info", Some(&when.info));
            lists.names(place, "when.without", Some(&when.without));
        }
        lists.all
    }
}

struct Lists<'d> {
    all: Vec<Listed<'d>>,
}

impl<'d> Lists<'d> {
    fn codes(&mut self, place: Place, names: &'d [String]) {
        self.add(place, "codes", names, AreCodes::Yes);
    }

    fn names(&mut self, place: Place, path: &'static str, names: Option<&'d [String]>) {
        self.add(place, path, names.unwrap_or_default(), AreCodes::No);
    }

    fn add(&mut self, place: Place, path: &'static str, names: &'d [String], are_codes: AreCodes) {
        self.all.push(Listed { place, path, names, are_codes });
    }
}
