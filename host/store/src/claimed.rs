//! Encounters that claims which correct others may be about, as the databases give them. What they mean is the core's.

use std::collections::BTreeMap;

use adjudica_core::records::corrections::Frequency;
use adjudica_core::records::{Claim, Claimed};
use adjudica_core::{ProcedureCode, ServiceDate, Token, ValueError};

use crate::work::ClientKey;

/// One encounter of a client with a claim on file, or with none.
pub(crate) struct RawClaimed {
    pub(crate) agency_id: String,
    pub(crate) client_id: String,
    pub(crate) encounter_id: String,
    pub(crate) payer_id: String,
    pub(crate) date_of_service: String,
    pub(crate) billing_provider_id: String,
    pub(crate) rendering_provider_id: String,
    pub(crate) procedure_code: Option<String>,
    pub(crate) service: Option<String>,
    pub(crate) mode: String,
    pub(crate) is_repeat: bool,
    pub(crate) frequency: Option<String>,
    pub(crate) payer_claim_number: Option<String>,
}

/// Reads a row whose columns stand in the order of [`RawClaimed`].
macro_rules! read_claimed {
    ($row:expr) => {{
        $crate::raw::lossy::read_texts!($row, text, text_or_none);
        Ok::<_, sqlx::Error>($crate::claimed::RawClaimed {
            agency_id: text(0)?,
            client_id: text(1)?,
            encounter_id: text(2)?,
            payer_id: text(3)?,
            date_of_service: text(4)?,
            billing_provider_id: text(5)?,
            rendering_provider_id: text(6)?,
            procedure_code: text_or_none(7)?,
            service: text_or_none(8)?,
            mode: text(9)?,
            is_repeat: $row.try_get(10)?,
            frequency: text_or_none(11)?,
            payer_claim_number: text_or_none(12)?,
        })
    }};
}
pub(crate) use read_claimed;

impl RawClaimed {
    fn parse(&self) -> Result<(ClientKey, Claimed), ValueError> {
        let key = ClientKey { agency_id: Token::parse(&self.agency_id)?, client_id: Token::parse(&self.client_id)? };
        let token = |text: &Option<String>| text.as_deref().map(Token::parse).transpose();
        let claim = Claim {
            frequency: token(&self.frequency)?,
            payer_claim_number: token(&self.payer_claim_number)?,
            charge_cents: None,
        };
        let is_claimed = claim.frequency.is_some() || claim.payer_claim_number.is_some();
        let claimed = Claimed {
            encounter_id: Token::parse(&self.encounter_id)?,
            payer_id: Token::parse(&self.payer_id)?,
            date_of_service: ServiceDate::parse(&self.date_of_service)?,
            billing_provider_id: Token::parse(&self.billing_provider_id)?,
            rendering_provider_id: Token::parse(&self.rendering_provider_id)?,
            procedure_code: self.procedure_code.as_deref().map(ProcedureCode::parse).transpose()?,
            service: token(&self.service)?,
            mode: Token::parse(&self.mode).ok(),
            is_repeat: self.is_repeat,
            claim: is_claimed.then_some(claim),
        };
        Ok((key, claimed))
    }
}

/// The encounters by client, each once, with its strongest claim. A row that cannot be read bills nothing, so it is left out.
pub(crate) fn by_client(rows: &[RawClaimed]) -> BTreeMap<ClientKey, Vec<Claimed>> {
    let mut clients: BTreeMap<ClientKey, BTreeMap<Token, Claimed>> = BTreeMap::new();
    for (key, claimed) in rows.iter().filter_map(|row| row.parse().ok()) {
        let there = clients.entry(key).or_default();
        let is_weaker = there.get(&claimed.encounter_id).is_some_and(|other| weight(other) >= weight(&claimed));
        if !is_weaker {
            there.insert(claimed.encounter_id.clone(), claimed);
        }
    }
    clients.into_iter().map(|(key, claimed)| (key, claimed.into_values().collect())).collect()
}

fn weight(claimed: &Claimed) -> Option<(Frequency, Option<&Token>)> {
    claimed.claim.as_ref().map(Claim::weight)
}
