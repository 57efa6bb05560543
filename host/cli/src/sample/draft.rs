//! An encounter on its way: plain words and numbers, made into facts at the end.

use std::collections::BTreeSet;

use adjudica_core::{EncounterFacts, Minutes, PlaceOfService, ProcedureCode, ServiceDate, Token, ValueError};

use crate::sample::days;
use crate::sample::people::{Client, Staff};

/// An encounter whose words are not parsed yet.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The day.
    pub date: ServiceDate,
    /// The code asked for, where the record names one.
    pub code: Option<&'static str>,
    /// The kind of work, where the code is to be found.
    pub service: Option<&'static str>,
    /// Documented minutes.
    pub minutes: Option<u32>,
    /// Who did it.
    pub staff: Staff,
    /// Where in the process.
    pub phase: &'static str,
    /// How.
    pub mode: &'static str,
    /// CMS place of service.
    pub place: &'static str,
    /// Patients in a group.
    pub group_size: Option<u32>,
    /// What the record shows besides.
    pub info: BTreeSet<&'static str>,
    /// Days until the claim reached the payer.
    pub received_after_days: u32,
}

impl Draft {
    /// The facts of this draft.
    pub fn into_facts(self, id: &str, client: &Client) -> Result<EncounterFacts, ValueError> {
        let info: Result<BTreeSet<Token>, ValueError> = self.info.iter().map(|name| Token::parse(name)).collect();
        Ok(EncounterFacts {
            encounter_id: Token::parse(id)?,
            client_id: Token::parse(&client.id)?,
            payer_id: Token::parse(client.payer_id)?,
            plan_id: None,
            service_line: None,
            date_of_service: self.date,
            procedure_code: self.code.map(ProcedureCode::parse).transpose()?,
            service: self.service.map(Token::parse).transpose()?,
            minutes: self.minutes.map(Minutes),
            rendering_provider_id: Token::parse(self.staff.id)?,
            rendering_provider_role: Token::parse(self.staff.role)?,
            billing_provider_id: Token::parse(client.practice_id)?,
            phase: Token::parse(self.phase)?,
            mode: Token::parse(self.mode)?,
            place_of_service: Some(PlaceOfService::parse(self.place)?),
            group_size: self.group_size,
            modifiers: BTreeSet::new(),
            diagnoses: vec![Token::parse(client.diagnosis)?],
            supporting_info: info?,
            received_on: Some(self.date.plus_days(days(self.received_after_days))),
            standing: None,
        })
    }
}
