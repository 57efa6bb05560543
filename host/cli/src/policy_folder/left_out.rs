//! Files of a policy's folder that look like cases or rows and are not read. Reads them to look; says nothing itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use adjudica_cases as cases;

use super::travelling_name;

/// Folders of other tools.
const FOREIGN: [&str; 4] = ["target", "node_modules", "src", "below"];
/// Endings of what editors and tools leave beside a file.
const COPIES: [&str; 7] = ["bak", "orig", "rej", "swp", "swo", "tmp", "lock"];
/// Files that are looked into are at most so long.
const BYTES_MAX: u64 = 4 << 20;

/// Files below `folder` that look like cases or rows and are not among `sources`, in order.
pub(super) fn files(folder: &Path, sources: &BTreeMap<String, String>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    add(folder, "", sources, &mut found);
    found.extend(sheets(folder, sources));
    found.sort();
    found
}

/// Files of rows beside the tables that no row names. Tables that cannot be read may name them.
fn sheets(folder: &Path, sources: &BTreeMap<String, String>) -> Vec<PathBuf> {
    if sources.get("policy.toml").is_none_or(|text| text.parse::<toml::Table>().is_err()) {
        return Vec::new();
    }
    let names = folder.read_dir().into_iter().flatten().flatten();
    let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let is_unread = |name: &String| {
        let is_sheet = Path::new(name).extension().is_some_and(|ending| ending == "csv");
        is_sheet && !sources.contains_key(&travelling_name(name)) && looks_like_rows(&folder.join(name))
    };
    names.filter(is_unread).map(|name| folder.join(name)).collect()
}

/// Whether the first line names the column of codes: a grid or a list of other things does not.
fn looks_like_rows(file: &Path) -> bool {
    let text = std::fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let head = text.lines().next().unwrap_or_default();
    head.trim_start_matches('\u{FEFF}').split([',', ';', '\t']).any(|name| matches!(name.trim(), "codes" | "code"))
}

fn add(root: &Path, below: &str, sources: &BTreeMap<String, String>, found: &mut Vec<PathBuf>) {
    let Ok(entries) = root.join(below).read_dir() else { return };
    for entry in entries.flatten() {
        // A name that is no text is none that the folder's reader takes.
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
        let is_foreign = name.starts_with('.') || below.is_empty() && FOREIGN.contains(&name.as_str());
        let file = root.join(&path);
        // Another policy's folder is read as a policy of its own.
        if is_foreign || sources.contains_key(&path) || file.join("policy.toml").is_file() {
            continue;
        }
        if file.is_dir() {
            add(root, &path, sources, found);
        } else if looks_like_cases(&path, &file) {
            found.push(file);
        }
    }
}

/// Whatever lies among the cases, but for notes; and any file with a table of cases.
fn looks_like_cases(path: &str, file: &Path) -> bool {
    let ending = Path::new(path).extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    let is_copy = path.ends_with('~') || ending.as_deref().is_some_and(|ending| COPIES.contains(&ending));
    if is_copy || ending.as_deref() == Some("md") || path == "policy.toml" {
        return false;
    }
    let first = path.split_once('/').map(|(first, _)| first);
    let is_among = first.is_some_and(|first| cases::FOLDERS.iter().any(|folder| first.eq_ignore_ascii_case(folder)));
    let is_short = file.metadata().is_ok_and(|metadata| metadata.len() <= BYTES_MAX);
    let has_cases = |text: &[u8]| {
        let text = String::from_utf8_lossy(text);
        text.lines().map(str::trim_start).any(|line| line.starts_with("[[case") || line.starts_with("[[grid]]"))
    };
    is_among || is_short && std::fs::read(file).is_ok_and(|text| has_cases(&text))
}
