//! A PostgreSQL for tests and benchmarks: a cluster made for one run, on loopback, gone when the run ends however it ends.

mod account;
mod programs;

use std::fs::DirBuilder;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::process;
use crate::workspace::environment;

use self::account::Account;
use self::programs::Programs;

/// The variable that carries the server's address to tests and benchmarks.
const URL_VARIABLE: &str = "ADJUDICA_TEST_POSTGRES_URL";

/// How often another port is tried when the one found free was taken in between.
const START_ATTEMPTS_MAX: u32 = 3;

/// Settings of every cluster. Tests open many connections at once; nothing but loopback is listened on.
const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 300
shared_buffers = '128MB'
max_wal_size = '4GB'
log_min_messages = 'warning'
";

/// Added where nothing has to survive the run.
const SETTINGS_THROW_AWAY: &str = "
fsync = off
synchronous_commit = off
full_page_writes = off
";

/// Ends the cluster when the pipe on its standard input closes: when we let go of it, and when we are killed.
const WATCHDOG: &str = r#"cat >/dev/null; cd /; "$1" stop --pgdata "$2/data" --mode immediate --silent; rm -rf "$2""#;

/// Whether what is committed must reach the disk.
#[derive(Clone, Copy)]
pub(crate) enum Durability {
    /// For tests: nothing is forced to disk.
    ThrowAway,
    /// For measurements: commits are as durable as an agency's.
    Durable,
}

/// A server to test against: one that was named in the environment, or one of our own.
pub(crate) struct PostgresServer {
    url: String,
    watchdog: Option<Child>,
}

impl PostgresServer {
    /// Uses the server that `ADJUDICA_TEST_POSTGRES_URL` names, else starts one, installing PostgreSQL where it can.
    pub(crate) fn start(durability: Durability) -> Result<Self> {
        if let Some(url) = environment(URL_VARIABLE) {
            let url = url.into_string().ok().with_context(|| format!("{URL_VARIABLE} is no readable text"))?;
            eprintln!("using the PostgreSQL that {URL_VARIABLE} names");
            return Ok(Self { url, watchdog: None });
        }
        let programs = Programs::find_or_install()?;
        let account = Account::choose()?;
        let password = random_hex()?;
        let folder = create_folder(&account)?;
        let watchdog = start_watchdog(&programs, &account, &folder)?;
        // From here on the value's end removes the folder.
        let mut server = Self { url: String::new(), watchdog: Some(watchdog) };
        initialise(&programs, &account, &folder, &password, durability)?;
        let port = start_on_free_port(&programs, &account, &folder)?;
        server.url = format!("postgres://adjudica:{password}@127.0.0.1:{port}/postgres");
        eprintln!("PostgreSQL runs on 127.0.0.1:{port} until this ends");
        Ok(server)
    }

    /// The address of the server.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Tells a program where the server is.
    pub(crate) fn offer_to<'command>(&self, command: &'command mut Command) -> &'command mut Command {
        command.env(URL_VARIABLE, &self.url)
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        if let Some(mut watchdog) = self.watchdog.take() {
            drop(watchdog.stdin.take());
            if let Err(error) = watchdog.wait() {
                eprintln!("the throw-away PostgreSQL could not be stopped: {error}");
            }
        }
    }
}

fn create_folder(account: &Account) -> Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("adjudica-postgres-{}", random_hex()?));
    DirBuilder::new().mode(0o700).create(&folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
    account.give(&folder)?;
    Ok(folder)
}

fn start_watchdog(programs: &Programs, account: &Account, folder: &Path) -> Result<Child> {
    let mut command = Command::new("sh");
    command.args(["-c", WATCHDOG, "watchdog"]).arg(&programs.pg_ctl).arg(folder);
    account.apply_to(&mut command, folder);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    // A group of its own, so that Ctrl-C in the terminal ends us and not the one who cleans up after us.
    command.process_group(0).spawn().context("cannot start the shell `sh` that ends PostgreSQL")
}

fn initialise(
    programs: &Programs,
    account: &Account,
    folder: &Path,
    password: &str,
    durability: Durability,
) -> Result<()> {
    let password_file = folder.join("password");
    std::fs::write(&password_file, password)?;
    account.give(&password_file)?;
    let mut initdb = Command::new(&programs.initdb);
    initdb.arg("--pgdata").arg(folder.join("data")).arg("--pwfile").arg(&password_file);
    initdb.args([
        "--username",
        "adjudica",
        "--auth",
        "scram-sha-256",
        "--encoding",
        "UTF8",
        "--no-locale",
        "--no-sync",
    ]);
    account.apply_to(&mut initdb, folder);
    let output = process::capture(&mut initdb)?;
    if !output.status.success() {
        bail!("initdb could not make a cluster: {}", String::from_utf8_lossy(&output.stderr).trim())
    }
    let settings = match durability {
        Durability::ThrowAway => [SETTINGS, SETTINGS_THROW_AWAY].concat(),
        Durability::Durable => SETTINGS.to_owned(),
    };
    let file = folder.join("data/postgresql.auto.conf");
    std::fs::write(&file, settings).with_context(|| format!("cannot write `{}`", file.display()))
}

fn start_on_free_port(programs: &Programs, account: &Account, folder: &Path) -> Result<u16> {
    let log = folder.join("log");
    for _ in 0..START_ATTEMPTS_MAX {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut pg_ctl = Command::new(&programs.pg_ctl);
        pg_ctl.args(["start", "--wait", "--silent", "--pgdata"]).arg(folder.join("data")).arg("--log").arg(&log);
        pg_ctl.args(["--options", &format!("-p {port}")]);
        account.apply_to(&mut pg_ctl, folder);
        // Not captured: the server inherits the output and a pipe would stay open as long as it runs.
        let status = pg_ctl.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if status.context("cannot start pg_ctl")?.success() {
            return Ok(port);
        }
    }
    let said = std::fs::read_to_string(&log).unwrap_or_default();
    bail!("PostgreSQL did not start; its log says: {}", said.trim())
}

fn random_hex() -> Result<String> {
    let mut bytes = [0; 16];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .context("no /dev/urandom")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
