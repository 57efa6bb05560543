//! One encounter changed in one respect to each value that matters. Makes encounters; asks nobody about them.

use adjudica_core::standing::{Standing, is_condition};
use adjudica_core::{
    Cents, EncounterFacts, LedgerLine, Minutes, Modifier, PlaceOfService, ProcedureCode, ServiceDate, Timeline, Token,
    Units,
};

use crate::vocabulary::Vocabulary;

/// Minutes that are tried whatever the tables say.
const MINUTES_TRIED: u32 = 130;
/// Minutes of the largest number that is tried.
const MINUTES_MAX: u32 = 1_440;
/// Lines that are put into a ledger at most.
const LINES_MAX: u32 = 40;
/// Days before the date of service on which lines are tried, besides those of windows.
const DAYS_BACK: [i32; 6] = [0, 1, 15, 31, 62, 366];

/// A code that no table names.
const STRANGE_CODE: &str = "Z9999";
/// A modifier that no table names.
const STRANGE_MODIFIER: &str = "ZZ";
/// Diagnoses that no table names.
const STRANGE_DIAGNOSES: [&str; 2] = ["Z99.89", "Z98.89"];

/// The encounter of `base` changed in one respect each.
pub(super) fn variations(base: &Timeline, vocabulary: &Vocabulary) -> Vec<Timeline> {
    let mut varied = Varied { base, found: Vec::new() };
    varied.by_words(vocabulary);
    varied.by_numbers(vocabulary);
    varied.by_record(vocabulary);
    varied.by_days(vocabulary);
    varied.by_ledger(vocabulary);
    varied.found
}

/// The encounter of `base` on each day on which something changes, with each code, and there with every word and number.
pub(super) fn wide_variations(base: &Timeline, vocabulary: &Vocabulary) -> Vec<Timeline> {
    let mut moved = Varied { base, found: vec![base.clone()] };
    for day in &vocabulary.days {
        moved.move_to(*day);
    }
    let mut found = Vec::new();
    for base in &moved.found {
        let mut coded = Varied { base, found: Vec::new() };
        coded.change(|facts| facts.procedure_code = None);
        for code in vocabulary.codes.iter().filter_map(|code| ProcedureCode::parse(code).ok()) {
            coded.change(|facts| facts.procedure_code = Some(code));
        }
        for base in &coded.found {
            let mut varied = Varied { base, found: vec![base.clone()] };
            varied.by_tables(vocabulary);
            found.append(&mut varied.found);
        }
    }
    found
}

struct Varied<'b> {
    base: &'b Timeline,
    found: Vec<Timeline>,
}

impl Varied<'_> {
    fn facts(&self) -> Option<&EncounterFacts> {
        self.base.encounters.first()
    }

    /// Adds the base with its encounter changed.
    fn change(&mut self, change: impl FnOnce(&mut EncounterFacts)) {
        let mut timeline = self.base.clone();
        if let Some(facts) = timeline.encounters.first_mut() {
            change(facts);
            self.found.push(timeline);
        }
    }

    /// Each word and number that tables speak of, alone.
    fn by_tables(&mut self, vocabulary: &Vocabulary) {
        for role in vocabulary.roles.iter().filter_map(|role| Token::parse(role).ok()) {
            self.change(|facts| facts.rendering_provider_role = role);
        }
        for phase in vocabulary.phases.iter().filter_map(|phase| Token::parse(phase).ok()) {
            self.change(|facts| facts.phase = phase);
        }
        for mode in vocabulary.modes.iter().filter_map(|mode| Token::parse(mode).ok()) {
            self.change(|facts| facts.mode = mode);
        }
        for info in vocabulary.infos.iter().filter_map(|info| Token::parse(info).ok()) {
            self.change(|facts| toggle(facts, &info));
        }
        for minutes in vocabulary.minutes.iter().filter(|minutes| **minutes < MINUTES_MAX) {
            self.change(|facts| facts.minutes = Some(Minutes(*minutes)));
        }
        for size in &vocabulary.group_sizes {
            self.change(|facts| facts.group_size = Some(*size));
        }
        self.change(|facts| facts.minutes = None);
        self.change(|facts| facts.diagnoses = strange_diagnoses());
        self.change(|facts| facts.diagnoses.clear());
        let Some((facts, code)) = self.facts().and_then(|facts| Some((facts.clone(), facts.procedure_code?))) else {
            return;
        };
        for number in vocabulary.limits.iter().filter(|number| **number <= LINES_MAX) {
            self.with_lines((0..*number).map(|_| line_of(&facts, &code, facts.date_of_service)).collect());
        }
    }

    fn by_words(&mut self, vocabulary: &Vocabulary) {
        for role in vocabulary.roles.iter().filter_map(|role| Token::parse(role).ok()) {
            self.change(|facts| facts.rendering_provider_role = role.clone());
            // Role and phase, role and mode: staff rows speak of them together.
            for phase in vocabulary.phases.iter().filter_map(|phase| Token::parse(phase).ok()) {
                self.change(|facts| {
                    facts.rendering_provider_role = role.clone();
                    facts.phase = phase;
                });
            }
            for mode in vocabulary.modes.iter().filter_map(|mode| Token::parse(mode).ok()) {
                self.change(|facts| {
                    facts.rendering_provider_role = role.clone();
                    facts.mode = mode;
                });
            }
        }
        for phase in vocabulary.phases.iter().filter_map(|phase| Token::parse(phase).ok()) {
            self.change(|facts| facts.phase = phase.clone());
            for mode in vocabulary.modes.iter().filter_map(|mode| Token::parse(mode).ok()) {
                self.change(|facts| {
                    facts.phase = phase.clone();
                    facts.mode = mode;
                });
            }
        }
        for mode in vocabulary.modes.iter().filter_map(|mode| Token::parse(mode).ok()) {
            self.change(|facts| facts.mode = mode);
        }
        for code in vocabulary.codes.iter().filter_map(|code| ProcedureCode::parse(code).ok()) {
            self.change(|facts| facts.procedure_code = Some(code));
        }
        self.change(|facts| facts.procedure_code = ProcedureCode::parse(STRANGE_CODE).ok());
        self.change(|facts| facts.place_of_service = None);
        for place in vocabulary.places.iter().filter_map(|place| PlaceOfService::parse(place).ok()) {
            self.change(|facts| facts.place_of_service = Some(place));
        }
        self.change(|facts| facts.modifiers.extend(Modifier::parse(STRANGE_MODIFIER).ok()));
        for modifier in vocabulary.modifiers.iter().filter_map(|modifier| Modifier::parse(modifier).ok()) {
            self.change(|facts| facts.modifiers.extend([modifier]));
        }
        for diagnosis in vocabulary.diagnoses.iter().filter_map(|diagnosis| Token::parse(diagnosis).ok()) {
            self.change(|facts| facts.diagnoses = vec![diagnosis.clone()]);
            self.change(|facts| facts.diagnoses.push(diagnosis));
        }
        self.change(|facts| facts.diagnoses.clear());
        self.change(|facts| facts.diagnoses = strange_diagnoses());
        self.change(|facts| {
            facts.procedure_code = None;
            facts.service = None;
        });
    }

    fn by_numbers(&mut self, vocabulary: &Vocabulary) {
        self.change(|facts| facts.minutes = None);
        let beyond =
            vocabulary.minutes.iter().copied().filter(|minutes| (MINUTES_TRIED..MINUTES_MAX).contains(minutes));
        for minutes in (0..MINUTES_TRIED).chain(beyond) {
            self.change(|facts| facts.minutes = Some(Minutes(minutes)));
        }
        self.change(|facts| facts.group_size = None);
        for size in &vocabulary.group_sizes {
            self.change(|facts| facts.group_size = Some(*size));
        }
    }

    fn by_record(&mut self, vocabulary: &Vocabulary) {
        for info in vocabulary.infos.iter().filter_map(|info| Token::parse(info).ok()) {
            self.change(|facts| toggle(facts, &info));
        }
        for kind in vocabulary.components.iter().filter_map(|kind| Token::parse(kind).ok()) {
            for minutes in [1, 10, 30] {
                self.change(|facts| standing(facts).components.extend([(kind.clone(), Minutes(minutes))]));
            }
        }
        for kind in vocabulary.day_kinds.iter().filter_map(|kind| Token::parse(kind).ok()) {
            let spans = vocabulary.spans.iter().filter_map(|days| i32::try_from(*days).ok());
            let near = spans.flat_map(|days| [days - 1, days, days + 1]).chain(-2..16);
            for back in near {
                self.change(|facts| {
                    let day = facts.date_of_service.plus_days(-back);
                    standing(facts).dates.insert(kind.clone(), day);
                });
            }
        }
        self.change(|facts| standing(facts).authorizations.clear());
    }

    fn by_days(&mut self, vocabulary: &Vocabulary) {
        for day in &vocabulary.days {
            for to in [day.plus_days(-1), *day] {
                self.move_to(to);
            }
        }
        let Some(day) = self.facts().map(|facts| facts.date_of_service) else { return };
        for days in vocabulary.spans.iter().filter_map(|days| i32::try_from(*days).ok()) {
            for after in [days - 2, days - 1, days, days + 1] {
                self.change(|facts| facts.received_on = Some(day.plus_days(after)));
            }
        }
    }

    /// Moves the encounter, and all that surrounds it, to another day.
    fn move_to(&mut self, to: ServiceDate) {
        let mut timeline = self.base.clone();
        let Some(facts) = timeline.encounters.first_mut() else { return };
        let by = to.days().saturating_sub(facts.date_of_service.days());
        facts.date_of_service = to;
        facts.received_on = facts.received_on.map(|day| day.plus_days(by));
        if let Some(standing) = facts.standing.as_deref_mut() {
            for day in standing.dates.values_mut() {
                *day = day.plus_days(by);
            }
            for line in &mut standing.authorizations {
                line.from = line.from.plus_days(by);
                line.to = line.to.map(|day| day.plus_days(by));
            }
        }
        for line in &mut timeline.ledger {
            line.date_of_service = line.date_of_service.plus_days(by);
        }
        self.found.push(timeline);
    }

    fn by_ledger(&mut self, vocabulary: &Vocabulary) {
        let Some(facts) = self.facts().cloned() else { return };
        let spans = vocabulary.spans.iter().filter_map(|days| i32::try_from(*days).ok());
        let mut back: Vec<i32> = spans.flat_map(|days| [days - 1, days, days + 1]).chain(DAYS_BACK).collect();
        back.sort_unstable();
        back.dedup();
        for code in vocabulary.codes.iter().filter_map(|code| ProcedureCode::parse(code).ok()) {
            let is_own = facts.procedure_code.as_ref() == Some(&code);
            let line = |days: i32| line_of(&facts, &code, facts.date_of_service.plus_days(-days));
            for days in &back {
                self.with_lines(vec![line(*days)]);
            }
            let elsewhere = LedgerLine {
                billing_provider_id: other(&facts.billing_provider_id),
                rendering_provider_id: other(&facts.rendering_provider_id),
                ..line(0)
            };
            self.with_lines(vec![elsewhere]);
            let by_other = LedgerLine { rendering_provider_id: other(&facts.rendering_provider_id), ..line(0) };
            self.with_lines(vec![by_other]);
            if is_own {
                self.after_like_lines(&facts, &line(0));
            }
            if !is_own && !vocabulary.limits.is_empty() && vocabulary.codes.len() > LINES_MAX as usize {
                continue;
            }
            for number in vocabulary.limits.iter().filter(|number| (2..=LINES_MAX).contains(*number)) {
                for days in DAYS_BACK.into_iter().take(3) {
                    self.with_lines((0..*number).map(|_| line(days)).collect());
                }
            }
            for number in vocabulary.limits.iter().filter(|number| (1..=MINUTES_MAX).contains(*number)) {
                let many = LedgerLine { units: Units(*number), minutes: Some(Minutes(*number)), ..line(0) };
                self.with_lines(vec![many]);
            }
        }
    }

    /// The encounter after a line like its own on the same day, and after lines that differ in minutes or in mode.
    fn after_like_lines(&mut self, facts: &EncounterFacts, line: &LedgerLine) {
        let copy = LedgerLine { minutes: facts.minutes, ..line.clone() };
        let longer = facts.minutes.map(|minutes| Minutes(minutes.0.saturating_add(1)));
        let by_other_mode = LedgerLine { mode: Some(other(&facts.mode)), ..copy.clone() };
        for line in [LedgerLine { minutes: longer, ..copy.clone() }, by_other_mode, copy] {
            self.with_lines(vec![line]);
        }
    }

    fn with_lines(&mut self, lines: Vec<LedgerLine>) {
        let mut timeline = self.base.clone();
        timeline.ledger.extend(lines);
        timeline.sort();
        self.found.push(timeline);
    }
}

/// The base after a line of its own code, four days before in the same month where there is such a day.
pub(super) fn after_own_line(base: &Timeline) -> Timeline {
    let mut timeline = base.clone();
    let line = base.encounters.first().and_then(|facts| {
        let day = facts.date_of_service.plus_days(-4).max(facts.date_of_service.month_start());
        Some(line_of(facts, facts.procedure_code.as_ref()?, day))
    });
    timeline.ledger.extend(line);
    timeline.sort();
    timeline
}

/// The base with nothing documented about minutes.
pub(super) fn without_minutes(base: &Timeline) -> Timeline {
    let mut timeline = base.clone();
    timeline.encounters.iter_mut().for_each(|facts| facts.minutes = None);
    timeline
}

fn standing(facts: &mut EncounterFacts) -> &mut Standing {
    facts.standing.get_or_insert_with(|| Box::new(Standing::nothing().clone()))
}

/// Takes the document or condition away where it is there, and adds it where it is not.
fn toggle(facts: &mut EncounterFacts, info: &Token) {
    let was_on_file = facts.standing.as_deref_mut().is_some_and(|standing| standing.conditions.remove(info));
    if facts.supporting_info.remove(info) || was_on_file {
        return;
    }
    if is_condition(info.as_str()) {
        standing(facts).conditions.insert(info.clone());
    } else {
        facts.supporting_info.insert(info.clone());
    }
}

fn strange_diagnoses() -> Vec<Token> {
    STRANGE_DIAGNOSES.iter().filter_map(|code| Token::parse(code).ok()).collect()
}

fn other(id: &Token) -> Token {
    Token::parse(&format!("{id}_other")).unwrap_or_else(|_| id.clone())
}

fn line_of(facts: &EncounterFacts, code: &ProcedureCode, day: ServiceDate) -> LedgerLine {
    LedgerLine {
        payer_id: facts.payer_id.clone(),
        date_of_service: day,
        procedure_code: *code,
        units: Units(1),
        amount_cents: Cents::new(0),
        billing_provider_id: facts.billing_provider_id.clone(),
        rendering_provider_id: facts.rendering_provider_id.clone(),
        diagnosis: facts.diagnoses.first().cloned(),
        mode: Some(facts.mode.clone()),
        minutes: None,
        paid_cents: None,
        deductible_cents: None,
    }
}
