//! Reads files of encounters (JSON, NDJSON, CSV) into rows of facts, with every fault of every row. Writes nothing.

mod columns;
mod rows;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use adjudica_core::{EncounterFacts, Timeline};
use adjudica_service::FieldFault;
use adjudica_service::intake::encounter::parse_encounter;
use serde_json::Value;

use crate::exit::{Fault, Refusal};
use crate::intake::rows::{Row, Rows};
use crate::output::Output;
use crate::progress;

/// What happens to the good rows of files that have bad ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Faulty {
    /// Nothing is taken.
    RefuseAll,
    /// The good rows are taken.
    TakeGood,
}

/// What files hold: the encounters that are well, and every fault of the rest.
#[derive(Debug, Default)]
pub struct Intake {
    /// Facts of the good rows, in the order of the files.
    pub good: Vec<EncounterFacts>,
    /// Every fault of every other row.
    pub faults: Vec<Fault>,
    /// Rows, good and bad.
    pub rows: usize,
    /// Rows without any value, which are left out.
    pub empty: usize,
}

/// One timeline for each client, in order of their ids, with no ledger before it.
pub fn by_client(encounters: impl IntoIterator<Item = EncounterFacts>) -> Vec<Timeline> {
    let mut client_to_timeline = BTreeMap::<_, Timeline>::new();
    for facts in encounters {
        client_to_timeline.entry(facts.client_id.clone()).or_default().encounters.push(facts);
    }
    let mut timelines: Vec<Timeline> = client_to_timeline.into_values().collect();
    timelines.iter_mut().for_each(Timeline::sort);
    timelines
}

/// Largest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 30;

/// Reads the encounters of files, each id once over all of them.
/// # Errors
/// A [`Refusal`] when a file cannot be read as what it is, or holds faults and `faulty` says so.
pub fn load_encounters(paths: &[PathBuf], faulty: Faulty, output: &Output) -> Result<Intake, Refusal> {
    let mut files = Vec::new();
    let mut unreadable = Vec::new();
    for path in paths {
        match load_text(path).and_then(|text| rows::parse_rows(path, &text)) {
            Ok(rows) => files.push((path.display().to_string(), rows)),
            Err(fault) => unreadable.push(Fault { file: Some(path.display().to_string()), ..fault }),
        }
    }
    if !unreadable.is_empty() {
        return Err(Refusal::usage("no encounter was read", unreadable));
    }
    let mut intake = Intake::default();
    let mut id_to_place = BTreeMap::new();
    let count: usize = files.iter().map(|(_, rows)| rows.count).sum();
    let bar = progress::bar(output, "checking rows", u64::try_from(count).unwrap_or(u64::MAX));
    for (file, rows) in &files {
        intake.take(file, rows, &mut id_to_place);
        bar.set_position(u64::try_from(intake.rows).unwrap_or(u64::MAX));
    }
    bar.finish_and_clear();
    if intake.rows == 0 {
        let nothing = |path: &PathBuf| Fault::of_file(path, "holds no encounters");
        return Err(Refusal::refused("no encounter was read", paths.iter().map(nothing).collect()));
    }
    if faulty == Faulty::RefuseAll && !intake.faults.is_empty() {
        let bad = intake.rows.saturating_sub(intake.good.len());
        return Err(Refusal::refused(
            format!("{bad} of {} rows have faults; none was taken", intake.rows),
            intake.faults,
        ));
    }
    Ok(intake)
}

/// The file and row that an id was first seen in.
type Place<'a> = (&'a str, u64);

impl Intake {
    fn take<'a>(&mut self, file: &'a str, rows: &'a Rows, id_to_place: &mut BTreeMap<&'a str, Place<'a>>) {
        let mut faults = rows.faults.clone();
        for row in &rows.rows {
            let repeated = find_repeated_id(file, row, id_to_place);
            match parse_encounter(&row.value) {
                Ok(facts) if repeated.is_none() => self.good.push(facts),
                Ok(_) => {}
                Err(found) => {
                    faults.extend(found.named().iter().map(|fault| of_row(row.number, fault.clone())));
                    faults.extend(found.left_out_in_words().map(|more| Fault::of_row(row.number, more)));
                }
            }
            faults.extend(repeated);
        }
        faults.sort_by_key(|fault| fault.row);
        self.rows += rows.count;
        self.empty += rows.empty;
        self.faults.extend(faults.into_iter().map(|fault| Fault { file: Some(file.to_owned()), ..fault }));
    }
}

fn load_text(path: &Path) -> Result<String, Fault> {
    let unreadable = |error: std::io::Error| Fault::new(format!("cannot be read: {error}"));
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > FILE_BYTES_MAX {
        return Err(Fault::new(format!("it has {size} bytes and at most {FILE_BYTES_MAX} are read; split it")));
    }
    String::from_utf8(std::fs::read(path).map_err(unreadable)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Fault::new(format!("it is not UTF-8 text from byte {at} on; save it as UTF-8"))
    })
}

fn of_row(row: u64, fault: FieldFault) -> Fault {
    Fault { field: Some(fault.field).filter(|field| !field.is_empty()), ..Fault::of_row(row, fault.message) }
}

/// The fault of a row whose id an earlier row has, be that row good or bad.
fn find_repeated_id<'a>(file: &'a str, row: &'a Row, id_to_place: &mut BTreeMap<&'a str, Place<'a>>) -> Option<Fault> {
    let id = row.value.get("encounter_id").and_then(Value::as_str)?;
    let (first_file, first_row) = *id_to_place.entry(id).or_insert((file, row.number));
    if (first_file, first_row) == (file, row.number) {
        return None;
    }
    let of_file = if first_file == file { String::new() } else { format!(" of {first_file}") };
    let message = format!("is the id of row {first_row}{of_file} too; give each encounter once");
    Some(of_row(row.number, FieldFault::new("encounter_id", message)))
}
