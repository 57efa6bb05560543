//! The values that a policy's tables speak of, by what they are values of: where its boundaries lie.

use std::collections::BTreeSet;

use adjudica_core::{PlaceOfService, ServiceDate, Token};
use adjudica_questions::why_not::Candidates;
use adjudica_sdk::tables::{Sets, SpelledOut};
use toml::Value;

use crate::Subject;

/// A role, phase or mode that no table names.
pub(crate) const UNNAMED: &str = "unnamed";

/// Values of the tables.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    pub(crate) codes: BTreeSet<String>,
    pub(crate) roles: BTreeSet<String>,
    pub(crate) phases: BTreeSet<String>,
    pub(crate) modes: BTreeSet<String>,
    pub(crate) places: BTreeSet<String>,
    pub(crate) modifiers: BTreeSet<String>,
    /// Documents and conditions that are asked for.
    pub(crate) infos: BTreeSet<String>,
    pub(crate) diagnoses: BTreeSet<String>,
    /// Kinds of days that intervals run between.
    pub(crate) day_kinds: BTreeSet<String>,
    /// Kinds of work that components count or leave out.
    pub(crate) components: BTreeSet<String>,
    /// Days on which something begins or ends.
    pub(crate) days: BTreeSet<ServiceDate>,
    pub(crate) minutes: BTreeSet<u32>,
    pub(crate) group_sizes: BTreeSet<u32>,
    /// Most lines, units or minutes of limits.
    pub(crate) limits: BTreeSet<u32>,
    /// Days that windows look back, intervals last and filing takes.
    pub(crate) spans: BTreeSet<u32>,
}

impl Vocabulary {
    pub(crate) fn of(subject: &Subject) -> Self {
        let mut found = Self::default();
        let below = subject.below.keys().filter_map(|path| subject.spelled_out_below(path));
        for SpelledOut { root, .. } in subject.spelled_out().into_iter().chain(below) {
            let sets = root.get("sets").and_then(Value::as_table).map(Sets::of_table).unwrap_or_default();
            found.days.extend(sets.days());
            for (table, value) in root.iter().filter(|(table, _)| *table != "sets") {
                found.collect(table, "", value, &sets);
            }
        }
        // What no row names is judged too.
        for names in [&mut found.roles, &mut found.phases, &mut found.modes] {
            names.insert(UNNAMED.to_owned());
        }
        for table in ["minutes", "limits"] {
            let numbers = if table == "minutes" { &mut found.minutes } else { &mut found.limits };
            let beside: Vec<u32> =
                numbers.iter().flat_map(|number| [number.saturating_sub(1), number.saturating_add(1)]).collect();
            numbers.extend(beside);
        }
        found
    }

    fn collect(&mut self, table: &str, key: &str, value: &Value, sets: &Sets) {
        match value {
            Value::Table(items) => items.iter().for_each(|(key, value)| self.collect(table, key, value, sets)),
            Value::Array(items) => items.iter().for_each(|item| self.collect(table, key, item, sets)),
            Value::String(text) => match text.strip_prefix('@').and_then(|set| sets.members(set)) {
                Some(members) => members.iter().for_each(|member| self.add_text(table, key, &member.name)),
                None => self.add_text(table, key, text),
            },
            Value::Integer(number) => {
                if let Ok(number) = u32::try_from(*number) {
                    self.add_number(table, key, number);
                }
            }
            Value::Datetime(day) => self.days.extend(ServiceDate::parse(&day.to_string()).ok()),
            Value::Float(_) | Value::Boolean(_) => {}
        }
    }

    fn add_text(&mut self, table: &str, key: &str, text: &str) {
        let names = match (table, key) {
            ("diagnosis", "any_of") => &mut self.diagnoses,
            ("interval", "start" | "end") => &mut self.day_kinds,
            ("component", "counts" | "leaves_out") => &mut self.components,
            ("require", "info" | "any_of") | (_, "info" | "without") => &mut self.infos,
            (_, "code" | "codes" | "primary") | ("exclude" | "units", "with") | ("prerequisite", "any_of") => {
                &mut self.codes
            }
            // `roles = "any"` of a code is no name of a role.
            ("code", "roles") => return,
            (_, "roles") => &mut self.roles,
            (_, "phases") => &mut self.phases,
            (_, "modes") => &mut self.modes,
            (_, "places") => &mut self.places,
            ("modifier", "modifier") => &mut self.modifiers,
            _ => return,
        };
        names.insert(text.to_owned());
    }

    fn add_number(&mut self, table: &str, key: &str, number: u32) {
        match (table, key) {
            ("group_size", _) => {
                self.group_sizes.extend([number.saturating_sub(1), number, number.saturating_add(1)]);
            }
            ("limit", "max") => self.limits.extend([number]),
            (_, "days") | ("interval", "min" | "max") => self.spans.extend([number]),
            (_, "years") => self.spans.extend([number.saturating_mul(366)]),
            ("minutes" | "units" | "add_on", _) | (_, "minutes_min" | "minutes_max") => self.minutes.extend([number]),
            _ => {}
        }
    }
}

/// The roles, phases, modes and places that the tables speak of, to be tried where an encounter is not billable.
#[must_use]
pub fn candidates(subject: &Subject) -> Candidates {
    let found = Vocabulary::of(subject);
    let tokens = |names: &BTreeSet<String>| {
        names.iter().filter(|name| *name != UNNAMED).filter_map(|name| Token::parse(name).ok()).collect()
    };
    Candidates {
        roles: tokens(&found.roles),
        phases: tokens(&found.phases),
        modes: tokens(&found.modes),
        places: found.places.iter().filter_map(|place| PlaceOfService::parse(place).ok()).collect(),
    }
}
