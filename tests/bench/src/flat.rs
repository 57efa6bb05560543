//! What one row costs in a small and in a large database: each request beside itself, so that what is stored must not matter.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, Executor as _, SqliteConnection};
use tokio::runtime::Runtime;

use crate::Effort;
use crate::database::{Database, Kind, kinds};
use crate::hosting::{Hosting, activate};
use crate::load::{AGENCY, Answer, Connection, Request};
use crate::policies::Workshop;
use crate::report::{Report, Target};
use crate::stopwatch::quantile;
use crate::swap::{decide, fill};

/// Encounters of the small database.
const SMALL: u32 = 10_000;
/// Times that each request is sent; the median counts.
const TIMES: u32 = 25;
/// A turn of the worker may keep others from writing for so many milliseconds.
const HOLD_MS_MAX: f64 = 250.0;
/// A request may cost so many times as much in the large database: more of what it reads is in no cache there.
const RATIO_MAX: f64 = 3.0;

/// A request: its name, its method and path, and its body where it has one. `N` stands for a number that is new each time.
type Asked = (&'static str, &'static str, &'static str, Option<Value>);

fn requests(encounter: &Value) -> Vec<Asked> {
    let with = |field: &str, value: &str| {
        let mut encounter = encounter.clone();
        if let Some(fields) = encounter.as_object_mut() {
            fields.insert(field.to_owned(), value.into());
        }
        encounter
    };
    let (changed, minutes) = (with("encounter_id", "flat-N"), with("minutes", "N"));
    let record = |id: &str, subject: &str, body: Value| json!({ "records": [{ "record_id": id, "subject_id": subject, "body": body }] });
    let client = json!({ "encounter_id": encounter["encounter_id"] });
    let practice = json!({ "kind": "practice", "taxonomy": "N" });
    let credential = json!({ "kind": "credential", "credential_kind": "license", "code": "N", "from": "2020-01-01" });
    vec![
        ("put_new", "PUT", "/v1/encounters/flat-N", Some(changed)),
        ("put_changed", "PUT", "/v1/encounters/{id}", Some(minutes)),
        ("decide_again", "POST", "/v1/decisions", Some(client)),
        ("record_of_practice", "PUT", "/v1/records", Some(record("flat-practice", "practice-of-nobody", practice))),
        ("record_of_provider", "PUT", "/v1/records", Some(record("flat-provider", "provider-of-nobody", credential))),
        ("records_of_nobody", "GET", "/v1/records?subject=client&subject_id=nobody", None),
        ("encounters_of_client", "GET", "/v1/encounters?client={client}", None),
        ("encounters_of_no_payer", "GET", "/v1/encounters?payer=nobody", None),
        ("decisions_of_client", "GET", "/v1/decisions?client={client}", None),
        ("decisions_of_no_payer", "GET", "/v1/decisions?payer=nobody", None),
        ("decisions_of_no_day", "GET", "/v1/decisions?from=2190-01-01", None),
        ("status", "GET", "/v1/status", None),
    ]
}

/// The same on each database.
pub(crate) fn measure(report: &mut Report, workshop: &Workshop, runtime: &Runtime, effort: Effort) -> Result<()> {
    let large = match effort {
        Effort::Quick => 100_000,
        Effort::Full => 1_000_000,
    };
    report.remark(&format!("flat: one row in a database of {SMALL} and of {large} decided encounters"));
    for kind in kinds() {
        let word = kind.word();
        let small = measure_in(workshop, runtime, kind, SMALL)?;
        let large = measure_in(workshop, runtime, kind, large)?;
        if let Some(held_ms) = large.held_ms {
            report.judge(&format!("flat_{word}_longest_hold"), held_ms, "ms", Target::AtMost(HOLD_MS_MAX));
        }
        for ((name, in_small), (_, in_large)) in small.figures.into_iter().zip(large.figures) {
            report.figure(&format!("flat_{word}_{name}_small"), in_small, "ms");
            report.figure(&format!("flat_{word}_{name}_large"), in_large, "ms");
            // Below a millisecond the ratio is that of the noise.
            let ratio = in_large.max(1.0) / in_small.max(1.0);
            report.judge(&format!("flat_{word}_{name}"), ratio, "x", Target::AtMost(RATIO_MAX));
        }
    }
    Ok(())
}

/// What was measured in one database.
struct Measured {
    /// The median milliseconds of each request.
    figures: Vec<(&'static str, f64)>,
    /// On SQLite the longest milliseconds for which the worker kept everybody else from writing.
    held_ms: Option<f64>,
}

fn measure_in(workshop: &Workshop, runtime: &Runtime, kind: Kind, encounters: u32) -> Result<Measured> {
    let database = runtime.block_on(Database::create(kind, "flat"))?;
    let hosting = runtime.block_on(Hosting::start(workshop.engine(), &database.url))?;
    activate(hosting.address, AGENCY, &workshop.renamed("before")?)?;
    runtime.block_on(fill(&hosting, encounters))?;
    let is_over = Arc::new(AtomicBool::new(false));
    let watch = (kind == Kind::Sqlite).then(|| runtime.spawn(longest_hold(database.url.clone(), Arc::clone(&is_over))));
    let (decided, _) = runtime.block_on(decide(&hosting))?;
    is_over.store(true, Ordering::Relaxed);
    let held_ms = watch.map(|watch| runtime.block_on(watch)).transpose()?.transpose()?;
    ensure!(decided == u64::from(encounters), "{decided} of {encounters} encounters were decided");
    let encounter = some_encounter(hosting.address)?;
    let mut figures = Vec::new();
    for asked in requests(&encounter) {
        figures.push((asked.0, median(hosting.address, &encounter, &asked)?));
    }
    runtime.block_on(async {
        hosting.stop().await;
        database.remove().await
    })?;
    Ok(Measured { figures, held_ms })
}

/// The longest time, in milliseconds, for which another system could not begin to write.
async fn longest_hold(url: String, is_over: Arc<AtomicBool>) -> Result<f64> {
    let options: SqliteConnectOptions = url.parse()?;
    let mut connection = SqliteConnection::connect_with(&options.busy_timeout(Duration::ZERO)).await?;
    let (mut since, mut longest): (Option<Instant>, Duration) = (None, Duration::ZERO);
    while !is_over.load(Ordering::Relaxed) {
        match connection.execute("BEGIN IMMEDIATE").await {
            Ok(_) => {
                connection.execute("ROLLBACK").await?;
                longest = since.take().map_or(longest, |since| longest.max(since.elapsed()));
            }
            Err(_) => drop(since.get_or_insert_with(Instant::now)),
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(longest.as_secs_f64() * 1_000.0)
}

fn some_encounter(address: SocketAddr) -> Result<Value> {
    let answer = send(&mut Connection::open(address)?, "GET", "/v1/encounters?limit=1", None)?;
    let page: Value = serde_json::from_slice(&answer.body)?;
    page.pointer("/items/0").cloned().context("there is an encounter")
}

fn median(address: SocketAddr, encounter: &Value, (name, method, path, body): &Asked) -> Result<f64> {
    let mut connection = Connection::open(address)?;
    let mut times = Vec::new();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let path =
        path.replace("{id}", &text(&encounter["encounter_id"])).replace("{client}", &text(&encounter["client_id"]));
    for number in 0..TIMES {
        let path = path.replace("-N", &format!("-{name}-{number}"));
        let minutes = format!("{}", 20 + number);
        let body = body.as_ref().map(|body| {
            let of_number = body.to_string().replace("\"minutes\":\"N\"", &format!("\"minutes\":{minutes}"));
            of_number.replace("flat-N", &format!("flat-{name}-{number}")).replace("\"N\"", &format!("\"n{number}\""))
        });
        let start = Instant::now();
        let answer = send(&mut connection, method, &path, body.as_deref())?;
        times.push(start.elapsed().as_secs_f64() * 1_000.0);
        ensure!(
            (200..300).contains(&answer.status),
            "{name} was answered with {}: {}",
            answer.status,
            String::from_utf8_lossy(&answer.body)
        );
    }
    Ok(quantile(times, 0.5))
}

fn send(connection: &mut Connection, method: &str, path: &str, body: Option<&str>) -> Result<Answer> {
    let request = Request { method, agency: AGENCY, ..Request::json(path, body.unwrap_or_default().as_bytes()) };
    connection.send(request)
}
