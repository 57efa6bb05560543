//! Histories from a seed: what happens, in which order. Everything is small, so that things meet. Plays nothing.

use crate::simulation::catalog::TERMS;
use crate::simulation::chance::Chance;
use crate::simulation::paper::{RECORDS, paper};
use crate::simulation::step::{Activation, Beforehand, How, Scope, Seat, Step, Subject};
use crate::simulation::visit::{CODES, Change, DAYS, INFO, MODES, PAYERS, PLANS, Visit};

/// Steps of a history.
pub const STEPS: usize = 160;
/// Encounters that there may be.
const ENCOUNTERS: u8 = 22;
const CLIENTS: u8 = 3;
const PROVIDERS: u8 = 3;
const PRACTICES: u8 = 2;
/// Policies in the catalog, which is built elsewhere.
const POLICIES: u8 = 7;
/// Days on which most things happen, among them the last of a year and the first of the next.
const DAYS_OF_WORK: [u8; 9] = [3, 4, 5, 17, 30, 31, 32, 40, 61];
const MINUTES: [u8; 10] = [0, 8, 15, 16, 20, 30, 31, 45, 60, 90];

/// The history of a seed.
#[must_use]
pub fn history(seed: u64) -> Vec<Step> {
    let mut chance = Chance::new(seed);
    let mut steps: Vec<Step> = Vec::with_capacity(STEPS);
    // Most histories begin with policies that answer, as most agencies do.
    if !chance.one_in(8) {
        for policy in 0..POLICIES {
            if chance.one_in(3) {
                continue;
            }
            let activation = Activation { plan: None, has_line: false, from: 0, to: None, ..activation(&mut chance) };
            steps.push(Step::Activate(Activation { policy, ..activation }));
        }
    }
    while steps.len() < STEPS {
        steps.push(step(&mut chance));
    }
    steps.push(Step::Rest);
    steps
}

fn step(chance: &mut Chance) -> Step {
    match chance.below(100) {
        0..=9 => Step::Import((0..chance.between(1, 5)).map(|_| visit(chance)).collect()),
        10..=13 => Step::Put(visit(chance)),
        14..=23 => Step::Correct(id(chance), change(chance)),
        24..=25 => Step::Insert(visit(chance)),
        26..=30 => Step::Update(id(chance), change(chance)),
        31..=32 => Step::Delete(id(chance)),
        33 => Step::Garble(id(chance)),
        34..=36 => Step::Withdraw(id(chance)),
        37..=52 => {
            let (about, body) = paper(chance);
            Step::File(chance.below(RECORDS), about, body)
        }
        53..=55 => Step::Unfile(chance.below(RECORDS)),
        56 => Step::GarbleRecord(chance.below(RECORDS)),
        57..=61 => Step::Activate(activation(chance)),
        62..=63 => Step::RollBack(seat(chance), scope(chance), chance.one_in(2)),
        64 if chance.one_in(4) => Step::Yank(seat(chance), chance.below(POLICIES)),
        64..=77 => Step::Decide(seat(chance), subject(chance), how(chance)),
        78..=80 => Step::Batch(seat(chance), (0..chance.between(2, 5)).map(|_| subject(chance)).collect()),
        81..=82 => Step::Race(subject(chance), subject(chance)),
        83..=87 => Step::Work(seat(chance)),
        88..=90 => Step::CutOff(seat(chance), chance.below(40)),
        91 => Step::HangUp(seat(chance), id(chance), chance.below(20)),
        92..=93 => Step::BothWork,
        94 if chance.one_in(2) => Step::WorkWhile(activation(chance)),
        94 => Step::WorkAround(seat(chance), chance.below(40), visit(chance)),
        95 if chance.one_in(2) => Step::Replace(visit(chance)),
        95 => Step::Restart(seat(chance)),
        _ => Step::Rest,
    }
}

fn id(chance: &mut Chance) -> u8 {
    chance.below(ENCOUNTERS)
}

fn seat(chance: &mut Chance) -> Seat {
    if chance.one_in(2) { Seat::A } else { Seat::B }
}

fn place<T>(chance: &mut Chance, names: &[T]) -> u8 {
    chance.below(u8::try_from(names.len()).unwrap_or(1))
}

fn payer(chance: &mut Chance) -> u8 {
    // Two of five are of the first, whose rows collide most.
    if chance.one_in(2) { 0 } else { place(chance, &PAYERS) }
}

fn plan(chance: &mut Chance) -> Option<u8> {
    if chance.one_in(4) { Some(place(chance, &PLANS)) } else { None }
}

fn day_of_work(chance: &mut Chance) -> u8 {
    chance.pick(&DAYS_OF_WORK)
}

fn minutes(chance: &mut Chance) -> Option<u8> {
    let minutes = chance.pick(&MINUTES);
    chance.but_for(12, minutes)
}

fn visit(chance: &mut Chance) -> Visit {
    Visit {
        id: id(chance),
        client: client(chance),
        payer: payer(chance),
        plan: plan(chance),
        has_line: chance.one_in(4),
        day: day_of_work(chance),
        code: place(chance, &CODES),
        minutes: minutes(chance),
        provider: chance.between(1, PROVIDERS),
        practice: chance.between(1, PRACTICES),
        mode: place(chance, &MODES),
        info: if chance.one_in(3) { place(chance, &INFO) } else { 0 },
    }
}

/// Half of everything is about the first client.
fn client(chance: &mut Chance) -> u8 {
    if chance.one_in(2) { 1 } else { chance.between(1, CLIENTS) }
}

fn change(chance: &mut Chance) -> Change {
    match chance.below(13) {
        0..=1 => Change::Minutes(minutes(chance)),
        2..=4 => Change::Day(day_of_work(chance)),
        5 => Change::Code(place(chance, &CODES)),
        6 => Change::Payer(payer(chance)),
        7 => Change::Client(client(chance)),
        8 => Change::Provider(chance.between(1, PROVIDERS)),
        9 => Change::Practice(chance.between(1, PRACTICES)),
        10 => Change::Mode(place(chance, &MODES)),
        11 => {
            if chance.one_in(2) {
                Change::Plan(plan(chance))
            } else {
                Change::Line(chance.one_in(2))
            }
        }
        _ => Change::Info(place(chance, &INFO)),
    }
}

fn scope(chance: &mut Chance) -> Scope {
    Scope { payer: payer(chance), plan: if chance.one_in(3) { plan(chance) } else { None }, has_line: chance.one_in(5) }
}

fn activation(chance: &mut Chance) -> Activation {
    let from = if chance.one_in(3) { 0 } else { chance.below(DAYS) };
    let length = chance.between(1, DAYS);
    Activation {
        seat: seat(chance),
        policy: if chance.one_in(2) { chance.below(2) } else { chance.below(POLICIES) },
        terms: chance.below(TERMS),
        plan: if chance.one_in(3) { plan(chance) } else { None },
        has_line: chance.one_in(5),
        from,
        to: chance.but_for(2, from.saturating_add(length)),
        beforehand: match chance.below(4) {
            0 => Beforehand::Only,
            1 => Beforehand::First,
            _ => Beforehand::No,
        },
    }
}

fn subject(chance: &mut Chance) -> Subject {
    if chance.one_in(3) { Subject::Inline(visit(chance)) } else { Subject::Stored(id(chance)) }
}

fn how(chance: &mut Chance) -> How {
    match chance.below(8) {
        0 => How::Again,
        1 => How::Explained,
        2 => How::DryRun,
        _ => How::Plain,
    }
}
