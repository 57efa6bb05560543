//! Names in rows: `@set` references resolved, and the vocabularies that become bits.

use std::collections::BTreeMap;

use adjudica_core::ServiceDate;
use adjudica_core::name_set::NameSet;

use crate::image::{Far, MODIFIERS_MAX, NAMES_MAX, PHASES_MAX, When};

use super::Fault;
use super::document::{Document, Located, Place};
use super::rows::WhenRow;
use super::sets::{Member, Sets};

/// Names in the order in which they were first named.
#[derive(Default)]
pub(super) struct Vocabulary {
    names: Vec<String>,
    name_to_position: BTreeMap<String, u32>,
}

impl Vocabulary {
    fn add(&mut self, name: &str) {
        if let Ok(position) = u32::try_from(self.names.len())
            && !self.name_to_position.contains_key(name)
        {
            self.name_to_position.insert(name.to_owned(), position);
            self.names.push(name.to_owned());
        }
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn find(&self, name: &str) -> Option<u32> {
        self.name_to_position.get(name).copied()
    }

    /// The set of `names`; those not in the vocabulary are in none.
    pub(super) fn set<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> NameSet {
        names.into_iter().filter_map(|name| self.find(name)).collect()
    }

    /// The bits of `names` of a vocabulary that has few.
    pub(super) fn bits<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> u32 {
        let positions = names.into_iter().filter_map(|name| self.find(name));
        positions.fold(0, |bits, position| bits | 1_u32.checked_shl(position).unwrap_or(0))
    }
}

/// Every vocabulary of a policy.
#[derive(Default)]
pub(super) struct Vocabularies {
    pub codes: Vocabulary,
    pub roles: Vocabulary,
    pub phases: Vocabulary,
    pub modes: Vocabulary,
    pub places: Vocabulary,
    pub info: Vocabulary,
    pub services: Vocabulary,
    pub modifiers: Vocabulary,
    pub components: Vocabulary,
    pub dates: Vocabulary,
    pub parameters: Vocabulary,
}

impl Vocabularies {
    pub(super) fn collect(document: &Document) -> Self {
        let mut all = Self::default();
        let sets = &document.sets;
        for code in &document.codes {
            all.codes.add(code.row.code.as_str());
            if let Some(service) = &code.row.service {
                all.services.add(service.as_str());
            }
        }
        for staff in &document.staff {
            let row = &staff.row;
            sets.resolve(row.roles.as_deref().unwrap_or_default()).into_iter().for_each(|name| all.roles.add(name));
            sets.resolve(row.phases.as_deref().unwrap_or_default()).into_iter().for_each(|name| all.phases.add(name));
            sets.resolve(row.modes.as_deref().unwrap_or_default()).into_iter().for_each(|name| all.modes.add(name));
        }
        for place in document.places.iter().flat_map(|row| &row.row.places) {
            all.places.add(place.as_str());
        }
        for requirement in &document.requirements {
            requirement.row.names().for_each(|name| all.info.add(name));
        }
        for component in &document.components {
            let row = &component.row;
            row.counts.iter().chain(&row.leaves_out).for_each(|name| all.components.add(name));
        }
        for interval in &document.intervals {
            interval.row.dates().for_each(|name| all.dates.add(name));
        }
        document.parameters.iter().for_each(|row| all.parameters.add(row.row.id.as_str()));
        for modifier in &document.modifiers {
            all.modifiers.add(modifier.row.modifier.as_str());
        }
        document.whens().for_each(|when| all.add_when(sets, when));
        all
    }

    fn add_when(&mut self, sets: &Sets, when: &WhenRow) {
        let lists = [(&when.roles, &mut self.roles), (&when.phases, &mut self.phases), (&when.modes, &mut self.modes)];
        for (list, vocabulary) in lists {
            sets.resolve(list.as_deref().unwrap_or_default()).into_iter().for_each(|name| vocabulary.add(name));
        }
        when.places.iter().flatten().for_each(|place| self.places.add(place.as_str()));
        when.info.iter().chain(&when.without).for_each(|name| self.info.add(name));
    }

    /// Vocabularies with more names than fit: what, how many, how many there may be.
    pub(super) fn overfull(&self) -> Vec<(&'static str, usize, usize)> {
        let all = [
            ("codes", &self.codes, NAMES_MAX),
            ("roles", &self.roles, NAMES_MAX),
            ("phases", &self.phases, PHASES_MAX),
            ("modes", &self.modes, PHASES_MAX),
            ("places", &self.places, NAMES_MAX),
            ("kinds of supporting information", &self.info, NAMES_MAX),
            ("kinds of work", &self.services, NAMES_MAX),
            ("modifiers", &self.modifiers, MODIFIERS_MAX),
            ("components", &self.components, NAMES_MAX),
            ("kinds of days", &self.dates, NAMES_MAX),
            ("parameters", &self.parameters, NAMES_MAX),
        ];
        let counted = all.into_iter().map(|(what, vocabulary, max)| (what, vocabulary.names.len(), max));
        counted.filter(|(_, count, max)| count > max).collect()
    }

    /// Bits `phase * 8 + mode` of these phases and modes; `None` means any, named or not.
    pub(super) fn phase_modes(&self, phases: Option<&[&str]>, modes: Option<&[&str]>) -> u64 {
        let phase_bits = phases.map_or(0xFF, |names| self.phases.bits(names.iter().copied()));
        let mode_bits = u64::from(modes.map_or(0xFF, |names| self.modes.bits(names.iter().copied())));
        (0..8)
            .filter(|phase| phase_bits >> phase & 1 == 1)
            .fold(0, |bits, phase| bits | (mode_bits & 0xFF) << (phase * 8))
    }

    /// `when` on a day.
    pub(super) fn when(&self, sets: &Sets, when: Option<&WhenRow>, day: ServiceDate) -> When {
        let Some(when) = when else { return When::ALWAYS };
        let roles = when.roles.as_deref().map(|names| sets.resolve_on(names, day));
        let phases = when.phases.as_deref().map(|names| sets.resolve_on(names, day));
        let modes = when.modes.as_deref().map(|names| sets.resolve_on(names, day));
        let names = Far {
            roles: roles.map_or(NameSet::EVERY, |names| self.roles.set(names)),
            places: when
                .places
                .as_ref()
                .map_or(NameSet::EVERY, |places| self.places.set(places.iter().map(|place| place.as_str()))),
            info: self.info.set(when.info.iter().map(String::as_str)),
            without: self.info.set(when.without.iter().map(String::as_str)),
        };
        let minutes = when.minutes_min.unwrap_or(0)..=when.minutes_max.unwrap_or(u32::MAX);
        When::of(names, self.phase_modes(phases.as_deref(), modes.as_deref()), minutes)
    }
}

impl Document {
    /// Every `when` of the document, with the place of its row.
    fn whens_mut(&mut self) -> impl Iterator<Item = (Place, &mut WhenRow)> {
        let requirements = self.requirements.iter_mut().map(|row| (row.place, row.row.when.as_mut()));
        let modifiers = self.modifiers.iter_mut().map(|row| (row.place, row.row.when.as_mut()));
        let rows = self.report_only.iter_mut().chain(&mut self.notices);
        let rows = rows.map(|row| (row.place, row.row.when.as_mut()));
        let counted = self.limits.iter_mut().map(|row| (row.place, row.row.when.as_mut()));
        let excluded = self.exclusions.iter_mut().map(|row| (row.place, row.row.when.as_mut()));
        let needed = self.prerequisites.iter_mut().map(|row| (row.place, row.row.when.as_mut()));
        let measured = self.intervals.iter_mut().map(|row| (row.place, row.row.when.as_mut()));
        let permitted = self.authorizations.iter_mut().map(|row| (row.place, row.row.when.as_mut()));
        let history = counted.chain(excluded).chain(needed);
        let all = requirements.chain(modifiers).chain(rows).chain(history).chain(measured).chain(permitted);
        all.filter_map(|(place, when)| Some((place, when?)))
    }

    /// Puts the names of sets where lists of facts of the record say `@name`. One that is not known stays, and is a fault; so is one
    /// whose members have days, which such a list has not.
    pub(super) fn spread_sets(&mut self) -> Vec<Fault> {
        let sets = self.sets.clone();
        let mut dated: Vec<(Place, String)> = Vec::new();
        let mut spread = |place: Place, list: &mut Vec<String>| {
            for name in list.iter() {
                let members = name.strip_prefix('@').and_then(|set| sets.members(set));
                if members.is_some_and(|members| members.iter().any(Member::is_dated)) {
                    dated.push((place, name.clone()));
                }
            }
            let named = |name: &String| match name.strip_prefix('@').and_then(|set| sets.members(set)) {
                Some(members) => members.iter().map(|member| member.name.clone()).collect(),
                None => vec![name.clone()],
            };
            *list = list.iter().flat_map(named).collect();
        };
        self.requirements.iter_mut().for_each(|row| spread(row.place, &mut row.row.any_of));
        for Located { row, place } in &mut self.components {
            spread(*place, &mut row.counts);
            spread(*place, &mut row.leaves_out);
        }
        for (place, when) in self.whens_mut() {
            spread(place, &mut when.info);
            spread(place, &mut when.without);
        }
        let told = |(place, name): (Place, String)| {
            let message = format!(
                "the set `{name}` has members for some days only, which a list of what the record shows cannot have; write a row for each of its times"
            );
            self.fault(place, &message)
        };
        dated.into_iter().map(told).collect()
    }

    pub(super) fn whens(&self) -> impl Iterator<Item = &WhenRow> {
        self.placed_whens().map(|(_, when)| when)
    }

    /// Every `when`, with the place of its row.
    pub(super) fn placed_whens(&self) -> impl Iterator<Item = (Place, &WhenRow)> {
        let requirements = self.requirements.iter().map(|row| (row.place, row.row.when.as_ref()));
        let modifiers = self.modifiers.iter().map(|row| (row.place, row.row.when.as_ref()));
        let rows = self.report_only.iter().chain(&self.notices).map(|row| (row.place, row.row.when.as_ref()));
        let counted = self.limits.iter().map(|row| (row.place, row.row.when.as_ref()));
        let excluded = self.exclusions.iter().map(|row| (row.place, row.row.when.as_ref()));
        let needed = self.prerequisites.iter().map(|row| (row.place, row.row.when.as_ref()));
        let measured = self.intervals.iter().map(|row| (row.place, row.row.when.as_ref()));
        let permitted = self.authorizations.iter().map(|row| (row.place, row.row.when.as_ref()));
        let history = counted.chain(excluded).chain(needed);
        let all = requirements.chain(modifiers).chain(rows).chain(history).chain(measured).chain(permitted);
        all.filter_map(|(place, when)| Some((place, when?)))
    }
}
