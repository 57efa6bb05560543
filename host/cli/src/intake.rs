//! Reads files of encounters (JSON, NDJSON, CSV) and of records (JSON, NDJSON), with every fault of every row. Writes nothing.

pub mod again;
mod columns;
pub mod item;
mod kept;
mod rows;
pub mod source;
pub mod survey;
pub mod window;

use std::collections::BTreeMap;
use std::path::PathBuf;

use adjudica_core::{EncounterFacts, Timeline};
use anyhow::Result;

use crate::intake::again::Again;
use crate::intake::item::Item;
use crate::intake::survey::Survey;
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

/// Looks at what files hold.
/// # Errors
/// A [`Refusal`](crate::exit::Refusal) when a file cannot be read as what it is, or holds faults and `faulty` says so.
pub fn survey<I: Item>(paths: &[PathBuf], faulty: Faulty, output: &Output) -> Result<Survey<I>> {
    let spinner = progress::spinner(output, "checking rows");
    let survey = Survey::of(paths, faulty, &|rows| spinner.set_position(u64::try_from(rows).unwrap_or(u64::MAX)));
    spinner.finish_and_clear();
    Ok(survey?)
}

/// All encounters of files, which are few.
/// # Errors
/// As [`survey()`], where any row has a fault.
pub fn load_encounters(paths: &[PathBuf], output: &Output) -> Result<Vec<EncounterFacts>> {
    let survey: Survey<EncounterFacts> = survey(paths, Faulty::RefuseAll, output)?;
    let mut again = Again::default();
    survey.good().map(|position| survey.item(position, &mut again)).collect()
}

#[cfg(test)]
mod tests;
