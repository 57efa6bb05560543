//! Short histories that once ended differently from a decision from nothing, each by the name of what it is about.

use std::path::Path;
use std::sync::Arc;

use adjudica_tests::simulation::database::Source;
use adjudica_tests::simulation::host::Stage;
use adjudica_tests::simulation::step::{Activation, Beforehand, How, Seat, Step, Subject};
use adjudica_tests::simulation::visit::{Change, Visit, encounter_id};
use adjudica_tests::simulation::{Played, Theatre};
use serde_json::json;

use crate::{server, shipped};

/// An encounter of the payer River; its code is the place in the list of codes.
fn visit(id: u8, day: u8, code: u8) -> Visit {
    Visit {
        id,
        client: 1,
        payer: 0,
        plan: None,
        has_line: false,
        day,
        code,
        minutes: Some(30),
        provider: 1,
        practice: 1,
        mode: 0,
        info: 0,
    }
}

/// The first edition of River answers.
fn river() -> Activation {
    Activation {
        seat: Seat::A,
        policy: 0,
        terms: 0,
        plan: None,
        has_line: false,
        from: 0,
        to: None,
        beforehand: Beforehand::No,
    }
}

fn stories() -> Vec<(&'static str, Vec<Step>)> {
    let inline = |visit| Step::Decide(Seat::A, Subject::Inline(visit), How::Plain);
    let residence = json!({"kind": "residence", "state": "OH", "from": "2026-01-31"});
    let network = json!({"kind": "network", "payer_id": "bcbsm", "status": "in", "from": "2025-12-19"});
    let coverage = json!({"kind": "coverage", "payer_id": "river", "coverage_kind": "commercial", "order": 1, "from": "2026-01-05"});
    let absence = json!({"kind": "absence", "from": "2025-12-05", "to": "2026-01-05", "reason": "vacation"});
    let file = |about: &str, body: &serde_json::Value| Step::File(1, about.to_owned(), body.clone());
    vec![
        (
            "a decision about a record that cannot be read replays",
            vec![
                Step::Activate(river()),
                file("c1", &residence),
                Step::GarbleRecord(1),
                inline(visit(1, 0, 0)),
                Step::Rest,
            ],
        ),
        (
            "a decision that nobody made replays beside an activation of the same instant",
            vec![Step::Import(vec![visit(1, 0, 0)]), Step::WorkWhile(river()), Step::Rest],
        ),
        (
            "the first record about a client is of later days",
            vec![inline(visit(1, 0, 2)), Step::Activate(river()), Step::Rest, file("c1", &residence), Step::Rest],
        ),
        (
            "the first record about a practice is of later days",
            vec![Step::Activate(river()), inline(visit(1, 0, 0)), file("b1", &network), Step::Rest],
        ),
        (
            "an encounter that was taken out comes in again with a request",
            vec![
                Step::Activate(river()),
                inline(visit(1, 0, 2)),
                Step::Withdraw(1),
                Step::Decide(Seat::B, Subject::Inline(visit(1, 30, 2)), How::Explained),
                Step::Rest,
            ],
        ),
        (
            "the only record about a person is an absence",
            vec![Step::Activate(river()), inline(visit(1, 4, 0)), file("s1", &absence), Step::Rest],
        ),
        (
            "a coverage that begins later is filed for a client and then for another",
            vec![
                Step::Activate(river()),
                inline(visit(1, 0, 2)),
                file("c1", &coverage),
                Step::Rest,
                file("c2", &coverage),
                Step::Rest,
            ],
        ),
    ]
}

fn stories_of_claims() -> Vec<(&'static str, Vec<Step>)> {
    let claim = |number: u8, frequency: &str| {
        let body = json!({"kind": "claim", "frequency": frequency, "payer_claim_number": "P1"});
        Step::File(number, encounter_id(number), body)
    };
    vec![
        (
            "a first claim with the number comes on another day than the claim that replaces it, moves, and goes",
            vec![
                Step::Activate(river()),
                claim(1, "1"),
                claim(2, "7"),
                Step::Import(vec![visit(2, 0, 0), visit(3, 0, 0)]),
                Step::Rest,
                Step::Import(vec![visit(1, 4, 0)]),
                Step::Rest,
                Step::Update(1, Change::Payer(1)),
                Step::Rest,
                Step::Update(1, Change::Payer(0)),
                Step::Rest,
                Step::Delete(1),
                Step::Rest,
            ],
        ),
        (
            "another system deletes encounters of a client with a void on file beside a worker",
            vec![
                Step::Activate(river()),
                claim(2, "8"),
                Step::Import((1..8).map(|id| visit(id, 0, 0)).collect()),
                Step::WorkAround(Seat::A, 1, visit(3, 4, 0)),
                Step::WorkAround(Seat::A, 3, visit(4, 4, 0)),
                Step::WorkAround(Seat::B, 2, visit(5, 4, 0)),
                Step::Rest,
            ],
        ),
        (
            "another system writes another word over the one that says a service stands beside a like one",
            vec![
                Step::Activate(river()),
                claim(2, "7"),
                Step::Import(vec![Visit { info: 2, ..visit(1, 0, 0) }, visit(2, 0, 0), visit(3, 0, 0)]),
                Step::Rest,
                Step::Update(1, Change::Info(1)),
                Step::Rest,
                Step::Update(1, Change::Info(2)),
                Step::Rest,
            ],
        ),
    ]
}

async fn play_all(source: Source) {
    let folder = shipped::folder();
    let stage = Stage::with(shipped::engine(), Path::new("adjudica"), &folder).expect("a stage");
    let theatre = Theatre::open(Arc::new(stage), source).await.expect("a theatre");
    let mut differing = Vec::new();
    for (name, steps) in stories().into_iter().chain(stories_of_claims()) {
        if let Played::Differs { what, .. } = theatre.play(&steps).await.expect("hosts") {
            differing.push(format!("{name}: {what}"));
        }
    }
    let source = Arc::into_inner(theatre.source).expect("the only owner");
    source.remove().await.expect("removes the template");
    assert_eq!(differing, Vec::<String>::new());
}

#[tokio::test]
async fn it_ends_every_story_as_a_decision_from_nothing_on_sqlite() {
    play_all(Source::sqlite().expect("a folder")).await;
}

#[tokio::test]
async fn it_ends_every_story_as_a_decision_from_nothing_on_postgres() {
    play_all(Source::postgres(&server::database::postgres_server()).await.expect("a server")).await;
}
