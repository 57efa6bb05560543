//! The plain model: decides everything from nothing, one encounter after the other. Knows no queue, no staleness, no deltas.

use std::collections::BTreeMap;

use adjudica_core::columns::Explain;
use adjudica_core::decision::UndeterminedCode;
use adjudica_core::ledger::ledger_lines;
use adjudica_core::records::corrections::REPEAT_SERVICE;
use adjudica_core::records::resolve::{RecordBook, resolve};
use adjudica_core::records::{Claimed, RecordBody, RecordSubject};
use adjudica_core::{Decision, Digest, EncounterFacts, LedgerLine, Timeline, Token, taken_back};
use adjudica_money::payment::divide_decision;
use anyhow::{Context, Result};

use crate::simulation::catalog::{Catalog, terms};
use crate::simulation::visit::Visit;
use crate::simulation::world::{Held, World};

/// What is decided about one encounter.
#[derive(Debug)]
pub struct Verdict {
    /// The facts, with what the records say.
    pub facts: EncounterFacts,
    /// Digests of policy and terms.
    pub answer: Option<(Digest, Digest)>,
    /// The decision.
    pub decision: Decision,
    /// What it leaves in the ledger.
    pub lines: Vec<LedgerLine>,
}

/// Every encounter that can be read, decided from nothing.
/// # Errors
/// When the simulation's own facts or terms are none.
pub fn decide(world: &World, catalog: &Catalog) -> Result<BTreeMap<u8, Verdict>> {
    let mut in_order: Vec<Visit> =
        world.encounters.values().filter(|held| !held.is_unreadable).map(|held| held.visit).collect();
    in_order.sort_by_key(|visit| (visit.client, visit.day, visit.id));
    let readable = world.records.values().filter(|filed| !filed.is_unreadable);
    let mut book = RecordBook::new(readable.map(|filed| filed.record.clone()).collect());
    for held in world.encounters.values() {
        let claimed = claimed(world, held)?;
        book.add_claimed(claimed.0, [claimed.1]);
    }
    let mut verdicts = BTreeMap::new();
    let mut ledger: Vec<LedgerLine> = Vec::new();
    let mut client = None;
    for visit in in_order {
        if client != Some(visit.client) {
            client = Some(visit.client);
            ledger.clear();
        }
        let verdict = decide_one(world, catalog, &book, &visit, &ledger)?;
        ledger.extend(verdict.lines.iter().cloned());
        verdicts.insert(visit.id, verdict);
    }
    Ok(verdicts)
}

/// Numbers of policy and terms that answer for an encounter; nobody where no policy is asked about it.
///
/// # Errors
/// When the simulation's own facts are none.
pub fn answerer(world: &World, visit: &Visit) -> Result<Option<(u8, u8)>> {
    Ok(world.answer(visit).filter(|_| !rests_on_unreadable(world, visit)))
}

fn decide_one(
    world: &World,
    catalog: &Catalog,
    book: &RecordBook,
    visit: &Visit,
    before: &[LedgerLine],
) -> Result<Verdict> {
    let mut facts = visit.facts()?;
    let (policy, numbers) = match answerer(world, visit)? {
        Some((policy, numbers)) => (policy, numbers),
        None => {
            let decision = nobodys(world, visit);
            return Ok(Verdict { facts, answer: None, decision, lines: Vec::new() });
        }
    };
    let chosen = catalog.policy(policy).context("an activation names a policy that is not in the catalog")?;
    let (terms, terms_digest) = terms(numbers)?;
    let care = before.iter().map(|line| (line.rendering_provider_id.clone(), line.date_of_service)).collect();
    facts.standing = resolve(book, &facts, &terms.rendering_sources, &care);
    let answer = Some((chosen.policy.digest(), terms_digest));
    if let Some(decision) = taken_back::decide(&facts) {
        return Ok(Verdict { facts, answer, decision, lines: Vec::new() });
    }
    let timeline = Timeline { ledger: before.to_vec(), encounters: vec![facts.clone()] };
    let asked = chosen.policy.decide(&[timeline], &terms, Explain::FailedOnly);
    let mut decision = asked.into_iter().next().context("a policy gave no answer")?;
    divide_decision(&mut decision, &facts, before);
    let lines = ledger_lines(&facts, &decision);
    Ok(Verdict { facts, answer, decision, lines })
}

/// An encounter and its claim, as claims of the client's others look at it. One that cannot be read still has its claim.
fn claimed(world: &World, held: &Held) -> Result<(Token, Claimed)> {
    let facts = held.visit.facts()?;
    let about =
        world.records.values().filter(|filed| !filed.is_unreadable && filed.record.subject_id == facts.encounter_id);
    let claims = about.filter_map(|filed| match &filed.record.body {
        RecordBody::Claim(claim) => Some(claim.clone()),
        _ => None,
    });
    let claimed = Claimed {
        encounter_id: facts.encounter_id.clone(),
        payer_id: facts.payer_id.clone(),
        date_of_service: facts.date_of_service,
        billing_provider_id: facts.billing_provider_id.clone(),
        rendering_provider_id: facts.rendering_provider_id.clone(),
        procedure_code: facts.procedure_code,
        service: facts.service.clone(),
        mode: (!held.is_unreadable).then(|| facts.mode.clone()),
        is_repeat: facts.supporting_info.iter().any(|shown| shown.as_str() == REPEAT_SERVICE),
        claim: claims.max_by(|a, b| a.weight().cmp(&b.weight())),
    };
    Ok((facts.client_id, claimed))
}

/// The decision about an encounter that no policy is asked about. Decisions that no policy makes come first, here.
fn nobodys(world: &World, visit: &Visit) -> Decision {
    if rests_on_unreadable(world, visit) {
        return Decision::undetermined(UndeterminedCode::RecordUnreadable, "a record cannot be read");
    }
    Decision::undetermined(UndeterminedCode::NoPolicyInForce, "nobody answers")
}

/// Whether a record of the day about the client, the encounter, whoever did the work or the practice cannot be read. An absence
/// changes no decision, so it need not be read.
fn rests_on_unreadable(world: &World, visit: &Visit) -> bool {
    let Ok(facts) = visit.facts() else { return false };
    let about: [(RecordSubject, &Token); 4] = [
        (RecordSubject::Client, &facts.client_id),
        (RecordSubject::Encounter, &facts.encounter_id),
        (RecordSubject::Provider, &facts.rendering_provider_id),
        (RecordSubject::Practice, &facts.billing_provider_id),
    ];
    let unreadable = world.records.values().filter(|filed| filed.is_unreadable).map(|filed| &filed.record);
    let mut unreadable = unreadable.filter(|record| !matches!(record.body, RecordBody::Absence(_)));
    unreadable.any(|record| {
        record.body.days().hold(facts.date_of_service) && about.contains(&(record.body.subject(), &record.subject_id))
    })
}
