//! Files of encounters decided by the binary, as whole processes, and a comparison of two policies over a database. Beside it the same
//! reading and writing with no policy in between.

mod rows;

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use adjudica_core::{Decision, EncounterFacts, ServiceDate, Token};
use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use self::rows::Rows;
use crate::Effort;
use crate::encounters::{Shape, timelines};
use crate::policies::Workshop;
use crate::process::{BINARY, disk_folder, program};
use crate::report::{Report, Target};
use crate::stopwatch::quantile;

/// Encounters of a file whose time is compared.
const COMPARED: u32 = 100_000;
/// Encounters of a file that is longer than memory should be.
const LONG: u32 = 1_000_000;
/// From when on policies answer.
const FIRST_DAY: &str = "2022-01-01";
/// Encounters of a client.
const PER_CLIENT: u32 = 40;
/// How a comparison ends that found differences.
const DIFFERS: i32 = 1;
/// Encounters that are written at a time.
const AT_ONCE: u32 = 10_000;
/// Time between two looks at a process.
const LOOK: Duration = Duration::from_millis(2);
const MEBIBYTE: f64 = 1_048_576.0;
/// Ticks of a processor's time in a second, as the kernel tells it.
const TICKS: f64 = 100.0;

/// Decides and imports files.
pub(crate) fn measure(report: &mut Report, workshop: &Workshop, effort: Effort) -> Result<()> {
    let (compared, long) = match effort {
        Effort::Quick => (COMPARED / 5, COMPARED),
        Effort::Full => (COMPARED, LONG),
    };
    report.remark(&format!("files: {compared} encounters compared, {long} for the memory; seconds of processor time"));
    let bench = Files::create(workshop)?;
    for form in [Form::Ndjson, Form::Csv] {
        let file = bench.encounters(&format!("compared.{}", form.word()), form, compared)?;
        let (mut ours, mut others, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..effort.rounds(5) {
            let decided = bench.decide(&file, form)?;
            let alone = match form {
                Form::Ndjson => bench.read_and_write(&file, compared)?,
                Form::Csv => bench.read_and_write_rows(&file, compared)?,
            };
            ours.push(decided.seconds * 1e6 / f64::from(compared));
            others.push(alone * 1e6 / f64::from(compared));
            ratios.push(alone / decided.seconds);
        }
        let word = form.word();
        report.figure(&format!("file_{word}_decide"), quantile(ours, 0.5), "us/encounter");
        report.figure(&format!("file_{word}_read_and_write"), quantile(others, 0.5), "us/encounter");
        let name = format!("file_{word}_decide_over_reading_and_writing");
        report.judge(&name, quantile(ratios, 0.5), "x", Target::AtLeast(0.5));
    }
    let file = bench.encounters("long.ndjson", Form::Ndjson, long)?;
    let decided = bench.decide(&file, Form::Ndjson)?;
    report.judge("file_decide_peak", decided.peak_mebibytes, "MiB", Target::AtMost(200.0));
    bench.import(&file)?;
    let differing = bench.compare()?;
    report.figure("diff_over_database", differing.seconds * 1e6 / f64::from(long), "us/encounter");
    report.figure("diff_over_deciding_twice", 2.0 * decided.seconds / differing.seconds, "x");
    report.judge("diff_over_database_peak", differing.peak_mebibytes, "MiB", Target::AtMost(200.0));
    Ok(())
}

/// What a process took.
pub(crate) struct Used {
    pub(crate) seconds: f64,
    pub(crate) peak_mebibytes: f64,
}

/// How files are written.
#[derive(Clone, Copy)]
enum Form {
    Ndjson,
    Csv,
}

impl Form {
    /// The ending of such files.
    fn word(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
        }
    }
}

struct Files {
    folder: tempfile::TempDir,
    policy: PathBuf,
    /// The policy that it is compared with.
    other: PathBuf,
}

/// An answer as the binary writes it, without the policy.
#[derive(Serialize, Deserialize)]
struct Answer {
    date_of_service: ServiceDate,
    decision: Decision,
    encounter_id: Token,
    payer_id: Token,
}

impl Files {
    fn create(workshop: &Workshop) -> Result<Self> {
        let folder = disk_folder()?;
        let policy = folder.path().join("benchmark.wasm");
        std::fs::write(&policy, workshop.renamed("benchmark")?)?;
        let other = folder.path().join("other.wasm");
        std::fs::write(&other, &workshop.with_records()?.file)?;
        Ok(Self { policy, other, folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn encounters(&self, name: &str, form: Form, encounters: u32) -> Result<PathBuf> {
        let path = self.path(name);
        match form {
            Form::Ndjson => write_encounters(&path, encounters, PER_CLIENT)?,
            Form::Csv => rows::write(&path, &self::encounters(encounters, PER_CLIENT, 0)?)?,
        }
        Ok(path)
    }

    fn decide(&self, file: &Path, form: Form) -> Result<Used> {
        let mut command = program(BINARY)?;
        command.arg("decide").arg(file).arg("--policy").arg(&self.policy);
        command.arg("--cache-dir").arg(self.path("cache")).arg("--out").arg(self.answers(form));
        run(&mut command)
    }

    fn answers(&self, form: Form) -> PathBuf {
        self.path(&format!("answers.{}", form.word()))
    }

    fn database(&self) -> String {
        format!("sqlite:{}", self.path("import.db").display())
    }

    fn import(&self, file: &Path) -> Result<Used> {
        let mut command = program(BINARY)?;
        run(command.args(["import", "encounters"]).arg(file).args(["--create", "--database", &self.database()]))
    }

    /// What another policy would answer differently about what is stored, from the first day on.
    fn compare(&self) -> Result<Used> {
        let mut activate = program(BINARY)?;
        activate.arg("activate").arg(&self.policy).args(["--payer", "benchmark", "--from", FIRST_DAY]);
        run(activate.args(["--message", "for measuring", "--database", &self.database()]))?;
        let mut command = program(BINARY)?;
        command.args(["policy", "diff"]).arg(&self.policy).arg(&self.other);
        run_to(command.args(["--over-database", &self.database(), "--as-if", FIRST_DAY]), &[0, DIFFERS])
    }

    /// Seconds of processor time for reading the facts and writing the answers that are there, without a policy.
    fn read_and_write(&self, file: &Path, encounters: u32) -> Result<f64> {
        let answers = BufReader::new(File::open(self.answers(Form::Ndjson))?).lines();
        let answers: Vec<Answer> = answers.map(|line| Ok(serde_json::from_str(&line?)?)).collect::<Result<_>>()?;
        let start = thread_seconds()?;
        let mut reader = BufReader::new(File::open(file)?);
        let mut writer = BufWriter::new(File::create(self.path("again.ndjson"))?);
        let mut line = String::new();
        let mut count = 0_u32;
        for answer in &answers {
            line.clear();
            reader.read_line(&mut line)?;
            let facts: EncounterFacts = serde_json::from_str(&line)?;
            ensure!(facts.encounter_id == answer.encounter_id, "answers come in the order of the encounters");
            serde_json::to_writer(&mut writer, answer)?;
            writer.write_all(b"\n")?;
            count += 1;
        }
        writer.flush()?;
        ensure!(count == encounters, "{count} of {encounters} encounters are answered");
        Ok(thread_seconds()? - start)
    }

    /// The same for rows of a spreadsheet.
    fn read_and_write_rows(&self, file: &Path, encounters: u32) -> Result<f64> {
        let mut answers = csv::Reader::from_path(self.answers(Form::Csv))?;
        let answers: Vec<csv::StringRecord> = answers.records().collect::<Result<_, _>>()?;
        let start = thread_seconds()?;
        let mut rows = Rows::open(file)?;
        let mut writer = csv::Writer::from_path(self.path("again.csv"))?;
        let mut count = 0_u32;
        for answer in &answers {
            let facts = rows.next()?;
            ensure!(
                facts.is_some_and(|facts| Some(facts.encounter_id.as_str()) == answer.get(0)),
                "answers come in order"
            );
            writer.write_record(answer)?;
            count += 1;
        }
        writer.flush()?;
        ensure!(count == encounters, "{count} of {encounters} encounters are answered");
        Ok(thread_seconds()? - start)
    }
}

/// Seconds of processor time that this thread has had, as the kernel tells it.
fn thread_seconds() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: u64 = text.split(' ').next().unwrap_or_default().parse()?;
    Ok(Duration::from_nanos(nanoseconds).as_secs_f64())
}

/// A file of made-up encounters.
pub(crate) fn write_encounters(path: &Path, encounters: u32, per_client: u32) -> Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for series in 0..encounters.div_ceil(AT_ONCE) {
        for facts in self::encounters(AT_ONCE, per_client, series)? {
            serde_json::to_writer(&mut file, &facts)?;
            file.write_all(b"\n")?;
        }
    }
    Ok(file.flush()?)
}

/// Made-up encounters of a series.
pub(crate) fn encounters(count: u32, per_client: u32, series: u32) -> Result<Vec<EncounterFacts>> {
    let shape = Shape { payer: "benchmark", encounters_per_client: per_client, ledger_lines_max: 0, series };
    Ok(timelines(count, shape)?.into_iter().flat_map(|timeline| timeline.encounters).collect())
}

/// Runs to the end, looking at what the process uses.
pub(crate) fn run(command: &mut Command) -> Result<Used> {
    run_to(command, &[0])
}

/// Runs to an end with one of these codes.
fn run_to(command: &mut Command, codes: &[i32]) -> Result<Used> {
    let mut child = command.stdout(Stdio::null()).spawn()?;
    let mut used = Used { seconds: 0.0, peak_mebibytes: 0.0 };
    loop {
        if let Some(seen) = look(child.id()) {
            used = seen;
        }
        match child.try_wait()? {
            Some(status) => {
                ensure!(status.code().is_some_and(|code| codes.contains(&code)), "`{command:?}` ended with {status}");
                return Ok(used);
            }
            None => std::thread::sleep(LOOK),
        }
    }
}

/// What a process has used so far, as the kernel tells it.
fn look(process: u32) -> Option<Used> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |place: usize| fields.get(place)?.parse::<f64>().ok();
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?;
    let peak: f64 = peak.trim().parse().ok()?;
    Some(Used { seconds: (ticks(11)? + ticks(12)?) / TICKS, peak_mebibytes: peak * 1_024.0 / MEBIBYTE })
}
