//! Other engines: what they are given, what they are asked, and what all must agree on. They run in a process of their own, so that
//! nothing of theirs is compiled into ours; no measuring here.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use adjudica_core::{Decision, ProcedureCode, ServiceDate, Timeline, Verdict};
use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::policies::root;
use crate::report::Report;

/// The process that holds them.
pub(crate) const PEERS_PROGRAM: &str = "adjudica-peers";

/// The rules in the order in which ours speak; `failed` lists of all engines are compared in this order.
pub(crate) const RULES: [&str; 12] = [
    "dates",
    "code",
    "role",
    "phase",
    "mode",
    "minutes",
    "minutes.missing",
    "care_plan",
    "consent",
    "filing",
    "limit.assessment",
    "limit.calls",
];

/// The part of a decision that every engine gives.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Verdicts {
    /// `billable`, `incomplete`, ...
    pub(crate) outcome: String,
    /// Code, units and cents of the line, where there is one.
    pub(crate) line: Option<(String, u32, i64)>,
    /// Every failed rule, in the order of the policy; the first is the first failing rule.
    pub(crate) failed: Vec<String>,
}

/// What our engine decided, in the terms that all share.
pub(crate) fn of_decision(decision: &Decision) -> Result<Verdicts> {
    let line = match decision.lines.as_slice() {
        [] => None,
        [line] => {
            let cents = line.amount_cents.context("the policy gives every code a rate")?;
            Some((line.procedure_code.to_string(), line.units.0, cents.get()))
        }
        more => bail!("{} lines; the policy gives one", more.len()),
    };
    let failed = decision.findings.iter().filter(|finding| finding.verdict == Verdict::Failed);
    let failed = failed.map(|finding| without_code(finding.rule_id.as_str())).collect();
    Ok(Verdicts { outcome: decision.outcome.as_str().to_owned(), line, failed })
}

/// `role.G9001` is the rule `role` of one code; the peers name the rule alone.
fn without_code(rule_id: &str) -> String {
    let parts: Vec<&str> = rule_id.split('.').filter(|part| ProcedureCode::parse(part).is_err()).collect();
    parts.join(".")
}

/// `DuckDB` as a process like the others; its package lies where `cargo xtask bench` put it.
#[expect(clippy::disallowed_methods, reason = "where the package lies is said by whoever builds this program")]
pub(crate) fn duckdb() -> Result<Command> {
    let package = std::env::var_os("DUCKDB").context("run this by `cargo xtask bench`, which installs DuckDB")?;
    let mut python = Command::new("python3");
    python.arg(root().join("tests/peers/duckdb/peer.py")).env("PYTHONPATH", package);
    Ok(python)
}

/// Other engines as a process, each with the comparison's policy compiled and the facts prepared.
pub(crate) struct Peers {
    process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    facts: Vec<Value>,
    /// The facts lie here while the process runs.
    _folder: tempfile::TempDir,
}

impl Peers {
    /// Starts the peers and waits until they are ready.
    pub(crate) fn start(program: &mut Command, facts: Vec<Value>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("facts.ndjson");
        let lines: String = facts.iter().map(|facts| format!("{facts}\n")).collect();
        std::fs::write(&path, lines)?;
        let mut process = program
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("`{}` does not start", program.get_program().display()))?;
        let to = process.stdin.take().context("the peers are asked")?;
        let from = BufReader::new(process.stdout.take().context("the peers answer")?);
        let mut peers = Self { process, to, from, facts, _folder: folder };
        peers.expect("ready")?;
        Ok(peers)
    }

    /// Has a peer decide the first so many of the facts.
    pub(crate) fn round(&mut self, name: &str, count: u32) -> Result<()> {
        writeln!(self.to, "round {name} {count}")?;
        self.to.flush()?;
        self.expect("done")
    }

    /// Shows that a peer decides every encounter as ours.
    pub(crate) fn agree(&mut self, report: &Report, name: &str, ours: &[Verdicts]) -> Result<()> {
        writeln!(self.to, "answers {name}")?;
        self.to.flush()?;
        for (place, ours) in ours.iter().enumerate() {
            let line = self.line()?;
            let mut theirs: Verdicts =
                serde_json::from_str(&line).with_context(|| format!("{name} answers `{line}`"))?;
            if let Some(unknown) = theirs.failed.iter().find(|failed| !RULES.contains(&failed.as_str())) {
                bail!("{name} reports a rule `{unknown}` that nobody knows");
            }
            theirs.failed.sort_by_key(|failed| RULES.iter().position(|rule| rule == failed));
            let facts = self.facts.get(place).unwrap_or(&Value::Null);
            ensure!(theirs == *ours, "{name} decides differently about {facts}: {theirs:?}, ours {ours:?}");
        }
        report.agreement(&format!("peer_agreement_{name}"), ours.len());
        Ok(())
    }

    fn expect(&mut self, word: &str) -> Result<()> {
        let line = self.line()?;
        ensure!(line == word, "the peers say `{line}` instead of `{word}`");
        Ok(())
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.from.read_line(&mut line)?;
        ensure!(line.ends_with('\n'), "the peers ended: {:?}", self.process.try_wait()?);
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// The facts of a timeline's one encounter as the peers read them: the whole encounter with its ledger, which is theirs to
/// count in as it is ours. Dates are days since 1970, compared as numbers, and month and year are begun for them.
pub(crate) fn facts(timeline: &Timeline) -> Result<Value> {
    let [encounter] = timeline.encounters.as_slice() else { bail!("one encounter for each timeline") };
    let day = encounter.date_of_service;
    let ledger =
        timeline.ledger.iter().map(|line| object(line, [("date_of_service", json!(line.date_of_service.days()))]));
    object(
        encounter,
        [
            ("date_of_service", json!(day.days())),
            ("received_on", json!(encounter.received_on.map(ServiceDate::days))),
            ("minutes", json!(encounter.minutes)),
            ("supporting_info", json!(encounter.supporting_info)),
            ("ledger", Value::Array(ledger.collect::<Result<_>>()?)),
            ("month_start", json!(day.month_start().days())),
            ("year_start", json!(day.year_start().days())),
        ],
    )
}

/// The value as JSON, with some of its fields written differently.
fn object<const LENGTH: usize>(value: &impl Serialize, fields: [(&str, Value); LENGTH]) -> Result<Value> {
    let mut value = serde_json::to_value(value)?;
    let map = value.as_object_mut().context("facts are an object")?;
    for (name, field) in fields {
        map.insert(name.to_owned(), field);
    }
    Ok(value)
}
