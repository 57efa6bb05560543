//! Faults of meaning in `policy.toml`: names that lead nowhere, refusals without a source, rows that contradict each other.

mod contradictions;
mod denials;
mod facts;
mod lists;
mod staff;

use std::collections::{BTreeMap, BTreeSet};

use adjudica_core::manifest::Confidence;
use adjudica_core::{DateRange, Effect, ProcedureCode, Token};

use super::Fault;
use super::document::{Document, Located, Place};
use super::names::Vocabularies;
use super::rows::{Common, Row, WindowName};
use super::rulebook::TABLES;
use super::sets::Member;
use lists::{AreCodes, Listed};

/// Every fault of meaning.
pub(super) fn check(document: &Document) -> Vec<Fault> {
    let mut checker = Checker { document, faults: Vec::new() };
    checker.check_policy();
    checker.check_sources();
    checker.check_rows();
    checker.check_lists();
    checker.check_numbers();
    checker.check_single_rows();
    checker.check_facts();
    checker.check_staff();
    checker.check_contradictions();
    checker.check_denials();
    checker.faults
}

/// Most cents of one unit where the policy does not say.
const CENTS_MAX: i64 = 1_000_000;

struct Checker<'d> {
    document: &'d Document,
    faults: Vec<Fault>,
}

impl<'d> Checker<'d> {
    fn fault(&mut self, place: Place, message: impl Into<String>) {
        self.faults.push(self.document.fault(place, &message.into()));
    }

    /// A fault of a value of the row at `place`: the one at `path` that says `text`, where that is given.
    fn fault_at(&mut self, place: Place, path: &str, text: Option<&str>, message: impl Into<String>) {
        self.fault(self.document.spot(place, path, text), message);
    }

    fn check_policy(&mut self) {
        let Located { row, place } = &self.document.policy;
        let ranges: Vec<_> =
            row.in_force.iter().map(|period| DateRange { from: period.from.0, to: period.to.map(|to| to.0) }).collect();
        for (index, range) in ranges.iter().enumerate() {
            let path = format!("in_force[{index}]");
            if let Err(fault) = DateRange::new(range.from, range.to) {
                self.fault_at(*place, &path, None, format!("{path}: {fault}"));
            }
            if ranges.iter().take(index).any(|earlier| earlier.overlaps(range)) {
                let message = format!("{path} overlaps an earlier period; let one end where the next begins");
                self.fault_at(*place, &path, None, message);
            }
        }
        if self.document.codes.is_empty() && self.document.is_whole("code") {
            self.fault(*place, "there is no `[[code]]`; list the codes this payer knows");
        }
        if self.document.unknown_code.is_none() && self.document.is_whole("unknown_code") {
            self.fault(
                *place,
                "there is no `[unknown_code]`; say by which source a code that is not listed is refused",
            );
        }
        for (what, count, max) in Vocabularies::collect(self.document).overfull() {
            self.fault(*place, format!("the policy names {count} {what}; at most {max} fit in one policy, split it"));
        }
    }

    fn check_sources(&mut self) {
        let mut seen = BTreeSet::new();
        for Located { row, place } in &self.document.sources {
            if !seen.insert(row.id.clone()) {
                self.fault(*place, format!("the source `{}` is listed twice; keep one", row.id));
            }
        }
        let mut seen = BTreeSet::new();
        for Located { row, place } in &self.document.assumptions {
            if !seen.insert(row.id.clone()) {
                self.fault(*place, format!("the assumption `{}` is listed twice; keep one", row.id));
            }
        }
    }

    /// What every row must keep: an id of its own, dates that hold a day, a source that bears its effect.
    fn check_rows(&mut self) {
        let mut ids: BTreeMap<Token, Place> = BTreeMap::new();
        for (table, place, common) in self.document.all_rows() {
            match &common.id {
                None => {
                    self.fault(
                        place,
                        format!("this `{table}` row has no `id`; give it one, findings name rules by it"),
                    );
                }
                Some(id) => {
                    if let Some(first) = ids.insert(id.clone(), place) {
                        let first = self.document.line_of(first);
                        let message = format!("the id `{id}` is already used in {first}; give each row its own");
                        self.fault_at(place, "id", None, message);
                    }
                }
            }
            if let (Some(from), Some(to)) = (common.from, common.to)
                && let Err(fault) = DateRange::new(from.0, Some(to.0))
            {
                self.fault_at(place, "to", None, fault.to_string());
            }
            self.check_source(table, place, &common);
            for assumption in common.assumes.iter().filter(|_| self.document.is_whole("assumption")) {
                if !self.document.assumptions.iter().any(|known| known.row.id == *assumption) {
                    let message =
                        format!("there is no assumption `{assumption}`; add an `[[assumption]]` or correct the name");
                    self.fault_at(place, "assumes", Some(assumption.as_str()), message);
                }
            }
        }
    }

    fn check_source(&mut self, table: &str, place: Place, common: &Common) {
        let default_effect =
            TABLES.iter().find(|defaults| defaults.table == table).map_or(Effect::Note, |defaults| defaults.effect);
        let effect = common.effect.unwrap_or(default_effect);
        let refuses = matches!(effect, Effect::NotBillable | Effect::Incomplete | Effect::ReportOnly);
        let source = match &common.source {
            None if refuses && table != "rate" => {
                let message = "a row that can refuse, hold or pay nothing needs a `source`; without one its effect may be `review` or `note`";
                return self.fault(place, message);
            }
            None => return,
            Some(id) => id,
        };
        match self.document.sources.iter().find(|known| known.row.id == *source) {
            None if self.document.is_whole("source") => {
                let message = format!("there is no source `{source}`; add a `[[source]]` or correct the name");
                self.fault_at(place, "source", None, message);
            }
            Some(known) if refuses && known.row.confidence == Confidence::Low => {
                let message =
                    format!("the source `{source}` is of low confidence: it may warn (`review` or `note`), not refuse");
                self.fault_at(place, "source", None, message);
            }
            None | Some(_) => {}
        }
    }

    /// Lists of codes and names: sets that exist, codes that are declared, one row of a kind for a code and day.
    fn check_lists(&mut self) {
        let document = self.document;
        for Listed { place, path, names, are_codes } in document.all_lists() {
            for name in names {
                let at = document.spot(place, path, Some(name));
                match name.strip_prefix('@') {
                    None => self.check_name(at, name, are_codes),
                    Some(set) => match document.sets.members(set) {
                        Some(members) => self.check_members(set, members, are_codes),
                        None => self.unknown_set(at, set),
                    },
                }
            }
        }
        for set in document.sets.names() {
            self.check_set(set);
        }
        self.check_one_row_a_day();
    }

    /// The names of a set, where a list names it.
    fn check_members(&mut self, set: &str, members: &[Member], are_codes: AreCodes) {
        let document = self.document;
        for member in members {
            // A name of a set within the set stands in that one.
            let at = self.spot_in_set(document.sets.holder(set, &member.name), &member.name);
            self.check_name(at, &member.name, are_codes);
        }
    }

    /// The place of a member of a set.
    fn spot_in_set(&self, set: &str, member: &str) -> Place {
        let document = self.document;
        let place = document.set_places.get(set).copied().unwrap_or(document.policy.place);
        let written = document.sets.written(set).into_iter().flatten();
        let dated = written.enumerate().find(|(_, own)| own.name == member && own.is_dated());
        match dated {
            Some((index, _)) => document.spot(place, &format!("{set}[{index}].name"), None),
            None => document.spot(place, set, Some(member)),
        }
    }

    fn unknown_set(&mut self, at: Place, set: &str) {
        if self.document.is_whole("sets") {
            self.fault(at, format!("there is no set `@{set}`; add it under `[sets]` or correct the name"));
        }
    }

    /// Sets that come back to themselves, that are not there, and members whose days hold none.
    fn check_set(&mut self, set: &str) {
        let document = self.document;
        for (index, member) in document.sets.written(set).into_iter().flatten().enumerate() {
            let at = self.spot_in_set(set, &member.name);
            match member.set() {
                Some(inner) if document.sets.written(inner).is_none() => self.unknown_set(at, inner),
                Some(inner) if inner == set || document.sets.is_circular(set) && document.sets.is_circular(inner) => {
                    let message =
                        format!("the set `@{set}` holds `@{inner}`, which leads back to it; take one of them out");
                    self.fault(at, message);
                }
                _ => {}
            }
            if let Some((from, to)) = member.from.zip(member.to)
                && let Err(fault) = DateRange::new(from, Some(to))
            {
                let place = document.set_places.get(set).copied().unwrap_or(document.policy.place);
                self.fault_at(place, &format!("{set}[{index}].to"), None, fault.to_string());
            }
        }
    }

    fn check_name(&mut self, place: Place, name: &str, are_codes: AreCodes) {
        match (are_codes, ProcedureCode::parse(name)) {
            (AreCodes::Yes, Ok(code)) => self.check_declared(place, code),
            (AreCodes::Yes, Err(fault)) => self.fault(place, fault.to_string()),
            (AreCodes::No, _) => {
                Token::parse(name).err().into_iter().for_each(|fault| self.fault(place, fault.to_string()));
            }
        }
    }

    fn check_declared(&mut self, place: Place, code: ProcedureCode) {
        let is_known = self.document.codes.iter().any(|known| known.row.code == code);
        if !is_known && self.document.is_whole("code") {
            self.fault(place, format!("the code `{code}` has no `[[code]]` row; add one or correct the code"));
        }
    }

    /// Tables that give a code one answer may not give two for the same day.
    fn check_one_row_a_day(&mut self) {
        let document = self.document;
        let days = |common: &Common| document.range(common);
        let codes = document.codes.iter().map(|row| {
            let common = row.row.common();
            ("code", row.place, vec![(row.row.code.as_str(), days(&common))])
        });
        let units = document.units.iter().map(|row| {
            let held = document.sets.resolve_within(&row.row.codes, days(&row.row.common()));
            ("units", row.place, held)
        });
        let rates = document.rates.iter().map(|row| {
            let held = document.sets.resolve_within(&row.row.codes, days(&row.row.common()));
            ("rate", row.place, held)
        });
        let rows: Vec<_> = codes.chain(units).chain(rates).collect();
        for (index, (table, place, codes)) in rows.iter().enumerate() {
            for (other_table, other_place, others) in rows.iter().take(index) {
                let shared = codes.iter().find(|(code, days)| {
                    others.iter().any(|(other, other_days)| code == other && days.overlaps(other_days))
                });
                if let Some((code, _)) = shared
                    && table == other_table
                {
                    let message = format!(
                        "`{code}` has another `{table}` row for some of these days in {}; end one of them",
                        document.line_of(*other_place)
                    );
                    self.fault_at(*place, if *table == "code" { "code" } else { "codes" }, Some(code), message);
                }
            }
        }
    }

    fn check_numbers(&mut self) {
        let document = self.document;
        for Located { row, place } in document.minutes.iter().chain(&document.group_sizes) {
            if row.min.is_none() && row.max.is_none() {
                self.fault(*place, "the row has neither `min` nor `max`; give at least one");
            }
            if row.min.unwrap_or(0) > row.max.unwrap_or(u32::MAX) {
                self.fault_at(*place, "min", None, "`min` is above `max`, so that nothing fits; correct one of them");
            }
        }
        let roundings = document.units.iter().map(|row| (row.place, &row.row.rounding));
        let roundings: Vec<_> =
            roundings.chain(document.add_ons.iter().map(|row| (row.place, &row.row.rounding))).collect();
        for (place, rounding) in roundings {
            if let Some(fault) = rounding.fault() {
                self.fault_at(place, "rounding", None, fault);
            }
        }
        let windows = document.limits.iter().map(|row| (row.place, row.row.window, row.row.days));
        let windows = windows.chain(document.exclusions.iter().map(|row| (row.place, row.row.window, row.row.days)));
        let windows = windows.chain(document.prerequisites.iter().map(|row| (row.place, row.row.window, row.row.days)));
        let over = document.units.iter().filter_map(|row| Some((row.place, row.row.over?, row.row.days)));
        let windows: Vec<_> = windows.chain(over).collect();
        for (place, window, days) in windows {
            match (window == WindowName::RollingDays, days) {
                (true, None) => self.fault(place, "a window of `rolling_days` needs `days`, 1 or more"),
                (true, Some(0)) => {
                    self.fault_at(place, "days", None, "a window of `rolling_days` needs `days`, 1 or more");
                }
                (false, Some(_)) => self.fault_at(
                    place,
                    "days",
                    None,
                    "`days` goes with a window of `rolling_days` only; take it out or correct the window",
                ),
                _ => {}
            }
        }
        for Located { row, place } in &document.filing {
            match (row.days, row.years) {
                (None, None) => self.fault(*place, "the row has neither `days` nor `years`; give the payer's term"),
                (Some(_), Some(_)) => {
                    self.fault(*place, "the row has both `days` and `years`; keep the payer's own word");
                }
                (None, Some(0)) => self.fault_at(*place, "years", None, "`years` is 0; a term in years is 1 or more"),
                (Some(_), None) | (None, Some(_)) => {}
            }
        }
        let cents_max = document.policy.row.cents_max.unwrap_or(CENTS_MAX);
        for Located { row, place } in &document.rates {
            if row.cents.is_some_and(|cents| cents > cents_max) {
                let message = format!(
                    "a unit of more than {cents_max} cents is taken for a slip; correct `cents`, or raise `cents_max` in `[policy]`"
                );
                self.fault_at(*place, "cents", None, message);
            }
            match (row.cents, row.terms) {
                (Some(_), true) => self.fault(*place, "the row has both `cents` and `terms`; keep one"),
                (None, false) => self.fault(*place, "the row has neither `cents` nor `terms = true`; give one"),
                (Some(cents), false) if cents < 0 => {
                    self.fault_at(*place, "cents", None, "`cents` is below zero; give 0 or more");
                }
                (Some(_), false) if row.source.is_none() => self.fault(*place, "a rate in cents needs a `source`"),
                _ => {}
            }
        }
    }

    fn check_single_rows(&mut self) {
        for Located { row, place } in &self.document.add_ons {
            self.check_declared(self.document.spot(*place, "code", None), row.code);
            self.check_declared(self.document.spot(*place, "primary", None), row.primary);
        }
    }
}

impl Document {
    /// The days that a row holds for; the policy's first day, and no end, where it does not say.
    pub(super) fn range(&self, common: &Common) -> DateRange {
        let first = self.policy.row.in_force.iter().map(|period| period.from.0).min();
        let from = common.from.map(|day| day.0).or(first).unwrap_or(adjudica_core::ServiceDate::from_days(0));
        DateRange { from, to: common.to.map(|day| day.0) }
    }

    /// Every row that can speak: its table, place and common part.
    pub(super) fn all_rows(&self) -> Vec<(&'static str, Place, Common)> {
        let mut all = Vec::new();
        fn add<T: Row>(all: &mut Vec<(&'static str, Place, Common)>, table: &'static str, rows: &[Located<T>]) {
            all.extend(rows.iter().map(|row| (table, row.place, row.row.common())));
        }
        add(&mut all, "code", &self.codes);
        add(&mut all, "staff", &self.staff);
        add(&mut all, "minutes", &self.minutes);
        add(&mut all, "group_size", &self.group_sizes);
        add(&mut all, "units", &self.units);
        add(&mut all, "add_on", &self.add_ons);
        add(&mut all, "place", &self.places);
        add(&mut all, "limit", &self.limits);
        add(&mut all, "exclude", &self.exclusions);
        add(&mut all, "prerequisite", &self.prerequisites);
        for Located { row, place } in &self.requirements {
            all.push((if row.absent { "forbid" } else { "require" }, *place, row.common()));
        }
        add(&mut all, "modifier", &self.modifiers);
        add(&mut all, "rate", &self.rates);
        add(&mut all, "report_only", &self.report_only);
        add(&mut all, "filing", &self.filing);
        add(&mut all, "notice", &self.notices);
        add(&mut all, "custom", &self.custom);
        add(&mut all, "diagnosis", &self.diagnoses);
        add(&mut all, "component", &self.components);
        add(&mut all, "interval", &self.intervals);
        add(&mut all, "authorization", &self.authorizations);
        add(&mut all, "unknown_code", self.unknown_code.as_slice());
        add(&mut all, "outside_dates", self.outside_dates.as_slice());
        add(&mut all, "unknown_service", self.unknown_service.as_slice());
        add(&mut all, "unknown_modifier", self.unknown_modifier.as_slice());
        all
    }
}
