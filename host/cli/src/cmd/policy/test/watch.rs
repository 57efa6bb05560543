//! Runs the cases again whenever a file of the folders changes. Looks at the files; waits for no event of the system.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use adjudica_engine::Engine;
use anyhow::Result;

use crate::cmd::policy::test::{Args, run_once};
use crate::exit::{Exit, Refusal};
use crate::output::Output;
use crate::policy_folder::PolicyFolder;

/// Between two looks at the files: far below what a person notices.
const LOOK: Duration = Duration::from_millis(100);
/// What is built is no source.
const BUILT: &str = "target";

/// Runs until it is interrupted. A fault in a file is told, and the next change is waited for.
pub fn run(args: &Args, output: &Output, engine: &Engine) -> Result<Exit> {
    let mut seen = BTreeMap::new();
    loop {
        let now = look(&args.folders);
        if now == seen {
            std::thread::sleep(LOOK);
            continue;
        }
        seen = now;
        match run_once(args, output, engine) {
            Ok(_) => {}
            Err(error) => match error.downcast::<Refusal>() {
                Ok(refusal) => output.line(&refusal.to_string())?,
                Err(error) => return Err(error),
            },
        }
        output.line("watching for changes; end with Ctrl-C")?;
    }
}

/// Every file of the folders, and of those above that their tables may include, with when it was changed.
fn look(folders: &[PathBuf]) -> BTreeMap<PathBuf, SystemTime> {
    let mut files = BTreeMap::new();
    for folder in folders {
        look_into(folder, &mut files);
        for below in below(folder) {
            look_at(&below, &mut files);
        }
    }
    files
}

/// The files that the folder's tables come on top of.
fn below(folder: &Path) -> Vec<PathBuf> {
    let Ok(loaded) = PolicyFolder::load(folder) else { return Vec::new() };
    loaded.subject(Vec::new()).below.keys().map(|path| folder.join(path)).collect()
}

fn look_into(folder: &Path, files: &mut BTreeMap<PathBuf, SystemTime>) {
    look_beside(folder, files);
    let below = folder.read_dir().into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    for below in below.filter(|path| path.is_dir() && path.file_name().is_some_and(|name| name != BUILT)) {
        look_into(&below, files);
    }
}

fn look_beside(folder: &Path, files: &mut BTreeMap<PathBuf, SystemTime>) {
    for entry in folder.read_dir().into_iter().flatten().filter_map(std::result::Result::ok) {
        look_at(&entry.path(), files);
    }
}

fn look_at(file: &Path, files: &mut BTreeMap<PathBuf, SystemTime>) {
    let data = std::fs::metadata(file).ok().filter(std::fs::Metadata::is_file);
    if let Some(changed) = data.and_then(|data| data.modified().ok()) {
        files.insert(file.to_path_buf(), changed);
    }
}
