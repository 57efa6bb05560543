//! Numbers the rules of a policy: one for each way that a row can speak, with its sentence, citation and denial.

use std::collections::BTreeMap;

use adjudica_core::manifest::{Denial, SubjectKind};
use adjudica_core::{DateRange, Effect, LiabilityGroup, Rule, RuleKind, Token};

use super::rows::Common;
use crate::image::NONE;

/// What a table's rows say where they do not say it themselves.
pub(crate) struct Defaults {
    pub table: &'static str,
    pub kind: RuleKind,
    pub effect: Effect,
    /// Empty where the table's rows make no finding.
    pub sentence: &'static str,
    /// What a satisfied rule says; `None` for rules that only speak when they fail or apply.
    pub satisfied: Option<&'static str>,
    pub remedy: Option<&'static str>,
    /// Claim adjustment reason, group, remark codes: payers.md §7's usual choice.
    pub denial: Option<(&'static str, LiabilityGroup, &'static [&'static str])>,
}

use LiabilityGroup::Contractual as CO;

/// The tables whose rows speak.
pub(crate) const TABLES: &[Defaults] = &[
    Defaults {
        table: "code",
        kind: RuleKind::Code,
        effect: Effect::Note,
        sentence: "",
        satisfied: None,
        remedy: None,
        denial: None,
    },
    Defaults {
        table: "unknown_code",
        kind: RuleKind::Code,
        effect: Effect::NotBillable,
        sentence: "the code asked for is not one of this payer's on this day",
        satisfied: None,
        remedy: Some("ask for a code that the policy lists"),
        denial: Some(("181", CO, &["M51", "N56"])),
    },
    Defaults {
        table: "outside_dates",
        kind: RuleKind::InForce,
        effect: Effect::NotBillable,
        sentence: "the date of service is outside the days that this policy answers for",
        satisfied: None,
        remedy: None,
        denial: Some(("166", CO, &["M116"])),
    },
    Defaults {
        table: "unknown_service",
        kind: RuleKind::Service,
        effect: Effect::Incomplete,
        sentence: "no code can be found: the encounter names neither a code nor a kind of work that the policy knows",
        satisfied: None,
        remedy: Some("give the procedure code"),
        denial: Some(("16", CO, &["M20"])),
    },
    Defaults {
        table: "unknown_modifier",
        kind: RuleKind::Modifier,
        effect: Effect::Review,
        sentence: "a modifier asked for is not one that this policy's sources give for this work",
        satisfied: None,
        remedy: Some("leave the modifier out, or check it against the payer's manual"),
        denial: Some(("182", CO, &["N519"])),
    },
    Defaults {
        table: "staff",
        kind: RuleKind::Role,
        effect: Effect::NotBillable,
        sentence: "this role may not bill {subject}",
        satisfied: None,
        remedy: None,
        denial: Some(("185", CO, &["N95"])),
    },
    Defaults {
        table: "minutes",
        kind: RuleKind::Minutes,
        effect: Effect::NotBillable,
        sentence: "documented minutes: {observed}, outside the code's bound of {expected}",
        satisfied: Some("documented minutes: {observed}, within the code's bound of {expected}"),
        remedy: Some("{subject} is the code for these minutes; ask for it if the record bears it out"),
        denial: Some(("152", CO, &["N430"])),
    },
    Defaults {
        table: "group_size",
        kind: RuleKind::GroupSize,
        effect: Effect::NotBillable,
        sentence: "a group of {observed} is outside the code's bound of {expected}",
        satisfied: Some("a group of {observed} keeps the code's bound of {expected}"),
        remedy: Some("{subject} is the code for this group; ask for it if the record bears it out"),
        denial: Some(("16", CO, &["M53"])),
    },
    Defaults {
        table: "units",
        kind: RuleKind::Minutes,
        effect: Effect::NotBillable,
        sentence: "documented minutes: {observed}, which make no unit",
        satisfied: None,
        remedy: None,
        denial: Some(("152", CO, &["N430"])),
    },
    Defaults {
        table: "add_on",
        kind: RuleKind::Limit,
        effect: Effect::NotBillable,
        sentence: "add-on units from the minutes: {observed}, allowed: {expected}",
        satisfied: Some("add-on units from the minutes: {observed}, allowed: {expected}"),
        remedy: None,
        denial: Some(("151", CO, &["N362"])),
    },
    Defaults {
        table: "place",
        kind: RuleKind::PlaceOfService,
        effect: Effect::NotBillable,
        sentence: "{subject} is not paid in this place of service",
        satisfied: Some("{subject} is paid in this place of service"),
        remedy: None,
        denial: Some(("5", CO, &["M77"])),
    },
    Defaults {
        table: "limit",
        kind: RuleKind::Limit,
        effect: Effect::NotBillable,
        sentence: "this would be number {observed} of {subject} where {expected} may be billed",
        satisfied: Some("this is number {observed} of {subject} where {expected} may be billed"),
        remedy: None,
        denial: Some(("119", CO, &["N640"])),
    },
    Defaults {
        table: "diagnosis",
        kind: RuleKind::Diagnosis,
        effect: Effect::NotBillable,
        sentence: "diagnoses that bear the code: {observed}, needed: {expected}",
        satisfied: Some("diagnoses that bear the code: {observed}, needed: {expected}"),
        remedy: Some("check the diagnoses of the encounter against the client's record"),
        denial: Some(("11", CO, &["M76"])),
    },
    Defaults {
        table: "component",
        kind: RuleKind::Component,
        effect: Effect::Note,
        sentence: "documented minutes left out of the count: {observed}; work of the kind `{subject}` is not covered",
        satisfied: None,
        remedy: None,
        denial: None,
    },
    Defaults {
        table: "interval",
        kind: RuleKind::Interval,
        effect: Effect::NotBillable,
        sentence: "days between: {observed}, where the payer's bound is {expected}",
        satisfied: Some("days between: {observed}, where the payer's bound is {expected}"),
        remedy: None,
        denial: Some(("16", CO, &["N357"])),
    },
    Defaults {
        table: "authorization",
        kind: RuleKind::Authorization,
        effect: Effect::Incomplete,
        sentence: "no prior authorization on file covers {subject} on this day",
        satisfied: Some("a prior authorization covers {subject} on this day"),
        remedy: Some("ask the payer to authorize {subject}, and put the answer on file"),
        denial: Some(("197", CO, &[])),
    },
    Defaults {
        table: "exclude",
        kind: RuleKind::Exclusion,
        effect: Effect::NotBillable,
        sentence: "{subject}, which excludes this code, is already billed",
        satisfied: Some("{subject}, which would exclude this code, is not billed"),
        remedy: None,
        denial: Some(("236", CO, &[])),
    },
    Defaults {
        table: "prerequisite",
        kind: RuleKind::Prerequisite,
        effect: Effect::NotBillable,
        sentence: "{subject} must be billed first and is not",
        satisfied: Some("{subject}, which must be billed first, is billed"),
        remedy: Some("bill {subject} first"),
        denial: Some(("107", CO, &["N122"])),
    },
    Defaults {
        table: "require",
        kind: RuleKind::Requirement,
        effect: Effect::Incomplete,
        sentence: "the record does not show `{subject}`",
        satisfied: Some("the record shows `{subject}`"),
        remedy: Some("add `{subject}` to the record, if it is so, and ask again"),
        denial: Some(("252", CO, &["N706"])),
    },
    Defaults {
        table: "forbid",
        kind: RuleKind::Requirement,
        effect: Effect::Incomplete,
        sentence: "the record shows `{subject}`, with which the code is not billed",
        satisfied: Some("the record does not show `{subject}`, as it must not"),
        remedy: Some("check `{subject}`; leave it out only if it is not so"),
        denial: Some(("252", CO, &["N706"])),
    },
    Defaults {
        table: "modifier",
        kind: RuleKind::Modifier,
        effect: Effect::Note,
        sentence: "",
        satisfied: None,
        remedy: None,
        denial: None,
    },
    Defaults {
        table: "rate",
        kind: RuleKind::Rate,
        effect: Effect::Incomplete,
        sentence: "no rate for {subject} is agreed for this day",
        satisfied: Some("a rate for {subject} is agreed for this day"),
        remedy: Some("add the contracted rate of {subject} to the agency's terms"),
        denial: Some(("147", CO, &[])),
    },
    Defaults {
        table: "report_only",
        kind: RuleKind::ReportOnly,
        effect: Effect::ReportOnly,
        sentence: "accepted for reporting; it pays nothing",
        satisfied: None,
        remedy: None,
        denial: Some(("246", CO, &["N620"])),
    },
    Defaults {
        table: "filing",
        kind: RuleKind::Filing,
        effect: Effect::NotBillable,
        sentence: "days from the service to the claim: {observed}, allowed: {expected}",
        satisfied: Some("days from the service to the claim: {observed}, allowed: {expected}"),
        remedy: None,
        denial: Some(("29", CO, &[])),
    },
    Defaults {
        table: "notice",
        kind: RuleKind::Notice,
        effect: Effect::Note,
        sentence: "the sources leave this open",
        satisfied: None,
        remedy: None,
        denial: None,
    },
    Defaults {
        table: "custom",
        kind: RuleKind::Custom,
        effect: Effect::Review,
        sentence: "a rule of the policy's own code applies",
        satisfied: None,
        remedy: None,
        denial: None,
    },
];

/// The rules so far, and what each points at.
#[derive(Default)]
pub(super) struct RuleBook {
    pub rules: Vec<Rule>,
    pub rule_subjects: Vec<u32>,
    pub subjects: Vec<(SubjectKind, String)>,
    id_to_number: BTreeMap<Token, u32>,
}

/// How a rule differs from what its row and table say.
#[derive(Default)]
pub(super) struct Variant {
    /// Added to the row's id, `.` included.
    pub suffix: &'static str,
    /// The whole id, instead of the row's.
    pub id: Option<Token>,
    pub kind: Option<RuleKind>,
    pub effect: Option<Effect>,
    pub sentence: Option<String>,
    pub satisfied: Option<String>,
    pub remedy: Option<String>,
    pub denial: Option<(&'static str, LiabilityGroup, &'static [&'static str])>,
    /// What the rule points at where its finding names nothing itself.
    pub subject: Option<(SubjectKind, String)>,
}

impl RuleBook {
    /// Position of a thing that findings point at.
    pub(super) fn subject(&mut self, kind: SubjectKind, name: &str) -> u32 {
        let known = self.subjects.iter().position(|(other, text)| *other == kind && text == name);
        let position = known.unwrap_or_else(|| {
            self.subjects.push((kind, name.to_owned()));
            self.subjects.len() - 1
        });
        u32::try_from(position).unwrap_or(NONE)
    }

    /// Number of the rule by which a row of `table` speaks, adding it on first use.
    pub(super) fn rule(&mut self, table: &str, common: &Common, in_force: DateRange, variant: Variant) -> u32 {
        let id = variant.id.clone().or_else(|| suffixed(common.id.as_ref()?, variant.suffix));
        let (Some(defaults), Some(id)) = (TABLES.iter().find(|defaults| defaults.table == table), id) else {
            return NONE;
        };
        if let Some(number) = self.id_to_number.get(&id) {
            return *number;
        }
        let effect = variant.effect.or(common.effect).unwrap_or(defaults.effect);
        let of_table = if variant.kind.is_none() { variant.denial.or(defaults.denial) } else { variant.denial };
        let number = u32::try_from(self.rules.len()).unwrap_or(NONE);
        let own_words = variant.kind.is_none() || common.sentence.is_some() && variant.sentence.is_none();
        self.rules.push(Rule {
            id: id.clone(),
            kind: variant.kind.unwrap_or(defaults.kind),
            effect,
            sentence: variant
                .sentence
                .or_else(|| common.sentence.clone().filter(|_| own_words))
                .unwrap_or_else(|| defaults.sentence.to_owned()),
            satisfied_sentence: common
                .satisfied
                .clone()
                .filter(|_| variant.kind.is_none())
                .or(variant.satisfied)
                .or_else(|| defaults.satisfied.filter(|_| variant.kind.is_none()).map(str::to_owned)),
            remedy: variant
                .remedy
                .or_else(|| common.remedy.clone())
                .or_else(|| defaults.remedy.filter(|_| variant.kind.is_none()).map(str::to_owned)),
            source: common.source.clone(),
            section: common.section.clone(),
            in_force,
            denial: common
                .denial
                .clone()
                .or_else(|| denial(of_table))
                .filter(|_| effect < Effect::Note && effect != Effect::Review),
            assumptions: common.assumes.clone(),
        });
        let subject = variant.subject.map_or(NONE, |(kind, name)| self.subject(kind, &name));
        self.rule_subjects.push(subject);
        self.id_to_number.insert(id, number);
        number
    }
}

fn suffixed(id: &Token, suffix: &str) -> Option<Token> {
    Token::parse(&format!("{id}{suffix}")).ok()
}

fn denial(codes: Option<(&str, LiabilityGroup, &[&str])>) -> Option<Denial> {
    let (carc, group, rarc) = codes?;
    Some(Denial {
        carc: Token::parse(carc).ok()?,
        group,
        rarc: rarc.iter().filter_map(|code| Token::parse(code).ok()).collect(),
    })
}
