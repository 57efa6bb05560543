//! Durable decisions over HTTP against a bare handler that does the same reads and one durable insert.
//!
//! Judged where a service is its client's latest. One before others is told beside it: what was billed after it is read and
//! decided again with it, which the bare handler does not.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use adjudica_core::records::RecordSubject;
use adjudica_core::{EncounterFacts, Timeline, Token};
use adjudica_store::{PutMode, RecordKey, Store, WorkRequest};
use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::Effort;
use crate::database::{Database, Kind, Plain, kinds};
use crate::encounters::{Shape, timelines};
use crate::hosting::{Hosting, activate};
use crate::load::{AGENCY, Connection, Request, send_all};
use crate::policies::Workshop;
use crate::records::put_records;
use crate::report::{Report, Target};
use crate::stopwatch::quantile;

/// Connections that ask at the same time.
const CONNECTIONS: usize = 16;
/// Encounters decided before the clock runs, so that there are ledgers to read.
const FILLING: u32 = 4_000;
/// Clients whom they are about.
const CLIENTS: u32 = FILLING / 4;
/// 2026-01-01: after every encounter before the clock.
const LATEST_DAY: i32 = 20_454;
/// Sets apart the encounters that stand between others.
const SERIES_BETWEEN: u32 = 100;
/// Requests of one round.
const REQUESTS: u32 = 3_000;
/// Ids of the bare handler's rows.
const BARE_ID: &str = "018f0000-0000-7000-8000-";

/// Throughput of both, in turns, on each database.
pub(crate) fn measure(report: &mut Report, workshop: &Workshop, runtime: &Runtime, effort: Effort) -> Result<()> {
    report.remark(&format!("http: {CONNECTIONS} kept-open loopback connections, load and servers in one process"));
    for kind in kinds() {
        measure_on(report, workshop, runtime, kind, effort)?;
    }
    Ok(())
}

fn measure_on(report: &mut Report, workshop: &Workshop, runtime: &Runtime, kind: Kind, effort: Effort) -> Result<()> {
    let policy = workshop.with_records()?;
    let ours = Side::start(runtime, workshop, kind, &policy.file, "http_ours")?;
    let theirs = Side::start(runtime, workshop, kind, &policy.file, "http_bare")?;
    let sample = one_record(ours.hosting.address, bodies(0, effort, When::Latest)?.first().context("a body")?)?;
    let bare = runtime.block_on(Bare::start(&theirs, sample))?;
    // Those between come first: after the others, more would stand behind each.
    for (when, name) in [(When::Between, format!("{}_between", kind.word())), (When::Latest, kind.word().to_owned())] {
        measure_when(report, [ours.hosting.address, bare], when, effort, &name)?;
    }
    runtime.block_on(async {
        ours.stop().await?;
        theirs.stop().await
    })
}

/// Rounds of both sides, in turns.
fn measure_when(
    report: &mut Report,
    [ours, bare]: [SocketAddr; 2],
    when: When,
    effort: Effort,
    name: &str,
) -> Result<()> {
    let (mut ours_per_second, mut bare_per_second, mut ratios, mut latencies) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 0..=effort.rounds(9) {
        let bodies = bodies(round + 1, effort, when)?;
        let by_us = send_all(ours, "/v1/decisions", &bodies, CONNECTIONS, 201)?;
        let by_bare = send_all(bare, "/v1/decisions", &bodies, CONNECTIONS, 201)?;
        // The first round warms both up.
        if round > 0 {
            ratios.push(by_us.per_second / by_bare.per_second);
            ours_per_second.push(by_us.per_second);
            bare_per_second.push(by_bare.per_second);
            latencies.extend(by_us.latencies_ms);
        }
    }
    report.figure(&format!("http_{name}_ours"), quantile(ours_per_second, 0.5), "decisions/s");
    report.figure(&format!("http_{name}_bare"), quantile(bare_per_second, 0.5), "requests/s");
    report.figure(&format!("http_{name}_ours_median"), quantile(latencies.clone(), 0.5), "ms");
    report.figure(&format!("http_{name}_ours_p99"), quantile(latencies, 0.99), "ms");
    let over = format!("http_{name}_ours_over_bare");
    match when {
        When::Latest => report.judge(&over, quantile(ratios, 0.5), "x", Target::AtLeast(0.9)),
        When::Between => report.figure(&over, quantile(ratios, 0.5), "x"),
    }
    Ok(())
}

/// Where a service stands among those of its client.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    /// After all others, as work of today does.
    Latest,
    /// Before some.
    Between,
}

/// A database with decided encounters and a host on it. The bare handler has one too, to fill its database alike.
struct Side {
    database: Database,
    hosting: Hosting,
}

impl Side {
    fn start(runtime: &Runtime, workshop: &Workshop, kind: Kind, policy_file: &[u8], name: &str) -> Result<Self> {
        let database = runtime.block_on(Database::create(kind, name))?;
        let hosting = runtime.block_on(Hosting::start(workshop.engine(), &database.url))?;
        activate(hosting.address, AGENCY, policy_file)?;
        let encounters: Vec<EncounterFacts> =
            timelines(FILLING, shape(0))?.into_iter().flat_map(|timeline: Timeline| timeline.encounters).collect();
        let agency = Token::parse(AGENCY)?;
        runtime.block_on(async {
            for encounters in encounters.chunks(1_000) {
                hosting
                    .host
                    .service
                    .store
                    .put_encounters(&agency, encounters, PutMode::InsertOnly, Timestamp::UNIX_EPOCH)
                    .await?;
            }
            put_records(hosting.host.service.store.as_ref(), &agency, &encounters).await?;
            let tally = hosting.decide_waiting().await?;
            ensure!(tally.decided == u64::from(FILLING), "{} of {FILLING} encounters were decided", tally.decided);
            Ok(())
        })?;
        Ok(Self { database, hosting })
    }

    async fn stop(self) -> Result<()> {
        self.hosting.stop().await;
        self.database.remove().await
    }
}

fn shape(series: u32) -> Shape<'static> {
    Shape { payer: "benchmark", encounters_per_client: 4, ledger_lines_max: 0, series }
}

/// Requests about new encounters of the clients that the databases were filled with.
fn bodies(round: u32, effort: Effort, when: When) -> Result<Vec<Vec<u8>>> {
    let series = if when == When::Latest { round + 1 } else { round + 1 + SERIES_BETWEEN };
    let timelines = timelines(effort.work(REQUESTS), shape(series))?;
    let encounters = timelines.into_iter().flat_map(|timeline| timeline.encounters);
    let bodies = encounters.zip(0..).map(|(mut encounter, number)| {
        if when == When::Latest {
            // Each client is asked about once in so many requests.
            let day = LATEST_DAY + i32::try_from(round * 10 + number / CLIENTS).unwrap_or(0);
            let later = day - encounter.date_of_service.days();
            encounter.date_of_service = encounter.date_of_service.plus_days(later);
            encounter.received_on = encounter.received_on.map(|received| received.plus_days(later));
        }
        // Neighbours in the list are asked for at the same time: spread them over the clients.
        encounter.client_id = Token::parse(&format!("c0-{:07}", number * 7 % CLIENTS))?;
        Ok(serde_json::to_vec(&json!({ "encounter": encounter }))?)
    });
    bodies.collect()
}

/// What ours records for one request: the bare handler writes and answers as many bytes.
fn one_record(address: SocketAddr, body: &[u8]) -> Result<String> {
    let answer = Connection::open(address)?.send(Request::json("/v1/decisions", body))?;
    let text = String::from_utf8(answer.body)?;
    ensure!(answer.status == 201, "a decision was refused: {text}");
    Ok(text)
}

/// The bare handler: parse, read what a decision reads, insert one row durably, answer.
struct Bare {
    store: Arc<dyn Store>,
    plain: Plain,
    agency: Token,
    record: String,
    rows: AtomicU64,
}

impl Bare {
    async fn start(side: &Side, record: String) -> Result<SocketAddr> {
        let plain = side.database.plain().await?;
        plain
            .execute(
                "CREATE TABLE bare (id TEXT NOT NULL PRIMARY KEY, encounter_id TEXT NOT NULL, record TEXT NOT NULL)",
            )
            .await?;
        let store = Arc::clone(&side.hosting.host.service.store);
        let bare = Arc::new(Self { store, plain, agency: Token::parse(AGENCY)?, record, rows: AtomicU64::new(0) });
        let router = Router::new().route("/v1/decisions", post(answer)).with_state(bare);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(address)
    }

    /// What an encounter's records are about.
    fn keys(&self, facts: &EncounterFacts) -> [RecordKey; 4] {
        [
            (RecordSubject::Client, &facts.client_id),
            (RecordSubject::Encounter, &facts.encounter_id),
            (RecordSubject::Provider, &facts.rendering_provider_id),
            (RecordSubject::Practice, &facts.billing_provider_id),
        ]
        .map(|(subject, id)| RecordKey { agency_id: self.agency.clone(), subject, subject_id: id.clone() })
    }

    async fn decide(&self, body: &[u8]) -> Result<String> {
        let mut request: Value = serde_json::from_slice(body)?;
        let facts = request.get_mut("encounter").context("an encounter")?.take();
        let facts: EncounterFacts = serde_json::from_value(facts)?;
        let request = WorkRequest {
            agency_id: self.agency.clone(),
            client_id: facts.client_id.clone(),
            encounter_ids: vec![facts.encounter_id.clone()],
        };
        self.store.load_work(&[request]).await?;
        self.store.load_records(&self.keys(&facts)).await?;
        let id = format!("{BARE_ID}{:012}", self.rows.fetch_add(1, Ordering::Relaxed));
        self.plain.insert_bare(&id, facts.encounter_id.as_str(), &self.record).await?;
        Ok(self.record.clone())
    }
}

async fn answer(State(bare): State<Arc<Bare>>, body: Bytes) -> (StatusCode, String) {
    match bare.decide(&body).await {
        Ok(record) => (StatusCode::CREATED, record),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}")),
    }
}

impl Plain {
    async fn execute(&self, sql: &'static str) -> Result<()> {
        match self {
            Self::Sqlite(pool) => sqlx::raw_sql(sql).execute(pool).await.map(|_| ())?,
            Self::Postgres(pool) => sqlx::raw_sql(sql).execute(pool).await.map(|_| ())?,
        }
        Ok(())
    }

    /// One row, durable when this returns.
    async fn insert_bare(&self, id: &str, encounter_id: &str, record: &str) -> Result<()> {
        const SQL: &str = "INSERT INTO bare (id, encounter_id, record) VALUES ($1, $2, $3)";
        match self {
            Self::Sqlite(pool) => {
                sqlx::query(SQL).bind(id).bind(encounter_id).bind(record).execute(pool).await.map(drop)?;
            }
            Self::Postgres(pool) => {
                sqlx::query(SQL).bind(id).bind(encounter_id).bind(record).execute(pool).await.map(drop)?;
            }
        }
        Ok(())
    }
}
