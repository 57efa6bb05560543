//! Encounters as rows of a spreadsheet, and the same rows read into facts by hand: what reading them costs at least.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use adjudica_core::{EncounterFacts, Minutes, ProcedureCode, ServiceDate, Token};
use anyhow::{Context as _, Result};
use csv::StringRecord;

/// The columns that made-up encounters fill.
const HEADER: [&str; 15] = [
    "encounter_id",
    "client_id",
    "payer_id",
    "date_of_service",
    "procedure_code",
    "minutes",
    "rendering_provider_id",
    "rendering_provider_role",
    "billing_provider_id",
    "phase",
    "mode",
    "group_size",
    "diagnoses",
    "supporting_info",
    "received_on",
];

/// Writes encounters as rows.
pub(super) fn write(path: &Path, encounters: &[EncounterFacts]) -> Result<()> {
    let mut rows = csv::Writer::from_path(path)?;
    rows.write_record(HEADER)?;
    for facts in encounters {
        let list = |items: Vec<&str>| items.join(";");
        rows.write_record([
            facts.encounter_id.as_str(),
            facts.client_id.as_str(),
            facts.payer_id.as_str(),
            &facts.date_of_service.to_string(),
            &facts.procedure_code.map(|code| code.to_string()).unwrap_or_default(),
            &facts.minutes.map(|minutes| minutes.0.to_string()).unwrap_or_default(),
            facts.rendering_provider_id.as_str(),
            facts.rendering_provider_role.as_str(),
            facts.billing_provider_id.as_str(),
            facts.phase.as_str(),
            facts.mode.as_str(),
            &facts.group_size.map(|size| size.to_string()).unwrap_or_default(),
            &list(facts.diagnoses.iter().map(Token::as_str).collect()),
            &list(facts.supporting_info.iter().map(Token::as_str).collect()),
            &facts.received_on.map(|day| day.to_string()).unwrap_or_default(),
        ])?;
    }
    Ok(rows.flush()?)
}

/// Rows of a file, to be read as facts.
pub(super) struct Rows {
    reader: csv::Reader<File>,
    row: StringRecord,
}

impl Rows {
    /// Opens a file that [`write()`] wrote.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let reader = csv::ReaderBuilder::new().buffer_capacity(1 << 18).from_path(path)?;
        Ok(Self { reader, row: StringRecord::new() })
    }

    /// The next encounter; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<EncounterFacts>> {
        if !self.reader.read_record(&mut self.row)? {
            return Ok(None);
        }
        let cell = |at: usize| self.row.get(at).context("a row has a cell in each column");
        let token = |at: usize| -> Result<Token> { Ok(Token::parse(cell(at)?)?) };
        let list = |at: usize| -> Result<Vec<Token>> {
            let items = cell(at)?.split(';').filter(|item| !item.is_empty());
            items.map(|item| Ok(Token::parse(item)?)).collect()
        };
        let number = |at: usize| -> Result<Option<u32>> {
            let text = cell(at)?;
            if text.is_empty() { Ok(None) } else { Ok(Some(text.parse()?)) }
        };
        let (code, received_on) = (cell(4)?, cell(14)?);
        Ok(Some(EncounterFacts {
            encounter_id: token(0)?,
            client_id: token(1)?,
            payer_id: token(2)?,
            plan_id: None,
            service_line: None,
            date_of_service: ServiceDate::parse(cell(3)?)?,
            procedure_code: if code.is_empty() { None } else { Some(ProcedureCode::parse(code)?) },
            service: None,
            minutes: number(5)?.map(Minutes),
            rendering_provider_id: token(6)?,
            rendering_provider_role: token(7)?,
            billing_provider_id: token(8)?,
            phase: token(9)?,
            mode: token(10)?,
            place_of_service: None,
            group_size: number(11)?,
            modifiers: BTreeSet::new(),
            diagnoses: list(12)?,
            supporting_info: list(13)?.into_iter().collect(),
            received_on: if received_on.is_empty() { None } else { Some(ServiceDate::parse(received_on)?) },
            standing: None,
        }))
    }
}
