//! Faults of the rows that ask what the records say: conditions and days that no record gives, numbers that terms cannot set.

use adjudica_core::standing::{CONDITIONS, is_condition, is_date};

use super::Checker;
use crate::tables::document::{Located, Place};
use crate::tables::rows::DATE_OF_SERVICE;

impl Checker<'_> {
    pub(super) fn check_facts(&mut self) {
        self.check_conditions();
        self.check_intervals();
        self.check_parameters();
        self.check_limits();
        for Located { row, place } in &self.document.requirements {
            if row.names().next().is_none() {
                self.fault(*place, "the row names nothing to require; give `info`, or several as `any_of`");
            } else if row.absent && !row.any_of.is_empty() {
                self.fault_at(
                    *place,
                    "any_of",
                    None,
                    "`any_of` goes with what must be there; write a row of `info` for each that must not",
                );
            }
        }
    }

    /// A name with a dot is a condition of the records, and must be one that there is.
    fn check_conditions(&mut self) {
        let document = self.document;
        let mut named: Vec<(Place, &str)> = Vec::new();
        for Located { row, place } in &document.requirements {
            named.extend(row.info.iter().map(|name| (document.spot(*place, "info", None), name.as_str())));
            named.extend(row.any_of.iter().map(|name| (document.spot(*place, "any_of", Some(name)), name.as_str())));
        }
        for (place, when) in document.placed_whens() {
            named.extend(when.info.iter().map(|name| (document.spot(place, "when.info", Some(name)), name.as_str())));
            let without = when.without.iter();
            named.extend(without.map(|name| (document.spot(place, "when.without", Some(name)), name.as_str())));
        }
        for (place, name) in named.into_iter().filter(|(_, name)| name.contains('.') && !is_condition(name)) {
            let table = name.split('.').next().unwrap_or_default();
            let known: Vec<&str> = CONDITIONS
                .iter()
                .map(|(known, _)| *known)
                .filter(|known| known.split('.').next() == Some(table))
                .collect();
            let remedy = match known.as_slice() {
                [] => "a name with a dot must be one, see the table reference".to_owned(),
                known => format!("there are `{}`", known.join("`, `")),
            };
            self.fault(place, format!("`{name}` is not a condition that records give; {remedy}"));
        }
    }

    fn check_intervals(&mut self) {
        for Located { row, place } in &self.document.intervals {
            for (path, name) in [("start", Some(&row.start)), ("end", row.end.as_ref())] {
                let Some(name) = name.filter(|name| name.as_str() != DATE_OF_SERVICE && !is_date(name.as_str())) else {
                    continue;
                };
                let message = format!("`{name}` is not a kind of day that records give; see the table reference");
                self.fault_at(*place, path, None, message);
            }
            if row.dates().next().is_none() {
                self.fault(*place, "the row measures from the date of service to itself; give another day");
            }
            if row.min.is_none() && row.max.is_none() {
                self.fault(*place, "the row has neither `min` nor `max`; give at least one");
            }
        }
    }

    fn check_parameters(&mut self) {
        for (index, Located { row, place }) in self.document.parameters.iter().enumerate() {
            if !(row.min..=row.max).contains(&row.default) {
                self.fault_at(
                    *place,
                    "default",
                    None,
                    format!("the default {} is outside {} to {}; correct one of them", row.default, row.min, row.max),
                );
            }
            if self.document.parameters.iter().take(index).any(|other| other.row.id == row.id) {
                self.fault_at(*place, "id", None, format!("the parameter `{}` is listed twice; keep one", row.id));
            }
        }
    }

    fn check_limits(&mut self) {
        for Located { row, place } in &self.document.limits {
            if row.max == Some(0) && row.effect.is_none() {
                let message =
                    "a limit of 0 refuses every line; give the number, or the `effect` if that is what the source says";
                self.fault_at(*place, "max", None, message);
            }
            if row.together && row.codes.is_none() {
                self.fault_at(
                    *place,
                    "together",
                    None,
                    "`together` goes with `codes`; name the codes that share the count",
                );
            }
            match (&row.max, &row.parameter) {
                (None, None) => self.fault(*place, "the row has neither `max` nor `parameter`; give one"),
                (Some(_), Some(_)) => self.fault(*place, "the row has both `max` and `parameter`; keep one"),
                (None, Some(name))
                    if self.document.is_whole("parameter")
                        && !self.document.parameters.iter().any(|known| known.row.id == *name) =>
                {
                    self.fault_at(
                        *place,
                        "parameter",
                        None,
                        format!("there is no parameter `{name}`; add a `[[parameter]]` or correct the name"),
                    );
                }
                _ => {}
            }
        }
    }
}
