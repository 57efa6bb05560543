//! Made-up records of the clients and staff of encounters: every fact that an agency keeps. No policy here.

use std::collections::BTreeSet;

use adjudica_core::records::resolve::{CareDays, RecordBook, resolve};
use adjudica_core::records::{Record, RecordBody};
use adjudica_core::{EncounterFacts, Timeline, Token};
use adjudica_store::Store;
use anyhow::Result;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Nine digits of the first identifier of the staff; the tenth is its check digit.
const FIRST_NPI: u32 = 199_998_000;
/// The first day of everything on file.
const FROM: &str = "2012-01-01";
/// Records of one put.
const PUT_MAX: usize = 2_000;

/// Coverage, residence and case manager of each client; identifier, licence and enrolment of each member of staff.
pub(crate) fn records_of(encounters: &[EncounterFacts]) -> Result<Vec<Record>> {
    let mut records = Vec::new();
    let (mut clients, mut staff) = (BTreeSet::new(), BTreeSet::new());
    for facts in encounters {
        let (client, payer) = (facts.client_id.as_str(), facts.payer_id.as_str());
        if clients.insert(client) {
            let coverage = json!({ "kind": "coverage", "payer_id": payer, "coverage_kind": "commercial", "order": 1, "from": FROM });
            records.push(record(&format!("coverage_{client}"), client, coverage)?);
            let home = json!({ "kind": "residence", "state": "MI", "from": FROM });
            records.push(record(&format!("home_{client}"), client, home)?);
            let manager = json!({
                "kind": "assignment", "service_line": "care", "provider_id": facts.rendering_provider_id,
                "role": "primary", "start_at": "2012-01-01T08:00:00-05:00",
            });
            records.push(record(&format!("manager_{client}"), client, manager)?);
        }
        let provider = facts.rendering_provider_id.as_str();
        if staff.insert(provider) {
            // The same for a person whenever it is asked for: a record that changes would have decisions made again.
            let number: u32 = provider.trim_start_matches('p').parse()?;
            let person = json!({ "kind": "practitioner", "npi": npi(FIRST_NPI + number) });
            records.push(record(&format!("person_{provider}"), provider, person)?);
            let licence = json!({ "kind": "credential", "credential_kind": "license", "code": "RN", "state": "MI", "from": FROM });
            records.push(record(&format!("licence_{provider}"), provider, licence)?);
            let enrolment = json!({ "kind": "enrolment", "payer_id": payer, "status": "approved", "from": FROM });
            records.push(record(&format!("enrolment_{provider}_{payer}"), provider, enrolment)?);
        }
    }
    Ok(records)
}

fn record(id: &str, subject_id: &str, body: Value) -> Result<Record> {
    let body: RecordBody = serde_json::from_value(body)?;
    Ok(Record { record_id: Token::parse(id)?, subject_id: Token::parse(subject_id)?, body })
}

/// Nine digits with the check digit that makes them an identifier.
fn npi(nine: u32) -> String {
    let mut candidates = (0..10).map(|check| format!("{nine}{check}"));
    candidates.find(|npi| adjudica_core::identifier::is_npi(npi)).unwrap_or_default()
}

/// Puts the records of `encounters` on file.
pub(crate) async fn put_records(store: &dyn Store, agency: &Token, encounters: &[EncounterFacts]) -> Result<()> {
    for records in records_of(encounters)?.chunks(PUT_MAX) {
        store.put_records(agency, records, "", Timestamp::UNIX_EPOCH).await?;
    }
    Ok(())
}

/// Puts on each encounter what its records say, as a host does.
pub(crate) fn resolve_all(timelines: &mut [Timeline]) -> Result<()> {
    let encounters: Vec<EncounterFacts> =
        timelines.iter().flat_map(|timeline| timeline.encounters.iter().cloned()).collect();
    let book = RecordBook::new(records_of(&encounters)?);
    for timeline in timelines {
        let care: CareDays =
            timeline.ledger.iter().map(|line| (line.rendering_provider_id.clone(), line.date_of_service)).collect();
        for facts in &mut timeline.encounters {
            facts.standing = resolve(&book, facts, &[], &care);
        }
    }
    Ok(())
}
