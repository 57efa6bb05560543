//! One changed fact of an encounter: how it is made and how it is said. Which changes are worth a try is in `levers`.

use serde::{Deserialize, Serialize};

use adjudica_core::code::{Modifier, PlaceOfService, ProcedureCode};
use adjudica_core::date::ServiceDate;
use adjudica_core::facts::EncounterFacts;
use adjudica_core::quantity::{Minutes, Units};
use adjudica_core::standing::{Authorized, CONDITIONS, DATES, OPEN_CONDITIONS, Standing};
use adjudica_core::token::Token;

/// Name of an authorization that is not obtained yet.
const AUTHORIZATION_TO_BE: &str = "to_be_obtained";

/// A change of one fact, with whether it can truthfully be made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FactChange {
    /// Whether something is supplied, or the encounter becomes another one.
    pub kind: ChangeKind,
    /// The change.
    #[serde(flatten)]
    pub change: Change,
}

/// Whether a change can truthfully be made later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Something is missing or asked for wrongly, and can be supplied.
    Missing,
    /// It would be another encounter, or other facts than those on file.
    Otherwise,
}

/// A change of one fact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// The record shows a document or a fact.
    AddSupportingInfo {
        /// Its category.
        category: Token,
    },
    /// The record does not show it.
    WithoutSupportingInfo {
        /// Its category.
        category: Token,
    },
    /// A condition of the agency's records holds.
    SupportCondition {
        /// Its name.
        condition: Token,
    },
    /// A condition of the agency's records does not hold.
    WithoutCondition {
        /// Its name.
        condition: Token,
    },
    /// A modifier is asked for.
    Modifier {
        /// The modifier.
        modifier: Modifier,
    },
    /// A modifier is not asked for.
    WithoutModifier {
        /// The modifier.
        modifier: Modifier,
    },
    /// A prior authorization on file covers the code on the date of service.
    Authorization {
        /// The code.
        code: ProcedureCode,
        /// Units approved.
        units: Units,
    },
    /// The records name a day.
    Day {
        /// Its kind: `discharge`, `order`, ...
        day_kind: Token,
        /// The day.
        day: ServiceDate,
        /// The day on file now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on_file: Option<ServiceDate>,
    },
    /// Another code is asked for: one that the policy itself points at, or any other of its codes.
    ProcedureCode {
        /// The code.
        code: ProcedureCode,
    },
    /// The group has another size.
    GroupSize {
        /// Patients.
        group_size: u32,
        /// Patients now on record.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        documented: Option<u32>,
    },
    /// Other minutes are documented.
    Minutes {
        /// Minutes.
        minutes: Minutes,
        /// Minutes now on record.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        documented: Option<Minutes>,
    },
    /// The place of service is another one.
    PlaceOfService {
        /// The place.
        place_of_service: PlaceOfService,
    },
    /// Contact is made in another way.
    Mode {
        /// The mode.
        mode: Token,
    },
    /// The work is done in another phase.
    Phase {
        /// The phase.
        phase: Token,
    },
    /// Somebody of another role does the work.
    Role {
        /// The role.
        role: Token,
    },
    /// The claim reaches the payer on another day.
    ReceivedOn {
        /// The day.
        day: ServiceDate,
    },
}

/// The fact that a change is about; two changes of the same fact exclude each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Slot {
    Record(Token),
    Modifier(Modifier),
    Authorization(ProcedureCode),
    Day(Token),
    Code,
    GroupSize,
    Minutes,
    Place,
    Mode,
    Phase,
    Role,
    ReceivedOn,
}

impl Slot {
    /// Whether its values are numbers, of which one stands for its neighbours.
    pub(super) fn is_number(&self) -> bool {
        match self {
            Self::Day(_) | Self::GroupSize | Self::Minutes | Self::ReceivedOn => true,
            Self::Record(_)
            | Self::Modifier(_)
            | Self::Authorization(_)
            | Self::Code
            | Self::Place
            | Self::Mode
            | Self::Phase
            | Self::Role => false,
        }
    }
}

impl FactChange {
    /// What to do, in plain words: lower case, no full stop.
    #[must_use]
    pub fn sentence(&self) -> String {
        let is_supplied = self.kind == ChangeKind::Missing;
        match &self.change {
            Change::AddSupportingInfo { category } if is_supplied => format!("document `{category}`"),
            Change::AddSupportingInfo { category } => format!("have the record show `{category}`, if that is so"),
            Change::WithoutSupportingInfo { category } => {
                format!("have the record not show `{category}`, if that is so")
            }
            Change::SupportCondition { condition } => {
                format!("have the records show that {}{}", meaning_of(condition), if_so(self.kind))
            }
            Change::WithoutCondition { condition } => {
                format!("have the records not say that {}{}", meaning_of(condition), if_so(self.kind))
            }
            Change::Modifier { modifier } => format!("ask for modifier {modifier}"),
            Change::WithoutModifier { modifier } => format!("leave modifier {modifier} out"),
            Change::Authorization { code, units } => {
                format!("obtain a prior authorization of {code} for the day, at least {units} of its units")
            }
            Change::Day { day_kind, day, on_file } => {
                let day_meaning = DATES.iter().find(|(name, _)| *name == day_kind.as_str());
                let what = day_meaning.map_or_else(|| format!("`{day_kind}`"), |(_, meaning)| (*meaning).to_owned());
                match on_file {
                    None => format!("record the day of {what}; {day} would do"),
                    Some(on_file) => format!("have {day} instead of {on_file} as the day of {what}, if that is so"),
                }
            }
            Change::ProcedureCode { code } if is_supplied => format!("ask for {code}"),
            Change::ProcedureCode { code } => format!("ask for {code}, if that is the work that was done"),
            Change::GroupSize { group_size, documented: None } => {
                format!("document how many patients the group had; {group_size} would do")
            }
            Change::GroupSize { group_size, documented: Some(now) } => {
                let s = if *group_size == 1 { "" } else { "s" };
                format!("have {} {group_size} patient{s} in the group", bound(group_size, now))
            }
            Change::Minutes { minutes, documented } => {
                let now = documented.unwrap_or_default();
                let s = if minutes.0 == 1 { "" } else { "s" };
                format!("have {} {minutes} documented minute{s}, if the record bears them out", bound(minutes, &now))
            }
            Change::PlaceOfService { place_of_service } if is_supplied => {
                format!("document the place of service; {place_of_service} would do")
            }
            Change::PlaceOfService { place_of_service } => {
                format!("do the work at place of service {place_of_service}")
            }
            Change::Mode { mode } => format!("make contact by `{mode}`"),
            Change::Phase { phase } => format!("do the work in phase `{phase}`"),
            Change::Role { role } => format!("have the work done by role `{role}`"),
            Change::ReceivedOn { day } => format!("have the claim reach the payer by {day}"),
        }
    }

    /// Whether one such change is told in the place of all of its sort: numbers, and codes that the policy does not point at.
    pub(super) fn stands_for_others(&self) -> bool {
        let slot = self.change.slot();
        slot.is_number() || slot == Slot::Code && self.kind == ChangeKind::Otherwise
    }

    /// How far it departs from the work that was done, from 0.
    pub(super) fn distance(&self) -> u8 {
        match self.change.slot() {
            Slot::Record(_) => 0,
            Slot::Modifier(_) => 1,
            Slot::Authorization(_) => 2,
            Slot::Day(_) => 3,
            Slot::Code if self.kind == ChangeKind::Missing => 4,
            Slot::GroupSize => 5,
            Slot::Minutes => 6,
            Slot::Place => 7,
            Slot::Mode => 8,
            Slot::Phase => 9,
            Slot::Role => 10,
            Slot::ReceivedOn => 11,
            Slot::Code => 12,
        }
    }
}

fn bound<T: PartialOrd>(wanted: &T, now: &T) -> &'static str {
    if wanted < now { "at most" } else { "at least" }
}

fn if_so(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Missing => "",
        ChangeKind::Otherwise => ", if that is so",
    }
}

/// What a condition means, as a clause.
fn meaning_of(condition: &Token) -> String {
    let name = condition.as_str();
    if let Some((_, meaning)) = CONDITIONS.iter().find(|(known, _)| *known == name) {
        return (*meaning).to_owned();
    }
    match OPEN_CONDITIONS.iter().find(|(prefix, _)| name.starts_with(prefix)) {
        Some((_, meaning)) => format!("{meaning} (`{name}`)"),
        None => format!("`{name}` holds"),
    }
}

impl Change {
    pub(super) fn slot(&self) -> Slot {
        match self {
            Self::AddSupportingInfo { category: name }
            | Self::WithoutSupportingInfo { category: name }
            | Self::SupportCondition { condition: name }
            | Self::WithoutCondition { condition: name } => Slot::Record(name.clone()),
            Self::Modifier { modifier } | Self::WithoutModifier { modifier } => Slot::Modifier(*modifier),
            Self::Authorization { code, .. } => Slot::Authorization(*code),
            Self::Day { day_kind, .. } => Slot::Day(day_kind.clone()),
            Self::ProcedureCode { .. } => Slot::Code,
            Self::GroupSize { .. } => Slot::GroupSize,
            Self::Minutes { .. } => Slot::Minutes,
            Self::PlaceOfService { .. } => Slot::Place,
            Self::Mode { .. } => Slot::Mode,
            Self::Phase { .. } => Slot::Phase,
            Self::Role { .. } => Slot::Role,
            Self::ReceivedOn { .. } => Slot::ReceivedOn,
        }
    }

    /// Makes the change.
    pub fn apply(&self, facts: &mut EncounterFacts) {
        match self {
            Self::AddSupportingInfo { category } => facts.supporting_info.extend([category.clone()]),
            Self::SupportCondition { condition } => standing(facts).conditions.extend([condition.clone()]),
            Self::WithoutSupportingInfo { category: name } | Self::WithoutCondition { condition: name } => {
                facts.supporting_info.remove(name);
                if let Some(standing) = facts.standing.as_deref_mut() {
                    standing.conditions.remove(name);
                }
            }
            Self::Modifier { modifier } => facts.modifiers.extend([*modifier]),
            Self::WithoutModifier { modifier } => {
                facts.modifiers.remove(modifier);
            }
            Self::Authorization { code, units } => authorize(facts, *code, *units),
            Self::Day { day_kind, day, .. } => standing(facts).dates.extend([(day_kind.clone(), *day)]),
            Self::ProcedureCode { code } => facts.procedure_code = Some(*code),
            Self::GroupSize { group_size, .. } => facts.group_size = Some(*group_size),
            Self::Minutes { minutes, .. } => facts.minutes = Some(*minutes),
            Self::PlaceOfService { place_of_service } => facts.place_of_service = Some(*place_of_service),
            Self::Mode { mode } => facts.mode = mode.clone(),
            Self::Phase { phase } => facts.phase = phase.clone(),
            Self::Role { role } => facts.rendering_provider_role = role.clone(),
            Self::ReceivedOn { day } => facts.received_on = Some(*day),
        }
    }
}

fn standing(facts: &mut EncounterFacts) -> &mut Standing {
    facts.standing.get_or_insert_with(|| Box::new(Standing::nothing().clone()))
}

fn authorize(facts: &mut EncounterFacts, code: ProcedureCode, units: Units) {
    let Ok(authorization_id) = Token::parse(AUTHORIZATION_TO_BE) else { return };
    let from = facts.date_of_service;
    let procedure_codes = [code].into();
    let authorized = Authorized { authorization_id, procedure_codes, from, to: Some(from.plus_days(1)), units };
    standing(facts).authorizations.push(authorized);
}

#[cfg(test)]
mod tests;
