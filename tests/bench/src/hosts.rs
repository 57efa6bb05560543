//! Hosts that share one PostgreSQL: how much sooner two and four of them decide a backlog than one. Each is a process that is held to
//! a share of a processor, so that there is something for the next one to add.

mod leash;

use std::time::{Duration, Instant};

use adjudica_core::{EncounterFacts, Token};
use adjudica_store::PutMode;
use anyhow::{Result, ensure};
use jiff::Timestamp;
use tokio::runtime::Runtime;

use self::leash::Leash;
use crate::Effort;
use crate::database::{Database, Kind, Plain, kinds};
use crate::encounters::{Shape, timelines};
use crate::hosting::{Hosting, activate};
use crate::load::AGENCY;
use crate::policies::Workshop;
use crate::process::{Home, Process};
use crate::records::put_records;
use crate::report::{Report, Target};
use crate::stopwatch::quantile;

/// Encounters that wait.
const ENCOUNTERS: u32 = 20_000;
/// Time between two looks at the queue.
const LOOK: Duration = Duration::from_millis(5);
/// A backlog that takes longer never ends.
const LONGEST: Duration = Duration::from_secs(300);
const WAITS: &str = "SELECT EXISTS (SELECT 1 FROM undecided)";
const DECIDED: &str = "SELECT count(*) FROM decision";

/// So many hosts, each held to so many hundredths of a processor.
#[derive(Clone, Copy)]
struct Crew {
    hosts: usize,
    percent: u32,
}

/// A crew, the one host that it is compared with, and what the design asks.
const COMPARED: [(Crew, Target); 2] =
    [(Crew { hosts: 2, percent: 50 }, Target::AtLeast(1.7)), (Crew { hosts: 4, percent: 25 }, Target::AtLeast(3.0))];

/// Each crew beside one host of its kind, in turns.
pub(crate) fn measure(report: &mut Report, workshop: &Workshop, runtime: &Runtime, effort: Effort) -> Result<()> {
    if !kinds().contains(&Kind::Postgres) {
        report.remark("hosts: there is no PostgreSQL here, so nothing is shared");
        return Ok(());
    }
    let count = effort.work(ENCOUNTERS);
    report.remark(&format!("hosts: {count} encounters wait on PostgreSQL; each host is held to a part of a processor"));
    for (crew, target) in COMPARED {
        let (mut alone, mut together, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..effort.rounds(3) {
            let one = runtime.block_on(decide(workshop, Crew { hosts: 1, ..crew }, count))?;
            let all = runtime.block_on(decide(workshop, crew, count))?;
            alone.push(f64::from(count) / one);
            together.push(f64::from(count) / all);
            ratios.push(one / all);
        }
        let Crew { hosts, percent } = crew;
        report.figure(&format!("hosts_1_of_{percent}_percent"), quantile(alone, 0.5), "encounters/s");
        report.figure(&format!("hosts_{hosts}_of_{percent}_percent"), quantile(together, 0.5), "encounters/s");
        report.judge(&format!("hosts_{hosts}_over_1"), quantile(ratios, 0.5), "x", target);
    }
    Ok(())
}

/// Seconds from when all encounters wait to when none does. No encounter may be decided twice.
async fn decide(workshop: &Workshop, crew: Crew, count: u32) -> Result<f64> {
    let database = Database::create(Kind::Postgres, "hosts").await?;
    let policy = workshop.with_records()?;
    let hosting = Hosting::start(workshop.engine(), &database.url).await?;
    activate(hosting.address, AGENCY, &policy.file)?;
    hosting.stop().await;
    let homes = (0..crew.hosts).map(|_| Home::on(&database.url)).collect::<Result<Vec<_>>>()?;
    let mut hosts = Vec::new();
    for home in &homes {
        hosts.push(home.start_with(&["worker_interval_ms=50"])?);
    }
    let store = adjudica_store::connect(&database.url).await?;
    let agency = Token::parse(AGENCY)?;
    let encounters = encounters(count)?;
    put_records(store.as_ref(), &agency, &encounters).await?;
    let leash = Leash::hold(hosts.iter().map(Process::id).collect(), crew.percent)?;
    store.put_encounters(&agency, &encounters, PutMode::InsertOnly, Timestamp::UNIX_EPOCH).await?;
    let start = Instant::now();
    let Plain::Postgres(pool) = database.plain().await? else { anyhow::bail!("the database is PostgreSQL") };
    while sqlx::query_scalar::<_, bool>(WAITS).fetch_one(&pool).await? {
        ensure!(start.elapsed() < LONGEST, "the backlog is not decided after {} s", LONGEST.as_secs());
        tokio::time::sleep(LOOK).await;
    }
    let seconds = start.elapsed().as_secs_f64();
    leash.let_go();
    let decided: i64 = sqlx::query_scalar(DECIDED).fetch_one(&pool).await?;
    ensure!(decided == i64::from(count), "{decided} decisions were made about {count} encounters");
    drop(hosts);
    pool.close().await;
    store.close().await;
    database.remove().await?;
    Ok(seconds)
}

fn encounters(count: u32) -> Result<Vec<EncounterFacts>> {
    let shape = Shape { payer: "benchmark", encounters_per_client: 4, ledger_lines_max: 0, series: 200 };
    Ok(timelines(count, shape)?.into_iter().flat_map(|timeline| timeline.encounters).collect())
}
