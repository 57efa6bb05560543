//! Opens the database that a verb names. A mistyped path begins no database: who wants an empty one says so.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use adjudica_store::{Store, sqlite_file};
use anyhow::{Context as _, Result};

use crate::exit::{Fault, Refusal};
use crate::output::Output;

/// What a verb does where the file of a SQLite database is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// It refuses: there is nothing for it in an empty database.
    Refused,
    /// It begins an empty one, unless other databases lie beside: then the name is probably mistyped.
    BegunWhereAlone,
    /// It begins an empty one.
    Begun,
}

/// What every SQLite database begins with.
const HEADER: &[u8; 16] = b"SQLite format 3\0";

/// Opens the database at `url`; says so where it is begun.
/// # Errors
/// A [`Refusal`] where it is not there and is not to be begun; when it cannot be used.
pub async fn open(url: &str, absent: Absent, output: &Output) -> Result<Arc<dyn Store>> {
    let missing = sqlite_file(url).filter(|file| !file.exists());
    if let Some(folder) = missing.as_deref().and_then(folder_of).filter(|folder| !folder.is_dir()) {
        let fault = Fault::of_file(
            folder,
            "is no folder, so that no database can be in it; correct the path, or make the folder",
        );
        return Err(Refusal::usage("the database is not there", vec![fault]).into());
    }
    if let Some(file) = &missing {
        let others = if absent == Absent::Begun { Vec::new() } else { databases_beside(file) };
        if absent == Absent::Refused || !others.is_empty() {
            return Err(refuse(file, absent, &others).into());
        }
    }
    let store = adjudica_store::connect(url).await.context("the database cannot be used")?;
    if url.starts_with("sqlite:") && sqlite_file(url).is_none() {
        output.line("the database is in memory: nothing in it stays when this ends")?;
    }
    if let Some(file) = missing {
        output.line(&format!("`{}` was not there: an empty database was begun", file.display()))?;
    }
    Ok(store)
}

fn refuse(file: &Path, absent: Absent, others: &[PathBuf]) -> Refusal {
    let beside: Vec<String> =
        others.iter().filter_map(|other| other.file_name()).map(|name| format!("`{}`", name.display())).collect();
    let beside = if beside.is_empty() { String::new() } else { format!("; beside it lies {}", beside.join(", ")) };
    let remedy = match absent {
        Absent::Refused => "correct the path",
        Absent::BegunWhereAlone | Absent::Begun => "correct the path, or give `--create` to begin an empty database",
    };
    let message = format!("does not exist{beside}; {remedy}");
    Refusal::usage("the database is not there", vec![Fault::of_file(file, message)])
}

/// Other SQLite databases in the folder of `file`, in order of their names.
fn databases_beside(file: &Path) -> Vec<PathBuf> {
    let folder = folder_of(file).unwrap_or(Path::new("."));
    let entries = folder.read_dir().into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    let mut others: Vec<PathBuf> = entries.filter(|path| path.is_file() && is_database(path)).collect();
    others.sort();
    others
}

/// The folder of a path that names one.
fn folder_of(file: &Path) -> Option<&Path> {
    file.parent().filter(|folder| !folder.as_os_str().is_empty())
}

fn is_database(path: &Path) -> bool {
    let mut start = [0; HEADER.len()];
    std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == *HEADER
}
