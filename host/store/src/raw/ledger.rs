//! Ledger rows made into entries.

use adjudica_core::{Cents, LedgerLine, Minutes, ProcedureCode, ServiceDate, Token, Units};

use crate::decision::{LedgerEntry, LedgerKind};
use crate::error::StoreError;
use crate::instant::parse_instant;
use crate::raw::Faults;

/// One row of `ledger`.
#[derive(Clone)]
pub(crate) struct RawLedger {
    pub(crate) agency_id: String,
    pub(crate) client_id: String,
    pub(crate) seq: i64,
    pub(crate) kind: String,
    pub(crate) decision_id: String,
    pub(crate) encounter_id: String,
    pub(crate) payer_id: String,
    pub(crate) date_of_service: String,
    pub(crate) procedure_code: String,
    pub(crate) units: i64,
    pub(crate) amount_cents: Cents,
    pub(crate) billing_provider_id: String,
    pub(crate) rendering_provider_id: String,
    pub(crate) diagnosis: Option<String>,
    pub(crate) reverses_seq: Option<i64>,
    pub(crate) recorded_at: i64,
    pub(crate) minutes: Option<i64>,
    pub(crate) paid_cents: Option<Cents>,
    pub(crate) deductible_cents: Option<Cents>,
    pub(crate) mode: Option<String>,
}

/// Reads a row whose columns stand in the order of [`RawLedger`].
macro_rules! read_ledger {
    ($row:expr) => {{
        $crate::raw::lossy::read_texts!($row, text, text_or_none);
        Ok::<_, sqlx::Error>($crate::raw::ledger::RawLedger {
            agency_id: text(0)?,
            client_id: text(1)?,
            seq: $row.try_get(2)?,
            kind: text(3)?,
            decision_id: text(4)?,
            encounter_id: text(5)?,
            payer_id: text(6)?,
            date_of_service: text(7)?,
            procedure_code: text(8)?,
            units: $row.try_get(9)?,
            amount_cents: adjudica_core::Cents::new($row.try_get(10)?),
            billing_provider_id: text(11)?,
            rendering_provider_id: text(12)?,
            diagnosis: text_or_none(13)?,
            reverses_seq: $row.try_get(14)?,
            recorded_at: $row.try_get(15)?,
            minutes: $row.try_get(16)?,
            paid_cents: $row.try_get::<Option<i64>, _>(17)?.map(adjudica_core::Cents::new),
            deductible_cents: $row.try_get::<Option<i64>, _>(18)?.map(adjudica_core::Cents::new),
            mode: text_or_none(19)?,
        })
    }};
}
pub(crate) use read_ledger;

impl RawLedger {
    /// The entry, or an error that names every fault.
    pub(crate) fn parse(&self) -> Result<LedgerEntry, StoreError> {
        // By its decision: names of clients go into no message.
        let row = || format!("{}/{}/{}", self.agency_id, self.decision_id, self.seq);
        let mut faults = Faults::default();
        let line = self.parse_line(&mut faults);
        let encounter_id = faults.take("encounter_id", Token::parse(&self.encounter_id));
        let (Some(line), Some(encounter_id)) = (line, encounter_id) else {
            return Err(faults.into_corrupt("ledger", row()));
        };
        let kind = if self.kind == LedgerKind::Reversal.as_str() { LedgerKind::Reversal } else { LedgerKind::Line };
        Ok(LedgerEntry {
            seq: self.seq,
            kind,
            decision_id: self.decision_id.clone(),
            encounter_id,
            line,
            reverses_seq: self.reverses_seq,
            recorded_at: parse_instant(self.recorded_at, "ledger", &row())?,
        })
    }

    fn parse_line(&self, faults: &mut Faults) -> Option<LedgerLine> {
        let payer_id = faults.take("payer_id", Token::parse(&self.payer_id));
        let date_of_service = faults.take("date_of_service", ServiceDate::parse(&self.date_of_service));
        let procedure_code = faults.take("procedure_code", ProcedureCode::parse(&self.procedure_code));
        let units = faults.take_count("units", Some(self.units), &(0..=u32::MAX));
        let billing = faults.take("billing_provider_id", Token::parse(&self.billing_provider_id));
        let rendering = faults.take("rendering_provider_id", Token::parse(&self.rendering_provider_id));
        let diagnosis = faults.take_option("diagnosis", self.diagnosis.as_deref(), Token::parse);
        let mode = faults.take_option("mode", self.mode.as_deref(), Token::parse);
        let minutes = faults.take_count("minutes", self.minutes, &(0..=u32::MAX));
        Some(LedgerLine {
            payer_id: payer_id?,
            date_of_service: date_of_service?,
            procedure_code: procedure_code?,
            units: Units(units??),
            amount_cents: self.amount_cents,
            billing_provider_id: billing?,
            rendering_provider_id: rendering?,
            diagnosis: diagnosis?,
            mode: mode?,
            minutes: minutes?.map(Minutes),
            paid_cents: self.paid_cents,
            deductible_cents: self.deductible_cents,
        })
    }
}
