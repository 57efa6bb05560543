//! Builds the plan of one code in one segment: every row that holds for the code on those days, resolved to bits and numbers.

use adjudica_core::manifest::{Confidence, SubjectKind};
use adjudica_core::name_set::NameSet;
use adjudica_core::{Cents, DateRange, Effect, ProcedureCode, Rounding, RuleKind, ServiceDate};

use super::document::{Document, Located};
use super::names::Vocabularies;
use super::rows::{BoundsRow, Common, CountsName, PerName, Row, SourceRow, WhenCodesRow, WindowName};
use super::rulebook::{RuleBook, Variant};
use crate::image::{
    AddOn, Bounds, Counts, Filing, Limit, NONE, Places, Plan, RateRule, Relation, Screened, TermsRules, UnitRule, When,
    Window, per,
};

mod facts;
mod staff;

pub(super) use staff::StaffRules;

/// The rows of one code on the days of one segment.
pub(super) struct PlanBuilder<'d, 'b> {
    pub document: &'d Document,
    pub names: &'d Vocabularies,
    pub book: &'b mut RuleBook,
    pub staff_rules: &'b StaffRules,
    pub code: ProcedureCode,
    /// First day of the segment.
    pub day: ServiceDate,
}

impl PlanBuilder<'_, '_> {
    /// The plan, or `None` where the code is not one of the payer's on these days.
    pub(super) fn build(&mut self) -> Option<Plan<'static>> {
        let document = self.document;
        let row = document.codes.iter().find(|row| row.row.code == self.code && self.holds(&row.row.common()))?;
        let service =
            row.row.service.as_ref().and_then(|service| self.names.services.find(service.as_str())).unwrap_or(NONE);
        Some(Plan {
            service,
            staff: self.staff(),
            minutes: self.bounds("minutes", &document.minutes),
            group_size: self.bounds("group_size", &document.group_sizes),
            places: self.places(),
            diagnoses: self.diagnoses(),
            components: self.components(),
            intervals: self.intervals(),
            authorizations: self.authorizations(),
            units: self.units(),
            add_ons: self.add_ons(),
            limits: self.limits(),
            exclusions: self.exclusions(),
            prerequisites: self.prerequisites(),
            requirements: Screened::new(&self.requirements()),
            modifiers: Screened::new(&self.modifiers()),
            rate: self.rate(),
            report_only: Screened::new(&self.when_rows("report_only", &document.report_only)),
            filing: self.filing(),
            notices: Screened::new(&self.when_rows("notice", &document.notices)),
        })
    }

    fn holds(&self, common: &Common) -> bool {
        self.document.range(common).contains(self.day)
    }

    fn names_code(&self, codes: &[String]) -> bool {
        self.document.sets.resolve_on(codes, self.day).contains(&self.code.as_str())
    }

    /// Rows of a table that name this code and hold on these days.
    fn mine<'r, T: Row>(
        &self,
        rows: &'r [Located<T>],
        codes: impl Fn(&'r T) -> Option<&'r [String]>,
    ) -> Vec<(&'r T, Common, DateRange)> {
        let mine = rows.iter().filter(|row| codes(&row.row).is_none_or(|codes| self.names_code(codes)));
        let with_common = mine.map(|row| (&row.row, row.row.common()));
        let held = with_common.filter(|(_, common)| self.holds(common));
        held.map(|(row, common)| {
            let range = self.document.range(&common);
            (row, common, range)
        })
        .collect()
    }

    fn code_set(&self, codes: &[String]) -> NameSet {
        self.names.codes.set(self.document.sets.resolve_on(codes, self.day))
    }

    fn when(&self, when: Option<&super::rows::WhenRow>) -> When {
        self.names.when(&self.document.sets, when, self.day)
    }

    fn bounds(&mut self, table: &'static str, rows: &[Located<BoundsRow>]) -> Vec<Bounds> {
        let what = if table == "minutes" { "minutes" } else { "group_size" };
        let mut bounds = Vec::new();
        for (row, common, range) in self.mine(rows, |row| Some(&row.codes)) {
            // Any count will do where neither bound is given: only that there is one is asked for.
            let judges = row.min.unwrap_or(0) > 0 || row.max.is_some();
            let rule = if judges { self.book.rule(table, &common, range, Variant::default()) } else { NONE };
            // That nothing is documented is said once, by the first row.
            let is_first = bounds.is_empty();
            let missing_rule = if is_first { self.missing_rule(table, &common, range, what) } else { NONE };
            let refuses = common.effect.unwrap_or(Effect::NotBillable) == Effect::NotBillable;
            bounds.push(Bounds {
                min: row.min.unwrap_or(0),
                max: row.max.unwrap_or(u32::MAX),
                rule,
                missing_rule,
                refuses,
            });
        }
        bounds
    }

    /// The rule that speaks where a count is not documented.
    fn missing_rule(&mut self, table: &str, common: &Common, range: DateRange, what: &str) -> u32 {
        // What rests on no source, or on one of low confidence, may ask for a look but not hold the encounter.
        let is_sure = |source: &Located<SourceRow>| source.row.confidence != Confidence::Low;
        let cited = self.document.sources.iter().find(|source| Some(&source.row.id) == common.source.as_ref());
        // Minutes and groups that are judged softly are asked for all the same; the other rows only ask as hard as they judge.
        let is_asked_for = matches!(table, "minutes" | "group_size" | "units");
        let refuses = is_asked_for || common.effect.is_none_or(|effect| effect < Effect::Review);
        let effect = if refuses && cited.is_some_and(is_sure) { Effect::Incomplete } else { Effect::Review };
        let variant = Variant {
            suffix: ".missing",
            kind: Some(RuleKind::Requirement),
            effect: Some(effect),
            sentence: Some("the record does not give `{subject}`, which the code is judged by".to_owned()),
            remedy: Some("document `{subject}` and ask again".to_owned()),
            denial: Some(("252", adjudica_core::LiabilityGroup::Contractual, &["N706"])),
            subject: Some((SubjectKind::Information, what.to_owned())),
            ..Variant::default()
        };
        self.book.rule(table, common, range, variant)
    }

    fn places(&mut self) -> Vec<Places> {
        let mut places = Vec::new();
        for (row, common, range) in self.mine(&self.document.places, |row| Some(&row.codes)) {
            places.push(Places {
                places: self.names.places.set(row.places.iter().map(|place| place.as_str())),
                rule: self.book.rule("place", &common, range, Variant::default()),
                missing_rule: self.missing_rule("place", &common, range, "place_of_service"),
            });
        }
        places
    }

    fn units(&mut self) -> UnitRule {
        let Some((row, common, range)) = self.mine(&self.document.units, |row| Some(&row.codes)).into_iter().next()
        else {
            return UnitRule {
                rounding: Rounding::PerEncounter,
                max: u32::MAX,
                rule: NONE,
                max_rule: NONE,
                missing_rule: NONE,
                accumulate: None,
            };
        };
        let max_variant = Variant {
            suffix: ".max",
            kind: Some(RuleKind::Limit),
            sentence: Some("units from the minutes: {observed}, allowed: {expected}".to_owned()),
            satisfied: Some("units from the minutes: {observed}, allowed: {expected}".to_owned()),
            denial: Some(("151", adjudica_core::LiabilityGroup::Contractual, &["N362"])),
            ..Variant::default()
        };
        let rounding = row.rounding.rounding();
        let accumulate = self.accumulate(row, &common, range);
        // A rule that can never speak is none: a unit for each encounter counts no minutes, minutes that add up may make no
        // unit yet, and where the minutes themselves are judged, that they are missing is said there.
        let counts = rounding != Rounding::PerEncounter;
        let judges_minutes = !self.mine(&self.document.minutes, |row| Some(&row.codes)).is_empty();
        let mut rule = |is_needed: bool, variant: Variant| {
            if counts && is_needed { self.book.rule("units", &common, range, variant) } else { NONE }
        };
        UnitRule {
            rule: rule(accumulate.is_none(), Variant::default()),
            max_rule: rule(row.max.is_some(), max_variant),
            missing_rule: if counts && !judges_minutes {
                self.missing_rule("units", &common, range, "minutes")
            } else {
                NONE
            },
            rounding,
            max: row.max.unwrap_or(u32::MAX),
            accumulate,
        }
    }

    fn add_ons(&mut self) -> Vec<AddOn> {
        let rows = self.document.add_ons.iter().filter(|row| row.row.primary == self.code);
        let held: Vec<_> =
            rows.map(|row| (&row.row, row.row.common())).filter(|(_, common)| self.holds(common)).collect();
        let mut add_ons = Vec::new();
        for (row, common) in held {
            let range = self.document.range(&common);
            add_ons.push(AddOn {
                code: self.names.codes.find(row.code.as_str()).unwrap_or(NONE),
                after: row.after,
                rounding: row.rounding.rounding(),
                max: row.max.unwrap_or(u32::MAX),
                rule: if row.max.is_some() {
                    self.book.rule("add_on", &common, range, Variant::default())
                } else {
                    NONE
                },
            });
        }
        add_ons
    }

    fn limits(&mut self) -> Vec<Limit> {
        let mut limits = Vec::new();
        for (row, common, range) in self.mine(&self.document.limits, |row| row.codes.as_deref()) {
            let own = self.names.codes.set([self.code.as_str()]);
            let words = match row.counts {
                CountsName::Lines => None,
                CountsName::Units => Some("units of {subject} with this line: {observed}, allowed: {expected}"),
                CountsName::Minutes => Some("minutes of {subject} with this line: {observed}, allowed: {expected}"),
            };
            let words = words.map(str::to_owned);
            let sentence = common.sentence.clone().or_else(|| words.clone());
            let variant = Variant { sentence, satisfied: words, ..Variant::default() };
            limits.push(Limit {
                when: self.when(row.when.as_ref()),
                max: row.max.unwrap_or_else(|| self.default_of(row.parameter.as_ref())),
                parameter: self.parameter(row.parameter.as_ref()),
                window: window(row.window, row.days),
                per: per_bits(&row.per),
                counts: match row.counts {
                    CountsName::Lines => Counts::Lines,
                    CountsName::Units => Counts::Units,
                    CountsName::Minutes => Counts::Minutes,
                },
                codes: row.codes.as_ref().filter(|_| row.together).map_or(own, |codes| self.code_set(codes)),
                rule: self.book.rule("limit", &common, range, variant),
            });
        }
        limits
    }

    fn exclusions(&mut self) -> Vec<Relation> {
        let mut relations = Vec::new();
        for (row, common, range) in self.mine(&self.document.exclusions, |row| Some(&row.codes)) {
            let by_month = (row.window != WindowName::Day).then_some((
                "97",
                adjudica_core::LiabilityGroup::Contractual,
                &["M86"][..],
            ));
            let variant = Variant { denial: by_month, ..Variant::default() };
            // One relation for each code, so that the finding can name the one that is there.
            let rule = self.book.rule("exclude", &common, range, variant);
            for code in self.code_set(&row.with).iter() {
                relations.push(Relation {
                    when: self.when(row.when.as_ref()),
                    codes: NameSet::from_iter([code]),
                    window: window(row.window, row.days),
                    per: per_bits(&row.per),
                    rule,
                });
            }
        }
        relations
    }

    fn prerequisites(&mut self) -> Vec<Relation> {
        let mut relations = Vec::new();
        for (row, common, range) in self.mine(&self.document.prerequisites, |row| Some(&row.codes)) {
            let words = words_of_any(&self.document.sets.resolve_on(&row.any_of, self.day), &common);
            let rule = self.book.rule("prerequisite", &common, range, words);
            let codes = self.code_set(&row.any_of);
            let when = self.when(row.when.as_ref());
            relations.push(Relation {
                when,
                codes,
                window: window(row.window, row.days),
                per: per_bits(&row.per),
                rule,
            });
        }
        relations
    }

    fn modifiers(&mut self) -> Vec<(When, u32)> {
        let mut modifiers = Vec::new();
        for (row, _, _) in self.mine(&self.document.modifiers, |row| Some(&row.codes)) {
            let bit = self.names.modifiers.bits([row.modifier.as_str()]);
            modifiers.push((self.when(row.when.as_ref()), bit));
        }
        modifiers
    }

    fn rate(&mut self) -> RateRule {
        let Some((row, common, range)) = self.mine(&self.document.rates, |row| Some(&row.codes)).into_iter().next()
        else {
            return RateRule::Unknown;
        };
        if let Some(cents) = row.cents {
            return RateRule::Fixed(Cents::new(cents));
        }
        let missing = adjudica_core::Token::parse(&format!("rate.{}", self.code)).ok();
        let missing = self.book.rule("rate", &common, range, Variant { id: missing, ..Variant::default() });
        // How a rate is agreed is no matter of the code: one rule for the row. What the row advises is about a missing rate.
        let common = Common { remedy: None, ..common };
        let row_id = common.id.as_ref().map_or("rate", adjudica_core::Token::as_str).to_owned();
        let mut rule = |suffix: &str, variant: Variant| {
            let id = adjudica_core::Token::parse(&format!("{row_id}{suffix}")).ok();
            self.book.rule("rate", &common, range, Variant { id, ..variant })
        };
        RateRule::Terms(TermsRules {
            missing,
            unmeasured: rule(
                ".minutes",
                Variant {
                    kind: Some(RuleKind::Requirement),
                    effect: Some(Effect::Incomplete),
                    sentence: Some("the rate is by the hour, and the record does not give `{subject}`".to_owned()),
                    remedy: Some("document `{subject}` and ask again".to_owned()),
                    denial: Some(("252", adjudica_core::LiabilityGroup::Contractual, &["N706"])),
                    subject: Some((SubjectKind::Information, "minutes".to_owned())),
                    ..Variant::default()
                },
            ),
            included: rule(
                ".included",
                Variant {
                    kind: Some(RuleKind::Rate),
                    effect: Some(Effect::Note),
                    sentence: Some(
                        "the case, or the month, is paid with an earlier line; this one is included in it".to_owned(),
                    ),
                    ..Variant::default()
                },
            ),
            capitated: rule(
                ".capitated",
                Variant {
                    kind: Some(RuleKind::Rate),
                    effect: Some(Effect::ReportOnly),
                    sentence: Some(
                        "the agency's terms pay for the member by the month; the line is reported and pays nothing"
                            .to_owned(),
                    ),
                    denial: Some(("24", adjudica_core::LiabilityGroup::Contractual, &[])),
                    ..Variant::default()
                },
            ),
        })
    }

    fn when_rows(&mut self, table: &'static str, rows: &[Located<WhenCodesRow>]) -> Vec<(When, u32)> {
        let mine = self.mine(rows, |row| row.codes.as_deref());
        mine.into_iter()
            .map(|(row, common, range)| {
                (self.when(row.when.as_ref()), self.book.rule(table, &common, range, Variant::default()))
            })
            .collect()
    }

    fn filing(&mut self) -> Vec<Filing> {
        let mine = self.mine(&self.document.filing, |row| row.codes.as_deref());
        mine.into_iter()
            .map(|(row, common, range)| Filing {
                years: row.years.unwrap_or(0),
                days: row.days.unwrap_or(0),
                rule: self.book.rule("filing", &common, range, Variant::default()),
            })
            .collect()
    }
}

/// What is said where one of several codes must be billed first; the table's words name one.
fn words_of_any(codes: &[&str], common: &Common) -> Variant {
    let [_, _, ..] = codes else { return Variant::default() };
    let codes = codes.join(", ");
    Variant {
        sentence: common.sentence.clone().or_else(|| Some(format!("one of {codes} must be billed first and none is"))),
        satisfied: Some(format!("one of {codes}, which must be billed first, is billed")),
        remedy: common.remedy.clone().or_else(|| Some(format!("bill one of {codes} first"))),
        ..Variant::default()
    }
}

fn window(name: WindowName, days: Option<u32>) -> Window {
    match name {
        WindowName::Day => Window::Day,
        WindowName::CalendarMonth => Window::CalendarMonth,
        WindowName::CalendarYear => Window::CalendarYear,
        WindowName::RollingDays => Window::RollingDays(days.unwrap_or(1)),
        WindowName::Lifetime => Window::Lifetime,
    }
}

fn per_bits(names: &[PerName]) -> u8 {
    names.iter().fold(0, |bits, name| {
        bits | match name {
            PerName::Patient => 0,
            PerName::Practice => per::PRACTICE,
            PerName::Provider => per::PROVIDER,
            PerName::Diagnosis => per::DIAGNOSIS,
            PerName::Payer => per::PAYER,
            PerName::Units => per::UNITS,
            PerName::Mode => per::MODE,
            PerName::Minutes => per::MINUTES,
        }
    })
}
