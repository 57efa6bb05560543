//! Compiles a checked document: segments of days, a plan for each code and segment, the manifest, the image.

use std::collections::{BTreeMap, BTreeSet};

use adjudica_core::manifest::{Assumption, Manifest, ParameterSchema, Source, Subject, SubjectKind, TermsSchema};
use adjudica_core::{DateRange, Effect, Field, INTERFACE_VERSION, Modifier, ProcedureCode, ServiceDate, Token};

use super::dictionary::DictionaryBytes;
use super::document::{Document, Located};
use super::names::Vocabularies;
use super::plans::{PlanBuilder, StaffRules};
use super::rows::{Common, ParameterRow, PlainRow, Row};
use super::rulebook::{RuleBook, Variant};
use super::{Compiled, Fault};
use crate::image::{Counts, GeneralRules, Image, NONE, NOT_READ, Plan, Words};

/// Most units of one line: more than a day of minutes can make by any rule.
const UNITS_MAX: u32 = 1_440;

pub(super) fn compile(document: &Document) -> Result<Compiled, Vec<Fault>> {
    let names = Vocabularies::collect(document);
    let segments = segments(document);
    let staff_rules = StaffRules::collect(document, &segments);
    let mut book = RuleBook::default();
    let code_subjects: Vec<u32> =
        names.codes.names().iter().map(|code| book.subject(SubjectKind::ProcedureCode, code)).collect();
    let component_subjects: Vec<u32> =
        names.components.names().iter().map(|name| book.subject(SubjectKind::Information, name)).collect();
    let date_subjects: Vec<u32> =
        names.dates.names().iter().map(|name| book.subject(SubjectKind::Information, name)).collect();
    let general = general_rules(document, &mut book);
    let custom: Vec<(String, u32)> = custom_rules(document, &mut book);
    let mut plans = PlanStore::default();
    let mut plan_of = Vec::new();
    for day in &segments {
        for code in names.codes.names() {
            let Ok(code) = ProcedureCode::parse(code) else { continue };
            let mut builder =
                PlanBuilder { document, names: &names, book: &mut book, staff_rules: &staff_rules, code, day: *day };
            let plan = builder.build();
            plan_of.push(plan.map_or(NONE, |plan| plans.add(&plan)));
        }
    }
    let reads = reads(document, &plans.plans);
    let unencodable = || vec![document.policy.place.fault("the tables are too large to encode; split the policy")];
    let dictionary = DictionaryBytes::of(&names).map_err(|_| unencodable())?;
    let effects: Vec<u8> = book.rules.iter().map(|rule| effect_number(rule.effect)).collect();
    let in_force: Vec<u8> =
        segments.iter().map(|day| u8::from(in_force(document).iter().any(|range| range.contains(*day)))).collect();
    let column_of: Vec<u8> =
        Field::ALL.iter().map(|field| u8::try_from(position(&reads, field)).unwrap_or(NOT_READ)).collect();
    let image = postcard::to_allocvec(&Image {
        dictionary: dictionary.borrowed(),
        codes: u32::try_from(names.codes.names().len()).map_err(|_| unencodable())?,
        add_on_codes: names.codes.set(document.add_ons.iter().map(|row| row.row.code.as_str())),
        effects: &effects,
        segments: Words::new(&Words::encode(segments.iter().map(|day| day.days().cast_unsigned()))),
        plan_of: Words::new(&Words::encode(plan_of)),
        plan_offsets: Words::new(&Words::encode(plans.offsets())),
        plans: &plans.encoded,
        in_force: &in_force,
        general,
        column_of: &column_of,
        custom_ids: &custom.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>().join("\n"),
        custom_rules: Words::new(&Words::encode(custom.iter().map(|(_, rule)| *rule))),
        code_subjects: Words::new(&Words::encode(code_subjects)),
        component_subjects: Words::new(&Words::encode(component_subjects)),
        date_subjects: Words::new(&Words::encode(date_subjects)),
        rule_subjects: Words::new(&Words::encode(book.rule_subjects.iter().copied())),
    });
    let image = image.map_err(|_| unencodable())?;
    Ok(Compiled { manifest: manifest(document, &names, book, reads, &plans.plans), image })
}

/// Position of `item` in `list`, or [`NONE`].
fn position<T: PartialEq>(list: &[T], item: &T) -> u32 {
    list.iter().position(|other| other == item).and_then(|index| u32::try_from(index).ok()).unwrap_or(NONE)
}

fn effect_number(effect: Effect) -> u8 {
    match effect {
        Effect::NotBillable => 0,
        Effect::Incomplete => 1,
        Effect::Review => 2,
        Effect::ReportOnly => 3,
        Effect::Note => 4,
    }
}

/// First days of the stretches in which no row begins or ends.
fn segments(document: &Document) -> Vec<ServiceDate> {
    let mut days = BTreeSet::new();
    for range in in_force(document) {
        days.insert(range.from);
        days.extend(range.to);
    }
    let first = days.first().copied();
    for (_, _, common) in document.all_rows() {
        days.extend(common.from.iter().chain(&common.to).map(|day| day.0));
    }
    days.extend(document.sets.days());
    days.into_iter().filter(|day| first.is_some_and(|first| first <= *day)).collect()
}

fn in_force(document: &Document) -> Vec<DateRange> {
    let periods = &document.policy.row.in_force;
    periods.iter().map(|period| DateRange { from: period.from.0, to: period.to.map(|to| to.0) }).collect()
}

fn general_rules(document: &Document, book: &mut RuleBook) -> GeneralRules {
    let mut rule = |table: &'static str, id: &str, row: Option<&Located<PlainRow>>| {
        let common = row.map_or_else(|| Common::of_id(Token::parse(id).ok()), |row| row.row.common());
        // A rule that the author did not write has no source, so it may only ask for a look.
        let effect = row.is_none().then_some(Effect::Review);
        let remedy = common.remedy.clone().or_else(|| suggestions(document, table));
        book.rule(table, &common, document.range(&common), Variant { effect, remedy, ..Variant::default() })
    };
    GeneralRules {
        outside_dates: rule("outside_dates", "dates.outside", document.outside_dates.as_ref()),
        unknown_code: rule("unknown_code", "code.unknown", document.unknown_code.as_ref()),
        unknown_service: rule("unknown_service", "service.unknown", document.unknown_service.as_ref()),
        unknown_modifier: rule("unknown_modifier", "modifier.unknown", document.unknown_modifier.as_ref()),
    }
}

/// The codes to ask for instead of an unknown one.
fn suggestions(document: &Document, table: &str) -> Option<String> {
    let mut codes: Vec<&str> = document.codes.iter().map(|row| row.row.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    (table == "unknown_code").then(|| format!("ask for a code that the policy lists: {}", codes.join(", ")))
}

fn custom_rules(document: &Document, book: &mut RuleBook) -> Vec<(String, u32)> {
    let mut rules = Vec::new();
    for Located { row, .. } in &document.custom {
        let common = row.common();
        let rule = book.rule("custom", &common, document.range(&common), Variant::default());
        rules.extend(common.id.map(|id| (id.as_str().to_owned(), rule)));
    }
    rules
}

/// Plans, each kept once.
#[derive(Default)]
struct PlanStore {
    plans: Vec<Plan<'static>>,
    /// The plans' bytes, one after the other.
    encoded: Vec<u8>,
    ends: Vec<u32>,
    bytes_to_position: BTreeMap<Vec<u8>, u32>,
}

impl PlanStore {
    fn add(&mut self, plan: &Plan<'static>) -> u32 {
        let bytes = postcard::to_allocvec(plan).unwrap_or_default();
        if let Some(position) = self.bytes_to_position.get(&bytes) {
            return *position;
        }
        let position = u32::try_from(self.plans.len()).unwrap_or(NONE);
        self.plans.push(plan.clone());
        self.encoded.extend_from_slice(&bytes);
        self.ends.push(u32::try_from(self.encoded.len()).unwrap_or(NONE));
        self.bytes_to_position.insert(bytes, position);
        position
    }

    /// Where each plan starts, and where the last ends.
    fn offsets(&self) -> impl Iterator<Item = u32> {
        std::iter::once(0).chain(self.ends.iter().copied())
    }
}

/// The facts that the tables need, and those that the policy's own code asks for.
fn reads(document: &Document, plans: &[Plan<'_>]) -> Vec<Field> {
    use Field as F;
    let any = |test: fn(&Plan) -> bool| plans.iter().any(test);
    let mut reads: BTreeSet<Field> = document.policy.row.reads.iter().copied().collect();
    reads.extend([F::EncounterDateOfService, F::EncounterProcedureCode, F::ModifierOffset, F::ModifierCode]);
    let mut need = |needed: bool, fields: &[Field]| {
        if needed {
            reads.extend(fields.iter().copied());
        }
    };
    need(any(|plan| plan.service != NONE), &[F::EncounterService]);
    need(
        any(|plan| plan.staff.is_some()) || document.whens().any(|when| when.roles.is_some()),
        &[F::EncounterRenderingProviderRole],
    );
    let staff_or_when =
        any(|plan| plan.staff.is_some()) || document.whens().any(|when| when.phases.is_some() || when.modes.is_some());
    need(staff_or_when, &[F::EncounterPhase, F::EncounterMode]);
    need(
        any(|plan| !plan.minutes.is_empty() || plan.units.rule != NONE || !plan.add_ons.is_empty())
            || document.whens().any(|when| when.minutes_min.is_some() || when.minutes_max.is_some()),
        &[F::EncounterMinutes],
    );
    need(any(|plan| !plan.group_size.is_empty()), &[F::EncounterGroupSize]);
    need(any(|plan| !plan.diagnoses.is_empty()), &[F::DiagnosisOffset, F::DiagnosisCode]);
    need(
        any(|plan| !plan.components.is_empty()),
        &[F::EncounterMinutes, F::ComponentOffset, F::ComponentKind, F::ComponentMinutes],
    );
    need(any(|plan| !plan.intervals.is_empty()), &[F::DateOffset, F::DateKind, F::DateDay]);
    need(any(|plan| !plan.authorizations.is_empty()), AUTHORIZATION);
    need(
        any(|plan| !plan.places.is_empty()) || document.whens().any(|when| when.places.is_some()),
        &[F::EncounterPlaceOfService],
    );
    let info = any(|plan| !plan.requirements.is_empty())
        || document.whens().any(|when| !when.info.is_empty() || !when.without.is_empty());
    need(info, &[F::SupportingInfoOffset, F::SupportingInfoCategory]);
    need(any(|plan| !plan.filing.is_empty()), &[F::EncounterReceivedOn]);
    let counts = |plan: &Plan| !plan.limits.is_empty() || !plan.exclusions.is_empty() || !plan.prerequisites.is_empty();
    need(plans.iter().any(counts), &[F::LedgerOffset, F::LedgerDateOfService, F::LedgerProcedureCode]);
    let counted = |counts: Counts| plans.iter().flat_map(|plan| &plan.limits).any(|limit| limit.counts == counts);
    need(counted(Counts::Units), &[F::LedgerUnits]);
    let adds_up = any(|plan| plan.units.accumulate.is_some());
    need(counted(Counts::Minutes) || adds_up, &[F::EncounterMinutes, F::LedgerMinutes]);
    need(adds_up, &[F::LedgerOffset, F::LedgerDateOfService, F::LedgerProcedureCode]);
    need(any(|plan| plan.limits.iter().any(|limit| limit.parameter != NONE)), PARAMETER);
    let per = plans.iter().flat_map(|plan| narrowed_by(plan)).fold(0, |bits, per| bits | per);
    need(per & crate::image::per::PRACTICE != 0, &[F::EncounterBillingProvider, F::LedgerBillingProvider]);
    need(per & crate::image::per::PROVIDER != 0, &[F::EncounterRenderingProvider, F::LedgerRenderingProvider]);
    need(per & crate::image::per::DIAGNOSIS != 0, &[F::EncounterDiagnosis, F::LedgerDiagnosis]);
    need(per & crate::image::per::UNITS != 0, &[F::LedgerUnits]);
    need(per & crate::image::per::MODE != 0, &[F::EncounterMode, F::LedgerMode]);
    need(per & crate::image::per::MINUTES != 0, &[F::EncounterMinutes, F::LedgerMinutes]);
    need(per & crate::image::per::PAYER != 0, &[F::EncounterPayer, F::LedgerPayer]);
    let terms = document.rates.iter().any(|rate| rate.row.terms);
    need(terms, RATE);
    reads.into_iter().collect()
}

/// What a rule about prior authorizations reads.
const AUTHORIZATION: &[Field] = &[
    Field::AuthorizationOffset,
    Field::AuthorizationLine,
    Field::AuthorizationProcedureCode,
    Field::AuthorizationFrom,
    Field::AuthorizationTo,
    Field::AuthorizationUnits,
    Field::EncounterPayer,
    Field::LedgerOffset,
    Field::LedgerDateOfService,
    Field::LedgerProcedureCode,
    Field::LedgerUnits,
    Field::LedgerPayer,
];

/// What a number of the terms reads.
const PARAMETER: &[Field] = &[Field::ParameterName, Field::ParameterFrom, Field::ParameterTo, Field::ParameterValue];

/// What a contracted rate reads: any method, any selector.
const RATE: &[Field] = &[
    Field::RateProcedureCode,
    Field::RateFrom,
    Field::RateTo,
    Field::RateCents,
    Field::RateMethod,
    Field::RatePlan,
    Field::RateServiceLine,
    Field::RateRegion,
    Field::RateRole,
    Field::RatePlaceOfService,
    Field::RateModifier,
    Field::EncounterPlan,
    Field::EncounterServiceLine,
    Field::EncounterRegion,
    Field::EncounterRenderingProviderRole,
    Field::EncounterPlaceOfService,
    Field::EncounterMinutes,
    Field::EncounterPayer,
    Field::LedgerOffset,
    Field::LedgerDateOfService,
    Field::LedgerProcedureCode,
    Field::LedgerPayer,
];

fn narrowed_by(plan: &Plan<'_>) -> impl Iterator<Item = u8> {
    let relations = plan.exclusions.iter().chain(&plan.prerequisites).map(|relation| relation.per);
    let adds_up = plan.units.accumulate.iter().map(|accumulate| accumulate.per);
    plan.limits.iter().map(|limit| limit.per).chain(relations).chain(adds_up)
}

fn manifest(
    document: &Document,
    names: &Vocabularies,
    book: RuleBook,
    reads: Vec<Field>,
    plans: &[Plan<'_>],
) -> Manifest {
    let policy = &document.policy.row;
    let parse = |name: &String| Token::parse(name).ok();
    let units_max =
        plans.iter().map(|plan| plan.units.max).filter(|max| *max != u32::MAX).max().unwrap_or(0).max(UNITS_MAX);
    Manifest {
        policy_id: policy.id.clone(),
        version: policy.version.clone(),
        interface_version: INTERFACE_VERSION.parse().unwrap_or(semver::Version::new(1, 0, 0)),
        title: policy.title.clone(),
        payers: policy.payers.clone(),
        in_force: in_force(document),
        currency: policy.currency.clone(),
        reads,
        sources: document.sources.iter().map(|source| source_of(&source.row)).collect(),
        assumptions: document.assumptions.iter().map(|row| assumption_of(&row.row)).collect(),
        rules: book.rules,
        codes: names.codes.names().iter().filter_map(|code| ProcedureCode::parse(code).ok()).collect(),
        modifiers: names.modifiers.names().iter().filter_map(|modifier| Modifier::parse(modifier).ok()).collect(),
        subjects: book
            .subjects
            .iter()
            .filter_map(|(kind, name)| Some(Subject { kind: *kind, name: parse(name)? }))
            .collect(),
        terms: terms_schema(document, names),
        units_max,
        conditions: names.info.names().iter().filter_map(parse).collect(),
        budget: policy.budget,
    }
}

fn source_of(row: &super::rows::SourceRow) -> Source {
    Source { id: row.id.clone(), title: row.title.clone(), locator: row.locator.clone(), confidence: row.confidence }
}

fn assumption_of(row: &super::rows::AssumptionRow) -> Assumption {
    Assumption { id: row.id.clone(), date: row.date.map(|day| day.0), sentence: row.sentence.clone() }
}

fn terms_schema(document: &Document, names: &Vocabularies) -> TermsSchema {
    let from_terms = |code: &ProcedureCode| {
        document
            .rates
            .iter()
            .any(|rate| rate.row.terms && document.sets.resolve(&rate.row.codes).contains(&code.as_str()))
    };
    let codes = names.codes.names().iter().filter_map(|code| ProcedureCode::parse(code).ok());
    let parameter = |row: &Located<ParameterRow>| {
        let ParameterRow { id, default, min, max, sentence } = row.row.clone();
        ParameterSchema { id, default, min, max, sentence }
    };
    TermsSchema {
        rates: codes.filter(from_terms).collect(),
        parameters: document.parameters.iter().map(parameter).collect(),
    }
}
