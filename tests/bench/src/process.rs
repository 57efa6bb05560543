//! The binary `adjudica` as a process of its own: started, found ready, looked at, ended. Measures memory, not time.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::load::{Connection, Request};

/// Longest wait for a host to be ready.
const READY_MAX: Duration = Duration::from_secs(60);
/// Time between two looks.
const LOOK: Duration = Duration::from_millis(1);

/// A running host. Ended when dropped.
pub(crate) struct Process {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// From start to ready.
    pub(crate) ready_after: Duration,
}

/// Where a host keeps things.
pub(crate) struct Home {
    /// Its cache and logs, and its database where that is a file.
    folder: tempfile::TempDir,
    database: String,
}

impl Home {
    /// An empty home on the disk of the build, with a database of its own.
    pub(crate) fn create() -> Result<Self> {
        let folder = disk_folder()?;
        let database = format!("sqlite:{}", folder.path().join("host.db").display());
        Ok(Self { folder, database })
    }

    /// A home on a database that is there.
    pub(crate) fn on(database: &str) -> Result<Self> {
        Ok(Self { folder: disk_folder()?, database: database.to_owned() })
    }

    /// Starts a host here that decides nothing by itself, and waits until it is ready.
    pub(crate) fn start(&self) -> Result<Process> {
        self.start_with(&["worker_interval_ms=0"])
    }

    /// Starts a host here with these settings, and waits until it is ready.
    pub(crate) fn start_with(&self, settings: &[&str]) -> Result<Process> {
        let started = Instant::now();
        let mut child = program(BINARY)?
            .arg("serve")
            .args(["--database", &self.database])
            .args(["--listen", "127.0.0.1:0", "--log", "error"])
            .args(settings.iter().flat_map(|setting| ["--set", setting]))
            .arg("--cache-dir")
            .arg(self.folder.path().join("cache"))
            .stdout(Stdio::piped())
            .spawn()
            .context("`adjudica` does not start")?;
        let address = match read_address(&mut child) {
            Ok(address) => address,
            Err(error) => {
                drop(child.kill());
                return Err(error);
            }
        };
        let mut process = Process { child, address, ready_after: Duration::ZERO };
        while !process.is_ready() {
            if started.elapsed() > READY_MAX {
                bail!("the host is not ready after {} s", READY_MAX.as_secs());
            }
            std::thread::sleep(LOOK);
        }
        process.ready_after = started.elapsed();
        Ok(process)
    }
}

/// The product's binary.
pub(crate) const BINARY: &str = "adjudica";

/// An empty folder on the disk of the build.
pub(crate) fn disk_folder() -> Result<tempfile::TempDir> {
    let own = std::env::current_exe()?;
    Ok(tempfile::TempDir::new_in(own.parent().context("the program lies in no folder")?)?)
}

/// A program that is built with this one, ready to be started.
pub(crate) fn program(name: &str) -> Result<Command> {
    let own = std::env::current_exe()?;
    let beside = own.parent().context("the program lies in no folder")?;
    let path = beside.join(name);
    ensure!(
        path.is_file(),
        "there is no `{name}` in {}; run this by `cargo xtask bench`, which builds it",
        beside.display()
    );
    Ok(Command::new(path))
}

/// The address from the line that a host prints once it listens.
fn read_address(child: &mut Child) -> Result<SocketAddr> {
    let stdout = child.stdout.take().context("the host's output")?;
    let mut lines = BufReader::new(stdout).lines();
    let mut seen = String::new();
    while let Some(line) = lines.next().transpose()? {
        if let Some((_, rest)) = line.split_once("http://") {
            let address: String =
                rest.chars().take_while(|letter| letter.is_ascii_digit() || ".:".contains(*letter)).collect();
            let address = address.trim_end_matches([':', '.']).parse()?;
            // The host goes on writing now and then; somebody must read it.
            std::thread::spawn(move || lines.for_each(drop));
            return Ok(address);
        }
        seen.push_str(&line);
    }
    bail!("the host says no address: {seen}")
}

impl Process {
    fn is_ready(&self) -> bool {
        let answer = Connection::open(self.address).and_then(|mut connection| connection.send(Request::get("/readyz")));
        answer.is_ok_and(|answer| answer.status == 200)
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Bytes of memory that it holds now.
    pub(crate) fn resident_bytes(&self) -> Result<u64> {
        const PAGE_BYTES: u64 = 4_096;
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", self.child.id()))?;
        let pages: u64 = statm.split(' ').nth(1).context("the second number is the resident pages")?.parse()?;
        Ok(pages * PAGE_BYTES)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // What it has answered is durable, so it may end at once.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
