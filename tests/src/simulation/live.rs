//! What is spent at a moment beyond what there is: authorized units, and lines of a limit. Looks at the live ledger alone.

use std::collections::BTreeMap;

use adjudica_core::records::{AuthorizationStatus, RecordBody};
use anyhow::{Context, Result};

use crate::simulation::host::Hosts;
use crate::simulation::world::World;

/// Lines that are not taken back, in words: client, encounter, payer, day, code, units, cents, minutes, paid, deductible, mode,
/// practice, person.
const LIVE: &str = "
    SELECT l.client_id || ' ' || l.encounter_id || ' ' || l.payer_id || ' ' || l.date_of_service || ' ' || l.procedure_code
        || ' ' || CAST(l.units AS TEXT) || ' ' || CAST(l.amount_cents AS TEXT)
        || ' ' || coalesce(CAST(l.minutes AS TEXT), '-') || ' ' || coalesce(CAST(l.paid_cents AS TEXT), '-')
        || ' ' || coalesce(CAST(l.deductible_cents AS TEXT), '-') || ' ' || coalesce(l.mode, '-')
        || ' ' || l.billing_provider_id || ' ' || l.rendering_provider_id
    FROM ledger l WHERE l.kind = 'line' AND NOT EXISTS (SELECT 1 FROM ledger r WHERE r.agency_id = l.agency_id
        AND r.client_id = l.client_id AND r.reverses_seq = l.seq AND r.reverses_seq IS NOT NULL)";

/// A payer of which every version authorizes this code and lets so many lines of the other one through in a month.
const PAYER: &str = "river";
const AUTHORIZED: &str = "T1016";
const LIMITED: &str = "99487";
const LIMIT: i64 = 2;

/// What is spent beyond what there is, by what it is of.
#[derive(Debug, Default)]
pub struct Excess(BTreeMap<String, i64>);

impl Excess {
    /// In words, what is spent now beyond what there is and was not before.
    #[must_use]
    pub fn more_than(&self, before: &Self) -> Option<String> {
        let more = |(of, excess): &(&String, &i64)| **excess > before.0.get(*of).copied().unwrap_or(0).max(0);
        let (of, excess) = self.0.iter().find(more)?;
        Some(format!("{excess} too many of {of} are live in the ledger"))
    }
}

/// The live lines, in words.
/// # Errors
/// When the database does not answer.
pub async fn live_lines(hosts: &mut Hosts) -> Result<Vec<String>> {
    hosts.other.texts(LIVE.to_owned()).await
}

/// What the live ledger spends beyond what there is.
/// # Errors
/// When the database does not answer.
pub async fn excess(hosts: &mut Hosts, world: &World) -> Result<Excess> {
    let mut spent: BTreeMap<String, i64> = BTreeMap::new();
    for line in live_lines(hosts).await? {
        let mut words = line.split(' ');
        let mut next = || words.next().context("a live line is cut short");
        let (client, _, payer, day, code, units) = (next()?, next()?, next()?, next()?, next()?, next()?);
        if payer != PAYER {
            continue;
        }
        match code {
            AUTHORIZED => *spent.entry(format!("{AUTHORIZED} of {client}")).or_default() += units.parse::<i64>()?,
            LIMITED => {
                let month = day.get(..7).unwrap_or_default();
                *spent.entry(format!("{LIMITED} of {client} in {month}")).or_default() += 1;
            }
            _ => {}
        }
    }
    for (of, excess) in &mut spent {
        *excess -= if of.starts_with(LIMITED) { LIMIT } else { authorized(world, of) };
    }
    Ok(Excess(spent))
}

/// Units that are authorized for a client, whatever the day.
fn authorized(world: &World, of: &str) -> i64 {
    let mut units = 0;
    for filed in world.records.values().filter(|filed| of.ends_with(&format!(" {}", filed.record.subject_id))) {
        let RecordBody::Authorization(body) = &filed.record.body else { continue };
        let is_approved = matches!(body.status, AuthorizationStatus::Approved | AuthorizationStatus::Partial);
        let is_for_code = body.procedure_codes.iter().any(|code| code.as_str() == AUTHORIZED);
        if is_approved && is_for_code && body.payer_id.as_str() == PAYER {
            units += i64::from(body.units.0);
        }
    }
    units
}
