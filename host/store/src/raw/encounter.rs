//! Encounter rows, both ways: read ones become facts or faults, facts become rows to write.

use adjudica_core::facts::GROUP_SIZES;
use adjudica_core::quantity::MINUTES_MAX;
use adjudica_core::{EncounterFacts, Minutes, Modifier, PlaceOfService, ProcedureCode, ServiceDate, Token};
use serde::{Deserialize, Serialize};

use crate::encounter::{BadEncounter, StoredEncounter};
use crate::error::StoreError;
use crate::instant::Instant;
use crate::raw::Faults;

/// One row of `encounter` with its modifiers, diagnoses and supporting information joined by commas. SQLite gives large
/// sets as one JSON text of such rows, which is faster than row by row.
#[derive(Deserialize)]
pub(crate) struct RawEncounter {
    pub(crate) agency_id: String,
    pub(crate) encounter_id: String,
    pub(crate) client_id: String,
    pub(crate) payer_id: String,
    pub(crate) plan_id: Option<String>,
    pub(crate) service_line: Option<String>,
    pub(crate) date_of_service: String,
    pub(crate) procedure_code: Option<String>,
    pub(crate) service: Option<String>,
    pub(crate) minutes: Option<i64>,
    pub(crate) rendering_provider_id: String,
    pub(crate) rendering_provider_role: String,
    pub(crate) billing_provider_id: String,
    pub(crate) phase: String,
    pub(crate) mode: String,
    pub(crate) place_of_service: Option<String>,
    pub(crate) group_size: Option<i64>,
    pub(crate) received_on: Option<String>,
    pub(crate) revision: i64,
    pub(crate) written_at: i64,
    pub(crate) modifiers: Option<String>,
    pub(crate) diagnoses: Option<String>,
    pub(crate) supporting_info: Option<String>,
}

/// Reads a row whose columns stand in the order of [`RawEncounter`].
macro_rules! read_encounter {
    ($row:expr) => {
        Ok::<_, sqlx::Error>($crate::raw::encounter::RawEncounter {
            agency_id: $row.try_get(0)?,
            encounter_id: $row.try_get(1)?,
            client_id: $row.try_get(2)?,
            payer_id: $row.try_get(3)?,
            plan_id: $row.try_get(4)?,
            service_line: $row.try_get(5)?,
            date_of_service: $row.try_get(6)?,
            procedure_code: $row.try_get(7)?,
            service: $row.try_get(8)?,
            minutes: $row.try_get(9)?,
            rendering_provider_id: $row.try_get(10)?,
            rendering_provider_role: $row.try_get(11)?,
            billing_provider_id: $row.try_get(12)?,
            phase: $row.try_get(13)?,
            mode: $row.try_get(14)?,
            place_of_service: $row.try_get(15)?,
            group_size: $row.try_get(16)?,
            received_on: $row.try_get(17)?,
            revision: $row.try_get(18)?,
            written_at: $row.try_get(19)?,
            modifiers: $row.try_get(20)?,
            diagnoses: $row.try_get(21)?,
            supporting_info: $row.try_get(22)?,
        })
    };
}
pub(crate) use read_encounter;

impl RawEncounter {
    /// The encounter, or every fault of its row.
    pub(crate) fn parse(&self) -> Result<StoredEncounter, BadEncounter> {
        let mut faults = Faults::default();
        let agency_id = faults.take("agency_id", Token::parse(&self.agency_id));
        let facts = self.parse_facts(&mut faults);
        let written_at = Instant::from_microsecond(self.written_at).unwrap_or(Instant::UNIX_EPOCH);
        match (agency_id, facts) {
            (Some(agency_id), Some(facts)) if faults.is_empty() => {
                Ok(StoredEncounter { agency_id, facts, revision: self.revision, written_at })
            }
            _ => Err(BadEncounter {
                agency_id: self.agency_id.clone(),
                encounter_id: self.encounter_id.clone(),
                revision: self.revision,
                faults: faults.into_vec(),
            }),
        }
    }

    fn parse_facts(&self, faults: &mut Faults) -> Option<EncounterFacts> {
        let encounter_id = faults.take("encounter_id", Token::parse(&self.encounter_id));
        let client_id = faults.take("client_id", Token::parse(&self.client_id));
        let payer_id = faults.take("payer_id", Token::parse(&self.payer_id));
        let plan_id = faults.take_option("plan_id", self.plan_id.as_deref(), Token::parse);
        let service_line = faults.take_option("service_line", self.service_line.as_deref(), Token::parse);
        let date_of_service = faults.take("date_of_service", ServiceDate::parse(&self.date_of_service));
        let procedure_code = faults.take_option("procedure_code", self.procedure_code.as_deref(), ProcedureCode::parse);
        let service = faults.take_option("service", self.service.as_deref(), Token::parse);
        let minutes = faults.take_count("minutes", self.minutes, &(0..=MINUTES_MAX));
        let rendering_provider_id = faults.take("rendering_provider_id", Token::parse(&self.rendering_provider_id));
        let role = faults.take("rendering_provider_role", Token::parse(&self.rendering_provider_role));
        let billing_provider_id = faults.take("billing_provider_id", Token::parse(&self.billing_provider_id));
        let phase = faults.take("phase", Token::parse(&self.phase));
        let mode = faults.take("mode", Token::parse(&self.mode));
        let place = faults.take_option("place_of_service", self.place_of_service.as_deref(), PlaceOfService::parse);
        let group_size = faults.take_count("group_size", self.group_size, &GROUP_SIZES);
        let received_on = faults.take_option("received_on", self.received_on.as_deref(), ServiceDate::parse);
        let modifiers = faults.take_list("modifier", self.modifiers.as_deref(), Modifier::parse);
        let diagnoses = faults.take_list("diagnosis", self.diagnoses.as_deref(), Token::parse);
        let supporting_info = faults.take_list("category", self.supporting_info.as_deref(), Token::parse);
        Some(EncounterFacts {
            encounter_id: encounter_id?,
            client_id: client_id?,
            payer_id: payer_id?,
            plan_id: plan_id?,
            service_line: service_line?,
            date_of_service: date_of_service?,
            procedure_code: procedure_code?,
            service: service?,
            minutes: minutes?.map(Minutes),
            rendering_provider_id: rendering_provider_id?,
            rendering_provider_role: role?,
            billing_provider_id: billing_provider_id?,
            phase: phase?,
            mode: mode?,
            place_of_service: place?,
            group_size: group_size?,
            modifiers,
            diagnoses,
            supporting_info,
            received_on: received_on?,
            standing: None,
        })
    }
}

/// Splits what was read into encounters and faults.
pub(crate) fn parse_all(rows: &[RawEncounter]) -> (Vec<StoredEncounter>, Vec<BadEncounter>) {
    let mut encounters = Vec::with_capacity(rows.len());
    let mut bad = Vec::new();
    for row in rows {
        match row.parse() {
            Ok(encounter) => encounters.push(encounter),
            Err(fault) => bad.push(fault),
        }
    }
    (encounters, bad)
}

/// A bad encounter as an error, for callers who asked for exactly that one.
pub(crate) fn unreadable(bad: BadEncounter) -> StoreError {
    StoreError::UnreadableEncounter { encounter_id: bad.encounter_id, faults: bad.faults }
}

/// A row of `encounter` to be written. Both databases take sets of these.
#[derive(Serialize)]
pub(crate) struct EncounterRow<'a> {
    pub(crate) encounter_id: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) payer_id: &'a str,
    pub(crate) plan_id: Option<&'a str>,
    pub(crate) service_line: Option<&'a str>,
    pub(crate) date_of_service: String,
    pub(crate) procedure_code: Option<&'a str>,
    pub(crate) service: Option<&'a str>,
    pub(crate) minutes: Option<i64>,
    pub(crate) rendering_provider_id: &'a str,
    pub(crate) rendering_provider_role: &'a str,
    pub(crate) billing_provider_id: &'a str,
    pub(crate) phase: &'a str,
    pub(crate) mode: &'a str,
    pub(crate) place_of_service: Option<&'a str>,
    pub(crate) group_size: Option<i64>,
    pub(crate) received_on: Option<String>,
}

/// A row of one of the tables that belong to `encounter`.
#[derive(Serialize)]
pub(crate) struct PartRow<'a> {
    pub(crate) encounter_id: &'a str,
    pub(crate) position: i64,
    pub(crate) value: &'a str,
}

/// Rows to be written for a set of encounters.
pub(crate) struct EncounterRows<'a> {
    pub(crate) encounters: Vec<EncounterRow<'a>>,
    pub(crate) modifiers: Vec<PartRow<'a>>,
    pub(crate) diagnoses: Vec<PartRow<'a>>,
    pub(crate) supporting_info: Vec<PartRow<'a>>,
}

impl<'a> EncounterRows<'a> {
    pub(crate) fn new(facts: impl Iterator<Item = &'a EncounterFacts>) -> Self {
        let mut rows = Self { encounters: vec![], modifiers: vec![], diagnoses: vec![], supporting_info: vec![] };
        for facts in facts {
            let id = facts.encounter_id.as_str();
            rows.encounters.push(EncounterRow::new(facts));
            add_parts(&mut rows.modifiers, id, facts.modifiers.iter().map(Modifier::as_str));
            add_parts(&mut rows.diagnoses, id, facts.diagnoses.iter().map(Token::as_str));
            add_parts(&mut rows.supporting_info, id, facts.supporting_info.iter().map(Token::as_str));
        }
        rows
    }
}

fn add_parts<'a>(rows: &mut Vec<PartRow<'a>>, encounter_id: &'a str, values: impl Iterator<Item = &'a str>) {
    rows.extend(values.zip(1..).map(|(value, position)| PartRow { encounter_id, position, value }));
}

impl<'a> EncounterRow<'a> {
    fn new(facts: &'a EncounterFacts) -> Self {
        Self {
            encounter_id: facts.encounter_id.as_str(),
            client_id: facts.client_id.as_str(),
            payer_id: facts.payer_id.as_str(),
            plan_id: facts.plan_id.as_ref().map(Token::as_str),
            service_line: facts.service_line.as_ref().map(Token::as_str),
            date_of_service: facts.date_of_service.to_string(),
            procedure_code: facts.procedure_code.as_ref().map(ProcedureCode::as_str),
            service: facts.service.as_ref().map(Token::as_str),
            minutes: facts.minutes.map(|minutes| i64::from(minutes.0)),
            rendering_provider_id: facts.rendering_provider_id.as_str(),
            rendering_provider_role: facts.rendering_provider_role.as_str(),
            billing_provider_id: facts.billing_provider_id.as_str(),
            phase: facts.phase.as_str(),
            mode: facts.mode.as_str(),
            place_of_service: facts.place_of_service.as_ref().map(PlaceOfService::as_str),
            group_size: facts.group_size.map(i64::from),
            received_on: facts.received_on.map(|day| day.to_string()),
        }
    }
}
