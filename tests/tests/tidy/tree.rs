//! The files of the checkout: what git keeps or would keep, else what lies there. Judges nothing.

use std::path::{Path, PathBuf};
use std::process::Command;

/// One file, named from the root of the checkout with `/` between folders.
pub(crate) struct TreeFile {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

impl TreeFile {
    /// Its text; what is no UTF-8 is replaced.
    pub(crate) fn text(&self) -> String {
        let bytes = std::fs::read(&self.path).unwrap_or_else(|error| panic!("cannot read `{}`: {error}", self.name));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Whether the name ends with one of these.
    pub(crate) fn ends_with(&self, endings: &[&str]) -> bool {
        endings.iter().any(|ending| self.name.ends_with(ending))
    }

    /// Whether it lies in one of these folders.
    pub(crate) fn is_in(&self, folders: &[&str]) -> bool {
        folders.iter().any(|folder| self.name.starts_with(folder))
    }
}

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("ADJUDICA_CHECKOUT"))
}

/// Every file of the checkout, sorted by name.
pub(crate) fn files() -> Vec<TreeFile> {
    let root = root();
    let mut names = listed_by_git(&root).unwrap_or_else(|| found_by_walking(&root));
    names.sort();
    names.dedup();
    let files = names.into_iter().map(|name| TreeFile { path: root.join(&name), name });
    files.filter(|file| file.path.is_file()).collect()
}

/// Every file with this ending.
pub(crate) fn files_ending(ending: &str) -> Vec<TreeFile> {
    files().into_iter().filter(|file| file.ends_with(&[ending])).collect()
}

/// The text of a file named from the root; an absent file is an empty text.
pub(crate) fn text_of(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_default()
}

fn listed_by_git(root: &Path) -> Option<Vec<String>> {
    let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let output = Command::new("git").args(arguments).current_dir(root).output().ok()?;
    if !output.status.success() {
        return None;
    }
    let names = String::from_utf8(output.stdout).expect("file names are UTF-8");
    Some(names.split_terminator('\0').map(str::to_owned).collect())
}

fn found_by_walking(root: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().expect("a folder of the checkout can be listed") {
            let path = entry.expect("an entry can be read").path();
            let last = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                if last != "target" && last != ".git" {
                    folders.push(path);
                }
                continue;
            }
            let name = path.strip_prefix(root).expect("it lies below the root");
            names.push(name.to_str().expect("file names are UTF-8").to_owned());
        }
    }
    names
}
