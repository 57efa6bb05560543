//! Times the bulk path of a store: putting, taking and committing sets, and single commits. `bulk URL [ENCOUNTERS]`.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a measuring program talks to its user and stops at faults"
)]

use std::time::Duration;

use adjudica_core::manifest::{Subject, SubjectKind};
use adjudica_core::{
    Cents, Decision, DecisionLine, Digest, Effect, EncounterFacts, Finding, LedgerLine, Minutes, Outcome,
    ProcedureCode, RuleKind, ServiceDate, Token, Units, Verdict,
};
use adjudica_store::{
    ClientCommit, ClientWork, EncounterFilter, HistoryFilter, NewCommit, NewDecision, PolicyRef, PutMode, Store, Turn,
};

const PER_CALL: usize = 2_000;
const PER_CLIENT: usize = 4;
const SINGLE_COMMITS: usize = 500;
const RECORD_BYTES: usize = 1_500;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().expect("an address, such as sqlite:/tmp/bulk.db");
    let count = arguments.next().map_or(40_000, |text| text.parse().expect("a number of encounters"));
    let store = adjudica_store::connect(&url).await.expect("opens");
    let agency = token("bulk");
    let all: Vec<EncounterFacts> = (0..count).map(encounter).collect();

    let start = Clock::start();
    for part in all.chunks(PER_CALL) {
        store.put_encounters(&agency, part, PutMode::InsertOnly, at()).await.expect("puts");
    }
    report("put", count, start.stop());

    let (mut taking, mut committing, mut taken) = (Took::default(), Took::default(), 0);
    loop {
        let start = Clock::start();
        let work =
            store.take_undecided(&mut Turn::first(u32::try_from(PER_CALL).expect("small")), at()).await.expect("takes");
        taking = taking.plus(start.stop());
        if work.clients.is_empty() {
            break;
        }
        taken += work.clients.iter().map(|client| client.encounters.len()).sum::<usize>();
        let commit = NewCommit { clients: work.clients.iter().map(decide).collect(), idempotency: Vec::new() };
        let start = Clock::start();
        store.commit_decisions(commit).await.expect("commits");
        committing = committing.plus(start.stop());
    }
    report("take_undecided", taken, taking);
    report("commit_decisions", taken, committing);
    report("take + commit", taken, taking.plus(committing));

    let start = Clock::start();
    let read = read_history(store.as_ref(), &agency).await;
    report("load_history", read, start.stop());

    let start = Clock::start();
    store.verify_chain(&agency, 0, u32::MAX).await.expect("checks");
    report("verify_chain", taken, start.stop());

    single_commits(store.as_ref()).await;
}

async fn read_history(store: &dyn Store, agency: &Token) -> usize {
    let mut filter = HistoryFilter {
        agency_id: agency.clone(),
        encounters: EncounterFilter::default(),
        after_client_id: None,
        clients_max: 1_000,
    };
    let mut read = 0;
    loop {
        let page = store.load_history(&filter).await.expect("reads");
        read += page.encounters.len();
        filter.after_client_id = page.next_after_client_id;
        if filter.after_client_id.is_none() {
            return read;
        }
    }
}

/// One client, one decision, one durable transaction each.
async fn single_commits(store: &dyn Store) {
    let start = Clock::start();
    for number in 0..SINGLE_COMMITS {
        let facts = encounter(number);
        let client = ClientCommit {
            agency_id: token("single"),
            client_id: token(&format!("s{number}")),
            schedule_change: 0,
            ledger_through: 0,
            decisions: vec![decision(&facts, None)],
            confirmed: Vec::new(),
        };
        store.commit_decisions(NewCommit { clients: vec![client], idempotency: Vec::new() }).await.expect("commits");
    }
    report("single commits", SINGLE_COMMITS, start.stop());
}

/// Time on the wall, and time that this process was computing: the latter holds on a busy machine too.
#[derive(Clone, Copy, Default)]
struct Took {
    wall: Duration,
    computing_ms: u64,
}

impl Took {
    fn plus(self, other: Self) -> Self {
        Self { wall: self.wall + other.wall, computing_ms: self.computing_ms + other.computing_ms }
    }
}

struct Clock {
    wall: std::time::Instant,
    computing_ms: u64,
}

impl Clock {
    fn start() -> Self {
        Self { wall: std::time::Instant::now(), computing_ms: computing_ms() }
    }

    fn stop(&self) -> Took {
        Took { wall: self.wall.elapsed(), computing_ms: computing_ms() - self.computing_ms }
    }
}

/// User and system time of this process on Linux, in steps of 10 ms; 0 elsewhere.
fn computing_ms() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let times = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    times.filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * 10
}

fn report(what: &str, count: usize, took: Took) {
    let per_second = |micros: u128| u128::try_from(count).unwrap_or(0) * 1_000_000 / micros.max(1);
    let (wall, computing) = (took.wall.as_micros(), u128::from(took.computing_ms) * 1_000);
    println!(
        "{what:>18}: {count:>8} in {:>7} ms, {:>8} a second; computing {:>6} ms, {:>8} a second",
        took.wall.as_millis(),
        per_second(wall),
        took.computing_ms,
        per_second(computing)
    );
}

fn decide(client: &ClientWork) -> ClientCommit {
    ClientCommit {
        agency_id: client.agency_id.clone(),
        client_id: client.client_id.clone(),
        schedule_change: client.schedule_change,
        ledger_through: client.ledger_through,
        decisions: client.encounters.iter().map(|stored| decision(&stored.facts, Some(stored.revision))).collect(),
        confirmed: Vec::new(),
    }
}

fn decision(facts: &EncounterFacts, encounter_revision: Option<i64>) -> NewDecision {
    let code = ProcedureCode::parse("G9001").expect("a code");
    let line = DecisionLine {
        procedure_code: code,
        modifiers: vec![],
        units: Units(3),
        amount_cents: Some(Cents::new(7_500)),
        payment: None,
    };
    NewDecision {
        decision_id: format!("0190-{}", facts.encounter_id),
        encounter_id: facts.encounter_id.clone(),
        encounter_revision,
        new_encounter: None,
        payer_id: facts.payer_id.clone(),
        plan_id: facts.plan_id.clone(),
        service_line: facts.service_line.clone(),
        date_of_service: facts.date_of_service,
        policy: Some(PolicyRef { policy_id: token("sim"), version: "1.0.0".to_owned(), digest: Digest::of(b"policy") }),
        terms_digest: Some(Digest::of(b"terms")),
        decided_at: at(),
        supersedes: None,
        record: format!(
            r#"{{"encounter":"{}","filler":"{}"}}"#,
            facts.encounter_id,
            r#"\"x\":1,"#.repeat(RECORD_BYTES / 8)
        ),
        decision: Decision {
            outcome: Outcome::Billable,
            lines: vec![line],
            findings: vec![finding(), finding()],
            undetermined: None,
        },
        ledger_lines: vec![LedgerLine {
            payer_id: facts.payer_id.clone(),
            date_of_service: facts.date_of_service,
            procedure_code: code,
            units: Units(3),
            amount_cents: Cents::new(7_500),
            billing_provider_id: facts.billing_provider_id.clone(),
            rendering_provider_id: facts.rendering_provider_id.clone(),
            diagnosis: facts.diagnoses.first().cloned(),
            mode: None,
            minutes: None,
            paid_cents: None,
            deductible_cents: None,
        }],
    }
}

fn finding() -> Finding {
    Finding {
        rule_id: token("limit.G9001"),
        kind: RuleKind::Limit,
        effect: Effect::Note,
        verdict: Verdict::Failed,
        message: "a plain sentence about the encounter".to_owned(),
        remedy: None,
        observed: Some(3),
        expected: Some(4),
        subject: Some(Subject { kind: SubjectKind::ProcedureCode, name: token("G9002") }),
        citation: None,
        denial: None,
        assumptions: Vec::new(),
    }
}

fn encounter(number: usize) -> EncounterFacts {
    let day = i32::try_from(number % 365).expect("small");
    EncounterFacts {
        encounter_id: token(&format!("enc-{number:08}")),
        client_id: token(&format!("client-{:07}", number / PER_CLIENT)),
        payer_id: token("payer1"),
        plan_id: Some(token("gold")),
        service_line: None,
        date_of_service: ServiceDate::parse("2026-01-01").expect("a day").plus_days(day),
        procedure_code: Some(ProcedureCode::parse("G9001").expect("a code")),
        service: None,
        minutes: Some(Minutes(45)),
        rendering_provider_id: token("provider1"),
        rendering_provider_role: token("RN"),
        billing_provider_id: token("practice1"),
        phase: token("assessment"),
        mode: token("in_person"),
        place_of_service: None,
        group_size: None,
        modifiers: std::collections::BTreeSet::new(),
        diagnoses: vec![token("E11.9"), token("I10")],
        supporting_info: std::collections::BTreeSet::from([token("care_plan"), token("consent")]),
        received_on: None,
        standing: None,
    }
}

fn token(text: &str) -> Token {
    Token::parse(text).expect("a token")
}

fn at() -> adjudica_store::Instant {
    adjudica_store::Instant::from_microsecond(1_767_225_600_000_000).expect("an instant")
}
