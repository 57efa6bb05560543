//! Encounters of a history in small numbers: names, facts, and what a correction changes. No chance, no host.

use std::fmt;

use adjudica_core::{EncounterFacts, ServiceDate};
use anyhow::{Context, Result};
use serde_json::{Value, json};

/// The first day of a history, 2025-12-01: its days go over the end of a year.
const FIRST_DAY: i32 = 20_423;
/// Days that there are.
pub const DAYS: u8 = 62;
/// Payers; those of the catalog's policies are among them, and one that nobody speaks for.
pub const PAYERS: [&str; 5] = ["river", "hill", "bcbsm", "medicare", "nobody"];
/// Codes that encounters ask for; an absent one asks for a kind of work.
pub const CODES: [&str; 9] = ["G9002", "99487", "T1016", "T1017", "98966", "99490", "G9007", "G9001", ""];
/// Modes of contact.
pub const MODES: [&str; 4] = ["in_person", "video", "telephone", "none"];
/// Plans of payers.
pub const PLANS: [&str; 2] = ["gold", "blue"];
/// What the record may show besides.
pub const INFO: [&str; 4] = ["", "consent", "repeat_service", "care_plan"];

/// Columns of an encounter that other systems write.
pub const COLUMNS: [&str; 14] = [
    "encounter_id",
    "client_id",
    "payer_id",
    "plan_id",
    "service_line",
    "date_of_service",
    "procedure_code",
    "service",
    "minutes",
    "rendering_provider_id",
    "rendering_provider_role",
    "billing_provider_id",
    "phase",
    "mode",
];

/// One encounter, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    /// Number of its id.
    pub id: u8,
    /// Number of the client.
    pub client: u8,
    /// Place among [`PAYERS`].
    pub payer: u8,
    /// Place among [`PLANS`].
    pub plan: Option<u8>,
    /// Whether it is of the line of service `ABA`.
    pub has_line: bool,
    /// Days after the first.
    pub day: u8,
    /// Place among [`CODES`].
    pub code: u8,
    /// Documented minutes.
    pub minutes: Option<u8>,
    /// Number of who did the work.
    pub provider: u8,
    /// Number of the practice.
    pub practice: u8,
    /// Place among [`MODES`].
    pub mode: u8,
    /// Place among [`INFO`].
    pub info: u8,
}

/// What a correction changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Documented minutes.
    Minutes(Option<u8>),
    /// The day.
    Day(u8),
    /// The code.
    Code(u8),
    /// Who pays.
    Payer(u8),
    /// Who was served.
    Client(u8),
    /// Who did the work.
    Provider(u8),
    /// The practice.
    Practice(u8),
    /// How contact was made.
    Mode(u8),
    /// The plan.
    Plan(Option<u8>),
    /// The line of service.
    Line(bool),
    /// What the record shows.
    Info(u8),
}

fn of<'a>(names: &[&'a str], place: u8) -> &'a str {
    names.get(usize::from(place)).copied().unwrap_or_default()
}

/// The id of an encounter.
#[must_use]
pub fn encounter_id(number: u8) -> String {
    format!("e{number:02}")
}

/// The id of a client.
#[must_use]
pub fn client_id(number: u8) -> String {
    format!("c{number}")
}

/// The id of a person.
#[must_use]
pub fn provider_id(number: u8) -> String {
    format!("s{number}")
}

/// The id of a practice.
#[must_use]
pub fn practice_id(number: u8) -> String {
    format!("b{number}")
}

/// The name of a payer.
#[must_use]
pub fn payer_id(place: u8) -> &'static str {
    of(&PAYERS, place)
}

/// The name of a plan.
#[must_use]
pub fn plan_id(place: u8) -> &'static str {
    of(&PLANS, place)
}

/// A day of a history.
#[must_use]
pub fn day(after_first: u8) -> ServiceDate {
    ServiceDate::from_days(FIRST_DAY).plus_days(i32::from(after_first))
}

impl Visit {
    /// Its facts as they are sent.
    #[must_use]
    pub fn body(&self) -> Value {
        let code = Some(of(&CODES, self.code)).filter(|code| !code.is_empty());
        let info: Vec<&str> = Some(of(&INFO, self.info)).filter(|info| !info.is_empty()).into_iter().collect();
        json!({
            "encounter_id": encounter_id(self.id),
            "client_id": client_id(self.client),
            "payer_id": payer_id(self.payer),
            "plan_id": self.plan.map(plan_id),
            "service_line": self.has_line.then_some("ABA"),
            "date_of_service": day(self.day).to_string(),
            "procedure_code": code,
            "service": code.is_none().then_some("follow-up"),
            "minutes": self.minutes,
            "rendering_provider_id": provider_id(self.provider),
            "rendering_provider_role": "RN",
            "billing_provider_id": practice_id(self.practice),
            "phase": "implementation",
            "mode": of(&MODES, self.mode),
            "supporting_info": info,
        })
    }

    /// Its facts.
    /// # Errors
    /// When the numbers give no facts.
    pub fn facts(&self) -> Result<EncounterFacts> {
        serde_json::from_value(self.body()).context("the numbers of an encounter give no facts")
    }

    /// The same with a change.
    #[must_use]
    pub fn with(mut self, change: Change) -> Self {
        match change {
            Change::Minutes(minutes) => self.minutes = minutes,
            Change::Day(day) => self.day = day,
            Change::Code(code) => self.code = code,
            Change::Payer(payer) => self.payer = payer,
            Change::Client(client) => self.client = client,
            Change::Provider(provider) => self.provider = provider,
            Change::Practice(practice) => self.practice = practice,
            Change::Mode(mode) => self.mode = mode,
            Change::Plan(plan) => self.plan = plan,
            Change::Line(has_line) => self.has_line = has_line,
            Change::Info(info) => self.info = info,
        }
        self
    }

    /// What another system runs to insert it for an agency.
    #[must_use]
    pub fn insert_sql(&self, agency: &str) -> Vec<String> {
        let body = self.body();
        let value = |column: &&str| match body.get(*column) {
            None | Some(Value::Null) => "NULL".to_owned(),
            Some(value) => value.as_str().map_or_else(|| value.to_string(), |text| format!("'{text}'")),
        };
        let values: Vec<String> = COLUMNS.iter().map(value).collect();
        let (names, values) = (COLUMNS.join(", "), values.join(", "));
        let mut statements = vec![format!("INSERT INTO encounter (agency_id, {names}) VALUES ('{agency}', {values})")];
        if !self.shown().is_empty() {
            let values = format!("('{agency}', '{}', '{}')", encounter_id(self.id), self.shown());
            statements.push(format!("INSERT INTO encounter_supporting_info VALUES {values}"));
        }
        statements
    }

    /// What its record shows; empty where it is nothing.
    #[must_use]
    pub fn shown(&self) -> &'static str {
        of(&INFO, self.info)
    }

    /// The same with one thing plainer, for each thing that can be.
    #[must_use]
    pub fn plainer(&self) -> Vec<Self> {
        let plain = [
            Change::Plan(None),
            Change::Line(false),
            Change::Info(0),
            Change::Mode(0),
            Change::Practice(1),
            Change::Provider(1),
            Change::Client(1),
            Change::Minutes(Some(30)),
            Change::Payer(0),
            Change::Day(0),
        ];
        plain.into_iter().map(|change| self.with(change)).filter(|plainer| plainer != self).collect()
    }
}

impl Change {
    /// What other systems set in the table of encounters; nothing where it is another table's.
    #[must_use]
    pub fn sql(&self) -> String {
        let quoted = |text: &str| if text.is_empty() { "NULL".to_owned() } else { format!("'{text}'") };
        match self {
            Self::Minutes(minutes) => {
                format!("minutes = {}", minutes.map_or_else(|| "NULL".to_owned(), |minutes| minutes.to_string()))
            }
            Self::Day(after) => format!("date_of_service = {}", quoted(&day(*after).to_string())),
            Self::Code(code) => {
                let code = of(&CODES, *code);
                let service = if code.is_empty() { "follow-up" } else { "" };
                format!("procedure_code = {}, service = {}", quoted(code), quoted(service))
            }
            Self::Payer(payer) => format!("payer_id = {}", quoted(payer_id(*payer))),
            Self::Client(client) => format!("client_id = {}", quoted(&client_id(*client))),
            Self::Provider(provider) => format!("rendering_provider_id = {}", quoted(&provider_id(*provider))),
            Self::Practice(practice) => format!("billing_provider_id = {}", quoted(&practice_id(*practice))),
            Self::Mode(mode) => format!("mode = {}", quoted(of(&MODES, *mode))),
            Self::Plan(plan) => format!("plan_id = {}", quoted(plan.map_or("", plan_id))),
            Self::Line(has_line) => format!("service_line = {}", quoted(if *has_line { "ABA" } else { "" })),
            Self::Info(_) => String::new(),
        }
    }
}

impl fmt::Display for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = Some(of(&CODES, self.code)).filter(|code| !code.is_empty()).unwrap_or("no code");
        write!(f, "{} of {} on {}: {code}", encounter_id(self.id), client_id(self.client), day(self.day))?;
        match self.minutes {
            Some(minutes) => write!(f, ", {minutes} minutes")?,
            None => f.write_str(", minutes not said")?,
        }
        write!(f, ", {}, by {} of {}", of(&MODES, self.mode), provider_id(self.provider), practice_id(self.practice))?;
        write!(f, ", payer {}", payer_id(self.payer))?;
        if let Some(plan) = self.plan {
            write!(f, ", plan {}", plan_id(plan))?;
        }
        if self.has_line {
            f.write_str(", line ABA")?;
        }
        match of(&INFO, self.info) {
            "" => Ok(()),
            info => write!(f, ", shows {info}"),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Info(info) => write!(f, "information = `{}`", of(&INFO, *info)),
            other => f.write_str(&other.sql()),
        }
    }
}
