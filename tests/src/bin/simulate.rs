//! Plays histories from seeds on a database and says how many differ: run by `cargo xtask simulate`.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use adjudica_tests::simulation::Theatre;
use adjudica_tests::simulation::database::Source;
use adjudica_tests::simulation::history::history;
use adjudica_tests::simulation::host::Stage;
use anyhow::{Context, Result, bail};

/// Histories that are played at the same time: more than a small machine has processors, since they wait for databases.
const THREADS: u64 = 4;

/// What is asked for on the command line.
struct Asked {
    /// The binary `adjudica`.
    adjudica: PathBuf,
    /// The folder of built policies.
    policies: PathBuf,
    /// A folder for compiled policies.
    cache: PathBuf,
    /// The address of a PostgreSQL server; without one it is SQLite.
    server: Option<String>,
    first: u64,
    count: u64,
}

fn main() -> ExitCode {
    match run() {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("simulate: {error:#}"));
            ExitCode::from(2)
        }
    }
}

fn say(line: &str) {
    // Nobody is left to be told when the output is closed.
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn parse() -> Result<Asked> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let find = |name: &str| {
        let place = words.iter().position(|word| word == name)?;
        words.get(place + 1).cloned()
    };
    let require =
        |name: &str| find(name).with_context(|| format!("`{name}` is missing; `cargo xtask simulate` gives it"));
    let number = |name: &str, without: u64| match find(name) {
        Some(text) => text.parse().with_context(|| format!("`{name} {text}` is no number")),
        None => Ok(without),
    };
    Ok(Asked {
        adjudica: require("--adjudica")?.into(),
        policies: require("--policies")?.into(),
        cache: require("--cache")?.into(),
        server: find("--postgres"),
        first: number("--seed", 1)?,
        count: number("--seeds", 1)?,
    })
}

/// Plays; gives back how many differ.
fn run() -> Result<u64> {
    let asked = parse()?;
    let started = Instant::now();
    let stage = Arc::new(Stage::set(&asked.cache, &asked.adjudica, &asked.policies)?);
    let runtime = runtime()?;
    let theatre = runtime.block_on(async {
        let source = match &asked.server {
            Some(server) => Source::postgres(server).await?,
            None => Source::sqlite()?,
        };
        Theatre::open(stage, source).await
    })?;
    let next = AtomicU64::new(0);
    let results: Vec<Result<(u64, u64)>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| play_some(&theatre, &asked, &next))).collect();
        let ended = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
        ended.map(|ended| ended.unwrap_or_else(|_| bail!("a thread panicked"))).collect()
    });
    let (mut steps, mut differ) = (0, 0);
    for result in results {
        let (played, differing) = result?;
        steps += played;
        differ += differing;
    }
    let (name, seconds) = (theatre.source.name(), started.elapsed().as_secs());
    say(&format!("{name}: {} seeds, {steps} steps, {differ} differ, {seconds} s", asked.count));
    let source = Arc::into_inner(theatre.source);
    if let Some(source) = source {
        runtime.block_on(source.remove())?;
    }
    Ok(differ)
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// Plays seeds until none is left; gives back the steps played and how many seeds differ.
fn play_some(theatre: &Theatre, asked: &Asked, next: &AtomicU64) -> Result<(u64, u64)> {
    let runtime = runtime()?;
    let (mut steps, mut differ) = (0, 0);
    loop {
        let place = next.fetch_add(1, Ordering::Relaxed);
        if place >= asked.count {
            return Ok((steps, differ));
        }
        let seed = asked.first.saturating_add(place);
        steps += u64::try_from(history(seed).len())?;
        if let Some(story) = runtime.block_on(theatre.play_seed(seed))? {
            differ += 1;
            say(&format!("{}\n{story}", theatre.source.name()));
        }
    }
}
