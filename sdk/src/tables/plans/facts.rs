//! The rows that look at what the records say: requirements, diagnoses, components, days between, authorizations, minutes that add up.

use std::borrow::Cow;

use adjudica_core::manifest::SubjectKind;
use adjudica_core::{DateRange, Effect, RuleKind, Token};

use super::{PlanBuilder, per_bits, window};
use crate::image::{Accumulate, Authorization, Components, Diagnoses, Interval, NONE, Requirement};
use crate::tables::rows::{Common, DATE_OF_SERVICE, InfoKind, RequireRow, UnitsRow};
use crate::tables::rulebook::Variant;

impl PlanBuilder<'_, '_> {
    pub(super) fn requirements(&mut self) -> Vec<Requirement> {
        let mut requirements = Vec::new();
        for (row, common, range) in self.mine(&self.document.requirements, |row| row.codes.as_deref()) {
            requirements.push(Requirement {
                when: self.when(row.when.as_ref()),
                info: self.names.info.set(row.names()),
                absent: row.absent,
                rule: {
                    let table = if row.absent { "forbid" } else { "require" };
                    self.book.rule(table, &common, range, words_of_requirement(row, &common))
                },
            });
        }
        requirements
    }

    pub(super) fn diagnoses(&mut self) -> Vec<Diagnoses<'static>> {
        let mut diagnoses = Vec::new();
        for (row, common, range) in self.mine(&self.document.diagnoses, |row| Some(&row.codes)) {
            let prefixes: Vec<String> = self
                .document
                .sets
                .resolve_on(&row.any_of, self.day)
                .into_iter()
                .map(|code| code.replace('.', ""))
                .collect();
            let min = row.min.unwrap_or(1);
            // One diagnosis of any kind: that none is given is all that can be said.
            let judges = min > 1 || !prefixes.is_empty();
            diagnoses.push(Diagnoses {
                prefixes: Cow::Owned(prefixes.join("\n")),
                min,
                rule: if judges { self.book.rule("diagnosis", &common, range, Variant::default()) } else { NONE },
                missing_rule: self.missing_rule("diagnosis", &common, range, "diagnoses"),
            });
        }
        diagnoses
    }

    pub(super) fn components(&mut self) -> Vec<Components> {
        let mut components = Vec::new();
        for (row, common, range) in self.mine(&self.document.components, |row| Some(&row.codes)) {
            // What is said of a kind of work that the policy does not name.
            let subject = Some((SubjectKind::Information, "other".to_owned()));
            let variant = Variant { subject, ..Variant::default() };
            components.push(Components {
                counted: self.names.components.set(row.counts.iter().map(String::as_str)),
                rule: self.book.rule("component", &common, range, variant),
            });
        }
        components
    }

    pub(super) fn intervals(&mut self) -> Vec<Interval> {
        let mut intervals = Vec::new();
        for (row, common, range) in self.mine(&self.document.intervals, |row| Some(&row.codes)) {
            let day = |name: &str| match name {
                DATE_OF_SERVICE => NONE,
                name => self.names.dates.find(name).unwrap_or(NONE),
            };
            let (start, end) = (day(row.start.as_str()), day(row.end.as_ref().map_or(DATE_OF_SERVICE, Token::as_str)));
            let named: Vec<&str> = row.dates().collect();
            intervals.push(Interval {
                when: self.when(row.when.as_ref()),
                start,
                end,
                min: row.min.unwrap_or(0),
                max: row.max.unwrap_or(u32::MAX),
                business_days: row.business_days,
                rule: self.book.rule("interval", &common, range, Variant::default()),
                missing_rule: self.missing_rule("interval", &common, range, named.first().unwrap_or(&"date")),
            });
        }
        intervals
    }

    pub(super) fn authorizations(&mut self) -> Vec<Authorization> {
        let mut authorizations = Vec::new();
        for (row, common, range) in self.mine(&self.document.authorizations, |row| Some(&row.codes)) {
            let contractual = adjudica_core::LiabilityGroup::Contractual;
            let spent = Variant {
                suffix: ".spent",
                kind: Some(RuleKind::Authorization),
                // A row that only asks for a look, or notes, does so of spent units too.
                effect: common.effect.filter(|effect| *effect >= Effect::Review).or(Some(Effect::NotBillable)),
                sentence: Some(
                    "every unit of {subject} that the payer authorized for the day is spent; asked for: {observed}"
                        .to_owned(),
                ),
                remedy: Some("ask the payer to authorize more of {subject}".to_owned()),
                denial: Some(("198", contractual, &["N54"])),
                ..Variant::default()
            };
            let cut = Variant {
                suffix: ".cut",
                kind: Some(RuleKind::Authorization),
                effect: Some(Effect::Note),
                sentence: Some("units of {subject} asked for: {observed}, left of what the payer authorized: {expected}; the rest is denied".to_owned()),
                remedy: Some("ask the payer to authorize more of {subject}".to_owned()),
                denial: Some(("198", contractual, &["N54"])),
                ..Variant::default()
            };
            let shared = Variant {
                suffix: ".shared",
                kind: Some(RuleKind::Authorization),
                effect: Some(Effect::Note),
                sentence: Some("units that {subject} could use, taken by services of other codes under the same authorizations: {observed}".to_owned()),
                remedy: Some("ask the payer to authorize {subject} apart from the other codes".to_owned()),
                ..Variant::default()
            };
            // Where the policy has no other code, none can take anything.
            let is_alone = self.names.codes.names().len() == 1;
            authorizations.push(Authorization {
                when: self.when(row.when.as_ref()),
                rule: self.book.rule("authorization", &common, range, Variant::default()),
                spent_rule: self.book.rule("authorization", &common, range, spent),
                cut_rule: self.book.rule("authorization", &common, range, cut),
                shared_rule: if is_alone { NONE } else { self.book.rule("authorization", &common, range, shared) },
            });
        }
        authorizations
    }

    /// Minutes add up with those of the code itself, of its add-ons, and of the codes that the row names.
    pub(super) fn accumulate(&mut self, row: &UnitsRow, common: &Common, range: DateRange) -> Option<Accumulate> {
        let over = row.over?;
        let add_ons = self.document.add_ons.iter().filter(|add_on| add_on.row.primary == self.code);
        let own = add_ons.map(|add_on| add_on.row.code).chain([self.code]);
        let own: Vec<String> = own.map(|code| code.as_str().to_owned()).collect();
        let with = self.document.sets.resolve_on(&row.with, self.day);
        let codes = self.names.codes.set(own.iter().map(String::as_str).chain(with));
        let variant = Variant {
            suffix: ".counted",
            kind: Some(RuleKind::Minutes),
            effect: Some(Effect::ReportOnly),
            sentence: Some("documented minutes of {subject} so far: {observed}, which bill nothing yet; minutes that make the next unit: {expected}".to_owned()),
            ..Variant::default()
        };
        Some(Accumulate {
            codes,
            window: window(over, row.days),
            per: per_bits(&row.per),
            rule: self.book.rule("units", common, range, variant),
        })
    }

    /// The position of a number of the terms.
    pub(super) fn parameter(&self, name: Option<&Token>) -> u32 {
        name.and_then(|name| self.names.parameters.find(name.as_str())).unwrap_or(NONE)
    }

    /// What a number is where the terms do not say.
    pub(super) fn default_of(&self, name: Option<&Token>) -> u32 {
        let mut known = self.document.parameters.iter();
        known.find(|row| Some(&row.row.id) == name).map_or(0, |row| row.row.default)
    }
}

/// What a requirement says where it asks for one of several things.
fn words_of_requirement(row: &RequireRow, common: &Common) -> Variant {
    let kind = match row.kind {
        InfoKind::Document => SubjectKind::Document,
        InfoKind::Information => SubjectKind::Information,
    };
    let names: Vec<String> = row.names().map(|name| format!("`{name}`")).collect();
    let any = names.join(", ");
    let words = match names.len() {
        0 | 1 => None,
        _ => Some([
            format!("the record shows none of {any}"),
            format!("the record shows one of {any}"),
            format!("add one of {any} to the record, if it is so, and ask again"),
        ]),
    };
    let [sentence, satisfied, remedy] = words.map_or([None, None, None], |words| words.map(Some));
    Variant {
        subject: row.names().next().map(|name| (kind, name.to_owned())),
        sentence: common.sentence.clone().or(sentence),
        satisfied,
        remedy: common.remedy.clone().or(remedy),
        ..Variant::default()
    }
}
