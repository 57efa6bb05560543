//! Which facts are worth changing: what the failed findings point at, and what the manifest names. Tries none of them.

use std::collections::BTreeSet;

use super::change::{Change, ChangeKind, FactChange};
use super::{Candidates, Question};
use adjudica_core::code::ProcedureCode;
use adjudica_core::decision::{Decision, Finding, Verdict};
use adjudica_core::facts::EncounterFacts;
use adjudica_core::manifest::{Effect, RuleKind, SubjectKind};
use adjudica_core::quantity::{MINUTES_MAX, Minutes, Units};
use adjudica_core::standing::{is_condition, is_date};
use adjudica_core::token::Token;

/// Numbers that are tried where a rule asks for one and does not say which.
const NUMBERS_TRIED: u32 = 150;
/// Group sizes that are tried where none is documented.
const SIZES_TRIED: u32 = 12;
/// Facts of the encounter that a finding may ask for by their names, as information.
const OWN_FACTS: [&str; 4] = ["minutes", "group_size", "place_of_service", "diagnoses"];
/// Days around the date of service that are tried for a day that is not on file.
const DAYS_TRIED: [i32; 9] = [0, -1, 1, -7, 7, -14, 14, -30, 30];

/// The findings that speak against billing.
pub(super) fn failed(decision: &Decision) -> impl Iterator<Item = &Finding> {
    decision.findings.iter().filter(|finding| finding.verdict == Verdict::Failed && finding.effect != Effect::Note)
}

/// What can be tried about an encounter.
pub(super) struct Levers<'l> {
    question: &'l Question<'l>,
    /// The facts as they are.
    original: &'l EncounterFacts,
    /// The facts that the decision is about.
    now: &'l EncounterFacts,
    decision: &'l Decision,
    found: Vec<FactChange>,
    known: BTreeSet<Change>,
}

impl<'l> Levers<'l> {
    pub(super) fn of(
        question: &'l Question<'l>,
        original: &'l EncounterFacts,
        now: &'l EncounterFacts,
        decision: &'l Decision,
    ) -> Self {
        let mut levers = Self { question, original, now, decision, found: Vec::new(), known: BTreeSet::new() };
        for finding in failed(decision) {
            levers.add_named(finding);
        }
        levers
    }

    /// What the findings themselves ask for.
    pub(super) fn named(self) -> Vec<FactChange> {
        self.found
    }

    /// Besides, the manifest's codes where the code does not suit the work, and its words for what the record shows where a
    /// rule may ask for one or be lifted by one.
    pub(super) fn all(mut self) -> Vec<FactChange> {
        let manifest = self.question.manifest;
        if failed(self.decision).any(|finding| can_be_another_code(finding.kind)) {
            manifest.codes.iter().for_each(|code| self.add_code(ChangeKind::Otherwise, *code));
        }
        if failed(self.decision).any(|finding| can_hang_on_the_record(finding.kind)) {
            let is_shown = |subject: &&adjudica_core::manifest::Subject| {
                matches!(subject.kind, SubjectKind::Document | SubjectKind::Information)
            };
            let subjects = manifest.subjects.iter().filter(is_shown).map(|subject| &subject.name);
            // What the encounter itself can say comes before what the agency's records would have to.
            let (on_file, own): (Vec<_>, Vec<_>) =
                manifest.conditions.iter().partition(|name| is_condition(name.as_str()));
            for name in subjects.chain(own).chain(on_file) {
                let is_fact = is_date(name.as_str()) || OWN_FACTS.contains(&name.as_str());
                if !is_fact && !shows(self.now, name) {
                    self.add(ChangeKind::Otherwise, shown(name));
                }
            }
        }
        self.found
    }

    fn add(&mut self, kind: ChangeKind, change: Change) {
        if self.known.insert(change.clone()) {
            self.found.push(FactChange { kind, change });
        }
    }

    fn candidates(&self) -> &'l Candidates {
        self.question.candidates
    }

    fn add_named(&mut self, finding: &Finding) {
        match finding.kind {
            RuleKind::Requirement | RuleKind::Custom | RuleKind::Notice => self.add_record(finding),
            RuleKind::Minutes => {
                self.add_subject_code(finding);
                self.add_minutes(finding);
            }
            RuleKind::GroupSize => {
                self.add_subject_code(finding);
                self.add_group_sizes(finding);
            }
            RuleKind::Authorization => self.add_authorization(finding),
            RuleKind::Interval => self.add_days(finding),
            RuleKind::Modifier => self.add_modifiers(finding),
            RuleKind::Role | RuleKind::Phase | RuleKind::Mode => self.add_staff(),
            RuleKind::PlaceOfService => self.add_places(),
            RuleKind::Filing => self.add_receipt(finding),
            // Nothing of the encounter itself helps against these, or what would is not named by the finding.
            RuleKind::InForce
            | RuleKind::Code
            | RuleKind::Service
            | RuleKind::Limit
            | RuleKind::Diagnosis
            | RuleKind::Component
            | RuleKind::Exclusion
            | RuleKind::Prerequisite
            | RuleKind::Rate
            | RuleKind::ReportOnly => {}
        }
    }

    fn add_record(&mut self, finding: &Finding) {
        let Some(subject) = &finding.subject else { return };
        let name = &subject.name;
        match subject.kind {
            SubjectKind::Information if OWN_FACTS.contains(&name.as_str()) => self.add_own_fact(name.as_str(), finding),
            SubjectKind::Information if is_date(name.as_str()) => self.add_days(finding),
            SubjectKind::ProcedureCode => self.add_subject_code(finding),
            SubjectKind::Modifier => self.add_modifiers(finding),
            SubjectKind::Document | SubjectKind::Information if shows(self.now, name) => {
                self.add(kind_of(finding), absent(name));
            }
            SubjectKind::Document | SubjectKind::Information if is_condition(name.as_str()) => {
                self.add(kind_of(finding), shown(name));
            }
            SubjectKind::Document | SubjectKind::Information => self.add(ChangeKind::Missing, shown(name)),
        }
    }

    /// A fact of the encounter that is not documented. Which diagnoses would do is not named anywhere.
    fn add_own_fact(&mut self, name: &str, finding: &Finding) {
        match name {
            "minutes" => self.add_minutes(finding),
            "group_size" => self.add_group_sizes(finding),
            "place_of_service" => self.add_places(),
            _ => {}
        }
    }

    fn add_subject_code(&mut self, finding: &Finding) {
        let subject = finding.subject.as_ref().filter(|subject| subject.kind == SubjectKind::ProcedureCode);
        if let Some(code) = subject.and_then(|subject| ProcedureCode::parse(subject.name.as_str()).ok()) {
            // The policy itself says that this code suits the work: it was asked for wrongly.
            self.add_code(ChangeKind::Missing, code);
        }
    }

    fn add_code(&mut self, kind: ChangeKind, code: ProcedureCode) {
        if self.now.procedure_code != Some(code) {
            self.add(kind, Change::ProcedureCode { code });
        }
    }

    fn add_minutes(&mut self, finding: &Finding) {
        let documented = self.original.minutes;
        let now = self.now.minutes.map(|minutes| minutes.0);
        for minutes in wanted(now, finding, NUMBERS_TRIED) {
            let minutes = Minutes(minutes);
            if minutes.0 <= MINUTES_MAX && self.now.minutes != Some(minutes) {
                self.add(kind_beside(documented), Change::Minutes { minutes, documented });
            }
        }
    }

    fn add_group_sizes(&mut self, finding: &Finding) {
        let documented = self.original.group_size;
        for group_size in wanted(self.now.group_size, finding, SIZES_TRIED) {
            if self.now.group_size != Some(group_size) {
                self.add(kind_beside(documented), Change::GroupSize { group_size, documented });
            }
        }
    }

    fn add_authorization(&mut self, finding: &Finding) {
        let subject = finding.subject.as_ref().and_then(|subject| ProcedureCode::parse(subject.name.as_str()).ok());
        let asked = subject.or(self.now.procedure_code);
        let Some(code) = asked.or_else(|| Some(self.decision.lines.first()?.procedure_code)) else { return };
        let line = self.decision.lines.iter().find(|line| line.procedure_code == code);
        // Where no line is left, the finding says how many units were asked for.
        let asked = finding.observed.and_then(|units| u32::try_from(units).ok()).unwrap_or(1);
        let units = line.map_or(Units(asked.max(1)), |line| line.units);
        self.add(ChangeKind::Missing, Change::Authorization { code, units });
    }

    /// A day that is not on file may be one near the date of service; one that is on file is moved by what is lacking.
    fn add_days(&mut self, finding: &Finding) {
        let on_file = |facts: &EncounterFacts, kind: &Token| facts.standing().dates.get(kind).copied();
        if let Some(subject) = finding.subject.as_ref().filter(|subject| is_date(subject.name.as_str())) {
            // The word may stand for a fact of the record as well.
            if shows(self.now, &subject.name) {
                self.add(kind_of(finding), absent(&subject.name));
            } else {
                self.add(ChangeKind::Missing, shown(&subject.name));
            }
            for days in DAYS_TRIED {
                let (day_kind, day) = (subject.name.clone(), self.now.date_of_service.plus_days(days));
                self.add(ChangeKind::Missing, Change::Day { day_kind, day, on_file: None });
            }
        }
        let (Some(observed), Some(expected)) = (finding.observed, finding.expected) else { return };
        let Ok(lacking) = i32::try_from(expected.saturating_sub(observed)) else { return };
        for (day_kind, day) in &self.now.standing().dates {
            let before = on_file(self.original, day_kind);
            for days in [lacking, lacking.saturating_neg()] {
                let (day_kind, day) = (day_kind.clone(), day.plus_days(days));
                self.add(kind_beside(before), Change::Day { day_kind, day, on_file: before });
            }
        }
    }

    fn add_modifiers(&mut self, finding: &Finding) {
        for modifier in &self.now.modifiers {
            self.add(ChangeKind::Missing, Change::WithoutModifier { modifier: *modifier });
        }
        let subject = finding.subject.as_ref().filter(|subject| subject.kind == SubjectKind::Modifier);
        for modifier in &self.question.manifest.modifiers {
            let is_meant = subject.is_none_or(|subject| subject.name.as_str() == modifier.as_str());
            if is_meant && !self.now.modifiers.contains(modifier) {
                self.add(ChangeKind::Missing, Change::Modifier { modifier: *modifier });
            }
        }
    }

    /// Rows of staff speak of role, phase and mode together.
    fn add_staff(&mut self) {
        let candidates = self.candidates();
        for mode in candidates.modes.iter().filter(|mode| **mode != self.now.mode) {
            self.add(ChangeKind::Otherwise, Change::Mode { mode: mode.clone() });
        }
        for phase in candidates.phases.iter().filter(|phase| **phase != self.now.phase) {
            self.add(ChangeKind::Otherwise, Change::Phase { phase: phase.clone() });
        }
        for role in candidates.roles.iter().filter(|role| **role != self.now.rendering_provider_role) {
            self.add(ChangeKind::Otherwise, Change::Role { role: role.clone() });
        }
    }

    fn add_places(&mut self) {
        let kind = kind_beside(self.original.place_of_service);
        for place in self.candidates().places.iter().filter(|place| Some(**place) != self.now.place_of_service) {
            self.add(kind, Change::PlaceOfService { place_of_service: *place });
        }
    }

    fn add_receipt(&mut self, finding: &Finding) {
        if let Some(days) = finding.expected.and_then(|days| i32::try_from(days).ok()) {
            let day = self.now.date_of_service.plus_days(days);
            self.add(ChangeKind::Otherwise, Change::ReceivedOn { day });
        }
    }
}

/// What is not on file yet can be supplied.
fn kind_beside<T: Copy>(on_file: Option<T>) -> ChangeKind {
    match on_file {
        None => ChangeKind::Missing,
        Some(_) => ChangeKind::Otherwise,
    }
}

/// What a policy calls incomplete can be supplied, by its own word.
fn kind_of(finding: &Finding) -> ChangeKind {
    if finding.effect == Effect::Incomplete { ChangeKind::Missing } else { ChangeKind::Otherwise }
}

/// Whether the finding may only mean that another code suits the work.
fn can_be_another_code(kind: RuleKind) -> bool {
    match kind {
        RuleKind::Code
        | RuleKind::Service
        | RuleKind::Role
        | RuleKind::Phase
        | RuleKind::Mode
        | RuleKind::PlaceOfService
        | RuleKind::GroupSize
        | RuleKind::Minutes => true,
        // Another code in the place of one that is used up, excluded or not proven would be the wrong advice.
        RuleKind::InForce
        | RuleKind::Limit
        | RuleKind::Authorization
        | RuleKind::Diagnosis
        | RuleKind::Interval
        | RuleKind::Component
        | RuleKind::Exclusion
        | RuleKind::Prerequisite
        | RuleKind::Requirement
        | RuleKind::Modifier
        | RuleKind::Rate
        | RuleKind::Filing
        | RuleKind::ReportOnly
        | RuleKind::Notice
        | RuleKind::Custom => false,
    }
}

/// Whether a rule of that kind can be bound to cases that the record shows: then a word of the record may lift it.
fn can_hang_on_the_record(kind: RuleKind) -> bool {
    match kind {
        RuleKind::Requirement
        | RuleKind::Limit
        | RuleKind::Exclusion
        | RuleKind::Prerequisite
        | RuleKind::Authorization
        | RuleKind::Interval
        | RuleKind::Modifier
        | RuleKind::ReportOnly
        | RuleKind::Notice
        | RuleKind::Custom => true,
        RuleKind::InForce
        | RuleKind::Code
        | RuleKind::Service
        | RuleKind::Role
        | RuleKind::Phase
        | RuleKind::Mode
        | RuleKind::PlaceOfService
        | RuleKind::GroupSize
        | RuleKind::Minutes
        | RuleKind::Diagnosis
        | RuleKind::Component
        | RuleKind::Rate
        | RuleKind::Filing => false,
    }
}

fn shows(facts: &EncounterFacts, name: &Token) -> bool {
    facts.supporting_info.contains(name) || facts.standing().conditions.contains(name)
}

fn shown(name: &Token) -> Change {
    if is_condition(name.as_str()) {
        Change::SupportCondition { condition: name.clone() }
    } else {
        Change::AddSupportingInfo { category: name.clone() }
    }
}

fn absent(name: &Token) -> Change {
    if is_condition(name.as_str()) {
        Change::WithoutCondition { condition: name.clone() }
    } else {
        Change::WithoutSupportingInfo { category: name.clone() }
    }
}

/// Numbers to try instead of `now`: what the finding asks for and its neighbours, or those from one on where it does not say.
/// Where the finding counts more or less than the encounter's own number, the difference is what is lacking.
fn wanted(now: Option<u32>, finding: &Finding, tried: u32) -> Vec<u32> {
    let Some(expected) = finding.expected else {
        let first = now.unwrap_or(0).saturating_add(1);
        return (first..first.saturating_add(tried)).collect();
    };
    let counted_apart = match (now, finding.observed) {
        (Some(now), Some(observed)) => i64::from(now).saturating_sub(observed),
        (None, _) | (_, None) => 0,
    };
    let number = expected.saturating_add(counted_apart);
    let near = [number, number.saturating_add(1), number.saturating_sub(1)];
    near.into_iter().filter_map(|number| u32::try_from(number).ok()).collect()
}
