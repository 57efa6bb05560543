//! The sample agency's records: coverage and residence of its clients, identifiers, licences and enrolment of its staff.

use adjudica_core::records::{
    Coverage, CoverageKind, Credential, CredentialKind, Enrolment, EnrolmentStatus, Practitioner, Record, RecordBody,
    Residence,
};
use adjudica_core::{ServiceDate, Token, ValueError};

use crate::sample::people::{Client, STAFF, Staff};

/// Identifiers with a good check digit that no person has: the first nine digits are counted up from here.
const FIRST_NPI: u32 = 199_999_000;
/// Roles without a licence.
const UNLICENSED: [&str; 3] = ["MA", "CHW", "BSW"];

/// The client's coverage over a stretch of days.
/// # Errors
/// Never, unless a name in these tables is no name.
pub fn coverage(id: &str, client: &Client, from: ServiceDate, to: ServiceDate) -> Result<Record, ValueError> {
    let coverage_kind = match client.payer_id {
        "sim" | "medicaid-hmo-mi" => CoverageKind::MedicaidManagedCare,
        "bcbsm-ma" => CoverageKind::MedicareC,
        _ => CoverageKind::Commercial,
    };
    let body = RecordBody::Coverage(Coverage {
        payer_id: Token::parse(client.payer_id)?,
        plan_id: None,
        coverage_kind,
        order: 1,
        from,
        to: Some(to),
        excluded_codes: std::collections::BTreeSet::new(),
        capitated: false,
        lifetime_maximum_cents: None,
        annual_maximum_cents: None,
        deductible_cents: None,
        copay_cents: None,
        coinsurance_basis_points: None,
    });
    record(id, &client.id, body)
}

/// Where the client lives.
/// # Errors
/// Never, unless a name in these tables is no name.
pub fn residence(client_id: &str) -> Result<Record, ValueError> {
    let body = Residence { state: Token::parse("MI")?, region: None, from: long_ago()?, to: None };
    record(&format!("home_{client_id}"), client_id, RecordBody::Residence(body))
}

/// What is on file about the staff: every one of them may work for every one of `payers`.
/// # Errors
/// Never, unless a name in these tables is no name.
pub fn staff(payers: &[&str]) -> Result<Vec<Record>, ValueError> {
    let mut records = Vec::new();
    for (number, Staff { id, role }) in (0_u32..).zip(STAFF) {
        let person = Practitioner {
            npi: Some(Token::parse(&npi(FIRST_NPI.saturating_add(number)))?),
            taxonomy: None,
            employer: None,
            scope: std::collections::BTreeSet::new(),
        };
        records.push(record(&format!("person_{id}"), id, RecordBody::Practitioner(person))?);
        if !UNLICENSED.contains(&role) {
            let licence = Credential {
                credential_kind: CredentialKind::License,
                code: Token::parse(role)?,
                state: Some(Token::parse("MI")?),
                from: long_ago()?,
                to: None,
                experience_months: None,
                experience_months_min: None,
            };
            records.push(record(&format!("licence_{id}"), id, RecordBody::Credential(licence))?);
        }
        for payer in payers {
            let enrolment = Enrolment {
                payer_id: Token::parse(payer)?,
                plan_id: None,
                service_line: None,
                status: EnrolmentStatus::Approved,
                from: long_ago()?,
                to: None,
            };
            records.push(record(&format!("enrolment_{id}_{payer}"), id, RecordBody::Enrolment(enrolment))?);
        }
    }
    Ok(records)
}

fn record(id: &str, subject_id: &str, body: RecordBody) -> Result<Record, ValueError> {
    Ok(Record { record_id: Token::parse(id)?, subject_id: Token::parse(subject_id)?, body })
}

fn long_ago() -> Result<ServiceDate, ValueError> {
    ServiceDate::new(2012, 1, 1)
}

/// Nine digits and the check digit that makes them an NPI.
fn npi(nine: u32) -> String {
    let candidates = (0..10).map(|check| format!("{nine}{check}"));
    candidates.into_iter().find(|npi| adjudica_core::identifier::is_npi(npi)).unwrap_or_default()
}
