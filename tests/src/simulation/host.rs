//! Two hosts on one database, asked over their routes, and another system beside them. What must hold is looked at elsewhere.

use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use adjudica_engine::{Engine, EngineConfig};
use adjudica_server::{App, Server, ServerConfig};
use adjudica_service::{Clock, FixedClock};
use adjudica_store::{Store, connect};
use anyhow::{Context, Result};
use axum::body::{Body, to_bytes};
use axum::http::Request;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::simulation::catalog::Catalog;
use crate::simulation::database::{Database, Other, Source};
use crate::simulation::step::Seat;

/// Encounters that a worker decides in one transaction: few, so that clients are decided in parts.
pub const ENCOUNTERS_MAX: u32 = 3;
/// A worker that runs longer than this never comes to rest.
const WORKER_LIMIT: Duration = Duration::from_secs(30);
/// About as long as a part of what a worker does.
const PAUSE: Duration = Duration::from_micros(100);
/// What was cut off is over within this.
const SETTLE_LIMIT: Duration = Duration::from_secs(10);
/// The instant at which every history begins.
const START: &str = "2026-05-01T12:00:00Z";

/// What every history of a process shares.
pub struct Stage {
    /// Runs policies.
    pub engine: Engine,
    /// The policies.
    pub catalog: Catalog,
}

/// What a host said.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub text: String,
}

/// One host.
struct Host {
    app: App,
    store: Arc<dyn Store>,
}

/// Two hosts and another system.
pub struct Hosts {
    engine: Engine,
    database: Database,
    clock: Arc<FixedClock>,
    a: Host,
    b: Host,
    /// The other system.
    pub other: Other,
}

impl Stage {
    /// An engine that keeps what it compiles in `cache`, and the policies.
    /// # Errors
    /// When a policy cannot be built or loaded.
    pub fn set(cache: &Path, adjudica: &Path, policies: &Path) -> Result<Self> {
        let config = EngineConfig { cache_dir: Some(cache.to_owned()), ..EngineConfig::default() };
        Self::with(Engine::new(config).map_err(|error| anyhow::anyhow!("{error}"))?, adjudica, policies)
    }

    /// The same with an engine that is there already: a process has one.
    /// # Errors
    /// When a policy cannot be built or loaded.
    pub fn with(engine: Engine, adjudica: &Path, policies: &Path) -> Result<Self> {
        let catalog = Catalog::load(&engine, adjudica, policies)?;
        Ok(Self { engine, catalog })
    }

    /// Brings the tables of a template up to date and puts the policies into it.
    /// # Errors
    /// When a host refuses a policy.
    pub async fn prepare(&self, source: &Source) -> Result<()> {
        let clock = Arc::new(FixedClock::new(START.parse()?));
        let host = Host::start(&source.template_url(), &self.engine, clock).await?;
        for chosen in &self.catalog.policies {
            let answer = host.ask("POST", "/v1/policies", chosen.wasm.clone()).await?;
            anyhow::ensure!(answer.status == 201, "a policy is refused: {}", answer.text);
        }
        host.store.close().await;
        Ok(())
    }
}

impl Host {
    async fn start(url: &str, engine: &Engine, clock: Arc<FixedClock>) -> Result<Self> {
        let store = connect(url).await?;
        let config = ServerConfig { policy_threads: 1, worker_interval_ms: 0, ..ServerConfig::default() };
        let shared: Arc<dyn Clock> = clock;
        let app = Server::build(config, Arc::clone(&store), engine.clone(), shared).await?;
        Ok(Self { app, store })
    }

    async fn ask(&self, method: &str, path: &str, body: impl Into<Body>) -> Result<Answer> {
        let media = match path {
            "/v1/policies" => "application/wasm",
            "/v1/decisions/batch" => "application/x-ndjson",
            _ => "application/json",
        };
        let request = Request::builder().method(method).uri(path).header("content-type", media).body(body.into())?;
        let response = self.app.router.clone().oneshot(request).await?;
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), usize::MAX).await?;
        Ok(Answer { status, text: String::from_utf8_lossy(&bytes).into_owned() })
    }

    async fn work(&self, encounters_max: u32) -> Result<bool> {
        let running = self.app.host.service.decisions.decide_undecided(encounters_max, &|_| ());
        let ended = tokio::time::timeout(WORKER_LIMIT, running).await.context("a worker never comes to rest")?;
        // A worker that lost too often against others tries again at its next turn.
        Ok(ended.is_ok())
    }
}

impl Answer {
    /// Whether it was done.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON.
    /// # Errors
    /// When it is none.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.text).with_context(|| format!("an answer is no JSON: {}", self.text))
    }
}

impl Hosts {
    /// Two hosts on a new database.
    /// # Errors
    /// When a host cannot be started.
    pub async fn start(stage: &Stage, source: &Source) -> Result<Self> {
        let database = source.copy().await?;
        let clock = Arc::new(FixedClock::new(START.parse()?));
        let a = Host::start(&database.url, &stage.engine, Arc::clone(&clock)).await?;
        let b = Host::start(&database.url, &stage.engine, Arc::clone(&clock)).await?;
        let other = database.other().await?;
        Ok(Self { engine: stage.engine.clone(), database, clock, a, b, other })
    }

    /// Ends both and removes the database.
    /// # Errors
    /// When the database does not answer.
    pub async fn end(self) -> Result<()> {
        self.other.close().await?;
        self.a.store.close().await;
        self.b.store.close().await;
        self.database.remove().await
    }

    fn host(&self, seat: Seat) -> &Host {
        match seat {
            Seat::A => &self.a,
            Seat::B => &self.b,
        }
    }

    /// Lets a second pass.
    pub fn pass(&self) {
        self.clock.pass(1_000_000);
    }

    /// Asks a host.
    /// # Errors
    /// When it gives no answer at all.
    pub async fn ask(&self, seat: Seat, method: &str, path: &str, body: &Value) -> Result<Answer> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.host(seat).ask(method, path, body).await
    }

    /// Sends lines to a host.
    /// # Errors
    /// When it gives no answer at all.
    pub async fn ask_lines(&self, seat: Seat, path: &str, lines: &[Value]) -> Result<Answer> {
        let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
        self.host(seat).ask("POST", path, body).await
    }

    /// Lets the worker of a host decide what waits; says whether it came to the end.
    /// # Errors
    /// When it never does.
    pub async fn work(&self, seat: Seat) -> Result<bool> {
        self.host(seat).work(ENCOUNTERS_MAX).await
    }

    /// Lets the worker decide what waits while another system runs statements, each after so many pauses; says whether the worker
    /// came to the end.
    /// # Errors
    /// When it never does, or the database refuses a statement.
    pub async fn work_around(&mut self, seat: Seat, pauses: u8, statements: Vec<String>) -> Result<bool> {
        let host = match seat {
            Seat::A => &self.a,
            Seat::B => &self.b,
        };
        let other = &mut self.other;
        let running = async {
            for _ in 0..pauses {
                tokio::time::sleep(PAUSE).await;
            }
            for sql in statements {
                other.run(sql).await?;
            }
            anyhow::Ok(())
        };
        let (worked, ran) = futures_util::future::join(host.work(1), running).await;
        ran?;
        worked
    }

    /// Lets the worker begin and cuts it off.
    /// # Errors
    /// When it never ends though nobody cuts it off.
    pub async fn cut_off_work(&self, seat: Seat, polls: u8) -> Result<()> {
        cut_off(self.host(seat).work(1), polls).await.transpose().map(drop)
    }

    /// Asks a host and hangs up.
    /// # Errors
    /// When it gives no answer at all.
    pub async fn hang_up(&self, seat: Seat, path: &str, body: &Value, polls: u8) -> Result<()> {
        let asking = self.host(seat).ask("POST", path, body.to_string());
        cut_off(asking, polls).await.transpose().map(drop)
    }

    /// Waits until nothing that was cut off is still under way.
    /// # Errors
    /// When something stays open.
    pub async fn settle(&mut self) -> Result<()> {
        tokio::time::timeout(SETTLE_LIMIT, self.other.wait_for_writers())
            .await
            .context("what was cut off stays open in the database")?
    }

    /// Ends a host and starts it again.
    /// # Errors
    /// When it cannot be started.
    pub async fn restart(&mut self, seat: Seat) -> Result<()> {
        let new = Host::start(&self.database.url, &self.engine, Arc::clone(&self.clock)).await?;
        let old = match seat {
            Seat::A => std::mem::replace(&mut self.a, new),
            Seat::B => std::mem::replace(&mut self.b, new),
        };
        let Host { app, store } = old;
        drop(app);
        store.close().await;
        Ok(())
    }

    /// Counts of the database, as `GET /v1/status` tells them.
    /// # Errors
    /// When it gives no answer.
    pub async fn count(&self, name: &str) -> Result<i64> {
        let status = self.ask(Seat::A, "GET", "/v1/status", &json!(null)).await?.json()?;
        let count = status.get("counts").and_then(|counts| counts.get(name)).and_then(Value::as_i64);
        count.with_context(|| format!("the status has no count `{name}`"))
    }
}

/// Polls `future` at most `polls` times and once more, then drops it.
async fn cut_off<F: Future>(future: F, polls: u8) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left = left.saturating_sub(1);
            Poll::Pending
        }
    })
    .await
}
