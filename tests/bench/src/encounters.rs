//! Made-up encounters with a ledger before each. No policy here, and nobody's data.

use std::collections::BTreeSet;

use adjudica_core::{
    Cents, EncounterFacts, LedgerLine, Minutes, ProcedureCode, ServiceDate, Timeline, Token, Units, ValueError,
};

use crate::chance::Chance;

const LICENSED: [&str; 5] = ["RN", "LPN", "MSW", "NP", "PA"];
const UNLICENSED: [&str; 4] = ["CHW", "MA", "RPH", "PEER"];
const CODES: [&str; 6] = ["G9001", "G9002", "98961", "98966", "98967", "98968"];
const PHASES: [&str; 4] = ["screening", "assessment", "implementation", "closure"];
const MODES: [&str; 4] = ["in_person", "video", "telephone", "none"];
/// 2022-01-01, the first day of service.
const FIRST_DAY: i32 = 18_993;
/// Days of service: four years.
const DAYS: u32 = 1_461;

/// What the encounters look like besides the defaults.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape<'a> {
    /// Whom all of them are for.
    pub(crate) payer: &'a str,
    /// Encounters of each client.
    pub(crate) encounters_per_client: u32,
    /// Most lines billed before them, for each client.
    pub(crate) ledger_lines_max: u32,
    /// Sets them apart from those of other series: part of every id, and the seed.
    pub(crate) series: u32,
}

/// Timelines with `encounters` encounters in all, the same ones at every call.
///
/// # Errors
/// Never in practice: the texts are of the forms that the core asks for.
pub(crate) fn timelines(encounters: u32, shape: Shape<'_>) -> Result<Vec<Timeline>, ValueError> {
    let mut chance = Chance::of_seed(20_220_101 + u64::from(shape.series));
    let clients = encounters.div_ceil(shape.encounters_per_client);
    let mut number = 0;
    let mut timelines = Vec::new();
    for client in 0..clients {
        let mut timeline = Timeline::default();
        let latest = i32::try_from(chance.below(DAYS)).unwrap_or(0) + FIRST_DAY;
        for _ in 0..shape.encounters_per_client.min(encounters - number) {
            timeline.encounters.push(encounter(&mut chance, shape, [client, number], latest)?);
            number += 1;
        }
        for _ in 0..chance.between(shape.ledger_lines_max / 3, shape.ledger_lines_max) {
            timeline.ledger.push(ledger_line(&mut chance, shape.payer, latest)?);
        }
        timeline.sort();
        timelines.push(timeline);
    }
    Ok(timelines)
}

fn encounter(
    chance: &mut Chance,
    shape: Shape<'_>,
    [client, number]: [u32; 2],
    latest: i32,
) -> Result<EncounterFacts, ValueError> {
    let Shape { payer, series, .. } = shape;
    let code = if chance.happens(3) { "99490" } else { chance.pick(&CODES) };
    let (phase, mode, low, high) = usual_way(chance, code);
    let back = i32::try_from(chance.below(25)).unwrap_or(0);
    let date_of_service = ServiceDate::from_days((latest - back).max(FIRST_DAY - 10));
    let mut supporting_info = BTreeSet::new();
    for (name, percent) in [("care_plan", 90), ("consent", 90), ("medication_list", 50)] {
        if chance.happens(percent) {
            supporting_info.insert(Token::parse(name)?);
        }
    }
    let received =
        i32::try_from(if chance.happens(5) { chance.between(170, 190) } else { chance.between(0, 90) }).unwrap_or(0);
    Ok(EncounterFacts {
        encounter_id: Token::parse(&format!("e{series}-{number:07}"))?,
        client_id: Token::parse(&format!("c{series}-{client:07}"))?,
        payer_id: Token::parse(payer)?,
        plan_id: None,
        service_line: None,
        date_of_service,
        procedure_code: Some(ProcedureCode::parse(code)?),
        service: None,
        minutes: (!chance.happens(3)).then(|| Minutes(chance.between(low, high))),
        rendering_provider_id: Token::parse(&format!("p{}", chance.below(40)))?,
        rendering_provider_role: Token::parse(if chance.happens(85) {
            chance.pick(&LICENSED)
        } else {
            chance.pick(&UNLICENSED)
        })?,
        billing_provider_id: Token::parse(&format!("b{}", chance.below(3)))?,
        phase: Token::parse(if chance.happens(92) { phase } else { chance.pick(&PHASES) })?,
        mode: Token::parse(if chance.happens(92) { mode } else { chance.pick(&MODES) })?,
        place_of_service: None,
        group_size: (code == "98961").then(|| chance.between(2, 4)),
        modifiers: BTreeSet::new(),
        diagnoses: vec![Token::parse(chance.pick(&["I50.9", "E11.9", "J44.9", "F32.9"]))?],
        supporting_info,
        received_on: chance.happens(70).then(|| date_of_service.plus_days(received)),
        standing: None,
    })
}

/// The phase and mode in which the code is mostly done, and its minutes, now and then just outside what it allows.
fn usual_way(chance: &mut Chance, code: &str) -> (&'static str, &'static str, u32, u32) {
    match code {
        "G9001" => ("assessment", "in_person", 28, 90),
        "G9002" => ("implementation", "video", 9, 100),
        "98961" => ("implementation", "in_person", 19, 120),
        "98966" => ("implementation", "telephone", 5, 10),
        "98967" => ("implementation", "telephone", 10, 20),
        "98968" => ("implementation", "telephone", 21, 31),
        _ => ("implementation", "telephone", 5, chance.between(5, 60)),
    }
}

fn ledger_line(chance: &mut Chance, payer: &str, latest: i32) -> Result<LedgerLine, ValueError> {
    // Half of the lines are recent enough to matter to a limit.
    let days_back = if chance.happens(50) { chance.below(40) } else { chance.below(600) };
    Ok(LedgerLine {
        payer_id: Token::parse(payer)?,
        date_of_service: ServiceDate::from_days(latest - i32::try_from(days_back).unwrap_or(0)),
        procedure_code: ProcedureCode::parse(chance.pick(&CODES))?,
        units: Units(1),
        amount_cents: Cents::new(1_000),
        billing_provider_id: Token::parse(&format!("b{}", chance.below(3)))?,
        rendering_provider_id: Token::parse(&format!("p{}", chance.below(40)))?,
        diagnosis: None,
        mode: None,
        minutes: None,
        paid_cents: None,
        deductible_cents: None,
    })
}
