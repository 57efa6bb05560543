//! Files of encounters and of records brought into a database by the binary, against reading the same file and writing the finished
//! rows by the fastest means that the database has.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use adjudica_core::EncounterFacts;
use adjudica_core::records::Record;
use anyhow::{Result, ensure};
use serde::de::DeserializeOwned;
use tokio::runtime::Runtime;

use crate::Effort;
use crate::database::{Database, Kind, kinds};
use crate::files::{run, write_encounters};
use crate::finished::{take, write};
use crate::process::{BINARY, disk_folder, program};
use crate::records::records_of;
use crate::report::{Report, Target};
use crate::stopwatch::quantile;

/// Encounters of a file whose time is compared.
const ENCOUNTERS: u32 = 100_000;
/// Encounters of a file that is longer than memory should be.
const LONG: u32 = 1_000_000;
/// Records of a file: more than an agency of some size brings at once.
const RECORDS: usize = 44_000;
/// Encounters of a client.
const PER_CLIENT: u32 = 40;

/// What is brought in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Encounters,
    Records,
}

impl What {
    fn word(self) -> &'static str {
        match self {
            Self::Encounters => "encounters",
            Self::Records => "records",
        }
    }

    /// The tables that it comes to stand in, with what triggers add.
    fn tables(self) -> &'static [&'static str] {
        match self {
            Self::Encounters => {
                &["encounter", "encounter_modifier", "encounter_diagnosis", "encounter_supporting_info", "undecided"]
            }
            Self::Records => &["record", "record_version"],
        }
    }

    /// Reads every row of a file as a host does; gives back how many.
    fn read(self, file: &Path) -> Result<usize> {
        match self {
            Self::Encounters => read_all::<EncounterFacts>(file),
            Self::Records => read_all::<Record>(file),
        }
    }
}

/// Both on each database, then what a long file needs.
pub(crate) fn measure(report: &mut Report, runtime: &Runtime, effort: Effort) -> Result<()> {
    let folder = disk_folder()?;
    let count = effort.work(ENCOUNTERS);
    report.remark(&format!(
        "intake: files of {count} encounters and {RECORDS} records; the other side reads the file and writes finished rows, without triggers"
    ));
    let encounters = folder.path().join("encounters.ndjson");
    write_encounters(&encounters, count, PER_CLIENT)?;
    let records = folder.path().join("records.ndjson");
    write_records(&records)?;
    for kind in kinds() {
        for (what, file, rows) in
            [(What::Encounters, &encounters, usize::try_from(count)?), (What::Records, &records, RECORDS)]
        {
            let (mut ours, mut ratios) = (Vec::new(), Vec::new());
            for _ in 0..effort.rounds(5) {
                let Compared { imported, written } = runtime.block_on(compare(kind, what, file, rows))?;
                ours.push(imported / f64::from(u32::try_from(rows)?) * 1e6);
                ratios.push(written / imported);
            }
            let name = format!("import_{}_{}", what.word(), kind.word());
            report.figure(&name, quantile(ours, 0.5), "us/row");
            report.judge(&format!("{name}_over_bulk"), quantile(ratios, 0.5), "x", Target::AtLeast(0.4));
        }
    }
    let long = match effort {
        Effort::Quick => ENCOUNTERS,
        Effort::Full => LONG,
    };
    report.remark(&format!("intake: a file of {long} encounters"));
    write_encounters(&encounters, long, PER_CLIENT)?;
    let database = format!("sqlite:{}", folder.path().join("long.db").display());
    let used = run(program(BINARY)?.args(["import", "encounters"]).arg(&encounters).args([
        "--create",
        "--database",
        &database,
    ]))?;
    report.figure("import_long", used.seconds * 1e6 / f64::from(long), "us/encounter");
    report.judge("import_long_peak", used.peak_mebibytes, "MiB", Target::AtMost(200.0));
    Ok(())
}

/// Seconds of each side.
struct Compared {
    imported: f64,
    written: f64,
}

async fn compare(kind: Kind, what: What, file: &Path, rows: usize) -> Result<Compared> {
    let imported = Database::create(kind, "imported").await?;
    let copied = Database::create(kind, "copied").await?;
    for database in [&imported, &copied] {
        adjudica_store::connect(&database.url).await?.close().await;
    }
    let start = Instant::now();
    let mut import = program(BINARY)?;
    run(import.args(["import", what.word()]).arg(file).args(["--database", &imported.url]))?;
    let import = start.elapsed().as_secs_f64();
    let finished = take(&imported.plain().await?, what.tables()).await?;
    let to = copied.plain().await?;
    let start = Instant::now();
    ensure!(what.read(file)? == rows, "the file has {rows} rows");
    write(&to, &finished).await?;
    let written = start.elapsed().as_secs_f64();
    imported.remove().await?;
    copied.remove().await?;
    Ok(Compared { imported: import, written })
}

fn read_all<T: DeserializeOwned>(file: &Path) -> Result<usize> {
    let mut reader = BufReader::new(File::open(file)?);
    let mut line = String::new();
    let mut rows = 0;
    while reader.read_line(&mut line)? > 0 {
        std::hint::black_box(serde_json::from_str::<T>(&line)?);
        line.clear();
        rows += 1;
    }
    Ok(rows)
}

/// Records of as many clients as it takes.
fn write_records(path: &PathBuf) -> Result<()> {
    let encounters = crate::files::encounters(u32::try_from(RECORDS / 3 + 1)?, 1, 0)?;
    let mut file = BufWriter::new(File::create(path)?);
    for record in records_of(&encounters)?.iter().take(RECORDS) {
        serde_json::to_writer(&mut file, record)?;
        file.write_all(b"\n")?;
    }
    Ok(file.flush()?)
}
