//! A made-up agency to try things on: clients, staff and encounters from one fixed seed, the same on every machine. No person, no real rate.

mod chance;
mod draft;
mod mishaps;
mod people;
mod records;
mod work;

use adjudica_core::records::Record;
use adjudica_core::terms::Rate;
use adjudica_core::{Cents, EncounterFacts, ProcedureCode, ServiceDate, Terms, ValueError};

use crate::sample::chance::Chance;
use crate::sample::draft::Draft;
use crate::sample::people::Client;

/// Clients of the agency.
pub const CLIENTS: u32 = 150;

/// The agency.
pub struct Sample {
    /// What its staff did, by period and client.
    pub encounters: Vec<EncounterFacts>,
    /// What is on file about its clients and staff.
    pub records: Vec<Record>,
    /// Its contract with every payer. THE RATES ARE MADE UP: payers do not publish theirs.
    pub terms: Terms,
}

/// A stretch of time that the agency's records cover.
struct Period {
    from: (i32, u32, u32),
    days: u32,
    clients: u32,
    payers: &'static [&'static str],
}

/// Two full years, the weeks around the two changes that lie between them, and a summer with other payers.
const PERIODS: [Period; 5] = [
    // SIM ends on 2019-12-31, half way.
    Period { from: (2019, 7, 1), days: 366, clients: CLIENTS, payers: &["sim", "bcbsm"] },
    // The BCBSM rules change over on 2022-01-01, by assumption.
    Period { from: (2021, 11, 15), days: 90, clients: 60, payers: &["bcbsm"] },
    // Dieticians count as licensed from 2023-09-20.
    Period { from: (2023, 8, 15), days: 75, clients: 60, payers: &["bcbsm"] },
    // Team conferences are limited from 2026-04-01, half way.
    Period { from: (2025, 10, 1), days: 365, clients: CLIENTS, payers: &["bcbsm"] },
    // The summer before, when the clients had other plans. Priority Health's page is of the first day.
    Period { from: (2025, 6, 22), days: 101, clients: CLIENTS, payers: &OTHER_PAYERS },
];

/// Payers with the same codes and rules of their own.
const OTHER_PAYERS: [&str; 4] = ["bcn", "bcbsm-ma", "medicaid-hmo-mi", "priority-health"];

/// Every payer of the agency.
const PAYERS: [&str; 6] = ["sim", "bcbsm", "bcn", "bcbsm-ma", "medicaid-hmo-mi", "priority-health"];

/// Made-up cents for one unit of each code.
const SAMPLE_RATES: [(&str, i64); 11] = [
    ("G9001", 11_200),
    ("G9002", 5_600),
    ("G9007", 3_100),
    ("G9008", 4_800),
    ("98961", 1_400),
    ("98962", 1_100),
    ("98966", 1_500),
    ("98967", 2_900),
    ("98968", 4_300),
    ("99487", 9_000),
    ("99489", 4_500),
];

/// Makes the agency. Every call gives the same.
/// # Errors
/// Never, unless a name in these tables is no name.
pub fn generate() -> Result<Sample, ValueError> {
    let mut chance = Chance::from_seed(20_170_101);
    let mut encounters = Vec::new();
    let mut records = records::staff(&PAYERS)?;
    for number in 1..=CLIENTS {
        records.push(records::residence(&people::client_id(number))?);
    }
    for (place, period) in PERIODS.iter().enumerate() {
        let (year, month, day) = period.from;
        let first = ServiceDate::new(year, month, day)?;
        let after = first.plus_days(days(period.days));
        for number in 1..=period.clients {
            let client = Client::new(number, period.payers, &mut chance);
            records.push(records::coverage(&format!("coverage_{}_{place}", client.id), &client, first, after)?);
            for draft in draft_episode(period, &client, &mut chance)? {
                let id = format!("enc_{:05}", encounters.len() + 1);
                encounters.push(draft.into_facts(&id, &client)?);
            }
        }
    }
    Ok(Sample { encounters, records, terms: terms()? })
}

fn terms() -> Result<Terms, ValueError> {
    let from = ServiceDate::new(2012, 4, 1)?;
    let rate = |(code, cents): (&str, i64)| Ok(Rate::per_unit(ProcedureCode::parse(code)?, from, Cents::new(cents)));
    let rates = SAMPLE_RATES.into_iter().map(rate).collect::<Result<_, ValueError>>()?;
    Ok(Terms { rates, ..Terms::default() })
}

/// All that happens to one client in one period: an assessment, contacts some weeks apart, a closure.
fn draft_episode(period: &Period, client: &Client, chance: &mut Chance) -> Result<Vec<Draft>, ValueError> {
    let (year, month, day) = period.from;
    let first = ServiceDate::new(year, month, day)?;
    let end = first.plus_days(days(period.days));
    let mut date = first.plus_days(days(chance.below(20)));
    let mut drafts = Vec::new();
    let mut step = 0;
    while date < end {
        let next = date.plus_days(days(14 + chance.below(18)));
        let step_kind = match (step, next < end) {
            (0, _) => work::Step::Start,
            (_, true) => work::Step::Middle,
            (_, false) => work::Step::Close,
        };
        let planned = work::plan(step_kind, date, client, chance);
        drafts.extend(planned.into_iter().flat_map(|draft| mishaps::befall(draft, chance)));
        date = next;
        step += 1;
    }
    drafts.retain(|draft| draft.date < end);
    Ok(drafts)
}

/// A small count of days as the calendar wants it.
fn days(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(0)
}

#[cfg(test)]
mod tests;
