//! A folder laid out as a registry: `<policy>/<version>/policy.wasm`, and `yanked.txt` beside what was taken back.

use std::path::{Path, PathBuf};

use adjudica_core::Digest;
use anyhow::{Context as _, Result};

use crate::catalog::Listed;
use crate::exit::{Fault, Refusal};
use crate::files;

const FILE: &str = "policy.wasm";
const YANKED: &str = "yanked.txt";

/// The folder.
pub struct FolderCatalog {
    root: PathBuf,
}

impl FolderCatalog {
    /// The registry at `root`; made when something is published.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    fn place(&self, policy_id: &str, version: &semver::Version) -> PathBuf {
        self.root.join(policy_id).join(version.to_string())
    }

    pub(super) fn list(&self) -> Result<Vec<Listed>> {
        let mut listed = Vec::new();
        for (policy_id, path) in folders(&self.root) {
            for (version, path) in folders(&path) {
                let Ok(version) = version.parse() else { continue };
                let Ok(bytes) = std::fs::read(path.join(FILE)) else { continue };
                let yanked = std::fs::read_to_string(path.join(YANKED)).ok().map(|reason| reason.trim().to_owned());
                let digest = Digest::of(&bytes).to_string();
                listed.push(Listed { policy_id: policy_id.clone(), version, digest, yanked });
            }
        }
        Ok(listed)
    }

    pub(super) fn load(&self, listed: &Listed) -> Result<Vec<u8>> {
        let file = self.place(&listed.policy_id, &listed.version).join(FILE);
        std::fs::read(&file).with_context(|| format!("`{}` cannot be read", file.display()))
    }

    pub(super) fn put(&self, policy_id: &str, version: &semver::Version, bytes: &[u8]) -> Result<bool> {
        let file = self.place(policy_id, version).join(FILE);
        match std::fs::read(&file) {
            Ok(there) if there == bytes => Ok(false),
            Ok(_) => {
                let message =
                    format!("version {version} of `{policy_id}` is published with other bytes; raise the version");
                Err(Refusal::refused("nothing was published", vec![Fault::of_file(&file, message)]).into())
            }
            Err(_) => files::write_whole(&file, bytes).map(|()| true),
        }
    }

    pub(super) fn yank(&self, listed: &Listed, reason: &str) -> Result<()> {
        if let Some(before) = &listed.yanked {
            if before == reason {
                return Ok(());
            }
            let message =
                format!("version {} of `{}` was taken back before: {before}", listed.version, listed.policy_id);
            return Err(Refusal::refused("nothing was changed", vec![Fault::new(message)]).into());
        }
        files::write_whole(
            &self.place(&listed.policy_id, &listed.version).join(YANKED),
            format!("{reason}\n").as_bytes(),
        )
    }
}

/// Folders in a folder, by name.
fn folders(path: &Path) -> Vec<(String, PathBuf)> {
    let entries = path.read_dir().into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let mut folders: Vec<(String, PathBuf)> = entries
        .filter(|path| path.is_dir())
        .filter_map(|path| Some((path.file_name()?.to_str()?.to_owned(), path)))
        .collect();
    folders.sort();
    folders
}
