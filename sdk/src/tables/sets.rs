//! `[sets]`: names for lists of codes, roles and the like. A member may be another set, and may hold for some days only.

use std::collections::BTreeMap;
use std::fmt;

use adjudica_core::{DateRange, ServiceDate};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use toml::{Table, Value};

use super::rows::Day;

/// The sets of a policy's tables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sets {
    written: BTreeMap<String, Vec<Member>>,
    /// The names of each set, those of the sets in it included.
    flat: BTreeMap<String, Vec<Member>>,
}

/// A member of a set: a name, or `@` and the name of another set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// The name.
    pub name: String,
    /// The first day on which it belongs to the set; `None` is from ever.
    pub from: Option<ServiceDate>,
    /// The first day after; `None` is for ever.
    pub to: Option<ServiceDate>,
}

impl Member {
    fn always(name: &str) -> Self {
        Self { name: name.to_owned(), from: None, to: None }
    }

    /// Whether it belongs to the set on `day`.
    #[must_use]
    pub fn holds(&self, day: ServiceDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day < to)
    }

    /// Whether it belongs to the set on some days only.
    #[must_use]
    pub fn is_dated(&self) -> bool {
        self.from.is_some() || self.to.is_some()
    }

    /// The set that it stands for.
    #[must_use]
    pub fn set(&self) -> Option<&str> {
        self.name.strip_prefix('@')
    }

    /// Those of `days` on which it belongs to the set; `None` where there is none.
    fn days_of(&self, days: DateRange) -> Option<DateRange> {
        let outer = Self { name: String::new(), from: Some(days.from), to: days.to };
        let Self { from, to, .. } = self.within(&outer)?;
        Some(DateRange { from: from?, to })
    }

    /// The same on those days alone on which `outer` belongs to its own set too; `None` where there is none.
    fn within(&self, outer: &Self) -> Option<Self> {
        let from = self.from.max(outer.from);
        let to = match (self.to, outer.to) {
            (Some(to), Some(other)) => Some(to.min(other)),
            (to, other) => to.or(other),
        };
        let is_empty = from.zip(to).is_some_and(|(from, to)| to <= from);
        (!is_empty).then(|| Self { name: self.name.clone(), from, to })
    }
}

impl Sets {
    pub(super) fn new(written: BTreeMap<String, Vec<Member>>) -> Self {
        let mut sets = Self { written, flat: BTreeMap::new() };
        let names: Vec<String> = sets.written.keys().cloned().collect();
        for name in names {
            let mut flat = Vec::new();
            sets.add(&name, &Member::always(&name), &mut vec![name.clone()], &mut flat);
            sets.flat.insert(name, flat);
        }
        sets
    }

    /// The sets under `[sets]` of tables that were read as values; what cannot be read is left out.
    #[must_use]
    pub fn of_table(sets: &Table) -> Self {
        let members = |list: &Value| {
            let list = list.as_array().into_iter().flatten();
            list.filter_map(|item| Member::deserialize(item.clone()).ok()).collect()
        };
        Self::new(sets.iter().map(|(name, list)| (name.clone(), members(list))).collect())
    }

    /// These sets on top of others: a set of the same name replaces.
    #[must_use]
    pub fn over(self, base: Self) -> Self {
        Self::new(base.written.into_iter().chain(self.written).collect())
    }

    /// Adds the names of the set `name`, as far as they hold with `outer`; `path` are the sets on the way to it.
    fn add(&self, name: &str, outer: &Member, path: &mut Vec<String>, flat: &mut Vec<Member>) {
        for member in self.written.get(name).into_iter().flatten() {
            let Some(held) = member.within(outer) else { continue };
            match member.set() {
                None if !flat.contains(&held) => flat.push(held),
                // A set that comes back to itself adds nothing, and is a fault.
                Some(inner) if !path.iter().any(|known| known == inner) => {
                    path.push(inner.to_owned());
                    self.add(inner, &held, path, flat);
                    path.pop();
                }
                None | Some(_) => {}
            }
        }
    }

    /// The names of the sets.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.written.keys().map(String::as_str)
    }

    /// The members of a set as they are written.
    #[must_use]
    pub fn written(&self, set: &str) -> Option<&[Member]> {
        self.written.get(set).map(Vec::as_slice)
    }

    /// The members of a set, those of the sets in it included.
    #[must_use]
    pub fn members(&self, set: &str) -> Option<&[Member]> {
        self.flat.get(set).map(Vec::as_slice)
    }

    /// The names of `list`, those of sets that it names by `@` included, on whatever day they hold. A set that is not known has none.
    #[must_use]
    pub fn resolve<'s>(&'s self, list: &'s [String]) -> Vec<&'s str> {
        self.resolve_where(list, |_| true)
    }

    /// The same, of those that hold on `day`.
    pub(super) fn resolve_on<'s>(&'s self, list: &'s [String], day: ServiceDate) -> Vec<&'s str> {
        self.resolve_where(list, |member| member.holds(day))
    }

    /// The same, of those that hold on a day of `days`.
    #[must_use]
    pub fn resolve_within<'s>(&'s self, list: &'s [String], days: DateRange) -> Vec<(&'s str, DateRange)> {
        let mut resolved = Vec::new();
        for name in list {
            match name.strip_prefix('@') {
                Some(set) => {
                    let held = self.members(set).into_iter().flatten();
                    resolved.extend(held.filter_map(|member| Some((member.name.as_str(), member.days_of(days)?))));
                }
                None => resolved.push((name.as_str(), days)),
            }
        }
        resolved
    }

    fn resolve_where<'s>(&'s self, list: &'s [String], holds: impl Fn(&Member) -> bool) -> Vec<&'s str> {
        let mut resolved = Vec::new();
        for name in list {
            match name.strip_prefix('@') {
                Some(set) => {
                    let held = self.members(set).into_iter().flatten().filter(|member| holds(member));
                    resolved.extend(held.map(|member| member.name.as_str()));
                }
                None => resolved.push(name.as_str()),
            }
        }
        resolved
    }

    /// Days on which a member begins or ends to belong to its set.
    pub fn days(&self) -> impl Iterator<Item = ServiceDate> {
        self.flat.values().flatten().flat_map(|member| member.from.into_iter().chain(member.to))
    }

    /// The set in which `name` is written, of `set` and those in it.
    pub(super) fn holder<'s>(&'s self, set: &'s str, name: &str) -> &'s str {
        let mut next = vec![set];
        let mut seen = Vec::new();
        while let Some(holder) = next.pop() {
            for member in self.written.get(holder).into_iter().flatten() {
                match member.set() {
                    None if member.name == name => return holder,
                    Some(inner) if !seen.contains(&inner) => {
                        seen.push(inner);
                        next.push(inner);
                    }
                    None | Some(_) => {}
                }
            }
        }
        set
    }

    /// Whether a set comes back to itself.
    pub(super) fn is_circular(&self, set: &str) -> bool {
        let mut next = vec![set];
        let mut seen = Vec::new();
        while let Some(name) = next.pop() {
            for inner in self.written.get(name).into_iter().flatten().filter_map(Member::set) {
                if inner == set {
                    return true;
                }
                if !seen.contains(&inner) {
                    seen.push(inner);
                    next.push(inner);
                }
            }
        }
        false
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dated {
    name: String,
    from: Option<Day>,
    to: Option<Day>,
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OfMember)
    }
}

struct OfMember;

impl<'de> Visitor<'de> for OfMember {
    type Value = Member;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name in quotes, or `{ name = \"...\", from = 2026-03-31 }` for one that holds on some days")
    }

    fn visit_str<E>(self, name: &str) -> Result<Member, E> {
        Ok(Member::always(name))
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Member, A::Error> {
        let Dated { name, from, to } = Dated::deserialize(MapAccessDeserializer::new(fields))?;
        Ok(Member { name, from: from.map(|day| day.0), to: to.map(|day| day.0) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sets(text: &str) -> Sets {
        Sets::of_table(&text.parse().expect("TOML"))
    }

    fn names_on(sets: &Sets, set: &str, day: &str) -> Vec<String> {
        let day = ServiceDate::parse(day).expect("a day");
        let members = sets.members(set).expect("a set").iter();
        members.filter(|member| member.holds(day)).map(|member| member.name.clone()).collect()
    }

    #[test]
    fn it_holds_what_its_sets_hold_on_the_days_of_both() {
        let sets = sets(
            "clinical = [\"RN\", { name = \"RD\", from = 2023-09-20 }]\n\
             all = [\"MSW\", { name = \"@clinical\", from = 2022-01-01, to = 2025-01-01 }, \"@nobody\"]",
        );
        for (day, names) in [
            ("2021-12-31", vec!["MSW"]),
            ("2022-01-01", vec!["MSW", "RN"]),
            ("2023-09-19", vec!["MSW", "RN"]),
            ("2023-09-20", vec!["MSW", "RN", "RD"]),
            ("2025-01-01", vec!["MSW"]),
        ] {
            assert_eq!(names_on(&sets, "all", day), names, "{day}");
        }
        assert_eq!(names_on(&sets, "clinical", "2025-01-01"), ["RN", "RD"]);
    }

    #[test]
    fn it_ends_where_sets_name_each_other() {
        let sets = sets("a = [\"RN\", \"@b\"]\nb = [\"MSW\", \"@a\"]\nc = [\"@a\"]");
        assert_eq!(names_on(&sets, "a", "2024-01-01"), ["RN", "MSW"]);
        assert_eq!(["a", "b", "c"].map(|set| sets.is_circular(set)), [true, true, false]);
    }
}
